//! Invented dumps, the same bytes for the same seed: a demo month with a story and a known truth, and
//! big dumps to measure with.

mod bulk;
mod cast;
mod clock;
mod doubletick;
mod json;
mod noise;
mod people;
mod plan;
mod rng;
mod sides;
mod story;
mod timelinesai;
mod traffic;
mod truth;
mod wawp;
mod wazzap;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use bulk::{Shape, dump};

/// The demo month: files to be written below a folder, and what a report about them must say.
pub struct Demo {
    /// Paths relative to the folder, with `/`, in order; and the bytes of each file.
    pub files: Vec<(String, Vec<u8>)>,
    /// Counts and sessions from the generator's own plan. It is kept out of the folder, where it would be
    /// read as a dump.
    pub truth: serde_json::Value,
}

/// Writes the demo month in memory.
pub fn demo(seed: u64) -> Demo {
    let mut plan = story::tell(seed);
    noise::scatter(&mut plan);
    let truth = truth::of(&plan, seed);
    let figures = sides::Figures {
        seed,
        lines: plan.rows.len() as u64,
        events: plan.rows.iter().filter(|row| row.class == plan::Class::Call).count() as u64,
        duplicates: plan.duplicates,
        calls: plan.calls.len(),
        harish: plan.people.get(people::HARISH).canonical(),
    };
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    // A stable sort: lines of one millisecond stay in the order in which they were planned.
    plan.rows.sort_by_key(|row| row.written_at);
    for row in &plan.rows {
        let file = files.entry(row.file.to_owned()).or_default();
        file.extend_from_slice(row.text.as_bytes());
        file.push(b'\n');
    }
    for (name, text) in [
        ("README.md", sides::readme(&figures)),
        ("agents.csv", sides::agents()),
        ("customers.csv", sides::customers(&plan.people)),
        ("holidays.csv", sides::holidays()),
        ("roster.csv", sides::roster()),
    ] {
        files.insert(name.to_owned(), text.into_bytes());
    }
    Demo { files: files.into_iter().collect(), truth }
}
