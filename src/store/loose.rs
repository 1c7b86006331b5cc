//! Events as they are read: dealt to shards by their call, so that all events of one call meet in one
//! shard whichever thread read them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::chunks::BYTES;
use super::table::Recent;
use super::{Common, RARE, Rare, Table, WIDE, event, id_bytes, id_of, number_of, place, sym_of};
use crate::call_id::CallId;
use crate::event::{Event, Origin};
use crate::memory;
use crate::text::Sym;

/// Shards of events that have call ids, and as many again of events that have none: enough that one
/// shard of a large dump fits a processor's cache.
const SHARDS: usize = 256;
/// Records that a shard asks memory for at once.
const PILE: usize = BYTES / size_of::<Record>();

/// How the events of one run are dealt; shared by its threads.
pub struct Deal {
    /// Chosen at random. Whoever sends everything to one shard all the same takes only the other threads'
    /// work away: within a shard calls are sorted, not hashed.
    seed: u64,
    commons: Table<Common>,
}

impl Default for Deal {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(0), commons: Table::default() }
    }
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    id: [u8; 16],
    when: When,
    customer: u32,
    /// The number of what it has in common with others, or that of something rare or wide.
    common: u32,
}

/// Time and place in twelve bytes: 48 bits for the time, 40 for the line, 8 for the body.
#[derive(Clone, Copy, Debug)]
struct When([u32; 3]);

impl When {
    /// Stands for no time.
    const NO_TIME: i64 = (1 << 47) - 1;
    /// Lines below this fit.
    const LINES: u64 = 1 << 40;

    #[inline]
    fn of(at: Option<i64>, origin: Origin) -> Option<Self> {
        let end = Self::NO_TIME + i64::from(at.is_none());
        let at = at.unwrap_or(Self::NO_TIME);
        let fits = (-Self::NO_TIME..end).contains(&at) && origin.line < Self::LINES && origin.body < 1 << 8;
        let at = at.cast_unsigned();
        let line = origin.line;
        let words =
            [at as u32, (at >> 32 & 0xffff | line << 16) as u32, (line >> 16) as u32 | origin.body << 24];
        fits.then_some(Self(words))
    }

    #[inline]
    fn at(self) -> Option<i64> {
        let [low, middle, _] = self.0;
        let at = (u64::from(low) | u64::from(middle) << 32) << 16;
        Some(at.cast_signed() >> 16).filter(|it| *it != Self::NO_TIME)
    }

    fn line_and_body(self) -> (u64, u32) {
        let [_, middle, high] = self.0;
        (u64::from(middle >> 16) | u64::from(high & 0xff_ffff) << 16, high >> 24)
    }
}

impl Record {
    /// Its rare things stand behind so many others.
    fn moved(self, rares: u32, wides: u32) -> Self {
        let others = match self.common {
            it if it & WIDE != 0 => wides,
            it if it & RARE != 0 => rares,
            _ => 0,
        };
        Self { common: self.common + others, ..self }
    }

    /// Whether an event has nothing rare, a call id to be dealt by, and a plausible time.
    #[inline]
    pub fn is_plain(event: &Event) -> bool {
        Rare::is_none_of(event) && event.provider.traits().call_ids && event.at.is_some() && !event.ahead
    }

    /// Such an event, if its place fits. `common` is the number of what it has in common with others.
    #[inline]
    pub fn plain(event: &Event, common: u32) -> Option<Self> {
        let record = Self::new(event.call_id, event.at, event.origin, common)?;
        Some(record.of_customer(event.customer))
    }

    /// The same, of its parts, and so far of nobody.
    #[inline]
    pub fn new(id: Option<CallId>, at: Option<i64>, origin: Origin, common: u32) -> Option<Self> {
        let when = When::of(at, origin).filter(|_| common < WIDE)?;
        Some(Self { id: id_bytes(id), when, customer: 0, common })
    }

    #[inline]
    pub(super) fn id(&self) -> [u8; 16] {
        self.id
    }

    /// The number of its customer; 0 for none.
    #[inline]
    pub fn customer(&self) -> u32 {
        self.customer
    }

    /// When it happened.
    #[inline]
    pub fn at(&self) -> Option<i64> {
        self.when.at()
    }

    /// The number of what it has in common with others, if it has nothing else.
    #[inline]
    pub fn plain_common(&self) -> Option<u32> {
        Some(self.common).filter(|it| it & (RARE | WIDE) == 0)
    }

    /// As that of a plain event.
    #[inline]
    pub(super) fn common(&self) -> u32 {
        self.common
    }

    #[inline]
    pub(super) fn place(&self) -> u64 {
        let (line, body) = self.when.line_and_body();
        place(line, body)
    }

    /// The same of somebody.
    #[inline]
    pub fn of_customer(self, customer: Option<Sym>) -> Self {
        Self { customer: number_of(customer), ..self }
    }
}

impl Deal {
    /// The number of what an event has in common with others.
    pub fn common(&self, event: &Event) -> u32 {
        self.commons.find_or_add(&Common::of(event))
    }

    /// The events of plain records, in their order.
    pub fn events(&self, records: &[Record]) -> Vec<Event> {
        let packed = Packed { commons: self.commons.values(), ..Packed::default() };
        records.iter().map(|it| packed.event(it)).collect()
    }

    #[inline]
    fn shard(&self, key: u64) -> usize {
        let mixed = (key ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 56) as usize % SHARDS
    }

    #[inline]
    fn shard_of_id(&self, id: [u8; 16]) -> usize {
        let [a, b, c, d, e, f, g, h, ..] = id;
        self.shard(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// An event that does not fit a record, with the number of what it has in common with others.
type Wide = (Event, u32);

/// The events that one thread read.
#[derive(Default)]
pub struct Loose {
    /// The records that each shard got last.
    open: Vec<Vec<Record>>,
    /// Those that it got before.
    full: Vec<Vec<Vec<Record>>>,
    rares: Vec<Rare>,
    wides: Vec<Wide>,
    recent: Recent<Common>,
    latest: Option<i64>,
    pairs: bool,
}

impl Loose {
    /// Keeps an event.
    pub fn push(&mut self, event: &Event, deal: &Deal) {
        if !event.ahead {
            self.latest = self.latest.max(event.at);
        }
        self.pairs |= event.also.is_some();
        let id = id_bytes(event.call_id);
        let shard = if event.provider.traits().call_ids {
            deal.shard_of_id(id)
        } else {
            SHARDS + deal.shard(u64::from(number_of(event.customer)))
        };
        let record = self.record(event, id, deal);
        self.keep(record, shard);
    }

    /// Keeps events that are packed already. Many at a time, since each goes to another place in memory
    /// and waits for it, and so the waits overlap.
    pub fn extend(&mut self, records: &[Record], deal: &Deal) {
        for record in records {
            self.latest = self.latest.max(record.when.at());
            self.keep(*record, deal.shard_of_id(record.id));
        }
    }

    #[inline]
    fn keep(&mut self, record: Record, shard: usize) {
        if self.open.is_empty() {
            self.open.resize_with(2 * SHARDS, Vec::new);
            self.full.resize_with(2 * SHARDS, Vec::new);
        }
        let pile = &mut self.open[shard];
        if pile.len() == pile.capacity() {
            let pile = std::mem::replace(pile, Vec::with_capacity(PILE));
            self.full[shard].push(pile);
        }
        self.open[shard].push(record);
    }

    /// What each shard got.
    fn into_shards(self) -> impl Iterator<Item = Vec<Vec<Record>>> {
        self.full.into_iter().zip(self.open).map(|(mut full, open)| {
            full.push(open);
            full.retain(|it| !it.is_empty());
            full
        })
    }

    fn record(&mut self, event: &Event, id: [u8; 16], deal: &Deal) -> Record {
        let common = Common::of(event);
        let common = deal.commons.number(&common, &mut self.recent, mix(&common));
        let when = When::of(event.at, event.origin).filter(|_| common < WIDE);
        let rare = Rare::of(event, common).filter(|_| when.is_some());
        let common = match rare {
            None => {
                memory::push(&mut self.wides, (*event, common));
                WIDE | small(self.wides.len() - 1)
            }
            Some(_) if Rare::is_none_of(event) => common,
            Some(rare) => {
                memory::push(&mut self.rares, rare);
                RARE | small(self.rares.len() - 1)
            }
        };
        let when = when.unwrap_or(When([0; 3]));
        Record { id, when, customer: number_of(event.customer), common }
    }
}

/// A number that leaves room for marks.
fn small(number: usize) -> u32 {
    let small = u32::try_from(number).ok().filter(|it| it & (RARE | WIDE) == 0);
    small.expect("fewer rare events than a thousand million")
}

/// Tells commons apart well enough for finding them again; not against malice.
pub(super) fn mix(common: &Common) -> u32 {
    common.instance.number().wrapping_mul(0x9e37_79b1)
        ^ common.file.number().wrapping_mul(0x85eb_ca6b)
        ^ (common.kind as u32) << 3
        ^ u32::from(common.word)
        ^ common.cause.map_or(0, |it| (it as u32 + 1) << 5)
        ^ u32::from(common.video == Some(true)) << 8
        ^ number_of(common.account_name).wrapping_mul(0xc2b2_ae35)
}

/// The events of a whole run, by shards.
#[derive(Default)]
pub struct Shards {
    /// Those whose providers have call ids.
    pub with_ids: Vec<Shard>,
    /// The others.
    pub without: Vec<Shard>,
    /// What their records refer to.
    pub packed: Packed,
    /// The latest time of an event that is not ahead of its capture.
    pub latest: Option<i64>,
    /// Whether any payload shows two identities of one party.
    pub pairs: bool,
}

/// What records refer to.
#[derive(Default)]
pub struct Packed {
    pub(super) commons: Vec<Common>,
    /// The same number for records of one provider and line whose ids are of one form.
    lines: Vec<u32>,
    /// The same number for records of one provider and line.
    instances: Vec<u32>,
    pub(super) rares: Vec<Rare>,
    wides: Vec<Wide>,
}

/// The records of one shard, as several threads left them.
#[derive(Default)]
pub struct Shard {
    piles: Vec<(u32, u32, Vec<Vec<Record>>)>,
}

/// Brings together what the threads read.
pub fn gather(loose: Vec<Loose>, deal: Deal) -> Shards {
    let mut shards = Shards::default();
    shards.with_ids.resize_with(SHARDS, Shard::default);
    shards.without.resize_with(SHARDS, Shard::default);
    let packed = &mut shards.packed;
    packed.commons = deal.commons.into_values();
    let (mut lines, mut instances) = (HashMap::new(), HashMap::new());
    for common in &packed.commons {
        let instance = (common.provider, common.instance);
        let (next, next_line) = (instances.len() as u32, lines.len() as u32);
        packed.instances.push(*instances.entry(instance).or_insert(next));
        packed.lines.push(*lines.entry((instance, common.id_form)).or_insert(next_line));
    }
    for mut part in loose {
        shards.latest = shards.latest.max(part.latest);
        shards.pairs |= part.pairs;
        let (rares, wides) = (small(packed.rares.len()), small(packed.wides.len()));
        memory::reserve(&mut packed.rares, part.rares.len());
        packed.rares.append(&mut part.rares);
        memory::reserve(&mut packed.wides, part.wides.len());
        packed.wides.append(&mut part.wides);
        let all = shards.with_ids.iter_mut().chain(&mut shards.without);
        for (shard, piles) in all.zip(part.into_shards()).filter(|(_, it)| !it.is_empty()) {
            shard.piles.push((rares, wides, piles));
        }
    }
    packed.rares.shrink_to_fit();
    shards
}

impl Shard {
    /// How many events it holds.
    fn len(&self) -> usize {
        self.piles.iter().flat_map(|it| &it.2).map(Vec::len).sum()
    }

    /// The same in one row; each pile is freed as it is taken.
    fn into_row(self) -> Vec<Record> {
        let mut row = memory::room_for(self.len());
        for (rares, wides, piles) in self.piles {
            for pile in piles {
                if rares == 0 && wides == 0 {
                    row.extend_from_slice(&pile);
                } else {
                    row.extend(pile.into_iter().map(|it| it.moved(rares, wides)));
                }
            }
        }
        row
    }

    /// Its records; those of one call or one customer in no order that means anything.
    pub fn records(self) -> impl Iterator<Item = Record> {
        self.piles.into_iter().flat_map(|(rares, wides, piles)| {
            piles.into_iter().flatten().map(move |it| it.moved(rares, wides))
        })
    }
}

impl Packed {
    /// What a record has in common with others.
    #[inline]
    fn common(&self, record: &Record) -> u32 {
        let number = record.common & !(RARE | WIDE);
        match record.common {
            it if it & WIDE != 0 => self.wides[number as usize].1,
            it if it & RARE != 0 => self.rares[number as usize].common,
            it => it,
        }
    }

    #[inline]
    fn line(&self, record: &Record) -> u32 {
        self.lines[self.common(record) as usize]
    }

    fn instance(&self, record: &Record) -> u32 {
        self.instances[self.common(record) as usize]
    }

    /// The event of a record.
    pub fn event(&self, record: &Record) -> Event {
        let number = record.common & !(RARE | WIDE);
        if record.common & WIDE != 0 {
            return self.wides[number as usize].0;
        }
        let rare = if record.common & RARE == 0 { Rare::none(number) } else { self.rares[number as usize] };
        let common = &self.commons[rare.common as usize];
        event(
            common,
            &rare,
            id_of(common.id_form, record.id),
            sym_of(record.customer),
            record.when.at(),
            record.when.line_and_body(),
        )
    }

    /// The number of the rare things of one of these records that are just these, if any has them.
    pub(super) fn same_rare(&self, records: &[Record], rare: &Rare) -> Option<u32> {
        let kept = |it: &&Record| it.common & RARE != 0;
        // A call is a few records; of more, not all are worth looking at.
        let mut numbers = records.iter().take(8).filter(kept).map(|it| it.common & !RARE);
        numbers.find(|it| self.rares[*it as usize] == *rare)
    }

    /// The records of a shard, those of one call side by side; in no order that means anything.
    pub fn calls(&self, shard: Shard) -> Vec<Record> {
        let key = |it: &Record| {
            let [a, b, c, d, e, f, g, h, ..] = it.id;
            u64::from_le_bytes([a, b, c, d, e, f, g, h])
        };
        self.grouped(shard, key, |it| (it.id, self.line(it)))
    }

    /// The records of a shard, those of one customer on one line side by side.
    pub fn callers(&self, shard: Shard) -> Vec<Record> {
        // Some have ids, which group nothing.
        let customer = |it: &Record| u128::from(it.customer).to_le_bytes();
        self.grouped(shard, |it| u64::from(it.customer), |it| (customer(it), self.instance(it)))
    }

    /// Brings records of one whole together, of which the key is a part.
    fn grouped(
        &self,
        shard: Shard,
        key: impl Fn(&Record) -> u64,
        whole: impl Fn(&Record) -> ([u8; 16], u32),
    ) -> Vec<Record> {
        let records = shard.into_row();
        // Numbers are sorted without a branch, which pairs are not: as much of the key as fits, and the place.
        let places = (1_u64 << (u64::BITS - (records.len() as u64).leading_zeros())) - 1;
        let mut keys: Vec<u64> = memory::room_for(records.len());
        let mixed = |it: &Record| key(it).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        keys.extend(records.iter().zip(0..).map(|(it, place)| mixed(it) & !places | place));
        keys.sort_unstable();
        let record = |it: &u64| &records[(*it & places) as usize];
        let whole = |it: &u64| whole(record(it));
        for same in keys.chunk_by_mut(|a, b| *a & !places == *b & !places) {
            // Keys that are equal by chance or malice stand for several calls.
            if same.len() > 1 && same[1..].iter().any(|it| whole(it) != whole(&same[0])) {
                same.sort_unstable_by_key(whole);
            }
        }
        let mut grouped = memory::room_for(records.len());
        grouped.extend(keys.iter().map(|it| *record(it)));
        grouped
    }

    /// Whether two records are of one call.
    #[inline]
    pub fn are_of_one_call(&self, a: &Record, b: &Record) -> bool {
        a.id == b.id && self.line(a) == self.line(b)
    }

    /// Whether two records are of one customer on one line.
    pub fn are_of_one_caller(&self, a: &Record, b: &Record) -> bool {
        a.customer == b.customer && self.instance(a) == self.instance(b)
    }

    /// Puts the events of records into `events`, and nothing else.
    pub fn unpack(&self, records: &[Record], events: &mut Vec<Event>) {
        events.clear();
        memory::reserve(events, records.len());
        // For bringing them into order afterwards.
        memory::expect_room_for::<Event>(records.len() / 2);
        events.extend(records.iter().map(|it| self.event(it)));
    }

    /// Looks at each event of shards.
    pub fn each(&self, shards: &[Shard], mut look: impl FnMut(Event)) {
        let piles = shards.iter().flat_map(|it| &it.piles);
        for (rares, wides, piles) in piles {
            for record in piles.iter().flatten() {
                look(self.event(&record.moved(*rares, *wides)));
            }
        }
    }

    /// Deals events again by their customers, which `resolve` may have changed.
    pub fn deal_again(&mut self, shards: Vec<Shard>, resolve: impl Fn(&mut Event)) -> Vec<Shard> {
        let mut dealt: Vec<Vec<Record>> = Vec::new();
        dealt.resize_with(shards.len(), Vec::new);
        for mut record in shards.into_iter().flat_map(Shard::records) {
            let mut event = self.event(&record);
            resolve(&mut event);
            if record.common & WIDE != 0 {
                self.wides[(record.common & !WIDE) as usize].0 = event;
            }
            record.customer = number_of(event.customer);
            let shard = record.customer as usize % dealt.len();
            memory::push(&mut dealt[shard], record);
        }
        dealt.into_iter().map(|it| Shard { piles: vec![(0, 0, vec![it])] }).collect()
    }
}

impl Shards {
    /// Every event, in no order that means anything.
    pub fn into_events(self) -> Vec<Event> {
        let Self { with_ids, without, packed, .. } = self;
        let shards = with_ids.into_iter().chain(without);
        shards.flat_map(Shard::records).map(|it| packed.event(&it)).collect()
    }
}

/// Deals events that are at hand.
pub fn deal(events: &[Event]) -> Shards {
    let (mut loose, deal) = (Loose::default(), Deal::default());
    for event in events {
        loose.push(event, &deal);
    }
    gather(vec![loose], deal)
}
