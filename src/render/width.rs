//! Text that has to fit a number of terminal columns: wrapped or cut, never inside a character.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::escape::{is_emoji, is_skin_tone};

/// What stands where text was cut out.
const ELLIPSIS: &str = "…";

/// Terminal columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Breaks text into lines of at most `room` columns, at spaces where there are some.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    wrap_after(text, room, |c| c == ' ')
}

/// Breaks text after characters that `may_break`; a piece that is too long alone is broken anywhere.
pub(super) fn wrap_after(text: &str, room: usize, may_break: impl Fn(char) -> bool) -> Vec<String> {
    let mut lines = broken(text, room, may_break);
    for line in &mut lines {
        line.truncate(line.trim_end_matches(' ').len());
    }
    lines
}

/// Text in at most so many lines, `…` at the end of the last where it went on.
pub(super) fn wrap_some(
    text: &str,
    room: usize,
    most: usize,
    may_break: impl Fn(char) -> bool,
) -> Vec<String> {
    let broken = broken(text, room, &may_break);
    if broken.len() <= most {
        return wrap_after(text, room, may_break);
    }
    let (first, rest) = broken.split_at(most - 1);
    let begun = wrap_after(&rest.concat(), room - 1, |_| false).swap_remove(0) + ELLIPSIS;
    first.iter().map(|it| it.trim_end_matches(' ').to_owned()).chain([begun]).collect()
}

/// Like [`wrap_after`], but the lines keep the spaces at their ends, which take no room.
pub(super) fn broken(text: &str, room: usize, may_break: impl Fn(char) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in text.split_inclusive(may_break) {
        // A run of spaces fits without a look at the line, which may hold a million of them already.
        let fits = |line: &str, piece: &str| {
            piece.bytes().all(|it| it == b' ')
                || width(format!("{line}{piece}").trim_end_matches(' ')) <= room
        };
        if !fits(&line, piece) && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if fits("", piece) {
            line.push_str(piece);
            continue;
        }
        let mut used = 0;
        for cluster in clusters(piece) {
            if used + width(cluster) > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(cluster);
            used += width(cluster);
        }
    }
    lines.push(line);
    lines
}

/// The text, or its beginning and its end with `…` between them; names often differ at the end.
pub(super) fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let keep = room.saturating_sub(width(ELLIPSIS));
    let head_room = keep.div_ceil(5) * 3;
    let clusters = clusters(text);
    let head = take(clusters.iter(), head_room.min(keep));
    let tail = take(clusters.iter().rev(), keep.saturating_sub(head_room));
    let (head, tail) = (&clusters[..head], &clusters[clusters.len() - tail..]);
    format!("{}{ELLIPSIS}{}", head.concat(), tail.concat())
}

/// How many clusters fit into `room` columns.
fn take<'c>(clusters: impl Iterator<Item = &'c &'c str>, room: usize) -> usize {
    let mut used = 0;
    let fits = clusters.take_while(|it| {
        used += width(it);
        used <= room
    });
    fits.count()
}

/// Splits text into what a reader takes for one character: a letter with its marks, an emoji with
/// its joined parts, a flag.
fn clusters(text: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut last = None;
    let mut flags = 0;
    for (at, c) in text.char_indices() {
        let flag = matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
        flags = if flag { flags + 1 } else { 0 };
        let goes_on = c.width() == Some(0)
            || last == Some('\u{200d}')
            || (is_skin_tone(c) && last.is_some_and(is_emoji))
            || (flag && flags % 2 == 0);
        if !goes_on || starts.is_empty() {
            starts.push(at);
        }
        last = Some(c);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(&start, end)| &text[start..end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_at_spaces_or_anywhere() {
        assert_eq!(wrap("the quick brown fox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap_after("rejection_rate_low", 10, |c| c == '_'), ["rejection_", "rate_low"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
    }

    #[test]
    fn a_list_that_goes_on_ends_in_an_ellipsis() {
        let list = "one, two, three, four, five, six";
        assert_eq!(wrap_some(list, 10, 3, |c| c == ' '), ["one, two,", "three,", "four, fiv…"]);
        assert_eq!(wrap_some(list, 40, 3, |c| c == ' '), [list]);
    }

    #[test]
    fn a_cut_keeps_both_ends() {
        assert_eq!(cut("Asha", 4), "Asha");
        assert_eq!(cut("Bartholomew Featherstone", 11), "Bartho…tone");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(cut("日本語日本語", 4), "日…");
    }

    #[test]
    fn clusters_are_whole() {
        assert_eq!(clusters("👩\u{200d}👧👍🏽🇮🇳🇩🇪e\u{301}x").len(), 6);
        assert!(clusters("").is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(text in "\\PC{0,40}|[a 😀日\u{200d}\u{301}]{0,40}", room in 8..30usize) {
            let text = crate::render::escape::message(&text).into_owned();
            prop_assert!(width(&cut(&text, room)) <= room);
            let some = wrap_some(&text, room, 2, |c| c == ' ');
            prop_assert!(some.len() <= 2 && some.iter().all(|it| width(it) <= room), "{:?}", some);
            let lines = wrap(&text, room);
            prop_assert!(lines.iter().all(|it| width(it) <= room), "{:?}", lines);
            let letters = |it: &str| it.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
