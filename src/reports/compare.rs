//! Two periods, or two reports, side by side: how each agent's and each line's rejection rate
//! changed, and how sure that is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::groups::Key;
use super::notes::plural;
use super::{Output, Sentence, kpi};
use crate::analysis::{Analysis, UNASSIGNED};
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::Direction;
use crate::section::{Body, Cell, Change, Part, Person, Piece, Shown, Table, say};
use crate::side::{Counts, Rates, Written};
use crate::stats::newcombe;
use crate::text::Text;

/// From the first instant to the one after the last, in Unix milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub since: i64,
    /// The first instant after.
    pub until: i64,
}

/// Two periods of one input.
pub fn periods(analysis: &Analysis, a: Period, b: Period) -> Output {
    let of = |period: Period| Written {
        agents: Some(rates(analysis, &[Key::Agent], period)),
        instances: Some(rates(analysis, &[Key::Provider, Key::Instance], period)),
        ..Written::default()
    };
    let sentence = |name: &str, period: Period| {
        vec![
            Piece::Say(format!("{name}: calls that started from ")),
            Piece::Value(Cell::Instant(period.since)),
            Piece::Say(" on, before ".to_owned()),
            Piece::Value(Cell::Instant(period.until)),
            Piece::Say(".".to_owned()),
        ]
    };
    Output { preface: vec![sentence("A", a), sentence("B", b)], ..report(&of(a), &of(b)) }
}

fn rates(analysis: &Analysis, by: &[Key], period: Period) -> Rates {
    let is_in = |at: i64| (period.since..period.until).contains(&at);
    let grouped = kpi::group_some(analysis, by, Direction::Incoming, Some(&is_in));
    let counts = |it: &kpi::Tally| Counts { rejected: it.rejected, resolved: it.resolved() };
    let rows = grouped
        .rows
        .iter()
        .map(|(key, tally)| (key.iter().map(|it| it.text(analysis)).collect(), counts(tally)));
    Rates { rows: rows.collect(), total: Some(counts(&grouped.total)) }
}

/// The changes from the first report to the second.
pub fn report(a: &Written, b: &Written) -> Output {
    let agents = table("agent", &[Key::Agent], a.agents.as_ref(), b.agents.as_ref());
    let lines = table("line", &[Key::Provider, Key::Instance], a.instances.as_ref(), b.instances.as_ref());
    let is_judged = |it: &&Vec<Cell>| it[it.len() - 2] != Cell::Missing;
    let judged = [&agents, &lines].iter().map(|it| it.rows.iter().filter(is_judged).count() as u64).sum();
    let parameters = changed(a, b);
    let mut notes = notes(a, b);
    if judged > 1 {
        notes.push(say(format!(
            "{} judged, each by itself at 95 %, without a correction for their number: where nothing has \
             changed, about one in twenty is called up or down by chance.",
            plural(judged, "change is", "changes are")
        )));
    }
    Output {
        parts: vec![
            Part { path: vec!["agents", "rows"], body: Body::Rows(agents) },
            Part { path: vec!["instances", "rows"], body: Body::Rows(lines) },
            Part { path: vec!["changed_parameters"], body: Body::Rows(parameters) },
        ],
        notes,
        ..Output::default()
    }
}

/// The groups of both, in the order of their keys' text.
fn table(what: &str, by: &[Key], a: Option<&Rates>, b: Option<&Rates>) -> Table {
    let mut groups: BTreeMap<&[Text], [Option<Counts>; 2]> = BTreeMap::new();
    // What only one of them holds cannot be compared, and nobody in it is new.
    if let (Some(a), Some(b)) = (a, b) {
        for (side, rates) in [a, b].into_iter().enumerate() {
            for (key, counts) in &rates.rows {
                groups.entry(key.as_slice()).or_default()[side] = Some(*counts);
            }
        }
    }
    let columns = by.iter().map(|it| (it.name(), Shown::Always)).chain([
        ("rejected_a", Shown::IfWide(3)),
        ("resolved_a", Shown::IfWide(4)),
        ("rejection_rate_a", Shown::Always),
        ("rejected_b", Shown::IfWide(5)),
        ("resolved_b", Shown::IfWide(6)),
        ("rejection_rate_b", Shown::Always),
        ("difference", Shown::Always),
        ("difference_low", Shown::IfWide(1)),
        ("difference_high", Shown::IfWide(2)),
        ("trend", Shown::Always),
        ("presence", Shown::Always),
    ]);
    let totals = a.and_then(|it| it.total).zip(b.and_then(|it| it.total));
    let total = |(a, b): (Counts, Counts)| {
        by.iter().map(|_| Cell::Missing).chain(figures([Some(a), Some(b)])).chain([Cell::Missing]).collect()
    };
    let row = |(key, counts): (&&[Text], &[Option<Counts>; 2])| {
        let presence = match counts {
            [Some(_), Some(_)] => "both",
            [None, _] => "new",
            [_, None] => "vanished",
        };
        let keys = by.iter().zip(*key).map(|(by, text)| cell(*by, text));
        keys.chain(figures(*counts)).chain([Cell::word(presence)]).collect()
    };
    Table {
        title: format!("Change of the rejection rate by {what}, from A to B"),
        columns: columns.map(|(key, shown)| column(key, shown)).collect(),
        rows: groups.iter().map(row).collect(),
        total: totals.map(total),
        empty: match (a, b) {
            (Some(_), Some(_)) => format!("No incoming call of any {what}."),
            _ => format!("Not compared: not both hold rates by {what}."),
        },
        reading: vec![
            "Difference: rate B less rate A in percentage points; low to high is its 95 % interval. Trend: up or down \
             where the interval leaves out no change; not_distinguishable is no evidence of one, and no proof of none."
                .to_owned(),
        ],
        ..Table::default()
    }
}

/// A key of a group as `kpi` shows it.
fn cell(key: Key, text: &Text) -> Cell {
    match key {
        Key::Agent if text.raw() == UNASSIGNED => Cell::word(UNASSIGNED),
        Key::Agent => Cell::Person(Person::Agent, text.clone()),
        Key::Provider => match Provider::named(text.raw()) {
            Some(it) => Cell::word(it.name()),
            None => Cell::Text(text.clone()),
        },
        _ => Cell::Text(text.clone()),
    }
}

/// Counts, rates, change and trend.
fn figures([a, b]: [Option<Counts>; 2]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for side in [a, b] {
        cells.push(Cell::opt(side, |it| Cell::Count(it.rejected)));
        cells.push(Cell::opt(side, |it| Cell::Count(it.resolved)));
        cells.push(side.map_or(Cell::Missing, |it| Cell::share(it.rejected, it.resolved)));
    }
    let pairs = a.zip(b).map(|(a, b)| ((a.rejected, a.resolved), (b.rejected, b.resolved)));
    let interval = pairs.and_then(|(a, b)| newcombe(a, b)).map(|(low, high)| [low, high].map(Change::of_f64));
    cells.push(Cell::opt(pairs.and_then(|(a, b)| Change::between(a, b)), Cell::Change));
    cells.push(Cell::opt(interval, |[low, _]| Cell::Change(low)));
    cells.push(Cell::opt(interval, |[_, high]| Cell::Change(high)));
    // Judged by the bounds as they are printed, so that a reader comes to the same word.
    cells.push(Cell::opt(interval, |[low, high]| {
        Cell::word(match () {
            () if low.micro > 0 => "up",
            () if high.micro < 0 => "down",
            () => "not_distinguishable",
        })
    }));
    cells
}

/// Parameters that are not the same in both.
fn changed(a: &Written, b: &Written) -> Table {
    let with_schema = |it: &Written| {
        let schema = it.schema.as_ref().map(|it| ("schema".to_owned(), Value::from(it.raw())));
        let mut all: BTreeMap<String, Value> = schema.into_iter().collect();
        all.extend(it.parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
        all
    };
    let (a, b) = (with_schema(a), with_schema(b));
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differing = names.into_iter().filter(|it| a.get(*it) != b.get(*it));
    let row = |name: &String| {
        let value =
            |of: &BTreeMap<String, Value>| of.get(name).map_or(Cell::Missing, |it| parameter(name, it));
        vec![Cell::Text(Text::new(name)), value(&a), value(&b)]
    };
    Table {
        title: "Parameters that are not the same".to_owned(),
        columns: vec![
            column("parameter", Shown::Always),
            column("value_a", Shown::Always),
            column("value_b", Shown::Always),
        ],
        rows: differing.map(row).collect(),
        empty: "All parameters are the same.".to_owned(),
        ..Table::default()
    }
}

/// A value out of a report's parameters. Filters name people.
fn parameter(name: &str, value: &Value) -> Cell {
    let text = |it: &str| match name {
        "agent" => Cell::Person(Person::Agent, Text::new(it)),
        "customer" => Cell::Person(Person::Customer, Text::new(it)),
        _ => Cell::Text(Text::new(it)),
    };
    match value {
        Value::Null => Cell::Missing,
        Value::Bool(_) | Value::Number(_) => text(&value.to_string()),
        Value::String(it) => text(it),
        Value::Array(all) => Cell::List(all.iter().map(|it| parameter(name, it)).collect()),
        Value::Object(all) => {
            Cell::Record(all.iter().map(|(key, it)| (key.clone(), parameter(key, it))).collect())
        }
    }
}

/// What makes the two reports hard to compare.
fn notes(a: &Written, b: &Written) -> Vec<Sentence> {
    let mut notes = Vec::new();
    let of = |name: &str| [a, b].map(|it| it.parameters.get(name).map(|it| parameter(name, it)));
    let mut differing = |values: [Option<Cell>; 2], what: &str, so: &str| {
        if let [Some(a), Some(b)] = values
            && a != b
        {
            notes.push(vec![
                Piece::Say(format!("A and B {what}: ")),
                Piece::Value(a),
                Piece::Say(" and ".to_owned()),
                Piece::Value(b),
                Piece::Say(format!("; {so}.")),
            ]);
        }
    };
    let format = |it: &Written| {
        let (_, version) = it.schema.as_ref()?.raw().split_once('/')?;
        Some(Cell::Text(Text::new(version)))
    };
    differing(
        [format(a), format(b)],
        "have different versions of their schema",
        "figures may be defined otherwise",
    );
    differing(
        of("callsift_version"),
        "were written by different versions of callsift",
        "figures may be counted otherwise",
    );
    differing(of("tz"), "are in different zones", "their days and months begin at different times");
    let so = "one agent can stand as vanished and as new";
    differing(of("agent_privacy"), "show agents in different ways", so);
    if [a, b].iter().all(|it| it.parameters.get("agent_privacy").is_some_and(|it| it != "full")) {
        differing(of("key_id"), "show agents under pseudonyms made with different keys", so);
    }
    let cut = [("A", a), ("B", b)].into_iter().filter(|(_, it)| it.parameters.contains_key("top"));
    for (side, _) in cut {
        notes.push(say(format!(
            "{side} was cut with --top: groups beyond it are missing, and stand as new or vanished."
        )));
    }
    for (what, is_there) in
        [("agent", [a, b].map(|it| it.agents.is_some())), ("line", [a, b].map(|it| it.instances.is_some()))]
    {
        if is_there[0] != is_there[1] {
            let lacks = if is_there[0] { "B" } else { "A" };
            notes.push(say(format!("{lacks} holds no rates by {what}; they are not compared.")));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, call, cell, cells, table, words};
    use super::*;

    fn side(agents: &[(&str, u64, u64)]) -> Written {
        let counts = |rejected, resolved| Counts { rejected, resolved };
        let rows = agents.iter().map(|(name, x, n)| (vec![Text::new(name)], counts(*x, *n)));
        let sum = |of: fn(&(&str, u64, u64)) -> u64| agents.iter().map(of).sum();
        let total = Some(counts(sum(|it| it.1), sum(|it| it.2)));
        Written { agents: Some(Rates { rows: rows.collect(), total }), ..Written::default() }
    }

    const SHOWN: &str =
        "agent rejected_a rejection_rate_a rejected_b rejection_rate_b difference trend presence";

    #[test]
    fn changes_by_agent() {
        let a = side(&[("Zoe", 48, 80), ("Asha", 3, 10), ("Gone", 1, 2), ("Idle", 0, 0), ("Same", 5, 50)]);
        let b = side(&[("Zoe", 56, 70), ("New", 1, 4), ("Idle", 1, 5), ("Asha", 0, 30), ("Same", 5, 50)]);
        let output = report(&a, &b);
        let agents = table(&output, &["agents", "rows"]);
        let rows: Vec<String> = (0..agents.rows.len()).map(|it| cells(agents, it, SHOWN)).collect();
        assert_eq!(
            rows,
            [
                "Asha 3 300000 0 0 -300000 down both",
                "Gone 1 500000 – – – – vanished",
                "Idle 0 – 1 200000 – – both",
                "New – – 1 250000 – – new",
                "Same 5 100000 5 100000 0 not_distinguishable both",
                "Zoe 48 600000 56 800000 200000 up both",
            ]
        );
        // Newcombe 1998: 56/70 less 48/80 is 0.0524 to 0.3339.
        let bounds =
            ["difference_low", "difference_high"].map(|it| cell(agents, 5, it).parse::<f64>().unwrap());
        assert_eq!(bounds.map(|it| (it / 100.0).round()), [524.0, 3339.0]);
        // 57 of 142 and 63 of 159 all together.
        let total = agents.total.as_ref().unwrap();
        assert_eq!(total[1..3], [Cell::Count(57), Cell::Count(142)]);
        assert_eq!(total[4..6], [Cell::Count(63), Cell::Count(159)]);
        assert_eq!(total[7], Cell::Change(Change { micro: -5182, permille: -5 }));
        let notes = words(&output.notes);
        assert!(notes.iter().any(|it| it.starts_with("3 changes are judged")), "{notes:?}");
    }

    #[test]
    fn a_bound_of_nothing_is_no_change() {
        let trend = |a: (u64, u64), b: (u64, u64)| {
            let output = report(&side(&[("A", a.0, a.1)]), &side(&[("A", b.0, b.1)]));
            cell(table(&output, &["agents", "rows"]), 0, "trend")
        };
        // 5/56 against 0/29: -0.0381 to 0.1926.
        assert_eq!(trend((0, 29), (5, 56)), "not_distinguishable");
        assert_eq!(trend((2, 7), (6, 7)), "up");
        assert_eq!(trend((6, 7), (2, 7)), "down");
        assert_eq!(trend((0, 10), (0, 10)), "not_distinguishable");
    }

    #[test]
    fn agents_are_persons_and_nobody_is_a_word() {
        let output = report(&side(&[("Asha", 1, 2)]), &side(&[(UNASSIGNED, 1, 2)]));
        let agents = table(&output, &["agents", "rows"]);
        assert_eq!(agents.rows[0][0], Cell::word(UNASSIGNED));
        assert_eq!(agents.rows[1][0], Cell::Person(Person::Agent, Text::new("Asha")));
    }

    #[test]
    fn what_differs_besides_is_told() {
        let with = |schema: &str, parameters: &str| Written {
            schema: Some(Text::new(schema)),
            parameters: serde_json::from_str(parameters).unwrap(),
            ..side(&[("Asha", 1, 2)])
        };
        let a = with(
            "callsift.kpi/1",
            r#"{"tz":"UTC","callsift_version":"0.1.0","min_calls":10,"flag_rate":0.8}"#,
        );
        let b = with(
            "callsift.kpi/2",
            r#"{"tz":"Asia/Kolkata","callsift_version":"0.2.0","min_calls":10,"filters":{"agent":["Asha"]},"top":5}"#,
        );
        let output = report(&a, &b);
        let changed = table(&output, &["changed_parameters"]);
        let rows: Vec<String> =
            (0..changed.rows.len()).map(|it| cells(changed, it, "parameter value_a value_b")).collect();
        assert_eq!(
            rows,
            [
                "callsift_version 0.1.0 0.2.0",
                "filters – agent=Asha",
                "flag_rate 0.8 –",
                "schema callsift.kpi/1 callsift.kpi/2",
                "top – 5",
                "tz UTC Asia/Kolkata",
            ]
        );
        let filter = Cell::Record(vec![(
            "agent".to_owned(),
            Cell::List(vec![Cell::Person(Person::Agent, Text::new("Asha"))]),
        )]);
        assert_eq!(changed.rows[1][2], filter);
        let notes = words(&output.notes).join("\n");
        for told in [
            "schema: 1 and 2;",
            "versions of callsift: 0.1.0 and 0.2.0;",
            "different zones: UTC and Asia/Kolkata;",
            "B was cut with --top",
        ] {
            assert!(notes.contains(told), "{told}: {notes}");
        }
        assert_eq!(table(&report(&a, &a), &["changed_parameters"]).rows.len(), 0);
    }

    #[test]
    fn tables_that_only_one_holds_are_not_compared() {
        let a = side(&[("Asha", 1, 2)]);
        let b = Written { agents: None, instances: a.agents.clone(), ..Written::default() };
        let output = report(&a, &b);
        assert_eq!(table(&output, &["agents", "rows"]).rows.len(), 0);
        assert_eq!(table(&output, &["instances", "rows"]).rows.len(), 0);
        let notes = words(&output.notes).join("\n");
        assert!(notes.contains("B holds no rates by agent") && notes.contains("A holds no rates by line"));
    }

    #[test]
    fn periods_of_one_dump_are_half_open() {
        let mut lines = call("rejected", "desk", "919811110001", "05-04 10:00:00");
        lines.extend(call("accepted", "desk", "919811110002", "05-05 10:00:00"));
        lines.extend(call("rejected", "side", "919811110003", "05-05 10:00:00"));
        let analysis = super::super::testing::analysis(lines);
        let period = |since: &str, until: &str| Period { since: at(since), until: at(until) };
        let output = periods(
            &analysis,
            period("05-04 10:00:00", "05-05 10:00:00"),
            period("05-05 10:00:00", "05-05 10:00:01"),
        );
        let lines = table(&output, &["instances", "rows"]);
        let shown = "provider instance rejected_a resolved_a rejected_b resolved_b presence";
        assert_eq!(cells(lines, 0, shown), "wawp desk 1 1 0 1 both");
        assert_eq!(cells(lines, 1, shown), "wawp side – – 1 1 new");
        let agents = table(&output, &["agents", "rows"]);
        assert_eq!(cells(agents, 0, "agent rejected_a resolved_b"), "(unassigned) 1 2");
    }
}
