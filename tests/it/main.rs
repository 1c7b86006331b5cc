//! Tests of the whole program, in one binary: it links once and shares its support code.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "tests may fail loudly")]

mod answers;
mod books;
mod boundaries;
mod browser;
mod capture;
mod check;
#[path = "../../fuzz/checks/mod.rs"]
mod checks;
mod cli;
mod compare;
mod config;
mod cost;
mod demo;
mod dialects;
mod docs;
mod explain;
mod faults;
mod files;
mod fixtures;
mod fuzz_replay;
mod golden;
mod hostile;
mod matrix;
mod metamorphic;
mod oracle;
mod oracle_compare;
mod pack;
mod privacy;
mod promises;
mod regressions;
mod schema;
mod shapes;
mod support;
mod surroundings;
mod traffic;
mod unverified;
mod workbooks;
