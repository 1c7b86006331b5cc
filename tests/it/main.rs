//! Tests of the whole program, in one binary: it links once and shares its support code.

mod fixtures;
mod oracle;
mod oracle_compare;
mod support;
mod traffic;
