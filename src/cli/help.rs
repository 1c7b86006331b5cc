//! Words of the help. Each example stands on a line of its own that begins with two spaces and a
//! command, of 80 characters at most, since wrapped ones could not be copied; the tests run them.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::definitions::{FIGURES, Figure};
use crate::zone::TZDB_VERSION;

/// What `--version` prints behind the name.
pub static LONG_VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (zone data {TZDB_VERSION})", env!("CARGO_PKG_VERSION")));

/// The examples of a command, and the figures that it shows, from their definitions.
fn with_figures(examples: &str, command: &str) -> String {
    let mut text = examples.to_owned();
    text.push_str("\n\nFigures (`callsift define FIGURE` tells more):\n");
    // What every command shows is the ledger; it would stand here again and again.
    let of_command = |it: &&Figure| it.reports.contains(&command) && it.reports.len() < 14;
    for figure in FIGURES.iter().filter(of_command) {
        let _ = writeln!(text, "  {:28} {} ({})", figure.id, figure.title, figure.unit);
    }
    text
}

/// The help of commands whose columns are figures.
pub static KPI_LONG: LazyLock<String> = LazyLock::new(|| with_figures(KPI, "kpi"));
pub static FRUSTRATION_LONG: LazyLock<String> = LazyLock::new(|| with_figures(FRUSTRATION, "frustration"));
pub static CONTACTS_LONG: LazyLock<String> = LazyLock::new(|| with_figures(CONTACTS, "contacts"));
pub static AVOIDANCE_LONG: LazyLock<String> = LazyLock::new(|| with_figures(AVOIDANCE, "avoidance"));
pub static ANOMALIES_LONG: LazyLock<String> = LazyLock::new(|| with_figures(ANOMALIES, "anomalies"));
pub static SESSIONS_LONG: LazyLock<String> = LazyLock::new(|| with_figures(SESSIONS, "sessions"));
pub static COMPARE_LONG: LazyLock<String> = LazyLock::new(|| with_figures(COMPARE, "compare"));
pub static CALLBACKS_LONG: LazyLock<String> = LazyLock::new(|| with_figures(CALLBACKS, "callbacks"));
pub static REACTIONS_LONG: LazyLock<String> = LazyLock::new(|| with_figures(REACTIONS, "reactions"));

pub const ABOUT: &str = "Finds rejected, missed and lost WhatsApp calls in captured webhook dumps.

Reads NDJSON dumps of call webhooks from Wawp, DoubleTick, Wazzap and TimelinesAI, puts their events \
together to calls, and tells which agents and lines reject calls, which callers are frustrated, and which \
rejections arrived without their call. All commands read files, folders, patterns, `-` or a pipe; plain, \
gzip or zstd.";

pub const AFTER: &str = "\
Start with:
  callsift report fixtures/demo --tz Asia/Kolkata
  callsift inspect fixtures/demo
  callsift define rejection_rate

Exit status: 0 complete, 1 failed (a gate of check, verify, or under --strict), 2 wrong usage,
3 finished but some input was defective, 4 an output could not be written, 5 internal fault.";

pub const REPORT: &str = "\
Examples:
  callsift report fixtures/demo --tz Asia/Kolkata
  callsift report fixtures/demo --tz Asia/Kolkata --month 2026-05 --format json
  cat fixtures/demo/wawp/*.ndjson | callsift report --tz Asia/Kolkata";

pub const KPI: &str = "\
Examples:
  callsift kpi fixtures/demo --tz Asia/Kolkata
  callsift kpi fixtures/demo --by provider,instance --format csv
  callsift kpi fixtures/demo --by hour --columns hour,calls,rejection_rate";

pub const FRUSTRATION: &str = "\
Examples:
  callsift frustration fixtures/demo --tz Asia/Kolkata --top 10
  callsift frustration fixtures/demo --customers fixtures/demo/customers.csv";

pub const CONTACTS: &str = "\
Examples:
  callsift contacts fixtures/demo --rules in-rbi --tz Asia/Kolkata
  callsift contacts fixtures/demo --rules whatsapp --section summary
  callsift contacts fixtures/demo --rules us-reg-f --rules whatsapp --format csv";

pub const AVOIDANCE: &str = "\
Examples:
  callsift avoidance fixtures/demo --customers fixtures/demo/customers.csv
  callsift avoidance fixtures/demo --tz Asia/Kolkata --sort rejected:desc";

pub const ANOMALIES: &str = "\
Examples:
  callsift anomalies fixtures/demo --tz Asia/Kolkata
  callsift anomalies fixtures/demo --section incidents --format csv";

pub const ORPHANS: &str = "\
Examples:
  callsift orphans fixtures/demo --tz Asia/Kolkata
  callsift orphans fixtures/demo --provider wawp --format ndjson";

pub const SESSIONS: &str = "\
Examples:
  callsift sessions fixtures/demo --format ndjson
  callsift sessions fixtures/demo --outcome rejected --customer +915551857854
  callsift sessions fixtures/demo --sort ring_ms:desc --columns agent,ring_ms";

pub const REJECTIONS: &str = "\
Examples:
  callsift rejections fixtures/demo --month 2026-05 --format csv
  callsift rejections fixtures/demo --declined-by agent";

pub const TIMELINE: &str = "\
Examples:
  callsift timeline +915551857854 fixtures/demo --tz Asia/Kolkata";

pub const CALLBACKS: &str = "\
Examples:
  callsift callbacks fixtures/demo --tz Asia/Kolkata
  callsift callbacks fixtures/demo --section open_episodes --format csv
  callsift callbacks fixtures/demo --callback-sla 30m --callbacks-from any";

pub const REACTIONS: &str = "\
Examples:
  callsift reactions fixtures/demo";

pub const EVENTS: &str = "\
The rows are NDJSON unless another format is asked for. callsift reads them back like a dump, mixed with
anything else; the same part twice changes nothing.

Examples:
  callsift events fixtures/demo --provider wawp
  callsift events fixtures/demo | callsift report --tz Asia/Kolkata";

pub const INSPECT: &str = "\
Examples:
  callsift inspect fixtures/demo
  callsift inspect fixtures/demo --section feeds --format csv";

pub const EXPLAIN: &str = "\
Examples:
  callsift explain rejected --agent neha.joshi@lender.example fixtures/demo
  callsift explain score --customer +915551857854 fixtures/demo";

pub const PACK: &str = "\
Customers are masked unless --privacy says otherwise. Every file is made for the same period, zone and
parameters; --month, or --since and --until, and --tz must be given.

Examples:
  callsift pack --month 2026-05 --tz Asia/Kolkata --out pack fixtures/demo
  callsift verify pack";

pub const VERIFY: &str = "\
Exit status: 0 the pack is as it was made, 1 it is not. That another version made a pack is said, and
is no fault of the pack by itself.

Examples:
  callsift verify pack
  callsift verify pack --inputs fixtures/demo";

pub const DEFINE: &str = "\
Examples:
  callsift define
  callsift define rejection_rate
  callsift define --format json";

pub const CHECK: &str = "\
Also --format github, annotations in a workflow, and junit, a file of test cases. docs/gate.md has a
workflow file.

Examples:
  callsift check fixtures/demo --max-rejection-rate 0.6 --max-orphans 20
  callsift check fixtures/demo --max-invalid 0.5% --format junit";

pub const COMPARE: &str = "\
Examples:
  callsift compare fixtures/reports/april.json fixtures/reports/may.json
  callsift compare --period-a 2026-04 --period-b 2026-05 fixtures/demo";

pub const SCHEMA: &str = "\
Examples:
  callsift schema kpi";
pub const CONFIG: &str = "\
What a flag sets can also stand in `callsift.toml` in the working directory, or in the file of
`--config`, and in variables such as CALLSIFT_TZ. What is typed counts before the environment, that
before the file. Switches can be turned off: `--strict=false`. docs/configuration.md tells more.

Examples:
  callsift config show
  callsift config show kpi --format json";

pub const SYNTH: &str = "\
Examples:
  callsift synth --shape mixed --calls 100 --seed 7 | callsift inspect";

pub const COMPLETIONS: &str = "\
Examples:
  callsift completions bash";

pub const MAN: &str = "\
Examples:
  callsift man";
