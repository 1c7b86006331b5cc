//! The examples of `docs/metrics.md` print what the page shows, the page explains every figure, and
//! its table of figures is the program's own. `CALLSIFT_UPDATE=1` rewrites that table.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use callsift::definitions::{FIGURES, figure};

use super::support::{errors, folder, root, run_with, text};

const TABLE_BEGINS: &str = "<!-- figures -->\n";
const TABLE_ENDS: &str = "<!-- /figures -->\n";

/// Examples that the page has at the least: a page that is read wrongly has none.
const LEAST_EXAMPLES: usize = 60;

fn path() -> PathBuf {
    root().join("docs/metrics.md")
}

fn page() -> String {
    fs::read_to_string(path()).unwrap_or_else(|it| panic!("{}: {it}", path().display()))
}

/// A command of the page, what it reads and what it should print.
#[derive(Clone, Debug, Default)]
struct Example {
    /// The line of the page on which the block begins.
    line: usize,
    command: String,
    expected: String,
    /// The last block of lines above it under the same heading.
    input: Option<String>,
    /// Blocks with a file name under the same heading.
    files: Vec<(String, String)>,
}

/// The examples of a page. A heading ends what belongs together.
fn examples(page: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut around = Example::default();
    let mut lines = (1..).zip(page.lines());
    while let Some((line, text)) = lines.next() {
        if text.starts_with('#') {
            around = Example::default();
        }
        let Some(info) = text.strip_prefix("```") else { continue };
        let block = lines.by_ref().map(|(_, it)| it).take_while(|it| *it != "```");
        let body: String = block.flat_map(|it| [it, "\n"]).collect();
        match info.split_once(' ') {
            Some((_, file)) => around.files.push((file.to_owned(), body)),
            None if info == "ndjson" => around.input = Some(body),
            None if info == "console" => {
                let (first, rest) = body.split_once('\n').unwrap_or_default();
                let command = first.strip_prefix("$ ").unwrap_or_else(|| panic!("line {line}: no command"));
                let (command, expected) = (command.to_owned(), rest.to_owned());
                examples.push(Example { line, command, expected, ..around.clone() });
            }
            None => {}
        }
    }
    examples
}

/// The words of a command as a shell splits them; quotes keep spaces.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for it in command.chars() {
        match quote {
            Some(open) if it == open => quote = None,
            None if it == '"' || it == '\'' => {
                quote = Some(it);
                word.get_or_insert_default();
            }
            None if it == ' ' => words.extend(word.take()),
            Some(_) | None => word.get_or_insert_default().push(it),
        }
    }
    assert_eq!(quote, None, "an open quote: {command}");
    words.extend(word);
    words
}

/// What an example prints, and what it says on standard error.
fn run(example: &Example) -> (String, String) {
    let Example { line, command, input, files, .. } = example;
    let words = words(command);
    let mut parts = words.split(|it| it == "|");
    let (program, args) = parts.next().and_then(<[String]>::split_first).unwrap();
    assert_eq!(program, "callsift", "line {line}");
    assert!(input.is_some() || args.iter().all(|it| it != "-"), "line {line}: there is nothing to read");
    let folder = folder();
    for (name, body) in files {
        fs::write(folder.path().join(name), body).unwrap();
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = run_with(folder.path(), &args, input.as_deref().unwrap_or_default().as_bytes());
    let mut printed = text(&output);
    for filter in parts {
        let [grep, pattern] = filter else { panic!("line {line}: {filter:?}") };
        assert_eq!(grep, "grep", "line {line}");
        printed = printed.split_inclusive('\n').filter(|it| it.contains(pattern.as_str())).collect();
    }
    (printed, errors(&output))
}

#[test]
fn every_example_prints_what_the_page_shows() {
    let examples = examples(&page());
    assert!(examples.len() >= LEAST_EXAMPLES, "only {} examples were found", examples.len());
    let mut wrong = String::new();
    for example in &examples {
        let (printed, told) = run(example);
        if printed != example.expected {
            let Example { line, command, expected, .. } = example;
            wrong += &format!("\ndocs/metrics.md:{line}: {command}\n--- the page\n{expected}");
            wrong += &format!("--- the program\n{printed}--- standard error\n{told}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_page_explains_every_figure_of_the_main_reports() {
    let page = page();
    let (prose, _) = page.split_once(TABLE_BEGINS).expect("the table of figures");
    for it in FIGURES {
        let is_main = ["kpi", "frustration", "avoidance", "contacts", "anomalies", "callbacks"]
            .iter()
            .any(|report| it.reports.contains(report));
        // Dotted names are those of the books, which every command keeps.
        if is_main && !it.id.contains('.') {
            assert!(prose.contains(&format!("`{}`", it.id)), "docs/metrics.md does not explain `{}`", it.id);
        }
    }
}

/// The definitions as a table.
fn table() -> String {
    let mut table = String::from("\n| figure | unit | formula | source |\n|---|---|---|---|\n");
    for it in FIGURES {
        let cells = [&format!("`{}`", it.id), it.unit, it.formula, it.source];
        table += &format!("| {} |\n", cells.map(|it| it.replace('|', "\\|")).join(" | "));
    }
    table + "\n"
}

#[test]
fn the_table_of_figures_is_the_definitions() {
    let page = page();
    let (before, rest) = page.split_once(TABLE_BEGINS).expect("where the table begins");
    let (there, after) = rest.split_once(TABLE_ENDS).expect("where the table ends");
    let table = table();
    if there == table {
        return;
    }
    if std::env::var_os("CALLSIFT_UPDATE").is_some_and(|it| it == "1") {
        return fs::write(path(), [before, TABLE_BEGINS, &table, TABLE_ENDS, after].concat()).unwrap();
    }
    let differs = there.lines().zip(table.lines()).find(|(there, ours)| there != ours);
    panic!("the table of docs/metrics.md is old; run this test with CALLSIFT_UPDATE=1\n{differs:#?}");
}

/// A call, so that every command has something to show.
const DUMP: &str = r#"{"path":"/hook","body":{"event":"CALL_REJECTED","callId":"c1","wabaNumber":"919811110000","customerNumber":"919822220001","callDirection":"INCOMING","callEndedAt":"2026-05-04T10:00:00Z"}}"#;

/// The columns of a section of a command, as CSV heads them.
fn columns(command: &str, section: &str) -> Vec<String> {
    let words = words(command);
    let args = words.iter().map(String::as_str).chain(["--format", "csv", "--section", section, "-"]);
    let output = run_with(root(), &args.collect::<Vec<_>>(), DUMP.as_bytes());
    assert!(output.status.success(), "{command}, section {section}: {}", errors(&output));
    text(&output).lines().next().unwrap_or_default().split(',').map(str::to_owned).collect()
}

/// The commands with tables, and their sections.
const SHOWN: &[(&str, &str)] = &[
    (
        "kpi --by provider,instance,account,agent,agent_source,team,engine,country,video,month,week,day,weekday,hour",
        "rows outgoing total outgoing.total",
    ),
    ("frustration", "rows vip_unanswered"),
    ("avoidance --customers fixtures/demo/customers.csv", "rows default_comparison default_comparison.total"),
    ("anomalies", "rows instances incidents"),
    ("contacts --rules us-reg-f", "rows summary rules"),
    ("orphans", "rows instances incidents"),
    ("sessions", "sessions"),
    ("rejections", "rows"),
    ("timeline +919822220001", "rows"),
    ("callbacks", "rows total open_episodes"),
    ("reactions", "rows"),
    ("events", "events"),
    (
        "inspect --show-paths",
        "feeds silences engines labels metadata_keys invalid unknown_call_events envelopes paths suggestions",
    ),
    ("explain c1", "sessions events"),
    ("check --max-invalid 0", "rows"),
    ("compare --period-a 2026-04 --period-b 2026-05", "agents instances changed_parameters"),
    (
        "report --customers fixtures/demo/customers.csv",
        "kpi_by_agent kpi_by_agent.outgoing kpi_by_instance frustration frustration.vip_unanswered anomalies \
         anomalies.instances anomalies.incidents avoidance avoidance.default_comparison callbacks callbacks.total \
         callbacks.open_episodes reactions",
    ),
];

#[test]
fn every_column_is_a_figure_that_names_its_commands() {
    let mut shown: BTreeSet<(&str, String)> = BTreeSet::new();
    for (command, sections) in SHOWN {
        let name = command.split(' ').next().unwrap_or_default();
        // Every report has the books of its inputs.
        for section in sections.split(' ').chain((name != "events").then_some("input")) {
            shown.extend(columns(command, section).into_iter().map(|column| (name, column)));
        }
    }
    for (command, column) in &shown {
        let figure = figure(column).unwrap_or_else(|| panic!("`{column}` of {command} is not defined"));
        assert!(figure.reports.contains(command), "`{column}` does not say that {command} shows it");
    }
    // Every command keeps books, and shows the most of them outside of tables.
    for figure in FIGURES.iter().filter(|it| it.reports.len() < SHOWN.len()) {
        // The tables of charts are tested where they are made.
        for command in figure.reports.iter().filter(|it| **it != "pack") {
            let is_shown = shown.contains(&(*command, figure.id.to_owned()));
            assert!(is_shown, "`{}` is not shown by {command}", figure.id);
        }
    }
}

#[test]
fn words_are_split_as_in_a_shell() {
    assert_eq!(words("kpi  --source '*/a b=c' \"x y\" -"), ["kpi", "--source", "*/a b=c", "x y", "-"]);
    assert_eq!(words("a | grep '\"lines\"'"), ["a", "|", "grep", "\"lines\""]);
}

#[test]
fn blocks_belong_to_their_heading() {
    let page = [
        "# One",
        "```csv side.csv\na\n```",
        "```ndjson\n{}\n```",
        "```console\n$ callsift kpi -\nx\n\ny\n```",
        "# Two",
        "```sh\nno\n```",
        "```console\n$ callsift define\n```",
    ];
    let found = examples(&page.join("\n"));
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].line, found[0].expected.as_str()), (8, "x\n\ny\n"));
    assert_eq!(found[0].input.as_deref(), Some("{}\n"));
    assert_eq!(found[0].files, [("side.csv".to_owned(), "a\n".to_owned())]);
    assert_eq!((found[1].input.as_deref(), found[1].files.len(), found[1].expected.as_str()), (None, 0, ""));
}

/// The picture of the README is what the command above it prints, down to the line of dots.
#[test]
fn the_picture_in_the_readme_is_what_the_program_prints() {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let begin = readme.find("```console\n$ callsift ").unwrap() + "```console\n".len();
    let end = begin + readme[begin..].find("```").unwrap();
    let (command, picture) = readme[begin..end].split_once('\n').unwrap();
    let args: Vec<&str> = command.split(' ').skip(2).collect();
    let printed = text(&super::support::run(root(), &args));
    let lines = picture.lines().count() - 1;
    let expected: String = printed.split_inclusive('\n').take(lines).collect::<String>() + "…\n";
    if std::env::var_os("CALLSIFT_UPDATE").is_some() {
        let updated = format!("{}{command}\n{expected}{}", &readme[..begin], &readme[end..]);
        std::fs::write(&path, updated).unwrap();
    } else {
        assert_eq!(picture, expected);
    }
}

/// Every file of Rust under a folder, with its text.
fn sources(folder: &std::path::Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&entry).unwrap();
            found.push((entry, text));
        }
    }
    found
}

#[test]
fn every_test_that_the_page_on_reliability_names_is_there() {
    let page = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let files: Vec<(PathBuf, String)> =
        ["src", "tests/it"].iter().flat_map(|it| sources(&root().join(it))).collect();
    let mut named = 0;
    for span in page.split('`').skip(1).step_by(2) {
        let Some((module, test)) = span.split_once("::").filter(|(it, _)| !it.is_empty()) else { continue };
        let is_there = files.iter().any(|(path, text)| {
            let parts: Vec<_> = path.components().map(|it| it.as_os_str().to_string_lossy()).collect();
            let of_module = parts.iter().any(|it| it.strip_suffix(".rs").unwrap_or(it) == module);
            of_module && text.contains(&format!("fn {test}("))
        });
        assert!(is_there, "no test {span}");
        named += 1;
    }
    assert!(named > 90, "{named} tests are named");
    let broken: Vec<_> =
        fs::read_dir(root().join("fixtures/broken")).unwrap().map(|it| it.unwrap().file_name()).collect();
    let mut is_fixture = false;
    let mut pieces = page.split('`');
    while let (Some(before), Some(span)) = (pieces.next(), pieces.next()) {
        is_fixture =
            before.ends_with("fixture ") || before.ends_with("fixtures ") || (is_fixture && before == ", ");
        if is_fixture {
            let is_there = broken.iter().any(|name| name.to_string_lossy().starts_with(&format!("{span}.")));
            assert!(is_there, "no fixture {span}");
        }
    }
}
