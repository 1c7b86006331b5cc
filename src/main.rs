//! Real streams and surroundings in, exit status out.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use callsift::cli::{Env, Exit, run};
use signal_hook::consts::{SIGINT, SIGTERM};

fn main() -> ExitCode {
    remove_unfinished_on_signals();
    let env = Env {
        stdin_is_terminal: io::stdin().is_terminal(),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty()),
    };
    let argv: Vec<_> = std::env::args_os().collect();
    let exit = run(&argv, &env, &mut io::stdout().lock(), &mut io::stderr());
    ExitCode::from(exit.status())
}

/// A signal ends the run at once; what is unfinished goes with it.
fn remove_unfinished_on_signals() {
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            callsift::output::remove_unfinished();
            let exit = if signal == SIGINT { Exit::Interrupted } else { Exit::Terminated };
            #[expect(clippy::exit, reason = "a signal leaves no other way out")]
            std::process::exit(i32::from(exit.status()));
        }
    });
}
