//! The files beside the dumps: who the agents and customers are, who had which line, which days are free,
//! and the page that tells a reader what is in the folder.

use super::cast::{AGENTS, HOLIDAYS, ROSTER};
use super::clock::{INDIA, in_india, may};
use super::people::{
    ARJUN, BRIJESH, DEBTORS, FATIMA, FIRST_DEBTOR, HARISH, KAVITA, People, RUKMINI, VIP_ANSWERED, VIP_CALLED,
};
use super::plan::{End, date};

/// How a customers file says that somebody is behind with the payments.
pub(super) enum Overdue {
    /// The oldest unpaid instalment.
    Since(&'static str),
    /// Days, on the last day of the dump.
    Days(i64),
    Stage(&'static str),
}

/// A customer whom collections call.
pub(super) struct Debt {
    pub(super) overdue: Overdue,
    pub(super) defaulted_on: Option<&'static str>,
    /// Day of May, and what became of the call.
    pub(super) calls: &'static [(i64, End)],
}

const fn debt(overdue: Overdue, defaulted_on: Option<&'static str>, calls: &'static [(i64, End)]) -> Debt {
    Debt { overdue, defaulted_on, calls }
}

const YES: End = End::Answered(0);
const NO: End = End::Declined;
const NOBODY: End = End::RangOut;

/// The first eight declined twice within a week; five of those defaulted, and two of the other twelve.
pub(super) const DEBTS: [Debt; DEBTORS] = [
    debt(Overdue::Since("2026-02-10"), Some("2026-05-26"), &[(5, NO), (7, NO), (12, NO)]),
    debt(Overdue::Since("2026-02-20"), Some("2026-05-28"), &[(6, NO), (8, NO), (19, YES)]),
    debt(Overdue::Since("2026-03-25"), Some("2026-05-29"), &[(11, NO), (13, NO), (20, NOBODY)]),
    debt(Overdue::Since("2026-03-28"), None, &[(4, YES), (12, NO), (15, NO)]),
    debt(Overdue::Since("2026-04-20"), Some("2026-05-29"), &[(6, NO), (8, NO)]),
    debt(Overdue::Since("2026-04-24"), None, &[(11, NO), (14, NO), (18, NO)]),
    debt(Overdue::Since("2026-06-05"), None, &[(13, NO), (15, NO)]),
    debt(Overdue::Stage("mid"), Some("2026-05-25"), &[(5, NO), (11, NO)]),
    debt(Overdue::Since("2026-02-15"), None, &[(6, YES), (14, YES)]),
    debt(Overdue::Days(75), Some("2026-05-29"), &[(7, NO), (20, NO)]),
    debt(Overdue::Since("2026-03-30"), None, &[(5, YES), (18, YES)]),
    debt(Overdue::Days(45), None, &[(8, NO), (19, YES)]),
    debt(Overdue::Since("2026-04-18"), None, &[(4, YES), (15, NO)]),
    debt(Overdue::Since("2026-04-22"), None, &[(7, YES), (21, YES)]),
    debt(Overdue::Since("2026-04-25"), Some("2026-05-29"), &[(12, YES), (25, NOBODY)]),
    debt(Overdue::Since("2026-06-03"), None, &[(6, YES), (20, YES)]),
    debt(Overdue::Since("2026-06-10"), None, &[(13, NOBODY), (22, YES)]),
    debt(Overdue::Stage("early"), None, &[(11, YES), (28, NO)]),
    debt(Overdue::Days(12), None, &[(14, YES), (26, YES)]),
    debt(Overdue::Stage("late"), None, &[(8, NO), (22, YES)]),
];

pub(super) fn agents() -> String {
    let rows = AGENTS.iter().map(|(label, agent, team)| format!("{label},{agent},{team}\n"));
    format!("label,agent,team\n{}", rows.collect::<String>())
}

pub(super) fn roster() -> String {
    let day = |day: Option<i64>| day.map(|day| in_india(may(day, 0, 0, 0, INDIA))).unwrap_or_default();
    let rows = ROSTER.iter().map(|turn| {
        let (from, to) = (day(turn.from), day(turn.to));
        format!("{},{},{from},{to},{}\n", turn.instance, turn.agent, turn.provider.name())
    });
    format!("instance,agent,from,to,provider\n{}", rows.collect::<String>())
}

pub(super) fn holidays() -> String {
    let rows = HOLIDAYS.iter().map(|(day, name)| format!("{},{name}\n", date(*day)));
    format!("date,name\n{}", rows.collect::<String>())
}

pub(super) fn customers(people: &People) -> String {
    let mut text = String::from("phone,lid,name,account_id,vip,stage,days_overdue,due_date,defaulted_on\n");
    let known = [HARISH, RUKMINI, KAVITA, ARJUN, BRIJESH, FATIMA, VIP_ANSWERED, VIP_CALLED];
    for index in known.into_iter().chain(FIRST_DEBTOR..FIRST_DEBTOR + DEBTORS + 10) {
        let who = people.get(index);
        let lid = if index == FATIMA { format!("{}@lid", who.lid_digits) } else { String::new() };
        let vip = if [RUKMINI, VIP_ANSWERED, VIP_CALLED].contains(&index) { "yes" } else { "" };
        let debt = index.checked_sub(FIRST_DEBTOR).and_then(|number| DEBTS.get(number));
        let (stage, days, since) = match debt.map(|debt| &debt.overdue) {
            Some(Overdue::Stage(stage)) => (*stage, String::new(), ""),
            Some(Overdue::Days(days)) => ("", days.to_string(), ""),
            Some(Overdue::Since(date)) => ("", String::new(), *date),
            None if index > FIRST_DEBTOR => ("", String::new(), "2026-06-05"),
            None => ("current", String::new(), ""),
        };
        let defaulted_on = debt.and_then(|debt| debt.defaulted_on).unwrap_or("");
        text += &format!(
            "{},{lid},{},LN-{},{vip},{stage},{days},{since},{defaulted_on}\n",
            who.canonical(),
            who.name,
            40_100 + index * 7,
        );
    }
    text
}

/// Numbers for the page that goes with the folder.
pub(super) struct Figures {
    pub(super) seed: u64,
    pub(super) lines: u64,
    pub(super) events: u64,
    pub(super) duplicates: u64,
    pub(super) calls: usize,
    pub(super) harish: String,
}

pub(super) fn readme(figures: &Figures) -> String {
    let Figures { seed, lines, events, duplicates, calls, harish } = figures;
    format!(
        r#"# A month at a lender's help desk

May 2026, four channels, one desk in India that also serves customers in Mexico and Brazil. Everything here is
invented: people, numbers, accounts. The folder was written by `callsift synth` with seed {seed}, and the same
seed writes the same bytes.

    callsift report fixtures/demo --tz Asia/Kolkata

With everything that the desk knows beside the dumps:

    callsift report fixtures/demo --tz Asia/Kolkata \
      --roster fixtures/demo/roster.csv --agents fixtures/demo/agents.csv \
      --customers fixtures/demo/customers.csv --holidays fixtures/demo/holidays.csv \
      --source '/hooks/wazzap/centro/*=centro'

## What is in it

{lines} lines, of which {events} hold a call event; {duplicates} of those are repeated deliveries. Together they are
{calls} calls. The rest is what a webhook address gets all day: messages, receipts, permission replies, ordinary
telephone calls, and a few call events that no version of callsift knows yet.

| folder | what | how it was kept |
|---|---|---|
| `wawp/` | five sessions, whose engines end calls in four different ways, a file a week | the body as posted |
| `doubletick/` | the hotline, and two numbers with one subscription each | in the collector's envelope, with the time of receipt |
| `wazzap/` | one line in Mexico, a file for each of the four events | in the envelope, body as text |
| `timelinesai/` | four agents with a phone each, one in Brazil | the body as posted |

`roster.csv` says who had which Wawp and Wazzap line, `agents.csv` which labels are one person,
`customers.csv` what the lender knows, `holidays.csv` which days count as closed.

## What to look for

**Who declines calls.** Neha Joshi declines nearly every second call, in business hours, by the provider's own word:
an `outlier`. Two others have high rates too and are no such thing. Gaurav Singh's is the quarrel of one
customer, Brijesh Yadav, who makes up a large part of it: `concentrated`. Farhan Qureshi's line says
"rejected" and not by whom, so callers who hung up may be in it: `unconfirmed`. Gaurav and Farhan are visible with
the roster only; without it their calls are `(unassigned)`.

**One person, two labels.** "Ravi K" and "ravi k." are Ravi Kumar. The agents file joins them.

**A line that changes hands.** `loans-front` passes from Meera Nair to Imran Sheikh on 16 May.

**Not a person at all.** After hours `branch-kiosk` declines by itself: `policy`. By day its engine tells of no end, so
every call there is missed by inference. A few rejections elsewhere come within a second of the first ring: `instant`.

**Who should be called first.** Harish Gowda ({harish}) called seven times in nine minutes on 12 May, went from hand to hand,
and was never called back. Rukmini Desai is a VIP with an unanswered call. Kavita Iyer was declined too, and called
back within half an hour.

**Lost webhooks.** On 14 May from 15:02 to 15:13 the offers of `loans-care` did not arrive: five rejections without a
beginning, one incident. A few more are scattered over the month, one call's offer came to another session, and
the dump begins in the middle of a call. None of these is in a rate.

**Lines without a rate.** 915550000320 is subscribed to rejections alone, 915550000330 to misses alone. Neither has a rate, and
neither reads 0 % or 100 %.

**Another clock.** The line in Mexico rings by day there and by night in India, so hardly one of its calls lies in business
hours, until the configuration gives the line a zone of its own.

**Silence.** `emi-desk` sent nothing on 20 May.

**Odd things.** A rejection after ninety seconds, one that is older than its offer, events replayed after a
reconnect, a clock that runs ahead, a line that came 25 minutes late, a call id used twice, a miss and a rejection
for one call, calls that were answered and then reported as rejected when somebody hung up.

**Who avoids the desk.** Twenty customers are called about their payments. Eight declined twice within a week, and five
of those defaulted later; of the other twelve it was two. That is association, not cause.
"#
    )
}
