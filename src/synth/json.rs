//! A writer of JSON objects that keeps the order of keys, since a dump should look like what the
//! providers post and must not depend on the features of a library.

use std::fmt::Write as _;

/// An object under construction.
pub(super) struct Obj(String);

impl Obj {
    pub(super) fn new() -> Self {
        Self(String::from("{"))
    }

    fn key(mut self, key: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_string(&mut self.0, key);
        self.0.push(':');
        self
    }

    /// A member whose value is JSON already.
    pub(super) fn raw(self, key: &str, json: &str) -> Self {
        let mut this = self.key(key);
        this.0.push_str(json);
        this
    }

    pub(super) fn str(self, key: &str, value: &str) -> Self {
        let mut this = self.key(key);
        push_string(&mut this.0, value);
        this
    }

    pub(super) fn num(self, key: &str, value: i64) -> Self {
        self.raw(key, &value.to_string())
    }

    pub(super) fn bool(self, key: &str, value: bool) -> Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    pub(super) fn null(self, key: &str) -> Self {
        self.raw(key, "null")
    }

    pub(super) fn obj(self, key: &str, value: Obj) -> Self {
        self.raw(key, &value.done())
    }

    pub(super) fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                write!(out, "\\u{:04x}", control as u32).expect("a string takes everything");
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_text_is_escaped() {
        let text = Obj::new()
            .str("z", "a\"b\\c\n\u{1}é")
            .num("a", -1)
            .obj("o", Obj::new().null("n").bool("b", true));
        assert_eq!(text.done(), r#"{"z":"a\"b\\c\n\u0001é","a":-1,"o":{"n":null,"b":true}}"#);
    }
}
