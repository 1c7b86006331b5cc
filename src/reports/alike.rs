//! Names that may stand for one person: equal but for case, spaces, punctuation and accents, one
//! letter apart, or numbers that end alike.

use std::collections::{BTreeMap, HashMap};

/// Names whose letters are compared; comparing takes quadratic time among names of one length.
pub const MOST_COMPARED: usize = 2000;
/// Shorter names are too often one letter apart by chance. A guess.
const SHORTEST: usize = 6;
/// So many digits at the end of two numbers are rarely the same by chance. A guess.
const TAIL: usize = 8;

/// How two names are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same letters and digits.
    Spelling,
    /// One letter more, less, other, or two swapped.
    Letter,
    /// Numbers with the same end.
    Digits,
}

impl Likeness {
    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spelling => "spelling",
            Self::Letter => "one_letter",
            Self::Digits => "last_digits",
        }
    }
}

/// Two names that are alike, by their places; the first is the rarer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The rarer name.
    pub name: usize,
    /// The commoner one that it looks like.
    pub like: usize,
    /// How.
    pub likeness: Likeness,
}

/// Pairs among distinct names, the commonest first. Each name is paired at most once, with the
/// commonest that it is most like; so the answer is no longer than the list.
pub fn pairs(names: &[&str]) -> Vec<Pair> {
    let forms: Vec<Vec<char>> = names.iter().map(|it| normal(it)).collect();
    let mut paired: Vec<Option<Pair>> = vec![None; names.len()];

    let mut first_of_form: HashMap<&[char], usize> = HashMap::new();
    let mut first_of_tail: HashMap<&[char], usize> = HashMap::new();
    for (name, form) in forms.iter().enumerate().filter(|(_, it)| !it.is_empty()) {
        let like = *first_of_form.entry(form).or_insert(name);
        if like != name {
            paired[name] = Some(Pair { name, like, likeness: Likeness::Spelling });
        } else if let Some(tail) = tail(form) {
            let like = *first_of_tail.entry(tail).or_insert(name);
            if like != name {
                paired[name] = Some(Pair { name, like, likeness: Likeness::Digits });
            }
        }
    }

    let compared = (0..names.len().min(MOST_COMPARED)).filter(|it| paired[*it].is_none());
    let mut by_shape: BTreeMap<(char, usize), Vec<usize>> = BTreeMap::new();
    let mut found = Vec::new();
    for name in compared {
        let form = &forms[name];
        let Some(first) = form.first().filter(|_| form.len() >= SHORTEST) else { continue };
        let near = (form.len() - 1..=form.len() + 1).filter_map(|it| by_shape.get(&(*first, it))).flatten();
        let like = near.copied().filter(|it| one_letter_apart(&forms[*it], form)).min();
        found.extend(like.map(|like| Pair { name, like, likeness: Likeness::Letter }));
        by_shape.entry((*first, form.len())).or_default().push(name);
    }
    for pair in found {
        paired[pair.name] = Some(pair);
    }
    paired.into_iter().flatten().collect()
}

/// Letters and digits in lower case without accents.
fn normal(name: &str) -> Vec<char> {
    let lower = name.chars().flat_map(char::to_lowercase);
    let mut form = Vec::with_capacity(name.len());
    for letter in lower.filter(|it| it.is_alphanumeric()) {
        match plain(letter) {
            "" => form.push(letter),
            plain => form.extend(plain.chars()),
        }
    }
    form
}

/// A small Latin letter without its accent; empty for all others.
fn plain(letter: char) -> &'static str {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

/// The last digits of a form that is a number.
fn tail(form: &[char]) -> Option<&[char]> {
    let is_number = form.iter().all(char::is_ascii_digit);
    form.len().checked_sub(TAIL).filter(|_| is_number).map(|it| &form[it..])
}

/// Whether one letter, but no digit, tells them apart: desks and lines are numbered.
fn one_letter_apart(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same..], &long[same..]);
    let letters = |it: &[char]| it.iter().all(|it| !it.is_numeric());
    match (short, long) {
        (short, [more, rest @ ..]) if short.len() < long.len() => letters(&[*more]) && short == rest,
        ([x, short @ ..], [y, long @ ..]) => {
            let other = letters(&[*x, *y]) && short == long;
            let swapped = match (short, long) {
                ([u, short @ ..], [v, long @ ..]) => letters(&[*x, *u]) && (x, u) == (v, y) && short == long,
                _ => false,
            };
            other || swapped
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs as `rarer = commoner (how)`.
    #[track_caller]
    fn check(names: &[&str], expected: &[&str]) {
        let shown: Vec<String> = pairs(names)
            .iter()
            .map(|it| format!("{} = {} ({})", names[it.name], names[it.like], it.likeness.name()))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn case_spaces_punctuation_and_accents_make_no_difference() {
        check(
            &["Zoë Müller", "zoe muller", "ZOE-MULLER.", "Zoe Miller"],
            &[
                "zoe muller = Zoë Müller (spelling)",
                "ZOE-MULLER. = Zoë Müller (spelling)",
                "Zoe Miller = Zoë Müller (one_letter)",
            ],
        );
        check(&["Strauß", "STRAUSS"], &["STRAUSS = Strauß (spelling)"]);
        check(&["...", "!!!", ""], &[]);
        // What is spelt like another is not compared letter by letter too.
        check(
            &["Ravini", "Ravimi", "RAVIMI"],
            &["Ravimi = Ravini (one_letter)", "RAVIMI = Ravimi (spelling)"],
        );
    }

    #[test]
    fn one_letter_more_less_other_or_swapped() {
        let like =
            |other: &'static str| check(&["Prashant", other], &[&format!("{other} = Prashant (one_letter)")]);
        like("Prashanth");
        like("Prshant");
        like("Prasfant");
        like("Prashnat");
        like("Prashan");
        check(&["Prashant", "Prashanath"], &[]);
        check(&["Prashant", "Brashant"], &[]);
        check(&["Prashant", "Prahsnat"], &[]);
    }

    #[test]
    fn short_names_and_numbered_ones_differ() {
        check(&["Asha", "Usha", "Ashy"], &[]);
        check(&["Ravin", "Ravim"], &[]);
        check(&["Ravini", "Ravimi"], &["Ravimi = Ravini (one_letter)"]);
        check(&["Agent 12", "Agent 13", "Agent 1", "Agent 21"], &[]);
        check(&["desk1a@x.in", "deska1@x.in"], &[]);
    }

    #[test]
    fn numbers_are_alike_by_their_last_eight_digits() {
        check(
            &["+919833330000", "9833330000", "0 98333 30000", "+1 33330000"],
            &[
                "9833330000 = +919833330000 (last_digits)",
                "0 98333 30000 = +919833330000 (last_digits)",
                "+1 33330000 = +919833330000 (last_digits)",
            ],
        );
        check(&["+919833330000", "3330000", "+919833330001"], &[]);
        check(&["+919833330000", "x9833330000"], &[]);
    }

    #[test]
    fn a_long_list_of_names_is_done_soon() {
        let names: Vec<String> = (0..20_000).map(|it| format!("Name{}", letters(it))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let pairs = pairs(&names);
        assert!(pairs.iter().all(|it| it.name < MOST_COMPARED), "{}", pairs.len());
    }

    fn letters(number: u32) -> String {
        let letter = |it: u32| char::from(b'a' + (it % 26) as u8);
        [number / 17_576, number / 676, number / 26, number].map(letter).iter().collect()
    }
}
