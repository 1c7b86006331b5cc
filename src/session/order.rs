//! Orders down to the last tie, by text and never by symbol, so that equal input gives equal output.

use std::cmp::Ordering;

use super::Session;
use crate::event::{Event, Origin};
use crate::text::{Sym, Texts};

/// Texts by their bytes, a missing one last.
pub fn missing_last(a: Option<Sym>, b: Option<Sym>, texts: &Texts) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Ordering::Equal,
        (Some(a), Some(b)) => texts.raw(a).cmp(texts.raw(b)),
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

/// Events of one call: by time (untimed ones last), then what they say, then everything else in
/// which two unique events of one call can differ.
pub fn events(a: &Event, b: &Event, texts: &Texts) -> Ordering {
    let time = |it: &Event| it.at.unwrap_or(i64::MAX);
    let word = |it: &Event| {
        let word = it.provider.word(it.word);
        (word.event, word.status)
    };
    time(a)
        .cmp(&time(b))
        .then_with(|| a.kind.cmp(&b.kind))
        .then_with(|| a.cause.cmp(&b.cause))
        .then_with(|| if a.word == b.word { Ordering::Equal } else { word(a).cmp(&word(b)) })
        .then_with(|| a.direction.cmp(&b.direction))
        .then_with(|| missing_last(a.customer, b.customer, texts))
        .then_with(|| missing_last(a.also, b.also, texts))
        .then_with(|| origins(a.origin, b.origin, texts))
}

/// Places in the input: by file name, line and body.
pub fn origins(a: Origin, b: Origin, texts: &Texts) -> Ordering {
    let files = if a.file == b.file { Ordering::Equal } else { texts.raw(a.file).cmp(texts.raw(b.file)) };
    files.then_with(|| (a.line, a.body).cmp(&(b.line, b.body)))
}

/// Sessions: untimed first, then by start, provider, instance, call id, customer; then by what is
/// left, so that two sessions of one instant keep their places.
pub fn sessions(a: &Session, b: &Session, texts: &Texts) -> Ordering {
    let rest = |it: &Session| (it.direction, it.outcome, it.decided_at, it.ended_at, it.rings);
    a.started_at
        .cmp(&b.started_at)
        .then_with(|| a.provider.cmp(&b.provider))
        .then_with(|| missing_last(Some(a.instance), Some(b.instance), texts))
        .then_with(|| missing_last(a.call_id, b.call_id, texts))
        .then_with(|| missing_last(a.customer, b.customer, texts))
        .then_with(|| rest(a).cmp(&rest(b)))
}
