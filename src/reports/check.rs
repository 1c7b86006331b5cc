//! Gates: limits that figures must keep, and which of them do. A figure that the input cannot show
//! fails no gate, and passes none.

use super::groups::Key;
use super::notes::plural;
use super::overview::rows;
use super::{Output, Sentence, anomalies, callbacks, contacts, frustration, kpi};
use crate::analysis::Analysis;
use crate::contact_rules::Profile;
use crate::definitions::column;
use crate::event::Direction;
use crate::ledger::Tolerance;
use crate::section::{Body, Cell, Part, Piece, Rate, Shown, Table, say};
use crate::stats::wilson;

/// The limits that were given; shares are in millionths.
#[derive(Clone, Debug, Default)]
pub struct Gates {
    /// The keys of the groups whose rejection rate is judged.
    pub by: Vec<Key>,
    /// Judge the rejection rate itself, not the lower bound of its interval.
    pub point: bool,
    /// The largest rejection rate of a group.
    pub max_rejection_rate: Option<u64>,
    /// The most rejections whose calls were lost.
    pub max_orphans: Option<u64>,
    /// The largest share of such rejections on a line.
    pub max_orphan_rate: Option<u64>,
    /// The most invalid lines.
    pub max_invalid: Option<Tolerance>,
    /// The most customers of priority 1.
    pub max_priority_1: Option<u64>,
    /// The smallest share of episodes with an attempt to call back in time.
    pub min_callback_rate: Option<u64>,
    /// Sets of contact rules that no call may break.
    pub no_breach: Vec<&'static Profile>,
}

impl Gates {
    /// What was given, by the names of the gates.
    pub fn limits(&self) -> Vec<(String, Cell)> {
        let count = |it: Option<u64>| it.map(Cell::Count);
        let share = |it: Option<u64>| it.map(|it| Cell::Rate(Rate::given(it)));
        let given = [
            ("max_rejection_rate", share(self.max_rejection_rate)),
            ("max_orphans", count(self.max_orphans)),
            ("max_orphan_rate", share(self.max_orphan_rate)),
            ("max_invalid", self.max_invalid.map(most)),
            ("max_priority_1", count(self.max_priority_1)),
            ("min_callback_rate", share(self.min_callback_rate)),
            ("no_breach", (!self.no_breach.is_empty()).then_some(Cell::Bool(true))),
        ];
        given.into_iter().filter_map(|(name, cell)| Some((name.to_owned(), cell?))).collect()
    }
}

fn most(limit: Tolerance) -> Cell {
    match limit {
        Tolerance::Lines(it) => Cell::Count(it),
        Tolerance::Share(it) => Cell::Rate(Rate::given(it * 10)),
    }
}

/// One figure of one subject against its limit.
struct Judged {
    gate: &'static str,
    /// Whose figure it is, by keys; of everything that was chosen if there are none.
    subject: Vec<(String, Cell)>,
    /// The figure.
    measured: &'static str,
    value: Cell,
    limit: Cell,
    /// Nothing where the figure is missing.
    passed: Option<bool>,
    part: Option<u64>,
    whole: Option<u64>,
}

impl Judged {
    /// A count out of so many. Where nothing is `known` of it it is missing, not 0.
    fn count(
        gate: &'static str,
        measured: &'static str,
        limit: u64,
        part: u64,
        whole: u64,
        known: bool,
    ) -> Self {
        Self {
            gate,
            subject: Vec::new(),
            measured,
            value: if known { Cell::Count(part) } else { Cell::Missing },
            limit: Cell::Count(limit),
            passed: known.then_some(part <= limit),
            part: Some(part),
            whole: Some(whole),
        }
    }

    /// A share, judged as it is printed, so that a reader comes to the same answer.
    fn share(gate: &'static str, measured: &'static str, value: Cell, limit: u64) -> Self {
        let at_least = gate.starts_with("min_");
        let passed = match value {
            Cell::Rate(it) if at_least => Some(it.micro >= limit),
            Cell::Rate(it) => Some(it.micro <= limit),
            _ => None,
        };
        let limit = Cell::Rate(Rate::given(limit));
        Self { gate, subject: Vec::new(), measured, value, limit, passed, part: None, whole: None }
    }

    fn of(self, subject: Vec<(String, Cell)>) -> Self {
        Self { subject, ..self }
    }

    fn counted(self, part: u64, whole: u64) -> Self {
        Self { part: Some(part), whole: Some(whole), ..self }
    }

    fn subject(&self) -> Cell {
        if self.subject.is_empty() { Cell::Missing } else { Cell::Record(self.subject.clone()) }
    }

    fn row(&self) -> Vec<Cell> {
        vec![
            Cell::word(self.gate),
            self.subject(),
            Cell::word(self.measured),
            self.value.clone(),
            self.limit.clone(),
            Cell::opt(self.passed, Cell::Bool),
            Cell::opt(self.part, Cell::Count),
            Cell::opt(self.whole, Cell::Count),
        ]
    }

    /// `max_rejection_rate: agent Asha: rejection_rate_low is 32.0 % (24 of 54), at most 30.0 % passes.`
    fn sentence(&self) -> Sentence {
        let mut sentence = say(format!("{}: ", self.gate));
        if !self.subject.is_empty() {
            sentence.extend([Piece::Value(self.subject()), Piece::Say(": ".to_owned())]);
        }
        sentence.extend([Piece::Say(format!("{} is ", self.measured)), Piece::Value(self.value.clone())]);
        if let (Some(part), Some(whole)) = (self.part, self.whole) {
            sentence.push(Piece::Say(format!(" ({part} of {whole})")));
        }
        let side = if self.gate.starts_with("min_") { "least" } else { "most" };
        sentence.extend([
            Piece::Say(format!(", at {side} ")),
            Piece::Value(self.limit.clone()),
            Piece::Say(" passes.".to_owned()),
        ]);
        sentence
    }
}

/// Judges the gates that were given, in the order in which they stand there.
pub fn report(analysis: &Analysis, gates: &Gates) -> Output {
    let mut judged: Vec<Judged> = Vec::new();
    let mut not_judged: Vec<Sentence> = Vec::new();
    let mut add = |gate: &'static str, rows: Vec<Judged>, why: &str| {
        let open = rows.iter().filter(|it| it.passed.is_none()).count();
        if open == rows.len() {
            not_judged.push(say(format!(
                "{gate}: nothing could be judged, so that it neither fails nor passes: {why}."
            )));
        } else if open > 0 {
            let of = rows.len();
            not_judged.push(say(format!("{gate}: {open} of {of} could not be judged: {why}.")));
        }
        judged.extend(rows);
    };
    if let Some(limit) = gates.max_rejection_rate {
        let rows = rejection_rates(analysis, gates, limit);
        add("max_rejection_rate", rows, "no call there has a known outcome on a rated line");
    }
    if gates.max_orphans.is_some() || gates.max_orphan_rate.is_some() {
        let lines = lost(analysis);
        if let Some(limit) = gates.max_orphans {
            let [part, whole] = lines.iter().fold([0, 0], |[a, b], it| [a + it.lost, b + it.rejections]);
            // Calls without any rejection have lost none; without calls nobody knows.
            let known = !lines.is_empty();
            let row = Judged::count("max_orphans", "lost", limit, part, whole, known);
            add("max_orphans", vec![row], "there is no incoming call");
        }
        if let Some(limit) = gates.max_orphan_rate {
            let row = |it: &Lost| {
                let rate = Cell::share(it.lost, it.rejections);
                let judged = Judged::share("max_orphan_rate", "orphan_rate", rate, limit);
                judged.of(it.line.clone()).counted(it.lost, it.rejections)
            };
            add("max_orphan_rate", lines.iter().map(row).collect(), "there is no rejection");
        }
    }
    if let Some(limit) = gates.max_invalid {
        add("max_invalid", vec![invalid(analysis, limit)], "no line was read");
    }
    if let Some(limit) = gates.max_priority_1 {
        let callers = frustration::report(analysis);
        let all = rows(&callers, "rows").count() as u64;
        let urgent = rows(&callers, "rows").filter(|it| it.is("level", "priority_1")).count() as u64;
        let row = Judged::count("max_priority_1", "priority_1", limit, urgent, all, all > 0);
        add("max_priority_1", vec![row], "there is no incoming call of a known customer");
    }
    if let Some(limit) = gates.min_callback_rate {
        let why = "no episode is decided of a provider whose outgoing calls are in the input";
        add("min_callback_rate", vec![called_back(analysis, limit)], why);
    }
    if !gates.no_breach.is_empty() {
        let (rows, undecidable) = breaches(analysis, &gates.no_breach);
        add("no_breach", rows, "there is no outgoing call that the rule can be held against for certain");
        if undecidable > 0 {
            not_judged.push(say(format!(
                "no_breach: {} neither breach nor pass, since something is unknown; `callsift contacts` says what.",
                plural(undecidable, "finding is", "findings are")
            )));
        }
    }
    let failures: Vec<Sentence> =
        judged.iter().filter(|it| it.passed == Some(false)).map(Judged::sentence).collect();
    let decided = judged.iter().filter(|it| it.passed.is_some()).count() as u64;
    let summary = say(match (failures.len(), decided) {
        (_, 0) => "No gate could be judged.".to_owned(),
        (0, all) => format!("{} within the limits.", plural(all, "figure is", "figures are all")),
        (failed, all) => {
            format!("{failed} of {} beyond the limits.", plural(all, "figure is", "figures are"))
        }
    });
    Output {
        parts: vec![
            Part { path: vec!["summary"], body: Body::Sentences(vec![summary]) },
            Part { path: vec!["failures"], body: Body::Sentences(failures) },
            Part { path: vec!["not_judged"], body: Body::Sentences(not_judged) },
            Part { path: vec!["rows"], body: Body::Rows(table(&judged)) },
        ],
        ..Output::default()
    }
}

/// Whether any gate of a report failed.
pub fn has_failed(report: &Output) -> bool {
    !sentences(report, "failures").is_empty()
}

/// What a report could not judge.
pub fn not_judged(report: &Output) -> &[Sentence] {
    sentences(report, "not_judged")
}

fn sentences<'a>(report: &'a Output, path: &str) -> &'a [Sentence] {
    let part = report.parts.iter().find(|it| it.path == [path]);
    match part.map(|it| &it.body) {
        Some(Body::Sentences(sentences)) => sentences,
        _ => &[],
    }
}

fn table(judged: &[Judged]) -> Table {
    Table {
        title: "Gates".to_owned(),
        columns: vec![
            column("gate", Shown::Always),
            column("subject", Shown::Always),
            column("measured", Shown::Always),
            column("value", Shown::Always),
            column("allowed", Shown::Always),
            column("passed", Shown::Always),
            column("part", Shown::IfWide(1)),
            column("whole", Shown::IfWide(2)),
        ],
        rows: judged.iter().map(Judged::row).collect(),
        empty: "Nothing to judge.".to_owned(),
        reading: vec![
            "Allowed: the most that passes, of min_callback_rate the least. The bound itself passes. Where nothing \
             stands under passed the input cannot show the figure."
                .to_owned(),
        ],
        ..Table::default()
    }
}

fn rejection_rates(analysis: &Analysis, gates: &Gates, limit: u64) -> Vec<Judged> {
    let groups = kpi::group(analysis, &gates.by, Direction::Incoming).rows;
    let judged = groups.iter().map(|(key, tally)| {
        let (part, whole) = (tally.rejected, tally.resolved());
        let (measured, value) = if gates.point {
            ("rejection_rate", Cell::share(part, whole))
        } else {
            ("rejection_rate_low", Cell::opt(wilson(part, whole), |(low, _)| Cell::share_f64(low)))
        };
        let keys = gates.by.iter().map(|it| it.name().to_owned());
        let subject = keys.zip(key.iter().map(|it| it.cell(analysis))).collect();
        Judged::share("max_rejection_rate", measured, value, limit).of(subject).counted(part, whole)
    });
    judged.collect()
}

/// Rejections on a line, and those of them whose call was lost on the way or came elsewhere.
struct Lost {
    line: Vec<(String, Cell)>,
    lost: u64,
    rejections: u64,
}

fn lost(analysis: &Analysis) -> Vec<Lost> {
    let report = anomalies::report(analysis, true);
    let lines = rows(&report, "instances").map(|it| Lost {
        line: ["provider", "instance"].map(|key| (key.to_owned(), it.cell(key))).to_vec(),
        lost: number(&it.cell("lost")),
        rejections: number(&it.cell("rejections")),
    });
    lines.collect()
}

fn number(cell: &Cell) -> u64 {
    if let Cell::Count(it) = cell { *it } else { 0 }
}

fn invalid(analysis: &Analysis, limit: Tolerance) -> Judged {
    let (part, whole) = (analysis.ledger.invalid, analysis.ledger.lines);
    let judged = Judged::count("max_invalid", "lines.invalid", 0, part, whole, whole > 0);
    Judged {
        value: match limit {
            Tolerance::Lines(_) => judged.value,
            Tolerance::Share(_) => Cell::share(part, whole),
        },
        limit: most(limit),
        passed: (whole > 0).then_some(!limit.is_exceeded(part, whole)),
        ..judged
    }
}

/// What staff can do is to call; whether the customer answers is not in their hands.
fn called_back(analysis: &Analysis, limit: u64) -> Judged {
    let report = callbacks::report(analysis);
    let total = |key: &str| super::overview::total(&report, "rows", key);
    let rate = total("attempted_within_sla_rate");
    let judged = Judged::share("min_callback_rate", "attempted_within_sla_rate", rate, limit);
    let (part, whole) = (total("attempted_within_sla"), total("judged_episodes"));
    match judged.passed {
        Some(_) => judged.counted(number(&part), number(&whole)),
        None => judged,
    }
}

/// A row for each rule, and how many findings are undecidable.
fn breaches(analysis: &Analysis, profiles: &[&'static Profile]) -> (Vec<Judged>, u64) {
    let report = contacts::report(analysis, profiles);
    let mut undecidable = 0;
    let rules = rows(&report, "summary").map(|it| {
        let [breach, over, pass, open] =
            ["breach", "over_presumption", "pass", "undecidable"].map(|key| number(&it.cell(key)));
        undecidable += open;
        let subject = ["profile", "rule"].map(|key| (key.to_owned(), it.cell(key))).to_vec();
        let decided = breach + over + pass;
        Judged::count("no_breach", "breach", 0, breach, decided, decided > 0).of(subject)
    });
    (rules.collect(), undecidable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, analysis, call, cells, outgoing, table, wawp, words};
    use super::*;
    use crate::contact_rules::profile;

    const ANA: &str = "919811110001";
    const BEN: &str = "919811110002";

    fn lines(parts: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
        parts.into_iter().flatten().collect()
    }

    /// What became of the rows: subject and value, and whether they passed.
    fn judged(analysis: &Analysis, gates: &Gates) -> Vec<String> {
        let output = report(analysis, gates);
        let rows = table(&output, &["rows"]);
        let failed = rows.rows.iter().any(|it| it[5] == Cell::Bool(false));
        assert_eq!(has_failed(&output), failed);
        (0..rows.rows.len()).map(|it| cells(rows, it, "subject value passed part whole")).collect()
    }

    /// Ten calls on one line, three of them rejected.
    fn three_of_ten() -> Analysis {
        let outcome = |it: u8| if it < 3 { "rejected" } else { "accepted" };
        analysis(lines((0..10).map(|it| call(outcome(it), "desk", ANA, &format!("1{it}:00:00")))))
    }

    #[test]
    fn rejection_rates_pass_at_their_bound_and_fail_above() {
        let analysis = three_of_ten();
        let of = |limit: u64, point: bool| {
            let by = vec![Key::Instance];
            judged(&analysis, &Gates { by, point, max_rejection_rate: Some(limit), ..Gates::default() })
        };
        assert_eq!(of(300_000, true), ["instance=desk 300000 true 3 10"]);
        assert_eq!(of(299_999, true), ["instance=desk 300000 false 3 10"]);
        // Wilson of 3 in 10: (0.355507 - 0.247715) = 0.107791.
        assert_eq!(of(107_791, false), ["instance=desk 107791 true 3 10"]);
        assert_eq!(of(107_790, false), ["instance=desk 107791 false 3 10"]);
        assert_eq!(of(299_999, false), ["instance=desk 107791 true 3 10"]);
    }

    #[test]
    fn failures_are_told_with_their_counts() {
        let gates = Gates {
            by: vec![Key::Instance],
            point: true,
            max_rejection_rate: Some(200_000),
            max_priority_1: Some(0),
            ..Gates::default()
        };
        let output = report(&three_of_ten(), &gates);
        assert_eq!(
            words(sentences(&output, "failures")),
            ["max_rejection_rate: instance desk: rejection_rate is 30.0 % (3 of 10), at most 20.0 % passes."]
        );
        assert_eq!(words(sentences(&output, "summary")), ["1 of 2 figures are beyond the limits."]);
        assert_eq!(not_judged(&output).len(), 0);
    }

    #[test]
    fn groups_without_a_rate_neither_fail_nor_pass() {
        let mut all = call("rejected", "desk", ANA, "10:00:00");
        all.extend(call("accepted", "desk", BEN, "10:05:00"));
        // Ringing where the input ends.
        all.extend(call("ringing", "late", BEN, "10:10:00"));
        let gates = Gates { by: vec![Key::Instance], max_rejection_rate: Some(0), ..Gates::default() };
        let analysis = analysis(all);
        let rows = judged(&analysis, &gates);
        assert_eq!(rows[1], "instance=late – – 0 0");
        assert_eq!(
            words(not_judged(&report(&analysis, &gates))),
            [
                "max_rejection_rate: 1 of 2 could not be judged: no call there has a known outcome on a rated line."
            ]
        );
    }

    #[test]
    fn lost_calls_are_counted_in_all_and_by_line() {
        let mut all = lines([
            call("rejected", "desk", ANA, "10:00:00"),
            call("rejected", "desk", BEN, "10:05:00"),
            call("rejected", "desk", ANA, "10:10:00"),
            call("accepted", "side", BEN, "10:00:00"),
        ]);
        // Two rejections whose offers were lost.
        all.push(wawp("rejected", "desk", "x1", ANA, "11:00:00"));
        all.push(wawp("rejected", "desk", "x2", BEN, "12:00:00"));
        let analysis = analysis(all);
        let most = |it: u64| judged(&analysis, &Gates { max_orphans: Some(it), ..Gates::default() });
        assert_eq!(most(2), ["– 2 true 2 5"]);
        assert_eq!(most(1), ["– 2 false 2 5"]);
        let rate = |it: u64| judged(&analysis, &Gates { max_orphan_rate: Some(it), ..Gates::default() });
        let side = "provider=wawpinstance=side – – 0 0";
        assert_eq!(rate(400_000), ["provider=wawpinstance=desk 400000 true 2 5", side]);
        assert_eq!(rate(399_999), ["provider=wawpinstance=desk 400000 false 2 5", side]);
    }

    #[test]
    fn calls_without_a_rejection_have_lost_none() {
        let analysis = analysis(call("accepted", "desk", ANA, "10:00:00"));
        let gates = Gates { max_orphans: Some(0), ..Gates::default() };
        assert_eq!(judged(&analysis, &gates), ["– 0 true 0 0"]);
    }

    #[test]
    fn invalid_lines_as_a_number_and_as_a_share() {
        let mut all = call("accepted", "desk", ANA, "10:00:00");
        all.extend(["{".to_owned(), "{}".to_owned()]);
        let analysis = analysis(all);
        let of = |it: Tolerance| judged(&analysis, &Gates { max_invalid: Some(it), ..Gates::default() });
        assert_eq!(of(Tolerance::Lines(1)), ["– 1 true 1 4"]);
        assert_eq!(of(Tolerance::Lines(0)), ["– 1 false 1 4"]);
        // 25 % of the lines.
        assert_eq!(of(Tolerance::Share(25_000)), ["– 250000 true 1 4"]);
        assert_eq!(of(Tolerance::Share(24_999)), ["– 250000 false 1 4"]);
    }

    #[test]
    fn customers_of_priority_1() {
        let mut all = lines((0..5).map(|it| call("rejected", "desk", ANA, &format!("10:0{it}:00"))));
        all.extend(call("accepted", "desk", BEN, "10:00:00"));
        let analysis = analysis(all);
        let of = |it: u64| judged(&analysis, &Gates { max_priority_1: Some(it), ..Gates::default() });
        assert_eq!(of(1), ["– 1 true 1 2"]);
        assert_eq!(of(0), ["– 1 false 1 2"]);
    }

    #[test]
    fn calls_back_within_the_sla() {
        let missed = |id: &str, from: &str| {
            format!(
                r#"{{"event":"CALL_REJECTED","callId":"{id}","wabaNumber":"919800000001","customerNumber":"{from}","callDirection":"INCOMING","callEndedAt":"2026-05-04T10:00:00Z"}}"#
            )
        };
        // Ana is called, and does not answer; Ben is not called. The hour has run out.
        let all = vec![
            missed("i1", ANA),
            missed("i2", BEN),
            outgoing("CALL_MISSED", "o1", ANA, "10:30:00"),
            outgoing("CALL_ENDED", "o2", "919811110003", "14:00:00"),
        ];
        let analysis = analysis(all);
        let of = |it: u64| judged(&analysis, &Gates { min_callback_rate: Some(it), ..Gates::default() });
        assert_eq!(of(500_000), ["– 500000 true 1 2"]);
        assert_eq!(of(500_001), ["– 500000 false 1 2"]);
        let failures = report(&analysis, &Gates { min_callback_rate: Some(600_000), ..Gates::default() });
        assert_eq!(
            words(sentences(&failures, "failures")),
            ["min_callback_rate: attempted_within_sla_rate is 50.0 % (1 of 2), at least 60.0 % passes."]
        );
    }

    #[test]
    fn breaches_of_contact_rules() {
        let gates = Gates { no_breach: vec![profile("us-reg-f").expect("a profile")], ..Gates::default() };
        let of = |when: &str, customers: Option<&'static str>| {
            let lines = vec![outgoing("CALL_MISSED", "o1", ANA, when)];
            let analysis = Input { lines, customers, ..Input::default() }.analysis();
            let hours = |it: &String| it.contains("rule=calling_hours");
            let rows = judged(&analysis, &gates).into_iter().find(hours).expect("the rule");
            let told = words(not_judged(&report(&analysis, &gates))).join("; ");
            (rows, told)
        };
        let customers = Some("phone,tz\n919811110001,Asia/Kolkata\n");
        // 21:00:00 in Kolkata, which passes, and a second later.
        let (row, _) = of("15:30:00", customers);
        assert_eq!(row, "profile=us-reg-frule=calling_hours 0 true 0 1");
        let (row, _) = of("15:30:01", customers);
        assert_eq!(row, "profile=us-reg-frule=calling_hours 1 false 1 1");
    }

    #[test]
    fn gates_over_nothing_say_so() {
        let gates = Gates {
            by: vec![Key::Agent],
            max_rejection_rate: Some(0),
            max_orphans: Some(0),
            max_orphan_rate: Some(0),
            max_invalid: Some(Tolerance::Lines(0)),
            max_priority_1: Some(0),
            min_callback_rate: Some(1_000_000),
            no_breach: vec![profile("us-reg-f").expect("a profile")],
            ..Gates::default()
        };
        let output = report(&Analysis::empty(), &gates);
        assert!(!has_failed(&output));
        let told = words(not_judged(&output));
        let names: Vec<String> = gates.limits().into_iter().map(|(name, _)| name).collect();
        assert_eq!(told.len(), names.len());
        for (told, name) in told.iter().zip(names) {
            assert!(told.starts_with(&format!(
                "{name}: nothing could be judged, so that it neither fails nor passes"
            )));
        }
        assert_eq!(words(sentences(&output, "summary")), ["No gate could be judged."]);
    }
}
