//! Compressed data that fail their checksum: their lines are used and counted, or left out on demand.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{errors, folder, gzip, json, run};

/// The same with a byte of the end flipped: 8 is in the checksum, 1 in the length.
fn broken(bytes: &[u8], from_end: usize) -> Vec<u8> {
    let mut packed = gzip(bytes);
    let at = packed.len() - from_end;
    packed[at] ^= 1;
    packed
}

/// A rejected call of two lines, a message, and a line that is no JSON.
fn lines(id: &str) -> Vec<u8> {
    let at = 1_777_888_800_000_u64;
    format!(
        "{{\"event\":\"call.received\",\"session\":\"desk\",\"timestamp\":{at},\"payload\":{{\"id\":\"{id}\",\"from\":\"5511900001111@c.us\"}}}}\n\
         {{\"event\":\"call.rejected\",\"session\":\"desk\",\"timestamp\":{},\"payload\":{{\"id\":\"{id}\"}}}}\n\
         {{\"event\":\"message\"}}\nbroken\n",
        at + 5000
    )
    .into_bytes()
}

/// The books of a dump, the rows of its sessions, and what was told.
fn read(home: &Path, flags: &[&str]) -> (Value, usize, String) {
    let args = [&["sessions", "a.gz", "--format", "json"], flags].concat();
    let output = run(home, &args);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    let document = json(&output);
    let books = document["accounting"]["lines"].clone();
    let sessions = document["accounting"]["sessions"]["total"].as_u64().unwrap();
    (books, usize::try_from(sessions).unwrap(), errors(&output))
}

#[test]
fn lines_that_fail_are_used_or_left_out_and_counted() {
    let parts = |bad: usize, from_end: usize| -> Vec<u8> {
        let part = |n: usize| {
            let lines = lines(&format!("{n}A"));
            if n == bad { broken(&lines, from_end) } else { gzip(&lines) }
        };
        (0..3).flat_map(part).collect()
    };
    for bad in 0..3 {
        for from_end in [8, 1] {
            let home = folder();
            fs::write(home.path().join("a.gz"), parts(bad, from_end)).unwrap();
            let (books, sessions, told) = read(home.path(), &[]);
            let all = json!({
                "total": 12, "call": 6, "reaction": 0, "other": 3, "invalid": 3, "blank": 0
            });
            assert_eq!(books, all);
            assert_eq!(sessions, 3);
            assert!(told.contains("4 lines unverified, `--drop-unverified` leaves such lines out"), "{told}");
            for block in ["1", "100", "1000000"] {
                let (books, sessions, told) =
                    read(home.path(), &["--drop-unverified", "--block-bytes", block]);
                let left = json!({
                    "total": 12, "call": 4, "reaction": 0, "other": 2, "invalid": 2, "blank": 0, "unverified": 4
                });
                assert_eq!(books, left);
                assert_eq!(sessions, 2);
                assert!(told.contains("4 lines left out as unverified"), "{told}");
            }
        }
    }
}

#[test]
fn an_event_that_is_also_in_good_lines_stays() {
    let home = folder();
    fs::write(home.path().join("a.gz"), [gzip(&lines("A")), broken(&lines("A"), 8)].concat()).unwrap();
    let (books, sessions, _) = read(home.path(), &["--drop-unverified"]);
    assert_eq!((&books["call"], &books["unverified"], sessions), (&2.into(), &4.into(), 1));
}

#[test]
fn a_member_that_breaks_off_is_not_verified() {
    let home = folder();
    let cut = gzip(&lines("B"));
    fs::write(home.path().join("a.gz"), [&gzip(&lines("A"))[..], &cut[..cut.len() - 4]].concat()).unwrap();
    assert_eq!(read(home.path(), &[]).1, 2);
    let (books, sessions, told) = read(home.path(), &["--drop-unverified"]);
    assert_eq!((&books["call"], &books["unverified"], sessions), (&2.into(), &4.into(), 1));
    assert!(told.contains("ends inside gzip member 2"), "{told}");
}

#[test]
fn what_cannot_be_verified_is_used_with_a_note() {
    let home = folder();
    fs::write(home.path().join("a.zst"), zstd::encode_all(&lines("A")[..8], 1).unwrap()).unwrap();
    let output = run(home.path(), &["sessions", "a.zst", "--drop-unverified", "--tolerate-invalid", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(errors(&output).contains("came without a checksum"), "{}", errors(&output));
}
