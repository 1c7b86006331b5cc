//! Every reconstructed session as a row, and the rejected ones as the monthly log.

use super::Output;
use crate::analysis::Analysis;
use crate::call_id::CallId;
use crate::definitions::column;
use crate::event::Origin;
use crate::section::{Body, Cell, Column, Part, Person, Shown, Table, hex};
use crate::session::{Outcome, Session, anomalies};
use crate::text::{Sym, Text, Texts};

/// The columns of a session, in their order.
const COLUMNS: [(&str, Shown); 32] = [
    ("session_id", Shown::IfWide(4)),
    ("provider", Shown::IfWide(3)),
    ("instance", Shown::IfWide(2)),
    ("account", Shown::OnRequest),
    ("call_id", Shown::OnRequest),
    ("direction", Shown::Always),
    ("customer", Shown::Always),
    ("customer_name", Shown::IfWide(7)),
    ("agent", Shown::IfWide(1)),
    ("agent_source", Shown::OnRequest),
    ("outcome", Shown::Always),
    ("cause", Shown::IfWide(5)),
    ("declined_by", Shown::IfWide(6)),
    ("started_at", Shown::Always),
    ("offered_at", Shown::OnRequest),
    ("decided_at", Shown::OnRequest),
    ("ended_at", Shown::OnRequest),
    ("ring_ms", Shown::IfWide(8)),
    ("rings", Shown::OnRequest),
    ("skipped_agents", Shown::OnRequest),
    ("talk_ms", Shown::IfWide(11)),
    ("video", Shown::OnRequest),
    ("group", Shown::OnRequest),
    ("engine", Shown::OnRequest),
    ("country", Shown::OnRequest),
    ("chat_ref", Shown::OnRequest),
    ("customer_ref", Shown::OnRequest),
    ("account_id", Shown::OnRequest),
    ("orphan", Shown::IfWide(9)),
    ("rated", Shown::OnRequest),
    ("anomalies", Shown::IfWide(10)),
    ("evidence", Shown::OnRequest),
];

/// The columns of a session, in their order.
pub fn columns() -> Vec<Column> {
    COLUMNS.iter().map(|(key, shown)| column(key, *shown)).collect()
}

/// A session as a row under [`columns`].
pub fn row(session: &Session, analysis: &Analysis) -> Vec<Cell> {
    let texts = &analysis.texts;
    let text = |it: Option<Sym>| Cell::opt(texts.get_opt(it), Cell::Text);
    let person = |who: Person, it: Option<Sym>| Cell::opt(texts.get_opt(it), |it| Cell::Person(who, it));
    let word = |it: Option<&'static str>| Cell::opt(it, Cell::word);
    let instant = |it: Option<i64>| Cell::opt(it, Cell::Instant);
    let millis = |it: Option<i64>| Cell::opt(it, Cell::Millis);
    let events = analysis.events_of(session);
    let odd = anomalies(session, &events, analysis.options.ring_timeout_ms);
    let account_id = session.customer.and_then(|it| analysis.customers.account_id(it));
    vec![
        id(session, texts),
        Cell::word(session.provider.name()),
        Cell::Text(texts.get(session.instance).clone()),
        text(session.account),
        call_id(session.call_id, texts),
        Cell::word(session.direction.name()),
        person(Person::Customer, session.customer),
        person(Person::CustomerName, session.customer_name),
        person(Person::Agent, session.agent).or_word(crate::analysis::UNASSIGNED),
        Cell::word(session.agent_source.name()),
        word(session.outcome.map(Outcome::name)),
        word(session.cause.map(crate::event::Cause::name)),
        word(session.declined_by.map(crate::session::DeclinedBy::name)),
        instant(session.started_at),
        instant(session.offered_at),
        instant(session.decided_at),
        instant(session.ended_at),
        millis(session.ring_ms),
        Cell::Count(u64::from(session.rings)),
        Cell::Count(u64::from(session.skipped_agents)),
        millis(session.talk_ms),
        Cell::opt(session.video, Cell::Bool),
        Cell::opt(session.group, Cell::Bool),
        text(session.engine),
        Cell::opt(analysis.country(session), Cell::Text),
        person(Person::CustomerRef, session.chat_ref),
        person(Person::CustomerRef, session.customer_ref),
        person(Person::CustomerRef, account_id),
        word(session.orphan.map(crate::session::OrphanClass::name)),
        Cell::Bool(session.counts_in_rates()),
        Cell::List(odd.iter().map(|(kind, _)| Cell::word(kind.name())).collect()),
        Cell::List(events.iter().map(|it| place(it.origin, analysis)).collect()),
    ]
}

/// The provider's id of a call.
pub fn call_id(id: Option<CallId>, texts: &Texts) -> Cell {
    Cell::opt(id, |it| Cell::Text(Text::new(&it.text(texts))))
}

/// The id of a session. One that was made from a customer's number can be guessed back to it, so it
/// is the customer's too.
pub fn id(session: &Session, texts: &Texts) -> Cell {
    match session.call_id {
        Some(_) => Cell::Word(session.id(texts)),
        None => Cell::Person(Person::Session, Text::new(&session.id(texts))),
    }
}

/// A place in the input, as the evidence of something.
pub fn place(origin: Origin, analysis: &Analysis) -> Cell {
    let mut place = vec![
        ("file".to_owned(), Cell::Text(analysis.texts.get(origin.file).clone())),
        ("line".to_owned(), Cell::Count(origin.line)),
    ];
    if let Some(digest) = analysis.digests.get(&origin) {
        place.push(("sha256".to_owned(), Cell::Word(hex(digest))));
    }
    Cell::Record(place)
}

/// Every subject session.
pub fn report(analysis: &Analysis) -> Output {
    let table = Table {
        title: "Sessions".to_owned(),
        columns: columns(),
        rows: analysis.subjects().map(|it| row(&it, analysis)).collect(),
        empty: "No session.".to_owned(),
        ..Table::default()
    };
    Output { parts: vec![Part { path: vec!["sessions"], body: Body::Rows(table) }], ..Output::default() }
}

/// Every rejected subject session of both directions, orphans included: the monthly log.
pub fn rejections(analysis: &Analysis) -> Output {
    let rejected = analysis.subjects().filter(|it| it.outcome == Some(Outcome::Rejected) && it.is_timed());
    let mut columns = columns();
    for column in &mut columns {
        // Every row is rejected; who declined is what the log is for.
        match column.key {
            "outcome" => column.shown = Shown::OnRequest,
            "declined_by" => column.shown = Shown::Always,
            "direction" => column.shown = Shown::IfWide(3),
            _ => {}
        }
    }
    let table = Table {
        title: "Rejected calls".to_owned(),
        columns,
        rows: rejected.map(|it| row(&it, analysis)).collect(),
        empty: "No rejected call.".to_owned(),
        reading: vec![
            "Declined by: agent means that the payload says so; unknown is a rejection as reported, behind which a \
             caller who hung up can be."
                .to_owned(),
        ],
        ..Table::default()
    };
    Output { parts: vec![Part { path: vec!["rows"], body: Body::Rows(table) }], ..Output::default() }
}
