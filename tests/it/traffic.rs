//! A seeded generator of nasty but realistic dumps of call webhooks.
//!
//! Few lines, few customers, few call ids, and times that fall on and beside every boundary, so that a
//! small dump already holds windows, collisions, merges, orphans of every class and incidents. The same
//! seed and options give the same bytes.

use base64::Engine;
use chrono::{TimeZone, Utc};

use crate::support::Rng;

/// Which groups of traffic there are.
#[derive(Clone, Debug)]
pub struct TrafficOpts {
    /// How many files, at least one.
    pub files: usize,
    pub wawp: bool,
    pub doubletick: bool,
    pub wazzap: bool,
    pub timelinesai: bool,
    /// Lines of every reason for being invalid, but `too_long`.
    pub invalid: bool,
    /// One line of more than 16 MiB.
    pub too_long: bool,
    /// Lone surrogates and bytes that are not UTF-8 in names.
    pub broken_text: bool,
    /// Capture envelopes, and with them receive times.
    pub envelopes: bool,
    /// Receive times far from the provider's, before and after.
    pub skew: bool,
    /// Repeated deliveries.
    pub duplicates: bool,
    /// Bodies of look-alikes, unknown call events, messages with call-like text.
    pub lookalikes: bool,
    /// Hidden identities.
    pub hidden: bool,
    pub outgoing: bool,
    pub groups: bool,
    pub reactions: bool,
    /// Initiations and others without any time.
    pub untimed: bool,
    /// All spellings of times, not only each provider's own.
    pub odd_times: bool,
    /// Keys of DoubleTick as automation tools rename them.
    pub renamed_keys: bool,
    /// A file that is one array, a byte-order mark, blank lines, CR LF.
    pub odd_files: bool,
    /// Lines out of order.
    pub shuffled: bool,
    /// What a careful reader could count in two ways.
    pub disputed: bool,
}

impl Default for TrafficOpts {
    fn default() -> Self {
        TrafficOpts {
            files: 6,
            wawp: true,
            doubletick: true,
            wazzap: true,
            timelinesai: true,
            invalid: true,
            too_long: false,
            broken_text: true,
            envelopes: true,
            skew: true,
            duplicates: true,
            lookalikes: true,
            hidden: true,
            outgoing: true,
            groups: true,
            reactions: true,
            untimed: true,
            odd_times: true,
            renamed_keys: true,
            odd_files: true,
            shuffled: true,
            disputed: false,
        }
    }
}

/// 2026-05-04T06:00:00Z, a Monday.
const START: i64 = 1_777_874_400_000;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The Wawp lines, with their numbers and hidden identities.
const WAWP: [(&str, &str, &str); 3] = [
    ("front-desk", "5511955550000", "880001"),
    ("back-office", "5511955550001", "880002"),
    ("night", "5511955550002", "880003"),
];
const DOUBLETICK: [&str; 2] = ["919811110000", "919811110001"];
const TIMELINESAI: [(&str, &str); 3] = [
    ("4915100001111@s.whatsapp.net", "ann@shop.example"),
    ("4915100002222@s.whatsapp.net", "bob@shop.example"),
    ("4915100003333@s.whatsapp.net", "cid@shop.example"),
];
const AGENTS: [&str; 6] = ["Ravi K", "919833330000", "Mina", "Olu", "Ravi K.", "Tess"];
/// The customers, each with the spellings in use.
const CUSTOMERS: [&[&str]; 8] = [
    &["5215512345678", "525512345678", "+52 1 55 1234-5678"],
    &["551187654321", "5511987654321", "+55 (11) 98765.4321"],
    &["5491112345678", "541112345678"],
    &["34600111222", "+34 600 111 222"],
    &["919822220000"],
    &["12025550143", "+1 (202) 555-0143"],
    &["447700900123"],
    &["5215587654321", "525587654321"],
];
const HIDDEN: [&str; 5] = ["7700001", "7700002", "7700003", "7700004", "7700005"];
const NAMES: [&str; 6] = ["Asha Rao", "José Núñez", "李 雷", "O'Neil, \"Pat\"", "😀", "Zoë"];

/// The line from which debtors are called, and the first digits of their numbers.
const COLLECTIONS: &str = "919811110009";
const DEBTORS: usize = 30;

fn debtor(number: usize) -> String {
    format!("9197000000{number:02}")
}

/// How `--source` tells Wazzap's instances apart in these dumps.
pub fn sources() -> Vec<(String, String)> {
    [("*/south*", "south"), ("north-*", "north")]
        .iter()
        .map(|(pattern, instance)| (pattern.to_string(), instance.to_string()))
        .collect()
}

/// Makes files (path and bytes) with about that many call events.
pub fn dump(seed: u64, events: usize, opts: &TrafficOpts) -> Vec<(String, Vec<u8>)> {
    let mut rng = Rng(seed ^ 0x0DD5_EED5);
    let gaps = Gaps {
        late_offers: START + [-1, 1, 2, 90][rng.below(4)] * DAY,
        no_offers: rng.once_in(2),
        only: [None, None, Some("CALL_REJECTED"), Some("CALL_MISSED")][rng.below(4)],
        no_answers: rng.once_in(5),
    };
    let mut maker = Maker {
        rng,
        opts: opts.clone(),
        now: START,
        events: 0,
        ids: (events / 14).max(5),
        lines: Vec::new(),
        waiting: Vec::new(),
        reaction_clock: START,
        last_calls: Vec::new(),
        gaps,
    };
    let mut providers: Vec<fn(&mut Maker)> = Vec::new();
    if opts.wawp {
        providers.extend([Maker::wawp as fn(&mut Maker); 4]);
    }
    if opts.doubletick {
        providers.extend([Maker::doubletick as fn(&mut Maker); 3]);
    }
    if opts.wazzap {
        providers.extend([Maker::wazzap as fn(&mut Maker); 3]);
    }
    if opts.timelinesai {
        providers.extend([Maker::timelinesai as fn(&mut Maker); 2]);
    }
    assert!(!providers.is_empty(), "at least one provider");
    if opts.wawp {
        maker.edge();
    }
    if opts.doubletick && opts.outgoing {
        maker.collections(seed);
    }
    while maker.events < events {
        maker.step();
        let provider = *maker.rng.pick(&providers);
        provider(&mut maker);
        maker.noise();
    }
    maker.flush_waiting();
    maker.files()
}

/// CSV texts of a roster, an agents file and a customers file that name what the dumps name.
pub fn side_files(seed: u64) -> (String, String, String) {
    let mut rng = Rng(seed ^ 0x51DE);
    let mut roster = String::from("provider,instance,agent,from,to\n");
    let time = |ms: i64| text_time(ms, "%Y-%m-%dT%H:%M:%SZ");
    let people = ["Mina", "Olu", "Tess", "Uma", "Vic"];
    let lines: Vec<(&str, &str)> = WAWP
        .iter()
        .map(|line| ("wawp", line.0))
        .chain([("wazzap", "north"), ("wazzap", "south"), ("", "night")])
        .collect();
    for (provider, instance) in lines {
        if rng.percent(40) {
            let who = rng.pick(&people);
            roster.push_str(&format!("{provider},{instance},{who},,\n"));
        }
        for _ in 0..3 {
            let who = rng.pick(&people);
            let from = START + rng.below(20) as i64 * 6 * HOUR;
            let to = from + (1 + rng.below(6)) as i64 * 6 * HOUR;
            let (from, to) = (time(from), time(to));
            roster.push_str(&format!("{provider},{instance},{who},{from},{to}\n"));
        }
    }
    let agents = "label,agent,team\n\
         Ravi K,Ravi Kumar,Sales\n\
         Ravi K.,Ravi Kumar,Sales\n\
         919833330000,Priya,Sales\n\
         Mina,Mina Park,Care\n\
         ann@shop.example,Ann,Care\n\
         bob@shop.example,Bob,\n\
         Vic,Mina Park,Care\n"
        .to_string();
    let mut customers =
        String::from("phone,lid,name,account_id,vip,stage,days_overdue,due_date,defaulted_on\n");
    let date = |days: i64| text_time(START + days * DAY, "%Y-%m-%d");
    for (place, spellings) in CUSTOMERS.iter().enumerate() {
        if place % 4 == 3 {
            continue;
        }
        let phone = rng.pick(spellings).trim_start_matches('+').to_string();
        let lid = if place == 2 { format!("{}@lid", HIDDEN[2]) } else { String::new() };
        let name = if place % 2 == 0 { format!("Customer {place}") } else { String::new() };
        let vip = ["yes", "no", "", "true", "1"][rng.below(5)];
        customers.push_str(&format!("{phone},{lid},{name},ACC-{place},{vip},early,,,\n"));
    }
    // One account or two, of which anything may be known.
    for number in 0..DEBTORS * 2 {
        if number >= DEBTORS && rng.percent(70) {
            continue;
        }
        let phone = debtor(number % DEBTORS);
        let stage = ["", "current", "early", "mid", "late"][rng.below(5)];
        let overdue = [-3, 0, 1, 29, 30, 31, 60, 61, 75][rng.below(9)];
        let days = if rng.percent(40) { overdue.to_string() } else { String::new() };
        let due = if rng.percent(40) { date(-20 - overdue) } else { String::new() };
        let defaulted = if rng.percent(40) { date(-(rng.below(35) as i64)) } else { String::new() };
        // Some are in no row.
        if rng.percent(85) {
            customers.push_str(&format!("{phone},,,ACC-{phone},,{stage},{days},{due},{defaulted}\n"));
        }
    }
    (roster, agents, customers)
}

fn text_time(ms: i64, format: &str) -> String {
    let instant = Utc.timestamp_millis_opt(ms).single();
    instant.expect("an instant").format(format).to_string()
}

/// A JSON string.
fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("text")
}

/// A JSON string of bytes that may be no UTF-8.
fn quote_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
    out
}

/// The members of an object, each a key and JSON.
#[derive(Clone, Default)]
struct Object(Vec<(String, String)>);

impl Object {
    fn put(mut self, key: &str, json: impl Into<String>) -> Self {
        self.0.push((key.to_string(), json.into()));
        self
    }

    fn text(self, key: &str, text: &str) -> Self {
        self.put(key, quote(text))
    }

    fn maybe(self, key: &str, json: Option<String>) -> Self {
        match json {
            Some(json) => self.put(key, json),
            None => self,
        }
    }

    fn render(&self) -> String {
        let members: Vec<String> =
            self.0.iter().map(|(key, json)| format!("{}:{json}", quote(key))).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// A line that is written, and what it may be used for.
struct Line {
    bytes: Vec<u8>,
    /// Valid JSON, fit to be an element of an array.
    element: bool,
}

struct Maker {
    rng: Rng,
    opts: TrafficOpts,
    now: i64,
    events: usize,
    ids: usize,
    lines: Vec<Line>,
    /// Bodies for a line that holds several.
    waiting: Vec<Vec<u8>>,
    reaction_clock: i64,
    /// The last TimelinesAI calls, that reactions point at.
    last_calls: Vec<String>,
    /// What was subscribed to.
    gaps: Gaps,
}

/// Subscriptions that a dump lacks.
struct Gaps {
    /// The third Wawp line sends no offers before this.
    late_offers: i64,
    /// Wazzap's southern line sends no offers.
    no_offers: bool,
    /// The one kind of event that the second DoubleTick number sends, if it does not send all.
    only: Option<&'static str>,
    /// No Wawp line sends what `call.accepted` is for.
    no_answers: bool,
}

/// What a Wawp event says beside its name.
#[derive(Clone)]
struct Wawp {
    line: usize,
    id: String,
    from: Option<String>,
    to: Option<String>,
    data: Object,
    video: Option<bool>,
    group: Option<bool>,
    outgoing: bool,
}

impl Maker {
    /// Lets time pass: mostly little, often exactly to a boundary.
    fn step(&mut self) {
        let step = match self.rng.below(100) {
            0..30 => self.rng.below(30_000) as i64,
            30..50 => self.boundary(),
            50..80 => self.rng.below(300_000) as i64,
            80..92 => self.rng.below(1_800_000) as i64,
            92..98 => self.rng.below(4 * 3_600_000) as i64,
            98 => DAY + self.rng.below(3) as i64 - 1,
            _ => 10 * HOUR,
        };
        self.now += step;
        if self.rng.once_in(3) {
            self.now -= self.now % SECOND;
        }
        if self.now > START + 60 * DAY {
            self.now = START + self.rng.below(50) as i64 * DAY;
        }
    }

    /// One of the durations that matter, or a millisecond beside it.
    fn boundary(&mut self) -> i64 {
        let sizes = [0, SECOND, 5 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE];
        let size = *self.rng.pick(&sizes);
        (size + *self.rng.pick(&[-1, 0, 0, 0, 1])).max(0)
    }

    /// How long after an offer something happens.
    fn delay(&mut self) -> i64 {
        match self.rng.below(10) {
            0 => self.rng.below(1000) as i64,
            1 => 999 + self.rng.below(3) as i64,
            2 | 3 => self.boundary(),
            4 => self.rng.below(150_000) as i64,
            _ => 2_000 + self.rng.below(40_000) as i64,
        }
    }

    /// An id from a pool so small that ids come again.
    fn call_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.rng.below(self.ids))
    }

    fn customer(&mut self) -> usize {
        // Some call much more than others.
        let most = if self.rng.percent(60) { 3 } else { CUSTOMERS.len() };
        self.rng.below(most)
    }

    fn spelling(&mut self, customer: usize) -> String {
        self.rng.pick(CUSTOMERS[customer]).to_string()
    }

    fn digits(&mut self, customer: usize) -> String {
        let spelling = self.spelling(customer);
        spelling.chars().filter(char::is_ascii_digit).collect()
    }

    fn jid(&mut self, customer: usize) -> String {
        let digits = self.digits(customer);
        match self.rng.below(5) {
            0 => format!("{digits}@s.whatsapp.net"),
            1 => format!("{digits}:{}@s.whatsapp.net", 1 + self.rng.below(20)),
            _ => format!("{digits}@c.us"),
        }
    }

    /// A name, with characters that JSON may escape.
    fn name(&mut self) -> String {
        self.rng.pick(&NAMES).to_string()
    }

    /// A time in any spelling, as JSON.
    fn any_time(&mut self, ms: i64) -> String {
        let whole = ms % SECOND == 0;
        let fraction = if whole { "" } else { "%.3f" };
        match self.rng.below(14) {
            0 => ms.to_string(),
            1 if whole => (ms / SECOND).to_string(),
            1 | 2 => format!("{}.{:03}", ms / SECOND, ms % SECOND),
            3 => format!("{ms}{:03}", self.rng.below(1000)),
            4 => format!("{ms}{:06}", self.rng.below(1_000_000)),
            5 => quote(&ms.to_string()),
            6 => quote(&format!("{}.{:03}9", ms / SECOND, ms % SECOND)),
            7 => quote(&text_time(ms, &format!("%Y-%m-%dT%H:%M:%S{fraction}Z"))),
            8 => quote(&text_time(ms, "%Y-%m-%dT%H:%M:%S%.6fZ")),
            9 => {
                let local = text_time(ms + 2 * HOUR, &format!("%Y-%m-%dT%H:%M:%S{fraction}"));
                quote(&format!("{local}+02:00"))
            }
            10 => {
                let local = text_time(ms - 3 * HOUR - 30 * MINUTE, &format!("%Y-%m-%d %H:%M:%S{fraction}"));
                quote(&format!("{local} -0330"))
            }
            11 => quote(&text_time(ms, &format!("%Y-%m-%d %H:%M:%S{fraction}"))),
            12 => format!("{ms}0e-1"),
            _ => format!("{}.{:03}E+3", ms / SECOND, ms % SECOND),
        }
    }

    /// A time in the provider's spelling, now and then in another.
    fn time(&mut self, ms: i64, own: String) -> String {
        if self.opts.odd_times && self.rng.once_in(6) { self.any_time(ms) } else { own }
    }

    fn iso(&mut self, ms: i64) -> String {
        self.time(ms, quote(&text_time(ms, "%Y-%m-%dT%H:%M:%S%.3fZ")))
    }

    // ---- providers ----

    /// Ends whose offers may lie before the dump.
    fn edge(&mut self) {
        for line in 0..WAWP.len() {
            for (number, after) in [0, MINUTE - 1, MINUTE, MINUTE + 1].iter().enumerate() {
                let call = Wawp {
                    line,
                    id: format!("EDGE{number}"),
                    from: Some(self.jid(number)),
                    to: None,
                    data: Object::default(),
                    video: None,
                    group: None,
                    outgoing: false,
                };
                self.wawp_rejection(&call, START + after);
            }
        }
    }

    fn wawp(&mut self) {
        let lines = if self.rng.once_in(2) { 3 } else { 2 };
        let line = self.rng.below(lines);
        let customer = self.customer();
        let outgoing = self.opts.outgoing && self.rng.once_in(12);
        // Ids of outgoing calls are their own, but where the dispute is wanted.
        let id = if outgoing && !self.opts.disputed { self.call_id("OUT") } else { self.call_id("7C1B") };
        let mut call = Wawp {
            line,
            id,
            from: Some(self.jid(customer)),
            to: None,
            data: Object::default(),
            video: [None, Some(false), Some(true)][self.rng.below(3)],
            group: None,
            outgoing,
        };
        if outgoing {
            if self.rng.percent(70) {
                call.from = Some(format!("{}:4@s.whatsapp.net", WAWP[line].1));
                call.to = Some(self.jid(customer));
            } else {
                call.data = call.data.put("fromMe", "true");
            }
        } else if self.opts.hidden && self.rng.once_in(3) {
            self.hide(&mut call, customer);
        } else if self.opts.groups && self.rng.once_in(15) {
            call.group = Some(true);
            if self.rng.once_in(2) {
                call.from = Some("5511999990000-1600000000@g.us".to_string());
            }
        } else if self.rng.once_in(40) {
            call.from = Some(self.rng.pick(&["anonymous", "status@broadcast"]).to_string());
        } else if self.rng.once_in(10) {
            call.group = Some(false);
        }
        let start = self.now;
        let bare = self.rng.once_in(4);
        let offered = self.rng.percent(80);
        if offered {
            self.wawp_event("call.received", &call, start);
            if self.rng.once_in(3) {
                // A twin: the same offer once more, some time later, under the other identity.
                let mut twin = call.clone();
                if !outgoing && self.opts.hidden && self.rng.once_in(2) {
                    if self.rng.once_in(2) {
                        self.hide(&mut twin, customer);
                    } else if call.group.is_none() {
                        twin.from = Some(self.jid(customer));
                    }
                }
                let later = self.boundary();
                self.wawp_event("call.received", &twin, start + later);
            }
            if self.rng.once_in(10) && !outgoing {
                // Another caller under the same id.
                let mut other = call.clone();
                other.from = Some(self.jid((customer + 1) % CUSTOMERS.len()));
                other.data = Object::default();
                let later = self.delay();
                self.wawp_event("call.received", &other, start + later);
            }
        }
        if self.rng.once_in(8) && !outgoing {
            // The account is linked twice: the same call on another line.
            let mut other = call.clone();
            other.line = (line + 1) % WAWP.len();
            let later = *self.rng.pick(&[0, 1, 700, MINUTE, DAY, DAY + 1]);
            self.wawp_event("call.received", &other, start + later);
            if self.rng.once_in(2) {
                let delay = self.delay();
                self.wawp_event("call.accepted", &other, start + later + delay);
            }
        }
        if bare {
            // As documented: nothing but the id.
            call.from = None;
            call.to = None;
            call.video = None;
            call.data = Object::default();
        }
        let delay = self.delay();
        let early = self.rng.once_in(20);
        let end = if early { start - 1 } else { start + delay };
        // The second line declines more than the others.
        let accepts = if line == 1 { 10 } else { 45 };
        match self.rng.below(100) {
            n if n < accepts => {
                self.wawp_event("call.accepted", &call, end);
                if self.rng.once_in(3) {
                    let hung_up = end + self.delay();
                    self.wawp_rejection(&call, hung_up);
                }
            }
            n if n < 85 => {
                self.wawp_rejection(&call, end);
                if self.rng.once_in(8) {
                    let again = end + self.boundary();
                    self.wawp_rejection(&call, again);
                }
                if self.rng.once_in(12) {
                    let after = end + self.delay();
                    self.wawp_event("call.accepted", &call, after);
                }
            }
            n if n < 88 => {
                // An answer at the same instant as the hang-up.
                self.wawp_event("call.accepted", &call, end);
                self.wawp_rejection(&call, end);
            }
            _ => {}
        }
        if self.rng.once_in(60) {
            // The network loses offers for a while.
            let mut at = self.now + 2 * MINUTE;
            for _ in 0..3 + self.rng.below(3) {
                call.id = self.call_id("LOST");
                self.wawp_rejection(&call, at);
                at += *self.rng.pick(&[MINUTE, 5 * MINUTE, 5 * MINUTE - 1, 5 * MINUTE + 1]);
            }
        }
    }

    /// Puts a hidden identity in the place of the number.
    fn hide(&mut self, call: &mut Wawp, customer: usize) {
        // The first belongs to the first customer, the second to two, the third is in the customers
        // file, the fourth is never shown with a number, the fifth only by a phone in the payload.
        let which = match customer {
            0 => 0,
            1 | 3 => 1,
            2 => 2,
            4 => 4,
            _ => 3,
        };
        let hidden = format!("{}@lid", HIDDEN[which]);
        let number = format!("{}@s.whatsapp.net", self.digits(customer));
        call.data = Object::default();
        if which != 3 && self.rng.once_in(3) {
            if self.rng.once_in(4) {
                // The number is `from`, the hidden identity beside it.
                call.from = Some(number);
                call.data = Object::default().text("CallCreatorAlt", &hidden);
                return;
            }
            call.data = match self.rng.below(3) {
                0 => Object::default().text("callerPn", &number),
                1 => Object::default().text("CallCreatorAlt", &number),
                _ => Object::default()
                    .put("Data", format!(r#"{{"Attrs":{{"caller_pn":{}}}}}"#, quote(&number))),
            };
        }
        call.from = Some(hidden);
    }

    fn wawp_rejection(&mut self, call: &Wawp, at: i64) {
        let mut call = call.clone();
        let reason = match self.rng.below(10) {
            0 => Some(("api", "true".to_string())),
            1 => Some(("Reason", quote("timeout"))),
            2 => Some(("status", quote("timeout"))),
            3 => Some(("status", quote("terminate"))),
            4 => Some(("status", quote("Reject"))),
            5 | 6 => Some(("status", quote("reject"))),
            7 => Some(("Data", r#"{"Tag":"terminate","Content":null}"#.to_string())),
            _ => None,
        };
        if let Some((key, json)) = reason {
            call.data.0.retain(|(old, _)| old != key);
            call.data = call.data.put(key, json);
        }
        self.wawp_event("call.rejected", &call, at);
    }

    fn wawp_event(&mut self, name: &str, call: &Wawp, at: i64) {
        if (call.line == 2 && name == "call.received" && at < self.gaps.late_offers)
            || (self.gaps.no_answers && name == "call.accepted")
        {
            return;
        }
        let (session, number, hidden) = WAWP[call.line];
        let mut payload = Object::default().text("id", &call.id);
        payload = payload.maybe("from", call.from.as_deref().map(quote));
        payload = payload.maybe("to", call.to.as_deref().map(quote));
        payload = payload.maybe("isVideo", call.video.map(|v| v.to_string()));
        payload = payload.maybe("isGroup", call.group.map(|v| v.to_string()));
        if !call.data.0.is_empty() {
            payload = payload.put("_data", call.data.render());
        }
        let mut sent = Some(at);
        match self.rng.below(30) {
            // Sent now, of a call long before.
            0 => {
                let happened = at - at % SECOND;
                let late = *self.rng.pick(&[MINUTE, MINUTE + 1, HOUR]);
                sent = Some(happened + late);
                payload = payload.put("timestamp", (happened / SECOND).to_string());
            }
            1..8 => {
                let seconds = (at / SECOND).to_string();
                let json = self.time(at - at % SECOND, seconds);
                payload = payload.put("timestamp", json);
            }
            // Older servers say the payload's time alone.
            8 => {
                sent = None;
                let json = (at / SECOND).to_string();
                payload = payload.put("timestamp", json);
            }
            9 => payload = payload.put("timestamp", "null"),
            10 if self.opts.untimed && self.rng.once_in(3) => sent = None,
            _ => {}
        }
        let mut body = Object::default();
        body = body.text("id", &format!("evt_{:016x}", self.rng.next()));
        if let Some(sent) = sent {
            let json = self.time(sent, sent.to_string());
            body = body.put("timestamp", json);
        }
        let name = if self.rng.once_in(30) { name.to_uppercase() } else { name.to_string() };
        body = body.text("event", &name);
        if self.rng.once_in(30) {
            // Of a key that is there twice the last counts.
            body = body.text("session", "shadow");
        }
        body = body.text("session", session);
        if self.rng.percent(80) {
            body = body.text("engine", self.rng.pick::<&str>(&["GOWS", "NOWEB", "WEBJS"]));
        }
        if self.rng.percent(70) || call.outgoing {
            let push_name = self.name();
            let mut me = Object::default().text("id", &format!("{number}@c.us"));
            me = me.text("lid", &format!("{hidden}@lid"));
            me = me.text("pushName", &push_name);
            body = body.put("me", me.render());
        }
        if self.rng.once_in(3) {
            let who = *self.rng.pick(&["uma@shop.example", "vic@shop.example"]);
            body = body.put("metadata", Object::default().text("user.email", who).render());
        }
        body = body.put("payload", payload.render());
        self.emit(body.render().into_bytes(), Some(at));
    }

    fn doubletick(&mut self) {
        let line = *self.rng.pick(&DOUBLETICK);
        let customer = self.customer();
        let outgoing = self.opts.outgoing && self.rng.once_in(3);
        // Mostly one id a direction, since one id is one call.
        let id =
            if outgoing && !self.opts.disputed { self.call_id("call_O") } else { self.call_id("call_I") };
        let agent = self.rng.below(AGENTS.len());
        let name = self.name();
        let number = self.digits(customer);
        let direction = if outgoing { "OUTGOING" } else { "INCOMING" };
        let base = |event: &str| {
            Object::default()
                .text("event", event)
                .text("callId", &id)
                .text("chatId", if number.len().is_multiple_of(2) { "" } else { "chat_88" })
                .text("wabaNumber", line)
                .text("customerNumber", &number)
                .text("customerName", &name)
                .text("customerId", &format!("customer_{customer}"))
                .text("callDirection", direction)
        };
        let placed_by = if outgoing { AGENTS[agent] } else { "" };
        let start = self.now;
        if self.rng.percent(85) {
            let event = if outgoing { "CALL_OUTGOING_INITIATED" } else { "CALL_INCOMING_INITIATED" };
            let body = base(event)
                .text("callStatus", "INITIATED")
                .put("durationInSeconds", "0")
                .text("callStartedAt", "")
                .text("callEndedAt", "")
                .text("pickedBy", placed_by);
            self.doubletick_event(body, Some(start), true);
        }
        if !outgoing && self.rng.once_in(4) {
            // Byte for byte alike, one for each agent who did not pick up.
            let body = base("CALL_NOT_PICKED")
                .text("callStatus", "INITIATED")
                .text("callStartedAt", "")
                .text("callEndedAt", "");
            let body = body.render().into_bytes();
            for _ in 0..1 + self.rng.below(3) {
                self.emit(body.clone(), Some(start));
            }
        }
        let end = start + self.delay();
        // The first agent declines far more than the others.
        let rejects = match (outgoing, agent) {
            (false, 0 | 4) => 75,
            _ => 25,
        };
        match self.rng.below(100) {
            n if n < rejects => {
                let ended = self.iso(end);
                let body = base("CALL_REJECTED")
                    .text("callStatus", "REJECT")
                    .text("callStartedAt", "")
                    .put("callEndedAt", ended)
                    .text("pickedBy", if self.rng.once_in(2) { placed_by } else { "" });
                let by = match (outgoing, self.rng.below(4)) {
                    (false, _) => AGENTS[agent].to_string(),
                    (true, 0) => name.clone(),
                    (true, 1) => number.clone(),
                    (true, 2) => AGENTS[agent].to_string(),
                    (true, _) => String::new(),
                };
                self.doubletick_event(body.text("rejectedBy", &by), Some(end), false);
            }
            n if n < 80 => {
                let talk = self.rng.below(200) as i64;
                let picked = self.iso(end);
                let accepted = base("CALL_ACCEPTED")
                    .text("callStatus", "IN_PROGRESS")
                    .put("callStartedAt", picked.clone())
                    .text("callEndedAt", "")
                    .text("pickedBy", AGENTS[agent]);
                let hung_up = end + talk * SECOND + 250;
                let ended = self.iso(hung_up);
                let over = base("CALL_ENDED")
                    .text("callStatus", "END")
                    .put("durationInSeconds", format!("{talk}.{}", self.rng.below(10)))
                    .put("callStartedAt", picked)
                    .put("callEndedAt", ended)
                    .text("pickedBy", AGENTS[agent])
                    .text("endedBy", &name);
                if self.rng.percent(80) {
                    self.doubletick_event(accepted, Some(end), false);
                }
                if self.rng.percent(80) {
                    self.doubletick_event(over, Some(hung_up), false);
                }
            }
            n if n < 88 => {
                let ended = self.iso(end);
                let body = base("CALL_ENDED")
                    .text("callStatus", "END")
                    .put("durationInSeconds", "0")
                    .text("callStartedAt", "")
                    .put("callEndedAt", ended)
                    .text("pickedBy", placed_by);
                self.doubletick_event(body, Some(end), false);
            }
            n if n < 95 => {
                let status = if self.rng.once_in(3) { "FAILED" } else { "MISSED" };
                let event =
                    if status == "FAILED" && self.rng.once_in(2) { "CALL_ENDED" } else { "CALL_MISSED" };
                let ended = if self.opts.untimed && self.rng.once_in(6) { quote("") } else { self.iso(end) };
                let body = base(event)
                    .text("callStatus", status)
                    .put("callEndedAt", ended)
                    .put("isNewCaller", "false");
                self.doubletick_event(body, Some(end), false);
            }
            _ => {}
        }
    }

    /// Weeks of calls to debtors before everything else, with rejections on and beside seven days.
    fn collections(&mut self, seed: u64) {
        // Numbers of its own, so that other traffic stays what it is.
        let mut rng = Rng(seed ^ 0xC011_EC75);
        for number in 0..DEBTORS {
            let mut at = START - 40 * DAY + rng.below(15 * 24) as i64 * HOUR;
            for call in 0..1 + rng.below(6) {
                let (event, talk) = match rng.below(10) {
                    0..7 => ("CALL_REJECTED", 0),
                    7 | 8 => ("CALL_ENDED", 30),
                    _ => ("CALL_MISSED", 0),
                };
                let body = Object::default()
                    .text("event", event)
                    .text("callId", &format!("debt_{number}_{call}"))
                    .text("wabaNumber", COLLECTIONS)
                    .text("customerNumber", &debtor(number))
                    .text("callDirection", "OUTGOING")
                    .put("durationInSeconds", talk.to_string())
                    .text("callEndedAt", &text_time(at, "%Y-%m-%dT%H:%M:%S%.3fZ"));
                self.write(body.render().into_bytes(), true);
                let week = 7 * DAY;
                at += *rng.pick(&[0, HOUR, DAY, 3 * DAY, week - 1, week, week, week + 1, 12 * DAY]);
                if at >= START {
                    break;
                }
            }
        }
    }

    fn doubletick_event(&mut self, mut body: Object, at: Option<i64>, initiation: bool) {
        let says = |key: &str, text: &str| body.0.contains(&(key.to_string(), quote(text)));
        if let Some(only) = self.gaps.only
            && says("wabaNumber", DOUBLETICK[1])
            && !says("event", only)
        {
            return;
        }
        if self.opts.renamed_keys && self.rng.once_in(5) {
            let style = self.rng.below(4);
            if style == 3 {
                // Two spellings: the last counts.
                body.0.insert(1, ("call_id".to_string(), quote("shadow")));
            } else {
                for (key, _) in &mut body.0 {
                    *key = renamed(key, style);
                }
            }
        }
        if self.opts.lookalikes && self.rng.once_in(40) {
            body = body.text("channel", "PSTN");
        }
        let body = body.render().into_bytes();
        if initiation && !self.opts.untimed {
            // Without an envelope there would be no time.
            self.emit_received(body, at);
        } else {
            self.emit(body, at);
        }
    }

    fn wazzap(&mut self) {
        let customer = self.customer();
        let path = match self.rng.below(4) {
            0 => Some("/hooks/wazzap/south?k=secret"),
            1 => Some("https://collector.example/south/a?token=x"),
            _ => None,
        };
        let start = self.now - self.now % SECOND;
        let ends = ["call.accept", "call.reject", "call.missed"];
        if self.rng.percent(85) {
            self.wazzap_event("call.incoming", customer, start, path);
            for _ in 0..self.rng.below(3) {
                let later = self.boundary();
                self.wazzap_event("call.incoming", customer, start + later, path);
            }
        }
        if self.rng.percent(85) {
            let end = start + self.delay();
            let end = end - end % SECOND;
            let how = self.rng.below(3);
            self.wazzap_event(ends[how], customer, end, path);
            if self.rng.once_in(4) {
                // The next call, or one more end, at once.
                let again = end + *self.rng.pick(&[0, 0, SECOND, 5 * SECOND, 5 * SECOND + 1]);
                let other = self.rng.below(3);
                self.wazzap_event("call.incoming", customer, end, path);
                self.wazzap_event(ends[other], customer, again, path);
            } else if self.rng.once_in(4) {
                let again = end + *self.rng.pick(&[0, SECOND, 5 * SECOND, 5 * SECOND + 1]);
                let other = self.rng.below(3);
                self.wazzap_event(ends[other], customer, again, path);
            }
        }
    }

    fn wazzap_event(&mut self, name: &str, customer: usize, at: i64, path: Option<&str>) {
        if self.gaps.no_offers && path.is_some() && name == "call.incoming" {
            return;
        }
        let own = quote(&text_time(at, "%Y-%m-%dT%H:%M:%S%.fZ"));
        let ts = self.time(at, own);
        let phone = match self.rng.below(3) {
            0 => self.digits(customer),
            1 => format!("+{}", self.digits(customer)),
            _ => self.spelling(customer),
        };
        let mut body = Object::default().text("event", name);
        body = body.text("phone", &phone);
        if self.rng.percent(60) {
            let country = ["MX", "BR", "AR", "ES", "IN", "US", "gb", "MX"][customer];
            body = body.text("country", country);
        }
        let body = body.put("ts", ts).render().into_bytes();
        match path {
            Some(path) => {
                let received = at + self.rng.below(900) as i64;
                let wrapped = Object::default()
                    .text("path", path)
                    .put("received_at", received.to_string())
                    .put("body", String::from_utf8_lossy(&body).into_owned());
                self.write(wrapped.render().into_bytes(), true);
            }
            None => self.emit(body, Some(at)),
        }
    }

    fn timelinesai(&mut self) {
        let line = self.rng.below(TIMELINESAI.len());
        let (wid, email) = TIMELINESAI[line];
        let customer = self.customer();
        let outgoing = self.opts.outgoing && self.rng.once_in(3);
        let uid = if outgoing { self.call_id("3d0b-out-") } else { self.call_id("3d0b-in-") };
        self.last_calls.push(uid.clone());
        let rejects = if line == 0 { 70 } else { 20 };
        let rejected = self.rng.percent(rejects);
        let (event, status) = match (outgoing, rejected) {
            (true, true) => ("call:outgoing:ended", "Rejected"),
            (true, false) => ("call:outgoing:ended", *self.rng.pick(&["Ended", "No Answer", "Declined"])),
            (false, true) => ("call:incoming:ended", "Rejected"),
            (false, false) => *self.rng.pick(&[
                ("call:incoming:ended", "Answered"),
                ("call:incoming:ended", "answered"),
                ("call:incoming:missed", "Missed"),
                ("call:incoming:ended", "Answered"),
            ]),
        };
        let at = self.now - self.now % SECOND;
        let lines = if self.rng.once_in(8) { 2 } else { 1 };
        for twin in 0..lines {
            // One call seen by two accounts.
            let (wid, email) =
                if twin == 0 { (wid, email) } else { TIMELINESAI[(line + 1) % TIMELINESAI.len()] };
            let local = text_time(at + HOUR, "%Y-%m-%d %H:%M:%S +0100");
            let timestamp = self.time(at, quote(&local));
            let party = if outgoing { "recipient" } else { "caller" };
            let name = self.name();
            let phone = self.spelling(customer);
            let who = Object::default()
                .text("full_name", &name)
                .text("phone", if self.rng.once_in(5) { "" } else { &phone });
            let mut details = Object::default()
                .put("duration", if self.rng.once_in(2) { "null" } else { "61.2" })
                .put("is_video", if self.rng.once_in(4) { "true" } else { "false" })
                .text("status", status)
                .put("timestamp", timestamp)
                .text("message_uid", &uid)
                .put(party, who.render());
            if self.rng.percent(80) {
                let direction = if outgoing { "Outgoing" } else { "incoming" };
                details = details.text("direction", direction);
            }
            let kind = if self.opts.groups && self.rng.once_in(15) { "group" } else { "direct" };
            let chat = Object::default()
                .put("chat_id", (551_000 + customer).to_string())
                .text("chat_type", kind)
                .text("phone", &phone)
                .text("responsible_email", "owner@shop.example");
            let account = Object::default()
                .text("whatsapp_account_wid", wid)
                .text("full_name", "Shop")
                .text("email", if self.rng.once_in(9) { "" } else { email })
                .text("phone", wid.split('@').next().unwrap_or(wid));
            let body = Object::default()
                .text("event_type", event)
                .put("chat", chat.render())
                .put("whatsapp_account", account.render())
                .put("call_details", details.render());
            self.emit(body.render().into_bytes(), Some(at));
        }
    }

    fn reaction(&mut self) {
        self.reaction_clock += SECOND;
        let uid = if self.last_calls.is_empty() || self.rng.once_in(3) {
            "message-1".to_string()
        } else {
            self.rng.pick(&self.last_calls).clone()
        };
        let emoji = *self.rng.pick(&["👍", "❤️", "😡"]);
        let count = self.rng.below(5);
        let reactor = if self.rng.once_in(3) {
            "null".to_string()
        } else {
            Object::default().text("phone", "34600111222").render()
        };
        let stamp = text_time(self.reaction_clock, "%Y-%m-%d %H:%M:%S +0000");
        let reaction = Object::default()
            .text("message_uid", &uid)
            .text("action", self.rng.pick::<&str>(&["set", "set", "clear"]))
            .text("emoji", emoji)
            .put("reactor", reactor)
            .text("timestamp", &stamp)
            .put("reactions", Object::default().text(emoji, &count.to_string()).render());
        // A chat of many messages, or of one.
        let chat = if self.rng.once_in(2) {
            (551_000 + self.rng.below(3)).to_string()
        } else {
            quote(&format!("chat of {uid}"))
        };
        let body = Object::default()
            .text("event_type", "message:reaction")
            .put("chat", Object::default().put("chat_id", chat).render())
            .put("reaction", reaction.render());
        self.emit(body.render().into_bytes(), Some(self.now));
        self.events -= 1;
    }

    // ---- what is no call ----

    fn noise(&mut self) {
        if self.opts.reactions && self.rng.once_in(12) {
            self.reaction();
        }
        if self.opts.lookalikes && self.rng.once_in(8) {
            let text = *self.rng.pick(&[
                r#"{"event":"message","session":"front-desk","payload":{"body":"{\"event\":\"call.rejected\",\"session\":\"front-desk\",\"payload\":{\"id\":\"X\"}}"}}"#,
                r#"{"event":"call.received","sessionId":"s1","data":{"id":"1","from":"34600111222@c.us"}}"#,
                r#"{"event":"call.ended","account":{"id":"a"},"call":{"id":"1"}}"#,
                r#"{"event":"call.foo","session":"front-desk","payload":{"id":"7C1B1"}}"#,
                r#"{"event":"CALL_FOO","callId":"call_I1","wabaNumber":"919811110000","callDirection":"INCOMING"}"#,
                r#"{"event_type":"call:foo:bar","call_details":{}}"#,
                r#"{"event_type":"call:incoming:ended","chat":{"chat_id":1},"whatsapp_account":{"whatsapp_account_wid":"4915100001111@s.whatsapp.net"},"call_details":{"message_uid":"3d0b-in-1","status":"Ringing","timestamp":"2026-05-04 10:15:25 +0100"}}"#,
                r#"{"event":"call.missed","payload":{"id":"1"},"phone":"34600111222","ts":"2026-05-04T10:15:25Z"}"#,
                r#"{"response":"reject","responseSource":"user","messageId":"m","receivedAt":"2026-05-04T10:15:25Z","from":"+34600111222"}"#,
                r#"{"typeWebhook":"incomingCall","status":"hangUp","body":{"event":"call.rejected","session":"front-desk","payload":{"id":"7C1B1"}}}"#,
                r#"{"event_type":"message:received","message":{"text":"call.rejected"}}"#,
                r#"{"text":"the event was \"call.rejected\"","body":"call.rejected"}"#,
                r#"{"object":"whatsapp_business_account","entry":[]}"#,
                r#"42"#,
                r#""call.rejected""#,
                r#"[]"#,
                r#"{"a":1e999}"#,
                r#"{"data":{"body":{"content":{"payload":{"log":{"event":"call.rejected","session":"front-desk","payload":{"id":"DEEP"}}}}}}}"#,
            ]);
            self.write(text.as_bytes().to_vec(), true);
        }
        if self.opts.broken_text && self.rng.once_in(25) {
            self.broken_names();
        }
        if self.opts.invalid && self.rng.once_in(6) {
            self.invalid();
        }
        if self.opts.odd_files && self.rng.once_in(10) {
            let blank = *self.rng.pick(&["", " \t ", "\r"]);
            self.write(blank.as_bytes().to_vec(), false);
        }
        if self.rng.once_in(9) {
            self.flush_waiting();
        }
    }

    /// Calls whose names are no text: they count.
    fn broken_names(&mut self) {
        let at = self.now - self.now % SECOND;
        let ended = text_time(at, "%Y-%m-%dT%H:%M:%SZ");
        let id = self.call_id("call_I");
        let mut line = format!(
            r#"{{"event":"CALL_MISSED","callId":"{id}","wabaNumber":"919811110000","callDirection":"INCOMING","callEndedAt":"{ended}","customerNumber":"34600111222","customerName":"A"#
        )
        .into_bytes();
        match self.rng.below(3) {
            0 => line.extend(br"\ud83d"),
            1 => line.push(0xFF),
            _ => line.extend([0xE2, 0x82]),
        }
        line.extend(br#"Z"}"#);
        self.events += 1;
        self.write(line, true);
    }

    /// A line that is wrong in one way.
    fn invalid(&mut self) {
        let wawp = |session: &str, id: &str, time: &str| {
            format!(
                r#"{{"event":"call.rejected","session":{session},"timestamp":{time},"payload":{{"id":{id}}}}}"#
            )
        };
        let doubletick = |direction: &str, ended: &str| {
            format!(
                r#"{{"event":"CALL_REJECTED","callId":"call_I1","wabaNumber":"919811110000","callDirection":{direction},"callEndedAt":{ended}}}"#
            )
        };
        let timelines = |status: &str, time: &str| {
            format!(
                r#"{{"event_type":"call:incoming:ended","whatsapp_account":{{"whatsapp_account_wid":"4915100001111@s.whatsapp.net"}},"call_details":{{"message_uid":"3d0b-in-1","status":{status},"timestamp":{time}}}}}"#
            )
        };
        let now = self.now.to_string();
        let line = match self.rng.below(36) {
            0 => r#"{"a":1}{"b":2}"#.to_string(),
            1 => r#"{"a":01}"#.to_string(),
            2 => r#"{"a":NaN}"#.to_string(),
            3 => "{'a':1}".to_string(),
            4 => r#"{"a":1,}"#.to_string(),
            5 => "{\"a\":\"x\ty\"}".to_string(),
            6 => format!("{}{}", "[".repeat(129), "]".repeat(129)),
            7 => "{\"a\":".repeat(129) + "1" + &"}".repeat(129),
            8 => r#"{"event":"call.rejected","session":"front-desk","payload":{"id":"#.to_string(),
            9 => r#"{"event":"call.rejected"}"#.to_string(),
            10 => wawp("null", r#""7C1B1""#, &now),
            11 => wawp(r#""front-desk""#, r#""  ""#, &now),
            12 => r#"{"event":"call.received","session":"front-desk"}"#.to_string(),
            13 => wawp("true", r#""7C1B1""#, &now),
            14 => wawp(r#""front-desk""#, r#"{"x":1}"#, &now),
            15 => wawp(r#""front-desk""#, "12.5", &now),
            16 => wawp(r#""front-desk""#, r#""7C1B1""#, "12345"),
            17 => wawp(r#""front-desk""#, r#""7C1B1""#, r#""yesterday""#),
            18 => wawp(r#""front-desk""#, r#""7C1B1""#, r#""2026-02-30T00:00:00Z""#),
            19 => wawp(r#""front-desk""#, r#""7C1B1""#, "4102444800000"),
            20 => wawp(r#""front-desk""#, r#""\udc00""#, &now),
            21 => wawp(r#""front\ud800desk""#, r#""7C1B1""#, &now),
            22 => wawp(r#""front-desk""#, r#""7C1B1""#, r#""2026-05-04\ud800""#),
            23 => r#"{"event":"call.\ud83drejected","session":"front-desk","payload":{"id":"1"}}"#
                .to_string(),
            24 => doubletick(r#""SIDEWAYS""#, r#""2026-05-04T10:15:25.000Z""#),
            25 => doubletick(r#""INCOMING""#, r#""2026-05-04T25:15:25.000Z""#),
            26 => doubletick(r#""""#, r#""2026-05-04T10:15:25.000Z""#),
            27 => timelines("7", r#""2026-05-04 10:15:25 +0100""#),
            28 => timelines(r#""Rejected""#, "0"),
            29 => timelines(r#""Rejected""#, r#""0001-01-01T00:00:00Z""#),
            30 => r#"{"event":"call.reject","phone":"34600111222"}"#.to_string(),
            31 => r#"{"event":"call.reject","phone":"34600\udfff","ts":"2026-05-04T10:15:25Z"}"#
                .to_string(),
            32 => r#"{"event_type":"message:reaction","chat":{"chat_id":1},"reaction":{"message_uid":"m","action":"wave","emoji":"x","timestamp":"2026-05-04 10:15:25 +0100"}}"#.to_string(),
            33 => r#"{"event_type":"message:reaction","reaction":{"message_uid":"m","action":"set","emoji":"x","timestamp":"2026-05-04 10:15:25 +0100"}}"#.to_string(),
            34 => r#"{"body":"{\"event\":\"call.rejected\",","received_at":"2026-05-04T10:15:25Z"}"#
                .to_string(),
            _ => {
                let mut line = br#"{"event":"call.rejected","session":"front-desk","payload":{"id":"7C"#
                    .to_vec();
                line.push(0xFE);
                line.extend(br#""}}"#);
                self.write(line, false);
                return;
            }
        };
        self.write(line.into_bytes(), false);
    }

    // ---- from bodies to lines ----

    /// Writes a body as captured: bare or in an envelope, once or more, alone or with others.
    fn emit(&mut self, body: Vec<u8>, at: Option<i64>) {
        self.events += 1;
        let copies = match self.rng.below(25) {
            0 if self.opts.duplicates => 3,
            1 | 2 if self.opts.duplicates => 2,
            _ => 1,
        };
        for _ in 0..copies {
            if self.opts.envelopes && self.rng.percent(45) {
                self.envelope(&body, at);
            } else {
                self.write(body.clone(), true);
            }
        }
    }

    /// Writes a body in an envelope that says when it came.
    fn emit_received(&mut self, body: Vec<u8>, at: Option<i64>) {
        self.events += 1;
        let received = self.received(at.unwrap_or(self.now)).to_string();
        let parts = [received.as_bytes(), &body];
        self.write(fill(r#"{"received_at":~,"body":~}"#, &parts), true);
    }

    /// When the capture says that it got what happened then.
    fn received(&mut self, at: i64) -> i64 {
        let usual = at + 40 + self.rng.below(1500) as i64;
        if !self.opts.skew {
            return usual;
        }
        match self.rng.below(20) {
            0 => at + MINUTE + *self.rng.pick(&[-1, 0, 1]),
            1 => at - 5 * SECOND + *self.rng.pick(&[-1, 0, 1]),
            2 => at + HOUR,
            3 => at,
            _ => usual,
        }
    }

    fn envelope(&mut self, body: &[u8], at: Option<i64>) {
        let at = at.unwrap_or(self.now);
        let received = self.received(at);
        let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let iso = text_time(received, "%Y-%m-%dT%H:%M:%S%.3fZ");
        let line = match self.rng.below(16) {
            0..3 => fill(r#"{"received_at":"~","headers":{"x":["y"]},"body":~}"#, &[iso.as_bytes(), body]),
            3 => {
                let time = received.to_string();
                fill(r#"{"receivedAt":~,"rawBody":~}"#, &[time.as_bytes(), &quote_bytes(body)])
            }
            4 => {
                let (time, text) = (received.to_string(), base64(body));
                fill(
                    r#"{"isBase64Encoded":true,"rawPath":"/in?x=1","requestContext":{"timeEpoch":~},"body":"~"}"#,
                    &[time.as_bytes(), text.as_bytes()],
                )
            }
            5 => fill(
                r#"{"id":"req_1","created_at":"~","data":{"path":"/in","body":~}}"#,
                &[iso.as_bytes(), body],
            ),
            6 => {
                let text = base64(body);
                fill(
                    r#"{"subscription":"s","message":{"data":"~","publishTime":"~"}}"#,
                    &[text.as_bytes(), iso.as_bytes()],
                )
            }
            7 => {
                let text = base64(body);
                fill(r#"{"Records":[{"kinesis":{"data":"~"}}]}"#, &[text.as_bytes()])
            }
            8 => fill(r#"[{"json":{"params":{},"body":~}}]"#, &[body]),
            9 => fill(
                r#"{"time":"~","stream":"stdout","log":~}"#,
                &[iso.as_bytes(), &quote_bytes(&[body, b"\n"].concat())],
            ),
            10 => {
                let time = format!("{}.{:03}", received / SECOND, received % SECOND);
                fill(
                    r#"{"date":~,"request":{"uri":"/in?y=2","body":~}}"#,
                    &[time.as_bytes(), &quote_bytes(body)],
                )
            }
            11 => fill(
                r#"{"@timestamp":"~","ts":"soon","event":{"body":{"content":{"value":~}}}}"#,
                &[iso.as_bytes(), body],
            ),
            12 => {
                let text = base64(body);
                fill(
                    r#"{"specversion":"1.0","time":"~","data_base64":"~"}"#,
                    &[iso.as_bytes(), text.as_bytes()],
                )
            }
            // Two levels with a time each: the inner one counts.
            13 => fill(
                r#"{"received_at":1777874400,"detail":{"ingested_at":"~","payload":~}}"#,
                &[iso.as_bytes(), &quote_bytes(body)],
            ),
            _ => {
                self.waiting.push(body.to_vec());
                return;
            }
        };
        self.write(line, true);
    }

    /// One line of all the bodies that wait for company.
    fn flush_waiting(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let mut bodies = std::mem::take(&mut self.waiting);
        if self.opts.disputed && self.rng.once_in(2) {
            bodies.push(br#"{"event":"call.rejected","session":"front-desk","payload":{}}"#.to_vec());
        }
        let items = bodies.join(&b","[..]);
        let line = match self.rng.below(3) {
            0 => fill(r#"[~]"#, &[&items]),
            1 => {
                let time = self.now.to_string();
                fill(r#"{"timestamp":~,"records":[~]}"#, &[time.as_bytes(), &items])
            }
            _ => {
                let strings: Vec<Vec<u8>> =
                    bodies.iter().map(|body| fill(r#"{"body":~}"#, &[&quote_bytes(body)])).collect();
                fill(r#"{"Records":[~]}"#, &[&strings.join(&b","[..])])
            }
        };
        self.write(line, true);
    }

    fn write(&mut self, bytes: Vec<u8>, element: bool) {
        self.lines.push(Line { bytes, element });
    }

    /// Deals the lines out to files.
    fn files(mut self) -> Vec<(String, Vec<u8>)> {
        let count = self.opts.files.max(1);
        let mut files: Vec<Vec<Line>> = (0..count).map(|_| Vec::new()).collect();
        for line in std::mem::take(&mut self.lines) {
            let mut file = self.rng.below(count);
            // The last file is an array, if there is another.
            if self.opts.odd_files && count > 1 && file == count - 1 && !line.element {
                file = 0;
            }
            files[file].push(line);
        }
        if self.opts.too_long {
            let mut long = b"{\"a\":\"".to_vec();
            long.resize(16 * 1024 * 1024 - 1, b'x');
            long.extend(b"\"}");
            files[0].push(Line { bytes: long, element: false });
        }
        let mut out = Vec::new();
        for (place, mut lines) in files.into_iter().enumerate() {
            if self.opts.shuffled && place % 3 != 2 {
                for last in (1..lines.len()).rev() {
                    let other = self.rng.below(last + 1);
                    lines.swap(last, other);
                }
            }
            let kind = ["north", "mixed", "late"][place % 3];
            let path = format!("dump/{kind}-{place:02}.ndjson");
            let array = self.opts.odd_files && count > 1 && place == count - 1;
            out.push((path, self.text(lines, array, place)));
        }
        out
    }

    fn text(&mut self, lines: Vec<Line>, array: bool, place: usize) -> Vec<u8> {
        if array {
            let items: Vec<Vec<u8>> = lines.into_iter().map(|line| line.bytes).collect();
            return fill("[\n~\n]\n", &[&items.join(&b",\n"[..])]);
        }
        let mut text = Vec::new();
        if self.opts.odd_files && place == 1 {
            text.extend(b"\xEF\xBB\xBF");
        }
        // A file that begins like an array would be one.
        if lines.first().is_some_and(|line| line.bytes.first() == Some(&b'[')) {
            text.extend(b"{\"note\":\"the capture begins\"}\n");
        }
        let last = lines.len();
        for (number, line) in lines.into_iter().enumerate() {
            text.extend(line.bytes);
            if self.opts.odd_files && self.rng.once_in(20) {
                text.push(b'\r');
            }
            if number + 1 < last || !self.rng.once_in(3) {
                text.push(b'\n');
            }
        }
        text
    }
}

/// A template with each `~` replaced by the next part.
fn fill(template: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for (place, piece) in template.split('~').enumerate() {
        if place > 0 {
            out.extend(parts[place - 1]);
        }
        out.extend(piece.bytes());
    }
    out
}

/// A key as an automation tool writes it.
fn renamed(key: &str, style: usize) -> String {
    let mut words: Vec<String> = Vec::new();
    for c in key.chars() {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    match style {
        0 => words.join("_").to_lowercase(),
        1 if key == "customerNumber" => "Customer Phone Number".to_string(),
        1 => words
            .iter()
            .map(|word| {
                let mut chars = word.chars();
                let first = chars.next().map(|c| c.to_uppercase().to_string());
                first.unwrap_or_default() + chars.as_str()
            })
            .collect::<Vec<_>>()
            .join(" "),
        _ => words.join("-").to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{Params, analyse};
    use super::*;
    use std::collections::BTreeSet;

    fn params(seed: u64) -> Params {
        let (roster, agents, customers) = side_files(seed);
        Params {
            tz: Some("America/Mexico_City".to_string()),
            sources: sources(),
            roster: Some(roster),
            agents: Some(agents),
            customers: Some(customers),
            agent_from_metadata: Some("user.email".to_string()),
            ..Params::default()
        }
    }

    #[test]
    fn a_seed_gives_the_same_bytes() {
        let opts = TrafficOpts::default();
        assert_eq!(dump(7, 300, &opts), dump(7, 300, &opts));
        assert_ne!(dump(7, 300, &opts), dump(8, 300, &opts));
        assert_eq!(side_files(7), side_files(7));
    }

    #[test]
    fn ledgers_balance_on_any_traffic() {
        for seed in 0..12 {
            let opts = TrafficOpts { disputed: seed % 3 == 0, ..TrafficOpts::default() };
            let files = dump(seed, 400, &opts);
            let out = analyse(&files, &params(seed));
            let a = &out["accounting"];
            let n = |value: &serde_json::Value| value.as_u64().unwrap();
            let l = &a["lines"];
            let parts = ["call", "reaction", "other", "invalid", "blank"];
            assert_eq!(n(&l["total"]), parts.iter().map(|p| n(&l[*p])).sum::<u64>());
            let sessions = out["sessions"].as_array().unwrap();
            let evidence = |s: &serde_json::Value| s["evidence"].as_array().unwrap().len() as u64;
            let held: u64 = sessions.iter().map(evidence).sum();
            assert_eq!(n(&a["events"]["unique"]), held);
            let reasons = a["invalid_reasons"].as_object().unwrap();
            let reasons: u64 = reasons.values().map(n).sum();
            assert_eq!(reasons, n(&l["invalid"]) + n(&a["invalid_bodies"]));
            // A part of the sessions is in the rows; the rows add up to the total.
            for table in [&out["kpi"], &out["kpi"]["outgoing"]] {
                for key in ["calls", "rejected", "answered", "unrated", "orphaned"] {
                    let rows = table["rows"].as_array().unwrap();
                    let sum: u64 = rows.iter().map(|row| n(&row[key])).sum();
                    assert_eq!(sum, n(&table["total"][key]), "{key}");
                }
            }
        }
    }

    #[test]
    fn the_order_of_lines_changes_nothing() {
        let plain = TrafficOpts { odd_files: false, files: 1, ..TrafficOpts::default() };
        for seed in 0..6 {
            let mut files = dump(seed, 400, &plain);
            let without_places = |files: &[(String, Vec<u8>)]| {
                let mut out = analyse(files, &params(seed));
                for key in ["sessions", "rejections"] {
                    for row in out[key].as_array_mut().unwrap() {
                        row["evidence"] = serde_json::Value::Null;
                    }
                }
                for row in out["anomalies"]["rows"].as_array_mut().unwrap() {
                    row["line"] = serde_json::Value::Null;
                }
                out
            };
            let before = without_places(&files);
            let mut lines: Vec<Vec<u8>> = files[0]
                .1
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(<[u8]>::to_vec)
                .collect();
            lines.reverse();
            files[0].1 = lines.join(&b"\n"[..]);
            if files[0].1[0] == b'[' {
                files[0].1.splice(0..0, *b"{}\n");
            }
            let mut after = without_places(&files);
            // The last line has no end now, and lines may be added or gone.
            for key in ["lines", "bytes"] {
                after["accounting"][key] = before["accounting"][key].clone();
            }
            assert_eq!(before, after, "seed {seed}");
        }
    }

    #[test]
    fn all_of_it_happens() {
        let files = dump(2, 6000, &TrafficOpts::default());
        let out = analyse(&files, &params(2));
        let values = |table: &serde_json::Value, key: &str| -> BTreeSet<String> {
            let rows = table.as_array().unwrap();
            rows.iter().map(|row| row[key].to_string()).collect()
        };
        let has = |found: &BTreeSet<String>, wanted: &[&str]| {
            for value in wanted {
                assert!(found.contains(*value), "{value} is not among {found:?}");
            }
        };
        let quoted =
            |words: &str| -> Vec<String> { words.split(' ').map(|word| format!("\"{word}\"")).collect() };
        let all = |table, key, words: &str| {
            let wanted = quoted(words);
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            has(&values(table, key), &wanted);
        };
        let sessions = &out["sessions"];
        all(sessions, "provider", "wawp doubletick wazzap timelinesai");
        all(sessions, "direction", "incoming outgoing");
        all(sessions, "outcome", "answered rejected missed");
        all(sessions, "cause", "policy declined reported timeout ended_unanswered failed inferred");
        all(sessions, "declined_by", "policy instant agent unknown customer");
        all(sessions, "orphan", "other_instance capture_edge network_anomaly no_offers_captured");
        all(sessions, "agent_source", "payload roster metadata none");
        has(&values(sessions, "outcome"), &["null"]);
        all(
            &out["anomalies"]["rows"],
            "kind",
            "orphaned_rejection orphaned_accept orphaned_miss late_rejection out_of_order \
             conflicting_end id_collision id_reuse late_delivery clock_skew replayed",
        );
        assert!(!out["anomalies"]["incidents"].as_array().unwrap().is_empty());
        let reasons = out["accounting"]["invalid_reasons"].as_object().unwrap();
        for reason in [
            "not_json",
            "too_deep",
            "missing_field",
            "wrong_type",
            "bad_time",
            "bad_value",
            "broken_text",
            "bad_embedded_json",
        ] {
            assert!(reasons.contains_key(reason), "{reason}");
        }
        assert!(out["accounting"]["envelopes"].as_object().unwrap().len() > 10);
        all(&out["frustration"]["rows"], "unresolved", "yes no");
        all(&out["frustration"]["rows"], "level", "calm priority_1");
        let avoidance = &out["avoidance"]["rows"];
        all(avoidance, "stage", "current early mid late");
        all(avoidance, "risk", "low medium high critical unknown");
        all(
            avoidance,
            "action",
            "switch_to_message deliberate_avoidance raise_risk senior_review escalate_senior_officer",
        );
        let comparison = &out["avoidance"]["default_comparison"]["total"];
        for group in ["avoiding_customers", "avoiding_defaulted", "other_customers", "other_defaulted"] {
            assert!(comparison[group].as_u64() > Some(0), "{comparison}");
        }
    }
}
