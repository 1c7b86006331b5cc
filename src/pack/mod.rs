//! The monthly pack: every report of one period in every form that somebody asks for, with what is
//! needed to check it a year later.
//!
//! [`files`] makes the bytes, [`folder`] puts them where they belong, whole or not at all,
//! [`manifest`] says what was read and made, and [`verify`] checks it.

pub mod folder;
pub mod manifest;
pub mod verify;

use std::io;

use crate::analysis::Analysis;
use crate::contact_rules::Profile;
use crate::document::{self, Parameters};
use crate::privacy::Privacy;
use crate::render::{self, Format, RenderError, Style};
use crate::reports::groups::Key;
use crate::reports::{
    Output, anomalies, avoidance, callbacks, contacts, frustration, funnel, heat_map, kpi, overview,
    reactions, sessions, trend, waterfall,
};
use crate::section::{Body, Document, Part, Piece, Table, say};
use crate::zone::Zone;

/// The name of the manifest, which names all other files.
pub const MANIFEST: &str = "manifest.json";

const READ_ME: &str = "README.txt";
const ABOUT_READ_ME: &str = "what each file is, and how to check it";

/// One file of a pack.
pub struct PackFile {
    /// Its name, without a folder.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// What a pack is made of.
pub struct Content<'a> {
    /// What was read and rebuilt.
    pub analysis: &'a Analysis,
    /// The contact rules that are asked for.
    pub profiles: &'a [&'static Profile],
    /// The effective parameters.
    pub parameters: Parameters,
    /// The zone of all times.
    pub zone: &'a Zone,
}

/// A report of the pack: the name of its files, what it is, and how it is made.
struct Report {
    name: &'static str,
    /// The command that makes the same.
    command: &'static str,
    about: &'static str,
    make: fn(&Content<'_>) -> Output,
}

/// The reports, in the order of the page.
const REPORTS: &[Report] = &[
    Report {
        name: "kpi_by_agent",
        command: "kpi",
        about: "rejection rates by agent, with intervals and verdicts",
        make: |it| kpi::report(it.analysis, &[Key::Agent]),
    },
    Report {
        name: "kpi_by_instance",
        command: "kpi",
        about: "rejection rates by provider and line",
        make: |it| kpi::report(it.analysis, &[Key::Provider, Key::Instance]),
    },
    Report {
        name: "frustration",
        command: "frustration",
        about: "callers who called again and again without being answered",
        make: |it| frustration::report(it.analysis),
    },
    Report {
        name: "anomalies",
        command: "anomalies",
        about: "what arrived wrong, lines with lost webhooks, incidents",
        make: |it| anomalies::report(it.analysis, false),
    },
    Report {
        name: "avoidance",
        command: "avoidance",
        about: "customers who reject collection calls, by stage of delinquency",
        make: |it| avoidance::report(it.analysis),
    },
    Report {
        name: "contacts",
        command: "contacts",
        about: "findings under the contact rules that were asked for",
        make: |it| contacts::report(it.analysis, it.profiles),
    },
    Report {
        name: "callbacks",
        command: "callbacks",
        about: "who was called back in time, and who is still waiting",
        make: |it| callbacks::report(it.analysis),
    },
    Report {
        name: "reactions",
        command: "reactions",
        about: "emoji reactions per conversation",
        make: |it| reactions::report(it.analysis),
    },
];

/// A chart that is no report of its own.
struct Picture {
    /// The report that it stands under.
    under: &'static str,
    name: &'static str,
    table: fn(&Analysis) -> Table,
}

/// The charts, in the order of the page.
const CHARTS: &[Picture] = &[
    Picture { under: "kpi_by_agent", name: "funnel", table: funnel::table },
    Picture { under: "kpi_by_instance", name: "heat_map", table: heat_map::table },
    Picture { under: "kpi_by_instance", name: "trend", table: trend::table },
];

/// The reports that were asked for: contact rules are somebody's law, and nobody's by default.
fn reports(content: &Content<'_>) -> impl Iterator<Item = &'static Report> {
    let rules = !content.profiles.is_empty();
    REPORTS.iter().filter(move |it| rules || it.name != "contacts")
}

/// Makes every file of a pack but the manifest.
///
/// # Errors
///
/// Where a format cannot hold what there is.
pub fn files(content: &Content<'_>, privacy: &mut Privacy) -> Result<Vec<PackFile>, RenderError> {
    let mut files = Vec::new();
    let whole = whole(content, privacy);
    files.push(file(
        "report.html",
        "the whole report as one page, for reading and printing",
        Format::Html,
        &whole,
        content,
    )?);
    files.push(file(
        "report.xlsx",
        "the whole report as a workbook, a sheet a table",
        Format::Xlsx,
        &whole,
        content,
    )?);
    let overview = framed("report", overview::report(content.analysis), content, privacy);
    files.push(file(
        "report.json",
        "the overview for programs; `callsift compare` reads it",
        Format::Json,
        &overview,
        content,
    )?);
    for report in reports(content) {
        let document = framed(report.command, (report.make)(content), content, privacy);
        let name = |section: &str, ending: &str| match section {
            "" => format!("{}.{ending}", report.name),
            section => format!("{}.{section}.{ending}", report.name),
        };
        files.push(file(&name("", "json"), report.about, Format::Json, &document, content)?);
        for (place, section) in tables(&document).into_iter().enumerate() {
            let about = match place {
                0 => report.about.to_owned(),
                _ => format!("{}: the table `{section}`", report.about),
            };
            let style = Style { section: Some(&section), ..style(content) };
            let ending = if place == 0 { "" } else { &section };
            files.push(PackFile {
                name: name(ending, "csv"),
                about,
                bytes: bytes(&document, Format::Csv, &style)?,
            });
        }
    }
    let rejections = framed("rejections", sessions::rejections(content.analysis), content, privacy);
    files.push(file(
        "rejections.csv",
        "every rejected call: the monthly log",
        Format::Csv,
        &rejections,
        content,
    )?);
    files.push(file("rejections.json", "the same for programs", Format::Json, &rejections, content)?);
    let sessions = framed("sessions", sessions::report(content.analysis), content, privacy);
    files.push(file(
        "sessions.ndjson",
        "every call of the period, with file, line and SHA-256 of each raw line behind it",
        Format::Ndjson,
        &sessions,
        content,
    )?);
    let mut named: Vec<(&str, &str)> = files.iter().map(|it| (it.name.as_str(), it.about.as_str())).collect();
    named.extend([(READ_ME, ABOUT_READ_ME), (MANIFEST, "what was read and made")]);
    let text = read_me(named);
    files.push(PackFile {
        name: READ_ME.to_owned(),
        about: ABOUT_READ_ME.to_owned(),
        bytes: text.into_bytes(),
    });
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn style<'a>(content: &Content<'a>) -> Style<'a> {
    Style { zone: content.zone, width: None, color: false, csv_raw: false, section: None, columns: &[] }
}

fn file(
    name: &str,
    about: &str,
    format: Format,
    document: &Document,
    content: &Content<'_>,
) -> Result<PackFile, RenderError> {
    let bytes = bytes(document, format, &style(content))?;
    Ok(PackFile { name: name.to_owned(), about: about.to_owned(), bytes })
}

fn bytes(document: &Document, format: Format, style: &Style<'_>) -> Result<Vec<u8>, RenderError> {
    let mut bytes = Vec::new();
    render::render(document, format, style, &mut bytes)?;
    Ok(bytes)
}

fn framed(command: &str, output: Output, content: &Content<'_>, privacy: &mut Privacy) -> Document {
    let mut document = document::document(command, content.parameters.clone(), content.analysis, output);
    privacy.apply(&mut document);
    document
}

/// The page and the workbook: the ledger, then every report under its name, each with its charts.
fn whole(content: &Content<'_>, privacy: &mut Privacy) -> Document {
    let preface = overview::report(content.analysis).preface;
    let mut output = Output { preface, ..Output::default() };
    output.parts.push(Part { path: vec!["ledger"], body: Body::Rows(waterfall::table(content.analysis)) });
    for report in reports(content) {
        let Output { preface: _, parts, notes } = (report.make)(content);
        for mut part in parts {
            part.path.insert(0, report.name);
            output.parts.push(part);
        }
        for chart in CHARTS.iter().filter(|it| it.under == report.name) {
            let path = vec![report.name, chart.name];
            output.parts.push(Part { path, body: Body::Rows((chart.table)(content.analysis)) });
        }
        output.notes.extend(notes);
    }
    if content.profiles.is_empty() {
        output.notes.push(say("No contact rules were asked for; --rules names them."));
    }
    dedup(&mut output.notes);
    framed("pack", output, content, privacy)
}

/// Two reports can say the same; a reader needs it once.
fn dedup(notes: &mut Vec<Vec<Piece>>) {
    let mut seen: Vec<Vec<Piece>> = Vec::new();
    notes.retain(|it| {
        let new = !seen.contains(it);
        if new {
            seen.push(it.clone());
        }
        new
    });
}

/// The tables of a document by name; totals and the books of each input stand in the JSON.
fn tables(document: &Document) -> Vec<String> {
    render::section_names(document)
        .into_iter()
        .filter(|it| it != "total" && !it.ends_with(".total") && it != "input")
        .collect()
}

fn read_me(mut named: Vec<(&str, &str)>) -> String {
    let mut lines = vec![
        "This folder was made by callsift. It reports on rejected, missed and lost WhatsApp calls of one period."
            .to_owned(),
        String::new(),
        format!("{MANIFEST} says what was read, with which parameters, and the SHA-256 of every file here."),
        "`callsift verify FOLDER` checks the files; `callsift verify FOLDER --inputs DUMPS` makes them again from"
            .to_owned(),
        "the dumps and says whether they are the same, byte for byte. `callsift define FIGURE` tells what a figure means."
            .to_owned(),
        String::new(),
    ];
    named.sort_unstable();
    let width = named.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines.extend(named.iter().map(|(name, about)| format!("{name:width$}  {about}")));
    lines.push(String::new());
    lines.join("\n")
}

/// A failure of a format, as a failure to write.
pub fn as_io(error: RenderError) -> io::Error {
    match error {
        RenderError::Io(it) => it,
        other => io::Error::other(other.to_string()),
    }
}
