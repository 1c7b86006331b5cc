//! One spelling for each customer, and never one for two.

use callsift::identity::{Party, canonical, is_hidden, is_number, label};

/// The canonical spelling is its own, and its digits are those of the text.
pub fn identities(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    for fold in [false, true] {
        let shown = label(text, fold).into_owned();
        assert_eq!(label(&shown, fold), shown, "a label is its own label");
        let Party::Person(it) = canonical(text, fold) else {
            let server = text.rsplit_once('@').expect("a server");
            assert!(server.1.eq_ignore_ascii_case("g.us"));
            continue;
        };
        assert_eq!(canonical(&it, fold), Party::Person(it.clone()), "{text:?} twice");
        assert!(!(is_number(&it) && is_hidden(&it)));
        assert!(!it.trim().is_empty());
        if !is_number(&it) && !is_hidden(&it) {
            assert_eq!(it, text, "what is neither stays the text it was");
        }
        // People's ways of writing one number are one.
        let written = text.bytes().all(|it| it.is_ascii_digit() || b" +-().".contains(&it));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if written && !digits.is_empty() {
            assert!(is_number(&it));
            for other in [
                digits.clone(),
                format!("+{digits}"),
                format!("{digits}@c.us"),
                format!("{digits}@S.WhatsApp.net"),
                format!("{digits}:12@s.whatsapp.net"),
            ] {
                assert_eq!(canonical(&other, fold), Party::Person(it.clone()), "{other}");
            }
            if !fold {
                assert_eq!(it[1..], digits, "without folding no digit changes");
            }
            // A hidden identity of the same digits is somebody else.
            assert_eq!(
                canonical(&format!("{digits}@lid"), fold),
                Party::Person(format!("lid:{digits}").into())
            );
            assert_eq!(canonical(&format!("{digits}@g.us"), fold), Party::Group);
        }
    }
}
