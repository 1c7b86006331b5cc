//! Runs one piece of work again and again and prints what a second of it gets through, with a checksum of its
//! result: two measurements compare only if they have computed the same. No library prints both.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each piece of work is measured, and how often at least.
const MEASURED_FOR: Duration = Duration::from_secs(1);
const RUNS_LEAST: usize = 3;

/// How much one run gets through.
#[derive(Clone, Copy)]
pub enum Amount {
    Bytes(usize),
    Sessions(usize),
}

/// What was asked for on the command line.
pub struct Harness {
    /// `cargo bench` says `--bench`. Anything else only tries whether each piece of work still runs.
    pub measuring: bool,
    /// Parts of the names to run; none for all.
    names: Vec<String>,
}

impl Harness {
    pub fn from_args() -> Self {
        let (options, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|it| it.starts_with('-'));
        Self { measuring: options.iter().any(|it| it == "--bench"), names }
    }

    /// Measures `work` on what `prepare` makes anew for each run; neither that nor `sum` counts.
    ///
    /// # Panics
    ///
    /// Where two runs give different results.
    pub fn run<I, O>(
        &self,
        name: &str,
        amount: Amount,
        prepare: impl Fn() -> I,
        work: impl Fn(I) -> O,
        sum: impl Fn(&O) -> u64,
    ) {
        if !self.names.is_empty() && !self.names.iter().any(|it| name.contains(it.as_str())) {
            return;
        }
        let mut times = Vec::new();
        let mut sums = Vec::new();
        let began = Instant::now();
        while times.len() < RUNS_LEAST || self.measuring && began.elapsed() < MEASURED_FOR {
            let input = prepare();
            let started = Instant::now();
            let output = black_box(work(black_box(input)));
            times.push(started.elapsed());
            sums.push(sum(&output));
        }
        assert!(sums.iter().all(|it| *it == sums[0]), "{name}: two runs differ");
        times.sort_unstable();
        // The middle one: the fastest is luck, and the mean is what else the machine did.
        let seconds = times[times.len() / 2].as_secs_f64().max(1e-9);
        let rate = match amount {
            Amount::Bytes(it) => format!("{:9.1} MB/s", it as f64 / seconds / 1e6),
            Amount::Sessions(it) => format!("{:9.3} M sessions/s", it as f64 / seconds / 1e6),
        };
        let time = seconds * 1e3;
        println!(
            "{name:<30} {rate:<24} {time:10.3} ms  {runs:>5} runs  {:016x}",
            sums[0],
            runs = times.len()
        );
    }
}

/// FNV-1a, 64 bits.
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
