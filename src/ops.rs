//! What `--sort`, `--top` and `--columns` do to a table before it is rendered.

use std::cmp::Ordering;
use std::fmt;

use crate::render::escape;
use crate::section::{Cell, Table};
use crate::suggest;

/// Sorts rows by `KEY` or `KEY:desc`.
///
/// Rows that are equal keep their order, and missing values stand last in both directions.
///
/// # Errors
///
/// Where the table has no such column, or what follows the colon is no direction.
pub fn sort(table: &mut Table, spec: &str) -> Result<(), OpsError> {
    let (key, descending) = match spec.split_once(':') {
        None | Some((_, "asc")) => (spec.split(':').next().unwrap_or(spec), false),
        Some((key, "desc")) => (key, true),
        Some((_, other)) => return Err(OpsError::Direction(other.to_owned())),
    };
    let column = column(table, key)?;
    table.rows.sort_by(|a, b| {
        let (a, b) = (&a[column], &b[column]);
        let missing = |it: &Cell| *it == Cell::Missing;
        let order = compare(a, b);
        missing(a).cmp(&missing(b)).then(if descending { order.reverse() } else { order })
    });
    Ok(())
}

/// Keeps the first `n` rows.
pub fn top(table: &mut Table, n: usize) {
    table.rows.truncate(n);
}

/// Checks that the table has all these columns.
///
/// # Errors
///
/// Names the first that it has not, and the keys like it.
pub fn check_columns(table: &Table, keys: &[String]) -> Result<(), OpsError> {
    keys.iter().try_for_each(|key| column(table, key).map(drop))
}

fn column(table: &Table, key: &str) -> Result<usize, OpsError> {
    table.columns.iter().position(|it| it.key == key).ok_or_else(|| {
        let known: Vec<&'static str> = table.columns.iter().map(|it| it.key).collect();
        let near = suggest::nearest(key, known.iter().copied());
        OpsError::Column { key: key.to_owned(), near, known }
    })
}

/// Numbers numerically, text by its UTF-8 bytes, lists and records item by item.
fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (rank(a), rank(b)) {
        (Rank::Number(a), Rank::Number(b)) => a.cmp(&b),
        (Rank::Text(a), Rank::Text(b)) => a.cmp(b),
        (Rank::Several(a), Rank::Several(b)) => {
            let differs = a.iter().zip(&b).map(|(a, b)| compare(a, b)).find(|it| it.is_ne());
            differs.unwrap_or(a.len().cmp(&b.len()))
        }
        (a, b) => a.kind().cmp(&b.kind()),
    }
}

/// What a cell is compared by. Kinds meet in one column only by mistake; then numbers stand first.
enum Rank<'c> {
    /// In millionths, so that kinds of numbers can meet.
    Number(i128),
    Text(&'c str),
    Several(Vec<&'c Cell>),
    Missing,
}

impl Rank<'_> {
    fn kind(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Text(_) => 1,
            Self::Several(_) => 2,
            Self::Missing => 3,
        }
    }
}

fn rank(cell: &Cell) -> Rank<'_> {
    match cell {
        Cell::Missing => Rank::Missing,
        Cell::Text(text) | Cell::Person(_, text) => Rank::Text(text.raw()),
        Cell::Word(word) => Rank::Text(word),
        Cell::Count(count) => Rank::Number(i128::from(*count) * 1_000_000),
        Cell::Signed(net) => Rank::Number(i128::from(*net) * 1_000_000),
        Cell::Rate(rate) | Cell::Ratio(rate) => Rank::Number(i128::from(rate.micro)),
        Cell::Change(change) => Rank::Number(i128::from(change.micro)),
        Cell::Tenths(tenths) => Rank::Number(i128::from(*tenths) * 100_000),
        Cell::Millis(ms) | Cell::Instant(ms) => Rank::Number(i128::from(*ms) * 1_000_000),
        Cell::Bool(yes) => Rank::Number(i128::from(*yes)),
        Cell::List(cells) => Rank::Several(cells.iter().collect()),
        Cell::Record(fields) => Rank::Several(fields.iter().map(|(_, cell)| cell).collect()),
    }
}

/// An operation that the table cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpsError {
    /// There is no such column.
    Column {
        /// The key that was given.
        key: String,
        /// The keys like it, the likeliest first.
        near: Vec<&'static str>,
        /// All keys of the table.
        known: Vec<&'static str>,
    },
    /// What stood after the colon of `--sort`.
    Direction(String),
}

impl fmt::Display for OpsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column { key, near, known } => {
                write!(f, "no column '{}'", escape::message(key))?;
                match near.as_slice() {
                    [] => write!(f, "; the columns are {}", known.join(", ")),
                    near => write!(f, "; did you mean {}?", near.join(" or ")),
                }
            }
            Self::Direction(word) => {
                write!(f, "no direction '{}'; write KEY or KEY:desc", escape::message(word))
            }
        }
    }
}

impl std::error::Error for OpsError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::{Column, Shown};
    use crate::text::Text;

    /// A table with one column for sorting and one that tells the rows' old places.
    fn table(cells: &[Cell]) -> Table {
        let column = |key| Column { key, title: "", shown: Shown::Always };
        let row = |(place, cell): (usize, &Cell)| vec![cell.clone(), Cell::Count(place as u64)];
        Table {
            columns: vec![column("rejected"), column("place")],
            rows: cells.iter().enumerate().map(row).collect(),
            ..Table::default()
        }
    }

    #[track_caller]
    fn sorted(cells: &[Cell], spec: &str, places: &[u64]) {
        let mut table = table(cells);
        sort(&mut table, spec).unwrap();
        let got: Vec<Cell> = table.rows.iter().map(|row| row[1].clone()).collect();
        assert_eq!(got, places.iter().map(|&it| Cell::Count(it)).collect::<Vec<_>>());
    }

    #[test]
    fn missing_is_last_in_both_directions_and_ties_keep_their_order() {
        let cells = [Cell::Count(2), Cell::Missing, Cell::Count(10), Cell::Count(2)];
        sorted(&cells, "rejected", &[0, 3, 2, 1]);
        sorted(&cells, "rejected:asc", &[0, 3, 2, 1]);
        sorted(&cells, "rejected:desc", &[2, 0, 3, 1]);
    }

    #[test]
    fn text_sorts_by_its_bytes() {
        let text = |it| Cell::Text(Text::new(it));
        sorted(&[text("é"), text("z"), text("Z"), Cell::word("a")], "rejected", &[2, 3, 1, 0]);
    }

    #[test]
    fn other_kinds_sort_by_value() {
        sorted(&[Cell::Tenths(-5), Cell::Tenths(-15)], "rejected", &[1, 0]);
        sorted(&[Cell::Bool(true), Cell::Bool(false)], "rejected", &[1, 0]);
        sorted(&[Cell::Millis(i64::MAX), Cell::Millis(i64::MIN)], "rejected", &[1, 0]);
        let list = |n: &[u64]| Cell::List(n.iter().map(|&it| Cell::Count(it)).collect());
        sorted(&[list(&[2]), list(&[1, 9]), list(&[1])], "rejected", &[2, 1, 0]);
    }

    #[test]
    fn top_cuts_rows() {
        let mut table = table(&[Cell::Missing, Cell::Missing, Cell::Missing]);
        top(&mut table, 5);
        assert_eq!(table.rows.len(), 3);
        top(&mut table, 1);
        assert_eq!(table.rows.len(), 1);
    }

    #[test]
    fn unknown_columns_lead_to_known_ones() {
        let mut table = table(&[]);
        let mut message = |spec| sort(&mut table, spec).unwrap_err().to_string();
        assert_eq!(message("rejceted"), "no column 'rejceted'; did you mean rejected?");
        assert_eq!(message("zzz"), "no column 'zzz'; the columns are rejected, place");
        assert_eq!(message("place:up"), "no direction 'up'; write KEY or KEY:desc");
        assert_eq!(check_columns(&table, &["place".into(), "rejected".into()]), Ok(()));
        assert!(check_columns(&table, &["place".into(), "".into()]).is_err());
    }
}
