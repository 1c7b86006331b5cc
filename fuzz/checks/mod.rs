//! What must hold of any bytes. The fuzz targets call these functions, and `cargo test` calls the same
//! ones on every fixture and on everything that fuzzing has found.
//!
//! Each takes the bytes as they are; whatever else it needs (sizes, formats, commands) it derives from them,
//! so that a file alone repeats a finding.

mod documents;
mod identities;
mod lines;
mod runs;
mod sources;
mod times;

pub use documents::{renderers, workbooks};
pub use identities::identities;
pub use lines::lines;
pub use runs::runs;
pub use sources::sources;
pub use times::times;

/// A function that panics where something does not hold.
pub type Check = fn(&[u8]);

/// Every check, by the name of its fuzz target.
pub const ALL: [(&str, Check); 7] = [
    ("lines", lines),
    ("sources", sources),
    ("times", times),
    ("identities", identities),
    ("renderers", renderers),
    ("workbooks", workbooks),
    ("runs", runs),
];

/// Numbers that depend on the bytes alone.
struct Dice(u64);

impl Dice {
    fn of(data: &[u8]) -> Self {
        // FNV-1a.
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(data.iter().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    /// SplitMix64.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
