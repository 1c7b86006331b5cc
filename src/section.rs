//! What a report yields and a renderer takes: typed cells, no formatting.
//!
//! A [`Document`] is the whole answer of a command. Reports fill it, `render` writes it; nothing
//! here computes and nothing here formats.

use crate::text::Text;

/// One value, with its unit in its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// What the input cannot show. Never zero.
    Missing,
    /// Text from outside, untrusted.
    Text(Text),
    /// Text from outside that names a person; `privacy` decides what of it is shown.
    Person(Person, Text),
    /// A word of callsift's own: an outcome, a verdict, a period.
    Word(String),
    /// A number of things.
    Count(u64),
    /// A difference of numbers of things.
    Signed(i64),
    /// A share from 0 to 1.
    Rate(Rate),
    /// A difference of two shares, from -1 to 1.
    Change(Change),
    /// How many times as great one figure is as another; no share, so it may be more than 1.
    Ratio(Rate),
    /// A decimal with one digit, in tenths (a score, a weight).
    Tenths(i64),
    /// A duration in milliseconds.
    Millis(i64),
    /// An instant in Unix milliseconds, shown in the report's zone.
    Instant(i64),
    /// Yes or no.
    Bool(bool),
    /// Several values in one cell.
    List(Vec<Cell>),
    /// Named values in one cell.
    Record(Vec<(String, Cell)>),
}

/// Whom a text names, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Person {
    /// A customer, in canonical spelling: a number, a hidden identity, or the text it was.
    Customer,
    /// A customer's name.
    CustomerName,
    /// What stands for a customer in somebody's books: a conversation, an account, a provider's id.
    CustomerRef,
    /// An agent: a name, a number or an address.
    Agent,
    /// The id of a session that was made from a customer's number.
    Session,
    /// What can name anybody and hold anything: a raw line, a value of free metadata.
    Anybody,
}

impl Cell {
    /// A word of our own.
    pub fn word(word: &str) -> Self {
        Self::Word(word.to_owned())
    }

    /// A value that may be missing.
    pub fn opt<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Self {
        value.map_or(Self::Missing, cell)
    }

    /// The cell, or this word of ours where it is missing.
    pub fn or_word(self, word: &str) -> Self {
        if self == Self::Missing { Self::word(word) } else { self }
    }

    /// `part` of `whole` as a share; missing where `whole` is 0.
    pub fn share(part: u64, whole: u64) -> Self {
        Rate::of(part, whole).map_or(Self::Missing, Self::Rate)
    }

    /// A share that was computed as a float.
    pub fn share_f64(share: f64) -> Self {
        Self::Rate(Rate::of_f64(share))
    }

    /// A ratio that was computed as a float.
    pub fn ratio_f64(ratio: f64) -> Self {
        Self::Ratio(Rate::of_f64(ratio))
    }
}

/// Bytes as small hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|it| [it >> 4, it & 15]).filter_map(|it| char::from_digit(it.into(), 16)).collect()
}

/// A share, rounded half up to what data hold and to what people read; each from the share itself, so
/// that nothing is rounded twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// In millionths.
    pub micro: u64,
    /// In tenths of a percent.
    pub permille: u64,
}

impl Rate {
    /// `part` of `whole`; nothing where `whole` is 0.
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        let rounded = |scale: u128| {
            ((2 * u128::from(part) * scale + u128::from(whole)) / (2 * u128::from(whole))) as u64
        };
        (whole > 0).then(|| Self { micro: rounded(1_000_000), permille: rounded(1000) })
    }

    /// A quotient that was computed as a float.
    fn of_f64(quotient: f64) -> Self {
        let rounded = |scale: f64| (quotient * scale + 0.5).floor() as u64;
        Self { micro: rounded(1e6), permille: rounded(1e3) }
    }

    /// A share that was given in millionths.
    pub fn given(micro: u64) -> Self {
        Self { micro, permille: (micro + 500) / 1000 }
    }
}

/// A difference of two shares, rounded half up to what data hold and to what people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// In millionths.
    pub micro: i64,
    /// In tenths of a percentage point.
    pub permille: i64,
}

impl Change {
    /// The share of `after` less that of `before`, each a part and a whole below 2^53; nothing where a
    /// whole is 0.
    pub fn between(before: (u64, u64), after: (u64, u64)) -> Option<Self> {
        let [a, m, b, n] = [before.0, before.1, after.0, after.1].map(i128::from);
        let (above, below) = (b * m - a * n, m * n);
        let rounded = |scale: i128| (2 * above * scale + below).div_euclid(2 * below) as i64;
        (below > 0).then(|| Self { micro: rounded(1_000_000), permille: rounded(1000) })
    }

    /// A difference that was computed as a float.
    pub fn of_f64(change: f64) -> Self {
        let rounded = |scale: f64| (change * scale + 0.5).floor() as i64;
        Self { micro: rounded(1e6), permille: rounded(1e3) }
    }
}

/// A column: its key is the name in CSV and JSON, its title stands over a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// CSV header and JSON key.
    pub key: &'static str,
    /// Heading in tables; empty means the key.
    pub title: &'static str,
    /// When a table shows it.
    pub shown: Shown,
}

/// How much a column matters to a reader of a table. CSV and JSON always hold all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// In every table.
    Always,
    /// Where the width allows it; of these the lower numbers first.
    IfWide(u8),
    /// Only when `--columns` names it.
    OnRequest,
}

/// How a page draws the rows of a table, above the table with the same numbers. A table says it by
/// itself, so that a renderer computes nothing and knows no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// What of the lines became what: each row adds to, or takes from, the row before.
    Waterfall,
    /// A rate with its interval as a bar in each row.
    Intervals,
    /// Rate against number of calls, with limits around the others' rate.
    Funnel,
    /// Counts by hour and weekday.
    HeatMap,
    /// Counts and a rate day by day.
    Trend,
    /// Spans on a line of time.
    TimeLine,
}

/// Rows under columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Heading over the table.
    pub title: String,
    /// The columns; every row has as many cells.
    pub columns: Vec<Column>,
    /// The rows, in their fixed order.
    pub rows: Vec<Vec<Cell>>,
    /// How many more rows there would be behind them, if the report was asked for a few only.
    pub left_out: usize,
    /// The line under them, a part of its own in JSON (`total`).
    pub total: Option<Vec<Cell>>,
    /// What a reader should be told when there are no rows.
    pub empty: String,
    /// Sentences under a table that explain how to read it.
    pub reading: Vec<String>,
    /// How a page draws it.
    pub chart: Option<Chart>,
}

/// A piece of a document and where it stands in the JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Keys from the document's top to it: `["kpi_by_agent", "rows"]`.
    pub path: Vec<&'static str>,
    /// What stands there.
    pub body: Body,
}

/// The kinds of pieces.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Rows, with their total as `total` beside them.
    Rows(Table),
    /// A plain value; tables leave it out.
    Value(Cell),
    /// Sentences that stand before everything in tables and Markdown, a list in JSON.
    Sentences(Vec<Vec<Piece>>),
}

/// Part of a sentence: words of ours, or a value that each sink renders its own way.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Our own words.
    Say(String),
    /// A value, from outside or computed.
    Value(Cell),
    /// A value on a line of its own that is never broken or cut, so that it can be copied.
    Line(Cell),
}

/// Makes a sentence out of plain words.
pub fn say(words: impl Into<String>) -> Vec<Piece> {
    vec![Piece::Say(words.into())]
}

/// The whole answer of a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// `callsift.kpi/1`.
    pub schema: String,
    /// Effective parameters.
    pub parameters: Vec<(String, Cell)>,
    /// The ledger.
    pub accounting: Vec<(String, Cell)>,
    /// Lines over a table: what was read, the period, the ledger in words.
    pub preface: Vec<Vec<Piece>>,
    /// The sections, in the order of the document.
    pub parts: Vec<Part>,
    /// What could not be known, and why.
    pub notes: Vec<Vec<Piece>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_up_at_the_sixth_digit() {
        let rate = |micro, permille| Cell::Rate(Rate { micro, permille });
        assert_eq!(Cell::share(1, 3), rate(333_333, 333));
        assert_eq!(Cell::share(2, 3), rate(666_667, 667));
        assert_eq!(Cell::share(1, 2_000_000), rate(1, 0));
        assert_eq!(Cell::share(0, 7), rate(0, 0));
        // 50.04995 % is 0.500500 and 50.0 %: rounding the rounded share would make 50.1 %.
        assert_eq!(Cell::share(501, 1001), rate(500_500, 500));
        assert_eq!(Cell::share(0, 0), Cell::Missing);
        assert_eq!(Cell::share_f64(0.123_456_5), rate(123_457, 123));
    }

    #[test]
    fn differences_of_shares_are_exact_and_round_half_up() {
        let change = |before, after| Change::between(before, after).map(|it| (it.micro, it.permille));
        // 56/70 - 48/80 = 0.8 - 0.6.
        assert_eq!(change((48, 80), (56, 70)), Some((200_000, 200)));
        assert_eq!(change((56, 70), (48, 80)), Some((-200_000, -200)));
        // 1/3 - 1/2 = -0.1666667; 1/2 - 1/3 = 0.1666667.
        assert_eq!(change((1, 2), (1, 3)), Some((-166_667, -167)));
        assert_eq!(change((1, 3), (1, 2)), Some((166_667, 167)));
        // 0.0000005 is rounded up, and so is -0.0000005.
        assert_eq!(change((0, 1), (1, 2_000_000)), Some((1, 0)));
        assert_eq!(change((1, 2_000_000), (0, 1)), Some((0, 0)));
        assert_eq!(change((0, 0), (1, 2)), None);
        assert_eq!(change((1, 2), (0, 0)), None);
        let most = (1 << 53) - 1;
        assert_eq!(change((0, most), (most, most)), Some((1_000_000, 1000)));
        assert_eq!(Change::of_f64(-0.052_449_6), Change { micro: -52_450, permille: -52 });
    }
}
