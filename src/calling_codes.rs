//! The country that the first digits of a number tell, without a look at any pattern.
//!
//! What is right is what `phonenumber` says. It reads a quarter of a megabyte of patterns before its first
//! answer and takes microseconds for each number, and mostly needs neither: of a code with one region its
//! answer is that region, unless nothing is left of the number once national prefixes are taken off. So the
//! numbers of which that cannot happen are answered from a table, those of shared codes where their first digits
//! leave one country only, and all others are handed on. The tests hold the tables and the answers equal.

use std::borrow::Cow;
use std::sync::LazyLock;

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

/// Of shared codes how the national numbers of a length begin that are one country's whatever follows, worked
/// out from the patterns: those of mobiles, and of everything in North America. The rest takes patterns.
#[rustfmt::skip]
const SHARED: &[(usize, usize, &str, &str)] = &[
    (1, 10, "US", "\
        201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 227 228 229 \
        231 234 235 239 240 248 251 252 253 254 256 260 262 267 269 270 272 276 279 281 283 301 302 303 \
        304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 324 325 326 327 329 330 331 \
        332 334 336 337 339 341 346 347 350 351 352 353 360 361 363 364 369 380 385 386 401 402 404 405 \
        406 407 408 409 410 412 413 414 415 417 419 423 424 425 430 432 434 435 440 442 443 445 447 448 \
        458 463 464 469 470 475 478 479 480 484 500 501 502 503 504 505 507 508 509 510 512 513 515 516 \
        517 518 520 521 522 525 526 527 528 529 530 531 532 533 534 539 540 541 544 551 557 559 561 562 \
        563 564 566 567 570 571 572 573 574 575 577 580 582 585 586 588 601 602 603 605 606 607 608 609 \
        610 612 614 615 616 617 618 619 620 623 626 628 629 630 631 636 640 641 645 646 650 651 656 657 \
        659 660 661 662 667 669 678 680 681 682 686 689 701 702 703 704 706 707 708 712 713 714 715 716 \
        717 718 719 720 724 725 726 727 728 730 731 732 734 737 738 740 743 747 748 754 757 760 762 763 \
        765 769 770 771 772 773 774 775 779 781 785 786 800 801 802 803 804 805 806 808 810 812 813 814 \
        815 816 817 818 820 821 826 828 830 831 832 833 835 838 839 840 843 844 845 847 848 850 854 855 \
        856 857 858 859 860 862 863 864 865 866 870 872 877 878 888 900 901 903 904 906 907 908 909 910 \
        912 913 914 915 916 917 918 919 920 925 928 929 930 931 934 936 937 938 940 941 943 945 947 948 \
        949 951 952 954 956 959 970 971 972 973 975 978 979 980 984 985 986 989"),
    (1, 10, "CA", "\
        204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 468 \
        474 506 514 519 548 579 581 584 587 600 604 613 622 633 639 647 672 683 705 709 742 753 778 780 \
        782 807 819 825 867 873 879 902 905 942"),
    (1, 10, "BS", "242"),
    (1, 10, "BB", "246"),
    (1, 10, "AI", "264"),
    (1, 10, "AG", "268"),
    (1, 10, "VG", "284"),
    (1, 10, "VI", "340"),
    (1, 10, "KY", "345"),
    (1, 10, "BM", "441"),
    (1, 10, "GD", "473"),
    (1, 10, "TC", "649"),
    (1, 10, "JM", "658 876"),
    (1, 10, "MS", "664"),
    (1, 10, "MP", "670"),
    (1, 10, "GU", "671"),
    (1, 10, "AS", "684"),
    (1, 10, "SX", "721"),
    (1, 10, "LC", "758"),
    (1, 10, "DM", "767"),
    (1, 10, "VC", "784"),
    (1, 10, "PR", "787 939"),
    (1, 10, "DO", "809 829 849"),
    (1, 10, "TT", "868"),
    (1, 10, "KN", "869"),
    (7, 10, "RU", "3 4 9"),
    (7, 10, "KZ", "7"),
    (39, 10, "IT", "31 32 33 34 35 36 37 38 39"),
    (39, 9, "IT", "32 33 34 35 36 37 38 39"),
    (44, 10, "GB", "\
        129 130 141 143 147 151 156 161 172 187 191 198 200 201 203 204 207 208 230 231 238 239 240 241 \
        247 280 281 282 283 284 286 287 288 289 290 291 292 70 71 72 73 740 741 742 743 744 746 747 748 \
        749 751 753 754 755 756 757 758 759 771 772 773 774 775 776 777 780 781 784 785 786 787 788 789 \
        790 792 794 795 796 797 798 799"),
    (47, 8, "NO", "2 3 4 5 6 70 71 72 73 74 75 76 77 78 8 9"),
    (47, 8, "SJ", "79"),
    (61, 9, "AU", "\
        40 41 42 43 440 444 447 448 449 450 451 452 454 455 456 457 458 459 46 470 472 473 474 475 476 477 \
        478 480 481 482 484 485 486 487 488 489 490 491 492 493 494 497 498 499"),
    (212, 9, "MA", "5 6 7 8"),
    (262, 9, "RE", "692"),
    (358, 9, "FI", "2 3 4 5 6 7 8 9"),
    (358, 10, "FI", "2 3 4 5 6 7 8 9"),
    (590, 9, "GP", "690"),
    (599, 7, "BQ", "3 4 7"),
    (599, 7, "CW", "6 9"),
    (599, 8, "BQ", "3 4 7"),
    (599, 8, "CW", "6 9"),
];

/// A shared code, a length, and the country by the first three digits; empty where they do not tell.
type Beginnings = (usize, usize, Box<[&'static str; 1000]>);

static BEGINNINGS: LazyLock<Vec<Beginnings>> = LazyLock::new(|| {
    let mut all: Vec<Beginnings> = Vec::new();
    for &(code, length, region, beginnings) in SHARED {
        if all.last().is_none_or(|it| (it.0, it.1) != (code, length)) {
            all.push((code, length, Box::new([""; 1000])));
        }
        let Some((.., by_three)) = all.last_mut() else { continue };
        for beginning in beginnings.split_ascii_whitespace() {
            let width = 10_usize.pow(3 - beginning.len() as u32);
            let first = beginning.bytes().fold(0, |number, it| 10 * number + usize::from(it - b'0')) * width;
            by_three[first..first + width].fill(region);
        }
    }
    all
});

/// The one country of a shared code that a national number can belong to, where its beginning tells.
fn by_beginning(code: usize, national: &str) -> Option<&'static str> {
    let digits = national.as_bytes();
    // North American exchanges begin with 2 to 9.
    if code == 1 && !matches!(digits.get(3), Some(b'2'..=b'9')) {
        return None;
    }
    let (.., by_three) = BEGINNINGS.iter().find(|it| it.0 == code && it.1 == digits.len())?;
    let first = digits.iter().take(3).fold(0, |number, it| 10 * number + usize::from(it - b'0'));
    Some(by_three[first]).filter(|it| !it.is_empty())
}

/// What can be said of a number without patterns.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// All there is to say: its calling code, and the country if it has one.
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
    let short = code as u16;
    // What the table of beginnings holds never loses a prefix.
    if let Some(region) = by_beginning(code, national) {
        return Said::Certain(short, Some(region));
    }
    match REGIONS[code] {
        _ if !stays_a_number(code, national) => Said::Unsure,
        "*" => Said::Shared(short),
        "-" => Said::Certain(short, None),
        region => Said::Certain(short, Some(region)),
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
            ("+12025550123", "US"),
            ("+14165550123", "CA"),
            ("+79161234567", "RU"),
            ("+447400123456", "GB"),
            ("+393471234567", "IT"),
            ("+212612345678", "MA"),
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
            for _ in 0..150 {
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
    fn beginnings_tell_the_country_whatever_follows() {
        let rng = &mut Rng(11);
        for (code, length, by_three) in &*BEGINNINGS {
            for first in (0..1000).filter(|it| !by_three[*it].is_empty()) {
                for fill in ['0', '9', '?', '?', '?', '?', '?', '?'] {
                    let mut number = format!("+{code}{first:03}");
                    // The digits that patterns may still look at.
                    for _ in 3..*length {
                        number.push(if fill == '?' { char::from(b'0' + rng.below(10) as u8) } else { fill });
                    }
                    check(&number);
                }
            }
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
