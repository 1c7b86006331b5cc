//! A report that callsift wrote as JSON, as far as it is compared with another: the rates by agent
//! and by line, and the parameters.
//!
//! The file is a stranger's like any dump: it may be huge, cut, or made up.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::table::SideError;
use crate::text::Text;

/// The largest file that is read. A guess at more than any report holds that a person compares.
const MOST_BYTES: u64 = 1 << 30;
/// No number of calls is larger; larger ones are no whole numbers in other programs either.
const MOST_CALLS: u64 = (1 << 53) - 1;
/// What a folder holds that is compared as a whole.
const REPORT: &str = "report.json";

/// Rejected and resolved calls of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rejected calls.
    pub rejected: u64,
    /// Answered, rejected and missed calls.
    pub resolved: u64,
}

/// The groups of one table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// The keys of a group, each group once, and its counts.
    pub rows: Vec<(Vec<Text>, Counts)>,
    /// All together.
    pub total: Option<Counts>,
}

/// What is compared of one report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// `callsift.report/1`; nothing where the figures come from a dump.
    pub schema: Option<Text>,
    /// What was in effect.
    pub parameters: BTreeMap<String, Value>,
    /// By agent.
    pub agents: Option<Rates>,
    /// By provider and instance.
    pub instances: Option<Rates>,
}

#[derive(Deserialize)]
struct Report {
    schema: String,
    parameters: BTreeMap<String, Value>,
    by: Option<Vec<String>>,
    rows: Option<Vec<Row>>,
    total: Option<Row>,
    kpi_by_agent: Option<Section>,
    kpi_by_instance: Option<Section>,
}

#[derive(Deserialize)]
struct Section {
    by: Option<Vec<String>>,
    rows: Option<Vec<Row>>,
    total: Option<Row>,
}

#[derive(Deserialize)]
struct Row {
    agent: Option<String>,
    provider: Option<String>,
    instance: Option<String>,
    rejected: Option<u64>,
    resolved: Option<u64>,
}

impl Written {
    /// The file that is read for a path: of a folder the report in it.
    pub fn file(path: &Path) -> PathBuf {
        if path.is_dir() { path.join(REPORT) } else { path.to_owned() }
    }

    /// Reads a JSON report, or the one that stands in a folder.
    ///
    /// # Errors
    ///
    /// It cannot be read, is no report of callsift's, or holds no rates by agent or by line.
    pub fn read(path: &Path) -> Result<Self, SideError> {
        let file = Self::file(path);
        let fail = |message: String| SideError { path: file.clone(), line: None, message };
        if path.is_dir() && !file.exists() {
            return Err(fail(
                "does not exist; a folder is compared by its report.json. To compare two periods of dumps \
                 use --period-a and --period-b"
                    .to_owned(),
            ));
        }
        let mut bytes = Vec::new();
        let opened = File::open(&file).map_err(|it| fail(format!("cannot be read: {it}")))?;
        let read = opened.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|it| fail(format!("cannot be read: {it}")))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(fail("is larger than 1 GiB; write it again with --section or --top".to_owned()));
        }
        Self::parse(&bytes, &file)
    }

    fn parse(bytes: &[u8], file: &Path) -> Result<Self, SideError> {
        const REMEDY: &str = "write it with `callsift report --format json`, or with `callsift kpi --format \
             json --by agent` or `--by provider,instance`";
        let fail = |message: String| SideError { path: PathBuf::from(file), line: None, message };
        let report: Report = serde_json::from_slice(bytes)
            .map_err(|it| fail(format!("is no JSON report of callsift's: {it}; {REMEDY}")))?;
        let mut written = Self {
            schema: Some(Text::new(&report.schema)),
            parameters: report.parameters,
            ..Self::default()
        };
        let (command, _) = report.schema.split_once('/').unwrap_or_default();
        let sections = match command {
            "callsift.report" => [report.kpi_by_agent, report.kpi_by_instance],
            "callsift.kpi" => [Some(Section { by: report.by, rows: report.rows, total: report.total }), None],
            _ => {
                return Err(fail(format!(
                    "is `{}`, not `callsift.report` or `callsift.kpi`; {REMEDY}",
                    report.schema
                )));
            }
        };
        for section in sections.into_iter().flatten() {
            let (Some(by), Some(rows)) = (section.by, section.rows) else { continue };
            let keys: Vec<&str> = by.iter().map(String::as_str).collect();
            let rates = match keys.as_slice() {
                ["agent"] => &mut written.agents,
                ["provider", "instance"] => &mut written.instances,
                _ => continue,
            };
            *rates = Some(rates_of(rows, section.total, keys.len() > 1).map_err(fail)?);
        }
        if written.agents.is_none() && written.instances.is_none() {
            return Err(fail(format!("holds no rates by agent or by line; {REMEDY}")));
        }
        Ok(written)
    }
}

fn rates_of(rows: Vec<Row>, total: Option<Row>, by_line: bool) -> Result<Rates, String> {
    let mut rates = Rates { total: total.map(|it| counts(&it)).transpose()?, ..Rates::default() };
    let mut known = HashSet::new();
    for row in rows {
        let counts = counts(&row)?;
        let keys = if by_line {
            [row.provider, row.instance].into_iter().collect()
        } else {
            row.agent.map(|it| vec![it])
        };
        let keys: Option<Vec<String>> = keys;
        let Some(keys) = keys else {
            return Err(
                "has a row that does not say of whom it is; write it again without --columns".to_owned()
            );
        };
        let keys: Vec<Text> = keys.iter().map(|it| Text::new(it)).collect();
        if !known.insert(keys.clone()) {
            return Err("has two rows of one group; write it again".to_owned());
        }
        rates.rows.push((keys, counts));
    }
    Ok(rates)
}

fn counts(row: &Row) -> Result<Counts, String> {
    match (row.rejected, row.resolved) {
        (Some(rejected), Some(resolved)) if rejected <= resolved && resolved <= MOST_CALLS => {
            Ok(Counts { rejected, resolved })
        }
        (Some(rejected), Some(resolved)) => Err(format!(
            "has {rejected} rejected of {resolved} resolved calls, which cannot be; write it again"
        )),
        _ => Err("has a row without `rejected` and `resolved`; write it again without --columns".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Written, String> {
        Written::parse(text.as_bytes(), Path::new("a.json")).map_err(|it| it.message)
    }

    const ROW: &str = r#"{"agent":"Asha","rejected":1,"resolved":4,"calls":9}"#;

    fn kpi(by: &str, rows: &str) -> String {
        format!(
            r#"{{"schema":"callsift.kpi/1","parameters":{{"tz":"UTC"}},"by":{by},"rows":[{rows}],"total":{ROW}}}"#
        )
    }

    #[test]
    fn rates_of_a_report_and_of_its_tables() {
        let counts = Counts { rejected: 1, resolved: 4 };
        let asha = Rates { rows: vec![(vec![Text::new("Asha")], counts)], total: Some(counts) };
        let written = parsed(&kpi(r#"["agent"]"#, ROW)).unwrap();
        assert_eq!((written.agents.as_ref(), written.instances.as_ref()), (Some(&asha), None));
        assert_eq!(written.parameters["tz"], "UTC");

        let section = |by: &str, row: &str| format!(r#"{{"by":{by},"rows":[{row}],"total":{ROW}}}"#);
        let line = ROW.replace(r#""agent":"Asha""#, r#""provider":"wawp","instance":"desk""#);
        let report = format!(
            r#"{{"schema":"callsift.report/1","parameters":{{}},"kpi_by_agent":{},"kpi_by_instance":{},"callbacks":null}}"#,
            section(r#"["agent"]"#, ROW),
            section(r#"["provider","instance"]"#, &line)
        );
        let written = parsed(&report).unwrap();
        assert_eq!(written.agents, Some(asha));
        let keys = &written.instances.unwrap().rows[0].0;
        assert_eq!(*keys, [Text::new("wawp"), Text::new("desk")]);
    }

    #[test]
    fn what_is_no_report_is_told() {
        let agent = r#"["agent"]"#;
        for (text, told) in [
            ("", "no JSON report"),
            ("[]", "no JSON report"),
            (r#"{"schema":"callsift.kpi/1","parameters":{}}"#, "no rates by agent"),
            (r#"{"schema":"callsift.sessions/1","parameters":{},"rows":[]}"#, "`callsift.sessions/1`, not"),
            (r#"{"schema":"x","parameters":{},"rows":[]}"#, "`x`, not"),
            (&kpi(r#"["hour"]"#, ROW), "no rates by agent"),
            (&kpi(agent, r#"{"agent":"A","calls":1}"#), "without `rejected`"),
            (&kpi(agent, r#"{"rejected":1,"resolved":1}"#), "does not say of whom"),
            (&kpi(agent, &format!("{ROW},{ROW}")), "two rows of one group"),
            (&kpi(agent, &ROW.replace('4', "0")), "1 rejected of 0"),
            (&kpi(agent, &ROW.replace('4', "9007199254740992")), "cannot be"),
            (&kpi(agent, &ROW.replace('1', "-1")), "no JSON report"),
            (&"[".repeat(100_000), "no JSON report"),
        ] {
            let message = parsed(text).unwrap_err();
            assert!(message.contains(told), "{told}: {message}");
        }
    }
}
