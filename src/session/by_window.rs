//! Events without call ids: an offer opens a session, an end closes it, and windows of time say
//! which belong together.

use super::outcome::OfId;
use crate::event::{Event, Kind};
use crate::time::SECOND;

/// How long after the first end another kind of end still belongs to the same call.
const JOIN_MS: i64 = 5 * SECOND;

/// Puts the unique events of one customer on one instance together. `events` are in order and all
/// have a time. A ring is the same call as one at most `ring_timeout_ms` before; an end belongs to a
/// session first offered at most twice that before.
pub fn sessions(events: &[Event], ring_timeout_ms: i64, out: &mut dyn FnMut(&mut [Event], OfId)) {
    let mut walk = Walk { ring_timeout_ms, open: None, ended: None, out };
    for instant in events.chunk_by(|a, b| a.at == b.at) {
        // Events of one time come by their kind, offers first.
        let (offers, ends) = instant.split_at(instant.partition_point(|it| it.kind == Kind::Offered));
        let mut ends = ends.iter().peekable();
        for offer in offers {
            // Of an offer and an end at one time the end comes first if it can end what is open. All ends of
            // one time can, or none.
            if let Some(end) = ends.next_if(|it| walk.can_end(it)) {
                walk.end(*end);
            }
            walk.offer(*offer);
        }
        ends.for_each(|it| walk.end(*it));
    }
    walk.close();
    walk.finish();
}

struct Walk<'o> {
    ring_timeout_ms: i64,
    /// The session that still rings, its events in order; the first is an offer.
    open: Option<Vec<Event>>,
    /// The last session that has an end, as long as there was no offer since.
    ended: Option<Vec<Event>>,
    out: &'o mut dyn FnMut(&mut [Event], OfId),
}

fn time(event: &Event) -> i64 {
    event.at.unwrap_or(i64::MIN)
}

impl Walk<'_> {
    fn can_end(&self, end: &Event) -> bool {
        let Some([first, .., last] | [first @ last]) = self.open.as_deref() else { return false };
        time(end) - time(first) <= 2 * self.ring_timeout_ms || time(end) - time(last) <= self.ring_timeout_ms
    }

    fn offer(&mut self, offer: Event) {
        self.finish();
        match &mut self.open {
            Some(open) if open.last().is_some_and(|it| time(&offer) - time(it) <= self.ring_timeout_ms) => {
                open.push(offer);
            }
            _ => {
                self.close();
                self.open = Some(vec![offer]);
            }
        }
    }

    fn end(&mut self, end: Event) {
        if self.can_end(&end) {
            self.finish();
            let mut session = self.open.take().unwrap_or_default();
            session.push(end);
            self.ended = Some(session);
        } else if self.joins(&end) {
            self.ended.get_or_insert_default().push(end);
        } else {
            self.close();
            self.finish();
            self.ended = Some(vec![end]);
        }
    }

    fn joins(&self, end: &Event) -> bool {
        // Its offers come first.
        let ended = self.ended.as_deref().unwrap_or_default();
        let first_end = ended.get(ended.partition_point(|it| it.kind == Kind::Offered));
        self.open.is_none()
            && first_end.is_some_and(|it| time(end) - time(it) <= JOIN_MS && it.kind != end.kind)
    }

    /// The open session stays as it is.
    fn close(&mut self) {
        if let Some(mut open) = self.open.take() {
            (self.out)(&mut open, OfId::default());
        }
    }

    /// Nothing can join the ended session any more.
    fn finish(&mut self) {
        if let Some(mut ended) = self.ended.take() {
            (self.out)(&mut ended, OfId::default());
        }
    }
}
