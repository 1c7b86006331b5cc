//! The ledger of reactions.

use super::sessions::Session;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One reaction as delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction {
    pub chat: String,
    pub message: String,
    pub emoji: String,
    /// A text that tells reactors apart.
    pub reactor: String,
    /// Set, else cleared.
    pub set: bool,
    pub at: i64,
    /// The count of the emoji in the map that came with it, if one came.
    pub latest: Option<i64>,
}

/// How many came, and those that are not repeats.
pub fn unique(all: &[Reaction]) -> (usize, Vec<Reaction>) {
    let mut kept: BTreeMap<(String, String, String, String, bool, i64), Reaction> = BTreeMap::new();
    for reaction in all {
        let key = (
            reaction.chat.clone(),
            reaction.message.clone(),
            reaction.emoji.clone(),
            reaction.reactor.clone(),
            reaction.set,
            reaction.at,
        );
        let kept = kept.entry(key).or_insert_with(|| reaction.clone());
        kept.latest = match (kept.latest, reaction.latest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    (all.len(), kept.into_values().collect())
}

/// The `reactions` section: a row per chat and emoji.
pub fn section(reactions: &[Reaction], sessions: &[Session]) -> Value {
    let mut groups: BTreeMap<(&str, &str), Vec<&Reaction>> = BTreeMap::new();
    for reaction in reactions {
        groups.entry((&reaction.chat, &reaction.emoji)).or_default().push(reaction);
    }
    let mut rows = Vec::new();
    for ((chat, emoji), group) in groups {
        let set = group.iter().filter(|r| r.set).count() as i64;
        let cleared = group.len() as i64 - set;
        // Of equally new maps that of the later message, and of one message the smaller count.
        let latest = group
            .iter()
            .filter(|r| r.latest.is_some())
            .max_by_key(|r| (r.at, &r.message, r.latest.map(|count| -count)))
            .and_then(|r| r.latest);
        let messages: BTreeSet<&str> = group.iter().map(|r| r.message.as_str()).collect();
        let session = sessions.iter().find(|s| {
            s.provider == "timelinesai"
                && messages.len() == 1
                && s.call_id.as_deref() == messages.first().copied()
        });
        rows.push(json!({
            "chat_id": chat,
            "emoji": emoji,
            "set": set,
            "cleared": cleared,
            "net": set - cleared,
            "latest": latest,
            "session_id": session.map(|s| s.id.clone()),
        }));
    }
    json!({"rows": rows})
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::super::*;

    #[test]
    fn set_cleared_and_repeated() {
        let line = |emoji: &str, action: &str, second: u32, count: &str| {
            format!(
                r#"{{"event_type":"message:reaction","chat":{{"chat_id":5}},"reaction":{{"message_uid":"m",
                "action":"{action}","emoji":"{emoji}","reactor":null,"timestamp":"2026-02-18 10:15:{second:02} +0000",
                "reactions":{{"{emoji}":"{count}"}}}}}}"#
            )
            .replace('\n', " ")
        };
        let lines = [
            line("+", "set", 1, "1"),
            line("+", "set", 2, "2"),
            line("+", "clear", 3, "1"),
            line("+", "set", 1, "1"),
            line("-", "set", 9, "4"),
        ];
        let out = run(&lines, &Params::default());
        assert_eq!(out["accounting"]["lines"]["reaction"], 5);
        assert_eq!(out["accounting"]["reactions"]["duplicates"], 1);
        let row = &out["reactions"]["rows"][0];
        assert_eq!(row["emoji"], "+");
        assert_eq!((&row["set"], &row["cleared"]), (&json!(2), &json!(1)));
        assert_eq!((&row["net"], &row["latest"]), (&json!(1), &json!(1)));
        assert_eq!(row["session_id"], Value::Null);
    }
}
