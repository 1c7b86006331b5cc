//! The statistics behind rates and verdicts.

use std::sync::Arc;

use statrs::distribution::{Binomial, Discrete, DiscreteCDF, Hypergeometric};

/// The normal quantile of a two-sided interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval of `part` in `whole`, 95 %: E. B. Wilson, "Probable Inference, the Law of
/// Succession, and Statistical Inference", 1927. Nothing where `whole` is 0.
pub fn wilson(part: u64, whole: u64) -> Option<(f64, f64)> {
    if whole == 0 {
        return None;
    }
    let n = whole as f64;
    let p = part as f64 / n;
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let centre = p + Z * Z / (2.0 * n);
    let scale = 1.0 + Z * Z / n;
    // At 0 and at 1 the bound is exact; rounding must not push it past.
    let low = if part == 0 { 0.0 } else { ((centre - spread) / scale).max(0.0) };
    let high = if part == whole { 1.0 } else { ((centre + spread) / scale).min(1.0) };
    Some((low, high))
}

/// The interval of the share `after` less the share `before`, each a part and a whole, 95 %: the hybrid
/// score interval, method 10 of R. G. Newcombe, "Interval estimation for the difference between
/// independent proportions", 1998, made of the limits of both shares by Wilson. Nothing where a whole
/// is 0.
pub fn newcombe(before: (u64, u64), after: (u64, u64)) -> Option<(f64, f64)> {
    let (low_a, high_a) = wilson(before.0, before.1)?;
    let (low_b, high_b) = wilson(after.0, after.1)?;
    let (a, b) = (before.0 as f64 / before.1 as f64, after.0 as f64 / after.1 as f64);
    let change = b - a;
    let low = change - (b - low_b).hypot(high_a - a);
    let high = change + (high_b - b).hypot(a - low_a);
    Some((low.max(-1.0), high.min(1.0)))
}

/// How many times as often something happened to the exposed as to the others, and its interval, 95 %, by
/// the log method: D. Katz, J. Baptista, S. P. Azen, M. C. Pike, "Obtaining Confidence Intervals for the
/// Risk Ratio in Cohort Studies", 1978. Each group is how often it happened, and of how many. Nothing where
/// it happened to none or to all of a group.
pub fn risk_ratio(exposed: (u64, u64), others: (u64, u64)) -> Option<(f64, f64, f64)> {
    let is_mixed = |(part, whole): (u64, u64)| part > 0 && part < whole;
    if !is_mixed(exposed) || !is_mixed(others) {
        return None;
    }
    let [a, n, b, m] = [exposed.0, exposed.1, others.0, others.1].map(|it| it as f64);
    let ratio = (a * m) / (b * n);
    let spread = Z * (1.0 / a - 1.0 / n + 1.0 / b - 1.0 / m).sqrt();
    Some((ratio, ratio * (-spread).exp(), ratio * spread.exp()))
}

/// The chance of `x` or more rejections in `n` calls that are drawn from `total` calls of which
/// `rejected` were rejected: the exact one-sided tail of the hypergeometric distribution.
pub fn upper_tail(x: u64, n: u64, rejected: u64, total: u64) -> f64 {
    if x == 0 {
        return 1.0;
    }
    let Ok(distribution) = Hypergeometric::new(total, rejected, n) else { return 1.0 };
    let (least, most) = ((n + rejected).saturating_sub(total), n.min(rejected));
    if x <= least {
        return 1.0;
    }
    if x > most {
        return 0.0;
    }
    // How many times as likely as `k` is `k + 1`.
    let step = |k: u64| {
        let [k, n, rejected, total] = [k, n, rejected, total].map(|it| it as f64);
        (rejected - k) * (n - k) / ((k + 1.0) * (total - rejected - n + k + 1.0))
    };
    // The tail on the far side of the mean: there each chance is less than the one before, so that a few
    // hundred make up the sum, where all of them would be as many as there are calls.
    let is_above = u128::from(x) * u128::from(total) >= u128::from(n) * u128::from(rejected);
    let start = if is_above { x } else { x - 1 };
    let (mut chance, mut sum) = (1.0, 0.0);
    let mut at = start;
    loop {
        sum += chance;
        if (if is_above { at == most } else { at == least }) || chance < sum * f64::EPSILON / 16.0 {
            break;
        }
        if is_above {
            chance *= step(at);
            at += 1;
        } else {
            at -= 1;
            chance /= step(at);
        }
    }
    let tail = (distribution.ln_pmf(start) + f64::ln(sum)).exp();
    (if is_above { tail } else { 1.0 - tail }).clamp(0.0, 1.0)
}

/// The fewest rejections of `n` calls, each rejected with the chance `p`, that so many or fewer have at
/// least the given chance: the exact quantile of the binomial distribution.
pub fn binomial_quantile(chance: f64, n: u64, p: f64) -> u64 {
    let Ok(distribution) = Binomial::new(p.clamp(0.0, 1.0), n) else { return n };
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if distribution.cdf(middle) >= chance { high = middle } else { low = middle + 1 }
    }
    low
}

/// Corrects chances for looking at many at once: Y. Benjamini, Y. Hochberg, "Controlling the False
/// Discovery Rate", 1995. The q of each, in the order given.
pub fn benjamini_hochberg(chances: &[f64]) -> Vec<f64> {
    let k = chances.len();
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut q = vec![1.0; k];
    let mut least = 1.0_f64;
    for (rank, &place) in order.iter().enumerate().rev() {
        least = least.min(chances[place] * k as f64 / (rank + 1) as f64);
        q[place] = least;
    }
    q
}

/// Percentile `p` of the values: of n sorted ones number (p × n + 99) div 100, counted from 1.
pub fn percentile(values: &mut [i64], p: usize) -> Option<i64> {
    select(values, p)
}

fn select<T: Ord + Copy>(values: &mut [T], p: usize) -> Option<T> {
    let place = (p * values.len()).div_ceil(100).checked_sub(1)?;
    let (_, value, _) = values.select_nth_unstable(place);
    Some(*value)
}

/// Lengths of time in milliseconds, in no order: there may be one for each call, and nearly all fit four
/// bytes.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    short: Vec<i32>,
    long: Vec<i64>,
    /// Those that several have in common, so that nobody copies them.
    shared: Vec<Arc<Vec<i32>>>,
}

impl Spans {
    /// Adds a length, if there is one.
    pub fn add(&mut self, millis: Option<i64>) {
        match millis.map(|it| i32::try_from(it).map_err(|_| it)) {
            Some(Ok(it)) => self.short.push(it),
            Some(Err(it)) => self.long.push(it),
            None => {}
        }
    }

    /// Makes ready for being added to several others.
    pub fn share(&mut self) {
        let mut short = std::mem::take(&mut self.short);
        short.shrink_to_fit();
        if !short.is_empty() {
            self.shared.push(Arc::new(short));
        }
    }

    /// Adds all of others.
    pub fn extend(&mut self, others: &Self) {
        self.short.extend_from_slice(&others.short);
        self.long.extend_from_slice(&others.long);
        self.shared.extend(others.shared.iter().cloned());
    }

    /// As [`percentile`], several of them.
    pub fn percentiles<const N: usize>(&self, of: [usize; N]) -> [Option<i64>; N] {
        let short = || self.shared.iter().flat_map(|it| it.iter()).chain(&self.short).copied();
        if self.long.is_empty() {
            let mut all: Vec<i32> = short().collect();
            return of.map(|p| select(&mut all, p).map(i64::from));
        }
        let mut all: Vec<i64> = short().map(i64::from).collect();
        all.extend_from_slice(&self.long);
        of.map(|p| select(&mut all, p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_the_percentiles_of_their_values() {
        let far = i64::from(i32::MAX);
        for values in [vec![], vec![5], vec![9, -3, 7, 7], vec![4, far + 1, -far - 2, far, 0, far + 9, 6]] {
            // In two parts that are put together.
            let mut spans = Spans::default();
            let mut others = Spans::default();
            for (place, it) in values.iter().enumerate() {
                if place % 2 == 0 { &mut spans } else { &mut others }.add(Some(*it));
            }
            spans.add(None);
            others.share();
            spans.extend(&others);
            let several = [1, 50, 90, 95, 100];
            let expected = several.map(|p| percentile(&mut values.clone(), p));
            assert_eq!(spans.percentiles(several), expected, "{values:?}");
        }
    }

    #[test]
    fn a_tail_is_the_sum_of_all_its_chances() {
        for (n, rejected, total) in
            [(5, 4, 20), (20, 30, 60), (60, 7, 61), (300, 500, 2000), (40, 40, 40), (7, 0, 9)]
        {
            let all = Hypergeometric::new(total, rejected, n).unwrap();
            for x in 0..=n + 1 {
                let expected: f64 = (x..=n).map(|it| all.ln_pmf(it).exp()).sum();
                let tail = upper_tail(x, n, rejected, total);
                assert!((tail - expected).abs() < 1e-10, "{x} {n} {rejected} {total}: {tail} {expected}");
                assert!(
                    expected < 1e-300 || (tail / expected - 1.0).abs() < 1e-9,
                    "{x} {n}: {tail} {expected}"
                );
            }
        }
    }

    #[test]
    fn wilson_of_published_examples() {
        // Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29.
        for (part, whole, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (a, b) = wilson(part, whole).expect("calls");
            assert!((a - low).abs() < 5e-5 && (b - high).abs() < 5e-5, "{part}/{whole}: {a} {b}");
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(5, 5).expect("calls").1, 1.0);
    }

    #[test]
    fn newcombe_of_published_examples() {
        // Newcombe 1998, table II, method 10, of the first share less the second.
        for (first, second, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            let (a, b) = newcombe(second, first).expect("calls");
            assert!((a - low).abs() < 5e-5 && (b - high).abs() < 5e-5, "{first:?} {second:?}: {a} {b}");
            let (a, b) = newcombe(first, second).expect("calls");
            assert!((a + high).abs() < 5e-5 && (b + low).abs() < 5e-5, "turned round: {a} {b}");
        }
        assert_eq!(newcombe((0, 0), (1, 2)), None);
        assert_eq!(newcombe((1, 2), (0, 0)), None);
    }

    #[test]
    fn risk_ratio_of_a_published_example() {
        // Agresti, "Categorical Data Analysis": infarction in 189 of 11034 with placebo, 104 of 11037 with aspirin.
        let (ratio, low, high) = risk_ratio((189, 11_034), (104, 11_037)).expect("no empty cell");
        assert!((ratio - 1.82).abs() < 5e-3 && (low - 1.433).abs() < 5e-4 && (high - 2.306).abs() < 5e-4);
        // The other way round every bound is turned over.
        let (_, low, high) = risk_ratio((104, 11_037), (189, 11_034)).expect("no empty cell");
        assert!((low - 1.0 / 2.306).abs() < 5e-4 && (high - 1.0 / 1.433).abs() < 5e-4);
    }

    #[test]
    fn no_risk_ratio_with_an_empty_cell() {
        for (exposed, others) in
            [((0, 4), (2, 4)), ((4, 4), (2, 4)), ((2, 4), (0, 4)), ((2, 4), (4, 4)), ((0, 0), (2, 4))]
        {
            assert_eq!(risk_ratio(exposed, others), None, "{exposed:?} {others:?}");
        }
        assert!(risk_ratio((1, 2), (1, 2)).is_some());
    }

    #[test]
    fn tail_counted_by_hand() {
        // Of 10 calls 4 were rejected; 3 calls: C(4,2)C(6,1) + C(4,3)C(6,0) = 36 + 4 of C(10,3) = 120.
        assert!((upper_tail(2, 3, 4, 10) - 40.0 / 120.0).abs() < 1e-12);
        assert!((upper_tail(3, 3, 4, 10) - 4.0 / 120.0).abs() < 1e-12);
        assert_eq!(upper_tail(0, 3, 4, 10), 1.0);
    }

    #[test]
    fn binomial_quantiles_of_a_printed_table() {
        // 20 calls at 10 %: 0 or fewer 0.1216, up to 4 0.9568, 5 0.9887, 6 0.9976, 7 0.9996.
        for (chance, expected) in
            [(0.025, 0), (0.1217, 1), (0.975, 5), (0.95, 4), (0.999, 7), (0.997, 6), (0.998, 7)]
        {
            assert_eq!(binomial_quantile(chance, 20, 0.1), expected, "{chance}");
        }
        // Two calls at a half: 1/4, 3/4, 1.
        assert_eq!([0.2, 0.3, 0.7, 0.8].map(|it| binomial_quantile(it, 2, 0.5)), [0, 1, 1, 2]);
        // 10,000 at a half: 5000 ± 1.96 × 50.
        assert_eq!(binomial_quantile(0.025, 10_000, 0.5), 4902);
        assert_eq!(binomial_quantile(0.975, 10_000, 0.5), 5098);
        assert_eq!([0.0, 1.0].map(|p| binomial_quantile(0.025, 30, p)), [0, 30]);
        assert_eq!([0.0, 1.0].map(|p| binomial_quantile(0.999, 30, p)), [0, 30]);
    }

    #[test]
    fn correction_by_hand() {
        // Sorted 0.01, 0.02, 0.03, 0.5 of four: 0.04, 0.04, 0.04, 0.5.
        let q = benjamini_hochberg(&[0.03, 0.5, 0.01, 0.02]);
        for (got, expected) in q.iter().zip([0.04, 0.5, 0.04, 0.04]) {
            assert!((got - expected).abs() < 1e-12, "{q:?}");
        }
    }

    #[test]
    fn percentiles_by_rank() {
        let mut values = [40, 10, 30, 20];
        // (50 × 4 + 99) div 100 = 2, (90 × 4 + 99) div 100 = 4, (1 × 4 + 99) div 100 = 1.
        assert_eq!(percentile(&mut values, 50), Some(20));
        assert_eq!(percentile(&mut values, 90), Some(40));
        assert_eq!(percentile(&mut values, 1), Some(10));
        assert_eq!(percentile(&mut [], 50), None);
        assert_eq!(percentile(&mut [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 95), Some(10));
    }
}
