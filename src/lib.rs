//! Finds rejected, missed and lost WhatsApp calls in captured webhook dumps.
//!
//! The modules are listed in the order in which data passes through them; `docs/architecture.md`
//! tells the way in a page.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests may fail loudly"))]

// What was typed, and what comes of it.
pub mod cli;

// From paths to lines.
pub mod input;

// From lines to events.
pub mod lanes;
pub mod json;
pub mod capture;
pub mod dialects;
pub mod identity;
pub mod time;
pub mod call_id;
pub mod event;
pub mod shapes;
pub mod read;
pub mod pipeline;

// From events to sessions.
pub mod side;
pub mod store;
pub mod session;

// From sessions to figures.
pub mod analysis;
pub mod business;
pub mod calling_codes;
pub mod contact_rules;
pub mod country_zones;
pub mod instances;
pub mod stats;
pub mod reports;
pub mod definitions;

// From figures to bytes.
pub mod section;
pub mod document;
pub mod schema;
pub mod privacy;
pub mod ops;
pub mod render;
pub mod output;
pub mod pack;

// What all of them stand on.
pub mod ledger;
pub mod memory;
pub mod suggest;
pub mod text;
pub mod zone;

// Dumps whose truth is known.
pub mod synth;
