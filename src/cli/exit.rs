//! How a run ends.

/// The exit statuses; a page of the README tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Complete.
    Complete,
    /// A gate failed, or `--strict` and the input was defective: nothing is written.
    Failed,
    /// Wrong usage.
    Usage,
    /// Finished, but some input was defective.
    Defective,
    /// An output could not be written.
    Unwritten,
    /// A fault of the program: a ledger that does not balance, or a panic.
    Internal,
    /// Stopped because its terminal went away.
    HungUp,
    /// Stopped by an interrupt.
    Interrupted,
    /// Stopped by a request to terminate.
    Terminated,
}

impl Exit {
    /// The status that the shell sees.
    pub fn status(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Defective => 3,
            Self::Unwritten => 4,
            Self::Internal => 5,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}
