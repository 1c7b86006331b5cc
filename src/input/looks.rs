//! Guesses what a file is that holds no JSON lines, so that one clear sentence stands before many
//! invalid lines. A guess changes nothing: the lines are judged one by one all the same.

/// File signatures that nothing here reads, what they are, and how to turn them into lines.
const SIGNATURES: [(&[u8], &str, &str); 8] = [
    (b"PK\x03\x04", "a zip archive", "`unzip -p FILE`"),
    (b"\xfd7zXZ\0", "xz compressed data", "`xz -dc FILE`"),
    (b"BZh", "bzip2 compressed data", "`bzip2 -dc FILE`"),
    (b"\x04\x22\x4d\x18", "lz4 compressed data", "`lz4 -dc FILE`"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "`7z x -so FILE`"),
    (b"PAR1", "a parquet file", "a tool that reads parquet, one JSON value a line"),
    (b"Obj\x01", "an Avro file", "a tool that reads Avro, one JSON value a line"),
    (b"SQLite format 3\0", "a SQLite database", "`sqlite3 FILE`, one JSON value a line"),
];

/// Where a tar header has its signature.
const TAR_SIGNATURE: std::ops::Range<usize> = 257..262;

/// What the first bytes of a source look like, as a sentence with a remedy; `None` for what is
/// read here.
///
/// `head` should reach to the end of the first line that is not blank, if that is near.
pub fn looks(head: &[u8], is_json: fn(&[u8]) -> bool) -> Option<String> {
    if let Some(encoding) = wide_text(head) {
        return Some(format!(
            "looks like {encoding} text, of which no line is valid; convert it with `iconv -f {encoding} -t UTF-8 FILE`"
        ));
    }
    for (signature, what, how) in SIGNATURES {
        if head.starts_with(signature) {
            return Some(format!(
                "looks like {what}, which is not unpacked here; unpack it with {how} and read the result"
            ));
        }
    }
    if head.get(TAR_SIGNATURE) == Some(b"ustar") {
        return Some(
            "looks like a tar archive, which is not unpacked here; unpack it with `tar -xOf FILE` and read \
             the result"
                .to_owned(),
        );
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
    if begins(b"<!doctype") || begins(b"<html") {
        return Some(
            "looks like a web page, perhaps an error message that was stored in place of the dump; fetch \
             the dump again"
                .to_owned(),
        );
    }
    let line = &text[..memchr::memchr(b'\n', text)?];
    spread_out(line.trim_ascii_end(), is_json)
}

/// UTF-16 or UTF-32, by its mark or by the zero bytes that it puts between ASCII characters.
fn wide_text(head: &[u8]) -> Option<&'static str> {
    match *head {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Some("UTF-16"),
        _ => {}
    }
    let is_text = |it: u8| matches!(it, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    match *head {
        [a, 0, 0, 0, ..] if is_text(a) => Some("UTF-32LE"),
        [0, 0, 0, a, ..] if is_text(a) => Some("UTF-32BE"),
        [a, 0, b, 0, ..] if is_text(a) && is_text(b) => Some("UTF-16LE"),
        [0, a, 0, b, ..] if is_text(a) && is_text(b) => Some("UTF-16BE"),
        _ => None,
    }
}

/// A first line that only opens an object, as pretty printing writes it, or that ends in a comma.
fn spread_out(line: &[u8], is_json: fn(&[u8]) -> bool) -> Option<String> {
    if !line.starts_with(b"{") || is_json(line) {
        return None;
    }
    let before_comma = line.strip_suffix(b",");
    if before_comma.is_some_and(is_json) {
        return Some(
            "looks like JSON lines that end in commas, which makes them invalid; remove these with \
             `sed 's/,[[:space:]]*$//' FILE`"
                .to_owned(),
        );
    }
    (before_comma.is_some() || line.ends_with(b"{") || line.ends_with(b"[")).then(|| {
        "looks like JSON spread over several lines, while one value a line is read; convert it with \
         `jq -c . FILE`"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_json(bytes: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
    }

    #[track_caller]
    fn check(head: &[u8], expected: Option<&str>) {
        let found = looks(head, is_json);
        match expected {
            None => assert_eq!(found, None),
            Some(word) => assert!(found.as_ref().is_some_and(|it| it.contains(word)), "{found:?}"),
        }
    }

    #[test]
    fn what_is_not_lines_is_named_with_a_remedy() {
        check(b"\xff\xfe{\0\"\0a\0", Some("iconv -f UTF-16 "));
        check(b"{\0\"\0a\0", Some("UTF-16LE"));
        check(b"\0{\0\"\0a", Some("UTF-16BE"));
        check(b"\xff\xfe\0\0{\0\0\0", Some("UTF-32"));
        check(b"PK\x03\x04....", Some("unzip -p"));
        check(b"\xfd7zXZ\0...", Some("xz -dc"));
        check(b"PAR1\x15\x04", Some("parquet"));
        check(b"\n <!DOCTYPE html>\n<html>", Some("web page"));
        check(b"<HTML><body>", Some("web page"));
        check(b"{\n  \"event\": 1\n}\n", Some("jq -c"));
        check(b"{ \"event\": {\r\n  \"a\": 1\n}}\n", Some("jq -c"));
        check(b"{\"event\": 1,\n\"a\": 2}\n", Some("jq -c"));
        check(b"{\"event\": 1},\n{\"event\": 2}\n", Some("sed"));
        let mut tar = vec![b'x'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check(&tar, Some("tar -xOf"));
    }

    #[test]
    fn ordinary_and_merely_broken_lines_get_no_guess() {
        check(b"", None);
        check(b"{\"event\":1}\n", None);
        check(b"{\"event\":1\n", None);
        check(b"{\"a\":[1,2]}\n{", None);
        check(b"[1,2]\n", None);
        check(b"\0\0\0\0\0\0", None);
        check(b"2026-11-20 10:00:00 started\n", None);
        check(b"\xef\xbb\xbf{\"a\":1}\n", None);
    }
}
