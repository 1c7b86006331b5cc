//! The customers: invented names and numbers, and the spellings under which WhatsApp shows them.

use super::cast::Region;
use super::rng::Rng;

/// How a customer whose number WhatsApp hides appears on the lines that hide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lid {
    /// The number is shown always.
    No,
    /// Hidden, but some payload shows both.
    Shown,
    /// Hidden; only the customers file knows the number.
    FileOnly,
    /// Hidden for good.
    Never,
}

pub(super) struct Person {
    pub(super) name: String,
    /// Digits as a CRM holds them.
    pub(super) digits: String,
    pub(super) region: Region,
    pub(super) lid: Lid,
    pub(super) lid_digits: String,
}

impl Person {
    /// The one spelling that a report prints.
    pub(super) fn canonical(&self) -> String {
        format!("+{}", self.digits)
    }

    /// The digits as WhatsApp often has them: with the `1` of Mexican and without the `9` of Brazilian
    /// mobiles.
    pub(super) fn old_digits(&self) -> String {
        match self.region {
            Region::India => self.digits.clone(),
            Region::Mexico => format!("521{}", &self.digits[2..]),
            Region::Brazil => format!("{}{}", &self.digits[..4], &self.digits[5..]),
        }
    }
}

// The customers with a part of their own; everybody after them is a passer-by.
/// Seven calls in nine minutes, every one declined.
pub(super) const HARISH: usize = 0;
/// A VIP whom nobody answered.
pub(super) const RUKMINI: usize = 1;
/// Declined, then called back within the hour.
pub(super) const KAVITA: usize = 2;
/// Calls by video.
pub(super) const ARJUN: usize = 3;
/// Has a quarrel with one agent.
pub(super) const BRIJESH: usize = 4;
/// Hidden; the customers file resolves her.
pub(super) const FATIMA: usize = 5;
/// Hidden for good.
pub(super) const STRANGER: usize = 6;
/// Short of patience: two or three calls within ten minutes.
pub(super) const IMPATIENT: [usize; 4] = [7, 8, 9, 10];
/// Has two accounts on two lines, of which one was scoped wrongly.
pub(super) const WRONG_SCOPE: usize = 11;
/// A VIP who was answered.
pub(super) const VIP_ANSWERED: usize = 12;
/// A VIP who is only ever called.
pub(super) const VIP_CALLED: usize = 13;
/// The customers whom collections call.
pub(super) const FIRST_DEBTOR: usize = 14;
pub(super) const DEBTORS: usize = 20;
const INDIANS: usize = 230;
const MEXICANS: usize = 64;
const BRAZILIANS: usize = 30;

const LEADS: [&str; FIRST_DEBTOR] = [
    "Harish Gowda",
    "Rukmini Desai",
    "Kavita Iyer",
    "Arjun Thomas",
    "Brijesh Yadav",
    "Fatima Ansari",
    "Unknown",
    "Lakshmi Prasad",
    "Devansh Kulkarni",
    "Gurpreet Sandhu",
    "Nandini Bose",
    "Sanjay Rawat",
    "Padmini Krishnan",
    "Yusuf Merchant",
];

const INDIAN_FIRST: &[&str] = &[
    "Aarav", "Aditi", "Ajay", "Amrita", "Anjali", "Arun", "Bhavna", "Chetan", "Darshan", "Divya", "Esha",
    "Farida", "Ganesh", "Geeta", "Hema", "Ishaan", "Jaya", "Jitendra", "Kiran", "Lata", "Madhu", "Manoj",
    "Mohini", "Naveen", "Nisha", "Omkar", "Pallavi", "Pranav", "Radha", "Rahul", "Rekha", "Rohan", "Sahil",
    "Shanti", "Suresh", "Swati", "Tarun", "Usha", "Vidya", "Zoya",
];
const INDIAN_LAST: &[&str] = &[
    "Agarwal",
    "Banerjee",
    "Bhatt",
    "Chauhan",
    "Chopra",
    "Das",
    "Dubey",
    "Fernandes",
    "Ghosh",
    "Gupta",
    "Hegde",
    "Jain",
    "Kamath",
    "Khan",
    "Kohli",
    "Malhotra",
    "Mishra",
    "Mukherjee",
    "Naidu",
    "Patel",
    "Patil",
    "Pereira",
    "Pillai",
    "Reddy",
    "Saxena",
    "Sen",
    "Shah",
    "Shetty",
    "Siddiqui",
    "Sinha",
    "Soni",
    "Thakur",
    "Tiwari",
    "Varghese",
    "Yadav",
];
const MEXICAN_FIRST: &[&str] = &[
    "Alejandra",
    "Bruno",
    "Carmen",
    "Daniela",
    "Emilio",
    "Fernanda",
    "Héctor",
    "Inés",
    "Joaquín",
    "Mónica",
    "Raúl",
    "Sofía",
    "Tomás",
    "Ximena",
];
const MEXICAN_LAST: &[&str] = &[
    "Aguilar",
    "Cárdenas",
    "Domínguez",
    "Estrada",
    "Guzmán",
    "Juárez",
    "López",
    "Muñoz",
    "Núñez",
    "Ortega",
    "Ramírez",
    "Vázquez",
];
const BRAZILIAN_FIRST: &[&str] =
    &["Beatriz", "Caio", "Eduarda", "Felipe", "João", "Larissa", "Márcia", "Otávio", "Tainá", "Vinícius"];
const BRAZILIAN_LAST: &[&str] =
    &["Almeida", "Araújo", "Barbosa", "Conceição", "Gonçalves", "Moreira", "Rocha", "Teixeira"];

/// Everybody who calls or is called in the demo month.
pub(super) struct People {
    all: Vec<Person>,
}

impl People {
    pub(super) fn invent(rng: &mut Rng) -> Self {
        let mut all: Vec<Person> = Vec::with_capacity(INDIANS + MEXICANS + BRAZILIANS);
        let regions = [(Region::India, INDIANS), (Region::Mexico, MEXICANS), (Region::Brazil, BRAZILIANS)];
        for (region, count) in regions {
            for _ in 0..count {
                let digits = fresh(rng, &all, region);
                let name = match LEADS.get(all.len()) {
                    Some(lead) => (*lead).to_owned(),
                    None => invented_name(rng, region),
                };
                let lid = match all.len() {
                    FATIMA => Lid::FileOnly,
                    STRANGER => Lid::Never,
                    FIRST_DEBTOR.. if region == Region::India && rng.percent(30) => Lid::Shown,
                    _ => Lid::No,
                };
                let lid_digits = (180_000_000_000_000 + rng.below(90_000_000_000_000)).to_string();
                all.push(Person { name, digits, region, lid, lid_digits });
            }
        }
        Self { all }
    }

    pub(super) fn get(&self, index: usize) -> &Person {
        &self.all[index]
    }

    /// A passer-by of a region. The smallest of three draws: few customers make most of the calls.
    pub(super) fn passer_by(rng: &mut Rng, region: Region) -> usize {
        let (first, count) = match region {
            Region::India => (FIRST_DEBTOR + DEBTORS, INDIANS - FIRST_DEBTOR - DEBTORS),
            Region::Mexico => (INDIANS, MEXICANS),
            Region::Brazil => (INDIANS + MEXICANS, BRAZILIANS),
        };
        let draw = (0..3).map(|_| rng.below(count as u64)).min().expect("three draws");
        first + draw as usize
    }
}

fn invented_name(rng: &mut Rng, region: Region) -> String {
    let (first, last) = match region {
        Region::India => (INDIAN_FIRST, INDIAN_LAST),
        Region::Mexico => (MEXICAN_FIRST, MEXICAN_LAST),
        Region::Brazil => (BRAZILIAN_FIRST, BRAZILIAN_LAST),
    };
    format!("{} {}", rng.pick(first), rng.pick(last))
}

/// A number that nobody in the list has. The blocks are made up: a `5` does not begin an Indian mobile,
/// a `0` no Mexican local number, and `20` is no Brazilian area.
fn fresh(rng: &mut Rng, taken: &[Person], region: Region) -> String {
    loop {
        let digits = match region {
            Region::India => format!("915551{:06}", rng.below(1_000_000)),
            Region::Mexico => format!("52550{:07}", rng.below(10_000_000)),
            Region::Brazil => format!("55209{}{:07}", rng.between(6, 9), rng.below(10_000_000)),
        };
        if taken.iter().all(|person| person.digits != digits) {
            return digits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number() {
        let of = |digits: &str, region| Person {
            name: String::new(),
            digits: digits.to_owned(),
            region,
            lid: Lid::No,
            lid_digits: String::new(),
        };
        assert_eq!(of("525500001111", Region::Mexico).old_digits(), "5215500001111");
        assert_eq!(of("5520971234567", Region::Brazil).old_digits(), "552071234567");
        assert_eq!(of("915551000001", Region::India).canonical(), "+915551000001");
    }

    #[test]
    fn every_number_is_somebody_elses() {
        let people = People::invent(&mut Rng::new(1));
        let mut digits: Vec<&str> = people.all.iter().map(|person| person.digits.as_str()).collect();
        digits.sort_unstable();
        digits.dedup();
        assert_eq!(digits.len(), people.all.len());
    }
}
