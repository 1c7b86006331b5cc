//! The overview that a newcomer wants first: every report under one roof.

use super::groups::Key;
use super::{Output, anomalies, frustration, kpi, reactions};
use crate::analysis::Analysis;
use crate::section::{Body, Cell, Part};

/// Rates by agent and by line, frustrated callers, anomalies and reactions.
pub fn report(analysis: &Analysis) -> Output {
    let mut output = Output::default();
    for (name, section) in [
        ("kpi_by_agent", kpi::report(analysis, &[Key::Agent])),
        ("kpi_by_instance", kpi::report(analysis, &[Key::Provider, Key::Instance])),
        ("frustration", frustration::report(analysis)),
        ("anomalies", anomalies::report(analysis, false)),
    ] {
        under(name, section, &mut output);
    }
    for name in ["avoidance", "callbacks"] {
        output.parts.push(Part { path: vec![name], body: Body::Value(Cell::Missing) });
    }
    under("reactions", reactions::report(analysis), &mut output);
    output
}

fn under(name: &'static str, section: Output, output: &mut Output) {
    for mut part in section.parts {
        part.path.insert(0, name);
        output.parts.push(part);
    }
    output.notes.extend(section.notes);
}
