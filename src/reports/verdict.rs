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

/// One row's part in a comparison: `x` rejections in `n` calls.
#[derive(Clone, Copy)]
struct Part {
    row: usize,
    x: u64,
    n: u64,
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
    for (_, members) in pools {
        let all = |row: usize| {
            let tally = &rows[row].1;
            Part { row, x: tally.rejected - tally.policy, n: tally.resolved() - tally.policy }
        };
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
    let parts: Vec<Part> = parts.filter(|it| it.n >= least && it.n > 0).collect();
    if parts.len() < 3 {
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
