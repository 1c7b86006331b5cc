//! Running the real program, and telling differences so that a person sees them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program, to be run in a folder.
pub fn callsift(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsift"));
    command.current_dir(folder).env_remove("NO_COLOR").stdin(Stdio::null());
    // What tests are told, and what their user has set, is nothing to the program.
    for (name, _) in std::env::vars_os().filter(|(it, _)| it.to_string_lossy().starts_with("CALLSIFT_")) {
        command.env_remove(name);
    }
    command
}

/// Runs the program with bytes on standard input.
pub fn run_with(folder: &Path, args: &[&str], stdin: &[u8]) -> Output {
    let mut child = callsift(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    // A program that stops reading early closes the pipe; that is its right.
    let writer = std::thread::spawn(move || {
        let _ = pipe.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Runs the program over files.
pub fn run(folder: &Path, args: &[&str]) -> Output {
    callsift(folder).args(args).output().unwrap()
}

/// Standard output as text.
pub fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error as text.
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output as JSON.
#[track_caller]
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|fault| panic!("{fault}\nstdout: {}\nstderr: {}", text(output), errors(output)))
}

/// An empty folder that goes away.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes files into a folder; gives their paths.
pub fn write_files(folder: &Path, files: &[(String, Vec<u8>)]) -> Vec<PathBuf> {
    files
        .iter()
        .map(|(name, bytes)| {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            path
        })
        .collect()
}

/// SplitMix64, from a seed.
pub struct Rng(pub u64);

impl Rng {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below another.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, p: usize) -> bool {
        self.below(100) < p
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The bytes as one member of gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// The first places in which two values differ, as lines.
pub fn differences(got: &Value, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(got, expected, "", false, &mut found);
    found
}

/// The first places in which a value lacks what is expected of it; more is allowed.
pub fn lacks(got: &Value, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(got, expected, "", true, &mut found);
    found
}

fn compare(got: &Value, expected: &Value, place: &str, part: bool, found: &mut Vec<String>) {
    if found.len() >= 12 {
        return;
    }
    match (got, expected) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in b {
                let place = format!("{place}.{key}");
                match a.get(key) {
                    Some(it) => compare(it, value, &place, part, found),
                    None => found.push(format!("{place}: missing, expected {value}")),
                }
            }
            for key in a.keys().filter(|it| !part && !b.contains_key(*it)) {
                found.push(format!("{place}.{key}: not expected: {}", a[key]));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &format!("{place}[{at}]"), part, found);
            }
            if a.len() != b.len() {
                let more = if a.len() > b.len() { &a[b.len()] } else { &b[a.len()] };
                found.push(format!(
                    "{place}: {} items, expected {}; the first more: {more}",
                    a.len(),
                    b.len()
                ));
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{place}: {a}, expected {b}")),
    }
}

/// Whether a tool of the system is here; a notice where it is not.
pub fn has_tool(name: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
    let has = found.is_ok_and(|it| it.status.success());
    if !has {
        eprintln!("notice: there is no {name} here; what needs it is not tested");
    }
    has
}

/// The program as somebody who may not read and write everything, in a folder that is opened to all. A
/// notice where that cannot be had.
#[cfg(unix)]
pub fn as_nobody(folder: &Path) -> Option<Command> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::sync::OnceLock;

    static PROGRAM: OnceLock<std::fs::File> = OnceLock::new();
    let is_root = std::fs::metadata("/proc/self").map_or(true, |it| it.uid() == 0);
    if !is_root {
        return Some(callsift(folder));
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    // The program may lie where nobody else comes: what is open already can be run all the same.
    let program = PROGRAM.get_or_init(|| std::fs::File::open(env!("CARGO_BIN_EXE_callsift")).unwrap());
    let command = || {
        let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
        command.uid(65_534).gid(65_534).current_dir(folder).env_clear().stdin(Stdio::null());
        command
    };
    let works = command().arg("--version").output().is_ok_and(|it| it.status.success());
    if !works {
        eprintln!("notice: the program cannot be run as another user here; permissions are not tested");
    }
    works.then(command)
}
