//! A folder that appears whole or not at all.
//!
//! It is made under another name beside its place, so that a wrong path fails before anything is
//! read, and takes its place in one step when it is complete.

use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;

use super::{MANIFEST, PackFile};
use crate::output::{
    self, Output, Unwritten, finish_with, folder_of, real_target, remember, sync_folder, unless_stopped,
};

/// A folder in the making.
pub struct Unfinished {
    beside: TempDir,
    target: PathBuf,
}

/// Why a folder cannot be begun.
#[derive(Debug)]
pub enum Refusal {
    /// There is a pack already.
    Exists,
    /// There is something else.
    NoPack,
    /// There is a pack, and beside its files one of this name.
    Foreign(String),
    /// The system refuses.
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Unfinished {
    /// Begins a folder that takes the place of `target`; of one that exists only with `force`, and only
    /// if it is a pack or empty.
    ///
    /// # Errors
    ///
    /// Where it must not or cannot be.
    pub fn begin(target: &Path, force: bool) -> Result<Self, Refusal> {
        let target = real_target(target)?;
        if let Ok(existing) = fs::symlink_metadata(&target) {
            if !existing.is_dir() {
                return Err(Refusal::NoPack);
            }
            let empty = fs::read_dir(&target)?.next().is_none();
            if !empty && !is_pack(&target) {
                return Err(Refusal::NoPack);
            }
            if !empty && !force {
                return Err(Refusal::Exists);
            }
            if let Some(it) = foreign(&target)? {
                return Err(Refusal::Foreign(it));
            }
        }
        let mut builder = output::unfinished_name();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let make = || builder.tempdir_in(folder_of(&target));
        let beside = output::begin(make, |it| it.path()).map_err(|it| io::Error::from(it.kind()))?;
        Ok(Self { beside, target })
    }

    /// Writes the files, the manifest last, and puts the folder in its place, together with the other
    /// outputs of the run. Every file gets the date `at`, in Unix milliseconds: the same input makes the
    /// same folder, dates included.
    ///
    /// # Errors
    ///
    /// Where something cannot be written; what was there before is then as it was.
    pub fn finish(
        self,
        files: &[PackFile],
        manifest: &[u8],
        at: i64,
        others: Option<Output>,
    ) -> Result<(), Unwritten> {
        let unwritten = |error| Unwritten { name: None, error, in_place: false };
        let Self { beside, target } = self;
        write(beside.path(), files, manifest, at).map_err(unwritten)?;
        // The old one goes away under the name of the unfinished one.
        let exists = fs::symlink_metadata(&target).is_ok();
        let how = if exists { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        let mut place = || Ok(renameat_with(CWD, beside.path(), CWD, &target, how)?);
        let placed = finish_with(others, Some(&mut place));
        if placed.as_ref().is_err_and(|it| !it.in_place) {
            return placed;
        }
        let old = beside.keep();
        let removed = if exists { fs::remove_dir_all(&old) } else { Ok(()) };
        remember(&old, false);
        let unsure = |error| Unwritten { name: None, error, in_place: true };
        placed.and(removed.and_then(|()| sync_folder(folder_of(&target))).map_err(unsure))
    }
}

/// Writes the files into a folder and stores them.
fn write(folder: &Path, files: &[PackFile], manifest: &[u8], at: i64) -> io::Result<()> {
    let date = SystemTime::UNIX_EPOCH + Duration::from_millis(at.max(0) as u64);
    let times = FileTimes::new().set_modified(date).set_accessed(date);
    let all = files.iter().map(|it| (it.name.as_str(), it.bytes.as_slice())).chain([(MANIFEST, manifest)]);
    for (name, bytes) in all {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = unless_stopped(|| options.open(folder.join(name)))?;
        file.write_all(bytes)?;
        file.set_times(times)?;
        file.sync_all()?;
    }
    let made = File::open(folder)?;
    made.set_times(times)?;
    made.sync_all()
}

/// The first name in a folder that its manifest does not list: what is no part of the pack must not
/// go with it.
fn foreign(folder: &Path) -> io::Result<Option<String>> {
    let listed = fs::read(folder.join(MANIFEST)).map(|it| super::manifest::files_of(&it)).unwrap_or_default();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names.into_iter().find(|it| it != MANIFEST && !listed.contains(it)))
}

/// Whether a folder is a pack: nothing else is ever overwritten.
fn is_pack(folder: &Path) -> bool {
    fs::read(folder.join(MANIFEST)).is_ok_and(|it| super::manifest::is_one(&it))
}
