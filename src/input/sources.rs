//! Which files are read: from paths, folders, patterns and lists of paths to [`Source`]s, each
//! file once and in an order that depends on the names alone. Nothing is read here but lists.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use super::decode::cannot_open;
use super::{Trouble, TroubleKind};
use crate::output::is_unfinished;
use crate::text::Text;

/// What files in folders must end in to be read; upper case counts too.
const ENDINGS: [&str; 4] = [".ndjson", ".jsonl", ".json", ".log"];
/// What may follow these.
const PACKED_ENDINGS: [&str; 2] = [".gz", ".zst"];

/// Names that are proposed for a missing one, at most.
const NEAR_NAMES: usize = 3;
/// Names of a folder that are compared with a missing one, at most: a hint must not take long.
const COMPARED_NAMES: usize = 10_000;

/// The name that stands for standard input.
const STDIN_NAME: &str = "-";

/// Something to read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as given or found, or `-`.
    pub name: Text,
    /// Where its bytes are.
    pub place: Place,
    /// Its size as stored, for showing progress; unknown for pipes.
    pub bytes: Option<u64>,
}

/// Where the bytes of a source are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, or a pipe with a name.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// What paths led to.
#[derive(Debug, Default)]
pub struct Found {
    /// What to read, ordered by the bytes of the names.
    pub sources: Vec<Source>,
    /// What cannot be read, or was named twice.
    pub troubles: Vec<Trouble>,
}

/// Finds what to read.
///
/// A path is a file of any name, a folder (in which the endings decide), a pattern that the
/// shell left as it was, or `-` for standard input. `files_from` is a file of such paths, one a
/// line, or separated by zero bytes if it holds any; `-` reads that list from standard input.
pub fn find(paths: &[OsString], files_from: Option<&Path>) -> Found {
    let mut search = Search { stdin_is_list: files_from == Some(Path::new(STDIN_NAME)), ..Search::default() };
    for path in paths {
        search.path(path);
    }
    if let Some(list) = files_from {
        for path in search.list(list) {
            search.path(&path);
        }
    }
    search.finish()
}

#[derive(Default)]
struct Search {
    stdin_is_list: bool,
    candidates: Vec<Candidate>,
    troubles: Vec<Trouble>,
}

struct Candidate {
    source: Source,
    identity: Option<Identity>,
}

impl Search {
    fn path(&mut self, path: &OsStr) {
        if path == STDIN_NAME {
            self.stdin();
            return;
        }
        let path = Path::new(path);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path),
            Ok(metadata) => self.file(path, &metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.pattern(path),
            Err(error) => self.troubles.push(cannot_open(&name_of(path), &error)),
        }
    }

    fn stdin(&mut self) {
        let name = Text::new(STDIN_NAME);
        if self.stdin_is_list {
            self.troubles.push(Trouble::defect(
                &name,
                TroubleKind::NotAFile,
                "standard input is the list of files already; it is not read as a dump; put the list into \
                 a file",
            ));
            return;
        }
        let source = Source { name, place: Place::Stdin, bytes: None };
        self.candidates.push(Candidate { source, identity: Identity::of_stdin() });
    }

    fn file(&mut self, path: &Path, metadata: &Metadata) {
        let name = name_of(path);
        if let Some(what) = endless(metadata.file_type()) {
            let message = format!("is {what}, which is not read; to read from it, send its data to `-`");
            self.troubles.push(Trouble::defect(&name, TroubleKind::NotAFile, message));
            return;
        }
        let plain = metadata.is_file();
        // Better told before the work than after half of it. A pipe would wait for its writer.
        if let Some(error) = plain.then(|| File::open(path).err()).flatten() {
            self.troubles.push(cannot_open(&name, &error));
            return;
        }
        let bytes = plain.then_some(metadata.len());
        let source = Source { name, place: Place::File(path.to_owned()), bytes };
        self.candidates.push(Candidate { source, identity: Identity::of(path, metadata) });
    }

    fn folder(&mut self, folder: &Path) {
        let before = self.candidates.len() + self.troubles.len();
        // Links are followed; one that leads back to a folder above it comes as an error. What a run that
        // was killed left of its outputs is no dump.
        let walk = WalkDir::new(folder).follow_links(true).into_iter();
        for entry in walk.filter_entry(|it| it.depth() == 0 || !is_unfinished(it.file_name())) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() || !is_dump_name(entry.file_name()) => {}
                Ok(entry) => match entry.metadata() {
                    Ok(metadata) if is_pipe(metadata.file_type()) => self.pipe_inside(entry.path()),
                    Ok(metadata) => self.file(entry.path(), &metadata),
                    Err(error) => self.unreadable_entry(folder, &error),
                },
                Err(error) => self.unreadable_entry(folder, &error),
            }
        }
        if self.candidates.len() + self.troubles.len() == before {
            self.troubles.push(Trouble::defect(
                &name_of(folder),
                TroubleKind::NothingInside,
                nothing_inside(),
            ));
        }
    }

    /// A pipe that was only come across may wait for a writer for ever.
    fn pipe_inside(&mut self, path: &Path) {
        let message = "is a pipe, which is not read in a folder; name it itself to read from it";
        self.troubles.push(Trouble::defect(&name_of(path), TroubleKind::NotAFile, message));
    }

    fn unreadable_entry(&mut self, folder: &Path, error: &walkdir::Error) {
        // Everything inside a loop is found on the way in.
        if error.loop_ancestor().is_some() {
            return;
        }
        let path = error.path().unwrap_or(folder);
        // A link to nowhere matters only under the name of a dump; a closed folder always does.
        let broken_link = error.io_error().is_some_and(|it| it.kind() == io::ErrorKind::NotFound);
        if broken_link && !path.file_name().is_some_and(is_dump_name) {
            return;
        }
        let trouble = match error.io_error() {
            Some(io_error) => cannot_open(&name_of(path), io_error),
            None => {
                Trouble::defect(&name_of(path), TroubleKind::ReadError, "cannot be looked at; it is skipped")
            }
        };
        self.troubles.push(trouble);
    }

    /// A path that does not exist: a pattern, or a mistake.
    fn pattern(&mut self, path: &Path) {
        let name = name_of(path);
        let text = path.to_str().filter(|it| it.contains(['*', '?', '[']));
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            // The library panics at names that are not UTF-8 if it is to leave hidden files out.
            require_literal_leading_dot: false,
        };
        let Some(matches) = text.and_then(|it| glob::glob_with(it, options).ok()) else {
            let near = near_names(path);
            let message = if near.is_empty() {
                "no such file or folder; it is skipped; check the spelling"
            } else {
                "no such file or folder; it is skipped; perhaps this was meant"
            };
            self.troubles.push(Trouble::defect(&name, TroubleKind::Missing, message).with_names(near));
            return;
        };
        let mut found = false;
        let passed_over = text.map(|it| broken_names(it, options)).unwrap_or_default();
        for entry in matches.chain(passed_over.into_iter().map(Ok)) {
            if entry.as_ref().is_ok_and(|it| hidden_parts(it) > hidden_parts(path)) {
                continue;
            }
            found = true;
            match entry {
                Ok(path) => match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => self.folder(&path),
                    Ok(metadata) => self.file(&path, &metadata),
                    Err(error) => self.troubles.push(cannot_open(&name_of(&path), &error)),
                },
                Err(error) => self.troubles.push(cannot_open(&name_of(error.path()), error.error())),
            }
        }
        if !found {
            self.troubles.push(Trouble::defect(
                &name,
                TroubleKind::Missing,
                "no file matches this pattern; nothing is read for it; check it with `ls`",
            ));
        }
    }

    /// The paths of a list.
    fn list(&mut self, list: &Path) -> Vec<OsString> {
        let mut bytes = Vec::new();
        let read = if self.stdin_is_list {
            io::stdin().read_to_end(&mut bytes)
        } else {
            File::open(list).and_then(|mut it| it.read_to_end(&mut bytes))
        };
        if let Err(error) = read {
            let mut trouble = cannot_open(&name_of(list), &error);
            if trouble.kind == TroubleKind::Missing {
                trouble = trouble.with_names(near_names(list));
            }
            self.troubles.push(trouble);
        }
        split_list(&bytes)
    }

    /// Orders the sources and leaves each file once, under the first of its names.
    fn finish(mut self) -> Found {
        self.candidates.sort_by(|a, b| order(&a.source.place).cmp(order(&b.source.place)));
        let mut sources: Vec<Source> = Vec::with_capacity(self.candidates.len());
        let mut known: HashMap<Identity, usize> = HashMap::new();
        let mut stdin = None;
        for Candidate { source, identity } in self.candidates {
            let first = match (&source.place, &identity) {
                (Place::Stdin, _) if stdin.is_some() => stdin,
                (_, Some(identity)) => known.get(identity).copied(),
                (_, None) => None,
            };
            if let Some(first) = first {
                let other = sources[first].name.clone();
                let message = if other == source.name {
                    "is named twice; it is read once"
                } else {
                    "is the same file as another one here; it is read once, under the name of that"
                };
                let trouble = Trouble::notice(&source.name, TroubleKind::Duplicate, message);
                self.troubles.push(trouble.with_names(vec![other]));
                continue;
            }
            if source.place == Place::Stdin {
                stdin = Some(sources.len());
            }
            if let Some(identity) = identity {
                known.insert(identity, sources.len());
            }
            sources.push(source);
        }
        self.troubles.sort_by(|a, b| (&a.source, a.kind).cmp(&(&b.source, b.kind)));
        // A path that is given twice and cannot be read is one trouble.
        self.troubles.dedup();
        Found { sources, troubles: self.troubles }
    }
}

fn name_of(path: &Path) -> Text {
    Text::new(&path.to_string_lossy())
}

fn order(place: &Place) -> &[u8] {
    match place {
        Place::File(path) => path.as_os_str().as_encoded_bytes(),
        Place::Stdin => STDIN_NAME.as_bytes(),
    }
}

/// What a pattern takes of the names that are no text, which the library passes over without a word. A sign stands
/// for each broken byte there, as it does in messages.
fn broken_names(pattern: &str, options: glob::MatchOptions) -> Vec<PathBuf> {
    let parts: Vec<Component<'_>> = Path::new(pattern).components().collect();
    let is_plain = |it: &&Component<'_>| !it.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let begin: PathBuf = parts.iter().take_while(is_plain).collect();
    let whole: PathBuf = parts.iter().collect();
    let Ok(pattern) = glob::Pattern::new(&whole.to_string_lossy()) else { return Vec::new() };
    let depth =
        if pattern.as_str().contains("**") { usize::MAX } else { parts.len() - begin.components().count() };
    let here = begin.as_os_str().is_empty();
    let walk = WalkDir::new(if here { Path::new(".") } else { &begin }).max_depth(depth).follow_links(true);
    let paths = walk.into_iter().flatten().map(walkdir::DirEntry::into_path);
    let broken = paths.filter(|it| it.to_str().is_none());
    let named = broken.map(|it| if here { it.strip_prefix(".").unwrap_or(&it).to_owned() } else { it });
    named.filter(|it| pattern.matches_with(&it.to_string_lossy(), options)).collect()
}

/// How many parts of a path begin with a dot. One that a pattern does not name by its dot is hidden
/// from it.
fn hidden_parts(path: &Path) -> usize {
    let normal = path.components().filter(|it| matches!(it, Component::Normal(_)));
    normal.filter(|it| it.as_os_str().as_encoded_bytes().starts_with(b".")).count()
}

fn nothing_inside() -> String {
    let endings = ENDINGS.map(|it| format!("`{it}`")).join(", ");
    let packed = PACKED_ENDINGS.map(|it| format!("`{it}`")).join(" or ");
    format!(
        "no file in this folder ends in {endings} or one of these and {packed}; nothing is read for it; name \
         files of other endings one by one"
    )
}

/// Whether a file in a folder is read.
fn is_dump_name(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes().to_ascii_lowercase();
    let bare = PACKED_ENDINGS.iter().find_map(|it| name.strip_suffix(it.as_bytes())).unwrap_or(&name);
    ENDINGS.iter().any(|it| bare.ends_with(it.as_bytes()))
}

/// What has no end, or no bytes to read.
#[cfg(unix)]
fn endless(kind: FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        None
    }
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

#[cfg(not(unix))]
fn endless(_: FileType) -> Option<&'static str> {
    None
}

/// Tells files apart whatever they are called.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Identity(Same);

#[derive(Debug, PartialEq, Eq, Hash)]
enum Same {
    #[cfg(unix)]
    Inode { device: u64, inode: u64 },
    #[cfg(not(unix))]
    Path(PathBuf),
}

#[cfg(unix)]
impl Identity {
    fn of(_: &Path, metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self(Same::Inode { device: metadata.dev(), inode: metadata.ino() }))
    }

    /// Of a file that standard output goes to; none where that is something else.
    pub fn of_stdout() -> Option<Self> {
        use std::os::fd::AsFd;
        let file = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
        let metadata = file.metadata().ok()?;
        metadata.is_file().then(|| Self::of(Path::new(STDIN_NAME), &metadata)).flatten()
    }

    /// Of `-`, which may be a file that is given by its name too.
    fn of_stdin() -> Option<Self> {
        use std::os::fd::AsFd;
        let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
        Self::of(Path::new(STDIN_NAME), &file.metadata().ok()?)
    }
}

#[cfg(not(unix))]
impl Identity {
    fn of(path: &Path, _: &Metadata) -> Option<Self> {
        fs::canonicalize(path).ok().map(|it| Self(Same::Path(it)))
    }

    /// Of a file that standard output goes to, which cannot be told here.
    pub fn of_stdout() -> Option<Self> {
        None
    }

    fn of_stdin() -> Option<Self> {
        None
    }
}

impl Identity {
    /// Of what is there under a path: links, hard ones too, and other spellings change nothing. Devices
    /// and sockets have nothing that could be lost.
    pub fn of_path(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        if endless(metadata.file_type()).is_some() { None } else { Self::of(path, &metadata) }
    }
}

/// Paths between line ends, or between zero bytes where there are any.
fn split_list(bytes: &[u8]) -> Vec<OsString> {
    let separator = if bytes.contains(&0) { 0 } else { b'\n' };
    let lines = bytes.split(|it| *it == separator);
    let paths = lines.map(|it| if separator == 0 { it } else { it.strip_suffix(b"\r").unwrap_or(it) });
    paths.filter(|it| !it.trim_ascii().is_empty()).map(os_string).collect()
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Paths in the folder of a missing one that it may have been meant to be, best first.
fn near_names(missing: &Path) -> Vec<Text> {
    let Some(wanted) = missing.file_name().map(|it| it.to_string_lossy().to_lowercase()) else {
        return Vec::new();
    };
    let folder = match missing.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let wanted: Vec<char> = wanted.chars().collect();
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut near: Vec<(usize, Text)> = entries
        .take(COMPARED_NAMES)
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let found: Vec<char> = name.to_string_lossy().to_lowercase().chars().collect();
            let distance = name_distance(&wanted, &found)?;
            Some((distance, name_of(&missing.with_file_name(name))))
        })
        .collect();
    near.sort();
    near.truncate(NEAR_NAMES);
    near.into_iter().map(|(_, name)| name).collect()
}

/// How far a name is from the one wanted; `None` if too far to be meant.
fn name_distance(wanted: &[char], found: &[char]) -> Option<usize> {
    let longer_by_ending = |long: &[char], short: &[char]| {
        long.strip_prefix(short).is_some_and(|rest| rest.first() == Some(&'.'))
    };
    // An ending that was forgotten, or that is gone since the file was unpacked.
    if longer_by_ending(found, wanted) || longer_by_ending(wanted, found) {
        return Some(1);
    }
    // One slip in four characters: a guess.
    let limit = (wanted.len() / 4).max(1);
    if wanted.len().abs_diff(found.len()) > limit {
        return None;
    }
    let distance = edits(wanted, found);
    (distance <= limit).then_some(distance)
}

/// Characters to insert, remove or replace, and neighbours to swap, to make one of the other.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for file in files {
                let path = folder.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "{}\n").unwrap();
            }
            Self(folder)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// Names found, and kinds of trouble with the name and what else they name.
        #[track_caller]
        fn check(&self, paths: &[&str], sources: &[&str], troubles: &[(TroubleKind, &str, &[&str])]) {
            let paths: Vec<OsString> = paths
                .iter()
                .map(|it| if *it == "-" { "-".into() } else { self.0.path().join(it).into_os_string() })
                .collect();
            self.check_found(&find(&paths, None), sources, troubles);
        }

        #[track_caller]
        fn check_found(&self, found: &Found, sources: &[&str], troubles: &[(TroubleKind, &str, &[&str])]) {
            let root = format!("{}/", self.0.path().display());
            let short = |it: &Text| {
                let name = it.raw().strip_prefix(&root).unwrap_or(it.raw()).to_owned();
                name.trim_end_matches('/').to_owned()
            };
            let names: Vec<String> = found.sources.iter().map(|it| short(&it.name)).collect();
            assert_eq!(names, sources);
            let told: Vec<(TroubleKind, String, Vec<String>)> = found
                .troubles
                .iter()
                .map(|it| (it.kind, short(&it.source), it.names.iter().map(short).collect()))
                .collect();
            let expected: Vec<(TroubleKind, String, Vec<String>)> = troubles
                .iter()
                .map(|(kind, name, names)| {
                    (*kind, (*name).to_owned(), names.iter().map(|it| (*it).to_owned()).collect())
                })
                .collect();
            assert_eq!(told, expected);
            for trouble in &found.troubles {
                assert_eq!(trouble.defect, trouble.kind != TroubleKind::Duplicate);
                assert!(!trouble.message.contains(&root), "{trouble:?}");
            }
        }
    }

    #[test]
    fn a_folder_is_searched_by_endings() {
        let folder = Folder::with(&[
            "b.ndjson",
            "a.JSONL.GZ",
            "sub/deep/c.json.zst",
            "sub/d.log",
            "e.txt",
            "f.gz",
            "ndjson",
            "g.ndjson.bak",
            "a-b.json",
            "a/x.json",
        ]);
        let all = ["a-b.json", "a.JSONL.GZ", "a/x.json", "b.ndjson", "sub/d.log", "sub/deep/c.json.zst"];
        folder.check(&[""], &all, &[]);
        // Any name will do if it is given.
        folder.check(&["e.txt", "f.gz", "ndjson"], &["e.txt", "f.gz", "ndjson"], &[]);
        folder.check(&["sub", "b.ndjson"], &["b.ndjson", "sub/d.log", "sub/deep/c.json.zst"], &[]);
    }

    #[test]
    fn a_folder_without_dumps_says_what_is_looked_for() {
        let folder = Folder::with(&["empty/readme.txt"]);
        folder.check(&["empty"], &[], &[(TroubleKind::NothingInside, "empty", &[])]);
        let found = find(&[folder.path("empty").into_os_string()], None);
        assert!(found.troubles[0].message.contains("`.ndjson`, `.jsonl`, `.json`, `.log`"));
    }

    #[cfg(unix)]
    #[test]
    fn patterns_take_names_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt;
        let folder = Folder::with(&["a1.x", "sub/b.x"]);
        for name in [&b"a\xff.x"[..], b".a\xff.x", b"b\xff.y", b"sub/a\xfe.x", b"d\xff/c.json"] {
            let path = folder.0.path().join(OsStr::from_bytes(name));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}\n").unwrap();
        }
        folder.check(&["a*.x"], &["a1.x", "a\u{fffd}.x"], &[]);
        folder.check(&["a?.x"], &["a1.x", "a\u{fffd}.x"], &[]);
        folder.check(&["*/a*.x"], &["sub/a\u{fffd}.x"], &[]);
        folder.check(&["**/a*.x"], &["a1.x", "a\u{fffd}.x", "sub/a\u{fffd}.x"], &[]);
        folder.check(&["d*"], &["d\u{fffd}/c.json"], &[]);
        folder.check(&["b*.x"], &[], &[(TroubleKind::Missing, "b*.x", &[])]);
    }

    #[test]
    fn patterns_that_the_shell_left_are_expanded() {
        let folder = Folder::with(&["a1.x", "a2.x", "b.x", "sub/a3.x", ".a4.x", "[1].x", "d1/c.json"]);
        folder.check(&["a*.x"], &["a1.x", "a2.x"], &[]);
        folder.check(&["a?.x", "**/a3.x"], &["a1.x", "a2.x", "sub/a3.x"], &[]);
        folder.check(&["[ab]*.x"], &["a1.x", "a2.x", "b.x"], &[]);
        folder.check(&[".a*.x"], &[".a4.x"], &[]);
        folder.check(&["**/*4.x"], &[], &[(TroubleKind::Missing, "**/*4.x", &[])]);
        folder.check(&["d*"], &["d1/c.json"], &[]);
        // A file of that very name comes first.
        folder.check(&["[1].x"], &["[1].x"], &[]);
        folder.check(&["z*.x"], &[], &[(TroubleKind::Missing, "z*.x", &[])]);
        folder.check(&["z[.x"], &[], &[(TroubleKind::Missing, "z[.x", &[])]);
    }

    #[test]
    fn a_missing_file_brings_near_names() {
        let folder = Folder::with(&["calls-08.ndjson", "calls-07.ndjson.gz", "other.ndjson", "Monday.log"]);
        let missing = |name, near: &'static [&'static str]| (TroubleKind::Missing, name, near);
        folder.check(&["calls-8.ndjson"], &[], &[missing("calls-8.ndjson", &["calls-08.ndjson"])]);
        folder.check(
            &["calls-07.ndjson"],
            &[],
            &[missing("calls-07.ndjson", &["calls-07.ndjson.gz", "calls-08.ndjson"])],
        );
        folder.check(&["mnoday.log"], &[], &[missing("mnoday.log", &["Monday.log"])]);
        folder.check(&["quite different"], &[], &[missing("quite different", &[])]);
        folder.check(&["no/such/folder"], &[], &[missing("no/such/folder", &[])]);
        // The others are read.
        folder.check(&["nothing.x", "other.ndjson"], &["other.ndjson"], &[missing("nothing.x", &[])]);
    }

    #[test]
    fn edits_are_counted() {
        let count = |a: &str, b: &str| edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", "abc"), 0);
        assert_eq!(count("abcd", "acbd"), 1);
        assert_eq!(count("kitten", "sitting"), 3);
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let folder = Folder::with(&["a.ndjson", "b.ndjson"]);
        let twice = |name, other: &'static [&'static str]| (TroubleKind::Duplicate, name, other);
        folder.check(&["a.ndjson", "a.ndjson"], &["a.ndjson"], &[twice("a.ndjson", &["a.ndjson"])]);
        folder.check(&["", "b.ndjson"], &["a.ndjson", "b.ndjson"], &[twice("b.ndjson", &["b.ndjson"])]);
        folder.check(&["-", "-"], &["-"], &[twice("-", &["-"])]);
        fs::hard_link(folder.path("a.ndjson"), folder.path("c.ndjson")).unwrap();
        folder.check(&["c.ndjson", "a.ndjson"], &["a.ndjson"], &[twice("c.ndjson", &["a.ndjson"])]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_never_in_circles() {
        use std::os::unix::fs::symlink;
        let folder = Folder::with(&["a.ndjson", "in/b.ndjson"]);
        symlink(folder.path("a.ndjson"), folder.path("in/z.ndjson")).unwrap();
        symlink(folder.path("in"), folder.path("in/loop")).unwrap();
        symlink(folder.path("nowhere"), folder.path("in/nowhere")).unwrap();
        folder.check(
            &[""],
            &["a.ndjson", "in/b.ndjson"],
            &[(TroubleKind::Duplicate, "in/z.ndjson", &["a.ndjson"])],
        );
        symlink(folder.path("nowhere"), folder.path("in/nowhere.ndjson")).unwrap();
        folder.check(
            &["in"],
            &["in/b.ndjson", "in/z.ndjson"],
            &[(TroubleKind::Missing, "in/nowhere.ndjson", &[])],
        );
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_sockets_are_refused() {
        let folder = Folder::with(&[]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path("s")).unwrap();
        folder.check(
            &["s", "/dev/zero"],
            &[],
            &[(TroubleKind::NotAFile, "/dev/zero", &[]), (TroubleKind::NotAFile, "s", &[])],
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf8_is_read_and_shown_with_its_fault() {
        use std::os::unix::ffi::OsStrExt;
        let folder = Folder::with(&[]);
        let path = folder.0.path().join(OsStr::from_bytes(b"a\xff\n.ndjson"));
        fs::write(&path, "{}\n").unwrap();
        let found = find(&[folder.0.path().as_os_str().to_owned()], None);
        folder.check_found(&found, &["a\u{fffd}\n.ndjson"], &[]);
        assert_eq!(found.sources[0].place, Place::File(path));
        assert_eq!(found.sources[0].bytes, Some(3));
        fs::write(folder.path("b.ndjson"), "{}\n").unwrap();
        folder.check(&["*.ndjson"], &["a\u{fffd}\n.ndjson", "b.ndjson"], &[]);
    }

    #[cfg(unix)]
    #[test]
    fn a_closed_file_is_told_before_the_work() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::with(&["a.ndjson", "b.ndjson"]);
        fs::set_permissions(folder.path("a.ndjson"), fs::Permissions::from_mode(0o000)).unwrap();
        if File::open(folder.path("a.ndjson")).is_ok() {
            // Whoever may read everything cannot see this.
            return;
        }
        folder.check(&[""], &["b.ndjson"], &[(TroubleKind::NoPermission, "a.ndjson", &[])]);
    }

    #[test]
    fn a_list_names_one_path_a_line() {
        let names = |bytes: &[u8]| -> Vec<String> {
            split_list(bytes).into_iter().map(|it| it.into_string().unwrap()).collect()
        };
        assert_eq!(names(b"a\n\nb c\r\n  \n d"), ["a", "b c", " d"]);
        assert_eq!(names(b"a\nb\0c\0\0"), ["a\nb", "c"]);
        assert!(names(b"").is_empty());

        let folder = Folder::with(&["a.x", "b.x", "sub/c.json"]);
        let list = folder.path("list");
        let line = |it: &str| format!("{}\n", folder.path(it).display());
        fs::write(&list, [line("sub"), line("b.x"), line("a.*")].concat()).unwrap();
        folder.check_found(&find(&[], Some(&list)), &["a.x", "b.x", "sub/c.json"], &[]);
        let found = find(&[folder.path("b.x").into_os_string()], Some(&folder.path("lits")));
        folder.check_found(&found, &["b.x"], &[(TroubleKind::Missing, "lits", &["list"])]);
    }
}
