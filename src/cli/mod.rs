//! The command line: from what was typed to an exit status. `run` is the whole program on given
//! streams.

mod args;
mod commands;
mod compare;
pub mod config;
mod exit;
mod help;
mod messages;
mod pack;
mod resolve;
mod run;
mod schema;

pub use exit::Exit;
pub use resolve::Env;

use std::ffi::OsString;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::CommandFactory;

use args::{Cli, Command, ConfigCommand};
use config::Stop;
use run::Failure;

use crate::render::escape;

/// Runs the program.
pub fn run(argv: &[OsString], env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    // Scripts ask for it, and half of the time would go into the definitions of all commands.
    if let [_, version] = argv
        && version == "--version"
    {
        let told = run::write_plain(format!("callsift {}\n", *help::LONG_VERSION).as_bytes(), out);
        return told.unwrap_or_else(|failure| failure.tell(err));
    }
    let config::Parsed { cli, settings, notices } = match config::parse(argv, env) {
        Ok(it) => it,
        Err(Stop::Clap(fault)) => return usage(&fault, out, err),
        Err(Stop::Usage(fault)) => return Failure::from(fault).tell(err),
    };
    for notice in notices {
        // Nobody is left to tell where standard error is closed.
        let _ = writeln!(err, "note: {notice}");
    }
    let env = &Env { settings, ..env.clone() };
    let result = match cli.command {
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "callsift", &mut text);
            run::write_plain(&text, out)
        }
        Command::Man => commands::man(out),
        Command::Pack(args) => pack::pack(&args, env, out, err),
        Command::Verify(args) => pack::verify(&args, env, out, err),
        Command::Define(args) => commands::define(&args, env, out),
        Command::Check(args) => match resolve::gates(&args) {
            Ok(gates) => run::over_dumps(&args.common, &commands::Check(gates), env, out, err),
            Err(it) => Err(it.into()),
        },
        Command::Compare(args) => compare::compare(&args, argv, env, out, err),
        Command::Schema { name } => schema::schema(&name, out),
        Command::Config { command: ConfigCommand::Show(args) } => {
            config::show(&args, cli.config.as_deref(), cli.no_config, env, out)
        }
        Command::Synth(args) => commands::synth(&args, out),
        Command::Report(args) => run::over_dumps(&args.common, &commands::Report, env, out, err),
        Command::Kpi(args) => match resolve::keys(&args.by) {
            Ok(by) => run::over_dumps(&args.common, &commands::Kpi(by), env, out, err),
            Err(it) => Err(it.into()),
        },
        Command::Frustration(args) => run::over_dumps(&args, &commands::Frustration, env, out, err),
        Command::Contacts(args) => match resolve::profiles(&args.rules) {
            Ok(profiles) => run::over_dumps(&args.common, &commands::Contacts(profiles), env, out, err),
            Err(it) => Err(it.into()),
        },
        Command::Avoidance(args) => run::over_dumps(&args, &commands::Avoidance, env, out, err),
        Command::Anomalies(args) => run::over_dumps(&args, &commands::Anomalies, env, out, err),
        Command::Orphans(args) => run::over_dumps(&args, &commands::Orphans, env, out, err),
        Command::Sessions(args) => run::over_dumps(&args, &commands::Sessions, env, out, err),
        Command::Rejections(args) => run::over_dumps(&args, &commands::Rejections, env, out, err),
        Command::Callbacks(args) => run::over_dumps(&args, &commands::Callbacks, env, out, err),
        Command::Reactions(args) => run::over_dumps(&args, &commands::Reactions, env, out, err),
        Command::Events(args) => run::over_dumps(&args, &commands::Events, env, out, err),
        Command::Timeline(args) if is_path_alone(&args.customer_id, env) => Err(Failure::Usage(format!(
            "`{0}` is a file or folder; name the customer first, as in `callsift timeline +915550001111 {0}`",
            escape::message(&args.customer_id)
        ))),
        Command::Timeline(args) => {
            let fold = !args.common.input.raw_identities;
            let customer = commands::customer(&args.customer_id, fold);
            run::over_dumps(&args.common, &commands::Timeline(customer), env, out, err)
        }
        Command::Inspect(args) => {
            run::over_dumps(&args.common, &commands::Inspect { show_paths: args.show_paths }, env, out, err)
        }
        Command::Explain(args) if is_path_alone(&args.what, env) => Err(Failure::Usage(format!(
            "`{0}` is a file or folder; name a session, a call or a figure first, as in `callsift explain \
             rejection_rate --agent NAME {0}`",
            escape::message(&args.what)
        ))),
        Command::Explain(args) => {
            run::over_dumps(&args.common, &commands::Explain(args.what.clone()), env, out, err)
        }
    };
    result.unwrap_or_else(|failure| failure.relocated(&env.settings).tell(err))
}

/// Tells of a panic, the first of a run: where in the program, and at which line of the input. What the
/// panic itself says is only told if it is a text of ours, since others may repeat the input.
pub fn tell_panic(info: &PanicHookInfo<'_>, err: &mut dyn Write) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if TOLD.swap(true, Ordering::Relaxed) {
        return;
    }
    let place = info.location().map(|it| format!(" at {}:{}", it.file(), it.line())).unwrap_or_default();
    let reading = crate::read::place()
        .map(|(file, line)| format!(" while reading {}:{line}", escape::message(file.raw())))
        .unwrap_or_default();
    let why = info.payload().downcast_ref::<&'static str>().map(|it| format!(" ({it})")).unwrap_or_default();
    // Nobody is left to tell where standard error is closed.
    let _ = writeln!(
        err,
        "error: internal fault{place}{reading}{why}; named outputs are as they were, please report it"
    );
}

/// Whether what should be an id is the only path that was given.
fn is_path_alone(first: &str, env: &Env) -> bool {
    !env.settings.inputs_are_typed() && std::path::Path::new(first).exists()
}

/// A line in which nothing acts on the reader.
fn harmless(line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(it) => format!("{}\n", escape::message(it)),
        None => escape::message(line).into_owned(),
    }
}

/// What clap has to say: help and version are answers, everything else is wrong usage.
fn usage(fault: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let text = fault.render().to_string();
    // It repeats what was typed.
    let text: String = text.split_inclusive('\n').map(harmless).collect();
    // Nobody is left to tell where a stream is closed.
    if fault.use_stderr() {
        let _ = write!(err, "{text}");
        if fault.kind() == clap::error::ErrorKind::InvalidSubcommand
            && let Some(clap::error::ContextValue::String(typed)) =
                fault.get(clap::error::ContextKind::InvalidSubcommand)
            && std::path::Path::new(typed).exists()
        {
            let typed = escape::message(typed);
            let _ = writeln!(err, "hint: `{typed}` is a file or folder; try `callsift report {typed}`");
        }
        Exit::Usage
    } else {
        let told = run::write_plain(text.as_bytes(), out);
        told.unwrap_or_else(|failure| failure.tell(err))
    }
}
