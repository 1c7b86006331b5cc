//! The fast way of reading lines and the plain one, held equal: on every line of every fixture, on
//! generated traffic, and on broken and hostile variants of both, in runs in which shapes get learnt.

use std::fs;
use std::path::Path;

use callsift::dialects::support::ReadOptions;
use callsift::read::{Lines, Parsed, Readers, Wants};
use callsift::synth::{self, Shape};
use callsift::text::{Interner, Text};
use proptest::prelude::{Just, ProptestConfig, any, prop_oneof, proptest};

use super::support::Rng;
use super::traffic::{self, TrafficOpts};

fn lines_of(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    bytes.split(|&it| it == b'\n').map(<[u8]>::to_vec)
}

fn fixtures(folder: &Path, all: &mut Vec<Vec<u8>>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            fixtures(&path, all);
        } else if !path.extension().is_some_and(|it| it == "gz" || it == "zst" || it == "md") {
            all.extend(lines_of(&fs::read(&path).unwrap()));
        }
    }
}

fn synthetic(shape: Shape, calls: u64, seed: u64) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    synth::dump(shape, calls, seed, &mut bytes).unwrap();
    lines_of(&bytes).collect()
}

/// Lines of every kind that there is, without the very long ones.
fn corpus() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    fixtures(Path::new("fixtures"), &mut all);
    for seed in 0..3 {
        for (_, bytes) in traffic::dump(seed, 250, &TrafficOpts::default()) {
            all.extend(lines_of(&bytes));
        }
    }
    all.extend(synthetic(Shape::Calls, 120, 1));
    all.extend(synthetic(Shape::Mixed, 120, 2));
    all.extend(LINES.iter().map(|it| it.as_bytes().to_vec()));
    all.retain(|it| it.len() < 20_000);
    all
}

/// Shapes that no other source has.
const LINES: [&str; 11] = [
    r#"{"id":"e","timestamp":1767225644056,"session":"a","engine":"GOWS","event":"call.rejected","payload":{"id":"77AA","from":"915935110698@c.us","to":"915550000037@c.us","timestamp":1767225644,"_data":{"callerPn":"915935110698@s.whatsapp.net","CallCreatorAlt":"7788@lid","Data":{"Tag":"reject","Attrs":{"caller_pn":"915935110698@s.whatsapp.net"}}}},"me":{"id":"915550000037@c.us","lid":"99@lid","pushName":"Desk"}}"#,
    r#"{"id":"e","timestamp":1767225644056,"session":"a","engine":"GOWS","event":"call.rejected","payload":{"id":"77AB","from":"7788@lid","timestamp":1767225644,"_data":{"callerPn":"915935110698@s.whatsapp.net","Reason":"timeout"}},"me":{"id":"915550000037@c.us","jid":"915550000037:3@s.whatsapp.net"}}"#,
    r#"{"id":"e","timestamp":1767225644056,"session":"a","event":"call.received","payload":{"id":"77AC","_data":{"callerPn":"915935110698@s.whatsapp.net","fromMe":true}},"me":{"id":"915550000037@c.us"}}"#,
    r#"{"event":"call.accepted","session":"a","timestamp":"2026-01-01T00:00:44Z","payload":{"id":7712,"from":"+52 1 55 1234-5678","timestamp":"1767225644"},"metadata":{"user.id":"5"}}"#,
    r#"{"event":"call.rejected","session":"a","timestamp":1767225644056,"payload":{"id":"R1","from":"5215512345678@c.us","timestamp":1767225500},"environment":{"tier":"PLUS"}}"#,
    r#"{"createdAt":1767225644056,"headers":{"host":"x"},"timestamp":1767225645056,"request":{"uri":"/a?b","body":{"event":"call.missed","phone":"+5215500003319","country":"MX","ts":"2026-01-03T02:59:25Z"}}}"#,
    r#"{"time":"never","date":1767225644,"data":{"event":"call.incoming","phone":"+5215500003319","ts":1767225644}}"#,
    r#"{"requestContext":{"timeEpoch":1767225644056},"body":{"event":"call.incoming","phone":"5215500003319","ts":1767225644}}"#,
    r#"{"event":"CALL_ENDED","Call ID":"c1","wabaNumber":"915550000014","customer_number":"919822220000","customerName":"A","callDirection":"OUTGOING","callStatus":"END","durationInSeconds":12,"callStartedAt":"2026-01-01T05:16:09.165Z","callEndedAt":"2026-01-01T05:20:58.165Z","pickedBy":"","rejectedBy":"A","customerId":"9","chatId":"c"}"#,
    r#"{"body":{"text":"hi"},"payload":{"event":"message","body":"{\"event\":\"call.rejected\"}"}}"#,
    r#"{"kind":"heartbeat","n":1,"list":[1,"a",{"b":null}]}"#,
];

/// Values that stand on the edge of one rule or another.
const VALUES: [&[u8]; 62] = [
    b"\"\"",
    b"null",
    b"0",
    b"-0",
    b"0.0",
    b"00",
    b"1",
    b"-1",
    b"1.5",
    b"1e3",
    b"1E+2",
    b"1.",
    b"true",
    b"false",
    b"[]",
    b"{}",
    b"[1,2]",
    b"{\"id\":\"x\"}",
    b"[{\"event\":\"call.rejected\"}]",
    b"1767225644",
    b"1767225644056",
    b"1767225583",
    b"1767225584",
    b"1767225585",
    b"1230767999",
    b"4102444800",
    b"1767225644.25",
    b"1767225644056000",
    b"99999999999999999999999",
    b"\"1767225644\"",
    b"\"0\"",
    b"\"0.00\"",
    b"\" \"",
    b"\" x\"",
    b"\"x \"",
    b"\"0001-01-01T00:00:00Z\"",
    b"\"2026-01-03T09:46:59.545Z\"",
    b"\"2026-01-03 09:46:59\"",
    b"\"2026-01-03 15:16:59 +0530\"",
    b"\"soon\"",
    b"\"123@lid\"",
    b"\"120363@g.us\"",
    b"\"915550000037@c.us\"",
    b"\"915550000037:3@s.whatsapp.net\"",
    b"\"+52 1 55 1234-5678\"",
    b"\"status@broadcast\"",
    b"\"caf\\u00e9\"",
    b"\"caf\xc3\xa9\"",
    b"\"\xc2\xa0x\"",
    b"\"\\ud83d\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\xff\"",
    b"\"a\\nb\"",
    b"\"call.rejected\"",
    b"\"call.received\"",
    b"\"CALL_ENDED\"",
    b"\"call.foo\"",
    b"\"FAILED\"",
    b"\"OUTGOING\"",
    b"\"{\\\"event\\\":\\\"call.rejected\\\"}\"",
    b"\"{\"",
    b"\"eyJldmVudCI6ImNhbGwucmVqZWN0ZWQifQ==\"",
];

/// Members that change what an object is.
const MEMBERS: [&[u8]; 24] = [
    b"\"data\":{\"x\":1}",
    b"\"data\":null",
    b"\"sessionId\":\"s\"",
    b"\"call\":{}",
    b"\"account\":\"a\"",
    b"\"schema\":\"callsift.event/1\"",
    b"\"schema\":\"x\"",
    b"\"event_type\":\"call:incoming:ended\"",
    b"\"event\":\"call.rejected\"",
    b"\"event\":\"message\"",
    b"\"ev\\u0065nt\":\"message\"",
    b"\"Event\":\"CALL_ENDED\"",
    b"\"typeWebhook\":\"x\"",
    b"\"received_at\":1767225644",
    b"\"received_at\":\"never\"",
    b"\"timestamp\":1767225600",
    b"\"requestContext\":{\"timeEpoch\":1767225644056}",
    b"\"path\":\"/x\"",
    b"\"to\":\"5215512345678@c.us\"",
    b"\"body\":\"{\\\"event\\\":\\\"call.rejected\\\"}\"",
    b"\"body\":{\"event\":\"message\"}",
    b"\"payload\":{}",
    b"\"isBase64Encoded\":true",
    b"\"Customer Phone Number\":\"1\"",
];

/// The values and keys of a line: where each begins and ends, and whether it is a key.
fn spans(line: &[u8]) -> Vec<(usize, usize, bool)> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let start = at;
        if line[at] == b'"' {
            at += 1;
            while at < line.len() && line[at] != b'"' {
                at += if line[at] == b'\\' { 2 } else { 1 };
            }
            at = (at + 1).min(line.len());
            all.push((start, at, line.get(at) == Some(&b':')));
        } else if line[at].is_ascii_alphanumeric() || line[at] == b'-' {
            while at < line.len() && (line[at].is_ascii_alphanumeric() || b"+-.".contains(&line[at])) {
                at += 1;
            }
            all.push((start, at, false));
        } else {
            at += 1;
        }
    }
    all
}

fn replaced(line: &[u8], start: usize, end: usize, with: &[u8]) -> Vec<u8> {
    [&line[..start], with, &line[end..]].concat()
}

/// A line that differs from `line` in one thing.
fn mutant(line: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let place = rng.below(line.len());
    let all = spans(line);
    let values: Vec<_> = all.iter().filter(|it| !it.2).copied().collect();
    if line.is_empty() || all.is_empty() || values.is_empty() {
        return other.to_vec();
    }
    let &(start, end, _) = rng.pick(&values);
    match rng.below(20) {
        0 => replaced(line, place, place + 1, &[line[place] ^ (1 << rng.below(8))]),
        1 => replaced(line, place, place + 1, b""),
        2 => {
            let bytes: &[u8] = b"\"\\{}[]:,09-.eE \t\r\x00\x1f\xff\xc3ax";
            let byte = *rng.pick(bytes);
            replaced(line, place, place, &[byte])
        }
        3 => line[..place].to_vec(),
        4..8 => replaced(line, start, end, VALUES[rng.below(VALUES.len())]),
        8 | 9 => {
            let others: Vec<_> = spans(other).into_iter().filter(|it| !it.2).collect();
            let Some(&(from, to, _)) = others.get(rng.below(others.len())) else { return line.to_vec() };
            replaced(line, start, end, &other[from..to])
        }
        10 => {
            // One of the two ends of some object gets a member more.
            let braces: Vec<usize> =
                (0..line.len()).filter(|&it| line[it] == b'{' || line[it] == b'}').collect();
            let Some(&brace) = braces.get(rng.below(braces.len())) else { return line.to_vec() };
            let member = *rng.pick(&MEMBERS);
            if line[brace] == b'{' {
                replaced(line, brace + 1, brace + 1, &[member, b","].concat())
            } else {
                replaced(line, brace, brace, &[b",", member].concat())
            }
        }
        11 => {
            let marks: Vec<usize> = (0..line.len()).filter(|&it| b"{},:[]".contains(&line[it])).collect();
            let Some(&mark) = marks.get(rng.below(marks.len())) else { return line.to_vec() };
            replaced(line, mark, mark, [&b" "[..], b"\t", b"  ", b"\r"][rng.below(4)])
        }
        12 if end - start > 2 && line[start] == b'"' => {
            let place = start + 1 + rng.below(end - start - 2);
            let escape = format!("\\u{:04x}", line[place]);
            replaced(line, place, place + 1, escape.as_bytes())
        }
        13 => {
            let mut line = line.to_vec();
            for byte in &mut line[start..end] {
                if byte.is_ascii_digit() {
                    *byte = b'0' + (*byte - b'0' + 1 + rng.below(9) as u8) % 10;
                }
            }
            line
        }
        14 => {
            let mut line = line.to_vec();
            line[start..end].make_ascii_uppercase();
            line
        }
        15 => {
            let long = "9".repeat([24, 70, 300, 70_000][rng.below(4)]);
            let text = if rng.below(2) == 0 { long } else { format!("\"{long}\"") };
            replaced(line, start, end, text.as_bytes())
        }
        16 => {
            let &(start, end, _) = rng.pick(&all);
            replaced(line, start, end, &line[values[0].0..values[0].1])
        }
        17 => [b"{\"received_at\":1767225650,\"path\":\"/h\",\"body\":", line, b"}"].concat(),
        18 => [line, *rng.pick(&[&b"\r"[..], b" ", b"\r\r", b",", b"}", b"\x00"])].concat(),
        _ => {
            // The first two members change places.
            let keys: Vec<_> = all.iter().filter(|it| it.2).collect();
            let [a, b, c, ..] = keys[..] else { return line.to_vec() };
            [&line[..a.0], &line[b.0..c.0], &line[a.0..b.0], &line[c.0..]].concat()
        }
    }
}

/// Whether the same came out.
fn are_alike(a: &Parsed, b: &Parsed) -> bool {
    let counts = a.ledger == b.ledger && a.events.len() == b.events.len();
    counts
        && a.events == b.events
        && a.reactions == b.reactions
        && a.digests == b.digests
        && faults(a) == faults(b)
}

/// What came out, as text.
fn shown(parsed: &Parsed) -> Vec<String> {
    let mut all = vec![format!("{:#?}", parsed.ledger)];
    all.extend(parsed.events.iter().map(|it| format!("{it:?}")));
    all.extend(parsed.reactions.iter().map(|it| format!("{it:?}")));
    all.extend(faults(parsed));
    all.extend(parsed.digests.iter().map(|it| format!("{it:?}")));
    all
}

/// Faults and rejects as text; addresses in memory are left out.
fn faults(parsed: &Parsed) -> Vec<String> {
    let fault = |it: &callsift::read::Fault| {
        let flaw = it.flaw;
        format!("{:?}:{}:{} {:?} {} {}", it.file, it.line, it.column, flaw.reason, flaw.field, flaw.expected)
    };
    let rejects =
        parsed.rejects.iter().map(|it| format!("{} {:?} {:?}", fault(&it.fault), it.raw, it.cut_from));
    parsed.faults.iter().map(fault).chain(rejects).collect()
}

/// How many lines were read the fast way. Symbols are equal where texts are: both ways share the texts.
fn same(lines: &[Vec<u8>], options: &ReadOptions, block: usize) -> u64 {
    let texts = Interner::default();
    // Of some options the file's name decides on a line's instance.
    let names = ["dump.ndjson", "line-02.ndjson"].map(Text::new);
    let wants = Wants { rejects: true, digests: true, ..Wants::default() };
    let reference = ReadOptions { reference: true, ..options.clone() };
    let plain = Readers::new(&reference, &texts, wants);
    let mut fast = Readers::new(options, &texts, wants);
    let mut read = 0;
    let mut first_line = 1;
    for (number, lines) in lines.chunks(block).enumerate() {
        if number % 2 == 0 {
            // Begins anew: lines of ever new shapes are not learnt from without end.
            read += fast.statistics().0;
            fast = Readers::new(options, &texts, wants);
        }
        let bytes = lines.join(&b'\n');
        let name = &names[number % 2];
        let file_sym = texts.intern(name.raw());
        let block = Lines { file: name, file_sym, first_line, bytes: &bytes, over: None };
        let (expected, found) = (plain.read(&block), fast.read(&block));
        first_line += expected.ledger.lines;
        if !are_alike(&expected, &found) {
            let pairs = shown(&expected).into_iter().zip(shown(&found));
            for (expected, found) in pairs.filter(|it| it.0 != it.1).take(2) {
                eprintln!("plain: {expected}\nfast:  {found}");
            }
            for event in found.events.iter().filter(|it| !expected.events.contains(it)).take(2) {
                let line = (event.origin.line - block.first_line) as usize;
                eprintln!("{}", String::from_utf8_lossy(bytes.split(|&it| it == b'\n').nth(line).unwrap()));
            }
            panic!("the two ways differ");
        }
    }
    read + fast.statistics().0
}

fn options() -> [ReadOptions; 4] {
    let zone = callsift::zone::Zone::named("Asia/Kolkata").unwrap();
    [
        ReadOptions::default(),
        ReadOptions { fold: false, naive_zone: zone, ..ReadOptions::default() },
        ReadOptions { keep_metadata: true, instance_name: Some("one".to_owned()), ..ReadOptions::default() },
        ReadOptions {
            sources: vec![(glob::Pattern::new("*line-0[1-4]*").unwrap(), "some".to_owned())],
            ..ReadOptions::default()
        },
    ]
}

#[test]
fn the_lines_of_all_fixtures_and_generators_are_read_alike() {
    let corpus = corpus();
    for options in options() {
        // Twice: the second time the shapes are known.
        let twice = [&corpus[..], &corpus[..]].concat();
        let fast = same(&twice, &options, 499);
        assert!(fast > twice.len() as u64 / 12, "{fast} of {}", twice.len());
    }
}

#[test]
fn generated_dumps_are_read_the_fast_way() {
    for shape in [Shape::Calls, Shape::Mixed] {
        let lines = synthetic(shape, 2000, 7);
        let fast = same(&lines, &ReadOptions::default(), 2000);
        assert!(fast > lines.len() as u64 * 8 / 10, "{fast} of {}", lines.len());
    }
}

#[test]
fn a_line_that_calls_itself_is_read_alike() {
    let line = |from: &str, n: usize| {
        format!(
            r#"{{"event":"call.received","session":"desk","timestamp":{},"payload":{{"id":"{n:032X}","from":"{from}"}},"me":{{"id":"915550000037@c.us"}}}}"#,
            1_777_888_800_000_u64 + n as u64
        )
    };
    let strangers = (0..60).map(|n| line(&format!("9198111100{n:02}@c.us"), n));
    let own = ["915550000037@c.us", "915550000037:3@c.us", "+915550000037", "915550000037@s.whatsapp.net"];
    let own = own.iter().enumerate().map(|(n, from)| line(from, 60 + n));
    let lines: Vec<Vec<u8>> = strangers.chain(own).map(String::into_bytes).collect();
    let fast = same(&lines, &ReadOptions::default(), lines.len());
    assert!(fast > 50, "{fast}");
}

#[test]
fn one_change_anywhere_is_read_alike() {
    let rounds = std::env::var("CALLSIFT_ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(1);
    let corpus = corpus();
    for (round, options) in (0..rounds).flat_map(|round| options().map(|it| (round, it))) {
        let mut rng = Rng(round as u64 * 31 + u64::from(options.fold) * 7 + options.sources.len() as u64);
        let mut lines = Vec::new();
        for line in corpus.iter().filter(|it| !it.is_empty()) {
            if rng.below(8) != 0 {
                continue;
            }
            lines.push(line.clone());
            for _ in 0..8 {
                let other = rng.pick(&corpus).clone();
                let changed = mutant(line, &other, &mut rng);
                // Sometimes two changes, sometimes the changed line is learnt from.
                if rng.below(3) == 0 {
                    lines.push(mutant(&changed, &other, &mut rng));
                }
                if rng.below(6) == 0 {
                    lines.push(changed.clone());
                    lines.push(line.clone());
                }
                lines.push(changed);
            }
        }
        lines.iter_mut().for_each(|it| it.retain(|&byte| byte != b'\n'));
        let fast = same(&lines, &options, 499);
        assert!(fast > lines.len() as u64 / 20, "{fast} of {}", lines.len());
    }
}

/// A line that could teach a wrong rule, and one that the rule would misread.
const TRAPS: [(&str, &str); 4] = [
    (r#"{"event_type":" ","body":{"event":"message"}}"#, r#"{"event_type":"x","body":{"event":"message"}}"#),
    (
        r#"{"event":"CALL_ENDED","callId":"c1","wabaNumber":"91981","callDirection":"INCOMING","callStartedAt":"2026-01-01T05:16:09Z","callEndedAt":"2026-01-01T05:20:58Z"}"#,
        r#"{"event":"CALL_ENDED","callId":"c1","wabaNumber":"91981","callDirection":"INCOMING","callStartedAt":"0001-01-01T00:00:00Z","callEndedAt":"2026-01-01T05:20:58Z"}"#,
    ),
    (
        r#"{"event":"call.received","session":"a","data":{},"sessionId":"","payload":{"id":"c1"}}"#,
        r#"{"event":"call.received","session":"a","data":{},"sessionId":"s","payload":{"id":"c1"}}"#,
    ),
    (
        r#"{"event":"CALL_ENDED","callId":"c1","wabaNumber":"91981","callDirection":"INCOMING","durationInSeconds":7,"callEndedAt":"2026-01-01T05:20:58Z"}"#,
        r#"{"event":"CALL_ENDED","callId":"c1","wabaNumber":"91981","callDirection":"INCOMING","durationInSeconds":0,"callEndedAt":"2026-01-01T05:20:58Z"}"#,
    ),
];

/// So many lines alike are enough that where their values stand is known.
const MANY: usize = 40;

#[test]
fn what_one_line_teaches_does_not_misread_another() {
    for (teacher, pupil) in TRAPS {
        for count in [2, MANY] {
            let lines = [&vec![teacher; count][..], &[pupil, teacher, pupil]].concat();
            let lines: Vec<Vec<u8>> = lines.iter().map(|it| it.as_bytes().to_vec()).collect();
            same(&lines, &ReadOptions::default(), lines.len());
        }
    }
}

#[test]
fn a_byte_that_differs_from_many_lines_alike_is_read_alike() {
    let (mut read, mut all) = (0, 0);
    for line in LINES.iter().chain(&[TRAPS[3].0]).map(|it| it.as_bytes()) {
        for bytes in [b"0a", b"7Z", b"-\xff"] {
            let mut lines = vec![line.to_vec(); MANY];
            for (place, byte) in (0..line.len()).flat_map(|place| bytes.iter().map(move |it| (place, it))) {
                lines.push(replaced(line, place, place + 1, &[*byte]));
                lines.push(line.to_vec());
            }
            read += same(&lines, &ReadOptions::default(), lines.len()) as usize;
            all += lines.len();
        }
    }
    assert!(read > all / 3, "{read} of {all}");
}

#[test]
fn lines_cut_at_every_byte_are_read_alike() {
    for line in LINES.iter().map(|it| it.as_bytes()).chain(["\u{e9}".as_bytes()]) {
        let mut lines = vec![line.to_vec(), line.to_vec()];
        lines.extend((0..=line.len()).map(|it| line[..it].to_vec()));
        lines.extend((0..line.len()).map(|it| replaced(line, it, it + 1, b"")));
        lines.extend((0..line.len()).map(|it| replaced(line, it, it, b"\"")));
        same(&lines, &ReadOptions::default(), 97);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_values_in_one_shape_are_read_alike(
        ids in proptest::collection::vec("[ -~é\u{a0}\u{202e}]{0,40}", 12),
        times in proptest::collection::vec(prop_oneof![Just(1_767_225_644_056_i64), 1_767_225_500_000..1_767_225_800_000_i64, any::<i64>()], 12),
        names in proptest::collection::vec(prop_oneof![Just("call.received"), Just("call.rejected"), Just("message")], 12),
    ) {
        let text = |it: &str| serde_json::to_string(it).unwrap();
        let mut lines = Vec::new();
        for number in 0..144 {
            let (a, b, c) = (number % 12, number / 12, number * 5 % 12);
            lines.push(format!(
                r#"{{"timestamp":{},"session":"s","event":"{}","payload":{{"id":{},"from":{},"timestamp":{}}},"me":{{"id":{}}}}}"#,
                times[a], names[c], text(&ids[b]), text(&ids[a]), times[b] / 1000, text(&ids[c % 2]),
            ).into_bytes());
        }
        same(&lines, &ReadOptions::default(), 50);
    }
}
