//! The manifest: what was read, how, by which program, and what came out.

use sha2::{Digest, Sha256};

use super::{Content, PackFile};
use crate::analysis::Filter;
use crate::definitions;
use crate::document;
use crate::input::blocks::Total;
use crate::input::sources::Source;
use crate::reports::Output;
use crate::section::{Body, Cell, Column, Document, Part, Shown, Table, hex};
use crate::text::Text;
use crate::zone::TZDB_VERSION;

/// The schema of a manifest.
pub const SCHEMA: &str = "callsift.pack-manifest/1";

/// Whether something of what was asked for is hidden in the manifest itself.
pub const HIDDEN: &str = "arguments_are_hidden";

/// The sources that this program was built from, as 16 hexadecimal digits.
pub const BUILD: &str = env!("SOURCES_DIGEST");

/// A file besides the dumps that the figures depend on.
pub struct SideFile {
    /// The option that names it.
    pub option: &'static str,
    /// Its path as given.
    pub path: Text,
    /// How many bytes it holds.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

/// Where a parameter's value comes from.
pub struct Origin {
    /// The parameter.
    pub name: String,
    /// `flag`, `environment`, `file` or `default`.
    pub origin: &'static str,
    /// The variable, or file and line.
    pub place: Cell,
}

/// What went into a pack.
pub struct Made<'a> {
    /// The dumps, with what they held.
    pub inputs: &'a [(Source, Total)],
    /// The other files.
    pub side_files: Vec<SideFile>,
    /// The period.
    pub filter: &'a Filter,
    /// What was typed, without paths of dumps: options and values.
    pub arguments: Vec<(String, Cell)>,
    /// What the environment said: variables and values.
    pub environment: Vec<(String, Cell)>,
    /// Where the parameters come from.
    pub origins: Vec<Origin>,
    /// Some input could not be read to its end, or more lines were invalid than tolerated.
    pub defective: bool,
}

/// The manifest of a pack, as a document.
pub fn document(content: &Content<'_>, made: &Made<'_>, files: &[PackFile]) -> Document {
    let given = |name: &str, all: &[(String, Cell)]| {
        let record = |(option, value): &(String, Cell)| {
            Cell::Record(vec![(name.to_owned(), Cell::word(option)), ("value".to_owned(), value.clone())])
        };
        Body::Value(Cell::List(all.iter().map(record).collect()))
    };
    let field = |name: &str, cell: Cell| (name.to_owned(), cell);
    let part = |name: &'static str, body: Body| Part { path: vec![name], body };
    let period = vec![
        field("since", Cell::opt(made.filter.since, Cell::Instant)),
        field("until", Cell::opt(made.filter.until, Cell::Instant)),
        field("tz", Cell::word(content.zone.name())),
        field("tzdb_version", Cell::word(TZDB_VERSION)),
    ];
    let made_by = vec![
        field("callsift_version", Cell::word(env!("CARGO_PKG_VERSION"))),
        field("build", Cell::word(BUILD)),
        field("definitions_version", Cell::Word(definitions::version())),
    ];
    let origins = made
        .origins
        .iter()
        .map(|it| {
            let fields = vec![field("origin", Cell::word(it.origin)), field("where", it.place.clone())];
            (it.name.clone(), Cell::Record(fields))
        })
        .collect();
    let inputs = made.inputs.iter().map(|(source, total)| {
        vec![
            Cell::Text(source.name.clone()),
            Cell::opt(total.stamp, |it| Cell::Count(it.bytes)),
            Cell::opt(total.stamp, |it| Cell::Word(hex(&it.sha256))),
            Cell::Count(total.lines),
        ]
    });
    let sides = made.side_files.iter().map(|it| {
        vec![
            Cell::word(it.option),
            Cell::Text(it.path.clone()),
            Cell::Count(it.bytes),
            Cell::Word(hex(&it.sha256)),
        ]
    });
    let made_files = files.iter().map(|it| {
        vec![
            Cell::word(&it.name),
            Cell::Count(it.bytes.len() as u64),
            Cell::Word(hex(&Sha256::digest(&it.bytes))),
            Cell::word(&it.about),
        ]
    });
    let output = Output {
        parts: vec![
            part("period", Body::Value(Cell::Record(period))),
            part("made_by", Body::Value(Cell::Record(made_by))),
            part("parameter_origins", Body::Value(Cell::Record(origins))),
            part("arguments", given("option", &made.arguments)),
            part("environment", given("variable", &made.environment)),
            part(HIDDEN, Body::Value(Cell::Bool(false))),
            part("input_is_defective", Body::Value(Cell::Bool(made.defective))),
            part("inputs", Body::Rows(table(&["file", "bytes", "sha256", "lines"], inputs.collect()))),
            part("side_files", Body::Rows(table(&["option", "file", "bytes", "sha256"], sides.collect()))),
            part(
                "files",
                Body::Rows(table(&["file", "bytes", "sha256", "description"], made_files.collect())),
            ),
        ],
        ..Output::default()
    };
    let mut document = document::document("pack", content.parameters.clone(), content.analysis, output);
    SCHEMA.clone_into(&mut document.schema);
    // They stand in every report; the manifest has inputs of its own.
    document.parts.retain(|it| it.path != document::INPUT);
    document
}

fn table(keys: &[&'static str], rows: Vec<Vec<Cell>>) -> Table {
    let column = |key: &&'static str| Column { key, title: "", shown: Shown::Always };
    Table { columns: keys.iter().map(column).collect(), rows, ..Table::default() }
}

/// The names of the files that a manifest lists.
pub fn files_of(bytes: &[u8]) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    let files = json["files"].as_array().into_iter().flatten();
    files.filter_map(|it| it["file"].as_str()).map(str::to_owned).collect()
}

/// Whether bytes are a manifest.
pub fn is_one(bytes: &[u8]) -> bool {
    let json: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    json.is_some_and(|it| it["schema"] == SCHEMA)
}
