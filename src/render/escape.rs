//! Text from outside, made harmless for each sink. No other file decides what a reader may see raw.
//!
//! What a terminal, a spreadsheet, a Markdown viewer or a service that runs pipelines would act on, or what
//! nobody would see, is written as `\u{202e}`. Different texts stay different: backslashes before something
//! that looks like such an escape, or is one, are doubled.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use serde_json::ser::Formatter;
use unicode_width::UnicodeWidthChar;

use crate::text::Text;

/// More marks than this on one character are no language but a way to paint over other lines.
const MARKS_A_BASE: u32 = 4;

/// The longest emoji in Unicode join four; longer chains would be wider than they are measured.
const JOINS_A_CHAIN: u32 = 3;

/// UTF-16 units that a cell of a workbook can hold.
pub(super) const CELL_UNITS: usize = 32_767;

/// Text for tables on a terminal.
pub fn terminal(text: &Text) -> Cow<'_, str> {
    visible(text.raw())
}

/// Text inside a sentence: a message, a note, a path.
pub fn message(text: &str) -> Cow<'_, str> {
    visible(text)
}

/// Text for a CSV cell: visible, and with an apostrophe before what a spreadsheet would compute: the text, and what
/// stands behind each semicolon. Where numbers have a decimal comma, spreadsheets split the line there, and quotes
/// that do not begin a cell of theirs keep nothing together.
///
/// What already looks guarded is guarded once more, so that taking one apostrophe off gives the text back.
pub fn csv(text: &str) -> Cow<'_, str> {
    let shown = visible(text);
    if !text.split(';').any(is_formula) {
        return shown;
    }
    // A semicolon is shown as it is, and nothing else as one.
    let parts = text.split(';').zip(shown.split(';'));
    let guarded =
        parts.map(|(part, shown)| if is_formula(part) { format!("'{shown}") } else { shown.to_owned() });
    Cow::Owned(guarded.collect::<Vec<_>>().join(";"))
}

/// Text for a cell of a workbook, which is written as text and so never computed: visible, and no longer
/// than a cell can be.
pub fn xlsx(text: &str) -> Cow<'_, str> {
    match visible(text) {
        Cow::Borrowed(it) if it.len() <= CELL_UNITS => Cow::Borrowed(it),
        shown => Cow::Owned(xlsx_cell(shown.into_owned())),
    }
}

/// Text that is visible already, no longer than a cell of a workbook can be; a mark says where it was cut.
pub(super) fn xlsx_cell(mut shown: String) -> String {
    const MARK: &str = "… (cut)";
    let units = |it: &str| it.encode_utf16().count();
    if shown.len() <= CELL_UNITS || units(&shown) <= CELL_UNITS {
        return shown;
    }
    let room = CELL_UNITS - units(MARK);
    let mut used = 0;
    let end = shown.char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > room
    });
    shown.truncate(end.map_or(0, |(at, _)| at));
    shown + MARK
}

/// Text for Markdown inside a line or a cell of a pipe table: neither structure, link, image, HTML,
/// emphasis nor code. What begins a paragraph goes through [`markdown_start`] as well.
///
/// Viewers make links out of bare addresses, which no backslash stops. An empty comment does.
pub fn markdown(text: &str) -> String {
    const BREAK: &str = "<!-- -->";
    let shown = visible(text);
    let mut out = String::with_capacity(shown.len() + 8);
    for (at, c) in shown.char_indices() {
        let (before, after) = (&shown[..at], &shown[at + c.len_utf8()..]);
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => out.extend(['\\', c]),
            ':' if after.starts_with("//") => out.extend([":", BREAK]),
            '@' if after.starts_with(|it: char| it.is_alphanumeric()) => out.extend(["@", BREAK]),
            '.' if ends_with_www(before) => out.extend([BREAK, "."]),
            c => out.push(c),
        }
    }
    out
}

/// Text for a page: visible. The page's own writer escapes markup, in text and in attributes alike, and an
/// element around it keeps its direction of writing to itself.
pub fn html(text: &str) -> Cow<'_, str> {
    visible(text)
}

/// A paragraph of escaped Markdown that is not taken for a list, a rule, an underline or code.
pub fn markdown_start(paragraph: &str) -> String {
    let digits = paragraph.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = paragraph.split_at(digits);
    match rest.chars().next() {
        Some(' ') if digits == 0 => format!("&#32;{}", &rest[1..]),
        Some('-' | '+' | '=') if digits == 0 => format!("\\{rest}"),
        Some('.' | ')') if digits > 0 => format!("{number}\\{rest}"),
        _ => paragraph.to_owned(),
    }
}

/// The message of a workflow command of GitHub: one line, in which nothing begins another command.
pub fn github(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command of GitHub, which ends at a colon or a comma.
pub fn github_property(text: &str) -> String {
    github(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text for XML that its writer escapes: only what nobody would see is shown.
pub fn xml(text: &str) -> Cow<'_, str> {
    visible(text)
}

fn ends_with_www(text: &str) -> bool {
    let start = text.len().saturating_sub(3);
    text.get(start..).is_some_and(|it| it.eq_ignore_ascii_case("www"))
}

/// Compact JSON whose strings hide nothing: what a terminal would act on and what nobody would see
/// is written as `\u202e`, which every parser reads back.
pub(super) struct PlainJson;

impl Formatter for PlainJson {
    fn write_string_fragment<W>(&mut self, out: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut context = Context::default();
        let mut written = 0;
        for (at, c) in fragment.char_indices() {
            let after = at + c.len_utf8();
            let rest = &fragment[after..];
            // No value of JSON begins a line, so that only commands within lines matter.
            if !context.shows(c, rest.chars().next()) || (c == '#' && begins_command(c, rest)) {
                out.write_all(&fragment.as_bytes()[written..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
                written = after;
            }
        }
        out.write_all(&fragment.as_bytes()[written..])
    }
}

/// Text in which nothing acts and nothing hides.
fn visible(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|it| matches!(it, b' '..=b'~') && it != b'\\');
    if is_plain && !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut context = Context::default();
    let mut backslashes = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let next = chars.clone().next();
        let shown = context.shows(c, next) && !begins_command(c, chars.as_str());
        if c == '\\' {
            backslashes += 1;
            continue;
        }
        let like_an_escape = !shown || (c == 'u' && next == Some('{'));
        let times = if like_an_escape { 2 * backslashes } else { backslashes };
        out.extend(std::iter::repeat_n('\\', times));
        backslashes = 0;
        if shown {
            out.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
    out.extend(std::iter::repeat_n('\\', backslashes));
    Cow::Owned(out)
}

/// Whether a character and what follows it begin a command to a service that runs pipelines and reads what
/// programs print there: `::error`, `##[group]`, `##vso[…]`, `##teamcity[…]`. Some take them anywhere in a
/// line, and a table may break its lines anywhere.
fn begins_command(c: char, rest: &str) -> bool {
    let mut rest = rest.chars();
    match (c, rest.next(), rest.next()) {
        (':', Some(':'), Some(it)) => it.is_ascii_alphabetic(),
        ('#', Some('#'), Some(it)) => it == '[' || it.is_ascii_alphabetic(),
        _ => false,
    }
}

/// What was shown before a character, as far as it decides whether that one is.
#[derive(Default)]
struct Context {
    last: Option<char>,
    /// Marks on the last character that takes some.
    marks: u32,
    /// Joiners in the emoji that is being written.
    joins: u32,
}

impl Context {
    /// Whether a character may stand as it is.
    fn shows(&mut self, c: char, next: Option<char>) -> bool {
        let shown = match c {
            '\u{200d}' => {
                let last = self.last.is_some_and(|it| is_emoji(it) || it == '\u{fe0f}');
                let between = last && next.is_some_and(is_emoji) && self.joins < JOINS_A_CHAIN;
                self.joins += u32::from(between);
                between
            }
            '\u{fe0e}' | '\u{fe0f}' => self.last.is_some_and(|it| {
                is_emoji(it) || (matches!(it, '0'..='9' | '#' | '*') && next == Some('\u{20e3}'))
            }),
            c if is_hidden(c) => false,
            c if c.width() == Some(0) => {
                self.marks += 1;
                // A mark with nothing below it would be painted onto a character of ours.
                self.last.is_some() && self.marks <= MARKS_A_BASE
            }
            c => {
                let goes_on = self.last == Some('\u{200d}') || is_skin_tone(c);
                self.joins = if goes_on { self.joins } else { 0 };
                self.marks = 0;
                true
            }
        };
        self.last = shown.then_some(c);
        shown
    }
}

/// Characters that control, that turn the direction of writing, or that take no room.
///
/// Unicode's default-ignorable code points, line and paragraph separators, the other format
/// characters without a shape, the blank Braille cell, and what can be no character at all.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1345f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Characters that emoji are made of, roughly: the blocks that hold them.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}'
        | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// Colours of skin, which belong to the emoji before them.
pub(super) fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Whether a spreadsheet might compute a text, or whether it looks like one that was guarded.
///
/// A telephone number in international form is what our readers look for, and `-` is a missing
/// group key; neither can be computed to anything.
pub(super) fn is_formula(text: &str) -> bool {
    if text == "-" || is_phone(text) {
        return false;
    }
    let starts = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n')
            // The same signs in full width, and small.
            || matches!(c, '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫')
    };
    // A quote in CSV is doubled, which behind a semicolon is an empty text before the rest.
    let quote = |c: char| matches!(c, '\'' | '"');
    let skipped = |c: &char| (quote(*c) || c.is_whitespace() || is_hidden(*c)) && !starts(*c);
    text.chars().find(|it| !skipped(it)).is_some_and(starts)
}

/// `+` and 7 to 15 digits.
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{unescaped, unguarded};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in
            ["", "Asha Rao", "Zoë", "José\u{301}", "आशा", "山田 太郎", "C:\\dumps\\may", "😀", "❤\u{fe0f}"]
        {
            assert_eq!(visible(text), text);
        }
        for emoji in ["👩\u{200d}👩\u{200d}👧\u{200d}👦", "👍🏽", "1\u{fe0f}\u{20e3}", "🇮🇳"]
        {
            assert_eq!(visible(emoji), emoji);
        }
    }

    #[test]
    fn what_acts_or_hides_is_shown() {
        for (text, shown) in [
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("\u{1b}]52;c;aGk=\u{7}", "\\u{1b}]52;c;aGk=\\u{7}"),
            ("a\nb\r\tc\0\u{7f}", "a\\u{a}b\\u{d}\\u{9}c\\u{0}\\u{7f}"),
            ("\u{9b}2J\u{85}", "\\u{9b}2J\\u{85}"),
            ("\u{202e}gpj.exe\u{2066}", "\\u{202e}gpj.exe\\u{2066}"),
            ("a\u{200b}b\u{feff}\u{2028}\u{3164}", "a\\u{200b}b\\u{feff}\\u{2028}\\u{3164}"),
            ("x\u{e0041}\u{fe0f}", "x\\u{e0041}\\u{fe0f}"),
            ("a\u{200d}b", "a\\u{200d}b"),
            ("😀\u{200d}b", "😀\\u{200d}b"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}\\u{fe0f}"),
            ("\u{301}a", "\\u{301}a"),
            ("\u{200b}\u{301}", "\\u{200b}\\u{301}"),
        ] {
            assert_eq!(visible(text), shown);
        }
        let chain = ["👩"; 6].join("\u{200d}");
        assert_eq!(visible(&chain).matches("\\u{200d}").count(), 1, "a new chain after it");
    }

    #[test]
    fn a_fifth_mark_on_one_character_is_shown_escaped() {
        let marks = |n: usize| format!("a{}b\u{301}", "\u{301}".repeat(n));
        assert_eq!(visible(&marks(4)), marks(4));
        assert_eq!(visible(&marks(6)), "a\u{301}\u{301}\u{301}\u{301}\\u{301}\\u{301}b\u{301}");
    }

    #[test]
    fn an_escape_cannot_be_forged() {
        assert_eq!(visible("\\u{202e}"), "\\\\u{202e}");
        assert_eq!(visible("\\\u{202e}"), "\\\\\\u{202e}");
        assert_eq!(visible("\\\\u{1}\\"), "\\\\\\\\u{1}\\");
    }

    #[test]
    fn formulas_get_an_apostrophe() {
        for text in ["=1+1", "+1-1", "-2", "@SUM(A1)", "＝1", " =1", "\u{feff}=1", "\0=1", "\u{a0}=1"] {
            assert_eq!(csv(text), format!("'{}", visible(text)), "{text:?}");
        }
        assert_eq!(csv("\t=1"), "'\\u{9}=1");
        assert_eq!(csv("\rx"), "'\\u{d}x");
        assert_eq!(csv("'=1"), "''=1");
        assert_eq!(csv("+123456"), "'+123456", "six digits");
        assert_eq!(csv("+1234567890123456"), "'+1234567890123456", "sixteen digits");
        assert_eq!(csv("+49 170 1234567"), "'+49 170 1234567");
        for text in ["+4915112345678", "-", "", "a=b", "'t Hooft", "1-1", "a;b", ";", "a;+4915112345678;-"] {
            assert_eq!(csv(text), text);
        }
        for (text, guarded) in [
            ("a;=1+1", "a;'=1+1"),
            ("a; =1+1;b;@x", "a;' =1+1;b;'@x"),
            (";=1", ";'=1"),
            ("=1;=2", "'=1;'=2"),
            ("a;\"=1+1;b", "a;'\"=1+1;b"),
            ("a;'=1", "a;''=1"),
        ] {
            assert_eq!(csv(text), guarded);
        }
    }

    #[test]
    fn markdown_stays_text() {
        for (text, shown) in [
            ("a|b", "a\\|b"),
            ("\\|", "\\\\\\|"),
            ("<script>&amp;", "&lt;script&gt;&amp;amp;"),
            ("![x](http://y)", "!\\[x\\](http:<!-- -->//y)"),
            ("**b** `c` ~~d~~ $e$", "\\*\\*b\\*\\* \\`c\\` \\~\\~d\\~\\~ \\$e\\$"),
            ("www.example.com", "www<!-- -->.example.com"),
            ("a.b@example.com", "a.b@<!-- -->example.com"),
            ("high_rejection", "high\\_rejection"),
            ("a\nb", "a\\\\u{a}b"),
        ] {
            assert_eq!(markdown(text), shown);
        }
        for (text, shown) in
            [("- x", "\\- x"), ("12. x 3.", "12\\. x 3."), ("12 x", "12 x"), ("    x", "&#32;   x"), ("", "")]
        {
            assert_eq!(markdown_start(text), shown);
        }
    }

    #[test]
    fn no_workflow_command_is_forged() {
        for (text, message, property) in [
            ("100 %", "100 %25", "100 %25"),
            ("%0A::error::x", "%250A\\u{3a}:error\\u{3a}:x", "%250A\\u{3a}%3Aerror\\u{3a}%3Ax"),
            ("a\n::echo::", "a\\u{a}\\u{3a}:echo::", "a\\u{a}\\u{3a}%3Aecho%3A%3A"),
            ("a\r::x", "a\\u{d}\\u{3a}:x", "a\\u{d}\\u{3a}%3Ax"),
            ("a,b=c", "a,b=c", "a%2Cb=c"),
            ("\u{1b}[31m\u{2028}", "\\u{1b}[31m\\u{2028}", "\\u{1b}[31m\\u{2028}"),
        ] {
            assert_eq!(github(text), message);
            assert_eq!(github_property(text), property);
        }
    }

    #[test]
    fn what_runs_pipelines_is_told_nothing() {
        for (text, shown) in [
            ("::error::x", "\\u{3a}:error\\u{3a}:x"),
            (" ::add-mask::x", " \\u{3a}:add-mask\\u{3a}:x"),
            ("##[error]x", "\\u{23}#[error]x"),
            ("a###[group]", "a#\\u{23}#[group]"),
            ("##vso[task.complete]", "\\u{23}#vso[task.complete]"),
            ("##teamcity[x]", "\\u{23}#teamcity[x]"),
            ("\\::x", "\\\\\\u{3a}:x"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(unescaped(&visible(text)), text);
        }
        for text in ["fe80::1", "a: b", ":: ::", "## 2 ##", "#1 #[x]"] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn json_strings_hide_nothing_and_read_back() {
        let text = "é😀\u{200d}\u{202e}\u{9b}\u{7f}\u{e0041}\"\\\n\u{2028}###[x]";
        let mut out = Vec::new();
        let mut json = serde_json::Serializer::with_formatter(&mut out, PlainJson);
        serde::Serialize::serialize(text, &mut json).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, "\"é😀\\u200d\\u202e\\u009b\\u007f\\udb40\\udc41\\\"\\\\\\n\\u2028#\\u0023#[x]\"");
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }

    proptest! {
        /// Different texts are shown differently: each can be read back.
        #[test]
        fn escaped_text_reads_back(text in "[\\\\u{}0-9a\u{301}\u{202e}\u{200d}😀\u{fe0f}=+;\"'-]{0,12}|.{0,20}") {
            let shown = visible(&text);
            prop_assert_eq!(unescaped(&shown), text.clone());
            let joins = ['\u{200d}', '\u{fe0e}', '\u{fe0f}'];
            prop_assert!(!shown.chars().any(|it| is_hidden(it) && !joins.contains(&it)));

            // A reader knows from the cell alone which apostrophes are to be taken off.
            let guarded = csv(&text);
            prop_assert_eq!(unguarded(&guarded), text.clone());
            for part in guarded.split(';') {
                prop_assert!(part.starts_with('\'') || !is_formula(&unescaped(part)), "{}", guarded);
            }
        }
    }
}
