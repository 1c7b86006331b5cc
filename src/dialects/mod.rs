//! How each provider writes call events.
//!
//! To add a provider: write `dialects/<name>.rs`, then add its line to each of the two lists below,
//! in the order of the names. [`Traits`] is all that later stages know of a provider.

mod callsift;
mod doubletick;
mod timelinesai;
mod wawp;
mod wazzap;

pub mod support;

use std::borrow::Cow;

use crate::event::{Cause, Event, Kind, Reaction};
use crate::json::Key;
use support::{Body, Capture, Flaw};

/// Every dialect, by name. callsift's own events are one of them.
pub static ALL: [&dyn Dialect; 5] = [
    &callsift::CallsiftEvents,
    &doubletick::DoubleTick,
    &timelinesai::TimelinesAi,
    &wawp::Wawp,
    &wazzap::Wazzap,
];

/// A provider, by its place in [`ALL`]; in the order of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provider(u8);

impl Provider {
    /// The providers, callsift's own events left out: those keep the provider that they came from.
    pub fn all() -> impl Iterator<Item = Provider> {
        (1..ALL.len()).map(|it| Provider(it as u8))
    }

    /// The provider with this name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// What later stages know of it.
    pub fn traits(self) -> &'static Traits {
        ALL[usize::from(self.0)].traits()
    }

    /// The name used in flags, columns and ids.
    pub fn name(self) -> &'static str {
        self.traits().name
    }

    /// One of its event names.
    pub fn word(self, word: u8) -> &'static Word {
        &self.traits().words[usize::from(word)]
    }

    /// The rule by which an event got its kind and cause, in words.
    pub fn rule(self, event: &Event) -> &'static str {
        ALL[usize::from(self.0)].rule(self.word(event.word), event.kind, event.cause)
    }
}

/// What later stages know of a provider.
#[derive(Debug)]
pub struct Traits {
    /// The name used in flags, columns and ids.
    pub name: &'static str,
    /// Its name as its makers write it.
    pub title: &'static str,
    /// Its events carry a call id.
    pub call_ids: bool,
    /// It announces a call while it rings, as a rule; an end without an offer is then an orphan even
    /// where no offer was seen at all.
    pub announces_offers: bool,
    /// One subscription covers all lines, so that what one line shows the others would show too.
    pub one_subscription: bool,
    /// Its times say when a webhook was due, so that a late delivery can be told.
    pub time_is_known_moment: bool,
    /// The capture, not the body, tells the line (see `--source`).
    pub instance_from_capture: bool,
    /// Its event names.
    pub words: &'static [Word],
    /// What its engines never send: (engine, or empty for all; what follows), for `inspect`.
    pub blind_spots: &'static [(&'static str, &'static str)],
}

/// An event name that a provider uses, with the status where that decides as well.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// The name in its canonical case.
    pub event: &'static str,
    /// The status in its canonical case.
    pub status: Option<&'static str>,
    /// Kinds that a feed shows once it holds this event, whichever of them it was.
    pub shows: &'static [Kind],
}

/// An event name without a status that shows nothing but itself.
pub(crate) const fn word(event: &'static str) -> Word {
    Word { event, status: None, shows: &[] }
}

/// What a dialect makes of a body.
#[derive(Debug)]
pub enum Reading<'a> {
    /// It is another's, or nobody's.
    NotMine,
    /// A call event.
    Call(Box<Event>),
    /// A reaction to a message.
    Reaction(Box<Reaction>),
    /// Known, but neither.
    Other,
    /// Looks like a call event, but no table holds this name or status.
    Unknown(Cow<'a, str>),
    /// A known call event or reaction that cannot be read.
    Invalid(Flaw),
}

/// How one provider writes call events.
pub trait Dialect: Sync {
    /// What later stages know of the provider.
    fn traits(&self) -> &'static Traits;

    /// Translates one body. A body is recognised by its event name and the absence of another
    /// provider's marks; from then on a missing field is an error.
    fn read<'a>(&self, body: &Body<'a>, capture: &Capture<'_>, provider: Provider) -> Reading<'a>;

    /// The rule by which a word became this kind and cause, as a sentence for `explain`.
    fn rule(&self, word: &Word, kind: Kind, cause: Option<Cause>) -> &'static str;
}

/// Offers a body to each dialect in turn.
pub fn read<'a>(body: &Body<'a>, capture: &Capture<'_>) -> Reading<'a> {
    for (place, dialect) in ALL.iter().enumerate() {
        match dialect.read(body, capture, Provider(place as u8)) {
            Reading::NotMine => {}
            reading => return reading,
        }
    }
    match body.call_like_name() {
        Some(name) => Reading::Unknown(name),
        None => Reading::Other,
    }
}

/// Whether an event's name has to do with calls or reactions, so that its damage matters.
pub fn is_name_of_interest(name: &str) -> bool {
    let begins = |with: &str| name.get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with));
    begins("call") || begins("message:reaction")
}

/// Whether a key is a renamed spelling of `event`, as automation tools write it.
pub fn is_renamed_event(key: Key<'_>) -> bool {
    doubletick::normal(key, &mut [0; 24]) == Some(b"event")
}

/// Whether the value of a renamed `event` is a call event's name.
pub fn is_renamed_call(name: &str) -> bool {
    doubletick::is_call_name(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_names_and_complete() {
        let names: Vec<&str> = ALL.iter().map(|it| it.traits().name).collect();
        assert!(names.is_sorted(), "{names:?}");
        let files: BTreeSet<String> = std::fs::read_dir("src/dialects")
            .expect("the folder")
            .map(|it| {
                it.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
            })
            .filter(|it| it != "mod" && it != "support")
            .collect();
        assert_eq!(files, names.iter().map(|it| (*it).to_owned()).collect());
    }

    #[test]
    fn words_are_distinct() {
        for provider in Provider::all() {
            let words = provider.traits().words;
            let distinct: BTreeSet<_> = words.iter().map(|it| (it.event, it.status)).collect();
            assert_eq!(distinct.len(), words.len(), "{}", provider.name());
        }
    }
}
