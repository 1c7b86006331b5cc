//! Real streams and surroundings in, exit status out.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use callsift::cli::{Env, Exit, run};
use callsift::memory::{Limit, Nearness};
use signal_hook::consts::{SIGABRT, SIGINT, SIGTERM};

fn main() -> ExitCode {
    remove_unfinished_on_signals();
    end_before_memory_does();
    let env = Env {
        stdin_is_terminal: io::stdin().is_terminal(),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty()),
        stdin_is_fed: stdin_is_fed(),
        variables: std::env::vars_os().filter(|(name, _)| is_ours(name)).collect(),
        ..Env::default()
    };
    let argv: Vec<_> = std::env::args_os().collect();
    let exit = run(&argv, &env, &mut io::stdout().lock(), &mut io::stderr());
    ExitCode::from(exit.status())
}

fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"CALLSIFT_")
}

/// Whether standard input may hold a dump: it is neither a terminal nor the null device.
fn stdin_is_fed() -> bool {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata("/dev/stdin") {
        use std::os::unix::fs::FileTypeExt;
        return !metadata.file_type().is_char_device();
    }
    !io::stdin().is_terminal()
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

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where memory is limited, a run that comes near the limit says so and ends; what is unfinished goes with it.
fn end_before_memory_does() {
    let Some(limit) = Limit::find() else { return };
    let status = i32::from(Exit::Unwritten.status());
    // One step can be larger than what is left. Then the program is aborted, with a message that says so, and
    // the status at least is ours.
    let _ =
        signal_hook::flag::register_conditional_shutdown(SIGABRT, status, Arc::new(AtomicBool::new(true)));
    std::thread::spawn(move || {
        let mut warned = false;
        loop {
            match limit.nearness() {
                Nearness::Far => {}
                Nearness::Tight if warned => {}
                // Nobody is left to tell where standard error is closed.
                Nearness::Tight => {
                    warned = true;
                    let _ = writeln!(io::stderr(), "note: {}", limit.warning());
                }
                Nearness::Reached => break,
            }
            std::thread::sleep(LOOK_EVERY);
        }
        callsift::output::remove_unfinished();
        let _ = writeln!(io::stderr(), "error: {}", limit.told());
        #[expect(clippy::exit, reason = "no other way out of the run that takes the memory")]
        std::process::exit(status);
    });
}
