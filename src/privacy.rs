//! How much of a person is shown: all, enough to tell rows apart, or a pseudonym.
//!
//! Reports put people into cells of their own kind ([`Cell::Person`]); here, between a report and its
//! renderer, those cells become what the reader may see. A second net catches customers' numbers
//! that stand inside other text: a conversation's id, a call's id, a file's name.
//!
//! Pseudonyms are keyed (HMAC-SHA-256): every mobile number that exists can be hashed in an
//! afternoon, so a plain hash hides nobody.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::analysis::Analysis;
use crate::call_id;
use crate::calling_codes::calling_code;
use crate::identity::{self, Party};
use crate::render::escape;
use crate::section::{Body, Cell, Document, Person, Piece, Table, hex};
use crate::text::Text;

/// How much of somebody is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Everything.
    #[default]
    Full,
    /// Of a number its country code, its last two digits, and four characters of the pseudonym.
    Mask,
    /// A keyed pseudonym.
    Pseudonym,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Full, Self::Mask, Self::Pseudonym];

    /// The word used in flags and parameters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Mask => "mask",
            Self::Pseudonym => "pseudonym",
        }
    }
}

/// The fewest bytes of a key: 128 bits.
const KEY_LEAST: usize = 16;
/// The most; more is another file.
const KEY_MOST: usize = 4096;
/// Characters of a pseudonym, five bits each: 80 bits, so that two of a million customers share one
/// with a chance of one in 10^12.
const PSEUDONYM_CHARS: usize = 16;
/// Characters of it that a mask shows.
const MASK_CHARS: usize = 4;
/// So many digits in a row are a number that somebody could dial.
const DIGITS_LEAST: usize = 7;
/// So many digits without a calling code are somebody's number, and not a count.
const NATIONAL_LEAST: usize = 8;
/// So many can be found inside a longer row of digits without being there by chance.
const DIGITS_WITHIN: usize = 10;

/// Base64 that is read as far as it goes: ids are cut, and what is left must hide nothing.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN_64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL_64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// A secret that pseudonyms are made with.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Reads a key: a file that nobody but its owner can read, with at least 16 bytes. Blanks and line
    /// ends around them do not belong to the key.
    ///
    /// # Errors
    ///
    /// What makes the file unusable, with the remedy.
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = path.to_string_lossy();
        let name = escape::message(&name);
        let fail = |what: String| format!("--key-file: {name} {what}");
        let mut file = File::open(path).map_err(|it| {
            fail(format!(
                "cannot be read: {it}; `(umask 077; head -c 32 /dev/urandom | base64 > {name})` makes a key"
            ))
        })?;
        let metadata = file.metadata().map_err(|it| fail(format!("cannot be read: {it}")))?;
        if !metadata.is_file() {
            return Err(fail("is no plain file; name one that holds the key".into()));
        }
        if is_open_to_others(&metadata) {
            return Err(fail(format!("can be read by others; `chmod 600 {name}` closes it")));
        }
        let mut bytes = Vec::new();
        file.by_ref()
            .take(KEY_MOST as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|it| fail(format!("cannot be read: {it}")))?;
        let key = bytes.trim_ascii();
        if key.len() < KEY_LEAST {
            return Err(fail(format!(
                "holds {} bytes; a key that cannot be guessed has at least {KEY_LEAST}",
                key.len()
            )));
        }
        if bytes.len() > KEY_MOST {
            return Err(fail(format!("is longer than {KEY_MOST} bytes, so it is hardly a key")));
        }
        Ok(Self(key.to_vec()))
    }
}

impl Secret {
    /// Eight digits that tell whether two outputs were made with one key, and nothing of the key.
    pub fn id(&self) -> String {
        id_of(&mac_of(&self.0))
    }
}

fn mac_of(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// Each use of a key is apart from every other.
fn digest(mac: &Hmac<Sha256>, domain: &str, text: &str) -> [u8; 32] {
    let mut mac = mac.clone();
    mac.update(domain.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

fn id_of(mac: &Hmac<Sha256>) -> String {
    hex(&digest(mac, "key id", "")[..4])
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Customers: numbers, names, and what stands for them in somebody's books.
    pub customers: Level,
    /// Agents.
    pub agents: Level,
    /// The key, if a file gave one.
    pub key: Option<Secret>,
}

impl Choice {
    /// Whether everything is shown.
    pub fn is_full(&self) -> bool {
        self.customers == Level::Full && self.agents == Level::Full
    }

    /// Checks that a pseudonym has a key of its own: without one it would mean nobody next month.
    ///
    /// # Errors
    ///
    /// What to do.
    pub fn check(&self) -> Result<(), String> {
        if self.key.is_none() && [self.customers, self.agents].contains(&Level::Pseudonym) {
            return Err(
                "a pseudonym needs --key-file FILE; `(umask 077; head -c 32 /dev/urandom | base64 > \
                        callsift.key)` makes one"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// Shows people as was asked for, in one run.
pub struct Privacy {
    customers: Level,
    agents: Level,
    mac: Hmac<Sha256>,
    from_file: bool,
    /// The digits of every customer of the input.
    numbers: HashSet<String>,
    shown: HashMap<(Person, Text), Text>,
    /// Something was left out altogether.
    withheld: bool,
}

impl Privacy {
    /// Prepares for an input. Where no file gives a key, masks are made with one that only the whole
    /// input gives again: it tells rows apart, and cannot be guessed from a report.
    pub fn new(choice: &Choice, analysis: &Analysis) -> Self {
        let key = match &choice.key {
            Some(Secret(it)) => it.clone(),
            // Nothing is hidden, so nothing is made with it.
            None if choice.is_full() => Vec::new(),
            None => key_of_input(analysis),
        };
        Self {
            customers: choice.customers,
            agents: choice.agents,
            mac: mac_of(&key),
            from_file: choice.key.is_some(),
            numbers: if choice.is_full() { HashSet::new() } else { numbers(analysis) },
            shown: HashMap::new(),
            withheld: false,
        }
    }

    fn is_full(&self) -> bool {
        self.customers == Level::Full && self.agents == Level::Full
    }

    /// Shows the people of a document as was asked for, and says so in it.
    pub fn apply(&mut self, document: &mut Document) {
        self.tell(document);
        if self.is_full() {
            return;
        }
        for (_, cell) in document.parameters.iter_mut().chain(&mut document.accounting) {
            self.cell(cell, true);
        }
        for sentence in document.preface.iter_mut().chain(&mut document.notes) {
            self.sentence(sentence);
        }
        for part in &mut document.parts {
            match &mut part.body {
                Body::Rows(table) => self.table(table),
                Body::Value(cell) => self.cell(cell, true),
                Body::Sentences(sentences) => sentences.iter_mut().for_each(|it| self.sentence(it)),
            }
        }
        if self.withheld {
            document.notes.push(vec![Piece::Say(
                "Raw lines and metadata are withheld: they can name anybody; --privacy full shows them."
                    .into(),
            )]);
        }
    }

    fn tell(&self, document: &mut Document) {
        let mut told = vec![
            ("privacy".to_owned(), Cell::word(self.customers.name())),
            ("agent_privacy".to_owned(), Cell::word(self.agents.name())),
        ];
        if !self.is_full() {
            let origin = if self.from_file { "file" } else { "input" };
            told.push(("key_origin".to_owned(), Cell::word(origin)));
            told.push(("key_id".to_owned(), Cell::Word(id_of(&self.mac))));
        }
        let place = document.parameters.iter().position(|(name, _)| name == "privacy");
        match place {
            Some(at) => drop(document.parameters.splice(at..=at, told)),
            None => document.parameters.extend(told),
        }
        document.notes.push(vec![Piece::Say(self.sentence_on_privacy())]);
    }

    fn sentence_on_privacy(&self) -> String {
        let way = |level: Level| match level {
            Level::Full => "in full",
            Level::Mask => "masked (~ and four characters of a keyed pseudonym)",
            Level::Pseudonym => "under keyed pseudonyms",
        };
        if self.customers == self.agents {
            format!("Privacy: customers and agents are shown {}.", way(self.customers))
        } else {
            format!("Privacy: customers are shown {}, agents {}.", way(self.customers), way(self.agents))
        }
    }

    fn sentence(&mut self, sentence: &mut [Piece]) {
        for piece in sentence {
            match piece {
                Piece::Value(cell) | Piece::Line(cell) => self.cell(cell, true),
                Piece::Say(_) => {}
            }
        }
    }

    fn table(&mut self, table: &mut Table) {
        // The numbers of the business's own lines are nobody's.
        let is_line: Vec<bool> =
            table.columns.iter().map(|it| matches!(it.key, "instance" | "account")).collect();
        let place = |key: &str| table.columns.iter().position(|it| it.key == key);
        let ids = place("session_id").zip(place("call_id"));
        for row in table.rows.iter_mut().chain(&mut table.total) {
            // An id that was made from what is hidden could be guessed back to it.
            if let Some((session, call)) = ids
                && let (Cell::Word(id), Cell::Text(text)) = (&row[session], &row[call])
                && self.customers != Level::Full
                && self.mentions(text.raw())
            {
                row[session] = Cell::Person(Person::Session, Text::new(id));
            }
            for (cell, is_line) in row.iter_mut().zip(&is_line) {
                self.cell(cell, !is_line);
            }
        }
    }

    /// `net`: whether other text is searched for customers' numbers.
    fn cell(&mut self, cell: &mut Cell, net: bool) {
        match cell {
            Cell::Person(Person::Anybody, _) => {
                self.withheld = true;
                *cell = Cell::Missing;
            }
            Cell::Person(who, text) => *text = self.person(*who, text),
            Cell::Text(text) if net && self.customers != Level::Full && self.mentions(text.raw()) => {
                *text = self.person(Person::CustomerRef, text);
            }
            Cell::List(cells) => cells.iter_mut().for_each(|it| self.cell(it, net)),
            Cell::Record(fields) => {
                for (name, it) in fields.iter_mut() {
                    self.cell(it, net);
                    if net && self.customers != Level::Full && self.mentions(name) {
                        *name = self.person(Person::CustomerRef, &Text::new(name)).raw().to_owned();
                    }
                    // All but the number stands in the report: whoever tries numbers would find the line.
                    if let (Level::Pseudonym, "sha256", Cell::Word(plain)) =
                        (self.customers, name.as_str(), &*it)
                        && net
                    {
                        *it = Cell::Word(hex(&self.digest("line", plain)));
                        "hmac_sha256".clone_into(name);
                    }
                }
            }
            Cell::Missing
            | Cell::Text(_)
            | Cell::Word(_)
            | Cell::Count(_)
            | Cell::Signed(_)
            | Cell::Rate(_)
            | Cell::Change(_)
            | Cell::Ratio(_)
            | Cell::Tenths(_)
            | Cell::Millis(_)
            | Cell::Instant(_)
            | Cell::Bool(_) => {}
        }
    }

    /// What is shown of somebody.
    fn person(&mut self, who: Person, text: &Text) -> Text {
        let level = match who {
            Person::Agent if self.agents == Level::Full && self.mentions(text.raw()) => self.customers,
            Person::Agent => self.agents,
            Person::Customer
            | Person::CustomerName
            | Person::CustomerRef
            | Person::Session
            | Person::Anybody => self.customers,
        };
        if level == Level::Full {
            return text.clone();
        }
        let key = (who, text.clone());
        if let Some(it) = self.shown.get(&key) {
            return it.clone();
        }
        let shown = Text::new(&self.hidden(who, text.raw(), level));
        self.shown.insert(key, shown.clone());
        shown
    }

    fn hidden(&self, who: Person, text: &str, level: Level) -> String {
        if who == Person::Session {
            return hex(&self.digest("session", text)[..8]);
        }
        // One customer has one pseudonym, however WhatsApp or a conversation's id spells the number.
        let canonical = match identity::canonical(text, true) {
            Party::Person(it) => it.into_owned(),
            Party::Group => text.to_owned(),
        };
        let number = identity::is_number(&canonical) || identity::is_hidden(&canonical);
        let (domain, mark) = match who {
            Person::Agent => ("agent", 'a'),
            Person::CustomerName => ("name", 'n'),
            Person::CustomerRef if !number => ("reference", 'r'),
            Person::Customer | Person::CustomerRef | Person::Session | Person::Anybody => ("customer", 'c'),
        };
        let pseudonym = base32(&self.digest(domain, &canonical), PSEUDONYM_CHARS);
        if level == Level::Pseudonym {
            return format!("{mark}-{pseudonym}");
        }
        let tail = &pseudonym[..MASK_CHARS];
        if !number || canonical.len() <= DIGITS_LEAST {
            return format!("…~{tail}");
        }
        let last_two = &canonical[canonical.len() - 2..];
        let kind = if identity::is_hidden(&canonical) { "lid:" } else { "" };
        let code = calling_code(&canonical).map(|it| format!("(+{it})")).unwrap_or_default();
        format!("{kind}{code}…{last_two}~{tail}")
    }

    fn digest(&self, domain: &str, text: &str) -> [u8; 32] {
        digest(&self.mac, domain, text)
    }

    /// Whether a text holds the number of a customer of this input, in any spelling.
    fn mentions(&self, text: &str) -> bool {
        if text.len() < DIGITS_LEAST {
            return false;
        }
        if self.has_number(text.chars()) {
            return true;
        }
        // Ids of some providers are base64 around a number.
        let with_signs = text.split(|it: char| !(it.is_ascii_alphanumeric() || "+/-_".contains(it)));
        let without = text.split(|it: char| !(it.is_ascii_alphanumeric() || "+/".contains(it)));
        with_signs.chain(without).any(|it| self.holds_number_in_base64(it))
    }

    /// Whether a piece of text is base64 around a number, wherever in it that begins.
    fn holds_number_in_base64(&self, piece: &str) -> bool {
        if piece.len() <= DIGITS_LEAST || !piece.bytes().any(|it| it.is_ascii_alphabetic()) {
            return false;
        }
        (0..4).filter_map(|at| piece.get(at..)).any(|it| {
            // A piece need not be whole groups of four; what is left over holds no number.
            let whole = &it[..it.len() - usize::from(it.len() % 4 == 1)];
            let bytes = PLAIN_64.decode(whole).or_else(|_| URL_64.decode(whole));
            bytes.is_ok_and(|it| self.has_number(it.iter().map(|it| char::from(*it))))
        })
    }

    fn has_number(&self, chars: impl Iterator<Item = char>) -> bool {
        let mut digits = String::new();
        for c in chars.chain(['\0']) {
            match c {
                '0'..='9' => digits.push(c),
                // Digits in full width.
                '\u{ff10}'..='\u{ff19}' => digits.extend(char::from_digit(u32::from(c) - 0xff10, 10)),
                // What people and programs put between digits, seen or not.
                c if c != '\0' && !c.is_alphanumeric() && !digits.is_empty() => {}
                _ => {
                    if self.is_number(&digits) {
                        return true;
                    }
                    digits.clear();
                }
            }
        }
        false
    }

    fn is_number(&self, digits: &str) -> bool {
        let bare = digits.trim_start_matches('0');
        if digits.len() < DIGITS_LEAST {
            return false;
        }
        self.numbers.contains(digits)
            || self.numbers.contains(bare)
            || (DIGITS_WITHIN..=15.min(digits.len())).any(|length| {
                (0..=digits.len() - length).any(|at| self.numbers.contains(&digits[at..at + length]))
            })
    }
}

/// The digits behind every customer of an input, as WhatsApp and as people write them.
fn numbers(analysis: &Analysis) -> HashSet<String> {
    let events = analysis.sessions().events().flat_map(|it| [it.customer, it.also]);
    let sessions = analysis.sessions().glances().map(|it| it.customer);
    let reactions = analysis.reactions.iter().flat_map(|it| [it.reactor, Some(it.chat)]);
    let mut seen = HashSet::new();
    let mut numbers = HashSet::new();
    for sym in events.chain(sessions).chain(reactions).flatten() {
        if !seen.insert(sym) {
            continue;
        }
        for fold in [true, false] {
            let Party::Person(it) = identity::canonical(analysis.texts.raw(sym), fold) else { continue };
            let digits = it.strip_prefix('+').or_else(|| it.strip_prefix("lid:"));
            let Some(digits) = digits.filter(|it| it.bytes().all(|it| it.is_ascii_digit())) else { continue };
            numbers.extend(spellings(digits));
            // People of one country leave its code out.
            numbers.extend(national(&it).filter(|it| it.len() >= NATIONAL_LEAST));
        }
    }
    numbers
}

/// A number's digits as they are, and as WhatsApp spells some mobiles with one more or one less.
fn spellings(digits: &str) -> Vec<String> {
    let mut all = vec![digits.to_owned()];
    let (length, at) = (digits.len(), |from: usize| digits.get(from..).unwrap_or_default());
    if let (Some("52" | "54"), 12) = (digits.get(..2), length) {
        let extra = if digits.starts_with("52") { '1' } else { '9' };
        all.push(format!("{}{extra}{}", &digits[..2], at(2)));
    }
    if digits.starts_with("55") && length == 13 {
        all.push(format!("{}{}", &digits[..4], at(5)));
    }
    all
}

/// A key that only somebody who holds the whole input can make: a digest of its sessions.
fn key_of_input(analysis: &Analysis) -> Vec<u8> {
    let mut digest = Sha256::new();
    let texts = &analysis.texts;
    let sessions = analysis.sessions();
    let in_order = sessions.sorted((0..sessions.len()).collect(), texts);
    for it in in_order.into_iter().map(|it| sessions.get(it)) {
        let start = it.started_at.map(|it| it.to_string()).unwrap_or_default();
        let mut room = call_id::EMPTY;
        let call_id = it.call_id.map(|it| it.spell(&mut room, texts)).unwrap_or_default();
        let customer = texts.raw_opt(it.customer).unwrap_or_default();
        let parts =
            [it.provider.name(), texts.raw(it.instance), it.direction.name(), call_id, customer, &start];
        digest.update(parts.join("\u{1f}").as_bytes());
        digest.update([0x1e]);
    }
    digest.finalize().to_vec()
}

/// A number without its calling code.
fn national(canonical: &str) -> Option<String> {
    let code = calling_code(canonical)?.to_string();
    canonical.strip_prefix('+')?.strip_prefix(&code).map(str::to_owned)
}

/// The first characters of RFC 4648's base32, in small letters.
fn base32(bytes: &[u8], chars: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
    (0..chars).map(|it| char::from(LETTERS[(0..5).fold(0, |value, k| 2 * value + bit(5 * it + k))])).collect()
}
