//! One spelling for each customer: numbers as `+` and digits, hidden identities as `lid:` and
//! digits, anything else as the text it was.

use std::borrow::Cow;

use crate::lanes;
use crate::text::Number;

/// What a party's spelling says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// A person or a line, in the canonical spelling.
    Person(Cow<'a, str>),
    /// A group, which is no customer.
    Group,
}

impl Party<'_> {
    /// The person, if it is one.
    pub fn person(self) -> Option<String> {
        match self {
            Self::Person(it) => Some(it.into_owned()),
            Self::Group => None,
        }
    }
}

/// Canonical spelling of a JID or a number; `fold` turns WhatsApp's own spellings of Mexican,
/// Argentine and Brazilian mobiles into the number that a CRM holds.
///
/// `text` is trimmed and not empty.
pub fn canonical(text: &str, fold: bool) -> Party<'_> {
    let Some((user, server)) = text.rsplit_once('@') else {
        if let Some(digits) = text.strip_prefix("lid:")
            && is_digits(digits)
        {
            return Party::Person(Cow::Borrowed(text));
        }
        return Party::Person(phone(text, fold).map_or(Cow::Borrowed(text), Cow::Owned));
    };
    if server.eq_ignore_ascii_case("g.us") {
        return Party::Group;
    }
    // A device behind a colon is the same person at another phone or browser.
    let user = match user.split_once(':') {
        Some((it, device)) if is_digits(device) => it,
        _ => user,
    };
    if server.eq_ignore_ascii_case("lid") && is_digits(user) {
        return Party::Person(Cow::Owned(format!("lid:{user}")));
    }
    if (server.eq_ignore_ascii_case("c.us") || server.eq_ignore_ascii_case("s.whatsapp.net"))
        && let Some(number) = phone(user, fold)
    {
        return Party::Person(Cow::Owned(number));
    }
    Party::Person(Cow::Borrowed(text))
}

/// What [`canonical`] makes of a number in one of the spellings that nearly all senders use, without
/// making its text; nothing of any other.
#[inline]
pub fn plain_number(text: &[u8], fold: bool) -> Option<Number> {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (digits, server) = text.split_at(lanes::digits_end(text, 0));
    if !matches!(server, b"" | b"@c.us" | b"@s.whatsapp.net") {
        return None;
    }
    let may_fold = match digits.len() {
        12 => digits.starts_with(b"55"),
        13 => digits.starts_with(b"521") || digits.starts_with(b"549"),
        _ => false,
    };
    if fold && may_fold { None } else { Number::of_digits(digits) }
}

/// Whether a canonical spelling is a number.
pub fn is_number(canonical: &str) -> bool {
    canonical.strip_prefix('+').is_some_and(is_digits)
}

/// Whether a canonical spelling is a hidden identity.
pub fn is_hidden(canonical: &str) -> bool {
    canonical.strip_prefix("lid:").is_some_and(is_digits)
}

/// A label that is nothing but digits is a number; any other stays as it is.
pub fn label(text: &str, fold: bool) -> Cow<'_, str> {
    if is_digits(text) {
        phone(text, fold).map_or(Cow::Borrowed(text), Cow::Owned)
    } else {
        Cow::Borrowed(text)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// `+` and the digits, if the text holds digits and nothing but what people put between them.
fn phone(text: &str, fold: bool) -> Option<String> {
    let mut number = String::with_capacity(text.len() + 1);
    number.push('+');
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => number.push(char::from(byte)),
            b' ' | b'+' | b'-' | b'(' | b')' | b'.' => {}
            _ => return None,
        }
    }
    if number.len() == 1 {
        return None;
    }
    if fold {
        fold_number(&mut number);
    }
    Some(number)
}

/// WhatsApp writes some mobiles with a digit more or less than the number that people dial.
fn fold_number(number: &mut String) {
    let length = number.len();
    if (number.starts_with("+521") || number.starts_with("+549")) && length == 14 {
        number.remove(3);
    } else if number.starts_with("+55") && length == 13 && (b'6'..=b'9').contains(&number.as_bytes()[5]) {
        number.insert(5, '9');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(canonical(text, true), Party::Person(Cow::Borrowed(expected)), "{text}");
    }

    #[test]
    fn spellings_of_one_customer() {
        for text in [
            "5215512345678@c.us",
            "5215512345678@s.whatsapp.net",
            "5215512345678:12@s.whatsapp.net",
            "+52 1 55 1234-5678",
            "5215512345678",
            "+525512345678",
            "52 (55) 1234.5678",
        ] {
            check(text, "+525512345678");
        }
        assert_eq!(canonical("5215512345678@c.us", false), Party::Person("+5215512345678".into()));
    }

    #[test]
    fn a_plain_number_is_the_canonical_one() {
        let mut found = 0;
        for digits in [
            "",
            "0",
            "07",
            "12345",
            "5215512345678",
            "5491123456789",
            "551187654321",
            "551157654321",
            "5511987654321",
            "915935110698",
            "919876543210",
            "1234567890123456789",
            "12 345",
            "12345a",
        ] {
            for start in ["", "+", "++", " ", "lid:"] {
                for end in
                    ["", "@c.us", "@C.US", "@s.whatsapp.net", "@lid", "@g.us", ":1@c.us", "@", "@c.us "]
                {
                    for fold in [true, false] {
                        let text = format!("{start}{digits}{end}");
                        if let Some(it) = plain_number(text.as_bytes(), fold) {
                            assert_eq!(canonical(&text, fold), Party::Person(it.text().into()), "{text}");
                            found += 1;
                        }
                    }
                }
            }
        }
        // Ten are digits that fit, of which four may be folded.
        assert_eq!(found, (10 + 6) * 2 * 3);
    }

    #[test]
    fn argentina_and_brazil() {
        check("5491123456789", "+541123456789");
        check("549112345678", "+549112345678");
        check("551187654321", "+5511987654321");
        check("551157654321", "+551157654321");
        check("5511987654321", "+5511987654321");
        for text in ["+525512345678", "+541123456789", "+5511987654321"] {
            check(text, text);
        }
    }

    #[test]
    fn hidden_identities_groups_and_the_rest() {
        check("123@lid", "lid:123");
        check("123:7@lid", "lid:123");
        check("lid:123", "lid:123");
        check("status@broadcast", "status@broadcast");
        check("abc@c.us", "abc@c.us");
        check("Asha", "Asha");
        check("+-()", "+-()");
        check("123:4", "123:4");
        assert_eq!(canonical("120363@g.us", true), Party::Group);
        assert!(is_number("+123") && !is_number("+") && !is_number("lid:1") && is_hidden("lid:1"));
    }

    #[test]
    fn labels_of_digits_are_numbers() {
        assert_eq!(label("919833330000", true), "+919833330000");
        assert_eq!(label("+91 98", true), "+91 98");
        assert_eq!(label("Ravi K", true), "Ravi K");
    }
}
