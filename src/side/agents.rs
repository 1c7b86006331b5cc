//! The agents file: one person for several labels. Columns `label,agent` and, if wanted, `team`.

use std::collections::HashMap;
use std::path::Path;

use super::Reading;
use super::table::{self, SideError};
use crate::identity;
use crate::text::Sym;

/// Labels by person, and persons by team.
#[derive(Clone, Debug, Default)]
pub struct Agents {
    persons: HashMap<Sym, Sym>,
    teams: HashMap<Sym, Sym>,
}

impl Agents {
    /// Reads an agents file.
    ///
    /// # Errors
    ///
    /// What makes any side file unusable; also a row without label or agent, a label of two persons, or a person in
    /// two teams.
    pub fn read(path: &Path, reading: Reading<'_>) -> Result<Self, SideError> {
        let mut res = Self::default();
        for row in table::read(path, &["label", "agent"], &["team"])?.rows {
            let fail = |message: &str| SideError {
                path: path.to_owned(),
                line: Some(row.line),
                message: message.into(),
            };
            let (Some(label), Some(agent)) = (row.cell(0), row.cell(1)) else {
                return Err(fail("a row needs a label and an agent"));
            };
            let label = reading.texts.intern(&identity::label(label, reading.fold));
            let agent = reading.texts.intern(agent);
            if res.persons.insert(label, agent).is_some_and(|it| it != agent) {
                return Err(fail("this label already stands for another agent; keep one of the rows"));
            }
            if let Some(team) = row.cell(2) {
                let team = reading.texts.intern(team);
                if res.teams.insert(agent, team).is_some_and(|it| it != team) {
                    return Err(fail("this agent already is in another team; keep one of the rows"));
                }
            }
        }
        Ok(res)
    }

    /// The person behind a label, and the person's team.
    pub fn person(&self, label: Sym) -> (Sym, Option<Sym>) {
        let person = self.persons.get(&label).copied().unwrap_or(label);
        (person, self.teams.get(&person).copied())
    }
}
