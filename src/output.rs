//! Outputs that appear whole or not at all.
//!
//! A named output is made beside its target before reading starts, so that a wrong path fails at
//! once, and renamed when it is complete; several of one run are renamed in a row, when all of them are
//! complete and stored. A signal removes what is unfinished.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::{NamedTempFile, TempPath};

/// Unfinished files and folders, for whoever handles signals.
static UNFINISHED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// How the names of unfinished files and folders begin and end.
const PREFIX: &str = ".callsift-";
const SUFFIX: &str = ".unfinished";

/// Links that are followed to an output that does not exist yet, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// A file in the making.
pub struct Output {
    writer: BufWriter<File>,
    /// The target as it was named.
    name: PathBuf,
    /// The file beside its target; none where the target is a pipe or a device, which is written as
    /// it is: nothing can take its place.
    beside: Option<(TempPath, PathBuf)>,
}

/// Why outputs are not as they should be.
#[derive(Debug)]
pub struct Unwritten {
    /// The output that is to blame, as it was named; none where that is no named file.
    pub name: Option<PathBuf>,
    /// What the system says.
    pub error: io::Error,
    /// All outputs are in their places, but it is not certain that a power cut leaves them there.
    pub in_place: bool,
}

/// Begins the name of what is not finished yet.
pub(crate) fn unfinished_name() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder
}

/// Whether a file or folder is called as unfinished ones are: a run that was killed leaves them.
pub(crate) fn is_unfinished(name: &std::ffi::OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

/// Where an output comes to stand: a link goes on pointing where it did, and what it points at is
/// replaced, or made.
pub(crate) fn real_target(target: &Path) -> io::Result<PathBuf> {
    let mut target = target.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(it) = fs::canonicalize(&target) {
            return Ok(it);
        }
        let Ok(next) = fs::read_link(&target) else { return Ok(target) };
        target = target.parent().map(|it| it.join(&next)).unwrap_or(next);
    }
    Err(io::Error::other("its links lead in a circle"))
}

/// The folder that a path lies in.
pub(crate) fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Output {
    /// Begins a file beside its target: readable by its owner alone, since reports hold personal
    /// data, unless the target exists and says otherwise.
    ///
    /// # Errors
    ///
    /// Where the folder does not exist or cannot be written, or the target is a folder.
    pub fn create(target: &Path) -> io::Result<Self> {
        let name = target.to_owned();
        match fs::metadata(target) {
            Ok(it) if it.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder"));
            }
            Ok(it) if !it.is_file() => {
                let file = File::options().write(true).open(target)?;
                return Ok(Self { writer: BufWriter::new(file), name, beside: None });
            }
            _ => {}
        }
        let target = real_target(target)?;
        let make = || unfinished_name().tempfile_in(folder_of(&target));
        let file = begin(make, |it| it.path()).map_err(|it| io::Error::from(it.kind()))?;
        if let Ok(existing) = fs::metadata(&target) {
            file.as_file().set_permissions(existing.permissions())?;
        }
        let (file, unfinished) = NamedTempFile::into_parts(file);
        Ok(Self { writer: BufWriter::with_capacity(1 << 16, file), name, beside: Some((unfinished, target)) })
    }

    /// Puts the complete file in the target's place.
    ///
    /// # Errors
    ///
    /// Where the last bytes cannot be written or the file cannot be renamed; the target is then as it
    /// was.
    pub fn finish(self) -> Result<(), Unwritten> {
        finish([self])
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Puts complete files in the places of their targets: all of them, or none.
///
/// # Errors
///
/// Where one of them cannot be written to its end or renamed; all targets are then as they were.
pub fn finish(outputs: impl IntoIterator<Item = Output>) -> Result<(), Unwritten> {
    finish_with(outputs, None)
}

/// The same, with something that comes last and decides about all: what came before is taken back
/// where it fails.
pub(crate) fn finish_with(
    outputs: impl IntoIterator<Item = Output>,
    last: Option<&mut dyn FnMut() -> io::Result<()>>,
) -> Result<(), Unwritten> {
    let mut ready = Vec::new();
    for Output { writer, name, beside } in outputs {
        let unwritten = |error| Unwritten { name: Some(name.clone()), error, in_place: false };
        let file = writer.into_inner().map_err(|it| unwritten(it.into_error()))?;
        let Some((unfinished, target)) = beside else { continue };
        file.sync_all().map_err(unwritten)?;
        ready.push(Ready { name, unfinished, target, placed: None });
    }
    unless_stopped(|| place(&mut ready, last))?;
    let mut folders = HashSet::new();
    for Ready { name, unfinished, target, placed } in ready {
        let path = unfinished.to_path_buf();
        // Where they were exchanged the old file goes away under the name of the unfinished one; a signal
        // until then takes it away too.
        if placed == Some(Placed::Exchanged) {
            drop(unfinished);
        } else {
            drop(unfinished.keep());
        }
        remember(&path, false);
        let folder = folder_of(&target);
        if folders.insert(folder.to_owned()) {
            let unsure = |error| Unwritten { name: Some(name), error, in_place: true };
            sync_folder(folder).map_err(unsure)?;
        }
    }
    Ok(())
}

/// A complete file that is stored.
struct Ready {
    name: PathBuf,
    unfinished: TempPath,
    target: PathBuf,
    placed: Option<Placed>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Placed {
    /// There was nothing in its place.
    Fresh,
    /// What was in its place now has the unfinished name.
    Exchanged,
    /// What was in its place is gone.
    Over,
}

fn place(ready: &mut [Ready], last: Option<&mut dyn FnMut() -> io::Result<()>>) -> Result<(), Unwritten> {
    let others = ready.len() > 1 || last.is_some();
    let mut result = Ok(());
    for it in ready.iter_mut() {
        result = it.place(others).map_err(|error| (Some(it.name.clone()), error));
        if result.is_err() {
            break;
        }
    }
    if let (Ok(()), Some(last)) = (&result, last) {
        result = last().map_err(|error| (None, error));
    }
    result.map_err(|(name, error)| {
        for it in ready.iter_mut().rev() {
            it.take_back();
        }
        Unwritten { name, error, in_place: false }
    })
}

impl Ready {
    fn place(&mut self, may_come_back: bool) -> io::Result<()> {
        let existing = fs::symlink_metadata(&self.target).ok();
        let exists = existing.is_some();
        // A folder that somebody made there meanwhile would let itself be exchanged, but not be replaced.
        let is_file = existing.is_some_and(|it| !it.is_dir());
        // Not every file system can exchange two files; the old one is then gone.
        self.placed = Some(if may_come_back && is_file && self.exchange().is_ok() {
            Placed::Exchanged
        } else {
            fs::rename(&self.unfinished, &self.target)?;
            if exists { Placed::Over } else { Placed::Fresh }
        });
        Ok(())
    }

    fn exchange(&self) -> io::Result<()> {
        let unfinished: &Path = &self.unfinished;
        Ok(renameat_with(CWD, unfinished, CWD, &self.target, RenameFlags::EXCHANGE)?)
    }

    fn take_back(&mut self) {
        // Nothing is left to do about what does not let itself be taken back.
        let _ = match self.placed.take() {
            None | Some(Placed::Over) => Ok(()),
            Some(Placed::Fresh) => fs::rename(&self.target, &self.unfinished),
            Some(Placed::Exchanged) => self.exchange(),
        };
    }
}

/// Makes a rename last beyond a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // A folder that lets itself be written but not read cannot be opened for this.
    let Ok(folder) = File::open(folder) else { return Ok(()) };
    match folder.sync_all() {
        // Some file systems have nothing to sync.
        Err(it) if matches!(it.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// Makes something unfinished and keeps its name for whoever handles signals, in one step.
pub(crate) fn begin<T>(
    make: impl FnOnce() -> io::Result<T>,
    path: impl FnOnce(&T) -> &Path,
) -> io::Result<T> {
    let mut files = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    let made = make()?;
    files.get_or_insert_default().insert(path(&made).to_owned());
    Ok(made)
}

/// Keeps the name of an unfinished file or folder for whoever handles signals, or forgets it.
pub(crate) fn remember(path: &Path, unfinished: bool) {
    let mut files = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    let files = files.get_or_insert_default();
    if unfinished {
        files.insert(path.to_owned());
    } else {
        files.remove(path);
    }
}

/// Does what must not be half done when the program is told to stop: it is done whole, or waits for the
/// end of the program.
pub(crate) fn unless_stopped<T>(act: impl FnOnce() -> T) -> T {
    let _held = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    act()
}

/// Removes every unfinished file and folder; for a program that is told to stop. Whoever would go on
/// writing or renaming waits from here on, until the program ends.
pub fn remove_unfinished() {
    let mut files = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for path in files.take().into_iter().flatten() {
        // Nothing is left to do about what does not let itself be removed.
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    std::mem::forget(files);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the old files `a` and `b`.
    fn old() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::write(folder.path().join(name), "old").unwrap();
        }
        folder
    }

    fn begun(folder: &Path, names: &[&str]) -> Vec<Output> {
        let begin = |name: &&str| {
            let mut output = Output::create(&folder.join(name)).unwrap();
            output.write_all(b"new").unwrap();
            output
        };
        names.iter().map(begin).collect()
    }

    /// What the files of a folder hold, in the order of their names.
    fn held(folder: &Path) -> Vec<(String, String)> {
        let mut held: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|it| it.unwrap())
            .map(|it| (it.file_name().into_string().unwrap(), fs::read_to_string(it.path()).unwrap()))
            .collect();
        held.sort();
        held
    }

    #[track_caller]
    fn holds(folder: &Path, expected: &[(&str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(held(folder), expected);
    }

    #[test]
    fn several_outputs_appear_together_or_not_at_all() {
        let folder = old();
        finish(begun(folder.path(), &["a", "b", "c"])).unwrap();
        holds(folder.path(), &[("a", "new"), ("b", "new"), ("c", "new")]);
        // The last one cannot take its place: somebody made a folder there.
        let folder = old();
        let outputs = begun(folder.path(), &["a", "c", "b"]);
        fs::remove_file(folder.path().join("b")).unwrap();
        fs::create_dir_all(folder.path().join("b/in use")).unwrap();
        let failed = finish(outputs).unwrap_err();
        assert_eq!((failed.name, failed.in_place), (Some(folder.path().join("b")), false));
        fs::remove_dir_all(folder.path().join("b")).unwrap();
        holds(folder.path(), &[("a", "old")]);
    }

    #[test]
    fn what_comes_last_decides_about_all() {
        let folder = old();
        let mut refuses = || Err(io::Error::other("no"));
        let failed = finish_with(begun(folder.path(), &["a", "c"]), Some(&mut refuses)).unwrap_err();
        assert_eq!((failed.name, failed.in_place), (None, false));
        holds(folder.path(), &[("a", "old"), ("b", "old")]);
        finish_with(begun(folder.path(), &["a", "c"]), Some(&mut || Ok(()))).unwrap();
        holds(folder.path(), &[("a", "new"), ("b", "old"), ("c", "new")]);
    }

    #[test]
    fn an_output_that_is_dropped_leaves_nothing() {
        let folder = old();
        drop(begun(folder.path(), &["a", "c"]));
        holds(folder.path(), &[("a", "old"), ("b", "old")]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_what_is_not_there_yet_and_not_in_circles() {
        use std::os::unix::fs::symlink;
        let folder = old();
        let at = |name: &str| folder.path().join(name);
        symlink("new", at("to new")).unwrap();
        symlink("to new", at("to link")).unwrap();
        symlink("circle", at("circle")).unwrap();
        finish(begun(folder.path(), &["to link"])).unwrap();
        assert!(fs::symlink_metadata(at("to link")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(at("new")).unwrap(), "new");
        assert!(Output::create(&at("circle")).is_err());
        assert!(fs::symlink_metadata(at("circle")).unwrap().is_symlink());
    }

    #[test]
    fn the_names_of_what_is_unfinished_are_known() {
        let folder = old();
        let outputs = begun(folder.path(), &["c"]);
        let names: Vec<String> = held(folder.path()).into_iter().map(|it| it.0).collect();
        assert_eq!(names.iter().filter(|it| is_unfinished(it.as_ref())).count(), 1, "{names:?}");
        assert!(!is_unfinished("calls.unfinished".as_ref()) && !is_unfinished(".callsift-toml".as_ref()));
        drop(outputs);
    }
}
