//! Holidays: dates that have no business hours. A CSV file with a column `date` (and, if wanted,
//! `name`).

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;

use super::table::{self, SideError};
use crate::time;

/// Reads a file of holidays.
///
/// # Errors
///
/// What makes any side file unusable; also a cell that is no date.
pub fn read(path: &Path) -> Result<BTreeSet<NaiveDate>, SideError> {
    let mut dates = BTreeSet::new();
    for row in table::read(path, &["date"], &["name"])?.rows {
        let fail = |message: &str| SideError {
            path: path.to_owned(),
            line: Some(row.line),
            message: message.into(),
        };
        let date = row.cell(0).and_then(time::date);
        dates.insert(date.ok_or_else(|| fail("not a date; write it as `2026-05-04`"))?);
    }
    Ok(dates)
}
