//! Messages on standard error: place, fact, consequence, remedy. All wording of faults in the input
//! is here; whatever comes from outside is escaped here.

use std::io::{self, Write};

use crate::dialects::support::{Flaw, Reason};
use crate::input::Trouble;
use crate::ledger::Ledger;
use crate::read::Fault;
use crate::render::escape;
use crate::side::SideError;
use crate::text::Texts;

/// Invalid lines that are shown one by one.
const SHOWN: usize = 10;

/// What is wrong with a line or a body, and what was expected, as words.
pub fn flaw(flaw: &Flaw) -> String {
    let field = flaw.field;
    let expected = flaw.expected;
    match flaw.reason {
        Reason::NotJson => format!("not JSON, expected {expected}"),
        Reason::TooDeep => format!("nested too deep, expected {expected}"),
        Reason::TooLong => format!("too long, expected {expected}"),
        Reason::MissingField => format!("`{field}` is missing, expected {expected}"),
        Reason::WrongType => format!("`{field}` is of the wrong type, expected {expected}"),
        Reason::BadTime => format!("`{field}` cannot be read, expected {expected}"),
        Reason::BadValue => format!("`{field}` holds an unknown word, expected {expected}"),
        Reason::BrokenText => format!("`{field}` is broken text, expected {expected}"),
        Reason::BadEmbeddedJson => format!("the body is broken, expected {expected}"),
    }
}

/// Tells the first invalid lines, and how many there are.
pub fn faults(
    faults: &[Fault],
    ledger: &Ledger,
    texts: &Texts,
    rejects_named: bool,
    err: &mut dyn Write,
) -> io::Result<()> {
    for fault in faults.iter().take(SHOWN) {
        let file = escape::message(texts.raw(fault.file));
        let Fault { line, column, flaw: what, .. } = fault;
        writeln!(err, "{file}:{line}:{column}: {}; it is left out", flaw(what))?;
    }
    let all = ledger.invalid + ledger.invalid_bodies;
    let shown = faults.len().min(SHOWN) as u64;
    if all > shown {
        writeln!(err, "{} more like these", all - shown)?;
    }
    if all > 0 && !rejects_named {
        writeln!(
            err,
            "hint: `--rejects FILE` writes them out for repair, `--tolerate-invalid N` accepts them"
        )?;
    }
    Ok(())
}

/// Tells what went wrong with a file, or what is odd about it.
pub fn trouble(trouble: &Trouble, err: &mut dyn Write) -> io::Result<()> {
    let source = escape::message(trouble.source.raw());
    let kind = if trouble.defect { "error" } else { "note" };
    write!(err, "{kind}: {source}: {}", trouble.message)?;
    for (place, name) in trouble.names.iter().enumerate() {
        let before = if place == 0 { ": " } else { ", " };
        write!(err, "{before}`{}`", escape::message(name.raw()))?;
    }
    writeln!(err)
}

/// Tells why a side file cannot be used.
pub fn side_error(error: &SideError) -> String {
    let path = error.path.to_string_lossy();
    let path = escape::message(&path);
    let message = escape::message(&error.message);
    match error.line {
        Some(line) => format!("{path}:{line}: {message}"),
        None => format!("{path}: {message}"),
    }
}
