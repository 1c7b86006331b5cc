//! Who plays in the demo month: the business lines, the agents, and who had which line when.

use super::clock::{BRAZIL, INDIA, MEXICO, may};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Provider {
    Wawp,
    DoubleTick,
    Wazzap,
    TimelinesAi,
}

impl Provider {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wawp => "wawp",
            Self::DoubleTick => "doubletick",
            Self::Wazzap => "wazzap",
            Self::TimelinesAi => "timelinesai",
        }
    }
}

/// What stands behind a Wawp session decides what its `call.rejected` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Tells a decline, a ring timeout and a caller who hung up apart.
    Gows,
    /// Tells a decline; a ring timeout sends nothing.
    Noweb,
    /// Wawp's own short form: no more than the call id.
    Bare,
    /// Sends offers, and rejections only if the server's interface declined.
    Webjs,
    /// Not a Wawp line.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    India,
    Mexico,
    Brazil,
}

/// One business line.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) provider: Provider,
    pub(super) instance: &'static str,
    /// Digits of the line's own number.
    pub(super) account: &'static str,
    pub(super) title: &'static str,
    pub(super) engine: Engine,
    pub(super) region: Region,
    /// Offset in minutes of the clock that its callers live by.
    pub(super) zone: i64,
    /// A day of May on which nothing of it arrived.
    pub(super) silent: Option<i64>,
}

const fn desk(
    provider: Provider,
    instance: &'static str,
    account: &'static str,
    title: &'static str,
    engine: Engine,
    silent: Option<i64>,
) -> Desk {
    Desk { provider, instance, account, title, engine, region: Region::India, zone: INDIA, silent }
}

pub(super) static FRONT: Desk =
    desk(Provider::Wawp, "loans-front", "915550000101", "Loans front desk", Engine::Gows, None);
pub(super) static CARE: Desk =
    desk(Provider::Wawp, "loans-care", "915550000102", "Loans care", Engine::Gows, None);
pub(super) static EMI: Desk =
    desk(Provider::Wawp, "emi-desk", "915550000103", "EMI desk", Engine::Bare, Some(20));
pub(super) static RECOVERY: Desk =
    desk(Provider::Wawp, "recovery", "915550000104", "Recovery", Engine::Noweb, None);
pub(super) static KIOSK: Desk =
    desk(Provider::Wawp, "branch-kiosk", "915550000105", "Branch kiosk", Engine::Webjs, None);

/// Subscribed to every call event, in both directions.
pub(super) static HOTLINE: Desk =
    desk(Provider::DoubleTick, "915550000310", "915550000310", "Hotline", Engine::None, None);
/// Subscribed to `CALL_REJECTED` alone: no denominator.
pub(super) static REJECTS_ONLY: Desk =
    desk(Provider::DoubleTick, "915550000320", "915550000320", "Top-up line", Engine::None, None);
/// Subscribed to `CALL_MISSED` alone: its rejections cannot be seen.
pub(super) static MISSES_ONLY: Desk =
    desk(Provider::DoubleTick, "915550000330", "915550000330", "Insurance line", Engine::None, None);

/// Without a `--source` rule a Wazzap line has no name, so the plan calls it `-`.
pub(super) static CENTRO: Desk = Desk {
    region: Region::Mexico,
    zone: MEXICO,
    ..desk(Provider::Wazzap, "-", "525500009900", "Centro", Engine::None, None)
};

pub(super) static ASHA: Desk = desk(
    Provider::TimelinesAi,
    "915550000401@s.whatsapp.net",
    "915550000401",
    "Asha Pillai",
    Engine::None,
    None,
);
pub(super) static KARAN: Desk = desk(
    Provider::TimelinesAi,
    "915550000402@s.whatsapp.net",
    "915550000402",
    "Karan Mehta",
    Engine::None,
    None,
);
pub(super) static NEHA: Desk = desk(
    Provider::TimelinesAi,
    "915550000403@s.whatsapp.net",
    "915550000403",
    "Neha Joshi",
    Engine::None,
    None,
);
pub(super) static PAULO: Desk = Desk {
    region: Region::Brazil,
    zone: BRAZIL,
    ..desk(
        Provider::TimelinesAi,
        "5520970000404@s.whatsapp.net",
        "5520970000404",
        "Paulo Souza",
        Engine::None,
        None,
    )
};

/// What an agents file holds: the label in the dumps, the person, the team.
pub(super) const AGENTS: &[(&str, &str, &str)] = &[
    ("asha.pillai@lender.example", "Asha Pillai", "Service"),
    ("karan.mehta@lender.example", "Karan Mehta", "Service"),
    ("neha.joshi@lender.example", "Neha Joshi", "Service"),
    ("paulo.souza@lender.example", "Paulo Souza", "Brasil"),
    ("Ravi K", "Ravi Kumar", "Hotline"),
    ("ravi k.", "Ravi Kumar", "Hotline"),
    ("Priya Sharma", "Priya Sharma", "Hotline"),
    ("Deepa Menon", "Deepa Menon", "Hotline"),
    ("Anil Verma", "Anil Verma", "Hotline"),
    ("Meera Nair", "Meera Nair", "Loans"),
    ("Imran Sheikh", "Imran Sheikh", "Loans"),
    ("Sunita Rao", "Sunita Rao", "Loans"),
    ("Farhan Qureshi", "Farhan Qureshi", "Collections"),
    ("Gaurav Singh", "Gaurav Singh", "Collections"),
    ("Lucía Hernández", "Lucía Hernández", "México"),
    ("Diego Castillo", "Diego Castillo", "México"),
];

/// One row of the roster; days of May at 00:00 in India, half-open.
pub(super) struct Turn {
    pub(super) instance: &'static str,
    pub(super) agent: &'static str,
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    pub(super) provider: Provider,
}

const fn turn(
    instance: &'static str,
    agent: &'static str,
    from: Option<i64>,
    to: Option<i64>,
    provider: Provider,
) -> Turn {
    Turn { instance, agent, from, to, provider }
}

/// The Wazzap line stands here under both its names, with `--source` and without.
pub(super) const ROSTER: &[Turn] = &[
    turn("loans-front", "Meera Nair", None, Some(16), Provider::Wawp),
    turn("loans-front", "Imran Sheikh", Some(16), None, Provider::Wawp),
    turn("loans-care", "Sunita Rao", None, None, Provider::Wawp),
    turn("emi-desk", "Farhan Qureshi", None, None, Provider::Wawp),
    turn("recovery", "Gaurav Singh", None, None, Provider::Wawp),
    turn("-", "Lucía Hernández", None, Some(16), Provider::Wazzap),
    turn("-", "Diego Castillo", Some(16), None, Provider::Wazzap),
    turn("centro", "Lucía Hernández", None, Some(16), Provider::Wazzap),
    turn("centro", "Diego Castillo", Some(16), None, Provider::Wazzap),
];

/// The name for a session on which neither payload nor roster names anybody.
pub(super) const UNASSIGNED: &str = "(unassigned)";

/// Who had the line at that moment.
pub(super) fn on_duty(desk: &Desk, at: i64) -> Option<&'static str> {
    ROSTER
        .iter()
        .find(|turn| {
            turn.provider == desk.provider
                && turn.instance == desk.instance
                && turn.from.is_none_or(|day| at >= may(day, 0, 0, 0, INDIA))
                && turn.to.is_none_or(|day| at < may(day, 0, 0, 0, INDIA))
        })
        .map(|turn| turn.agent)
}

/// The person behind a label, by the agents file.
pub(super) fn person(label: &'static str) -> &'static str {
    AGENTS.iter().find(|row| row.0 == label).map_or(label, |row| row.1)
}

/// The e-mail address that TimelinesAI gives for the owner of a line.
pub(super) fn email(desk: &Desk) -> &'static str {
    AGENTS.iter().find(|row| row.1 == desk.title).map_or("", |row| row.0)
}

/// Dates without business hours.
pub(super) const HOLIDAYS: &[(i64, &str)] = &[(1, "May Day"), (27, "Eid al-Adha")];

/// Whether a day of May is one of them.
pub(super) fn is_holiday(day: i64) -> bool {
    HOLIDAYS.iter().any(|(holiday, _)| *holiday == day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_changes_hands_at_midnight() {
        let midnight = may(16, 0, 0, 0, INDIA);
        assert_eq!(on_duty(&FRONT, midnight - 1), Some("Meera Nair"));
        assert_eq!(on_duty(&FRONT, midnight), Some("Imran Sheikh"));
        assert_eq!(on_duty(&KIOSK, midnight), None);
    }

    #[test]
    fn two_labels_are_one_person() {
        assert_eq!(person("Ravi K"), person("ravi k."));
        assert_eq!(person("nobody"), "nobody");
        assert_eq!(email(&NEHA), "neha.joshi@lender.example");
    }

    #[test]
    fn everybody_on_the_roster_is_in_the_agents_file() {
        assert!(ROSTER.iter().all(|turn| AGENTS.iter().any(|row| row.0 == turn.agent)));
    }
}
