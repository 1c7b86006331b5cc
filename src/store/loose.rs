//! Events as they are read: dealt to shards by their call, so that all events of one call meet in one
//! shard whichever thread read them.

use std::hash::{BuildHasher, RandomState};

use super::table::Recent;
use super::{
    Common, NO_TIME, Rare, Table, WIDE, event, halves, id_bytes, id_of, line_and_body, number_of, place_of,
    sym_of, whole,
};
use crate::event::Event;

/// Shards of events that have call ids, and as many again of events that have none: enough that one
/// shard of a large dump fits a processor's cache.
const SHARDS: usize = 256;
/// Records that a shard asks memory for at once.
const PILE: usize = 128;

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
    at: [u32; 2],
    place: [u32; 2],
    customer: u32,
    common: u32,
    /// 0 for none, else one more than a place among the rare or wide ones.
    rare: u32,
}

impl Record {
    /// Its rare things stand behind so many others.
    fn moved(self, rares: u32, wides: u32) -> Self {
        let rare = match self.rare {
            0 => 0,
            it if it & WIDE != 0 => it + wides,
            it => it + rares,
        };
        Self { rare, ..self }
    }
}

impl Record {
    /// An event that has nothing rare, if it is one: with a call id to be dealt by and a plausible time.
    /// `common` is the number of what it has in common with others.
    #[inline]
    pub fn plain(event: &Event, common: u32) -> Option<Self> {
        let at = event.at.filter(|it| *it != NO_TIME && !event.ahead)?;
        let place = place_of(event.origin)?;
        let plain = Rare::is_none_of(event) && event.provider.traits().call_ids;
        plain.then(|| Self {
            id: id_bytes(event.call_id),
            at: halves(at.cast_unsigned()),
            place: halves(place),
            customer: number_of(event.customer),
            common,
            rare: 0,
        })
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

/// The events that one thread read.
#[derive(Default)]
pub struct Loose {
    /// The records that each shard got last.
    open: Vec<Vec<Record>>,
    /// Those that it got before.
    full: Vec<Vec<Vec<Record>>>,
    rares: Vec<Rare>,
    wides: Vec<Event>,
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
            self.latest = self.latest.max(Some(whole(record.at).cast_signed()));
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
        let rare = Rare::of(event);
        let place = place_of(event.origin).filter(|_| event.at != Some(NO_TIME));
        let rare = match place {
            None => {
                self.wides.push(*event);
                WIDE | self.wides.len() as u32
            }
            Some(_) if rare == Rare::default() => 0,
            Some(_) => {
                self.rares.push(rare);
                self.rares.len() as u32
            }
        };
        Record {
            id,
            at: halves(event.at.unwrap_or(NO_TIME).cast_unsigned()),
            place: halves(place.unwrap_or_default()),
            customer: number_of(event.customer),
            common,
            rare,
        }
    }
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
    pub(super) rares: Vec<Rare>,
    pub(super) wides: Vec<Event>,
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
    let mut lines = std::collections::HashMap::new();
    for common in &packed.commons {
        let next = lines.len() as u32;
        packed.lines.push(*lines.entry((common.provider, common.instance, common.id_form)).or_insert(next));
    }
    for mut part in loose {
        shards.latest = shards.latest.max(part.latest);
        shards.pairs |= part.pairs;
        let (rares, wides) = (packed.rares.len() as u32, packed.wides.len() as u32);
        packed.rares.append(&mut part.rares);
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

    /// Its records in one row; the piles are freed.
    pub fn records(self) -> Vec<Record> {
        let mut records = Vec::with_capacity(self.len());
        for (rares, wides, piles) in self.piles {
            for record in piles.into_iter().flatten() {
                records.push(record.moved(rares, wides));
            }
        }
        records
    }
}

impl Packed {
    /// The event of a record.
    pub fn event(&self, record: &Record) -> Event {
        if record.rare & WIDE != 0 {
            return self.wides[(record.rare & !WIDE) as usize - 1];
        }
        let common = &self.commons[record.common as usize];
        let none = Rare::default();
        let rare = if record.rare == 0 { &none } else { &self.rares[record.rare as usize - 1] };
        let at = whole(record.at).cast_signed();
        event(
            common,
            rare,
            id_of(common.id_form, record.id),
            sym_of(record.customer),
            (at != NO_TIME).then_some(at),
            line_and_body(whole(record.place)),
        )
    }

    /// The number of the rare things of one of these records that are just these, if any has them.
    pub(super) fn same_rare(&self, records: &[Record], rare: &Rare) -> Option<u32> {
        let kept = |it: &&Record| it.rare != 0 && it.rare & WIDE == 0;
        // A call is a few records; of more, not all are worth looking at.
        let records = records.iter().take(8).filter(kept);
        records.map(|it| it.rare).find(|it| self.rares[*it as usize - 1] == *rare)
    }

    /// The records of a shard, those of one call side by side; in no order that means anything.
    pub fn calls(&self, shard: Shard) -> Vec<Record> {
        self.grouped(&shard.records(), |record| {
            let id = u128::from_le_bytes(record.id);
            (id as u64, (id >> 64) as u64)
        })
    }

    /// The records of a shard, those of one customer on one line side by side.
    pub fn callers(&self, shard: Shard) -> Vec<Record> {
        self.grouped(&shard.records(), |record| (u64::from(record.customer), 0))
    }

    fn grouped(&self, records: &[Record], key: impl Fn(&Record) -> (u64, u64)) -> Vec<Record> {
        let key = |(place, record): (usize, &Record)| {
            (key(record), self.lines[record.common as usize], place as u32)
        };
        let mut keys: Vec<_> = records.iter().enumerate().map(key).collect();
        keys.sort_unstable();
        keys.iter().map(|it| records[it.2 as usize]).collect()
    }

    /// Whether two records are of one call.
    pub fn are_of_one_call(&self, a: &Record, b: &Record) -> bool {
        a.id == b.id && self.lines[a.common as usize] == self.lines[b.common as usize]
    }

    /// Whether two records are of one customer on one line.
    pub fn are_of_one_caller(&self, a: &Record, b: &Record) -> bool {
        a.customer == b.customer && self.lines[a.common as usize] == self.lines[b.common as usize]
    }

    /// Puts the events of records into `events`, and nothing else.
    pub fn unpack(&self, records: &[Record], events: &mut Vec<Event>) {
        events.clear();
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
            if record.rare & WIDE != 0 {
                self.wides[(record.rare & !WIDE) as usize - 1] = event;
            }
            record.customer = number_of(event.customer);
            let shard = record.customer as usize % dealt.len();
            dealt[shard].push(record);
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
