//! Rules on how often and when a customer may be called: named profiles, as data.
//!
//! A profile is one entry of [`PROFILES`]; `reports::contacts` holds calls against it. callsift
//! counts and gives no legal advice: whether a text binds a business is for its lawyers to say.

use crate::time::{DAY, HOUR};

/// A named set of rules.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// What `--rules` calls it.
    pub name: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// Its rules, in the order of its text.
    pub rules: &'static [Rule],
}

/// One rule of a profile.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique within the profile.
    pub id: &'static str,
    /// What goes against it, in words.
    pub words: &'static str,
    /// The text that it is taken from.
    pub source: &'static str,
    /// The date of that text.
    pub dated: &'static str,
    /// What is counted, and how much of it passes.
    pub kind: Kind,
}

/// What a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Per account: attempts on so many consecutive calendar dates of the customer's zone.
    Attempts {
        /// The length of the window in dates.
        dates: i64,
        /// The most attempts that pass.
        limit: u64,
    },
    /// Per account: attempts on the so many calendar dates that begin with the date of a conversation.
    AfterConversation {
        /// The length of the window in dates, the conversation's own included.
        dates: i64,
    },
    /// Per customer: calls before or after a time of day in the customer's zone. Both bounds are
    /// allowed themselves.
    Hours {
        /// The first moment that passes, in milliseconds since 00:00 by the clock.
        from_ms: i64,
        /// The last moment that passes.
        to_ms: i64,
    },
    /// Per business number and customer: outgoing calls that were answered within a rolling window,
    /// calls exactly one window apart not in the same one.
    Connected {
        /// The length of the window.
        within_ms: i64,
        /// The most calls that pass.
        limit: u64,
    },
    /// Per business number and customer: outgoing calls in a row that were not answered.
    Unanswered {
        /// How many of them make a finding.
        in_a_row: u64,
    },
}

impl Kind {
    /// The largest count that passes.
    pub fn limit(self) -> u64 {
        match self {
            Self::Attempts { limit, .. } | Self::Connected { limit, .. } => limit,
            Self::AfterConversation { .. } | Self::Hours { .. } => 0,
            Self::Unanswered { in_a_row } => in_a_row - 1,
        }
    }
}

/// The profile with this name.
pub fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|it| it.name == name)
}

const REG_F_DATED: &str = "2020-11-30 (85 FR 76734), in force since 2021-11-30";
const META: &str = "Meta, WhatsApp Business Platform, Calling API: Obtain user call permissions";

/// Not before 08:00 and not after `to` o'clock.
const fn from_eight_to(to: i64) -> Kind {
    Kind::Hours { from_ms: 8 * HOUR, to_ms: to * HOUR }
}

/// What WhatsApp does about calls that nobody answers; the same in both texts on connected calls.
const UNANSWERED_2: Rule = Rule {
    id: "unanswered_2",
    words: "2 outgoing calls in a row that were not answered: WhatsApp asks the customer whether to go on \
        allowing calls.",
    source: META,
    dated: "2025-11-13",
    kind: Kind::Unanswered { in_a_row: 2 },
};
const UNANSWERED_4: Rule = Rule {
    id: "unanswered_4",
    words: "4 outgoing calls in a row that were not answered: WhatsApp revokes the permission to call.",
    source: META,
    dated: "2025-11-13",
    kind: Kind::Unanswered { in_a_row: 4 },
};

/// Every profile.
pub static PROFILES: &[Profile] = &[
    Profile {
        name: "us-reg-f",
        title: "United States, debt collectors: Regulation F, 12 CFR 1006",
        rules: &[
            Rule {
                id: "attempts_in_7_dates",
                words: "More than 7 attempts within 7 consecutive calendar dates, per account.",
                source: "12 CFR 1006.14(b)(2)(i)(A); calls that do not connect are left out by (b)(3)(ii)",
                dated: REG_F_DATED,
                kind: Kind::Attempts { dates: 7, limit: 7 },
            },
            Rule {
                id: "after_conversation",
                words: "An attempt within 7 calendar dates after a conversation, whose own date is the first, \
                    per account.",
                source: "12 CFR 1006.14(b)(2)(i)(B); CFPB, Debt Collection Rule FAQs of 2022-07-27: incoming \
                    calls count as conversations",
                dated: REG_F_DATED,
                kind: Kind::AfterConversation { dates: 7 },
            },
            Rule {
                id: "calling_hours",
                words: "A call before 08:00 or after 21:00 in the customer's zone.",
                source: "12 CFR 1006.6(b)(1)(i)",
                dated: REG_F_DATED,
                kind: from_eight_to(21),
            },
        ],
    },
    Profile {
        name: "in-rbi",
        title: "India, recovery of loans: Reserve Bank of India, RBI/2022-23/108",
        rules: &[Rule {
            id: "calling_hours",
            words: "A call before 08:00 or after 19:00 in the customer's zone.",
            source: "Reserve Bank of India, RBI/2022-23/108, DOR.ORG.REC.65/21.04.158/2022-23, paragraph 2",
            dated: "2022-08-12",
            kind: from_eight_to(19),
        }],
    },
    Profile {
        name: "whatsapp",
        title: "WhatsApp, calls by a business: 5 connected calls in 24 hours, unanswered calls in a row",
        rules: &[
            Rule {
                id: "connected_in_24h",
                words: "More than 5 connected outgoing calls within 24 hours, per business number and customer.",
                source: "Twilio, error 37006: WhatsApp Voice, max business-initiated calls; Meta's own page \
                    of 2026 says 100 (profile whatsapp-2026)",
                dated: "2026-04-10",
                kind: Kind::Connected { within_ms: DAY, limit: 5 },
            },
            UNANSWERED_2,
            UNANSWERED_4,
        ],
    },
    Profile {
        name: "whatsapp-2026",
        title: "WhatsApp, calls by a business: 100 connected calls in 24 hours, unanswered calls in a row",
        rules: &[
            Rule {
                id: "connected_in_24h",
                words: "More than 100 connected outgoing calls within 24 hours, per business number and \
                    customer.",
                source: META,
                dated: "2026-06-26",
                kind: Kind::Connected { within_ms: DAY, limit: 100 },
            },
            UNANSWERED_2,
            UNANSWERED_4,
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_every_rule_says_where_it_comes_from() {
        let mut names = HashSet::new();
        for it in PROFILES {
            assert!(names.insert(it.name), "{} stands twice", it.name);
            assert_eq!(profile(it.name), Some(it));
            let mut ids = HashSet::new();
            for rule in it.rules {
                assert!(ids.insert(rule.id), "{} {} stands twice", it.name, rule.id);
                assert!(rule.words.ends_with('.') && !rule.words.contains("  "), "{}", rule.words);
                assert!(!rule.source.is_empty() && !rule.source.contains("  "), "{}", rule.source);
                assert!(rule.dated.starts_with("20") && rule.dated.len() >= 10, "{}", rule.dated);
            }
        }
        assert_eq!(profile("us-reg-g"), None);
    }

    /// The numbers of the texts, so that no entry changes by accident.
    #[test]
    fn the_numbers_are_those_of_the_texts() {
        let kind = |name: &str, id: &str| {
            let rules = profile(name).unwrap().rules;
            rules.iter().find(|it| it.id == id).unwrap().kind
        };
        assert_eq!(kind("us-reg-f", "attempts_in_7_dates"), Kind::Attempts { dates: 7, limit: 7 });
        assert_eq!(kind("us-reg-f", "after_conversation"), Kind::AfterConversation { dates: 7 });
        let hours = |from: i64, to: i64| Kind::Hours { from_ms: from * 3_600_000, to_ms: to * 3_600_000 };
        assert_eq!(kind("us-reg-f", "calling_hours"), hours(8, 21));
        assert_eq!(kind("in-rbi", "calling_hours"), hours(8, 19));
        for (name, limit) in [("whatsapp", 5), ("whatsapp-2026", 100)] {
            let within_ms = 86_400_000;
            assert_eq!(kind(name, "connected_in_24h"), Kind::Connected { within_ms, limit });
            assert_eq!(kind(name, "unanswered_2"), Kind::Unanswered { in_a_row: 2 });
            assert_eq!(kind(name, "unanswered_4"), Kind::Unanswered { in_a_row: 4 });
        }
    }

    #[test]
    fn limits_are_the_largest_counts_that_pass() {
        assert_eq!(Kind::Attempts { dates: 7, limit: 7 }.limit(), 7);
        assert_eq!(Kind::AfterConversation { dates: 7 }.limit(), 0);
        assert_eq!(Kind::Hours { from_ms: 1, to_ms: 2 }.limit(), 0);
        assert_eq!(Kind::Connected { within_ms: DAY, limit: 5 }.limit(), 5);
        assert_eq!(Kind::Unanswered { in_a_row: 4 }.limit(), 3);
    }
}
