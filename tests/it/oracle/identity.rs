//! Who the other party is, and who had the line.
//!
//! An identity is text: `+` and digits for a number, `lid:` and digits for a hidden identity, else the
//! text that was given.

use super::Params;
use super::dialects::Event;
use super::sessions;
use super::times;
use std::collections::{BTreeMap, BTreeSet};

/// The one spelling of an identity; none for a group and for nothing.
pub fn canonical(text: &str, raw: bool) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some((user, server)) = text.rsplit_once('@') {
        let user = without_device(user);
        return match server.to_lowercase().as_str() {
            "g.us" => None,
            "c.us" | "s.whatsapp.net" => Some(number(user, raw).unwrap_or_else(|| text.to_string())),
            "lid" if !user.is_empty() && user.bytes().all(|b| b.is_ascii_digit()) => {
                Some(format!("lid:{user}"))
            }
            _ => Some(text.to_string()),
        };
    }
    Some(number(text, raw).unwrap_or_else(|| text.to_string()))
}

fn without_device(user: &str) -> &str {
    match user.split_once(':') {
        Some((plain, device)) if device.bytes().all(|b| b.is_ascii_digit()) => plain,
        _ => user,
    }
}

fn number(text: &str, raw: bool) -> Option<String> {
    let allowed = |c: char| c.is_ascii_digit() || " +-().".contains(c);
    if !text.chars().all(allowed) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return None;
    }
    Some(format!("+{}", if raw { digits } else { fold(&digits) }))
}

/// WhatsApp's spelling of Mexican, Argentinian and Brazilian mobiles to that of a CRM.
fn fold(digits: &str) -> String {
    if let Some(rest) = digits.strip_prefix("521")
        && rest.len() == 10
    {
        return format!("52{rest}");
    }
    if let Some(rest) = digits.strip_prefix("549")
        && rest.len() == 10
    {
        return format!("54{rest}");
    }
    if digits.starts_with("55") && digits.len() == 12 && (b'6'..=b'9').contains(&digits.as_bytes()[4]) {
        return format!("{}9{}", &digits[..4], &digits[4..]);
    }
    digits.to_string()
}

/// Whether an identity is a number.
pub fn is_number(identity: &str) -> bool {
    identity
        .strip_prefix('+')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether an identity is hidden.
pub fn is_hidden(identity: &str) -> bool {
    identity.starts_with("lid:")
}

/// A label as printed: one of digits alone is spelt as a number.
pub fn label(text: &str, raw: bool) -> String {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        canonical(text, raw).unwrap_or_default()
    } else {
        text.to_string()
    }
}

/// The country of a number.
pub fn country(identity: &str) -> Option<String> {
    if !is_number(identity) {
        return None;
    }
    let number = phonenumber::parse(None, identity).ok()?;
    number.country().id().map(|id| id.as_ref().to_string())
}

/// One person of the customers file.
#[derive(Default, Clone)]
pub struct Customer {
    pub name: Option<String>,
    pub account_id: Option<String>,
    pub vip: bool,
    /// Columns and values of each of its rows.
    pub rows: Vec<BTreeMap<String, String>>,
}

struct RosterRow {
    instance: String,
    agent: String,
    provider: String,
    from: Option<i64>,
    to: Option<i64>,
}

/// The side files.
#[derive(Default)]
pub struct Side {
    pub customers: BTreeMap<String, Customer>,
    /// Whether the customers file says who is a VIP.
    pub knows_vips: bool,
    hidden: BTreeMap<String, String>,
    roster: Vec<RosterRow>,
    agents: BTreeMap<String, (String, Option<String>)>,
    teams: BTreeMap<String, String>,
}

/// The rows of a CSV text, each a map of the columns that have a value.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> =
        reader.headers().expect("a header").iter().map(|name| name.trim().to_lowercase()).collect();
    reader
        .records()
        .map(|record| {
            let record = record.expect("a row");
            header
                .iter()
                .cloned()
                .zip(record.iter().map(|cell| cell.trim().to_string()))
                .filter(|(_, cell)| !cell.is_empty())
                .collect()
        })
        .collect()
}

impl Side {
    pub fn of(params: &Params) -> Side {
        let raw = params.raw_identities;
        let mut side = Side::default();
        if let Some(text) = &params.customers {
            let first = text.lines().next().unwrap_or("").to_lowercase();
            side.knows_vips = first.split(',').any(|name| name.trim() == "vip");
            for row in table(text) {
                let Some(phone) = row.get("phone").and_then(|p| canonical(p, raw)) else {
                    continue;
                };
                if let Some(lid) = row.get("lid") {
                    let user = lid.strip_prefix("lid:").unwrap_or(lid);
                    let user = user.split('@').next().unwrap_or(user);
                    let key = format!("lid:{}", without_device(user));
                    side.hidden.entry(key).or_insert_with(|| phone.clone());
                }
                let customer = side.customers.entry(phone).or_default();
                let keep = |old: &mut Option<String>, new: Option<&String>| {
                    if old.is_none() {
                        *old = new.cloned();
                    }
                };
                keep(&mut customer.name, row.get("name"));
                keep(&mut customer.account_id, row.get("account_id"));
                let vip = row.get("vip").map(|v| v.to_lowercase()).unwrap_or_default();
                customer.vip |= matches!(vip.as_str(), "true" | "yes" | "y" | "1");
                customer.rows.push(row);
            }
        }
        if let Some(text) = &params.agents {
            for row in table(text) {
                let (Some(name), Some(agent)) = (row.get("label"), row.get("agent")) else {
                    continue;
                };
                let team = row.get("team").cloned();
                if let Some(team) = &team {
                    side.teams.entry(agent.clone()).or_insert_with(|| team.clone());
                }
                side.agents.entry(label(name, raw)).or_insert((agent.clone(), team));
            }
        }
        if let Some(text) = &params.roster {
            for row in table(text) {
                let time = |name: &str| {
                    let text = row.get(name)?;
                    let read = times::read_text(text, params.naive_zone());
                    Some(read.instant().expect("a time in the roster"))
                };
                let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
                side.roster.push(RosterRow {
                    instance: cell("instance"),
                    agent: cell("agent"),
                    provider: cell("provider").to_lowercase(),
                    from: time("from"),
                    to: time("to"),
                });
            }
        }
        side
    }

    /// Who had an instance at an instant (at no instant: who has it always).
    pub fn on_roster(&self, provider: &str, instance: &str, at: Option<i64>) -> Option<String> {
        let mut best: Option<(Option<i64>, &RosterRow)> = None;
        for row in &self.roster {
            let during = match at {
                Some(at) => row.from.is_none_or(|f| f <= at) && row.to.is_none_or(|t| at < t),
                None => row.from.is_none() && row.to.is_none(),
            };
            let here = row.instance == instance && (row.provider.is_empty() || row.provider == provider);
            if during && here && best.as_ref().is_none_or(|(from, _)| row.from >= *from) {
                best = Some((row.from, row));
            }
        }
        best.map(|(_, row)| row.agent.clone())
    }

    /// The person behind a label, and the team.
    pub fn person(&self, label: &str) -> (String, Option<String>) {
        match self.agents.get(label) {
            Some((agent, team)) => {
                let team = team.clone().or_else(|| self.teams.get(agent).cloned());
                (agent.clone(), team)
            }
            None => (label.to_string(), self.teams.get(label).cloned()),
        }
    }
}

/// Replaces hidden identities by numbers, as the customers file, the payloads and the calls tell.
pub fn resolve(events: &mut [Event], side: &Side) {
    // The calls that show one hidden identity and one number, and the events in them.
    let mut of_call: BTreeMap<usize, (String, String)> = BTreeMap::new();
    let mut pairs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();

    let mut ids: BTreeMap<(String, String, String), Vec<usize>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        if event.outgoing {
            continue;
        }
        if let Some(call_id) = &event.call_id {
            let key = (event.provider.to_string(), event.instance.clone(), call_id.clone());
            ids.entry(key).or_default().push(index);
        }
        if let Some((hidden, number)) = &event.shown_pair {
            pairs.entry(hidden.clone()).or_default().insert(number.clone());
        }
    }
    for members in ids.values() {
        for run in sessions::runs(events, members) {
            let shown = |test: fn(&str) -> bool| -> BTreeSet<String> {
                run.iter()
                    .flat_map(|index| events[*index].shown.iter())
                    .filter(|identity| test(identity))
                    .cloned()
                    .collect()
            };
            let (hidden, numbers) = (shown(is_hidden), shown(is_number));
            if hidden.len() == 1 && numbers.len() == 1 {
                let hidden = hidden.first().expect("one").clone();
                let number = numbers.first().expect("one").clone();
                pairs.entry(hidden.clone()).or_default().insert(number.clone());
                for index in run {
                    of_call.insert(index, (hidden.clone(), number.clone()));
                }
            }
        }
    }
    for (index, event) in events.iter_mut().enumerate() {
        let Some(customer) = event.customer.clone() else {
            continue;
        };
        if let Some((hidden, number)) = of_call.get(&index)
            && (customer == *hidden || customer == *number)
        {
            event.customer = Some(side.hidden.get(hidden).unwrap_or(number).clone());
        } else if is_hidden(&customer) {
            let learnt = pairs
                .get(&customer)
                .filter(|numbers| numbers.len() == 1)
                .and_then(|numbers| numbers.first().cloned());
            let number =
                side.hidden.get(&customer).cloned().or_else(|| event.payload_phone.clone()).or(learnt);
            if number.is_some() {
                event.customer = number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_customer() {
        for text in [
            "5215512345678@c.us",
            "5215512345678@s.whatsapp.net",
            "5215512345678:12@s.whatsapp.net",
            "+52 1 55 1234-5678",
            "5215512345678",
            "525512345678",
        ] {
            assert_eq!(canonical(text, false).unwrap(), "+525512345678", "{text}");
        }
        let raw = |text| canonical(text, true).unwrap();
        assert_eq!(raw("5215512345678@c.us"), "+5215512345678");
        let of = |text| canonical(text, false).unwrap();
        assert_eq!(of("5491112345678"), "+541112345678");
        assert_eq!(of("551187654321"), "+5511987654321");
        assert_eq!(of("551137654321"), "+551137654321");
        assert_eq!(of("123@lid"), "lid:123");
        assert_eq!(of("status@broadcast"), "status@broadcast");
        assert_eq!(of("anonymous"), "anonymous");
        assert_eq!(of("abc@c.us"), "abc@c.us");
        assert_eq!(canonical("1234-5678@g.us", false), None);
        assert_eq!(canonical("  ", false), None);
    }

    #[test]
    fn the_latest_row_of_the_roster() {
        let side = Side::of(&Params {
            roster: Some(
                "instance,agent,from,to,provider\n\
                 a,Ann,,,\n\
                 a,Bob,2026-05-04T10:00:00Z,2026-05-04T12:00:00Z,\n\
                 a,Cid,2026-05-04T10:00:00Z,2026-05-04T11:00:00Z,wawp\n"
                    .to_string(),
            ),
            ..Params::default()
        });
        let at = |text| times::read_text(text, None).instant();
        let who = |provider, text| side.on_roster(provider, "a", at(text)).unwrap();
        assert_eq!(who("wawp", "2026-05-04T09:59:59Z"), "Ann");
        assert_eq!(who("wawp", "2026-05-04T10:00:00Z"), "Cid");
        assert_eq!(who("wazzap", "2026-05-04T10:00:00Z"), "Bob");
        assert_eq!(who("wawp", "2026-05-04T11:00:00Z"), "Bob");
        assert_eq!(who("wawp", "2026-05-04T12:00:00Z"), "Ann");
        assert_eq!(side.on_roster("wawp", "b", None), None);
    }

    #[test]
    fn countries() {
        assert_eq!(country("+525512345678").as_deref(), Some("MX"));
        assert_eq!(country("+5511987654321").as_deref(), Some("BR"));
        assert_eq!(country("lid:123"), None);
    }
}
