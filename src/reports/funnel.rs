//! Each agent's rate against the number of calls, between the limits that chance would draw around the
//! rate of the others.

use super::groups::Key;
use super::kpi;
use super::verdict::{self, LEAST_ROWS, Part};
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::event::Direction;
use crate::section::{Cell, Chart, Shown, Table};
use crate::session::AgentSource;
use crate::stats::binomial_quantile;

/// Chances below the limits: two-sided 95 % and 99.8 %, which normal limits put at two and at three
/// standard deviations. D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", 2005.
const LIMITS: [f64; 4] = [0.025, 0.975, 0.001, 0.999];

/// The agents that take part in a comparison, pool by pool.
pub fn table(analysis: &Analysis) -> Table {
    let by = [Key::Agent];
    let rows = kpi::group(analysis, &by, Direction::Incoming).rows;
    let verdicts = verdict::verdicts(&rows, &by, analysis);
    let mut pools = verdict::pools(&rows, &by);
    pools.sort_by_key(|(source, _)| *source);
    let mut cells = Vec::new();
    for (source, members) in pools {
        let parts = members.into_iter().map(|it| Part::of(it, &rows[it].1));
        let parts = verdict::taking_part(parts, analysis.options.min_verdict_calls);
        for part in &parts {
            let mut row = vec![
                rows[part.row].0[0].cell(analysis),
                Cell::opt(source, |it: AgentSource| Cell::word(it.name())),
                Cell::Count(part.n),
                Cell::Count(part.x),
                Cell::share(part.x, part.n),
            ];
            row.extend(others(part, &parts));
            row.push(Cell::opt(verdicts[part.row], Cell::word));
            cells.push(row);
        }
    }
    Table {
        title: "Each agent against the others: rate by number of calls".to_owned(),
        columns: vec![
            column("agent", Shown::Always),
            column("agent_source", Shown::IfWide(6)),
            column("compared_resolved", Shown::Always),
            column("compared_rejected", Shown::Always),
            column("compared_rate", Shown::Always),
            column("others_resolved", Shown::IfWide(7)),
            column("others_rejected", Shown::IfWide(8)),
            column("others_rate", Shown::IfWide(1)),
            column("low_95", Shown::IfWide(4)),
            column("high_95", Shown::IfWide(2)),
            column("low_998", Shown::IfWide(5)),
            column("high_998", Shown::IfWide(3)),
            column("verdict", Shown::Always),
        ],
        rows: cells,
        empty: "No agent has calls enough to be compared.".to_owned(),
        reading: vec![
            "Calls that the server declined are left out. Of agents who reject like the others, one in forty lies \
             above the 95 % limit by chance, one in a thousand above that of 99.8 %. The limits look at one agent; \
             the verdict corrects for looking at many."
                .to_owned(),
        ],
        chart: Some(Chart::Funnel),
        ..Table::default()
    }
}

/// What the others of a pool add up to, and the limits around their rate; missing where the pool is too
/// small for a comparison.
fn others(part: &Part, pool: &[Part]) -> Vec<Cell> {
    if pool.len() < LEAST_ROWS {
        return vec![Cell::Missing; 3 + LIMITS.len()];
    }
    let n = pool.iter().map(|it| it.n).sum::<u64>() - part.n;
    let x = pool.iter().map(|it| it.x).sum::<u64>() - part.x;
    let rate = x as f64 / n as f64;
    let limits = LIMITS.map(|it| Cell::share(binomial_quantile(it, part.n, rate), part.n));
    [Cell::Count(n), Cell::Count(x), Cell::share(x, n)].into_iter().chain(limits).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, cells};
    use super::*;
    use crate::analysis::ReportOptions;

    /// Calls of DoubleTick that an agent picked up or declined.
    fn of(agent: &str, calls: usize, rejected: usize) -> Vec<String> {
        let call = |place: usize| {
            let (event, who) =
                if place < rejected { ("CALL_REJECTED", "rejectedBy") } else { ("CALL_ENDED", "pickedBy") };
            let started = if place < rejected { "" } else { "2026-05-04T10:00:00Z" };
            format!(
                r#"{{"event":"{event}","callId":"{agent}{place}","wabaNumber":"919800000001","customerNumber":"9198222{place:05}","callDirection":"INCOMING","callStartedAt":"{started}","callEndedAt":"2026-05-04T10:01:00Z","{who}":"{agent}"}}"#
            )
        };
        let missed = r#"{"event":"CALL_MISSED","callId":"m","wabaNumber":"919800000001","customerNumber":"919822299999","callDirection":"INCOMING","callEndedAt":"2026-05-04T10:01:00Z"}"#;
        (0..calls).map(call).chain([missed.to_owned()]).collect()
    }

    fn found(agents: &[(&str, usize, usize)]) -> Table {
        let lines = agents.iter().flat_map(|(agent, calls, rejected)| of(agent, *calls, *rejected)).collect();
        table(&Input { lines, ..Input::default() }.analysis())
    }

    #[test]
    fn limits_lie_around_the_rate_of_the_others() {
        let table = found(&[("ann", 20, 9), ("bob", 20, 2), ("cem", 20, 2), ("dia", 19, 19)]);
        assert_eq!(table.rows.len(), 3, "19 calls take no part");
        // 4 of 40, 10 %: of 20 calls 0 to 5 (97.5 %) and 0 to 7 (99.9 %) are rejected by chance.
        assert_eq!(
            cells(&table, 0, "agent agent_source compared_resolved compared_rejected compared_rate"),
            "ann payload 20 9 450000"
        );
        assert_eq!(cells(&table, 0, "others_resolved others_rejected others_rate"), "40 4 100000");
        assert_eq!(cells(&table, 0, "low_95 high_95 low_998 high_998 verdict"), "0 250000 0 350000 outlier");
        // 11 of 40, 27.5 %: P(1 or fewer) = 0.0138, P(2 or fewer) = 0.0578; P(9) = 0.9730, P(10) = 0.9914;
        // P(0) = 0.0016; P(11) = 0.9979, P(12) = 0.9995.
        assert_eq!(cells(&table, 1, "agent others_rate"), "bob 275000");
        assert_eq!(
            cells(&table, 1, "low_95 high_95 low_998 high_998 verdict"),
            "100000 500000 0 600000 not_distinguishable"
        );
    }

    #[test]
    fn fewer_than_three_agents_have_no_limits() {
        let table = found(&[("ann", 20, 9), ("bob", 20, 2)]);
        assert_eq!(
            cells(&table, 0, "agent compared_rate others_rate high_95 verdict"),
            "ann 450000 – – no_peers"
        );
        assert_eq!(table.rows.len(), 2);
        assert_eq!(found(&[]).rows.len(), 0);
    }

    #[test]
    fn calls_that_the_server_declined_are_left_out() {
        // Seen only with fewer calls asked for: 4 of 8, then 2 of 6.
        let rejected = |id: usize, api: &str, by: &str| {
            let at = super::super::testing::at("10:00:00");
            format!(
                r#"{{"event":"call.{by}","session":"desk","timestamp":{at},"metadata":{{"who":"ann"}},"payload":{{"id":"{id}","from":"91981111000{id}","_data":{api}}}}}"#
            )
        };
        let mut lines = Vec::new();
        for id in 0..8 {
            lines.push(rejected(id, "{}", "received"));
            lines.push(match id {
                0 | 1 => rejected(id, r#"{"api":true}"#, "rejected"),
                2 | 3 => rejected(id, r#"{"status":"reject"}"#, "rejected"),
                _ => rejected(id, "{}", "accepted"),
            });
        }
        let options = ReportOptions { min_verdict_calls: 6, ..ReportOptions::default() };
        let agents_of_metadata = &[(r#"{"who":"ann"}"#, "ann")];
        let table = table(&Input { lines, options, agents_of_metadata, ..Input::default() }.analysis());
        assert_eq!(
            cells(&table, 0, "agent agent_source compared_resolved compared_rejected compared_rate"),
            "ann metadata 6 2 333333"
        );
    }
}
