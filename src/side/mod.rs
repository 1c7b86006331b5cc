//! Side files: CSV tables that the user keeps beside the dumps. They are read before the dumps, and
//! an error in one stops the run: a report over half a roster would be wrong without saying so.

mod agents;
mod customers;
mod holidays;
mod roster;
mod table;
mod written;

pub use agents::Agents;
pub use customers::{Customer, Customers, Stage};
pub use holidays::read as read_holidays;
pub use roster::Roster;
pub use table::SideError;
pub use written::{Counts, Rates, Written};

/// What is behind a side file's options.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Where texts get their symbols.
    pub texts: &'a crate::text::Interner,
    /// The zone of times that say none.
    pub naive_zone: &'a crate::zone::Zone,
    /// Fold WhatsApp's own spellings of numbers.
    pub fold: bool,
}
