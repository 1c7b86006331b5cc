//! Outgoing calls held against rules on how often and when a customer may be called.

mod calls;
mod judge;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashMap;

pub use calls::ZoneSource;
pub use judge::{Gravity, Unknown};

use super::{Output, Sentence, sessions};
use crate::analysis::Analysis;
use crate::contact_rules::{Kind, Profile, Rule};
use crate::definitions::column;
use crate::section::{Body, Cell, Column, Part, Person, Piece, Shown, Table};
use crate::text::Sym;
use calls::{Calls, Group};
use judge::{Judgement, judge};

/// What one rule says of one account, customer, or business number and customer.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The profile.
    pub profile: &'static Profile,
    /// The rule.
    pub rule: &'static Rule,
    /// The finding itself.
    pub gravity: Gravity,
    /// Why it is undecidable.
    pub unknown: Option<Unknown>,
    /// The count that decided; of the undecidable the most that it can be, where that is known.
    pub count: Option<u64>,
    /// The places of the sessions that show it, in order of start.
    pub shown: Vec<usize>,
    /// The place of a session that names the customer and the line.
    named_by: usize,
    /// The customer.
    pub customer: Sym,
    /// The account, where it is known.
    pub account_id: Option<Sym>,
    /// Whether calls were told apart by business number.
    per_line: bool,
    /// The business number, where it is known.
    pub account: Option<Sym>,
}

/// Every finding of the profiles, the gravest first. `analysis` must hold the countries of numbers.
pub fn findings(analysis: &Analysis, profiles: &[&'static Profile]) -> Vec<Finding> {
    findings_of(analysis, profiles, &calls::gather(analysis))
}

fn findings_of(analysis: &Analysis, profiles: &[&'static Profile], calls: &Calls) -> Vec<Finding> {
    let mut found: Vec<((usize, usize), Finding)> = Vec::new();
    for (profile_place, &profile) in profiles.iter().enumerate() {
        for (rule_place, rule) in profile.rules.iter().enumerate() {
            let groups = match rule.kind {
                Kind::Attempts { .. } | Kind::AfterConversation { .. } => &calls.by_account,
                Kind::Hours { .. } => &calls.by_customer,
                Kind::Connected { .. } | Kind::Unanswered { .. } => &calls.by_line,
            };
            let judged = groups.iter().map(|it| finding(analysis, profile, rule, it));
            found.extend(judged.map(|it| ((profile_place, rule_place), it)));
        }
    }
    let texts = &analysis.texts;
    let missing_last = |it: Option<Sym>| (it.is_none(), texts.get_opt(it));
    // Groups of one customer differ in their account or their line.
    found.sort_by_cached_key(|(place, it)| {
        let session = &analysis.sessions().get(it.named_by);
        (
            (it.gravity, *place, Reverse(it.count)),
            texts.get(it.customer).clone(),
            missing_last(it.account_id),
            session.provider,
            (missing_last(it.account), texts.get(session.instance).clone()),
        )
    });
    found.into_iter().map(|(_, it)| it).collect()
}

fn finding(analysis: &Analysis, profile: &'static Profile, rule: &'static Rule, group: &Group) -> Finding {
    let Judgement { gravity, unknown, count, shown } = judge(rule.kind, group);
    let first_subject = || group.calls.iter().find(|it| it.outgoing && it.subject).map(|it| it.place);
    let named_by = shown.first().copied().or_else(first_subject).unwrap_or_default();
    Finding {
        profile,
        rule,
        gravity,
        unknown,
        count,
        shown,
        named_by,
        customer: analysis.sessions().get(named_by).customer.unwrap_or(group.customer),
        account_id: group.account_id,
        per_line: group.line.is_some(),
        account: group.line.and_then(|it| it.account),
    }
}

/// The findings, how many there are of each, and the rules with their texts.
pub fn report(analysis: &Analysis, profiles: &[&'static Profile]) -> Output {
    let calls = calls::gather(analysis);
    let findings = findings_of(analysis, profiles, &calls);
    let names = names(analysis);
    let rows = Table {
        title: "Contact rules".to_owned(),
        columns: columns(),
        rows: findings.iter().map(|it| it.row(analysis, &names)).collect(),
        empty: "No outgoing call to a known customer at a known time.".to_owned(),
        reading: vec![
            "Finding: breach, calls outside the hours; over_presumption, more than the rule lets pass, which \
             consent, a misdial or a permission given anew can rebut: no dump shows those; undecidable, what \
             undecided by names is unknown and would matter: the customers file can say it (tz, account_id)."
                .to_owned(),
            "callsift counts calls; whether a rule binds a business is for its lawyers to say.".to_owned(),
        ],
        ..Table::default()
    };
    Output {
        parts: vec![
            Part { path: vec!["rows"], body: Body::Rows(rows) },
            Part { path: vec!["summary"], body: Body::Rows(summary(&findings, profiles)) },
            Part { path: vec!["rules"], body: Body::Rows(rules(profiles)) },
        ],
        notes: notes(&calls),
        ..Output::default()
    }
}

fn columns() -> Vec<Column> {
    use Shown::{Always, IfWide, OnRequest};
    vec![
        column("profile", Always),
        column("rule", Always),
        column("finding", Always),
        column("undecided_by", IfWide(5)),
        column("customer", Always),
        column("customer_name", IfWide(3)),
        column("account_id", IfWide(2)),
        column("provider", OnRequest),
        column("instance", IfWide(6)),
        column("account", OnRequest),
        column("zone", IfWide(4)),
        column("zone_source", IfWide(8)),
        column("count", Always),
        column("limit", Always),
        column("first_at", IfWide(1)),
        column("last_at", IfWide(7)),
        column("session_ids", OnRequest),
    ]
}

/// The names of customers: the customers file's, else the latest that a session has.
fn names(analysis: &Analysis) -> HashMap<Sym, Sym> {
    let named =
        analysis.sessions().iter().filter_map(|it| Some((it.customer?, analysis.customer_name(&it)?)));
    named.collect()
}

impl Finding {
    fn row(&self, analysis: &Analysis, names: &HashMap<Sym, Sym>) -> Vec<Cell> {
        let texts = &analysis.texts;
        let session = |place: usize| analysis.sessions().get(place);
        let named_by = session(self.named_by);
        let (zone, zone_source) = calls::zone_of(analysis, self.customer);
        let started_at =
            |place: Option<&usize>| Cell::opt(place.and_then(|it| session(*it).started_at), Cell::Instant);
        let of_line = |cell: Cell| if self.per_line { cell } else { Cell::Missing };
        vec![
            Cell::word(self.profile.name),
            Cell::word(self.rule.id),
            Cell::word(self.gravity.name()),
            Cell::opt(self.unknown, |it| Cell::word(it.name())),
            Cell::Person(Person::Customer, texts.get(self.customer).clone()),
            Cell::opt(texts.get_opt(names.get(&self.customer).copied()), |it| {
                Cell::Person(Person::CustomerName, it)
            }),
            Cell::opt(texts.get_opt(self.account_id), |it| Cell::Person(Person::CustomerRef, it)),
            of_line(Cell::word(named_by.provider.name())),
            of_line(Cell::Text(texts.get(named_by.instance).clone())),
            Cell::opt(texts.get_opt(self.account), Cell::Text),
            Cell::opt(zone, |it| Cell::word(it.name())),
            Cell::word(zone_source.name()),
            Cell::opt(self.count, Cell::Count),
            Cell::Count(self.rule.kind.limit()),
            started_at(self.shown.first()),
            started_at(self.shown.last()),
            Cell::List(self.shown.iter().map(|it| sessions::id(&session(*it), texts)).collect()),
        ]
    }
}

/// How many findings there are of each rule.
fn summary(findings: &[Finding], profiles: &[&'static Profile]) -> Table {
    let rules = profiles.iter().flat_map(|profile| profile.rules.iter().map(move |rule| (*profile, rule)));
    let rows = rules.map(|(profile, rule)| {
        let of = |gravity: Gravity| {
            let is_one = |it: &&Finding| {
                it.profile.name == profile.name && it.rule.id == rule.id && it.gravity == gravity
            };
            Cell::Count(findings.iter().filter(is_one).count() as u64)
        };
        [Cell::word(profile.name), Cell::word(rule.id)].into_iter().chain(Gravity::ALL.map(of)).collect()
    });
    let keys = ["profile", "rule"].into_iter().chain(Gravity::ALL.map(Gravity::name));
    Table {
        title: "Findings by rule".to_owned(),
        columns: keys.map(|it| column(it, Shown::Always)).collect(),
        rows: rows.collect(),
        ..Table::default()
    }
}

/// Which texts were applied.
fn rules(profiles: &[&'static Profile]) -> Table {
    let rows = profiles.iter().flat_map(|profile| {
        profile
            .rules
            .iter()
            .map(|rule| [profile.name, rule.id, rule.words, rule.source, rule.dated].map(Cell::word).to_vec())
    });
    Table {
        title: "The rules and their texts".to_owned(),
        columns: vec![
            column("profile", Shown::Always),
            column("rule", Shown::Always),
            column("words", Shown::Always),
            column("source", Shown::IfWide(2)),
            column("dated", Shown::IfWide(1)),
        ],
        rows: rows.collect(),
        ..Table::default()
    }
}

fn notes(calls: &Calls) -> Vec<Sentence> {
    let left_out = calls.left_out.iter().filter(|(count, _)| *count > 0);
    let sentence = |(count, why): &(u64, &str)| {
        vec![
            Piece::Say(format!("Outgoing sessions that {why} and so are held against no contact rule: ")),
            Piece::Value(Cell::Count(*count)),
            Piece::Say(".".to_owned()),
        ]
    };
    left_out.map(sentence).collect()
}
