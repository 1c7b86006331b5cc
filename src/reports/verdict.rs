//! Is this agent different, or unlucky? Each row of a pool against the others.

use super::groups::{Key, Value};
use super::kpi::Tally;
use crate::analysis::{Analysis, UNASSIGNED};
use crate::session::AgentSource;
use crate::stats::{benjamini_hochberg, upper_tail};

/// The share of rejections by one caller above which a row is called concentrated, in tenths.
const CONCENTRATED_TENTHS: u64 = 3;
/// The chance below which a difference counts.
const ALPHA: f64 = 0.05;

/// Whether tables by these keys compare their rows.
pub fn is_compared(by: &[Key]) -> bool {
    matches!(
        by,
        [Key::Agent] | [Key::Instance] | [Key::Provider, Key::Instance] | [Key::Instance, Key::Provider]
    )
}

/// Rows that a comparison needs.
pub(super) const LEAST_ROWS: usize = 3;

/// One row's part in a comparison: `x` rejections in `n` calls.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) row: usize,
    pub(super) x: u64,
    pub(super) n: u64,
}

impl Part {
    /// Everything but what the server declined.
    pub(super) fn of(row: usize, tally: &Tally) -> Self {
        Self { row, x: tally.rejected - tally.policy, n: tally.resolved() - tally.policy }
    }
}

/// Those with calls enough.
pub(super) fn taking_part(parts: impl Iterator<Item = Part>, least: u64) -> Vec<Part> {
    parts.filter(|it| it.n >= least && it.n > 0).collect()
}

/// What a comparison says of one row.
#[derive(Clone, Copy)]
struct Compared {
    row: usize,
    chance: f64,
    outlying: bool,
}

/// The verdict of each row; none where nothing can be said.
pub fn verdicts(rows: &[(Vec<Value>, Tally)], by: &[Key], analysis: &Analysis) -> Vec<Option<&'static str>> {
    let mut verdicts = vec![None; rows.len()];
    if !is_compared(by) {
        return verdicts;
    }
    let least = analysis.options.min_verdict_calls;
    for (_, members) in pools(rows, by) {
        let all = |row: usize| Part::of(row, &rows[row].1);
        let named = |row: usize| {
            let tally = &rows[row].1;
            let n = tally.resolved() - tally.policy - tally.instant - tally.reported;
            Part { row, x: tally.confirmed, n }
        };
        let first = compare(members.iter().map(|it| all(*it)), least);
        let second = compare(members.iter().map(|it| named(*it)), least);
        for &row in &members {
            let tally = &rows[row].1;
            verdicts[row] = Some(if all(row).n < least {
                "not_enough_calls"
            } else {
                match first.iter().find(|it| it.row == row) {
                    None => "no_peers",
                    Some(it) if it.outlying && is_concentrated(tally) => "concentrated",
                    Some(it) if it.outlying && second.iter().any(|it| it.row == row && it.outlying) => {
                        "outlier"
                    }
                    Some(it) if it.outlying => "unconfirmed",
                    Some(it) if it.chance <= ALPHA => "watch",
                    Some(_) => "not_distinguishable",
                }
            });
        }
    }
    verdicts
}

/// The rows that are compared with each other; by agent those whose agents are known in the same way.
pub(super) fn pools(rows: &[(Vec<Value>, Tally)], by: &[Key]) -> Vec<(Option<AgentSource>, Vec<usize>)> {
    let by_agent = by == [Key::Agent];
    let taking_part = |row: &usize| {
        let (key, tally) = &rows[*row];
        tally.resolved() > 0 && !(by_agent && key[0] == Value::Word(UNASSIGNED))
    };
    let pool_of = |row: usize| if by_agent { Some(main_source(&rows[row].1)) } else { None };
    let mut pools: Vec<(Option<AgentSource>, Vec<usize>)> = Vec::new();
    for row in (0..rows.len()).filter(taking_part) {
        let pool = pool_of(row);
        match pools.iter_mut().find(|(it, _)| *it == pool) {
            Some((_, members)) => members.push(row),
            None => pools.push((pool, vec![row])),
        }
    }
    pools
}

/// The source of most of a row's sessions, of equals the first.
fn main_source(tally: &Tally) -> AgentSource {
    let most = tally.sources.iter().max().copied().unwrap_or(0);
    let place = tally.sources.iter().position(|it| *it == most).unwrap_or(0);
    AgentSource::ALL[place]
}

fn is_concentrated(tally: &Tally) -> bool {
    tally.top_caller().is_some_and(|it| it * 10 > CONCENTRATED_TENTHS * tally.rejected)
}

/// Compares the parts with enough calls, if there are at least three.
fn compare(parts: impl Iterator<Item = Part>, least: u64) -> Vec<Compared> {
    let parts = taking_part(parts, least);
    if parts.len() < LEAST_ROWS {
        return Vec::new();
    }
    let rejected: u64 = parts.iter().map(|it| it.x).sum();
    let total: u64 = parts.iter().map(|it| it.n).sum();
    let chances: Vec<f64> = parts.iter().map(|it| upper_tail(it.x, it.n, rejected, total)).collect();
    let corrected = benjamini_hochberg(&chances);
    parts
        .iter()
        .zip(chances)
        .zip(corrected)
        .map(|((part, chance), q)| {
            // x/n ≥ 1.25 × (X − x)/(N − n), in whole numbers.
            let ours = u128::from(part.x) * u128::from(total - part.n) * 4;
            let theirs = u128::from(rejected - part.x) * u128::from(part.n) * 5;
            Compared { row: part.row, chance, outlying: q <= ALPHA && ours >= theirs }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::testing::analysis;

    /// The verdicts of agents with these tallies; the first is the one in question.
    fn of(tallies: Vec<Tally>) -> Vec<Option<&'static str>> {
        let names = ["ann", "bob", "cem", "dia", "eva"];
        let rows: Vec<_> =
            names.iter().zip(tallies).map(|(name, tally)| (vec![Value::Word(name)], tally)).collect();
        verdicts(&rows, &[Key::Agent], &analysis(Vec::new()))
    }

    fn confirmed(calls: u64, rejected: u64) -> Tally {
        Tally::of(calls, [rejected, 0, 0, 0], 0)
    }

    #[track_caller]
    fn first(tallies: Vec<Tally>, expected: &str) {
        assert_eq!(of(tallies)[0], Some(expected));
    }

    #[test]
    fn outlying_is_a_quarter_more_than_the_others() {
        // 500/4000 is 12.5 %, the others' 800/8000 10 %: exactly 1.25 times. The chance is one in
        // 100,000, so only the size of the difference decides.
        let others = || vec![confirmed(4000, 400), confirmed(4000, 400)];
        first([vec![confirmed(4000, 500)], others()].concat(), "outlier");
        first([vec![confirmed(4000, 499)], others()].concat(), "watch");
    }

    #[test]
    fn looking_at_many_at_once_is_corrected_for() {
        // 6, 1 and 2 of 20 each: P = 0.0303, q = 3 × 0.0303 = 0.091. 9, 3 and 3: P = 0.0147, q = 0.044.
        first(vec![confirmed(20, 6), confirmed(20, 1), confirmed(20, 2)], "watch");
        first(vec![confirmed(20, 9), confirmed(20, 3), confirmed(20, 3)], "outlier");
        // 6, 2 and 2: P = 0.0585.
        first(vec![confirmed(20, 6), confirmed(20, 2), confirmed(20, 2)], "not_distinguishable");
    }

    #[test]
    fn a_quarrel_of_one_caller_is_concentrated_above_three_tenths() {
        let others = || vec![confirmed(4000, 400), confirmed(4000, 400)];
        let with_top = |top| [vec![Tally::of(4000, [600, 0, 0, 0], top)], others()].concat();
        first(with_top(180), "outlier");
        first(with_top(181), "concentrated");
    }

    #[test]
    fn rejections_that_nobody_is_named_for_do_not_make_an_outlier() {
        let others = || vec![confirmed(4000, 400), confirmed(4000, 400)];
        first([vec![Tally::of(4000, [400, 200, 0, 0], 0)], others()].concat(), "unconfirmed");
        first([vec![Tally::of(4000, [400, 0, 200, 0], 0)], others()].concat(), "unconfirmed");
        // Policy is in neither count.
        first([vec![Tally::of(4000, [400, 0, 0, 200], 0)], others()].concat(), "not_distinguishable");
    }

    #[test]
    fn fewer_than_twenty_calls_or_three_rows_are_too_few() {
        first(
            vec![confirmed(19, 19), confirmed(50, 1), confirmed(50, 1), confirmed(50, 1)],
            "not_enough_calls",
        );
        // 20 calls, of which one is the server's: 19.
        let by_policy = Tally::of(20, [19, 0, 0, 1], 0);
        first(vec![by_policy, confirmed(50, 1), confirmed(50, 1), confirmed(50, 1)], "not_enough_calls");
        first(vec![confirmed(20, 20), confirmed(50, 1)], "no_peers");
        first(vec![confirmed(20, 20), confirmed(50, 1), confirmed(19, 1)], "no_peers");
        first(vec![confirmed(20, 20), confirmed(50, 1), confirmed(20, 1)], "outlier");
    }

    #[test]
    fn nobody_and_groups_without_an_outcome_have_no_verdict() {
        let rows = vec![
            (vec![Value::Word(UNASSIGNED)], confirmed(100, 90)),
            (vec![Value::Word("ann")], confirmed(0, 0)),
            (vec![Value::Word("bob")], confirmed(40, 4)),
            (vec![Value::Word("cem")], confirmed(40, 4)),
        ];
        let analysis = analysis(Vec::new());
        let found = verdicts(&rows, &[Key::Agent], &analysis);
        assert_eq!(found, [None, None, Some("no_peers"), Some("no_peers")]);
        assert!(verdicts(&rows, &[Key::Team], &analysis).iter().all(Option::is_none));
        // By line the same word is only a name.
        assert_eq!(verdicts(&rows, &[Key::Instance], &analysis)[0], Some("outlier"));
    }

    #[test]
    fn agents_are_compared_with_those_known_in_the_same_way() {
        let by = |source: AgentSource, calls, rejected| {
            let mut tally = confirmed(calls, rejected);
            tally.sources[source as usize] = calls;
            tally
        };
        let payload = |rejected| by(AgentSource::Payload, 40, rejected);
        let roster = |rejected| by(AgentSource::Roster, 40, rejected);
        let found = of(vec![payload(30), payload(2), payload(2), roster(30), roster(30)]);
        assert_eq!(found[0], Some("outlier"));
        assert_eq!(found[3], Some("no_peers"));
    }
}
