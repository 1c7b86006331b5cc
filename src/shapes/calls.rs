//! A call event from the variable values of a line whose shape and remembered values are known.
//!
//! What the dialect decided is taken from an event that the plain reader made of a line with the same
//! constants and the same remembered values; what differs is read by the same functions. Anything
//! out of the ordinary is left to the plain reader.

use std::cell::Cell;

use crate::call_id::CallId;
use crate::dialects::Provider;
use crate::dialects::support;
use crate::event::{Clock, Event, Kind, Origin};
use crate::identity::{self, Party};
use crate::json::Raw;
use crate::lanes;
use crate::store::{self, Record};
use crate::text::{Number, Sym};
use crate::time::{self, MINUTE};

use super::learn::{Learnt, ROLES, Role};
use super::parties::{Parties, Spelling};
use super::tree::Values;
use super::{Hit, Run};

/// Sets of remembered values that one shape knows at once, at most.
const MOST_ENTRIES: usize = 1 << 10;
/// Places where one set may stand.
const SLOTS: usize = 4;

/// The value is not of the plain kind that is read here.
pub struct Unfit;

type Read<T> = Result<T, Unfit>;

/// Which dialect's rules combine the values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    Wawp,
    DoubleTick,
    Wazzap,
    TimelinesAi,
}

/// The shape of a call event's line.
pub struct CallShape {
    rules: Rules,
    numbers: u64,
    /// The place of the value of each role; 255 for none.
    places: [u8; ROLES],
    /// The places of the values that are looked up.
    remembered: Vec<u8>,
    /// The places of the values of which it is looked up whether there is one.
    optional: Vec<u8>,
    /// As many as a power of two, or none.
    entries: Vec<Option<Box<Entry>>>,
}

/// Eight bytes of values that are looked up: all of theirs, of which the last of a value may overlap those before, and
/// then their lengths, so that they tell the values apart from any others.
pub type Word = u64;

/// Bytes of a word.
const WORD: u32 = size_of::<Word>() as u32;
/// Lengths of values in one word.
const LENGTHS: usize = 4;
/// Longer values are not looked up.
const LONGEST: u32 = u16::MAX as u32;

/// Where what is looked up stands in lines of one layout.
pub struct Picks {
    words: Box<[Pick]>,
    present: u64,
}

/// Where one word is.
struct Pick {
    at: u32,
    /// What is not of its value is taken out of eight bytes, and what is the same in all lines put in.
    keep: Word,
    put: Word,
}

impl Pick {
    /// How many bytes of a value it holds.
    #[inline]
    fn length(&self) -> usize {
        (self.keep.trailing_ones() / 8) as usize
    }
}

/// What the plain reader made of one set of remembered values.
struct Entry {
    words: Box<[Word]>,
    present: u64,
    event: Event,
    /// The line's own identities, which are nobody's customers.
    own: Box<[Sym]>,
    /// Those of them that are numbers.
    own_numbers: Box<[Number]>,
    /// Whether such an event has nothing rare but what its own values bring.
    is_plain: bool,
    /// The number of what such events have in common, and what else it depends on.
    common: Cell<Option<(Varying, u32)>>,
}

/// What may differ between events of one entry among what events have in common.
type Varying = (Sym, Clock, bool, u8);

impl Entry {
    /// An event of this entry in packed form, if it has nothing rare.
    #[inline]
    fn packed(&self, event: &Event, run: Run<'_>) -> Option<Record> {
        if !Record::is_plain(event) {
            return None;
        }
        let varying = (event.origin.file, event.clock, event.replayed, store::id_form(event.call_id));
        Record::plain(event, self.common(varying, run, || *event))
    }

    /// The number of what such events have in common; `event` is one of them.
    #[inline]
    fn common(&self, varying: Varying, run: Run<'_>, event: impl FnOnce() -> Event) -> u32 {
        match self.common.get() {
            Some((known, common)) if known == varying => common,
            _ => {
                let common = run.deal.common(&event());
                self.common.set(Some((varying, common)));
                common
            }
        }
    }
}

/// What reading needs besides the line.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    pub run: Run<'c>,
    pub parties: &'c Parties,
    pub origin: Origin,
}

/// The line and where its values stand.
#[derive(Clone, Copy)]
pub struct Line<'l> {
    pub bytes: &'l [u8],
    pub values: &'l Values,
    /// Where to look, if the line has a known layout, and that can be said of it.
    pub picks: Option<&'l Picks>,
}

impl<'l> Line<'l> {
    #[inline]
    fn value(self, place: u8) -> &'l [u8] {
        let (start, end) = self.values.at[usize::from(place)];
        &self.bytes[start as usize..end as usize]
    }

    #[inline]
    fn is_escaped(self, place: u8) -> bool {
        self.values.escaped >> place & 1 == 1
    }
}

impl CallShape {
    /// The shape of a provider's call event.
    pub fn new(learnt: &Learnt, provider: Provider) -> Option<Self> {
        let rules = match provider.name() {
            "wawp" => Rules::Wawp,
            "doubletick" => Rules::DoubleTick,
            "wazzap" => Rules::Wazzap,
            "timelinesai" => Rules::TimelinesAi,
            _ => return None,
        };
        let mut res = Self {
            rules,
            numbers: learnt.numbers,
            places: [u8::MAX; ROLES],
            remembered: Vec::new(),
            optional: Vec::new(),
            entries: Vec::new(),
        };
        for (place, &role) in learnt.roles.iter().enumerate() {
            match role {
                Role::Ignored => continue,
                Role::Remembered | Role::RejectedBy => res.remembered.push(place as u8),
                _ => res.optional.push(place as u8),
            }
            res.places[role as usize] = place as u8;
        }
        // Who else may be the customer is not worked out here.
        let others = [Role::Creator1, Role::Creator2, Role::Creator3, Role::CalledParty];
        let needs_customer = match rules {
            Rules::Wawp => others.into_iter().any(|it| res.place(it).is_some()),
            Rules::Wazzap | Rules::TimelinesAi => true,
            Rules::DoubleTick => false,
        };
        if needs_customer && res.place(Role::Customer).is_none() {
            return None;
        }
        Some(res)
    }

    #[inline]
    fn place(&self, role: Role) -> Option<u8> {
        Some(self.places[role as usize]).filter(|it| *it != u8::MAX)
    }

    /// One bit for each optional value that is one: neither empty nor 0.
    #[inline]
    fn present(&self, line: Line<'_>) -> u64 {
        if let Some(picks) = line.picks {
            return picks.present;
        }
        let has_value = |place: u8| !matches!(line.value(place), b"" | b"0");
        self.optional.iter().map(|&it| u64::from(has_value(it)) << it).fold(0, |all, it| all | it)
    }

    /// Puts what is looked up of a line's remembered values into `words`; whether that can be done.
    #[inline]
    fn words(&self, line: Line<'_>, words: &mut Vec<Word>) -> bool {
        words.clear();
        if let Some(Picks { words: picks, .. }) = line.picks {
            words.extend(picks.iter().map(|it| lanes::eight(line.bytes, it.at as usize) & it.keep | it.put));
            return true;
        }
        let mut picked = true;
        self.pick(line, |it| match it {
            Some(it) => words.push(lanes::word(line.bytes, it.at as usize, it.length()) | it.put),
            None => picked = false,
        });
        picked
    }

    /// Where what is looked up of the line stands; nothing instead of a value that is too long.
    #[inline]
    fn pick(&self, line: Line<'_>, mut take: impl FnMut(Option<Pick>)) {
        let mut lengths = 0;
        for (number, &place) in self.remembered.iter().enumerate() {
            let (start, end) = line.values.at[usize::from(place)];
            let length = end - start;
            let bytes = |at, count: u32| Some(Pick { at, keep: Word::MAX >> (64 - 8 * count), put: 0 });
            match length {
                0 => {}
                1..=WORD => take(bytes(start, length)),
                _ if length > LONGEST => take(None),
                _ => {
                    let whole = (start..end - WORD).step_by(WORD as usize);
                    whole.chain([end - WORD]).for_each(|it| take(bytes(it, WORD)));
                }
            }
            lengths = lengths << (64 / LENGTHS) | Word::from(length);
            if number % LENGTHS == LENGTHS - 1 {
                take(Some(Pick { at: 0, keep: 0, put: lengths }));
            }
        }
        take(Some(Pick { at: 0, keep: 0, put: lengths }));
    }

    /// Where to look in all lines that have the layout of this one, which is so long; nothing if that differs, a value is
    /// too long, or eight bytes from its place would reach behind the line.
    pub fn picks(&self, line: Line<'_>, length: usize) -> Option<Picks> {
        let mut words = Vec::new();
        let mut fits = true;
        self.pick(line, |it| match it.filter(|it| it.at as usize + WORD as usize <= length) {
            Some(it) => words.push(it),
            None => fits = false,
        });
        // Whether one digit is a 0 is not the same in all.
        let may_be_none = |place: &u8| line.value(*place).len() == 1;
        let fits = fits && !self.optional.iter().any(may_be_none);
        fits.then(|| Picks { words: words.into(), present: self.present(line) })
    }

    /// The places where the entry of these values may stand; there must be room for some. The hash need not withstand
    /// anybody: the worst is that all are taken, and the plain reader reads the line.
    #[inline]
    fn slots(&self, words: &[Word], present: u64) -> impl Iterator<Item = usize> + use<> {
        // Each product stands alone, so that none waits for another.
        let product = |[a, b]: [Word; 2]| {
            let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xff51_afd7_ed55_8ccd);
            product as u64 ^ (product >> 64) as u64
        };
        let (pairs, rest) = words.as_chunks();
        let rest = rest.first().map_or(0, |it| product([*it, 0]));
        let hash = pairs.iter().fold(present ^ rest, |hash, it| hash.rotate_left(9) ^ product(*it));
        let first = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize;
        let last = self.entries.len() - 1;
        (first..first + SLOTS).map(move |it| it & last)
    }

    #[inline]
    fn entry(&self, line: Line<'_>, present: u64, words: &mut Vec<Word>) -> Option<&Entry> {
        if self.entries.is_empty() {
            return None;
        }
        if !self.words(line, words) {
            return None;
        }
        let mut known = self.slots(words, present).map_while(|it| self.entries[it].as_deref());
        known.find(|it| it.present == present && it.words[..] == words[..])
    }

    /// The event of a line; `None` if its remembered values are not known.
    #[inline]
    pub fn read(&self, line: Line<'_>, context: Context<'_>, words: &mut Vec<Word>) -> Option<Read<Hit>> {
        let entry = self.entry(line, self.present(line), words)?;
        let call = Call { shape: self, line, context };
        if let Some(hit) = call.quick(entry) {
            return Some(Ok(hit));
        }
        let event = call.event(entry);
        Some(event.map(|it| entry.packed(&it, context.run).map_or(Hit::Call(it), Hit::Packed)))
    }

    /// Remembers what the plain reader made of a line's values. Whether there is one more entry now.
    pub fn remember(&mut self, line: Line<'_>, body: Raw<'_>, event: &Event, context: Context<'_>) -> bool {
        let present = self.present(line);
        let mut words = Vec::new();
        if !self.words(line, &mut words) {
            return false;
        }
        let own = if self.rules == Rules::Wawp { own(body, context) } else { Vec::new() };
        let entry = Entry {
            words: words[..].into(),
            present,
            event: *event,
            common: Cell::new(None),
            own_numbers: own.iter().filter_map(|it| Number::of_text(it)).collect(),
            own: own.iter().map(|it| context.run.texts.intern(it)).collect(),
            is_plain: Record::is_plain(&Event { also: None, ..*event }),
        };
        // The proof of the pudding: the same event comes out for the line that it was learnt from.
        let again = Call { shape: self, line, context }.event(&entry);
        if !again.is_ok_and(|it| it == *event) {
            return false;
        }
        if self.entries.is_empty() {
            self.entries.resize_with(16, || None);
        }
        let place = loop {
            match self.slots(&words, present).find(|it| self.entries[*it].is_none()) {
                Some(free) => break free,
                None if self.entries.len() < MOST_ENTRIES => self.grow(),
                None => break self.slots(&words, present).next().unwrap_or_default(),
            }
        };
        self.entries[place].replace(Box::new(entry)).is_none()
    }

    /// Makes room, and forgets what is known: it comes back soon.
    fn grow(&mut self) {
        let size = self.entries.len() * 4;
        self.entries.clear();
        self.entries.resize_with(size, || None);
    }
}

/// The identities of Wawp's own line as they are compared.
fn own(body: Raw<'_>, context: Context<'_>) -> Vec<String> {
    let ids = body.get("me").map_or([None; 3], |it| it.pick(&["id", "lid", "jid"]));
    let text = |it| support::optional(it, "me").ok().flatten();
    let spelt = |it: &str| identity::canonical(it, context.run.options.fold).person();
    ids.into_iter().filter_map(|it| spelt(&text(it)?)).collect()
}

struct Call<'v> {
    shape: &'v CallShape,
    line: Line<'v>,
    context: Context<'v>,
}

impl<'v> Call<'v> {
    /// The packed event of a line of the plainest kind, whose customer is a number, or nobody; nothing of
    /// any other. It is what [`Call::event`] makes, without making it.
    #[inline]
    fn quick(&self, entry: &Entry) -> Option<Hit> {
        const NO_ROLE: [Role; 5] =
            [Role::Received, Role::CalledParty, Role::Creator1, Role::Creator2, Role::Creator3];
        let shape = self.shape;
        let is_plain = entry.is_plain && shape.rules == Rules::Wawp;
        if !is_plain || NO_ROLE.into_iter().any(|it| shape.place(it).is_some()) {
            return None;
        }
        let id = match shape.place(Role::CallId) {
            None => entry.event.call_id,
            Some(it) => match CallId::compact(self.line.value(it)) {
                None => Some(self.call_id(self.exact(Role::CallId).ok()??)),
                compact => compact,
            },
        };
        let number = match shape.place(Role::Customer) {
            None => None,
            Some(it) => Some(identity::plain_number(self.line.value(it), self.context.run.options.fold)?),
        };
        if number.is_some_and(|it| entry.own_numbers.contains(&it)) {
            return None;
        }
        let (at, replayed) = self.wawp_time().ok()?;
        let origin = self.context.origin;
        let clock = Clock::Provider;
        let varying = (origin.file, clock, replayed, store::id_form(id));
        let event = || Event { origin, clock, replayed, ahead: false, call_id: id, at, ..entry.event };
        let common = entry.common(varying, self.context.run, event);
        let record = Record::new(id, Some(at?), origin, common)?;
        Some(match number {
            Some(it) => Hit::Of(record, it),
            None => Hit::Packed(record.of_customer(entry.event.customer)),
        })
    }

    /// When a Wawp event happened, and whether it is a replay.
    #[inline]
    fn wawp_time(&self) -> Read<(Option<i64>, bool)> {
        let sent = self.time(Role::At)?;
        let happened = self.time(Role::Happened)?;
        let replayed = matches!((sent, happened), (Some(sent), Some(happened)) if happened < sent - MINUTE);
        Ok((if replayed { happened } else { sent.or(happened) }, replayed))
    }

    #[inline]
    fn event(&self, entry: &Entry) -> Read<Event> {
        let mut event = entry.event;
        event.origin = self.context.origin;
        if self.shape.place(Role::Received).is_some() {
            event.received_at = Some(self.time(Role::Received)?.ok_or(Unfit)?);
        }
        if self.shape.place(Role::CallId).is_some() {
            event.call_id = Some(self.call_id(self.exact(Role::CallId)?.ok_or(Unfit)?));
        }
        match self.shape.rules {
            Rules::Wawp => self.wawp(&mut event, entry)?,
            Rules::DoubleTick => self.doubletick(&mut event)?,
            Rules::Wazzap => {
                event.customer = Some(self.party(Role::Customer)?.ok_or(Unfit)?.0);
                support::set_time(&mut event, Some(self.time(Role::At)?.ok_or(Unfit)?));
            }
            Rules::TimelinesAi => {
                event.customer = Some(self.party(Role::Customer)?.ok_or(Unfit)?.0);
                event.customer_name = self.name(Role::CustomerName)?;
                event.chat_ref = self.exact(Role::ChatRef)?.map(|it| self.context.run.texts.intern(it));
                support::set_time(&mut event, Some(self.time(Role::At)?.ok_or(Unfit)?));
                self.talk(&mut event)?;
            }
        }
        Ok(event)
    }

    #[inline]
    fn wawp(&self, event: &mut Event, entry: &Entry) -> Read<()> {
        let (at, replayed) = self.wawp_time()?;
        event.replayed = replayed;
        support::set_time(event, at);
        if self.shape.place(Role::Customer).is_none() {
            return Ok(());
        }
        let (customer, spelling) = self.party(Role::Customer)?.ok_or(Unfit)?;
        if entry.own.contains(&customer) {
            return Err(Unfit);
        }
        self.exact(Role::CalledParty)?;
        let mut number = None;
        let mut hidden = None;
        for role in [Role::Creator1, Role::Creator2, Role::Creator3] {
            if let Some((it, spelling)) = self.party(role)? {
                if entry.own.contains(&it) {
                    return Err(Unfit);
                }
                match spelling {
                    Spelling::Number => number = number.or(Some(it)),
                    Spelling::Hidden => hidden = hidden.or(Some(it)),
                    Spelling::Other => {}
                }
            }
        }
        event.customer = Some(customer);
        event.also = match spelling {
            Spelling::Hidden => number,
            Spelling::Number => hidden,
            Spelling::Other => None,
        };
        Ok(())
    }

    fn doubletick(&self, event: &mut Event) -> Read<()> {
        let started = self.time(Role::Started)?;
        let ended = self.time(Role::Ended)?;
        // Whether there is a pick-up time or talk time is part of what the entry was looked up by.
        let at = match (event.kind, event.cause) {
            (_, Some(crate::event::Cause::Failed)) => ended,
            (Kind::Offered | Kind::Skipped, _) => None,
            (Kind::Accepted, _) if self.is_accept(event) => started,
            (Kind::Accepted, _) => {
                event.ended_at = ended;
                started.or(ended)
            }
            (Kind::Rejected | Kind::Missed, _) => ended,
        };
        if event.kind != Kind::Skipped {
            support::set_time(event, at);
        }
        self.talk(event)?;
        if self.shape.place(Role::RejectedBy).is_some_and(|it| !self.line.value(it).is_empty())
            && event.direction == crate::event::Direction::Outgoing
        {
            // Whether that is an agent depends on the customer.
            return Err(Unfit);
        }
        event.customer = self.party(Role::Customer)?.map(|it| it.0);
        event.customer_name = self.name(Role::CustomerName)?;
        event.customer_ref = self.exact(Role::CustomerRef)?.map(|it| self.context.run.texts.intern(it));
        event.chat_ref = self.exact(Role::ChatRef)?.map(|it| self.context.run.texts.intern(it));
        Ok(())
    }

    fn is_accept(&self, event: &Event) -> bool {
        event.provider.word(event.word).event == "CALL_ACCEPTED"
    }

    /// The one place where a call id gets its key.
    #[inline]
    fn call_id(&self, text: &str) -> CallId {
        CallId::of(text, |it| self.context.run.texts.intern(it))
    }

    #[inline]
    fn is_number(&self, place: u8) -> bool {
        self.shape.numbers >> place & 1 == 1
    }

    /// Text that must be exact, or an integer, which stands for its digits.
    #[inline]
    fn exact(&self, role: Role) -> Read<Option<&'v str>> {
        let Some(place) = self.shape.place(role) else { return Ok(None) };
        let value = self.line.value(place);
        if self.is_number(place) {
            if !value.iter().all(|it| it.is_ascii_digit()) {
                return Err(Unfit);
            }
        } else {
            let [first, .., last] = value else {
                return if value.is_empty() { Ok(None) } else { Err(Unfit) };
            };
            if *first == b' ' || *last == b' ' || self.line.is_escaped(place) {
                return Err(Unfit);
            }
            if !value.iter().fold(true, |all, it| all & (0x20..0x7f).contains(it)) {
                return Err(Unfit);
            }
        }
        std::str::from_utf8(value).map(Some).map_err(|_| Unfit)
    }

    /// A name.
    #[inline]
    fn name(&self, role: Role) -> Read<Option<Sym>> {
        let Some(place) = self.shape.place(role) else { return Ok(None) };
        let value = self.line.value(place);
        if value.is_empty() {
            return Ok(None);
        }
        if self.is_number(place) || self.line.is_escaped(place) {
            return Err(Unfit);
        }
        let text = std::str::from_utf8(value).map_err(|_| Unfit)?;
        if text.trim().len() != text.len() {
            return Err(Unfit);
        }
        Ok(Some(self.context.run.texts.intern(text)))
    }

    /// A time that can be read; an empty string and 0 are no value.
    #[inline]
    fn time(&self, role: Role) -> Read<Option<i64>> {
        let Some(place) = self.shape.place(role) else { return Ok(None) };
        let value = self.line.value(place);
        if value.is_empty() {
            return Ok(None);
        }
        if self.is_number(place)
            && let Some(it) = time::read_plain(value)
        {
            return Ok(Some(it));
        }
        if self.line.is_escaped(place) || !value.is_ascii() {
            return Err(Unfit);
        }
        let text = std::str::from_utf8(value).map_err(|_| Unfit)?;
        let read = if self.is_number(place) {
            time::read_number(text)
        } else {
            time::read_text(text, &self.context.run.options.naive_zone)
        };
        match read {
            Ok(Some(it)) => Ok(Some(it)),
            // What is no value in any other spelling was not looked up as none.
            Ok(None) if value == b"0" => Ok(None),
            _ => Err(Unfit),
        }
    }

    /// Seconds of talk.
    #[inline]
    fn talk(&self, event: &mut Event) -> Read<()> {
        let Some(place) = self.shape.place(Role::Talk) else { return Ok(()) };
        if !self.is_number(place) {
            return Ok(());
        }
        let value = self.line.value(place);
        if value.len() > 9 || !value.iter().all(u8::is_ascii_digit) {
            return Err(Unfit);
        }
        if event.kind == Kind::Accepted {
            let seconds = value.iter().fold(0, |all, &it| all * 10 + i64::from(it - b'0'));
            event.talk_ms = Some(seconds * 1000).filter(|it| *it > 0);
        }
        Ok(())
    }

    /// A party that is no group.
    #[inline]
    fn party(&self, role: Role) -> Read<Option<(Sym, Spelling)>> {
        let Some(place) = self.shape.place(role) else { return Ok(None) };
        if let Some(number) = identity::plain_number(self.line.value(place), self.context.run.options.fold) {
            return Ok(Some((self.context.parties.number(number, self.context.run.texts), Spelling::Number)));
        }
        let Some(text) = self.exact(role)? else { return Ok(None) };
        let read = || match identity::canonical(text, self.context.run.options.fold) {
            Party::Person(it) => {
                let spelling = if identity::is_number(&it) {
                    Spelling::Number
                } else if identity::is_hidden(&it) {
                    Spelling::Hidden
                } else {
                    Spelling::Other
                };
                Some((self.context.run.texts.intern(&it), spelling))
            }
            Party::Group => None,
        };
        self.context.parties.get(text, read).map(Some).ok_or(Unfit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a line that holds these values, found value by value and where its layout has them.
    fn words(values: &[String]) -> [Option<Vec<Word>>; 2] {
        let mut text = "{".to_owned();
        let mut places = Values::default();
        for (number, it) in values.iter().enumerate() {
            text.push_str("\"key\":\"");
            places.at[number] = (text.len() as u32, (text.len() + it.len()) as u32);
            text.push_str(&format!("{it}\","));
        }
        text.push_str("\"end\":0}\n");
        places.count = values.len();
        let shape = CallShape {
            rules: Rules::Wawp,
            numbers: 0,
            places: [u8::MAX; ROLES],
            remembered: (0..values.len() as u8).collect(),
            optional: Vec::new(),
            entries: Vec::new(),
        };
        let line = Line { bytes: text.as_bytes(), values: &places, picks: None };
        let picks = shape.picks(line, text.len());
        let found = |line| {
            let mut words = vec![1, 2, 3];
            shape.words(line, &mut words).then_some(words)
        };
        let picked = picks.as_ref().and_then(|it| found(Line { picks: Some(it), ..line }));
        [found(line), picked]
    }

    #[test]
    fn words_are_the_same_from_a_layout_and_tell_all_values_apart() {
        let mut known = std::collections::HashMap::new();
        for count in 0..=9 {
            for length in 0..=40 {
                let values = vec!["x".repeat(length); count];
                let mut changed = vec![values.clone()];
                for place in 0..count {
                    for at in 0..length {
                        let mut other = values.clone();
                        other[place].replace_range(at..=at, "y");
                        changed.push(other);
                    }
                    let mut longer = values.clone();
                    longer[place].push('x');
                    changed.push(longer);
                }
                for values in changed {
                    let [found, picked] = words(&values);
                    assert_eq!(found, picked, "{values:?}");
                    let before = known.insert((count, found), values.clone());
                    assert!(before.as_ref().is_none_or(|it| *it == values), "{before:?} and {values:?}");
                }
            }
        }
    }

    #[test]
    fn values_that_are_too_long_are_not_looked_up() {
        let long = |length: u32| words(&["a".to_owned(), "x".repeat(length as usize)]);
        assert!(long(LONGEST).iter().all(Option::is_some));
        assert_eq!(long(LONGEST + 1), [None, None]);
    }
}
