//! Real streams and surroundings in, exit status out.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use callsift::cli::{self, Env, Exit, run};
use callsift::memory::{self, Limit, Nearness};
use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

fn main() -> ExitCode {
    remove_unfinished_on_signals();
    end_before_memory_does();
    std::panic::set_hook(Box::new(|it| cli::tell_panic(it, &mut io::stderr())));
    let env = Env {
        stdin_is_terminal: io::stdin().is_terminal(),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty()),
        stdin_is_fed: stdin_is_fed(),
        is_process: true,
        variables: std::env::vars_os().filter(|(name, _)| is_ours(name)).collect(),
        ..Env::default()
    };
    let argv: Vec<_> = std::env::args_os().collect();
    let mut stdout = Stdout::new();
    // The panic was told where it happened; what is unfinished went away on the way here.
    let exit = catch_unwind(AssertUnwindSafe(|| run(&argv, &env, &mut stdout, &mut io::stderr())));
    if stdout.written && is_lost() {
        let _ = writeln!(
            io::stderr(),
            "note: standard output is closed, or is the null device; nobody gets the answer; `-o FILE` keeps it"
        );
    }
    ExitCode::from(exit.unwrap_or(Exit::Internal).status())
}

fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"CALLSIFT_")
}

/// Standard output, whose every failure shows: that of the library takes for written what cannot be
/// written at all.
struct Stdout {
    inner: Box<dyn Write>,
    written: bool,
}

impl Stdout {
    fn new() -> Self {
        #[cfg(unix)]
        if let Ok(it) = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned() {
            return Self { inner: Box::new(std::fs::File::from(it)), written: false };
        }
        Self { inner: Box::new(io::stdout()), written: false }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written = true;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Whether standard output was closed when the program began: in its place the runtime opens the null
/// device for reading and writing. Others do that too where they want no answer, so this is no failure;
/// what a shell does for `>/dev/null` is told apart.
#[cfg(unix)]
fn is_lost() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let device = |it: std::fs::Metadata| it.rdev();
    let stdout = io::stdout();
    let Ok(file) = stdout.as_fd().try_clone_to_owned().map(std::fs::File::from) else { return true };
    let both = rustix::fs::fcntl_getfl(&file).is_ok_and(|it| it.contains(rustix::fs::OFlags::RDWR));
    let null = std::fs::metadata("/dev/null").map(device).ok();
    both && null.is_some() && file.metadata().map(device).ok() == null
}

#[cfg(not(unix))]
fn is_lost() -> bool {
    false
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

/// A signal ends the run at once; what is unfinished goes with it. A second one does not wait for that.
fn remove_unfinished_on_signals() {
    // The write that goes over a limit on the size of files then fails, and is told like any other.
    let _ = flag::register(SIGXFSZ, Arc::default());
    let ends = [(SIGHUP, Exit::HungUp), (SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)];
    let ends = ends.map(|(signal, exit)| (signal, i32::from(exit.status())));
    // `nohup` has it ignored.
    let ends = if is_ignored(SIGHUP) { &ends[1..] } else { &ends[..] }.to_vec();
    let told = Arc::new(AtomicBool::new(false));
    for (signal, status) in &ends {
        // In this order: the first signal tells the second one.
        let _ = flag::register_conditional_shutdown(*signal, *status, Arc::clone(&told));
        let _ = flag::register(*signal, Arc::clone(&told));
    }
    let signals = ends.iter().map(|(signal, _)| signal);
    let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            callsift::output::remove_unfinished();
            let status = ends.iter().find(|it| it.0 == signal).map_or(1, |it| it.1);
            #[expect(clippy::exit, reason = "a signal leaves no other way out")]
            std::process::exit(status);
        }
    });
}

/// Whether a signal is ignored, where the system says so.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal - 1) & 1 == 1
}

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where memory is limited, a run that comes near the limit says so and ends; what is unfinished goes with it.
fn end_before_memory_does() {
    let Some(limit) = Limit::find() else { return };
    let status = i32::from(Exit::Unwritten.status());
    // A step that was not expected to be large can ask for more than is left. Then the program is aborted, with a
    // message that says so, and the status at least is ours.
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
        memory::end();
    });
}
