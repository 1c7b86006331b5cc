//! The country that a number's calling code says, without a look at any pattern where the code belongs
//! to one country alone.
//!
//! What is right is what `phonenumber` says. It reads a quarter of a megabyte of patterns before its first
//! answer and takes microseconds for each number, and mostly needs neither: of a code with one region its
//! answer is that region, unless nothing is left of the number once national prefixes are taken off. So the
//! numbers of which that cannot happen are answered from a table, and all others are handed on. The tests hold
//! the table and the answers equal.

use std::borrow::Cow;

/// Calling codes with their region; `*` is a code that several share, `-` one of no country.
#[rustfmt::skip]
const CODES: &[(usize, &str)] = &[
    (1, "*"), (7, "*"), (20, "EG"), (27, "ZA"), (30, "GR"), (31, "NL"), (32, "BE"), (33, "FR"), (34, "ES"),
    (36, "HU"), (39, "*"), (40, "RO"), (41, "CH"), (43, "AT"), (44, "*"), (45, "DK"), (46, "SE"), (47, "*"),
    (48, "PL"), (49, "DE"), (51, "PE"), (52, "MX"), (53, "CU"), (54, "AR"), (55, "BR"), (56, "CL"),
    (57, "CO"), (58, "VE"), (60, "MY"), (61, "*"), (62, "ID"), (63, "PH"), (64, "NZ"), (65, "SG"),
    (66, "TH"), (81, "JP"), (82, "KR"), (84, "VN"), (86, "CN"), (90, "TR"), (91, "IN"), (92, "PK"),
    (93, "AF"), (94, "LK"), (95, "MM"), (98, "IR"), (211, "SS"), (212, "*"), (213, "DZ"), (216, "TN"),
    (218, "LY"), (220, "GM"), (221, "SN"), (222, "MR"), (223, "ML"), (224, "GN"), (225, "CI"), (226, "BF"),
    (227, "NE"), (228, "TG"), (229, "BJ"), (230, "MU"), (231, "LR"), (232, "SL"), (233, "GH"), (234, "NG"),
    (235, "TD"), (236, "CF"), (237, "CM"), (238, "CV"), (239, "ST"), (240, "GQ"), (241, "GA"), (242, "CG"),
    (243, "CD"), (244, "AO"), (245, "GW"), (246, "IO"), (247, "AC"), (248, "SC"), (249, "SD"), (250, "RW"),
    (251, "ET"), (252, "SO"), (253, "DJ"), (254, "KE"), (255, "TZ"), (256, "UG"), (257, "BI"), (258, "MZ"),
    (260, "ZM"), (261, "MG"), (262, "*"), (263, "ZW"), (264, "NA"), (265, "MW"), (266, "LS"), (267, "BW"),
    (268, "SZ"), (269, "KM"), (290, "*"), (291, "ER"), (297, "AW"), (298, "FO"), (299, "GL"), (350, "GI"),
    (351, "PT"), (352, "LU"), (353, "IE"), (354, "IS"), (355, "AL"), (356, "MT"), (357, "CY"), (358, "*"),
    (359, "BG"), (370, "LT"), (371, "LV"), (372, "EE"), (373, "MD"), (374, "AM"), (375, "BY"), (376, "AD"),
    (377, "MC"), (378, "SM"), (380, "UA"), (381, "RS"), (382, "ME"), (383, "XK"), (385, "HR"), (386, "SI"),
    (387, "BA"), (389, "MK"), (420, "CZ"), (421, "SK"), (423, "LI"), (500, "FK"), (501, "BZ"), (502, "GT"),
    (503, "SV"), (504, "HN"), (505, "NI"), (506, "CR"), (507, "PA"), (508, "PM"), (509, "HT"), (590, "*"),
    (591, "BO"), (592, "GY"), (593, "EC"), (594, "GF"), (595, "PY"), (596, "MQ"), (597, "SR"), (598, "UY"),
    (599, "*"), (670, "TL"), (672, "NF"), (673, "BN"), (674, "NR"), (675, "PG"), (676, "TO"), (677, "SB"),
    (678, "VU"), (679, "FJ"), (680, "PW"), (681, "WF"), (682, "CK"), (683, "NU"), (685, "WS"), (686, "KI"),
    (687, "NC"), (688, "TV"), (689, "PF"), (690, "TK"), (691, "FM"), (692, "MH"), (800, "-"), (808, "-"),
    (850, "KP"), (852, "HK"), (853, "MO"), (855, "KH"), (856, "LA"), (870, "-"), (878, "-"), (880, "BD"),
    (881, "-"), (882, "-"), (883, "-"), (886, "TW"), (888, "-"), (960, "MV"), (961, "LB"), (962, "JO"),
    (963, "SY"), (964, "IQ"), (965, "KW"), (966, "SA"), (967, "YE"), (968, "OM"), (970, "PS"), (971, "AE"),
    (972, "IL"), (973, "BH"), (974, "QA"), (975, "BT"), (976, "MN"), (977, "NP"), (979, "-"), (992, "TJ"),
    (993, "TM"), (994, "AZ"), (995, "GE"), (996, "KG"), (998, "UZ"),
];

/// By calling code the region, as above; empty where there is no such code.
static REGIONS: [&str; 1000] = {
    let mut regions = [""; 1000];
    let mut at = 0;
    while at < CODES.len() {
        regions[CODES[at].0] = CODES[at].1;
        at += 1;
    }
    regions
};

/// What can be said of a number without patterns.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// All there is to say: its calling code, and the country if that is one's own.
    Certain(u16, Option<&'static str>),
    /// Its calling code; which of the countries that share it takes a look at the patterns.
    Shared(u16),
    /// The patterns decide whether it is a number at all.
    Unsure,
    /// It is no number.
    Nothing,
}

/// ISO 3166 alpha-2 of a number in canonical spelling.
pub fn country(number: &str) -> Option<Cow<'static, str>> {
    match said(number) {
        Said::Certain(_, country) => country.map(Cow::Borrowed),
        Said::Nothing => None,
        Said::Shared(_) | Said::Unsure => {
            by_patterns(number)?.country().id().map(|it| Cow::Owned(it.as_ref().to_owned()))
        }
    }
}

/// The calling code of a number in canonical spelling.
pub fn calling_code(number: &str) -> Option<u16> {
    match said(number) {
        Said::Certain(code, _) | Said::Shared(code) => Some(code),
        Said::Nothing => None,
        Said::Unsure => by_patterns(number).map(|it| it.country().code()),
    }
}

fn by_patterns(number: &str) -> Option<phonenumber::PhoneNumber> {
    phonenumber::parse(None, number).ok()
}

fn said(number: &str) -> Said {
    if !crate::identity::is_number(number) {
        return Said::Nothing;
    }
    let digits = &number[1..];
    let Some((code, national)) = split(digits) else { return Said::Nothing };
    if !stays_a_number(code, national) {
        return Said::Unsure;
    }
    match REGIONS[code] {
        "*" => Said::Shared(code as u16),
        "-" => Said::Certain(code as u16, None),
        region => Said::Certain(code as u16, Some(region)),
    }
}

/// The calling code, and what follows it. No code is the beginning of another.
fn split(digits: &str) -> Option<(usize, &str)> {
    let mut code = 0;
    for (at, byte) in digits.bytes().take(3).enumerate() {
        code = 10 * code + usize::from(byte - b'0');
        if code == 0 {
            return None;
        }
        if !REGIONS[code].is_empty() {
            return Some((code, &digits[at + 1..]));
        }
    }
    None
}

/// The digits that what is taken off as a national prefix may have; it may be taken off twice, `0` and
/// carrier codes included.
fn longest_prefix(code: usize, national: &str) -> usize {
    match code {
        // An old mobile, `15` after the code of its area.
        54 if !national.get(..7).is_some_and(|it| it.contains("15")) => 2,
        54 => 8,
        // A number that was written without its trunk `0` is taken off as a whole.
        241 if national.starts_with('0') => usize::MAX,
        36 => 4,
        44 => 7,
        55 | 57 | 61 | 81 | 82 | 86 | 298 | 352 | 423 | 506 | 591 => 6,
        _ => 2,
    }
}

/// Whether a number is left whatever prefix is taken off: two digits or more, not all zero, and no more than
/// fifteen even if some are put in front.
fn stays_a_number(code: usize, national: &str) -> bool {
    let prefix = longest_prefix(code, national);
    let Some(rest) = national.as_bytes().get(prefix..) else { return false };
    rest.len() >= 2 && rest.iter().any(|it| *it != b'0') && national.len() <= 14
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::DATABASE;

    use super::*;

    /// Knuth's generator for MMIX; its upper bits.
    struct Rng(u64);

    impl Rng {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }
    }

    /// What `phonenumber` says of a number, which is right.
    fn right(number: &str) -> (Option<u16>, Option<Cow<'static, str>>) {
        let parsed = by_patterns(number);
        let country = parsed.as_ref().and_then(|it| it.country().id());
        let country = country.map(|it| Cow::Owned(it.as_ref().to_owned()));
        (parsed.map(|it| it.country().code()), country)
    }

    #[track_caller]
    fn check(number: &str) {
        assert_eq!((calling_code(number), country(number)), right(number), "{number}");
    }

    #[test]
    fn the_table_is_that_of_the_patterns() {
        for code in 0..1000_u16 {
            let expected = match DATABASE.region(&code).as_deref() {
                None => "",
                Some(["001"]) => "-",
                Some([one]) => one,
                Some(_) => "*",
            };
            assert_eq!(REGIONS[usize::from(code)], expected, "+{code}");
        }
    }

    #[test]
    fn ordinary_numbers_need_no_patterns() {
        for (number, country) in [
            ("+915550001111", "IN"),
            ("+5215512345678", "MX"),
            ("+5511987654321", "BR"),
            ("+4915112345678", "DE"),
            ("+8613812345678", "CN"),
            ("+2250701234567", "CI"),
            ("+5491112345678", "AR"),
        ] {
            let Said::Certain(_, said) = said(number) else { panic!("{number}") };
            assert_eq!(said, Some(country), "{number}");
        }
    }

    #[test]
    fn every_number_has_the_country_that_patterns_give_it() {
        // What countries take off the front of a number, and what looks like it.
        const FRONTS: [&str; 24] = [
            "", "", "", "", "0", "00", "8", "80", "06", "0606", "1", "90", "015", "0315", "11215", "0220215",
            "003768", "1790", "011", "15001", "1001", "1908", "0841", "01500",
        ];
        let rng = &mut Rng(7);
        for &(code, _) in CODES {
            for _ in 0..300 {
                let mut number = format!("+{code}{}", FRONTS[rng.below(FRONTS.len() as u64) as usize]);
                let zeros = rng.below(8) == 0;
                for _ in 0..rng.below(17) {
                    number.push(if zeros { '0' } else { char::from(b'0' + rng.below(10) as u8) });
                }
                check(&number);
            }
        }
        for code in (0..1000).filter(|it| REGIONS[*it].is_empty()) {
            check(&format!("+{code}"));
            check(&format!("+{code}5551234567"));
        }
    }

    #[test]
    fn what_is_no_number_has_no_country() {
        for text in
            ["", "+", "+0", "+91", "+910", "lid:915550001111", "915550001111", "+91 5550001111", "+٩١٥٥٥"]
        {
            assert_eq!((calling_code(text), country(text)), (None, None), "{text}");
        }
    }
}
