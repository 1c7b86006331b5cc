//! The customers file: what the business knows of its customers. Column `phone`, and any of `lid`,
//! `name`, `account_id`, `vip`, `stage`, `days_overdue`, `due_date`, `defaulted_on`, `tz`.

use std::collections::HashMap;
use std::path::Path;

use chrono::NaiveDate;

use super::Reading;
use super::table::{self, SideError};
use crate::identity::{self, Party};
use crate::text::Sym;
use crate::time;
use crate::zone::Zone;

/// How far a customer is behind with payments; the worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Not a day.
    Current,
    /// 1 to 30 days.
    Early,
    /// 31 to 60 days.
    Mid,
    /// 61 days and more.
    Late,
}

impl Stage {
    /// All of them, the worst last.
    pub const ALL: [Self; 4] = [Self::Current, Self::Early, Self::Mid, Self::Late];

    /// The word in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Early => "early",
            Self::Mid => "mid",
            Self::Late => "late",
        }
    }

    /// The stage of so many days overdue; fewer than none is current.
    pub fn of_days(days: i64) -> Self {
        match days {
            ..1 => Self::Current,
            1..=30 => Self::Early,
            31..=60 => Self::Mid,
            61.. => Self::Late,
        }
    }
}

/// One row: a customer, or one account of a customer.
#[derive(Clone, Debug, Default)]
pub struct Customer {
    /// The name.
    pub name: Option<Sym>,
    /// The account at the business.
    pub account_id: Option<Sym>,
    /// To be treated with care.
    pub vip: bool,
    /// Delinquency for all time, in the business's own word.
    pub stage: Option<Stage>,
    /// Days overdue, as counted on the day that the command line names.
    pub days_overdue: Option<i64>,
    /// When the oldest unpaid instalment was due.
    pub due_date: Option<NaiveDate>,
    /// When the account defaulted.
    pub defaulted_on: Option<NaiveDate>,
    /// The zone that the customer lives in.
    pub zone: Option<Zone>,
}

/// The customers by number.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    rows: HashMap<Sym, Vec<Customer>>,
    hidden: HashMap<Sym, Sym>,
    knows_vips: bool,
}

impl Customers {
    /// Customers of whom everything is known that is in the rows.
    pub fn of(rows: impl IntoIterator<Item = (Sym, Vec<Customer>)>) -> Self {
        Self { rows: rows.into_iter().collect(), hidden: HashMap::new(), knows_vips: true }
    }

    /// Reads a customers file.
    ///
    /// # Errors
    ///
    /// What makes any side file unusable; also a phone or hidden identity that is none, a hidden identity with two
    /// numbers, or a cell that is not of its column's form.
    pub fn read(path: &Path, reading: Reading<'_>) -> Result<Self, SideError> {
        const OPTIONAL: [&str; 9] =
            ["lid", "name", "account_id", "vip", "stage", "days_overdue", "due_date", "defaulted_on", "tz"];
        /// Its place among the columns.
        const VIP: usize = 4;
        let mut res = Self::default();
        let table = table::read(path, &["phone"], &OPTIONAL)?;
        res.knows_vips = table.has[VIP];
        for row in table.rows {
            let fail = |message: String| SideError { path: path.to_owned(), line: Some(row.line), message };
            let phone = row.cell(0).ok_or_else(|| fail("a row needs a phone".into()))?;
            let Party::Person(phone) = identity::canonical(phone, reading.fold) else {
                return Err(fail("the phone is a group's".into()));
            };
            let phone = reading.texts.intern(&phone);
            if let Some(lid) = row.cell(1) {
                let digits = lid.bytes().all(|it| it.is_ascii_digit());
                let lid = if digits { format!("lid:{lid}") } else { lid.to_owned() };
                let hidden = match identity::canonical(&lid, reading.fold) {
                    Party::Person(it) if identity::is_hidden(&it) => reading.texts.intern(&it),
                    _ => return Err(fail(format!("`{lid}` is no hidden identity; write it as `123@lid`"))),
                };
                if res.hidden.insert(hidden, phone).is_some_and(|it| it != phone) {
                    return Err(fail(format!(
                        "`{lid}` already belongs to another phone; keep one of the rows"
                    )));
                }
            }
            let date = |column: usize| match row.cell(column) {
                None => Ok(None),
                Some(it) => time::date(it)
                    .map(Some)
                    .ok_or_else(|| fail(format!("`{it}` is no date; write it as `2026-05-04`"))),
            };
            let vip = match row.cell(VIP).map(str::to_ascii_lowercase).as_deref() {
                None | Some("no" | "false" | "0" | "n") => false,
                Some("yes" | "true" | "1" | "y") => true,
                Some(it) => return Err(fail(format!("`{it}` under `vip`; write `yes` or `no`"))),
            };
            let stage = match row.cell(5).map(str::to_ascii_lowercase) {
                None => None,
                Some(it) => {
                    Some(Stage::ALL.into_iter().find(|known| known.name() == it).ok_or_else(|| {
                        fail(format!("`{it}` under `stage`; write `current`, `early`, `mid` or `late`"))
                    })?)
                }
            };
            let days_overdue = match row.cell(6) {
                None => None,
                Some(it) => Some(it.parse().map_err(|_| fail(format!("`{it}` is no number of days")))?),
            };
            let zone = match row.cell(9) {
                None => None,
                Some(it) => Some(Zone::named(it).map_err(|it| fail(it.to_string()))?),
            };
            res.rows.entry(phone).or_default().push(Customer {
                name: reading.texts.intern_opt(row.cell(2)),
                account_id: reading.texts.intern_opt(row.cell(3)),
                vip,
                stage,
                days_overdue,
                due_date: date(7)?,
                defaulted_on: date(8)?,
                zone,
            });
        }
        Ok(res)
    }

    /// The rows of a customer: several where it has several accounts.
    pub fn rows(&self, customer: Sym) -> &[Customer] {
        self.rows.get(&customer).map_or(&[], Vec::as_slice)
    }

    /// The name that the file gives a customer.
    pub fn name(&self, customer: Sym) -> Option<Sym> {
        self.rows(customer).iter().find_map(|it| it.name)
    }

    /// The customer's account, if there is exactly one.
    pub fn account_id(&self, customer: Sym) -> Option<Sym> {
        let mut accounts = self.rows(customer).iter().filter_map(|it| it.account_id);
        let first = accounts.next()?;
        accounts.all(|it| it == first).then_some(first)
    }

    /// Whether any row marks the customer; unknown where the file does not say it of anybody.
    pub fn is_vip(&self, customer: Sym) -> Option<bool> {
        self.knows_vips.then(|| self.rows(customer).iter().any(|it| it.vip))
    }

    /// Whether the file says of anybody when an account defaulted. Only then does an empty cell say that none did.
    pub fn knows_defaults(&self) -> bool {
        self.rows.values().flatten().any(|it| it.defaulted_on.is_some())
    }

    /// Hidden identities with their numbers.
    pub fn hidden(&self) -> &HashMap<Sym, Sym> {
        &self.hidden
    }
}
