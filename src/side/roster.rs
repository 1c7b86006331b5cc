//! The roster: who had which line, and when. Columns `instance,agent` and, if wanted,
//! `from,to,provider`; a row holds from `from` up to but not including `to`.

use std::collections::HashMap;
use std::path::Path;

use super::Reading;
use super::table::{self, SideError};
use crate::dialects::Provider;
use crate::identity;
use crate::text::Sym;
use crate::time;

/// Who had which line, and when.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// By instance; later lines stand later.
    rows: HashMap<String, Vec<Shift>>,
}

#[derive(Clone, Copy, Debug)]
struct Shift {
    agent: Sym,
    from: Option<i64>,
    to: Option<i64>,
    provider: Option<Provider>,
}

impl Roster {
    /// Reads a roster.
    ///
    /// # Errors
    ///
    /// What makes any side file unusable; also a row without instance or agent, an unreadable time, `to` before
    /// `from`, or an unknown provider.
    pub fn read(path: &Path, reading: Reading<'_>) -> Result<Self, SideError> {
        let mut rows: HashMap<String, Vec<Shift>> = HashMap::new();
        for row in table::read(path, &["instance", "agent"], &["from", "to", "provider"])?.rows {
            let fail = |message: &str| SideError {
                path: path.to_owned(),
                line: Some(row.line),
                message: message.into(),
            };
            let instant = |column| match row.cell(column) {
                None => Ok(None),
                Some(it) => time::read_text(it, reading.naive_zone)
                    .map_err(|_| fail("a time that cannot be read; write it as `2026-05-04T09:00:00+05:30`")),
            };
            let (Some(instance), Some(agent)) = (row.cell(0), row.cell(1)) else {
                return Err(fail("a row needs an instance and an agent"));
            };
            let (from, to) = (instant(2)?, instant(3)?);
            if matches!((from, to), (Some(from), Some(to)) if to <= from) {
                return Err(fail("`to` is not after `from`, so the row would never hold"));
            }
            let provider = match row.cell(4) {
                None => None,
                Some(it) => Some(Provider::named(it).ok_or_else(|| fail("an unknown provider"))?),
            };
            let agent = reading.texts.intern(&identity::label(agent, reading.fold));
            rows.entry(instance.to_owned()).or_default().push(Shift { agent, from, to, provider });
        }
        Ok(Self { rows })
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Who had a line at an instant: of the rows that match the one with the latest `from`, then the
    /// later line. A session without a time matches rows without bounds.
    pub fn on_duty(&self, provider: Provider, instance: &str, at: Option<i64>) -> Option<Sym> {
        let holds = |it: &&Shift| {
            it.provider.is_none_or(|it| it == provider)
                && match at {
                    Some(at) => it.from.is_none_or(|from| from <= at) && it.to.is_none_or(|to| at < to),
                    None => it.from.is_none() && it.to.is_none(),
                }
        };
        let rows = self.rows.get(instance)?;
        // `max_by_key` takes the last of equals: the later line.
        rows.iter().filter(holds).max_by_key(|it| it.from).map(|it| it.agent)
    }
}
