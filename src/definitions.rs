//! x
use crate::section::{Column, Shown};
/// A column.
pub fn column(key: &'static str, shown: Shown) -> Column {
    Column { key, title: "", shown }
}
