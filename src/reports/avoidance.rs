//! Deliberate avoidance: which customers reject the calls of the business, how far behind with payments
//! they are, and what that calls for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use rayon::prelude::*;

use super::{Output, Sentence};
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::event::Direction;
use crate::section::{Body, Cell, Column, Part, Person, Piece, Shown, Table};
use crate::session::Outcome;
use crate::side::{self, Stage};
use crate::stats;
use crate::text::Sym;
use crate::time::DAY;

/// How far back rejections count together: 7 × 24 hours, both ends included.
const WINDOW_MS: i64 = 7 * DAY;
/// From so many rejections in one window on they are repeated.
const REPEATED: u64 = 2;
/// Customers with fewer calls before their default had no chance to reject repeatedly.
const COMPARED_LEAST: usize = 2;

/// What a rejection calls for; the graver is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    SwitchToMessage,
    DeliberateAvoidance,
    RaiseRisk,
    SeniorReview,
    EscalateSeniorOfficer,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::SwitchToMessage => "switch_to_message",
            Self::DeliberateAvoidance => "deliberate_avoidance",
            Self::RaiseRisk => "raise_risk",
            Self::SeniorReview => "senior_review",
            Self::EscalateSeniorOfficer => "escalate_senior_officer",
        }
    }
}

/// How likely money is lost; the worse is the greater. A convention, not a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Risk {
    Low,
    Medium,
    High,
    Critical,
}

impl Risk {
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Current | Stage::Early => Self::Low,
            Stage::Mid => Self::Medium,
            Stage::Late => Self::High,
        }
    }

    fn one_up(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The customers who were called, those first of whom most is to be feared.
pub fn report(analysis: &Analysis) -> Output {
    let (called, mut notes) = called(analysis);
    let mut customers: Vec<Customer> = called.iter().filter_map(|it| customer(analysis, it)).collect();
    let text = |it: &Customer| analysis.texts.raw(it.customer);
    customers.sort_unstable_by(|a, b| b.weightier().cmp(&a.weightier()).then_with(|| text(a).cmp(text(b))));
    if !customers.is_empty() && customers.iter().all(|it| !it.is_staged) {
        notes.push(crate::section::say(
            "No customers file (--customers) says how far behind with payments the called customers are: stages and risks \
             are unknown.",
        ));
    }
    let rows = Table {
        title: "Called customers by risk".into(),
        columns: columns(),
        rows: customers.iter().map(|it| it.row(analysis)).collect(),
        empty: "No outgoing call to a known customer at a known time.".into(),
        reading: vec![
            "In 7 days: the most rejections in 7 × 24 hours that end with one of them. Risk goes by the stage on the day \
             of each rejection, one level up where two or more fall within 7 days; stage is that of the day on which the \
             input ends. Both are conventions: a rejected call can have other reasons than not wanting to pay."
                .into(),
        ],
        ..Table::default()
    };
    let mut parts = vec![Part { path: vec!["rows"], body: Body::Rows(rows) }];
    if analysis.customers.knows_defaults() {
        let (table, unknown) = comparison(&customers);
        parts.push(Part { path: vec!["default_comparison", "rows"], body: Body::Rows(table) });
        notes.extend(note(
            "Customers with two or more outgoing calls whom the customers file does not list, so that nobody knows \
             whether they defaulted, and who are not compared",
            unknown,
        ));
    } else {
        parts.push(Part { path: vec!["default_comparison"], body: Body::Value(Cell::Missing) });
    }
    Output { preface: Vec::new(), parts, notes }
}

/// A sentence that ends in a number, unless it is none.
fn note(what: &str, count: u64) -> Option<Sentence> {
    let sentence =
        vec![Piece::Say(format!("{what}: ")), Piece::Value(Cell::Count(count)), Piece::Say(".".into())];
    (count > 0).then_some(sentence)
}

/// A customer with the places of the sessions in which it was called, in the fixed order.
struct Called {
    customer: Sym,
    places: Vec<usize>,
}

/// Every customer who was called, and how many subject calls stand in no row.
fn called(analysis: &Analysis) -> (Vec<Called>, Vec<Sentence>) {
    let mut called: Vec<Called> = Vec::new();
    let mut known: HashMap<Sym, usize> = HashMap::new();
    let (mut groups, mut nobody) = (0, 0);
    let any = analysis.census().iter().any(|it| it.glance.direction == Direction::Outgoing);
    let sessions = analysis.sessions();
    let is_outgoing = |it: &usize| {
        let session = sessions.glance(*it);
        session.direction == Direction::Outgoing && session.is_timed()
    };
    let outgoing = (0..if any { sessions.len() } else { 0 }).into_par_iter().filter(is_outgoing).collect();
    for place in sessions.sorted(outgoing, &analysis.texts) {
        let session = sessions.glance(place);
        let is_subject = u64::from(analysis.is_subject(place));
        // Who of a group declined, nobody says.
        if session.group == Some(true) {
            groups += is_subject;
            continue;
        }
        let Some(customer) = session.customer else {
            nobody += is_subject;
            continue;
        };
        let at = *known.entry(customer).or_insert_with(|| {
            called.push(Called { customer, places: Vec::new() });
            called.len() - 1
        });
        called[at].places.push(place);
    }
    let notes = [
        note("Outgoing sessions that do not say who was called and so are in no row of the called", nobody),
        note("Outgoing sessions that are calls of groups and so are in no row of the called", groups),
    ];
    (called, notes.into_iter().flatten().collect())
}

/// One customer's figures.
struct Customer {
    customer: Sym,
    name: Option<Sym>,
    calls: u64,
    answered: u64,
    rejected: u64,
    missed: u64,
    ringing: u64,
    max_in_7d: u64,
    actions: BTreeSet<Action>,
    stage: Option<Stage>,
    /// Whether the file says a stage for all time, of any account.
    is_static: bool,
    /// Whether the file says of any account how far behind it is.
    is_staged: bool,
    risk: Option<Risk>,
    compared: Compared,
}

/// What a customer is in the comparison of defaults.
enum Compared {
    /// Called too seldom before the default, or before the input ends.
    No,
    /// Nobody knows whether it defaulted.
    Unknown,
    /// Whether it rejected repeatedly before, and whether it defaulted.
    Yes { avoided: bool, defaulted: bool },
}

/// A rejection by a customer.
struct Rejection {
    started_at: i64,
    /// Rejections in the window that ends here.
    in_7d: u64,
    /// The stage on its day.
    stage: Option<Stage>,
}

impl Rejection {
    fn is_repeated(&self) -> bool {
        self.in_7d >= REPEATED
    }

    fn actions(&self) -> impl Iterator<Item = Action> {
        let by_stage = match self.stage {
            Some(Stage::Late) => Some(Action::EscalateSeniorOfficer),
            _ if !self.is_repeated() => None,
            Some(Stage::Mid) => Some(Action::SeniorReview),
            Some(Stage::Early) => Some(Action::RaiseRisk),
            Some(Stage::Current) | None => Some(Action::DeliberateAvoidance),
        };
        [Some(Action::SwitchToMessage), by_stage].into_iter().flatten()
    }

    fn risk(&self) -> Option<Risk> {
        let risk = Risk::of(self.stage?);
        Some(if self.is_repeated() { risk.one_up() } else { risk })
    }
}

/// The figures of a customer, if any of its calls is a subject.
fn customer(analysis: &Analysis, called: &Called) -> Option<Customer> {
    let sessions = || called.places.iter().map(|it| (analysis.sessions().get(*it), analysis.subject[*it]));
    let subjects = || sessions().filter(|(_, is_subject)| *is_subject).map(|(it, _)| it);
    subjects().next()?;
    let of = |outcome: Outcome| subjects().filter(|it| it.outcome == Some(outcome)).count() as u64;
    let accounts = Accounts::of(analysis, called.customer);
    let date = |at: i64| analysis.options.zone.local(at).date;

    // Sessions come by start. Windows look at the whole input; rejections that are subjects end them.
    let is_rejected = |it: &crate::session::Session| it.outcome == Some(Outcome::Rejected);
    let rejected_at: Vec<i64> =
        sessions().filter(|(it, _)| is_rejected(it)).filter_map(|(it, _)| it.started_at).collect();
    let within = |end: i64| {
        let after = rejected_at.partition_point(|it| *it <= end);
        (after - rejected_at.partition_point(|it| *it < end - WINDOW_MS)) as u64
    };
    let starts = subjects().filter(|it| is_rejected(it)).filter_map(|it| it.started_at);
    let rejections: Vec<Rejection> = starts
        .map(|started_at| Rejection {
            started_at,
            in_7d: within(started_at),
            stage: accounts.stage_on(Some(date(started_at))),
        })
        .collect();

    let watermark = analysis.rebuilt.watermark;
    let stage = accounts.stage_on(watermark.map(date));
    let defaulted_on = accounts.list.iter().filter_map(|it| it.defaulted_on).min();
    let is_before = |at: i64| match defaulted_on {
        Some(day) => date(at) < day,
        None => watermark.is_none_or(|it| at <= it),
    };
    let compared =
        if subjects().filter_map(|it| it.started_at).filter(|it| is_before(*it)).count() < COMPARED_LEAST {
            Compared::No
        } else if accounts.list.is_empty() {
            Compared::Unknown
        } else {
            let avoided = rejections.iter().any(|it| it.is_repeated() && is_before(it.started_at));
            Compared::Yes { avoided, defaulted: defaulted_on.is_some() }
        };
    Some(Customer {
        customer: called.customer,
        name: analysis
            .customers
            .name(called.customer)
            .or_else(|| sessions().rev().find_map(|(it, _)| it.customer_name)),
        calls: subjects().count() as u64,
        answered: of(Outcome::Answered),
        rejected: of(Outcome::Rejected),
        missed: of(Outcome::Missed),
        ringing: of(Outcome::Ringing),
        max_in_7d: rejections.iter().map(|it| it.in_7d).max().unwrap_or(0),
        actions: rejections.iter().flat_map(Rejection::actions).collect(),
        stage,
        is_static: accounts.list.iter().any(is_static),
        is_staged: accounts.list.iter().any(is_staged),
        risk: if rejections.is_empty() {
            stage.map(Risk::of)
        } else {
            rejections.iter().filter_map(Rejection::risk).max()
        },
        compared,
    })
}

/// A customer's accounts, and the day on which their days overdue were counted.
struct Accounts<'a> {
    list: &'a [side::Customer],
    counted_on: Option<NaiveDate>,
}

impl<'a> Accounts<'a> {
    fn of(analysis: &'a Analysis, customer: Sym) -> Self {
        let options = &analysis.options;
        let last_day = || analysis.rebuilt.watermark.map(|it| options.zone.local(it).date);
        let counted_on = options.customers_as_of.or_else(last_day);
        Self { list: analysis.customers.rows(customer), counted_on }
    }

    /// The worst stage of any account on a day.
    fn stage_on(&self, day: Option<NaiveDate>) -> Option<Stage> {
        let days = |since: NaiveDate| Some((day? - since).num_days());
        let stage = |it: &side::Customer| match (it.due_date, it.days_overdue) {
            (Some(due), _) => days(due).map(Stage::of_days),
            (None, Some(overdue)) => {
                self.counted_on.and_then(days).map(|it| Stage::of_days(overdue.saturating_add(it)))
            }
            (None, None) => it.stage,
        };
        self.list.iter().filter_map(stage).max()
    }
}

fn is_static(account: &side::Customer) -> bool {
    account.due_date.is_none() && account.days_overdue.is_none() && account.stage.is_some()
}

fn is_staged(account: &side::Customer) -> bool {
    account.due_date.is_some() || account.days_overdue.is_some() || account.stage.is_some()
}

fn columns() -> Vec<Column> {
    use Shown::{Always, IfWide, OnRequest};
    vec![
        column("customer", Always),
        column("customer_name", IfWide(1)),
        column("outgoing_calls", Always),
        column("answered", IfWide(4)),
        column("rejected", Always),
        column("missed", IfWide(5)),
        column("ringing", IfWide(6)),
        column("max_rejected_7d", Always),
        column("action", Always),
        column("actions", OnRequest),
        column("stage", IfWide(2)),
        column("stage_static", IfWide(3)),
        column("risk", Always),
    ]
}

impl Customer {
    /// What the order goes by; the greater comes first, and the unknown last.
    fn weightier(&self) -> (Option<Risk>, Option<Action>, u64, u64) {
        (self.risk, self.actions.last().copied(), self.max_in_7d, self.rejected)
    }

    fn row(&self, analysis: &Analysis) -> Vec<Cell> {
        let texts = &analysis.texts;
        let action = |it: &Action| Cell::word(it.name());
        vec![
            Cell::Person(Person::Customer, texts.get(self.customer).clone()),
            Cell::opt(texts.get_opt(self.name), |it| Cell::Person(Person::CustomerName, it)),
            Cell::Count(self.calls),
            Cell::Count(self.answered),
            Cell::Count(self.rejected),
            Cell::Count(self.missed),
            Cell::Count(self.ringing),
            Cell::Count(self.max_in_7d),
            Cell::opt(self.actions.last(), action),
            Cell::List(self.actions.iter().rev().map(action).collect()),
            Cell::opt(self.stage, |it| Cell::word(it.name())),
            if self.is_staged { Cell::Bool(self.is_static) } else { Cell::Missing },
            Cell::opt(self.risk, |it| Cell::word(it.name())).or_word("unknown"),
        ]
    }
}

/// How many customers, and how many of them defaulted.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    customers: u64,
    defaulted: u64,
}

impl Group {
    fn cells(self) -> [Cell; 3] {
        let rate = Cell::share(self.defaulted, self.customers);
        [Cell::Count(self.customers), Cell::Count(self.defaulted), rate]
    }
}

/// Those who rejected repeatedly, and the others.
#[derive(Clone, Copy, Debug, Default)]
struct Groups {
    avoiding: Group,
    others: Group,
}

impl Groups {
    fn add(&mut self, avoided: bool, defaulted: bool) {
        let group = if avoided { &mut self.avoiding } else { &mut self.others };
        group.customers += 1;
        group.defaulted += u64::from(defaulted);
    }

    fn row(self, stage: Cell) -> Vec<Cell> {
        let of = |it: Group| (it.defaulted, it.customers);
        let ratio = match stats::risk_ratio(of(self.avoiding), of(self.others)) {
            Some((ratio, low, high)) => [ratio, low, high].map(Cell::ratio_f64),
            None => [Cell::Missing, Cell::Missing, Cell::Missing],
        };
        [vec![stage], self.avoiding.cells().into(), self.others.cells().into(), ratio.into()].concat()
    }
}

/// Who defaulted of those who rejected repeatedly before, and of the others; and of how many customers with
/// enough calls that is unknown.
fn comparison(customers: &[Customer]) -> (Table, u64) {
    let mut total = Groups::default();
    let mut unknown = 0;
    // A stage that nobody knows comes last.
    let mut by_stage: BTreeMap<(bool, Option<Stage>), Groups> = BTreeMap::new();
    for customer in customers {
        match customer.compared {
            Compared::No => {}
            Compared::Unknown => unknown += 1,
            Compared::Yes { avoided, defaulted } => {
                total.add(avoided, defaulted);
                let key = (customer.stage.is_none(), customer.stage);
                by_stage.entry(key).or_default().add(avoided, defaulted);
            }
        }
    }
    let row = |((_, stage), groups): ((bool, Option<Stage>), Groups)| {
        groups.row(Cell::opt(stage, |it| Cell::word(it.name())).or_word("unknown"))
    };
    let table = Table {
        title: "Defaults after repeated rejections: association, not cause".into(),
        columns: vec![
            column("stage", Shown::Always),
            column("avoiding_customers", Shown::Always),
            column("avoiding_defaulted", Shown::Always),
            column("avoiding_default_rate", Shown::Always),
            column("other_customers", Shown::Always),
            column("other_defaulted", Shown::Always),
            column("other_default_rate", Shown::Always),
            column("default_ratio", Shown::Always),
            column("default_ratio_low", Shown::IfWide(1)),
            column("default_ratio_high", Shown::IfWide(2)),
        ],
        rows: by_stage.into_iter().map(row).collect(),
        total: Some(total.row(Cell::Missing)),
        empty: "No customer of the customers file had two or more outgoing calls before it could default.".into(),
        reading: vec![
            "Association, not cause: who defaulted early had less time to reject. Avoid: two or more rejections within \
             7 days before the default (without one: before the input ends); others: the rest of those with two or more \
             calls before. Ratio: how many times as often the avoiding defaulted, with its 95 % interval; missing \
             where in either group nobody or everybody defaulted."
                .into(),
        ],
        ..Table::default()
    };
    (table, unknown)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, at, cell, cells, outgoing, table, wawp_with, words};
    use super::*;
    use crate::analysis::{Filter, ReportOptions};
    use crate::session::Rules;
    use crate::zone::Zone;

    const ANA: &str = "919811110001";
    const BRUNO: &str = "919811110002";

    const NO: &str = "CALL_REJECTED";
    const YES: &str = "CALL_ENDED";

    /// Calls to one customer, given as event and time.
    fn calls(to: &str, list: &[(&str, &str)]) -> Vec<String> {
        list.iter().map(|(name, when)| outgoing(name, &format!("{to} {when}"), to, when)).collect()
    }

    fn rejected(to: &str, list: &[&str]) -> Vec<String> {
        calls(to, &list.iter().map(|it| (NO, *it)).collect::<Vec<_>>())
    }

    fn output(lines: Vec<String>, customers: &'static str) -> Output {
        report(&Input { lines, customers: Some(customers), ..Input::default() }.analysis())
    }

    #[track_caller]
    fn check(lines: Vec<String>, customers: &'static str, keys: &str, expected: &str) {
        check_input(Input { lines, customers: Some(customers), ..Input::default() }, keys, expected);
    }

    /// Every row, one after another.
    #[track_caller]
    fn check_input(input: Input, keys: &str, expected: &str) {
        let output = report(&input.analysis());
        let rows = table(&output, &["rows"]);
        let shown: Vec<String> = (0..rows.rows.len()).map(|it| cells(rows, it, keys)).collect();
        assert_eq!(shown.join(" | "), expected, "{keys}");
    }

    #[test]
    fn the_columns_are_those_of_the_definitions() {
        let keys: Vec<&str> = columns().iter().map(|it| it.key).collect();
        assert_eq!(
            keys.join(" "),
            "customer customer_name outgoing_calls answered rejected missed ringing max_rejected_7d action \
             actions stage stage_static risk"
        );
    }

    #[test]
    fn outgoing_calls_are_counted_by_outcome() {
        let mut lines = calls(
            ANA,
            &[
                (YES, "10:00:00"),
                (NO, "11:00:00"),
                (NO, "12:00:00"),
                ("CALL_MISSED", "13:00:00"),
                ("CALL_MISSED", "14:00:00"),
                ("CALL_MISSED", "15:00:00"),
            ],
        );
        // The last one rings still.
        lines.push(format!(
            r#"{{"received_at":{},"body":{{"event":"CALL_OUTGOING_INITIATED","callId":"r","wabaNumber":"919800000001","customerNumber":"{ANA}"}}}}"#,
            at("15:00:30")
        ));
        // An incoming call is another matter.
        lines.push(wawp_with("rejected", "desk", "in", ANA, "09:00:00", "{}"));
        let input = Input { lines, ..Input::default() };
        check_input(
            input,
            "customer outgoing_calls answered rejected missed ringing",
            "+919811110001 7 1 2 3 1",
        );
    }

    #[test]
    fn who_was_called_is_counted_across_lines_and_providers() {
        let mut lines = rejected(ANA, &["10:00:00"]);
        lines.push(format!(
            r#"{{"event":"call.rejected","session":"desk","me":{{"id":"919800000009@c.us"}},"timestamp":{},"payload":{{"id":"w","from":"919800000009@c.us","to":"{ANA}@c.us","_data":{{"status":"reject"}}}}}}"#,
            at("10:05:00")
        ));
        check_input(
            Input { lines, ..Input::default() },
            "outgoing_calls rejected max_rejected_7d action",
            "2 2 2 deliberate_avoidance",
        );
    }

    #[test]
    fn windows_of_seven_days_hold_both_ends() {
        let most = |list: &[&str], expected: &str| {
            let input = Input { lines: rejected(ANA, list), ..Input::default() };
            check_input(input, "max_rejected_7d", expected);
        };
        most(&["05-04 10:00:00"], "1");
        most(&["05-04 10:00:00", "05-11 10:00:00"], "2");
        most(&["05-04 10:00:00", "05-11 10:00:00.001"], "1");
        // Two at one instant are in each other's window.
        let same = [outgoing(NO, "a", ANA, "10:00:00"), outgoing(NO, "b", ANA, "10:00:00")];
        check_input(Input { lines: same.into(), ..Input::default() }, "max_rejected_7d", "2");
        // The fullest window is neither the first nor the last.
        most(
            &["05-01 10:00:00", "05-11 10:00:00", "05-12 10:00:00", "05-13 10:00:00", "05-30 10:00:00"],
            "3",
        );
        // Answered and missed calls fill none.
        let lines = calls(ANA, &[(YES, "10:00:00"), ("CALL_MISSED", "11:00:00"), (NO, "12:00:00")]);
        check_input(Input { lines, ..Input::default() }, "max_rejected_7d", "1");
        let lines = calls(ANA, &[(YES, "10:00:00")]);
        check_input(Input { lines, ..Input::default() }, "max_rejected_7d action actions", "0 – ");
    }

    #[test]
    fn windows_begin_seven_times_24_hours_before_whatever_clocks_do() {
        // In New York clocks are set forward on 8 March: the same time a week later is 167 hours away, and
        // an hour later by the clock is in the window still.
        let options = ReportOptions {
            zone: Zone::named("America/New_York").expect("a zone"),
            ..ReportOptions::default()
        };
        let lines = rejected(ANA, &["03-05 15:00:00", "03-12 15:00:00"]);
        check_input(Input { lines, options, ..Input::default() }, "max_rejected_7d", "2");
    }

    #[test]
    fn stages_begin_at_1_31_and_61_days() {
        let customers = "phone,days_overdue\n1000,-5\n1001,0\n1002,1\n1003,30\n1004,31\n1005,60\n1006,61\n";
        let lines: Vec<String> =
            (0..7).map(|it| outgoing(YES, &it.to_string(), &format!("100{it}"), "10:00:00")).collect();
        check(
            lines,
            customers,
            "customer stage risk",
            "+1006 late high | +1004 mid medium | +1005 mid medium | +1000 current low | +1001 current low | \
             +1002 early low | +1003 early low",
        );
    }

    #[test]
    fn what_tells_the_stage() {
        // 30, 31 days since the due date on 4 May; it comes before days, they before the stage for all time.
        let customers = "phone,stage,days_overdue,due_date\n\
            1000,late,90,2026-04-04\n1001,late,90,2026-04-03\n1002,late,5,\n1003,late,,\n1004,,,\n";
        let lines: Vec<String> =
            (0..6).map(|it| outgoing(YES, &it.to_string(), &format!("100{it}"), "10:00:00")).collect();
        check(
            lines,
            customers,
            "customer stage stage_static",
            "+1003 late true | +1001 mid false | +1000 early false | +1002 early false | +1004 – – | +1005 – –",
        );
    }

    #[test]
    fn the_worst_account_counts_on_each_day() {
        let customers = "phone,account_id,stage,due_date\n\
            919811110001,A,,2026-05-01\n919811110001,B,mid,\n919811110001,C,,\n919811110001,D,current,\n";
        check(rejected(ANA, &["10:00:00"]), customers, "stage stage_static risk", "mid true medium");
        // 60 days on 1 May, mid as is the other account; 63 on 4 May.
        let customers = "phone,days_overdue,due_date\n919811110001,,2026-03-02\n919811110001,40,\n";
        check(
            calls(ANA, &[(NO, "05-01 10:00:00"), (YES, "05-04 10:00:00")]),
            customers,
            "stage stage_static risk action",
            "late false medium switch_to_message",
        );
    }

    #[test]
    fn rejections_have_the_stage_of_their_own_date() {
        // Due 30 days before 3 May: early on that day, mid on the next.
        let customers = "phone,due_date\n919811110001,2026-04-03\n";
        let lines = || calls(ANA, &[(NO, "05-03 20:00:00"), (YES, "05-04 12:00:00")]);
        check(lines(), customers, "risk stage", "low mid");
        // In India it was 4 May already.
        let options =
            ReportOptions { zone: Zone::named("Asia/Kolkata").expect("a zone"), ..ReportOptions::default() };
        let input = Input { lines: lines(), customers: Some(customers), options, ..Input::default() };
        check_input(input, "risk stage", "medium mid");
        // In Hawaii it is 3 May still where the input ends.
        let options = ReportOptions {
            zone: Zone::named("Pacific/Honolulu").expect("a zone"),
            ..ReportOptions::default()
        };
        let lines = calls(ANA, &[(NO, "05-03 20:00:00"), (YES, "05-04 09:00:00")]);
        let input = Input { lines, customers: Some(customers), options, ..Input::default() };
        check_input(input, "risk stage", "low early");
    }

    #[test]
    fn days_overdue_are_counted_on_the_last_day_or_the_given_one() {
        let customers = "phone,days_overdue\n919811110001,31\n";
        // The input ends on 10 May: 31 days then, 30 the day before.
        let lines = || calls(ANA, &[(NO, "05-09 10:00:00"), (YES, "05-10 10:00:00")]);
        check(lines(), customers, "stage risk", "mid low");
        let as_of = |day: &str| {
            let options = ReportOptions { customers_as_of: day.parse().ok(), ..ReportOptions::default() };
            Input { lines: lines(), customers: Some(customers), options, ..Input::default() }
        };
        // Counted on 9 May they are 32 on the last day; counted on 11 May 30, and 29 the day before.
        check_input(as_of("2026-05-09"), "stage risk", "mid medium");
        check_input(as_of("2026-05-11"), "stage risk", "early low");
        check_input(as_of("2026-04-09"), "stage risk", "late high");
        // The input ends where it is told to.
        let rules = Rules { as_of: Some(at("05-09 12:00:00")), ..Rules::default() };
        let input = Input { lines: lines(), customers: Some(customers), rules, ..Input::default() };
        check_input(input, "stage risk", "mid medium");
    }

    #[test]
    fn stages_are_unknown_where_the_input_has_no_end() {
        // Its only event comes from a clock that runs ahead of the receiver's.
        let line =
            format!(r#"{{"received_at":{},"body":{}}}"#, at("09:00:00"), outgoing(NO, "a", ANA, "10:00:00"));
        let input =
            |customers| Input { lines: vec![line.clone()], customers: Some(customers), ..Input::default() };
        check_input(
            input("phone,due_date\n919811110001,2026-04-03\n"),
            "stage stage_static risk",
            "– false medium",
        );
        check_input(
            input("phone,days_overdue\n919811110001,31\n"),
            "stage stage_static risk",
            "– false unknown",
        );
    }

    #[test]
    fn each_rejection_calls_for_actions() {
        let once = ["10:00:00"];
        let twice = ["10:00:00", "11:00:00"];
        let check = |stage: &'static str, when: &[&str], actions: &str, risk: &str| {
            let expected = format!("{} {actions} {risk}", actions.split('+').next().unwrap_or("–"));
            check(rejected(ANA, when), stage, "action actions risk", &expected);
        };
        let (current, early) = ("phone,stage\n919811110001,current\n", "phone,stage\n919811110001,early\n");
        let (mid, late) = ("phone,stage\n919811110001,mid\n", "phone,stage\n919811110001,Late\n");
        let unknown = "phone,stage\n919811110001,\n";
        check(current, &once, "switch_to_message", "low");
        check(early, &once, "switch_to_message", "low");
        check(mid, &once, "switch_to_message", "medium");
        check(late, &once, "escalate_senior_officer+switch_to_message", "high");
        check(unknown, &once, "switch_to_message", "unknown");
        check(current, &twice, "deliberate_avoidance+switch_to_message", "medium");
        check(early, &twice, "raise_risk+switch_to_message", "medium");
        check(mid, &twice, "senior_review+switch_to_message", "high");
        check(late, &twice, "escalate_senior_officer+switch_to_message", "critical");
        check(unknown, &twice, "deliberate_avoidance+switch_to_message", "unknown");
        // Repeated, but not within a week.
        check(mid, &["05-04 10:00:00", "05-12 10:00:00"], "switch_to_message", "medium");
    }

    #[test]
    fn the_gravest_action_and_the_highest_risk_are_those_of_any_rejection() {
        // Current on 4 and 5 May, early on 12 and 13 May, mid on 10 and 11 June, late on 12 July.
        let customers = "phone,due_date\n919811110001,2026-05-10\n";
        let all = [
            "05-04 10:00:00",
            "05-05 10:00:00",
            "05-12 10:00:01",
            "05-13 10:00:00",
            "06-10 10:00:00",
            "06-11 10:00:00",
            "07-12 10:00:00",
        ];
        check(
            rejected(ANA, &all),
            customers,
            "actions risk max_rejected_7d",
            "escalate_senior_officer+senior_review+raise_risk+deliberate_avoidance+switch_to_message high 2",
        );
        check(
            rejected(ANA, &all[..6]),
            customers,
            "action actions risk",
            "senior_review senior_review+raise_risk+deliberate_avoidance+switch_to_message high",
        );
        check(
            rejected(ANA, &all[..4]),
            customers,
            "action actions risk",
            "raise_risk raise_risk+deliberate_avoidance+switch_to_message medium",
        );
        check(
            rejected(ANA, &all[..2]),
            customers,
            "action actions risk",
            "deliberate_avoidance deliberate_avoidance+switch_to_message medium",
        );
    }

    #[test]
    fn without_a_rejection_the_risk_is_that_of_the_last_day() {
        for (due, expected) in [
            ("phone,due_date\n919811110001,2026-05-04\n", "current low"),
            ("phone,due_date\n919811110001,2026-05-03\n", "early low"),
            ("phone,due_date\n919811110001,2026-04-03\n", "mid medium"),
            ("phone,due_date\n919811110001,2026-03-04\n", "late high"),
            ("phone,due_date\n919811110001,\n", "– unknown"),
        ] {
            check(calls(ANA, &[(YES, "10:00:00"), ("CALL_MISSED", "11:00:00")]), due, "stage risk", expected);
        }
        // With one it is that of the rejection's day, although the customer is late where the input ends.
        let customers = "phone,due_date\n919811110001,2026-05-01\n";
        let lines = calls(ANA, &[(NO, "05-02 10:00:00"), (YES, "07-01 10:00:00")]);
        check(lines, customers, "stage risk action", "late low switch_to_message");
    }

    #[test]
    fn rows_are_ordered_by_risk_action_window_rejections_and_customer() {
        let customers = "phone,stage\n1,late\n2,late\n3,mid\n4,early\n5,current\n6,early\n7,early\n8,mid\n";
        let mut lines = Vec::new();
        lines.extend(rejected("1", &["05-04 10:00:00"])); // high
        lines.extend(rejected("2", &["05-04 10:00:00", "05-04 11:00:00"])); // critical
        lines.extend(calls("3", &[(YES, "05-04 10:00:00")])); // medium, nothing called for
        lines.extend(rejected("4", &["05-04 10:00:00", "05-04 11:00:00"])); // medium, raise_risk
        // More of them, but what they call for is less grave: deliberate_avoidance.
        lines.extend(rejected("5", &["05-04 10:00:00", "05-04 11:00:00", "05-04 12:00:00"]));
        lines.extend(rejected("6", &["05-04 10:00:00", "05-04 11:00:00", "05-04 12:00:00"])); // three in a week
        // More of them, but two in a week.
        lines
            .extend(rejected("7", &["05-04 10:00:00", "05-04 11:00:00", "05-14 12:00:00", "05-24 12:00:00"]));
        lines.extend(rejected("8", &["05-04 10:00:00"])); // medium, switch_to_message
        lines.extend(rejected("91", &["05-04 10:00:00", "05-04 11:00:00"])); // unknown
        lines.extend(rejected("90", &["05-04 10:00:00", "05-04 11:00:00"]));
        lines.extend(calls("9", &[(YES, "05-04 10:00:00")]));
        check(lines, customers, "customer", "+2 | +1 | +6 | +7 | +4 | +5 | +8 | +3 | +90 | +91 | +9");
    }

    #[test]
    fn filters_choose_what_counts_and_windows_look_past_them() {
        let customers = "phone,stage\n919811110001,mid\n919811110002,late\n";
        let mut lines = rejected(ANA, &["05-04 10:00:00", "05-06 10:00:00"]);
        lines.extend(rejected(BRUNO, &["05-04 10:00:00"]));
        let input = |filter: Filter| Input {
            lines: lines.clone(),
            customers: Some(customers),
            filter,
            ..Input::default()
        };
        let keys = "customer outgoing_calls rejected max_rejected_7d action risk";
        let since = Filter { since: Some(at("05-05 00:00:00")), ..Filter::default() };
        check_input(input(since), keys, "+919811110001 1 1 2 senior_review high");
        // The window that ends with the first holds one.
        let until = Filter {
            until: Some(at("05-05 00:00:00")),
            customers: vec!["+919811110001".into()],
            ..Filter::default()
        };
        check_input(input(until), keys, "+919811110001 1 1 1 switch_to_message medium");
    }

    #[test]
    fn groups_and_nobody_are_in_no_row() {
        let call = |id: &str, recipient: &str, chat: &str| {
            format!(
                r#"{{"event_type":"call:outgoing:ended","chat":{{"chat_id":7{chat}}},"whatsapp_account":{{"whatsapp_account_wid":"desk"}},"call_details":{{"status":"Rejected","timestamp":"2026-05-04 10:00:00 +0000","message_uid":"{id}"{recipient}}}}}"#
            )
        };
        let ana = format!(r#","recipient":{{"phone":"{ANA}"}}"#);
        let lines = vec![
            call("a", &ana, ""),
            call("b", &ana, r#","chat_type":"group""#),
            call("c", "", ""),
            call("d", "", ""),
        ];
        let output = report(&Input { lines, ..Input::default() }.analysis());
        assert_eq!(cells(table(&output, &["rows"]), 0, "rejected max_rejected_7d"), "1 1");
        assert_eq!(
            words(&output.notes),
            [
                "Outgoing sessions that do not say who was called and so are in no row of the called: 2.",
                "Outgoing sessions that are calls of groups and so are in no row of the called: 1.",
                "No customers file (--customers) says how far behind with payments the called customers are: stages \
                 and risks are unknown.",
            ]
        );
    }

    #[test]
    fn names_are_the_files_else_the_latest() {
        let named = |id: &str, name: &str, when: &str| {
            outgoing(NO, id, ANA, when)
                .replace("\"pickedBy\"", &format!("\"customerName\":\"{name}\",\"pickedBy\""))
        };
        let lines = || vec![named("a", "Old", "10:00:00"), named("b", "New", "11:00:00")];
        check(lines(), "phone,name\n919811110002,Bruno\n", "customer_name", "New");
        check(lines(), "phone,name\n919811110001,Ana\n", "customer_name", "Ana");
    }

    const COMPARED: &str = "stage avoiding_customers avoiding_defaulted avoiding_default_rate other_customers \
                            other_defaulted other_default_rate";
    const RATIO: &str = "default_ratio default_ratio_low default_ratio_high";

    /// The rows of the comparison and its total, which is no row of its own.
    #[track_caller]
    fn compared(output: &Output, keys: &str, expected: &[&str]) {
        let table = table(output, &["default_comparison", "rows"]);
        let with_total = Table {
            rows: table.rows.iter().chain(&table.total).cloned().collect(),
            columns: table.columns.clone(),
            ..Table::default()
        };
        let shown: Vec<String> = (0..with_total.rows.len()).map(|it| cells(&with_total, it, keys)).collect();
        assert_eq!(shown, expected, "{keys}");
    }

    #[test]
    fn defaults_are_compared_by_stage_and_in_total() {
        // Of 1, 2, 3, who rejected twice, two defaulted; of 4 to 7 one.
        let customers = "phone,stage,defaulted_on\n1,mid,2026-05-20\n2,late,2026-05-21\n3,mid,\n\
            4,mid,2026-05-22\n5,,\n6,current,\n7,mid,\n8,early,2026-05-22\n";
        let mut lines = Vec::new();
        for to in ["1", "2", "3"] {
            lines.extend(rejected(to, &["05-04 10:00:00", "05-05 10:00:00"]));
        }
        for to in ["4", "5", "6", "7"] {
            lines.extend(calls(to, &[(NO, "05-04 10:00:00"), (YES, "05-05 10:00:00")]));
        }
        // One call is too few, and of 9 nobody knows whether it defaulted.
        lines.extend(rejected("8", &["05-04 10:00:00"]));
        lines.extend(rejected("9", &["05-04 10:00:00", "05-05 10:00:00"]));
        let output = output(lines, customers);
        compared(
            &output,
            COMPARED,
            &[
                "current 0 0 – 1 0 0",
                "mid 2 1 500000 2 1 500000",
                "late 1 1 1000000 0 0 –",
                "unknown 0 0 – 1 0 0",
                "– 3 2 666667 4 1 250000",
            ],
        );
        // mid: 1/2 of 1/2 is 1, s = √(1 - 1/2 + 1 - 1/2) = 1, exp(1.959964) = 7.099071.
        // All: 2/3 of 1/4 is 8/3, s = √(1/2 - 1/3 + 1 - 1/4) = 0.957427, exp(1.876523) = 6.530756.
        compared(
            &output,
            RATIO,
            &["– – –", "1000000 140863 7099071", "– – –", "– – –", "2666667 408324 17415348"],
        );
        assert_eq!(
            words(&output.notes),
            [
                "Customers with two or more outgoing calls whom the customers file does not list, so that nobody knows \
              whether they defaulted, and who are not compared: 1."
            ]
        );
    }

    #[test]
    fn only_what_came_before_the_default_is_compared() {
        let one = |list: &[(&str, &str)], customers: &'static str| {
            let output = output(calls(ANA, list), customers);
            let table = table(&output, &["default_comparison", "rows"]);
            let total = Table {
                rows: table.total.iter().cloned().collect(),
                columns: table.columns.clone(),
                ..Table::default()
            };
            format!("{} {}", cell(&total, 0, "avoiding_customers"), cell(&total, 0, "other_customers"))
        };
        let on_6_may = "phone,defaulted_on\n919811110001,2026-05-06\n";
        // The second of two rejections, or the second call, is on the day of the default.
        assert_eq!(one(&[(NO, "05-04 10:00:00"), (NO, "05-05 23:59:59")], on_6_may), "1 0");
        assert_eq!(one(&[(NO, "05-04 10:00:00"), (NO, "05-06 00:00:00")], on_6_may), "0 0");
        assert_eq!(
            one(&[(YES, "05-03 10:00:00"), (NO, "05-04 10:00:00"), (NO, "05-06 00:00:00")], on_6_may),
            "0 1"
        );
        // The earliest of several accounts.
        let twice = "phone,defaulted_on\n919811110001,2026-05-20\n919811110001,2026-05-06\n919811110001,\n";
        assert_eq!(one(&[(NO, "05-04 10:00:00"), (NO, "05-06 00:00:00")], twice), "0 0");
        // Nobody defaulted here: all calls up to the end of the input, the last included.
        let other = "phone,defaulted_on\n919811110001,\n919811110002,2026-05-06\n";
        assert_eq!(one(&[(NO, "05-04 10:00:00"), (NO, "05-06 00:00:00")], other), "1 0");
        // In India 6 May begins at 18:30 UTC of the day before.
        let options =
            ReportOptions { zone: Zone::named("Asia/Kolkata").expect("a zone"), ..ReportOptions::default() };
        let lines = calls(ANA, &[(NO, "05-04 10:00:00"), (NO, "05-05 18:30:00")]);
        let input = Input { lines, customers: Some(on_6_may), options, ..Input::default() };
        compared(&report(&input.analysis()), "avoiding_customers other_customers", &["0 0"]);
    }

    #[test]
    fn what_comes_after_the_watermark_is_not_compared() {
        let customers = "phone,defaulted_on\n919811110001,\n919811110002,2026-05-06\n";
        let until = |when: &str| {
            let rules = Rules { as_of: Some(at(when)), ..Rules::default() };
            let lines = rejected(ANA, &["05-04 10:00:00", "05-05 10:00:00"]);
            report(&Input { lines, customers: Some(customers), rules, ..Input::default() }.analysis())
        };
        compared(&until("05-05 10:00:00"), "avoiding_customers", &["1", "1"]);
        compared(&until("05-05 09:59:59"), "avoiding_customers", &["0"]);
    }

    #[test]
    fn no_ratio_with_an_empty_cell() {
        // Two of each group, of which so many defaulted.
        let customers = [
            "phone,defaulted_on\n1,\n2,\n3,2026-06-01\n4,\n",
            "phone,defaulted_on\n1,2026-06-01\n2,2026-06-01\n3,2026-06-01\n4,\n",
            "phone,defaulted_on\n1,2026-06-01\n2,\n3,\n4,\n",
            "phone,defaulted_on\n1,2026-06-01\n2,\n3,2026-06-01\n4,2026-06-01\n",
        ];
        let mut lines = Vec::new();
        for to in ["1", "2"] {
            lines.extend(rejected(to, &["05-04 10:00:00", "05-05 10:00:00"]));
        }
        for to in ["3", "4"] {
            lines.extend(calls(to, &[(YES, "05-04 10:00:00"), (YES, "05-05 10:00:00")]));
        }
        for file in customers {
            compared(&output(lines.clone(), file), RATIO, &["– – –", "– – –"]);
        }
        let mixed = "phone,defaulted_on\n1,2026-06-01\n2,\n3,2026-06-01\n4,\n";
        compared(&output(lines, mixed), "default_ratio", &["1000000", "1000000"]);
    }

    #[test]
    fn filters_choose_the_calls_that_are_compared() {
        let customers = "phone,defaulted_on\n919811110001,\n919811110002,2026-05-06\n";
        let lines = rejected(ANA, &["05-04 10:00:00", "05-05 10:00:00", "05-06 10:00:00"]);
        let since = |when: &str| Filter { since: Some(at(when)), ..Filter::default() };
        let of = |filter: Filter| {
            report(
                &Input { lines: lines.clone(), customers: Some(customers), filter, ..Input::default() }
                    .analysis(),
            )
        };
        compared(&of(since("05-05 00:00:00")), "avoiding_customers", &["1", "1"]);
        compared(&of(since("05-06 00:00:00")), "avoiding_customers", &["0"]);
    }

    #[test]
    fn without_defaults_in_the_file_there_is_nothing_to_compare() {
        for customers in ["phone,stage\n919811110001,mid\n", "phone,defaulted_on\n919811110001,\n"] {
            let output = output(rejected(ANA, &["05-04 10:00:00", "05-05 10:00:00"]), customers);
            let part = output.parts.iter().find(|it| it.path == ["default_comparison"]).expect("the part");
            assert_eq!(part.body, Body::Value(Cell::Missing));
        }
        let output = output(Vec::new(), "phone,defaulted_on\n919811110001,2026-05-06\n");
        assert!(table(&output, &["rows"]).rows.is_empty());
        compared(&output, COMPARED, &["– 0 0 – 0 0 –"]);
        assert!(output.notes.is_empty());
        let comparison = table(&output, &["default_comparison", "rows"]);
        assert!(comparison.title.contains("association, not cause"));
        assert!(comparison.reading[0].contains("who defaulted early had less time to reject"));
    }
}
