//! The check of a pack: every hash, the books, and, made again, every byte.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::manifest::{BUILD, HIDDEN, SCHEMA};
use super::{MANIFEST, PackFile};
use crate::definitions::{self, column};
use crate::input::decode::Stamp;
use crate::input::sources::{Found, Place};
use crate::section::{Body, Cell, Document, Part, Shown, Table, hex, say};
use crate::text::Text;

/// The largest manifest that is read.
const MANIFEST_MOST: u64 = 256 << 20;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Same,
    /// Other bytes, or books that do not balance.
    Changed,
    /// Named and not there.
    Missing,
    /// There and not named.
    Unexpected,
    /// Made by another version, so that other bytes are no sign of a change.
    OtherVersion,
}

impl Outcome {
    /// The word in the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::OtherVersion => "other_version",
        }
    }
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked: `file`, `ledger`, `version`, `inputs`, `again`.
    check: &'static str,
    /// The file that it is about.
    file: String,
    outcome: Outcome,
    detail: String,
}

impl Check {
    /// A check with what it found.
    pub fn new(check: &'static str, file: &str, outcome: Outcome, detail: &str) -> Self {
        Self { check, file: file.to_owned(), outcome, detail: detail.to_owned() }
    }

    /// Whether nothing speaks against the pack.
    pub fn is_fine(&self) -> bool {
        match self.outcome {
            Outcome::Same => true,
            // That another version made it is no fault by itself.
            Outcome::OtherVersion => self.check == "version",
            Outcome::Changed | Outcome::Missing | Outcome::Unexpected => false,
        }
    }
}

/// A side file that a manifest names.
pub struct Recorded {
    /// The option that named it.
    pub option: String,
    /// Its path then.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// A manifest as it was read. Nothing in it is trusted.
pub struct Manifest {
    json: Value,
    bytes: Vec<u8>,
}

impl Manifest {
    /// Reads the manifest of a pack.
    ///
    /// # Errors
    ///
    /// Why the folder is no pack.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(MANIFEST);
        let mut bytes = Vec::new();
        if !fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()) {
            return Err(format!("has no {MANIFEST} that is a plain file; name the folder of a pack"));
        }
        File::open(&path)
            .and_then(|it| it.take(MANIFEST_MOST + 1).read_to_end(&mut bytes))
            .map_err(|it| format!("has no {MANIFEST} that can be read ({it}); name the folder of a pack"))?;
        let json: Option<Value> =
            if bytes.len() as u64 > MANIFEST_MOST { None } else { serde_json::from_slice(&bytes).ok() };
        match json {
            Some(json) if json["schema"] == SCHEMA => Ok(Self { json, bytes }),
            Some(json) => Err(match json["schema"].as_str() {
                Some(it) if it.starts_with("callsift.pack-manifest/") => {
                    format!("{MANIFEST} is of another version of callsift, which can verify it")
                }
                _ => format!("{MANIFEST} is no manifest of a pack"),
            }),
            None => Err(format!("{MANIFEST} is no JSON, or larger than any manifest")),
        }
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.json[name].as_array().into_iter().flatten()
    }

    /// Whether this program, and these definitions, made the pack.
    fn is_ours(&self) -> bool {
        let by = &self.json["made_by"];
        by["callsift_version"] == env!("CARGO_PKG_VERSION")
            && by["build"] == BUILD
            && by["definitions_version"] == definitions::version()
    }

    /// The recorded side files.
    pub fn side_files(&self) -> impl Iterator<Item = Recorded> {
        self.list("side_files").map(|it| {
            let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
            let bytes = it["bytes"].as_u64().unwrap_or_default();
            Recorded { option: text("option"), path: text("file").into(), bytes, sha256: text("sha256") }
        })
    }

    /// The recorded options with their values.
    pub fn arguments(&self) -> Vec<(String, String)> {
        self.pairs("arguments", "option")
    }

    /// The recorded variables of the environment with their values.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.pairs("environment", "variable")
    }

    fn pairs(&self, list: &str, name: &str) -> Vec<(String, String)> {
        let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
        self.list(list).map(|it| (text(it, name), text(it, "value"))).collect()
    }

    /// Whether something of what was asked for is hidden, so that the pack cannot be made again.
    pub fn arguments_are_hidden(&self) -> bool {
        self.json[HIDDEN] == true
    }

    /// What names the key that pseudonyms were made with, if a file gave it.
    pub fn key_id(&self) -> Option<&str> {
        let parameters = &self.json["parameters"];
        (parameters["key_origin"] == "file").then(|| parameters["key_id"].as_str()).flatten()
    }

    /// The recorded names of dumps by the SHA-256 of their bytes.
    pub fn names(&self) -> HashMap<[u8; 32], Vec<Text>> {
        let mut names: HashMap<[u8; 32], Vec<Text>> = HashMap::new();
        for it in self.list("inputs") {
            let digest = it["sha256"].as_str().and_then(bytes_of);
            if let (Some(name), Some(digest)) = (it["file"].as_str(), digest) {
                names.entry(digest).or_default().push(Text::new(name));
            }
        }
        names
    }

    /// Checks every file and the books.
    pub fn check(&self, folder: &Path) -> Vec<Check> {
        let mut checks = vec![self.check_version()];
        let mut named: BTreeSet<&str> = [MANIFEST].into();
        for it in self.list("files") {
            let name = it["file"].as_str().unwrap_or_default();
            // A name that leads out of the folder is none of a pack.
            if name.is_empty() || name.contains(['/', '\\', '\0']) || name == ".." || !named.insert(name) {
                checks.push(Check::new("file", name, Outcome::Changed, "is no name of a file in a pack"));
                continue;
            }
            checks.push(check_file(folder, name, it));
        }
        if let Ok(entries) = fs::read_dir(folder) {
            let mut others: Vec<String> = entries
                .flatten()
                .map(|it| it.file_name().to_string_lossy().into_owned())
                .filter(|it| !named.contains(it.as_str()))
                .collect();
            others.sort_unstable();
            let unexpected =
                |it: String| Check::new("file", &it, Outcome::Unexpected, "no manifest names it");
            checks.extend(others.into_iter().map(unexpected));
        }
        checks.extend(self.check_books(folder));
        checks
    }

    fn check_version(&self) -> Check {
        if self.is_ours() {
            return Check::new("version", MANIFEST, Outcome::Same, "made by this program");
        }
        let by = &self.json["made_by"];
        let text = |key: &str| by[key].as_str().unwrap_or("?").to_owned();
        let detail = format!(
            "made by another version: callsift {}, build {}, definitions {}; this is {}, {BUILD}, {}",
            text("callsift_version"),
            text("build"),
            text("definitions_version"),
            env!("CARGO_PKG_VERSION"),
            definitions::version()
        );
        Check::new("version", MANIFEST, Outcome::OtherVersion, &detail)
    }

    /// The books add up, and are those of the reports.
    fn check_books(&self, folder: &Path) -> Vec<Check> {
        let books = &self.json["accounting"];
        let number = |path: &[&str]| path.iter().fold(books, |it, key| &it[*key]).as_u64();
        let sum = |group: &str, keys: &[&str]| -> Option<u64> {
            keys.iter().try_fold(0_u64, |sum, key| sum.checked_add(number(&[group, key])?))
        };
        let sum_of = |group: &str| -> Option<u64> {
            let counts = books[group].as_object()?;
            counts.values().try_fold(0_u64, |sum, it| sum.checked_add(it.as_u64()?))
        };
        let read = self.list("inputs").try_fold(0_u64, |sum, it| sum.checked_add(it["lines"].as_u64()?));
        let invalid = number(&["lines", "invalid"])
            .zip(number(&["invalid_bodies"]))
            .and_then(|(a, b)| a.checked_add(b));
        let equations = [
            (
                "lines.total = call + reaction + other + invalid + blank",
                number(&["lines", "total"]),
                // There only where such lines were left out.
                sum("lines", &["call", "reaction", "other", "invalid", "blank"])
                    .and_then(|it| it.checked_add(number(&["lines", "unverified"]).unwrap_or(0))),
            ),
            ("lines.total = the lines of all inputs", number(&["lines", "total"]), read),
            (
                "bytes.total = lines + outside",
                number(&["bytes", "total"]),
                sum("bytes", &["lines", "outside"]),
            ),
            (
                "events.total = duplicates + unique",
                number(&["events", "total"]),
                sum("events", &["duplicates", "unique"]),
            ),
            (
                "reactions.total = duplicates + unique",
                number(&["reactions", "total"]),
                sum("reactions", &["duplicates", "unique"]),
            ),
            (
                "sessions.total = incoming + outgoing",
                number(&["sessions", "total"]),
                sum("sessions", &["incoming", "outgoing"]),
            ),
            (
                "lines.invalid + invalid_bodies = the sum of invalid_reasons",
                invalid,
                sum_of("invalid_reasons"),
            ),
        ];
        let mut checks: Vec<Check> = equations
            .into_iter()
            .map(|(equation, left, right)| {
                let outcome = if left.is_some() && left == right { Outcome::Same } else { Outcome::Changed };
                Check::new("ledger", MANIFEST, outcome, equation)
            })
            .collect();
        for it in self.list("files") {
            let name = it["file"].as_str().unwrap_or_default();
            if !name.ends_with(".json") || name.contains('/') {
                continue;
            }
            let report: Option<Value> =
                fs::read(folder.join(name)).ok().and_then(|it| serde_json::from_slice(&it).ok());
            let same = report.is_some_and(|it| it["accounting"] == *books);
            let outcome = if same { Outcome::Same } else { Outcome::Changed };
            checks.push(Check::new(
                "ledger",
                name,
                outcome,
                "the books of the report are those of the manifest",
            ));
        }
        checks
    }

    /// The recorded dumps whose bytes are in none of the files at hand.
    pub fn missing_inputs(&self, found: &Found) -> Vec<Check> {
        let mut here: HashMap<[u8; 32], usize> = HashMap::new();
        for source in &found.sources {
            if let Place::File(path) = &source.place
                && let Ok(it) = Stamp::of_file(path)
            {
                *here.entry(it.sha256).or_default() += 1;
            }
        }
        let mut checks = Vec::new();
        for it in self.list("inputs") {
            let name = it["file"].as_str().unwrap_or_default();
            match it["sha256"].as_str().and_then(bytes_of).and_then(|it| here.get_mut(&it)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => checks.push(Check::new(
                    "inputs",
                    name,
                    Outcome::Missing,
                    "no file at hand has the bytes that were read",
                )),
            }
        }
        let left: usize = here.values().sum();
        if left > 0 && checks.is_empty() {
            let detail = format!("files at hand that the pack was not made from: {left}");
            checks.push(Check::new("inputs", "", Outcome::Unexpected, &detail));
        }
        checks
    }

    /// Compares a pack that was made again, byte for byte.
    pub fn compare(&self, folder: &Path, files: &[PackFile], manifest: &[u8]) -> Vec<Check> {
        let differs = if self.is_ours() { Outcome::Changed } else { Outcome::OtherVersion };
        let check = |name: &str, same: bool| {
            let (outcome, detail) = if same {
                (Outcome::Same, "made again, byte for byte the same")
            } else {
                (differs, "made again, other bytes came out")
            };
            Check::new("again", name, outcome, detail)
        };
        let mut checks: Vec<Check> = files
            .iter()
            .map(|it| check(&it.name, fs::read(folder.join(&it.name)).is_ok_and(|there| there == it.bytes)))
            .collect();
        let named = self.list("files").filter_map(|it| it["file"].as_str());
        let gone = named.filter(|name| !files.iter().any(|it| it.name == *name));
        checks.extend(gone.map(|it| check(it, false)));
        checks.push(check(MANIFEST, manifest == self.bytes));
        checks
    }

    /// What was found, as a document: what is wrong first.
    pub fn verdict(&self, folder: &str, mut checks: Vec<Check>, again: bool) -> Document {
        checks.sort_by_key(Check::is_fine);
        let wrong = checks.iter().filter(|it| !it.is_fine()).count();
        let other_version = !self.is_ours();
        let result = match (wrong, again, other_version) {
            (0, true, _) => "the pack is what these dumps give, byte for byte",
            (0, false, _) => "every file is as it was made, and the books balance",
            (_, true, true)
                if checks.iter().all(|it| it.is_fine() || it.outcome == Outcome::OtherVersion) =>
            {
                "made by another version, and this one makes other bytes; take that version to compare"
            }
            _ if checks.iter().all(|it| it.is_fine() || it.check == "inputs") => {
                "every file is as it was made, but the dumps at hand are not those that it was made from"
            }
            _ => "this is not the pack that was made",
        };
        let digest = hex(&Sha256::digest(&self.bytes));
        let mut table = Table {
            title: "Checks".to_owned(),
            columns: vec![
                column("check", Shown::Always),
                column("file", Shown::Always),
                column("result", Shown::Always),
                column("detail", Shown::Always),
            ],
            ..Table::default()
        };
        table.rows = checks
            .into_iter()
            .map(|it| {
                vec![
                    Cell::word(it.check),
                    if it.file.is_empty() { Cell::Missing } else { Cell::Text(Text::new(&it.file)) },
                    Cell::word(it.outcome.name()),
                    Cell::Text(Text::new(&it.detail)),
                ]
            })
            .collect();
        Document {
            schema: "callsift.verify/1".to_owned(),
            preface: vec![
                say(format!("{folder}: {result}.")),
                say(format!(
                    "The SHA-256 of {MANIFEST} is {digest}; compare it with the one that was signed."
                )),
            ],
            parts: vec![
                Part { path: vec!["same"], body: Body::Value(Cell::Bool(wrong == 0)) },
                Part { path: vec!["manifest_sha256"], body: Body::Value(Cell::Word(digest)) },
                Part { path: vec!["rows"], body: Body::Rows(table) },
            ],
            ..Document::default()
        }
    }
}

/// A verdict with everything in it that one can have, for its schema.
pub fn sample() -> Document {
    let manifest = Manifest { json: Value::Null, bytes: Vec::new() };
    let of = |file| Check::new("file", file, Outcome::Same, "");
    manifest.verdict("a", vec![of("a"), of("")], false)
}

fn check_file(folder: &Path, name: &str, recorded: &Value) -> Check {
    let path = folder.join(name);
    if !fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()) {
        return Check::new("file", name, Outcome::Missing, "the manifest names it");
    }
    match Stamp::of_file(&path) {
        Ok(it) if recorded["sha256"] == hex(&it.sha256) && recorded["bytes"] == it.bytes => {
            Check::new("file", name, Outcome::Same, "has the SHA-256 of the manifest")
        }
        Ok(it) => {
            let detail = format!("has the SHA-256 {}, {} bytes", hex(&it.sha256), it.bytes);
            Check::new("file", name, Outcome::Changed, &detail)
        }
        Err(it) => Check::new("file", name, Outcome::Missing, &format!("cannot be read: {it}")),
    }
}

fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
