//! From paths to blocks of whole lines: which files are read, how their bytes are unpacked, and
//! where lines begin and end. What a line says is left to others.
//!
//! Nothing here fails as a whole. A file that cannot be read, or not to its end, leaves a
//! [`Trouble`], and the run goes on with what there is.

pub mod array;
pub mod blocks;
pub mod decode;
mod elements;
mod lines;
pub mod looks;
pub mod sources;
pub mod stream;

use crate::text::Text;

/// Something about one source that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The source that it is about: a path as given or found, or `-`.
    pub source: Text,
    /// What sort of trouble, for counting.
    pub kind: TroubleKind,
    /// Fact, consequence and remedy, in our own words; the name of the source is not repeated.
    pub message: String,
    /// Other names that the message speaks of: what may have been meant by a missing one, or the
    /// name under which the same file is read.
    pub names: Vec<Text>,
    /// Whether input was lost or may be wrong; otherwise this is a notice only.
    pub defect: bool,
}

impl Trouble {
    /// Input that is missing or may be wrong.
    fn defect(source: &Text, kind: TroubleKind, message: impl Into<String>) -> Self {
        Self { source: source.clone(), kind, message: message.into(), names: Vec::new(), defect: true }
    }

    /// Something that explains what is seen, while nothing is lost.
    fn notice(source: &Text, kind: TroubleKind, message: impl Into<String>) -> Self {
        Self { defect: false, ..Self::defect(source, kind, message) }
    }

    /// The same with the names that it speaks of.
    fn with_names(self, names: Vec<Text>) -> Self {
        Self { names, ..self }
    }
}

/// The sorts of [`Trouble`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// No such file or folder, or a pattern that nothing matches.
    Missing,
    /// The system does not let us read it.
    NoPermission,
    /// A device, a socket or something else that has no end or no content.
    NotAFile,
    /// A folder without any file that is looked for.
    NothingInside,
    /// The same file under a second name.
    Duplicate,
    /// Compressed data that end early, fail their checksum or are something else.
    Damaged,
    /// Compressed data that have no checksum.
    Unchecked,
    /// The system failed to deliver the bytes.
    ReadError,
    /// A file that became shorter while it was read.
    Shrunk,
    /// Data that look like something other than one JSON value a line.
    Looks,
}
