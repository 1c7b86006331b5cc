//! stub
use crate::section::{Column, Piece, Shown};
/// f
pub struct Figure {
    pub id: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
    pub formula: &'static str,
    pub numerator: &'static [&'static str],
    pub denominator: &'static [&'static str],
    pub source: &'static str,
    pub reports: &'static [&'static str],
}
/// f
pub static FIGURES: &[Figure] = &[];
/// f
pub fn figure(id: &str) -> Option<&'static Figure> {
    FIGURES.iter().find(|it| it.id == id)
}
/// A column.
pub fn column(key: &'static str, shown: Shown) -> Column {
    Column { key, title: "", shown }
}
/// s
pub fn sentences(_f: &Figure) -> Vec<Vec<Piece>> {
    vec![]
}
