//! How much memory a run may take, so that one that comes near it ends with a sentence and not with a
//! crash. The call events of the whole input are in memory, so that strangers can send more than there is.
//!
//! Known of Linux alone: the limit of the address space (`ulimit -v`) and that of the control group, as
//! containers have it. Elsewhere no limit is found.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::cli::Exit;
use crate::output;

/// Greater values are how a control group says that there is no limit.
const NO_LIMIT: u64 = 1 << 60;

/// What a limit is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// All addresses that are in use.
    AddressSpace,
    /// Memory of the control group.
    ControlGroup,
}

/// The least limit on the memory of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    kind: Kind,
    bytes: u64,
}

impl Limit {
    /// Looks for one.
    pub fn find() -> Option<Self> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let space = address_space(&read("/proc/self/limits"));
        let groups = files_of_groups(&read("/proc/self/cgroup")).into_iter();
        let group = groups.filter_map(|it| fs::read_to_string(it).ok()?.trim().parse().ok()).min();
        let limits = [
            space.map(|bytes| Self { kind: Kind::AddressSpace, bytes }),
            group.map(|bytes| Self { kind: Kind::ControlGroup, bytes }),
        ];
        limits.into_iter().flatten().filter(|it| it.bytes < NO_LIMIT).min_by_key(|it| it.bytes)
    }

    /// How near this process has come to it.
    pub fn nearness(self) -> Nearness {
        self.nearness_by(&fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    /// The same by the kernel's table. A sixteenth is left for what is taken between two looks.
    fn nearness_by(self, status: &str) -> Nearness {
        let most = self.bytes - self.bytes / 16;
        let (taken, in_use) = match self.kind {
            // Allocators set addresses aside before there is anything to put there, and make do without where
            // there are none left.
            Kind::AddressSpace => (held(status, "VmSize:"), held(status, "VmData:") >= self.bytes / 2),
            Kind::ControlGroup => (held(status, "RssAnon:"), true),
        };
        match (taken >= most, in_use) {
            (false, _) => Nearness::Far,
            (true, false) => Nearness::Tight,
            (true, true) => Nearness::Reached,
        }
    }

    /// What a user is told whose run may still fit, or be aborted.
    pub fn warning(self) -> String {
        format!("{} is nearly used up; a run that needs more is aborted", self.name())
    }

    fn name(self) -> String {
        let whose = match self.kind {
            Kind::AddressSpace => "this process (`ulimit -v`)",
            Kind::ControlGroup => "this container or control group",
        };
        format!("the memory limit of {whose}, {} MiB,", self.bytes >> 20)
    }

    /// What a user is told who has come near it.
    pub fn told(self) -> String {
        format!(
            "{} does not hold all call events of the input; no file was written, and standard output is incomplete; \
             read fewer dumps at once, or raise the limit",
            self.name()
        )
    }
}

/// How near a process has come to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// There is room.
    Far,
    /// What is left is set aside for something already.
    Tight,
    /// What is left would not last until the next look.
    Reached,
}

/// Less than this is seen by whoever looks how near the limit is.
const LARGE: usize = 1 << 20;

/// What a user is told where memory ends that no known limit is on.
const NONE_LEFT: &str = "there is no memory for all call events of the input; no file was written, and standard \
                         output is incomplete; read fewer dumps at once";

/// Ends the run because memory does not hold what the input asks for. What is unfinished goes with it.
pub fn end() -> ! {
    // Of several threads that come here the first one speaks, and ends the others too.
    static SPEAKS: Mutex<()> = Mutex::new(());
    let _guard = SPEAKS.lock().unwrap_or_else(PoisonError::into_inner);
    output::remove_unfinished();
    let told = Limit::find().map_or_else(|| NONE_LEFT.to_owned(), Limit::told);
    let _ = writeln!(io::stderr(), "error: {told}");
    #[expect(clippy::exit, reason = "no other way out of steps that are under way in many threads")]
    std::process::exit(i32::from(Exit::Unwritten.status()));
}

/// Room for so many more values, or the end of the run: for what can be large because the input is.
#[inline]
pub fn reserve<T>(values: &mut Vec<T>, more: usize) {
    if values.try_reserve_exact(more).is_err() {
        end();
    }
}

/// Room for so many values, as [`reserve`] makes it.
pub fn room_for<T>(count: usize) -> Vec<T> {
    let mut values = Vec::new();
    reserve(&mut values, count);
    values
}

/// Adds a value, with room for ever more, or ends the run.
#[inline]
pub fn push<T>(values: &mut Vec<T>, value: T) {
    if values.try_reserve(1).is_err() {
        end();
    }
    values.push(value);
}

/// Ends the run if there is no room for so many values now, which a step that cannot fail takes next.
#[inline]
pub fn expect_room_for<T>(count: usize) {
    if count.saturating_mul(size_of::<T>()) >= LARGE {
        drop(room_for::<T>(count));
    }
}

/// Bytes that a line of the kernel's table tells; none where it does not.
fn held(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|it| it.strip_prefix(key)).unwrap_or_default();
    line.trim()
        .strip_suffix("kB")
        .and_then(|it| it.trim().parse().ok())
        .map_or(0, |it: u64| it.saturating_mul(1024))
}

/// The soft limit on the address space, in the table that the kernel gives.
fn address_space(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|it| it.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The files that hold the limits of a process's groups and of the groups around them, in both versions of
/// control groups.
fn files_of_groups(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            it if it.split(',').any(|it| it == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let around = Path::new(path.trim_start_matches('/')).ancestors();
        files.extend(around.map(|it| Path::new(root).join(it).join(file)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_the_address_space_is_read() {
        let table = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max file size             1                    2                    bytes     \n\
                 Max address space         {soft}            unlimited            bytes     \n"
            )
        };
        assert_eq!(address_space(&table("268435456")), Some(268_435_456));
        assert_eq!(address_space(&table("unlimited")), None);
        assert_eq!(address_space(""), None);
    }

    #[test]
    fn groups_are_looked_for_up_to_the_root() {
        let of = |groups: &str| {
            files_of_groups(groups).iter().map(|it| it.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            of("0::/a/b\n"),
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/memory.max"]
        );
        assert_eq!(
            of("5:devices:/x\n4:memory:/c\n"),
            ["/sys/fs/cgroup/memory/c/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        );
        assert_eq!(of("nonsense"), [""; 0]);
    }

    #[test]
    fn what_is_near_goes_by_the_limit() {
        let near = |kind, kib: u64, status: &str| Limit { kind, bytes: kib << 10 }.nearness_by(status);
        let status = "Name:\tx\nVmSize:\t  1500 kB\nVmData:\t 800 kB\nRssAnon:\t     600 kB\n";
        assert_eq!(near(Kind::AddressSpace, 1600, status), Nearness::Reached);
        assert_eq!(near(Kind::AddressSpace, 1601, status), Nearness::Far, "more than a sixteenth is left");
        let set_aside = status.replace(" 800 kB", " 799 kB");
        assert_eq!(near(Kind::AddressSpace, 1600, &set_aside), Nearness::Tight);
        assert_eq!(near(Kind::ControlGroup, 640, status), Nearness::Reached);
        assert_eq!(near(Kind::ControlGroup, 641, status), Nearness::Far);
        assert_eq!(near(Kind::ControlGroup, 640, "no such table"), Nearness::Far);
    }

    #[test]
    fn the_sentences_name_the_limit() {
        for (kind, whose) in [(Kind::AddressSpace, "ulimit -v"), (Kind::ControlGroup, "container")] {
            let limit = Limit { kind, bytes: 300 << 20 };
            for told in [limit.told(), limit.warning()] {
                assert!(told.contains("300 MiB") && told.contains(whose), "{told}");
            }
        }
    }
}
