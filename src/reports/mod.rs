//! Reports: sessions in, sections out. One file a report; nothing here reads, prints or formats.
//!
//! To add a report: write `reports/<name>.rs` with a function that takes the [`Analysis`](crate::analysis::Analysis) and gives
//! an [`Output`], and add its line to the command line's list of commands.

mod alike;
pub mod anomalies;
mod attempts;
pub mod callbacks;
pub mod check;
pub mod compare;
pub mod contacts;
pub mod avoidance;
pub mod events;
pub mod explain;
pub mod frustration;
pub mod funnel;
pub mod groups;
pub mod heat_map;
pub mod inspect;
pub mod kpi;
pub mod notes;
pub mod overview;
pub mod reactions;
pub mod sessions;
#[cfg(test)]
pub(crate) mod testing;
pub mod timeline;
pub mod trend;
mod verdict;
pub mod waterfall;

use crate::section::{Part, Piece};

/// A sentence: our words and values between them.
pub type Sentence = Vec<Piece>;

/// What a report yields.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Sentences over the tables.
    pub preface: Vec<Sentence>,
    /// The sections.
    pub parts: Vec<Part>,
    /// What could not be known, and why.
    pub notes: Vec<Sentence>,
}
