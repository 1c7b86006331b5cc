use super::*;
use crate::analysis::Filter;
use crate::contact_rules::profile;
use crate::reports::testing::{Input, at, call, cell, cells, outgoing, table, words};

/// Asha lives in UTC and has one account.
const ASHA: &str = "919811110001";
const FILE: &str = "phone,name,account_id,tz\n919811110001,Asha,LN-1,UTC\n";

fn report_of(profiles: &[&str], input: Input) -> Output {
    let profiles: Vec<_> = profiles.iter().map(|it| profile(it).unwrap()).collect();
    report(&input.analysis(), &profiles)
}

/// The rows of a rule: the cells of these columns.
fn rows_of(output: &Output, rule: &str, keys: &str) -> Vec<String> {
    let table = table(output, &["rows"]);
    let of_rule = (0..table.rows.len()).filter(|it| cell(table, *it, "rule") == rule);
    of_rule.map(|it| cells(table, it, keys)).collect()
}

/// One row of a rule over outgoing calls.
#[track_caller]
fn judged(profile: &str, rule: &str, customers: Option<&'static str>, lines: Vec<String>) -> String {
    let output = report_of(&[profile], Input { lines, customers, ..Input::default() });
    let rows = rows_of(&output, rule, "finding undecided_by count limit");
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

/// Calls to Asha that nobody answered.
fn missed(starts: &[&str]) -> Vec<String> {
    starts.iter().map(|it| outgoing("CALL_MISSED", it, ASHA, it)).collect()
}

/// Calls to Asha that she answered.
fn answered(starts: &[&str]) -> Vec<String> {
    starts.iter().map(|it| outgoing("CALL_ENDED", it, ASHA, it)).collect()
}

const SEVEN: [&str; 7] = [
    "05-04 10:00:00",
    "05-05 10:00:00",
    "05-06 10:00:00",
    "05-07 10:00:00",
    "05-08 10:00:00",
    "05-09 10:00:00",
    "05-10 10:00:00",
];

#[test]
fn seven_attempts_in_seven_dates_pass_and_eight_do_not() {
    let judged = |lines| judged("us-reg-f", "attempts_in_7_dates", Some(FILE), lines);
    assert_eq!(judged(missed(&SEVEN)), "pass – 7 7");
    // The last moment of the seventh date counts, the first of the eighth does not: then the window
    // from 5 May is as full.
    let with = |eighth| missed(&[&SEVEN[..], &[eighth]].concat());
    assert_eq!(judged(with("05-10 23:59:59.999")), "over_presumption – 8 7");
    assert_eq!(judged(with("05-11 00:00:00")), "pass – 7 7");
    // Of one day all eight count too, answered or not.
    let day: Vec<String> = (10..18).map(|it| format!("05-04 {it}:00:00")).collect();
    let day: Vec<&str> = day.iter().map(String::as_str).collect();
    assert_eq!(judged(missed(&day)), "over_presumption – 8 7");
    assert_eq!(judged([missed(&day[1..]), answered(&day[..1])].concat()), "over_presumption – 8 7");
    let rejected = outgoing("CALL_REJECTED", "r", ASHA, "05-04 09:00:00");
    assert_eq!(judged([missed(&day[1..]), vec![rejected]].concat()), "over_presumption – 8 7");
}

#[test]
fn a_finding_shows_the_calls_of_the_fullest_window() {
    let lines = missed(&[&SEVEN[..], &["05-10 11:00:00", "05-20 10:00:00"]].concat());
    let output = report_of(&["us-reg-f"], Input { lines, customers: Some(FILE), ..Input::default() });
    let rows = rows_of(
        &output,
        "attempts_in_7_dates",
        "profile customer customer_name account_id zone zone_source provider instance account first_at last_at",
    );
    assert_eq!(
        rows,
        ["us-reg-f +919811110001 Asha LN-1 UTC customers_file – – – 05-04 10:00:00 05-10 11:00:00"]
    );
    let ids = rows_of(&output, "attempts_in_7_dates", "session_ids");
    assert_eq!(ids[0].split('+').count(), 8);
}

#[test]
fn dates_are_those_of_the_customer() {
    // 18:30 UTC is midnight in Kolkata: by UTC 8 attempts on 4 to 10 May, there on 4 to 11 May.
    let mut starts = SEVEN.to_vec();
    starts.push("05-10 18:30:00");
    let judge = |file: &'static str| judged("us-reg-f", "attempts_in_7_dates", Some(file), missed(&starts));
    assert_eq!(judge("phone,account_id,tz\n919811110001,LN-1,UTC\n"), "over_presumption – 8 7");
    assert_eq!(judge("phone,account_id\n919811110001,LN-1\n"), "pass – 7 7");
    assert_eq!(judge("phone,account_id,tz\n919811110001,LN-1,Asia/Kolkata\n"), "pass – 7 7");
}

#[test]
fn a_day_of_25_hours_is_one_date() {
    // New York sets its clocks back on 1 November 2026: that Sunday is 04:00 UTC to 05:00 UTC.
    const NEW_YORK: &str = "phone,account_id,tz\n919811110001,LN-1,America/New_York\n";
    let mut starts: Vec<&str> = vec![
        "10-26 04:00:00",
        "10-27 15:00:00",
        "10-28 15:00:00",
        "10-29 15:00:00",
        "10-30 15:00:00",
        "10-31 15:00:00",
        "11-01 15:00:00",
    ];
    let judged = |starts: &[&str]| judged("us-reg-f", "attempts_in_7_dates", Some(NEW_YORK), missed(starts));
    assert_eq!(judged(&starts), "pass – 7 7");
    starts.push("11-02 04:59:59.999");
    assert_eq!(judged(&starts), "over_presumption – 8 7");
    starts[7] = "11-02 05:00:00";
    assert_eq!(judged(&starts), "pass – 7 7");
}

#[test]
fn the_date_of_a_conversation_is_the_first_of_seven() {
    let judged = |talks: &[&str], tries: &[&str]| {
        let lines = [answered(talks), missed(tries)].concat();
        judged("us-reg-f", "after_conversation", Some(FILE), lines)
    };
    let talk = ["05-04 10:00:00"];
    assert_eq!(judged(&talk, &["05-10 23:59:59.999"]), "over_presumption – 1 0");
    assert_eq!(judged(&talk, &["05-11 00:00:00"]), "pass – 0 0");
    // On its own date those after it, not those before it nor the conversation itself.
    assert_eq!(judged(&talk, &["05-04 10:00:00.001"]), "over_presumption – 1 0");
    assert_eq!(judged(&talk, &["05-04 10:00:00"]), "pass – 0 0");
    assert_eq!(judged(&talk, &["05-04 09:59:59"]), "pass – 0 0");
    assert_eq!(judged(&talk, &[]), "pass – 0 0");
    // A second conversation is an attempt after the first, and begins seven dates of its own.
    assert_eq!(judged(&["05-04 10:00:00", "05-08 10:00:00"], &["05-14 10:00:00"]), "over_presumption – 2 0");
    assert_eq!(judged(&["05-04 10:00:00", "05-12 10:00:00"], &["05-19 00:00:00"]), "pass – 0 0");
}

#[test]
fn a_conversation_is_when_somebody_picks_up_whoever_called() {
    // Asha calls, and is answered three seconds later, at midnight.
    let mut lines = call("accepted", "desk", ASHA, "05-04 23:59:57");
    lines.push(outgoing("CALL_MISSED", "o1", ASHA, "05-10 12:00:00"));
    lines.push(outgoing("CALL_MISSED", "o2", ASHA, "05-11 12:00:00"));
    lines.push(outgoing("CALL_MISSED", "o3", ASHA, "05-12 00:00:00"));
    let output = report_of(&["us-reg-f"], Input { lines, customers: Some(FILE), ..Input::default() });
    let row = "finding count first_at last_at";
    assert_eq!(
        rows_of(&output, "after_conversation", row),
        ["over_presumption 2 05-04 23:59:57 05-11 12:00:00"]
    );
    // Her own calls are no attempts.
    assert_eq!(rows_of(&output, "attempts_in_7_dates", "finding count"), ["pass 3"]);
    // The conversation and both attempts, each once.
    assert_eq!(rows_of(&output, "after_conversation", "session_ids")[0].split('+').count(), 3);
    // Calls of hers that nobody answered are no conversations.
    let mut lines = call("missed", "desk", ASHA, "05-04 23:59:57");
    lines.push(outgoing("CALL_MISSED", "o1", ASHA, "05-10 12:00:00"));
    assert_eq!(judged("us-reg-f", "after_conversation", Some(FILE), lines), "pass – 0 0");
}

#[test]
fn hours_end_with_their_last_moment() {
    let judged = |profile: &str, start: &str| {
        judged(profile, "calling_hours", Some(FILE), missed(&[start])).replace(" – ", " ")
    };
    for (profile, last, after) in [
        ("us-reg-f", "05-04 21:00:00", "05-04 21:00:00.001"),
        ("in-rbi", "05-04 19:00:00", "05-04 19:00:00.001"),
    ] {
        assert_eq!(judged(profile, "05-04 07:59:59.999"), "breach 1 0");
        assert_eq!(judged(profile, "05-04 08:00:00"), "pass 0 0");
        assert_eq!(judged(profile, last), "pass 0 0");
        assert_eq!(judged(profile, after), "breach 1 0");
        assert_eq!(judged(profile, "05-04 00:00:00"), "breach 1 0");
    }
    assert_eq!(judged("us-reg-f", "05-04 20:00:00"), "pass 0 0");
    assert_eq!(judged("in-rbi", "05-04 20:00:00"), "breach 1 0");
}

#[test]
fn hours_are_those_of_the_customers_zone() {
    let judged = |file: Option<&'static str>, customer: &str| {
        let lines = vec![outgoing("CALL_MISSED", "o", customer, "05-04 02:29:59.999")];
        let output = report_of(&["in-rbi"], Input { lines, customers: file, ..Input::default() });
        rows_of(&output, "calling_hours", "finding undecided_by count zone zone_source")[0].clone()
    };
    // 02:30 UTC is 08:00 in India, 04:30 in Berlin, 22:30 of the day before in New York.
    assert_eq!(judged(None, ASHA), "breach – 1 Asia/Kolkata country");
    let dhaka = Some("phone,tz\n919811110001,Asia/Dhaka\n");
    assert_eq!(judged(dhaka, ASHA), "pass – 0 Asia/Dhaka customers_file");
    // Rows that say the same are no contradiction, an empty cell says nothing.
    let again =
        Some("phone,account_id,tz\n919811110001,1,Asia/Dhaka\n919811110001,2,\n919811110001,3,Asia/Dhaka\n");
    assert_eq!(judged(again, ASHA), "pass – 0 Asia/Dhaka customers_file");
    let torn = Some("phone,tz\n919811110001,Asia/Dhaka\n919811110001,Asia/Kolkata\n");
    assert_eq!(judged(torn, ASHA), "undecidable zone – – none");
    // The United States have many zones; nobody knows where a hidden identity lives.
    assert_eq!(judged(None, "12125550123"), "undecidable zone – – none");
    assert_eq!(
        judged(Some("phone,tz\n12125550123,America/New_York\n"), "12125550123"),
        "breach – 1 America/New_York customers_file"
    );
    assert_eq!(judged(None, "123@lid"), "undecidable zone – – none");
}

#[test]
fn hours_follow_the_clock_when_it_is_set_forward() {
    const BERLIN: &str = "phone,tz\n919811110001,Europe/Berlin\n";
    // On 29 March 2026 clocks in Berlin go from 02:00 to 03:00: 06:00 UTC is 07:00 on the day before,
    // 08:00 on that day.
    let judged = |start| judged("in-rbi", "calling_hours", Some(BERLIN), missed(&[start]));
    assert_eq!(judged("03-28 06:00:00"), "breach – 1 0");
    assert_eq!(judged("03-29 05:59:59.999"), "breach – 1 0");
    assert_eq!(judged("03-29 06:00:00"), "pass – 0 0");
    assert_eq!(judged("03-29 17:00:00"), "pass – 0 0");
    assert_eq!(judged("03-29 17:00:00.001"), "breach – 1 0");
}

#[test]
fn an_unknown_account_matters_only_where_calls_are_many() {
    let eight: Vec<String> = (10..18).map(|it| format!("05-04 {it}:00:00")).collect();
    let eight: Vec<&str> = eight.iter().map(String::as_str).collect();
    let of =
        |rule, file: Option<&'static str>, starts: &[&str]| judged("us-reg-f", rule, file, missed(starts));
    // No file: all calls may have been about one account, or not.
    assert_eq!(of("attempts_in_7_dates", None, &eight[1..]), "pass – 7 7");
    assert_eq!(of("attempts_in_7_dates", None, &eight), "undecidable account 8 7");
    let nameless = Some("phone,tz\n919811110001,UTC\n");
    assert_eq!(of("attempts_in_7_dates", nameless, &eight), "undecidable account 8 7");
    let talk = [answered(&["05-04 09:00:00"]), missed(&["05-04 10:00:00"])].concat();
    assert_eq!(judged("us-reg-f", "after_conversation", None, talk), "undecidable account 1 0");
    assert_eq!(judged("us-reg-f", "after_conversation", None, missed(&eight)), "pass – 0 0");
}

#[test]
fn calls_to_a_customer_with_two_accounts_may_be_about_either() {
    const TWO: &str =
        "phone,account_id,tz\n919811110001,LN-1,UTC\n919811110001,LN-2,UTC\n919811110002,LN-1,UTC\n";
    let rows = |lines: Vec<String>| {
        let output = report_of(&["us-reg-f"], Input { lines, customers: Some(TWO), ..Input::default() });
        rows_of(&output, "attempts_in_7_dates", "finding undecided_by count account_id customer")
    };
    let hours: Vec<String> = (8..20).map(|it| format!("05-04 {it:02}:00:00")).collect();
    let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
    let other = |starts: &[&str]| -> Vec<String> {
        starts.iter().map(|it| outgoing("CALL_MISSED", &format!("2 {it}"), "919811110002", it)).collect()
    };
    assert_eq!(rows(missed(&hours[..7])), ["pass – 7 LN-1 +919811110001", "pass – 7 LN-2 +919811110001"]);
    assert_eq!(
        rows(missed(&hours[..8])),
        ["undecidable account 8 LN-1 +919811110001", "undecidable account 8 LN-2 +919811110001"]
    );
    // Phones of one account count together: 3 calls to the other phone were about LN-1, 5 may have been.
    assert_eq!(
        rows([other(&hours[..3]), missed(&hours[5..10])].concat()),
        ["undecidable account 8 LN-1 +919811110002", "pass – 5 LN-2 +919811110001"]
    );
    // What is certain decides alone.
    assert_eq!(
        rows([other(&hours[..8]), missed(&hours[8..12])].concat()),
        ["over_presumption – 8 LN-1 +919811110002", "pass – 4 LN-2 +919811110001"]
    );
}

#[test]
fn an_unknown_zone_matters_only_where_some_zone_would_make_a_difference() {
    const NO_ZONE: &str = "phone,account_id\n12125550123,LN-9\n";
    let rows = |rule: &str, lines: Vec<String>| {
        let lines: Vec<String> = lines.iter().map(|it| it.replace(ASHA, "12125550123")).collect();
        judged("us-reg-f", rule, Some(NO_ZONE), lines)
    };
    // Eight calls within eight times 24 hours may lie on seven dates of some zone.
    let mut starts = SEVEN.to_vec();
    assert_eq!(rows("attempts_in_7_dates", missed(&starts)), "pass – 7 7");
    starts.push("05-12 09:59:59.999");
    assert_eq!(rows("attempts_in_7_dates", missed(&starts)), "undecidable zone 8 7");
    starts[7] = "05-12 10:00:00";
    assert_eq!(rows("attempts_in_7_dates", missed(&starts)), "pass – 7 7");
    let talk = |next| rows("after_conversation", [answered(&["05-04 10:00:00"]), missed(&[next])].concat());
    assert_eq!(talk("05-12 09:59:59.999"), "undecidable zone 1 0");
    assert_eq!(talk("05-12 10:00:00"), "pass – 0 0");
}

#[test]
fn five_connected_calls_in_24_hours_pass_and_six_do_not() {
    let judged = |profile: &str, starts: &[&str]| judged(profile, "connected_in_24h", None, answered(starts));
    let mut starts =
        vec!["05-04 10:00:00", "05-04 11:00:00", "05-04 12:00:00", "05-04 13:00:00", "05-04 14:00:00"];
    assert_eq!(judged("whatsapp", &starts), "pass – 5 5");
    starts.push("05-05 09:59:59.999");
    assert_eq!(judged("whatsapp", &starts), "over_presumption – 6 5");
    assert_eq!(judged("whatsapp-2026", &starts), "pass – 6 100");
    starts[5] = "05-05 10:00:00";
    assert_eq!(judged("whatsapp", &starts), "pass – 5 5");
}

#[test]
fn only_answered_outgoing_calls_are_connected_calls_of_the_business() {
    let starts = ["05-04 10:00:00", "05-04 11:00:00", "05-04 12:00:00", "05-04 13:00:00", "05-04 14:00:00"];
    let mut lines = answered(&starts);
    lines.extend(missed(&["05-04 15:00:00"]));
    let incoming = outgoing("CALL_ENDED", "in", ASHA, "05-04 16:00:00").replace("OUTGOING", "INCOMING");
    lines.push(incoming);
    assert_eq!(judged("whatsapp", "connected_in_24h", None, lines), "pass – 5 5");
}

#[test]
fn two_and_four_unanswered_calls_in_a_row() {
    let lines = missed(&["05-04 10:00:00", "05-04 11:00:00", "05-06 10:00:00", "05-07 10:00:00"]);
    let judged = |calls: usize| {
        let of = |rule| judged("whatsapp", rule, None, lines[..calls].to_vec());
        [of("unanswered_2"), of("unanswered_4")]
    };
    assert_eq!(judged(1), ["pass – 1 1", "pass – 1 3"]);
    assert_eq!(judged(2), ["over_presumption – 2 1", "pass – 2 3"]);
    assert_eq!(judged(3), ["over_presumption – 3 1", "pass – 3 3"]);
    assert_eq!(judged(4), ["over_presumption – 4 1", "over_presumption – 4 3"]);
}

#[test]
fn an_answered_call_in_either_direction_ends_a_row() {
    let row = |lines: Vec<String>| judged("whatsapp", "unanswered_2", None, lines);
    let tries = || missed(&["05-04 10:00:00", "05-04 12:00:00"]);
    let between = |name: &str| outgoing(name, "b", ASHA, "05-04 11:00:00");
    assert_eq!(row([tries(), vec![between("CALL_ENDED")]].concat()), "pass – 1 1");
    let incoming = |name: &str| between(name).replace("OUTGOING", "INCOMING");
    assert_eq!(row([tries(), vec![incoming("CALL_ENDED")]].concat()), "pass – 1 1");
    assert_eq!(row([tries(), vec![incoming("CALL_MISSED")]].concat()), "over_presumption – 2 1");
    // A declined call is unanswered too; one that failed is none; one that still rings may yet be answered.
    assert_eq!(row([tries(), vec![between("CALL_REJECTED")]].concat()), "over_presumption – 3 1");
    let failed = between("CALL_MISSED").replace("\"Asha\"", "\"Asha\",\"callStatus\":\"FAILED\"");
    assert_eq!(row([missed(&["05-04 10:00:00"]), vec![failed]].concat()), "pass – 1 1");
    let ringing = "{\"received_at\":\"2026-05-04T13:00:00Z\",\"body\":{\"event\":\"CALL_OUTGOING_INITIATED\",\
        \"callId\":\"x\",\"wabaNumber\":\"919800000001\",\"customerNumber\":\"919811110001\"}}";
    assert_eq!(row([missed(&["05-04 10:00:00"]), vec![ringing.to_owned()]].concat()), "pass – 1 1");
}

#[test]
fn business_numbers_are_told_apart_and_lines_of_one_number_are_not() {
    let rows = |lines: Vec<String>| {
        let output = report_of(&["whatsapp"], Input { lines, ..Input::default() });
        rows_of(&output, "unanswered_2", "finding count provider instance account")
    };
    let second: Vec<String> = missed(&["05-04 11:00:00"]);
    let second: Vec<String> = second.iter().map(|it| it.replace("919800000001", "919800000002")).collect();
    assert_eq!(
        rows([missed(&["05-04 10:00:00"]), second].concat()),
        ["pass 1 doubletick 919800000001 +919800000001", "pass 1 doubletick 919800000002 +919800000002"]
    );
    // Two sessions of a server are linked to one number: its calls are one row, a call on both is one call.
    let wawp = |instance: &str, id: &str, me: &str, start: &str| {
        let when = at(start);
        let end = when + 3000;
        let line = |event: &str, at: i64, data: &str| {
            format!(
                r#"{{"event":"call.{event}","session":"{instance}","timestamp":{at},{me}"payload":{{"id":"{id}","from":"{ASHA}@c.us","_data":{{"fromMe":true{data}}}}}}}"#
            )
        };
        vec![line("received", when, ""), line("rejected", end, r#","status":"timeout""#)]
    };
    let me = r#""me":{"id":"919800000009@c.us"},"#;
    let one = [wawp("a", "1", me, "05-04 10:00:00"), wawp("b", "1", me, "05-04 10:00:00")].concat();
    assert_eq!(rows(one.clone()), ["pass 1 wawp a +919800000009"]);
    let two = [one, wawp("b", "2", me, "05-04 11:00:00")].concat();
    assert_eq!(rows(two), ["over_presumption 2 wawp a +919800000009"]);
    // A payload without the number belongs to the only number of its line.
    let quiet = [wawp("a", "1", me, "05-04 10:00:00"), wawp("a", "2", "", "05-04 11:00:00")].concat();
    assert_eq!(rows(quiet), ["over_presumption 2 wawp a +919800000009"]);
    // Of a line that had two numbers it belongs to none of them.
    let other = r#""me":{"id":"919800000008@c.us"},"#;
    let moved = [
        wawp("a", "1", me, "05-04 10:00:00"),
        wawp("a", "2", "", "05-04 11:00:00"),
        wawp("a", "3", other, "05-04 12:00:00"),
    ];
    assert_eq!(
        rows(moved.concat()),
        ["pass 1 wawp a +919800000008", "pass 1 wawp a +919800000009", "pass 1 wawp a –"]
    );
    // Where no payload names it, the line stands for it.
    let nameless = [wawp("a", "1", "", "05-04 10:00:00"), wawp("b", "2", "", "05-04 11:00:00")].concat();
    assert_eq!(rows(nameless), ["pass 1 wawp a –", "pass 1 wawp b –"]);
}

#[test]
fn one_call_on_two_lines_is_one_attempt() {
    let line = |instance: &str, hour: usize| {
        format!(
            r#"{{"event":"call.rejected","session":"{instance}","timestamp":{},"payload":{{"id":"c{hour}","from":"{ASHA}@c.us","_data":{{"fromMe":true,"status":"timeout"}}}}}}"#,
            at(&format!("05-04 {hour:02}:00:00"))
        )
    };
    let twice = |hours: std::ops::Range<usize>| hours.flat_map(|it| [line("a", it), line("b", it)]).collect();
    let of = |lines| judged("us-reg-f", "attempts_in_7_dates", Some(FILE), lines);
    assert_eq!(of(twice(10..17)), "pass – 7 7");
    assert_eq!(of(twice(10..18)), "over_presumption – 8 7");
}

#[test]
fn filters_choose_findings_and_break_no_window() {
    let eight: Vec<String> = (10..18).map(|it| format!("05-04 {it}:00:00")).collect();
    let eight: Vec<&str> = eight.iter().map(String::as_str).collect();
    let of = |since: &str, rule: &str, lines: Vec<String>| {
        let filter = Filter { since: Some(at(since)), ..Filter::default() };
        let input = Input { lines, customers: Some(FILE), filter, ..Input::default() };
        rows_of(&report_of(&["us-reg-f", "whatsapp"], input), rule, "finding count")
    };
    // Seven of the eight started before the month that is looked at.
    assert_eq!(of("05-04 17:00:00", "attempts_in_7_dates", missed(&eight)), ["over_presumption 8"]);
    assert_eq!(of("05-04 17:00:00", "unanswered_4", missed(&eight)), ["over_presumption 8"]);
    assert_eq!(of("05-04 17:00:00.001", "attempts_in_7_dates", missed(&eight)), [""; 0]);
    // A fuller window without a chosen call is not shown.
    let later = missed(&[&eight[..], &["05-20 10:00:00"]].concat());
    assert_eq!(of("05-19 00:00:00", "attempts_in_7_dates", later), ["pass 1"]);
    let rows = [missed(&eight), answered(&["05-19 10:00:00"]), missed(&["05-20 10:00:00"])].concat();
    assert_eq!(of("05-19 00:00:00", "unanswered_4", rows), ["pass 1"]);
    let talk = [answered(&["05-04 10:00:00"]), missed(&["05-04 11:00:00", "05-05 11:00:00"])].concat();
    assert_eq!(of("05-05 00:00:00", "after_conversation", talk), ["over_presumption 1"]);
    // Hours are of the chosen calls alone.
    let night = missed(&["05-04 03:00:00", "05-05 03:00:00", "05-05 10:00:00"]);
    assert_eq!(of("05-05 00:00:00", "calling_hours", night), ["breach 1"]);
}

#[test]
fn of_equal_windows_and_rows_the_first_is_shown() {
    let lines = [
        missed(&["05-04 10:00:00", "05-05 10:00:00"]),
        answered(&["05-14 10:00:00", "05-24 10:00:00"]),
        missed(&["06-04 10:00:00", "06-05 10:00:00"]),
    ];
    let input = Input { lines: lines.concat(), customers: Some(FILE), ..Input::default() };
    let output = report_of(&["us-reg-f", "whatsapp"], input);
    let row = |rule: &str| rows_of(&output, rule, "count first_at last_at");
    assert_eq!(row("attempts_in_7_dates"), ["2 05-04 10:00:00 05-05 10:00:00"]);
    assert_eq!(row("unanswered_2"), ["2 05-04 10:00:00 05-05 10:00:00"]);
    assert_eq!(row("connected_in_24h"), ["1 05-14 10:00:00 05-14 10:00:00"]);
}

#[test]
fn what_is_left_out_is_counted() {
    let failed = outgoing("CALL_MISSED", "f", ASHA, "03:00:00")
        .replace("\"Asha\"", "\"Asha\",\"callStatus\":\"FAILED\"");
    let nobody = outgoing("CALL_MISSED", "n", "", "03:00:00");
    let untimed = outgoing("CALL_OUTGOING_INITIATED", "u", ASHA, "03:00:00");
    let group = format!(
        r#"{{"event":"call.received","session":"a","timestamp":{},"payload":{{"id":"g","from":"{ASHA}@c.us","isGroup":true,"_data":{{"fromMe":true}}}}}}"#,
        at("03:00:00")
    );
    // The customer's own calls are not left out; they are not what is judged.
    let incoming = call("missed", "desk", ASHA, "05-04 03:00:00");
    let lines = [vec![failed, nobody, untimed, group], incoming].concat();
    let output = report_of(&["us-reg-f"], Input { lines, ..Input::default() });
    assert!(table(&output, &["rows"]).rows.is_empty());
    let left_out =
        |why: &str| format!("Outgoing sessions that {why} and so are held against no contact rule: 1.");
    assert_eq!(
        words(&output.notes),
        [
            left_out("do not say who was called"),
            left_out("cannot be placed in time"),
            left_out("are calls of groups"),
            left_out("failed before they reached the customer")
        ]
    );
}

#[test]
fn the_gravest_come_first_then_profiles_as_named() {
    let mut lines = missed(&["05-04 03:00:00", "05-04 10:00:00"]);
    lines.push(outgoing("CALL_MISSED", "us", "12125550123", "05-04 15:00:00"));
    let output =
        report_of(&["whatsapp", "in-rbi"], Input { lines, customers: Some(FILE), ..Input::default() });
    let table = table(&output, &["rows"]);
    let rows: Vec<String> =
        (0..table.rows.len()).map(|it| cells(table, it, "finding profile rule customer")).collect();
    assert_eq!(
        rows,
        [
            "breach in-rbi calling_hours +919811110001",
            "over_presumption whatsapp unanswered_2 +919811110001",
            "undecidable in-rbi calling_hours +12125550123",
            "pass whatsapp connected_in_24h +12125550123",
            "pass whatsapp connected_in_24h +919811110001",
            "pass whatsapp unanswered_2 +12125550123",
            "pass whatsapp unanswered_4 +919811110001",
            "pass whatsapp unanswered_4 +12125550123",
        ]
    );
    let summary = crate::reports::testing::table(&output, &["summary"]);
    let rows: Vec<String> = (0..summary.rows.len())
        .map(|it| cells(summary, it, "profile rule breach over_presumption undecidable pass"))
        .collect();
    assert_eq!(
        rows,
        [
            "whatsapp connected_in_24h 0 0 0 2",
            "whatsapp unanswered_2 0 1 0 1",
            "whatsapp unanswered_4 0 0 0 2",
            "in-rbi calling_hours 1 0 1 0",
        ]
    );
    let rules = crate::reports::testing::table(&output, &["rules"]);
    assert_eq!(cells(rules, 3, "profile rule dated"), "in-rbi calling_hours 2022-08-12");
    assert_eq!(rules.rows.len(), 4);
}

#[test]
fn findings_can_be_counted_without_a_table() {
    let lines = missed(&["05-04 03:00:00", "05-04 10:00:00"]);
    let analysis = Input { lines, customers: Some(FILE), ..Input::default() }.analysis();
    let profiles = [profile("whatsapp").unwrap(), profile("in-rbi").unwrap()];
    let found = findings(&analysis, &profiles);
    let gravities: Vec<Gravity> = found.iter().map(|it| it.gravity).collect();
    assert_eq!(gravities, [Gravity::Breach, Gravity::OverPresumption, Gravity::Pass, Gravity::Pass]);
    assert_eq!(found[1].shown.len(), 2);
}

#[test]
fn the_order_of_lines_changes_no_finding() {
    let mut lines = missed(&SEVEN);
    lines.extend(answered(&["05-04 12:00:00", "05-06 12:00:00"]));
    lines.push(outgoing("CALL_MISSED", "same", "919811110002", SEVEN[0]));
    lines.push(outgoing("CALL_MISSED", "same", "12125550123", SEVEN[0]));
    let all = |lines: &[String]| {
        let input = Input { lines: lines.to_vec(), customers: Some(FILE), ..Input::default() };
        format!("{:?}", report_of(&["us-reg-f", "in-rbi", "whatsapp"], input))
    };
    let expected = all(&lines);
    for _ in 0..lines.len() {
        lines.rotate_left(1);
        lines.swap(0, 5);
        assert_eq!(all(&lines), expected);
    }
}

#[test]
fn of_conversations_in_two_zones_the_one_with_the_latest_date_decides() {
    const TWO: &str = "phone,account_id,tz\n919811110001,LN-1,Pacific/Auckland\n\
        919811110002,LN-1,Pacific/Honolulu\n";
    let talk =
        |who: &str, when: &str| outgoing("CALL_ENDED", when, who, when).replace("OUTGOING", "INCOMING");
    // 5 May at 08:00 in Auckland, an hour later 4 May at 11:00 in Honolulu; then 11 May in Auckland, the
    // seventh date from the fifth.
    let mut lines = vec![talk(ASHA, "05-04 20:00:00"), talk("919811110002", "05-04 21:00:00")];
    lines.extend(missed(&["05-10 21:00:00"]));
    assert_eq!(judged("us-reg-f", "after_conversation", Some(TWO), lines), "over_presumption – 1 0");
}

#[test]
fn what_is_over_the_limit_for_certain_is_so_whatever_else_is_unknown() {
    const TWO: &str = "phone,account_id,tz\n919811110001,LN-1,UTC\n12125550002,LN-1,\n";
    let day: Vec<String> = (10..18).map(|it| format!("05-04 {it}:00:00")).collect();
    let day: Vec<&str> = day.iter().map(String::as_str).collect();
    let mut lines = missed(&day);
    lines.push(outgoing("CALL_MISSED", "b", "12125550002", "06-20 10:00:00"));
    assert_eq!(judged("us-reg-f", "attempts_in_7_dates", Some(TWO), lines.clone()), "over_presumption – 8 7");
    // One of the eight less, and the unknown zone matters no more than before.
    assert_eq!(judged("us-reg-f", "attempts_in_7_dates", Some(TWO), lines.split_off(1)), "pass – 7 7");
}
