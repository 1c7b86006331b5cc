//! What a mistyped word was probably meant to be.

/// At most this many suggestions; more would not be read.
const MOST: usize = 3;

/// The candidates nearest to `word`, the likeliest first; empty where none is like it.
///
/// Upper and lower case count as equal. A candidate is near if a third of the word's characters, or
/// fewer, are wrong, and no more than twice as many as in the nearest; where none is, those are near
/// that contain the word.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    // Nothing that callsift names is longer, and the distance takes quadratic time.
    if word.is_empty() || word.len() > 64 {
        return Vec::new();
    }
    let allowed = (word.len() / 3).max(1);
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let distance = distance(&word, &other);
            let within = word.len() >= 3 && other.windows(word.len()).any(|it| it == word);
            (distance <= allowed || within).then_some((distance, candidate))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    if let Some(&(best, _)) = near.first().filter(|(best, _)| *best <= allowed) {
        near.retain(|(distance, _)| *distance <= (2 * best).max(1));
    }
    near.truncate(MOST);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// How many characters must be added, removed, replaced or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let keys = ["calls", "rejected", "rejection_rate", "resolved", "ring_p50_ms"];
        assert_eq!(nearest("rejceted", keys), ["rejected"]);
        assert_eq!(nearest("CALL", keys), ["calls"]);
        assert_eq!(nearest("rate", keys), ["rejection_rate"]);
        assert_eq!(nearest("zebra", keys), Vec::<&str>::new());
        assert_eq!(nearest("", keys), Vec::<&str>::new());
    }

    #[test]
    fn distances_count_single_mistakes() {
        let between =
            |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(between("", "abc"), 3);
        assert_eq!(between("abc", "abc"), 0);
        assert_eq!(between("abc", "acb"), 1);
        assert_eq!(between("kitten", "sitting"), 3);
    }
}
