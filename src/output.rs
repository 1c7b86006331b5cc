//! Outputs that appear whole or not at all.
//!
//! A named output is made beside its target before reading starts, so that a wrong path fails at
//! once, and renamed when it is complete. A signal removes what is unfinished.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{NamedTempFile, TempPath};

/// Unfinished files, for whoever handles signals.
static UNFINISHED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// A file in the making.
pub struct Output {
    writer: BufWriter<File>,
    /// The file beside its target; none where the target is a pipe or a device, which is written as
    /// it is: nothing can take its place.
    beside: Option<(TempPath, PathBuf)>,
}

impl Output {
    /// Begins a file beside its target: readable by its owner alone, since reports hold personal
    /// data, unless the target exists and says otherwise.
    ///
    /// # Errors
    ///
    /// Where the folder does not exist or cannot be written, or the target is a folder.
    pub fn create(target: &Path) -> io::Result<Self> {
        match std::fs::metadata(target) {
            Ok(it) if it.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder"));
            }
            Ok(it) if !it.is_file() => {
                let file = File::options().write(true).open(target)?;
                return Ok(Self { writer: BufWriter::new(file), beside: None });
            }
            _ => {}
        }
        // A link goes on pointing where it did; what it points at is replaced.
        let target = std::fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let folder = match target.parent() {
            Some(it) if !it.as_os_str().is_empty() => it,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new()
            .prefix(".callsift-")
            .suffix(".unfinished")
            .tempfile_in(folder)
            .map_err(|it| io::Error::from(it.kind()))?;
        if let Ok(existing) = std::fs::metadata(&target) {
            file.as_file().set_permissions(existing.permissions())?;
        }
        let (file, unfinished) = NamedTempFile::into_parts(file);
        remember(&unfinished, true);
        Ok(Self { writer: BufWriter::with_capacity(1 << 16, file), beside: Some((unfinished, target)) })
    }

    /// Puts the complete file in the target's place.
    ///
    /// # Errors
    ///
    /// Where the last bytes cannot be written or the file cannot be renamed; the target is then as it
    /// was.
    pub fn finish(self) -> io::Result<()> {
        let Self { writer, beside } = self;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        let Some((unfinished, target)) = beside else { return Ok(()) };
        file.sync_all()?;
        let path = unfinished.to_path_buf();
        unless_stopped(|| unfinished.persist(&target).map_err(|it| it.error))?;
        remember(&path, false);
        Ok(())
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
        let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    }
    std::mem::forget(files);
}
