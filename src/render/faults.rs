//! Writers that fail: in every format a failure comes back as one, at whichever call it happens.

use super::samples::{hostile, ordinary};
use super::*;

/// Takes as little as it may, and fails at one call or from one call on.
struct Faulty {
    taken: Vec<u8>,
    /// Calls that are still to succeed.
    good: usize,
    /// Whether calls succeed again after the one that failed.
    once: bool,
    failed: bool,
    /// Bytes that are taken at once, at most.
    most: usize,
    /// Whether every second write is interrupted, and whether the last one was.
    interrupts: bool,
    interrupted: bool,
    kind: io::ErrorKind,
}

impl Faulty {
    fn new(good: usize, once: bool, kind: io::ErrorKind) -> Self {
        Self {
            taken: Vec::new(),
            good,
            once,
            failed: false,
            most: usize::MAX,
            interrupts: false,
            interrupted: false,
            kind,
        }
    }

    fn call(&mut self) -> io::Result<()> {
        if self.good > 0 || self.once && self.failed {
            self.good = self.good.saturating_sub(1);
            return Ok(());
        }
        self.failed = true;
        Err(self.kind.into())
    }
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call()?;
        self.interrupted = self.interrupts && !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let taken = bytes.len().min(self.most);
        self.taken.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call()
    }
}

/// Every format with each sample document, and what it makes of it where nothing fails.
fn all(check: impl Fn(&Document, Format, &Style<'_>, &[u8])) {
    let zone = Zone::utc();
    let style = Style { zone: &zone, width: None, color: true, csv_raw: false, section: None, columns: &[] };
    for document in [ordinary(), hostile()] {
        for format in Format::ALL.into_iter().chain(Format::OF_GATES) {
            let mut good = Vec::new();
            render(&document, format, &style, &mut good).unwrap();
            check(&document, format, &style, &good);
        }
    }
}

/// Calls to try one by one; of more, some.
const EACH: usize = 60;

#[test]
fn a_call_that_fails_fails_the_whole_in_every_format() {
    all(|document, format, style, good| {
        for once in [true, false] {
            let mut calls = 0;
            loop {
                let mut out = Faulty::new(calls, once, io::ErrorKind::StorageFull);
                let result = render(document, format, style, &mut out);
                let what = format!("{} fails at call {calls}, once: {once}", format.name());
                if !out.failed {
                    assert!(result.is_ok() && out.taken == good, "{what}");
                    break;
                }
                match result {
                    Err(RenderError::Io(it)) => assert_eq!(it.kind(), io::ErrorKind::StorageFull, "{what}"),
                    // What is flushed twice may fail once, if nothing is missing.
                    Ok(()) if once => assert!(out.taken == good, "{what}"),
                    other => panic!("{what}: {other:?}"),
                }
                assert!(good.starts_with(&out.taken) || once, "{what}");
                calls += 1 + calls / EACH * (calls / 7);
            }
            assert!(calls > 0, "{} never writes", format.name());
        }
    });
}

#[test]
fn short_and_interrupted_writes_change_no_byte() {
    all(|document, format, style, good| {
        let sound = || Faulty::new(usize::MAX, false, io::ErrorKind::Other);
        let mut short = Faulty { most: 1, ..sound() };
        render(document, format, style, &mut short).unwrap();
        assert!(short.taken == good, "{} of single bytes", format.name());
        let mut interrupted = Faulty { interrupts: true, ..sound() };
        render(document, format, style, &mut interrupted).unwrap();
        assert!(interrupted.taken == good, "{} interrupted", format.name());
    });
}
