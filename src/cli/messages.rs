//! Messages on standard error: place, fact, consequence, remedy. All wording of faults in the input
//! is here; whatever comes from outside is escaped here.

use std::io::{self, Write};

use crate::dialects::support::{Flaw, Reason};
use crate::input::{Trouble, TroubleKind};
use crate::ledger::Ledger;
use crate::read::Fault;
use crate::render::escape;
use crate::reports::notes::plural;
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

/// Tells the first invalid lines, and how many there are. Lines of a file that looks like something
/// else altogether are not told one by one: what it looks like was said.
pub fn faults(
    faults: &[Fault],
    troubles: &[Trouble],
    ledger: &Ledger,
    texts: &Texts,
    no_hint: bool,
    err: &mut dyn Write,
) -> io::Result<()> {
    let told = |it: &&Fault| {
        let file = texts.raw(it.file);
        !troubles.iter().any(|it| it.kind == TroubleKind::Looks && it.source.raw() == file)
    };
    let mut shown = 0;
    for fault in faults.iter().filter(told).take(SHOWN) {
        let file = escape::message(texts.raw(fault.file));
        // Services that run pipelines take lines that begin so for commands.
        let here = if file.starts_with([':', '#']) { "./" } else { "" };
        let Fault { line, column, flaw: what, .. } = fault;
        writeln!(err, "{here}{file}:{line}:{column}: {}; it is left out", flaw(what))?;
        shown += 1;
    }
    let all = ledger.invalid + ledger.invalid_bodies;
    match (shown, all - shown) {
        (_, 0) => {}
        (0, rest) => writeln!(err, "{} cannot be read", plural(rest, "line", "lines"))?,
        (_, rest) => writeln!(err, "{rest} more cannot be read")?,
    }
    if all > 0 && !no_hint {
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
    let names = trouble.names.iter().filter(|it| **it != trouble.source);
    for (place, name) in names.enumerate() {
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
