//! Events and sessions in little memory.
//!
//! [`Event`] and [`Session`](crate::session::Session) are what the program thinks
//! in: wide plain values. A dump holds millions, of which most fields are the same as in others or
//! missing, so they are kept packed and unpacked one at a time: 36 bytes an event while reading, 40 a
//! session and 16 an event afterwards. What does not fit (a line number over 2^40, a call that lasts
//! for a month) is kept wide; nothing is cut.

mod by_customer;
mod census;
mod chunks;
mod likeness;
mod loose;
mod part;
mod rows;
mod sessions;
mod table;
#[cfg(test)]
mod tests;

pub use by_customer::{Brief, ByCustomer, ByLikeness, Told};
pub use census::Alike;
pub(crate) use census::around;
pub use likeness::Assigned;
use likeness::Likeness;
pub use loose::{Deal, Loose, Packed, Record, Shard, Shards, deal, gather};
pub use part::{Cast, Part, Shared};
pub use sessions::{Glance, Kin, Sessions};
use table::Table;

use crate::call_id::CallId;
use crate::dialects::Provider;
use crate::event::{Cause, Clock, Direction, Event, Kind, Origin};
use crate::text::Sym;

/// What many events share: everything but the call, the time, the place and rare things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Common {
    provider: Provider,
    word: u8,
    direction: Direction,
    kind: Kind,
    cause: Option<Cause>,
    clock: Clock,
    replayed: bool,
    ahead: bool,
    video: Option<bool>,
    group: Option<bool>,
    id_form: u8,
    instance: Sym,
    account: Option<Sym>,
    account_name: Option<Sym>,
    engine: Option<Sym>,
    file: Sym,
}

/// What few events have; for times and talk [`NO_TIME`] stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Rare {
    /// The number of what it has in common with others.
    common: u32,
    also: Option<Sym>,
    agent_label: Option<Sym>,
    customer_name: Option<Sym>,
    customer_ref: Option<Sym>,
    chat_ref: Option<Sym>,
    country: Option<Sym>,
    metadata: Option<Sym>,
    ended_at: i64,
    talk_ms: i64,
    received_at: i64,
}

impl Common {
    fn of(event: &Event) -> Self {
        Self {
            provider: event.provider,
            word: event.word,
            direction: event.direction,
            kind: event.kind,
            cause: event.cause,
            clock: event.clock,
            replayed: event.replayed,
            ahead: event.ahead,
            video: event.video,
            group: event.group,
            id_form: id_form(event.call_id),
            instance: event.instance,
            account: event.account,
            account_name: event.account_name,
            engine: event.engine,
            file: event.origin.file,
        }
    }
}

impl Rare {
    /// Whether an event has nothing of this.
    #[inline]
    fn is_none_of(event: &Event) -> bool {
        let texts = [
            event.also,
            event.agent_label,
            event.customer_name,
            event.customer_ref,
            event.chat_ref,
            event.country,
            event.metadata,
        ];
        let times = [event.ended_at, event.talk_ms, event.received_at];
        texts.iter().all(Option::is_none) && times.iter().all(Option::is_none)
    }

    /// The nothing of events that have nothing of this.
    fn none(common: u32) -> Self {
        Self {
            common,
            also: None,
            agent_label: None,
            customer_name: None,
            customer_ref: None,
            chat_ref: None,
            country: None,
            metadata: None,
            ended_at: NO_TIME,
            talk_ms: NO_TIME,
            received_at: NO_TIME,
        }
    }

    /// That of an event, if it fits.
    fn of(event: &Event, common: u32) -> Option<Self> {
        let time = |it: Option<i64>| match it {
            Some(NO_TIME) => None,
            it => Some(it.unwrap_or(NO_TIME)),
        };
        Some(Self {
            common,
            also: event.also,
            agent_label: event.agent_label,
            customer_name: event.customer_name,
            customer_ref: event.customer_ref,
            chat_ref: event.chat_ref,
            country: event.country,
            metadata: event.metadata,
            ended_at: time(event.ended_at)?,
            talk_ms: time(event.talk_ms)?,
            received_at: time(event.received_at)?,
        })
    }
}

/// The event that its parts make.
#[inline]
fn event(
    common: &Common,
    rare: &Rare,
    call_id: Option<CallId>,
    customer: Option<Sym>,
    at: Option<i64>,
    place: (u64, u32),
) -> Event {
    let time = |it: i64| Some(it).filter(|it| *it != NO_TIME);
    Event {
        provider: common.provider,
        word: common.word,
        direction: common.direction,
        kind: common.kind,
        cause: common.cause,
        clock: common.clock,
        replayed: common.replayed,
        ahead: common.ahead,
        video: common.video,
        group: common.group,
        instance: common.instance,
        account: common.account,
        call_id,
        customer,
        also: rare.also,
        agent_label: rare.agent_label,
        customer_name: rare.customer_name,
        account_name: common.account_name,
        customer_ref: rare.customer_ref,
        chat_ref: rare.chat_ref,
        engine: common.engine,
        country: rare.country,
        metadata: rare.metadata,
        at,
        ended_at: time(rare.ended_at),
        talk_ms: time(rare.talk_ms),
        received_at: time(rare.received_at),
        origin: Origin { file: common.file, line: place.0, body: place.1 },
    }
}

/// Forms of a [`CallId`], with none as the first.
#[inline]
pub(crate) fn id_form(id: Option<CallId>) -> u8 {
    match id {
        None => 0,
        Some(CallId::Upper(_)) => 1,
        Some(CallId::Lower(_)) => 2,
        Some(CallId::Uuid(_)) => 3,
        Some(CallId::Text(_)) => 4,
    }
}

#[inline]
fn id_bytes(id: Option<CallId>) -> [u8; 16] {
    match id {
        None => [0; 16],
        Some(CallId::Upper(it) | CallId::Lower(it) | CallId::Uuid(it)) => it,
        Some(CallId::Text(it)) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&it.number().to_le_bytes());
            bytes
        }
    }
}

#[inline]
fn id_of(form: u8, bytes: [u8; 16]) -> Option<CallId> {
    match form {
        0 => None,
        1 => Some(CallId::Upper(bytes)),
        2 => Some(CallId::Lower(bytes)),
        3 => Some(CallId::Uuid(bytes)),
        _ => {
            let [a, b, c, d, ..] = bytes;
            sym_of(u32::from_le_bytes([a, b, c, d])).map(CallId::Text)
        }
    }
}

#[inline]
fn sym_of(number: u32) -> Option<Sym> {
    Sym::of_number(number)
}

#[inline]
fn number_of(sym: Option<Sym>) -> u32 {
    sym.map_or(0, Sym::number)
}

/// Bits of a place that hold the line; those above hold the body.
const LINE_BITS: u32 = 40;

/// Line and body in one number, if they fit.
#[inline]
fn place_of(origin: Origin) -> Option<u64> {
    (origin.line < 1 << LINE_BITS && origin.body < 1 << (64 - LINE_BITS))
        .then(|| place(origin.line, origin.body))
}

#[inline]
fn place(line: u64, body: u32) -> u64 {
    line | u64::from(body) << LINE_BITS
}

#[inline]
fn line_and_body(place: u64) -> (u64, u32) {
    (place & ((1 << LINE_BITS) - 1), (place >> LINE_BITS) as u32)
}

/// A number of 64 bits in two of 32, so that records need no padding.
#[inline]
fn halves(it: u64) -> [u32; 2] {
    [it as u32, (it >> 32) as u32]
}

#[inline]
fn whole(it: [u32; 2]) -> u64 {
    u64::from(it[0]) | u64::from(it[1]) << 32
}

/// Stands for no time; no event is so early.
const NO_TIME: i64 = i64::MIN;

/// Marks the number of something rare, in place of that of something common.
const RARE: u32 = 1 << 31;
/// Marks the number of something that is kept wide.
const WIDE: u32 = 1 << 30;
