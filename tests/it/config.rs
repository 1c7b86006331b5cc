//! The configuration: which place counts, what is told of mistakes, and what instances have of their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Output;

use callsift::cli::Env;
use serde_json::{Value, json};

use crate::support::{callsift, errors, folder, json, root, run, run_with, text, write_files};

/// A folder with a configuration and a dump of one call that was declined.
fn home(config: &str) -> tempfile::TempDir {
    let home = folder();
    let dump = fs::read(root().join("fixtures/stories/declined-after-12-seconds/wawp.ndjson")).unwrap();
    write_files(home.path(), &[("callsift.toml".into(), config.into()), ("dumps/calls.ndjson".into(), dump)]);
    home
}

/// Runs with variables of the environment.
fn run_in(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    callsift(folder).args(args).envs(variables.iter().copied()).output().unwrap()
}

/// Value, origin and place of a key, as `config show` has them.
#[track_caller]
fn shown(folder: &Path, command: &str, key: &str, variables: &[(&str, &str)]) -> (Value, String, Value) {
    let output = run_in(folder, &["config", "show", command, "--format", "json"], variables);
    assert_eq!(errors(&output), "");
    let document = json(&output);
    let rows = document["values"].as_array().unwrap();
    let row = rows.iter().find(|it| it["key"] == key).unwrap_or_else(|| panic!("no {key}"));
    (row["value"].clone(), row["origin"].as_str().unwrap().to_owned(), row["where"].clone())
}

/// The parameters of an answer.
#[track_caller]
fn parameters(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Value {
    let output = run_in(folder, &[args, &["--format", "json"]].concat(), variables);
    assert!(output.status.success(), "{}", errors(&output));
    json(&output)["parameters"].clone()
}

/// A configuration that is refused, whole message.
#[track_caller]
fn refused(config: &str, args: &[&str], message: &str) {
    let output = run(home(config).path(), args);
    assert_eq!((errors(&output), text(&output)), (format!("error: {message}\n"), String::new()), "{config}");
    assert_eq!(output.status.code(), Some(2));
}

// ---- Which place counts --------------------------------------------------------------------------

#[test]
fn flags_count_before_the_environment_that_before_the_file_that_before_the_default() {
    let file = home("ring_timeout = \"40s\"\nstrict = true\nprovider = [\"wawp\"]\ntz = \"Asia/Kolkata\"\n");
    let none = home("");
    let env =
        [("CALLSIFT_RING_TIMEOUT", "50s"), ("CALLSIFT_PROVIDER", "doubletick\nwawp"), ("CALLSIFT_TZ", "UTC")];
    let dump = ["kpi", "dumps"];
    let typed = ["kpi", "dumps", "--ring-timeout", "70s", "--provider", "wazzap", "--tz", "Europe/Berlin"];
    for (folder, args, variables, millis, providers, origin) in [
        (none.path(), &dump[..], &[][..], 60_000, None, "default"),
        (file.path(), &dump, &[], 40_000, Some(json!(["wawp"])), "file"),
        (file.path(), &dump, &env, 50_000, Some(json!(["doubletick", "wawp"])), "environment"),
        (file.path(), &typed, &env, 70_000, Some(json!(["wazzap"])), "flag"),
    ] {
        let found = parameters(folder, args, variables);
        assert_eq!(found["ring_timeout_ms"], millis);
        assert_eq!(found["filters"].get("provider"), providers.as_ref());
        assert_eq!(found["tz_origin"], origin);
    }
    assert_eq!(parameters(file.path(), &dump, &[])["config"], "callsift.toml");
    assert_eq!(parameters(none.path(), &["kpi", "dumps", "--no-config"], &[]).get("config"), None);

    let of = |key, variables: &[(&str, &str)]| shown(file.path(), "kpi", key, variables);
    assert_eq!(of("ring_timeout", &[]), (json!("40s"), "file".into(), json!("callsift.toml:1")));
    assert_eq!(
        of("ring_timeout", &env),
        (json!("50s"), "environment".into(), json!("CALLSIFT_RING_TIMEOUT"))
    );
    assert_eq!(of("window", &[]), (json!("10m"), "default".into(), Value::Null));
    assert_eq!(of("body", &[]), (Value::Null, "default".into(), Value::Null));
}

#[test]
fn switches_can_be_turned_off_above() {
    let home = home("strict = true\n");
    fs::write(home.path().join("bad.ndjson"), "{\n").unwrap();
    let status = |args: &[&str], variables: &[(&str, &str)]| {
        run_in(home.path(), &[&["kpi", "bad.ndjson"], args].concat(), variables).status.code()
    };
    // 1 is strict, 3 is not.
    assert_eq!(status(&["--no-config"], &[]), Some(3));
    assert_eq!(status(&["--no-config", "--strict"], &[]), Some(1));
    assert_eq!(status(&[], &[]), Some(1));
    assert_eq!(status(&["--strict=false"], &[]), Some(3));
    for (word, code) in
        [("true", 1), ("yes", 1), ("1", 1), ("false", 3), ("no", 3), ("0", 3), ("NO", 3), ("", 1)]
    {
        assert_eq!(status(&[], &[("CALLSIFT_STRICT", word)]), Some(code), "{word}");
    }
    assert_eq!(status(&["--strict=true"], &[("CALLSIFT_STRICT", "no")]), Some(1));
    // A switch takes no word that stands apart, and shares its dash with others.
    assert_eq!(status(&["--no-config", "--strict", "false"], &[]), Some(1));
    assert_eq!(status(&["--no-config", "-qf", "json"], &[]), Some(3));
    let output = run_in(home.path(), &["kpi", "dumps"], &[("CALLSIFT_STRICT", "maybe")]);
    assert_eq!(errors(&output), "error: CALLSIFT_STRICT: `maybe` cannot be used: value was not a boolean\n");
    assert_eq!(shown(home.path(), "kpi", "strict", &[("CALLSIFT_STRICT", "no")]).0, json!(false));
}

#[test]
fn a_list_in_a_variable_has_one_value_a_line_so_that_commas_survive() {
    let home = home("");
    let agents = [("CALLSIFT_AGENT", "Rao, Asha\n  Verma, Anil \n")];
    assert_eq!(shown(home.path(), "kpi", "agent", &agents).0, json!(["Rao, Asha", "Verma, Anil"]));
    let found = parameters(home.path(), &["kpi", "dumps"], &agents);
    assert_eq!(found["filters"]["agent"], json!(["Rao, Asha", "Verma, Anil"]));
    // Where commas part values when typed, they do here.
    assert_eq!(
        shown(home.path(), "kpi", "by", &[("CALLSIFT_BY", "provider,hour")]).0,
        json!(["provider", "hour"])
    );
}

#[test]
fn the_table_of_a_command_comes_before_the_top() {
    let home = home("top = 7\n[kpi]\ntop = 3\nby = [\"provider\", \"hour\"]\ninstance = [\"front\"]\n");
    let top = |command| shown(home.path(), command, "top", &[]);
    assert_eq!(top("kpi"), (json!("3"), "file".into(), json!("callsift.toml:3")));
    assert_eq!(top("sessions"), (json!("7"), "file".into(), json!("callsift.toml:1")));
    assert_eq!(shown(home.path(), "kpi", "top", &[("CALLSIFT_TOP", "9")]).0, json!("9"));
    let answer = json(&run(home.path(), &["kpi", "dumps", "--format", "json"]));
    assert_eq!(answer["by"], json!(["provider", "hour"]));
    // Without a command: what holds for all, and the tables apart.
    let all = json(&run(home.path(), &["config", "show", "--format", "json"]));
    let rows: BTreeMap<&str, &Value> = all["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["key"].as_str().unwrap(), &it["value"]))
        .collect();
    assert_eq!((rows["top"], rows["kpi.top"], rows["by"]), (&json!("7"), &json!("3"), &json!(["agent"])));
    assert_eq!(rows["kpi.instance"], &json!(["front"]));
}

#[test]
fn options_that_exclude_each_other_come_from_one_place() {
    let bounds = home("since = 2026-05-01\nuntil = \"2026-06-01\"\n");
    let filters = |folder: &Path, args: &[&str], variables: &[(&str, &str)]| {
        parameters(folder, &[&["kpi", "dumps"], args].concat(), variables)["filters"].clone()
    };
    let (may, june, april) = ("2026-05-01T00:00:00.000+00:00", "2026-06-01T00:00:00.000+00:00", "2026-04-01");
    let between = |since: &str, until: &str| json!({"since": since, "until": until});
    assert_eq!(filters(bounds.path(), &[], &[]), between(may, june));
    let april_whole = between("2026-04-01T00:00:00.000+00:00", may);
    assert_eq!(filters(bounds.path(), &["--month", "2026-04"], &[]), april_whole);
    assert_eq!(filters(bounds.path(), &[], &[("CALLSIFT_MONTH", "2026-04")]), april_whole);
    // A bound that is typed does not meet the other one of the file.
    assert_eq!(
        filters(bounds.path(), &["--since", april], &[]),
        json!({"since": "2026-04-01T00:00:00.000+00:00"})
    );
    let month = home("month = \"2026-05\"\n");
    assert_eq!(
        filters(month.path(), &["--until", "2026-06-01"], &[]),
        json!({"until": "2026-06-01T00:00:00.000+00:00"})
    );
    refused(
        "since = \"2026-05-01\"\nmonth = \"2026-05\"\n",
        &["define", "calls"],
        "callsift.toml:2: month: cannot be used with `since`; keep one",
    );
    // A command's own table is a place of its own.
    let own = home("month = \"2026-05\"\n[kpi]\nsince = \"2026-05-01\"\n");
    assert_eq!(filters(own.path(), &[], &[]), json!({"since": may}));
}

// ---- Mistakes ------------------------------------------------------------------------------------

#[test]
fn unknown_keys_are_told_with_their_line_and_the_nearest_right_name() {
    let args = ["kpi", "dumps"];
    refused(
        "\nring-timeout = 5\n",
        &args,
        "callsift.toml:2: unknown key `ring-timeout`; did you mean `ring_timeout`?",
    );
    refused(
        "tz = \"UTC\"\nrign_timeout = 5\n",
        &args,
        "callsift.toml:2: unknown key `rign_timeout`; did you mean `ring_timeout`?",
    );
    refused("[kpii]\nby = [\"hour\"]\n", &args, "callsift.toml:1: unknown key `kpii`; did you mean `kpi`?");
    refused(
        "[kpi]\n\nbuy = \"hour\"\n",
        &args,
        "callsift.toml:3: unknown key `buy` of `kpi`; did you mean `by`?",
    );
    // Another command has it, this one has not: at the top that is fine, in a table it is not.
    refused(
        "[report]\nby = \"hour\"\n",
        &args,
        "callsift.toml:2: unknown key `by` of `report`; keys are the names of flags with `_`; `callsift config show` lists them",
    );
    assert_eq!(
        run(home("show_paths = true\nby = [\"hour\"]\n").path(), &["report", "dumps"]).status.code(),
        Some(0)
    );
    refused(
        "[[source]]\npatern = \"a\"\n",
        &args,
        "callsift.toml:2: source: unknown key `patern`; did you mean `pattern`?",
    );
    refused(
        "[[instance]]\nname = \"a\"\nzone = \"UTC\"\nteams = \"x\"\n",
        &args,
        "callsift.toml:3: unknown key `zone` of `[[instance]]`; keys are the names of flags with `_`; `callsift config show` lists them",
    );
    refused(
        "[[instance]]\nname = \"a\"\nteams = \"x\"\n",
        &args,
        "callsift.toml:3: unknown key `teams` of `[[instance]]`; did you mean `team`?",
    );
    refused(
        "config = \"x\"\n",
        &args,
        "callsift.toml:1: unknown key `config`; keys are the names of flags with `_`; `callsift config show` lists them",
    );
}

#[test]
fn wrong_values_are_told_where_they_stand_whatever_the_command() {
    let args = ["define", "calls"];
    for (config, message) in [
        ("strict = \"yes\"\n", "1: strict: expected true or false, not text or a number"),
        ("ring_timeout = [\"60s\"]\n", "1: ring_timeout: expected text or a number, not a list"),
        ("min_calls = true\n", "1: min_calls: expected text or a number, not true or false"),
        ("\nmin_calls = \"ten\"\n", "2: min_calls: `ten` cannot be used: invalid digit found in string"),
        ("min_calls = 0x10\n", "1: min_calls: `0x10` cannot be used: invalid digit found in string"),
        ("color = \"red\"\n", "1: color: `red` is none of auto, always, never"),
        ("provider = [\n\"wawp\",\ntrue]\n", "3: provider: expected text or a number, not true or false"),
        ("tz = { name = \"UTC\" }\n", "1: tz: expected text or a number, not a table"),
        ("kpi = 1\n", "1: `kpi` is a command: expected a table, not text or a number"),
        ("[[source]]\npattern = \"a\"\n", "1: source: write both pattern = \"…\" and instance = \"…\""),
        (
            "[[source]]\npattern = \"a\"\ninstance = \"b=c\"\n",
            "3: source: the name of an instance cannot hold `=`",
        ),
        ("[[instance]]\nteam = \"a\"\n", "1: instance: has no name; write name = \"…\""),
        (
            "[[instance]]\nname = \"a\"\nprovider = \"waw\"\n",
            "3: provider: unknown `waw`; did you mean `wawp`?",
        ),
        (
            "[[instance]]\nname = \"a\"\ntz = \"IST\"\n",
            "3: tz: unknown time zone 'IST'; write Asia/Kolkata, Europe/Dublin or Asia/Jerusalem",
        ),
        (
            "[[instance]]\nname = \"a\"\nbusiness_hours = \"Mon\"\n",
            "3: business_hours: range 1 of the business hours, 'Mon', is not DAYS FROM-TO; give each range its own days and hours: Mon-Fri 09:00-18:00, Sat 10:00-14:00",
        ),
        (
            "[[instance]]\nname = \"a\"\nholidays = [2026-05-01,\n\"soon\"]\n",
            "4: holidays: not a date; write it as 2026-05-04",
        ),
        (
            "[[instance]]\nname = \"a\"\n[[instance]]\nname = \"a\"\n",
            "3: instance: `a` stands on line 1 already; keep one",
        ),
    ] {
        refused(config, &args, &format!("callsift.toml:{message}"));
    }
    // What has a meaning only for the command is told by it, and still where it stands.
    refused(
        "\nring_timeout = \"soon\"\n",
        &["kpi", "dumps"],
        "callsift.toml:2: ring_timeout: `soon` is no duration; write it as `60s` or `10m`",
    );
    refused(
        "feed_complete = [\n\"wawp\",\n\"wawq\"]\n",
        &["kpi", "dumps"],
        "callsift.toml:3: feed_complete: unknown `wawq`; did you mean `wawp`?",
    );
    refused("by = []\n", &["kpi", "dumps"], "callsift.toml:1: by: name at least one key, such as `agent`");
    refused(
        "[[source]]\npattern = \"[\"\ninstance = \"a\"\n",
        &["kpi", "dumps"],
        "callsift.toml:1: source: `[` is no pattern: Pattern syntax error near position 0: invalid range pattern",
    );
    let env = [("CALLSIFT_RING_TIMEOUT", "soon")];
    let told = errors(&run_in(home("").path(), &["kpi", "dumps"], &env));
    assert_eq!(told, "error: CALLSIFT_RING_TIMEOUT: `soon` is no duration; write it as `60s` or `10m`\n");
    let told = errors(&run_in(home("").path(), &["kpi", "dumps"], &[("CALLSIFT_MIN_CALLS", "ten")]));
    assert_eq!(told, "error: CALLSIFT_MIN_CALLS: `ten` cannot be used: invalid digit found in string\n");
}

#[test]
fn a_file_that_is_none_is_told() {
    let args = ["kpi", "dumps"];
    let told = errors(&run(home("tz = \"UTC\"\ntz = \"UTC\"\n").path(), &args));
    assert!(told.starts_with("error: callsift.toml:2: no TOML: duplicate key"), "{told}");
    let told = errors(&run(home("a = 1\n\nb = = 2\n").path(), &args));
    assert!(told.starts_with("error: callsift.toml:3: no TOML: "), "{told}");

    let home = home("");
    let path = home.path().join("callsift.toml");
    fs::write(&path, [b'#', 0xff]).unwrap();
    assert_eq!(errors(&run(home.path(), &args)), "error: callsift.toml: is no UTF-8 text\n");
    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert_eq!(
        errors(&run(home.path(), &args)),
        "error: callsift.toml: is longer than 1 MiB, so it is no configuration\n"
    );
    fs::write(&path, "#".repeat(1 << 20)).unwrap();
    assert_eq!(errors(&run(home.path(), &args)), "");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(
        errors(&run(home.path(), &args)),
        "error: callsift.toml: is no file; --no-config does without callsift.toml\n"
    );
    assert_eq!(errors(&run(home.path(), &["kpi", "dumps", "--no-config"])), "");
    let told = errors(&run(home.path(), &["kpi", "dumps", "--config", "none.toml"]));
    assert!(told.starts_with("error: none.toml: cannot be read: "), "{told}");
    // What needs no configuration does not fail by it.
    for args in [&["man"][..], &["completions", "bash"], &["--version"], &["kpi", "--help"]] {
        assert_eq!(run(home.path(), args).status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn hostile_text_is_escaped_in_messages() {
    for config in [
        "\"\\u001b[2J\" = 1\n",
        "color = \"\\u001b[2J\"\n",
        "ring_timeout = \"\\u001b[2J\"\n",
        "[kpi]\n\"\\u001b[2J\" = 1\n",
        "[[instance]]\nname = \"a\"\n\"\\u001b[2J\" = 1\n",
        "[[instance]]\nname = \"a\"\nprovider = \"\\u001b[2J\"\n",
        "[[source]]\n\"\\u001b[2J\" = 1\n",
        "tz = \"\\u001b[2J\"\n",
    ] {
        let told = errors(&run(home(config).path(), &["kpi", "dumps"]));
        assert!(told.starts_with("error: callsift.toml:"), "{config}: {told}");
        assert!(
            !told.contains('\u{1b}') && told.contains("\\u{1b}[2J") && !told.contains("\\\\u{1b}"),
            "{config}: {told}"
        );
    }
    let shown = text(&run(home("body = \"\\u001b[2J\"\n").path(), &["config", "show", "kpi"]));
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn variables_that_set_nothing_are_told_unless_quiet() {
    let home = home("");
    let variables =
        [("CALLSIFT_RING_TIMOUT", "5s"), ("CALLSIFT_CONFIG", "other.toml"), ("CALLSIFT_ZZZ", "1")];
    assert_eq!(
        errors(&run_in(home.path(), &["kpi", "dumps"], &variables)),
        "note: the variable CALLSIFT_CONFIG sets nothing; --config names the file\n\
         note: the variable CALLSIFT_RING_TIMOUT sets nothing; did you mean CALLSIFT_RING_TIMEOUT?\n\
         note: the variable CALLSIFT_ZZZ sets nothing; no flag is called so\n"
    );
    assert_eq!(errors(&run_in(home.path(), &["kpi", "dumps", "--quiet"], &variables)), "");
    // A variable of another command is known.
    assert_eq!(errors(&run_in(home.path(), &["report", "dumps"], &[("CALLSIFT_BY", "hour")])), "");
}

// ---- Files ---------------------------------------------------------------------------------------

#[test]
fn paths_in_the_file_are_relative_to_it_and_others_to_the_working_directory() {
    let home = home("");
    let roster = |agent: &str| format!("instance,agent\nloans-front,{agent}\n").into_bytes();
    write_files(
        home.path(),
        &[
            ("conf/team.toml".into(), b"inputs = [\"../dumps/*.ndjson\"]\nroster = \"roster.csv\"\noutput = \"out.json\"\nformat = \"json\"\n".to_vec()),
            ("conf/roster.csv".into(), roster("Beside")),
            ("roster.csv".into(), roster("Here")),
        ],
    );
    let config = ["--config", "conf/team.toml"];
    let output = run(home.path(), &[&["sessions"], &config[..]].concat());
    assert_eq!((output.status.code(), errors(&output).as_str()), (Some(0), ""));
    let answer: Value =
        serde_json::from_slice(&fs::read(home.path().join("conf/out.json")).unwrap()).unwrap();
    let path = |it: &Value| it.as_str().unwrap().replace('\\', "/");
    assert_eq!(path(&answer["parameters"]["roster"]), "conf/roster.csv");
    assert_eq!(path(&answer["parameters"]["config"]), "conf/team.toml");
    assert_eq!(answer["accounting"]["lines"]["total"], 2);
    // `-` stays standard output.
    let found = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["sessions", "-o", "-"], &config[..], args].concat();
        path(&json(&run_in(home.path(), &args, variables))["parameters"]["roster"])
    };
    assert_eq!(found(&[], &[]), "conf/roster.csv");
    assert_eq!(found(&[], &[("CALLSIFT_ROSTER", "roster.csv")]), "roster.csv");
    assert_eq!(found(&["--roster", "roster.csv"], &[]), "roster.csv");
    // A folder whose name looks like a pattern is none.
    write_files(
        home.path(),
        &[
            ("[a]/callsift.toml".into(), b"inputs = [\"*.ndjson\"]\n".to_vec()),
            ("[a]/x.ndjson".into(), fs::read(home.path().join("dumps/calls.ndjson")).unwrap()),
        ],
    );
    let answer = json(&run(home.path(), &["kpi", "--config", "[a]/callsift.toml", "-f", "json"]));
    assert_eq!(answer["accounting"]["lines"]["total"], 2);
}

#[test]
fn the_configuration_is_not_read_from_the_folder_of_the_dumps_nor_from_home() {
    let home = folder();
    let dump = fs::read(root().join("fixtures/stories/declined-after-12-seconds/wawp.ndjson")).unwrap();
    let config = b"ring_timeout = \"1s\"\n".to_vec();
    write_files(
        home.path(),
        &[
            ("work/dumps/calls.ndjson".into(), dump),
            ("work/dumps/callsift.toml".into(), config.clone()),
            ("callsift.toml".into(), config.clone()),
            ("user/callsift.toml".into(), config.clone()),
            ("user/.callsift.toml".into(), config.clone()),
            ("user/.config/callsift.toml".into(), config.clone()),
            ("user/.config/callsift/callsift.toml".into(), config),
        ],
    );
    let user = home.path().join("user");
    let user = user.to_str().unwrap();
    let variables = [("HOME", user), ("USERPROFILE", user), ("XDG_CONFIG_HOME", user), ("APPDATA", user)];
    let found = parameters(&home.path().join("work"), &["kpi", "dumps"], &variables);
    assert_eq!((&found["ring_timeout_ms"], found.get("config")), (&json!(60_000), None));
}

#[test]
fn an_output_never_replaces_the_configuration_or_a_file_that_it_names() {
    let home = home("[[instance]]\nname = \"a\"\nholidays = \"days.csv\"\n");
    fs::write(home.path().join("days.csv"), "date\n2026-05-04\n").unwrap();
    for (args, message) in [
        (&["kpi", "dumps", "-o", "callsift.toml"][..], "--output: callsift.toml is the configuration"),
        (&["define", "-o", "callsift.toml"], "--output: callsift.toml is the configuration"),
        (&["config", "show", "-o", "callsift.toml"], "--output: callsift.toml is the configuration"),
        (&["kpi", "dumps", "--rejects", "callsift.toml"], "callsift.toml is an input"),
        (&["kpi", "dumps", "-o", "days.csv"], "days.csv is an input"),
    ] {
        let output = run(home.path(), args);
        assert_eq!(errors(&output), format!("error: {message}; write to another file\n"));
        assert_eq!(output.status.code(), Some(2));
    }
}

// ---- What is read --------------------------------------------------------------------------------

#[test]
fn typed_paths_replace_inputs_and_a_pipe_is_not_passed_over() {
    let home = home("inputs = [\"dumps\"]\n");
    let dump = fs::read(home.path().join("dumps/calls.ndjson")).unwrap();
    let first = dump.split_inclusive(|it| *it == b'\n').next().unwrap().to_vec();
    write_files(
        home.path(),
        &[("one.ndjson".into(), first.clone()), ("list.txt".into(), b"one.ndjson\n".to_vec())],
    );
    let lines = |output: &Output| json(output)["accounting"]["lines"]["total"].clone();
    let args = ["kpi", "-f", "json"];
    assert_eq!(lines(&run(home.path(), &args)), 2);
    assert_eq!(lines(&run(home.path(), &[&args[..], &["one.ndjson"]].concat())), 1);
    assert_eq!(lines(&run(home.path(), &[&args[..], &["--files-from", "list.txt"]].concat())), 1);
    assert_eq!(lines(&run_in(home.path(), &args, &[("CALLSIFT_INPUTS", "one.ndjson")])), 1);
    // A list in the file is replaced by typed paths as well.
    fs::write(home.path().join("list.toml"), "files_from = \"list.txt\"\n").unwrap();
    let listed = [&args[..], &["--config", "list.toml"]].concat();
    assert_eq!(lines(&run(home.path(), &listed)), 1);
    assert_eq!(lines(&run(home.path(), &[&listed[..], &["dumps"]].concat())), 2);

    let piped = run_with(home.path(), &args, &first);
    assert_eq!(
        errors(&piped),
        "error: callsift.toml:1 says what to read, and standard input is a pipe or a file as well; type `-` to \
         read that, or the paths to read\n"
    );
    assert_eq!(lines(&run_with(home.path(), &[&args[..], &["-"]].concat(), &first)), 1);
    assert_eq!(lines(&run_with(home.path(), &[&args[..], &["dumps"]].concat(), &first)), 2);
    // An id that is a path is still taken for a slip.
    let told = errors(&run(home.path(), &["timeline", "dumps"]));
    assert!(told.contains("name the customer first"), "{told}");
}

#[test]
fn on_a_terminal_inputs_are_read() {
    let home = home("");
    let config = home.path().join("callsift.toml");
    fs::write(&config, "inputs = [\"dumps\"]\n").unwrap();
    let argv: Vec<OsString> =
        ["callsift", "kpi", "--config"].iter().map(OsString::from).chain([config.into()]).collect();
    let env = Env {
        stdin_is_terminal: true,
        variables: vec![("CALLSIFT_FORMAT".into(), "json".into())],
        ..Env::default()
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = callsift::cli::run(&argv, &env, &mut out, &mut err);
    assert_eq!((exit.status(), String::from_utf8(err).unwrap().as_str()), (0, ""));
    let answer: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(answer["accounting"]["lines"]["total"], 2);
}

// ---- Sources and instances -----------------------------------------------------------------------

#[test]
fn sources_name_the_lines_of_wazzap() {
    let line = r#"{"path":"/hooks/centro/x","body":{"event":"call.missed","phone":"+5215500001111","ts":"2026-05-04T09:00:00Z"}}"#;
    let config = "[[source]]\npattern = \"/hooks/north/*\"\ninstance = \"north\"\n\
                  [[source]]\npattern = \"/hooks/centro/*\"\ninstance = \"centro\"\n";
    let instance = |config: &str, args: &[&str]| {
        let args = [&["sessions", "-", "-f", "json"], args].concat();
        json(&run_with(home(config).path(), &args, line.as_bytes()))["sessions"][0]["instance"].clone()
    };
    assert_eq!(instance(config, &[]), "centro");
    assert_eq!(instance(config, &["--source", "*=typed"]), "typed");
    assert_eq!(instance("source = [\"/hooks/centro/*=short\"]\n", &[]), "short");
    assert_eq!(instance(&config.replace("[[source]]", "[[sessions.source]]"), &[]), "centro");
    assert_eq!(instance("", &[]), "-");
}

/// An offer and its end three seconds later, as Wawp sends them.
fn call(instance: &str, number: usize, end: &str, at: &str) -> String {
    let at = chrono::DateTime::parse_from_rfc3339(at).unwrap().timestamp_millis();
    let line = |name: &str, at: i64| {
        format!(
            r#"{{"event":"call.{name}","session":"{instance}","timestamp":{at},"payload":{{"id":"{instance}{number}","from":"91981111000{number}@c.us","_data":{{"status":"reject"}}}}}}"#
        ) + "\n"
    };
    line("received", at) + &line(end, at + 3000)
}

/// Calls on a line in Mexico and on one in India. By the clocks of Kolkata all calls of the first are
/// outside of 09:00-18:00.
fn two_lines() -> Vec<u8> {
    [
        // Mexico City is 6 hours behind UTC. Monday 10:00:00, 13:59:59, 14:00:00 and 12:00:00.
        call("mx", 1, "rejected", "2026-05-04T16:00:00Z"),
        call("mx", 2, "rejected", "2026-05-04T19:59:59Z"),
        call("mx", 3, "rejected", "2026-05-04T20:00:00Z"),
        call("mx", 4, "accepted", "2026-05-04T18:00:00Z"),
        // Tuesday 11:00, Saturday 11:00.
        call("mx", 5, "rejected", "2026-05-05T17:00:00Z"),
        call("mx", 6, "rejected", "2026-05-02T17:00:00Z"),
        // Monday 09:00 and 18:00, Tuesday 10:30 in Kolkata.
        call("in", 1, "rejected", "2026-05-04T03:30:00Z"),
        call("in", 2, "rejected", "2026-05-04T12:30:00Z"),
        call("in", 3, "accepted", "2026-05-05T05:00:00Z"),
    ]
    .concat()
    .into_bytes()
}

/// For each row by its key, and for the total, resolved and rejected calls in business hours, days
/// rated and over.
fn in_hours(config: &str, args: &[&str]) -> BTreeMap<String, [Value; 4]> {
    let home = home(config);
    write_files(
        home.path(),
        &[
            ("two.ndjson".into(), two_lines()),
            ("general.csv".into(), b"date\n2026-05-04\n".to_vec()),
            ("mexico.csv".into(), b"date\n2026-05-05\n".to_vec()),
            ("roster.csv".into(), b"instance,agent\nin,Asha\n".to_vec()),
            ("agents.csv".into(), b"label,agent,team\nAsha,Asha,Loans\n".to_vec()),
        ],
    );
    let output = run(home.path(), &[&["kpi", "two.ndjson", "-f", "json"], args].concat());
    assert_eq!(errors(&output), "", "{config}");
    let answer = json(&output);
    let of = |it: &Value| {
        ["bh_resolved", "bh_rejected", "days_rated", "days_over"].map(|figure| it[figure].clone())
    };
    let by = answer["by"][0].as_str().unwrap().to_owned();
    let rows = answer["rows"].as_array().unwrap().iter();
    let mut found: BTreeMap<_, _> = rows.map(|it| (it[&by].as_str().unwrap().to_owned(), of(it))).collect();
    found.insert("total".into(), of(&answer["total"]));
    found
}

fn figures(numbers: [u64; 4]) -> [Value; 4] {
    numbers.map(|it| json!(it))
}

fn missing() -> [Value; 4] {
    [Value::Null, Value::Null, Value::Null, Value::Null]
}

const MEXICO: &str = "flag_rate = 0.6\n[[instance]]\nname = \"mx\"\ntz = \"America/Mexico_City\"\n\
                      business_hours = \"Mon-Sat 10:00-14:00\"\nholidays = [2026-05-05]\n";

#[test]
fn an_instance_keeps_its_own_zone_hours_and_holidays_whatever_the_group() {
    let kolkata = ["--by", "instance", "--tz", "Asia/Kolkata"];
    // Without settings of its own: none of its calls, and of the other line those of 09:00 and 10:30.
    let plain = in_hours("", &kolkata);
    assert_eq!(plain["mx"], figures([0, 0, 0, 0]));
    assert_eq!(plain["in"], figures([2, 1, 0, 0]));
    // 10:00, 12:00 and 13:59:59 on Monday, of which two were rejected (0.67, over 0.6), and Saturday.
    let own = in_hours(MEXICO, &kolkata);
    assert_eq!(own["mx"], figures([4, 3, 1, 1]));
    assert_eq!(own["in"], figures([2, 1, 0, 0]));
    assert_eq!(own["total"], figures([6, 4, 1, 1]));
    let by_provider = in_hours(MEXICO, &["--by", "provider", "--tz", "Asia/Kolkata"]);
    assert_eq!(by_provider["wawp"], figures([6, 4, 1, 1]));
    // Groups of time stay in --tz: 16:00 in UTC is 21 o'clock in Kolkata.
    let by_hour = in_hours(MEXICO, &["--by", "hour", "--tz", "Asia/Kolkata"]);
    assert_eq!(by_hour["21"], figures([1, 1, 0, 0]));
}

#[test]
fn what_an_instance_leaves_open_is_the_general_setting() {
    let kolkata = ["--by", "instance", "--tz", "Asia/Kolkata"];
    let zone = "[[instance]]\nname = \"mx\"\ntz = \"America/Mexico_City\"\n";
    // 09:00-18:00 by its clocks: all but Saturday; four on Monday, of which three were rejected.
    assert_eq!(in_hours(zone, &kolkata)["mx"], figures([5, 4, 1, 0]));
    // The general holiday is its own too, unless it has holidays of its own.
    let general = [&kolkata[..], &["--holidays", "general.csv"]].concat();
    assert_eq!(in_hours(zone, &general)["mx"], figures([1, 1, 0, 0]));
    assert_eq!(in_hours(MEXICO, &general)["mx"], figures([4, 3, 1, 1]));
    assert_eq!(in_hours(MEXICO, &general)["in"], figures([1, 0, 0, 0]));
    assert_eq!(in_hours(&format!("{zone}holidays = []\n"), &general)["mx"], figures([5, 4, 1, 0]));
    assert_eq!(
        in_hours(&format!("{zone}holidays = \"mexico.csv\"\n"), &general)["mx"],
        figures([4, 3, 1, 0])
    );
    // Hours alone are by the clocks of --tz: 21:30, 23:30, 01:29:59, 01:30, 22:30 and 22:30.
    let nights = "[[instance]]\nname = \"mx\"\nbusiness_hours = \"Mon-Sun 21:00-01:30\"\n";
    assert_eq!(in_hours(nights, &kolkata)["mx"], figures([5, 4, 0, 0]));
    // Settings of another provider's instance of that name are no concern of it.
    let other = MEXICO.replace("name", "provider = \"wazzap\"\nname");
    assert_eq!(in_hours(&other, &kolkata)["mx"], figures([0, 0, 0, 0]));
}

#[test]
fn without_tz_a_row_is_missing_as_soon_as_a_zone_of_its_sessions_is() {
    let by_instance = in_hours(MEXICO, &["--by", "instance"]);
    assert_eq!(by_instance["mx"], figures([4, 3, 1, 1]));
    assert_eq!(by_instance["in"], missing());
    assert_eq!(by_instance["total"], missing());
    let both = format!("{MEXICO}[[instance]]\nname = \"in\"\ntz = \"Asia/Kolkata\"\n");
    assert_eq!(in_hours(&both, &["--by", "provider"])["total"], figures([6, 4, 1, 1]));
    // Hours without a zone say nothing.
    let hours = "[[instance]]\nname = \"mx\"\nbusiness_hours = \"Mon-Sun 00:00-24:00\"\n";
    assert_eq!(in_hours(hours, &["--by", "instance"])["mx"], missing());
    let none = ["--by", "provider", "--month", "2020-01", "--quiet"];
    assert_eq!(in_hours(&both, &none)["total"], missing());
}

#[test]
fn the_team_of_an_instance_stands_where_the_agents_file_gives_none() {
    let config = format!("{MEXICO}team = \"Centro\"\n[[instance]]\nname = \"in\"\nteam = \"Other\"\n");
    let by = ["--by", "team", "--tz", "Asia/Kolkata"];
    let sides = [&by[..], &["--roster", "roster.csv", "--agents", "agents.csv"]].concat();
    let names = |args: &[&str]| in_hours(&config, args).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&sides), ["Centro", "Loans", "total"]);
    assert_eq!(names(&by), ["Centro", "Other", "total"]);
}

#[test]
fn explain_and_the_notes_agree_with_the_figures() {
    let home = home(MEXICO);
    write_files(home.path(), &[("two.ndjson".into(), two_lines())]);
    for (figure, count) in [("bh_resolved", 4), ("bh_rejected", 3)] {
        let args = ["explain", figure, "two.ndjson", "--instance", "mx", "-f", "json"];
        let answer = json(&run(home.path(), &args));
        let rows = answer["sessions"].as_array().unwrap();
        assert_eq!(rows.iter().filter(|it| it["counts_in"] == "numerator").count(), count, "{figure}");
    }
    let answer = json(&run(home.path(), &["kpi", "two.ndjson", "-f", "json"]));
    let notes = answer["notes"].to_string();
    for said in [
        "Business hours and days of wawp line mx are its own: Mon-Sat 10:00-14:00 in America/Mexico_City, 1 holiday.",
        "figures of business hours are missing where an instance has no zone of its own.",
    ] {
        assert!(notes.contains(said), "{notes}");
    }
    assert_eq!(
        answer["parameters"]["instances"],
        json!([{
            "name": "mx", "tz": "America/Mexico_City", "business_hours": "Mon-Sat 10:00-14:00", "holidays": 1
        }])
    );
}

#[test]
fn an_instance_that_no_session_is_of_is_told_where_another_name_is_near() {
    let told = |name: &str| {
        let home = home(&format!("\n[[instance]]\nname = \"{name}\"\nteam = \"a\"\n"));
        errors(&run(home.path(), &["kpi", "dumps"]))
    };
    let sessions = json(&run(home("").path(), &["sessions", "dumps", "-f", "json"]));
    let name = sessions["sessions"][0]["instance"].as_str().unwrap().to_owned();
    assert_eq!(
        told(&format!("{name}x")),
        format!("note: callsift.toml:2: no session is of the instance `{name}x`; did you mean `{name}`?\n")
    );
    assert_eq!((told(&name), told("closed-last-year")), (String::new(), String::new()));
}

// ---- The page ------------------------------------------------------------------------------------

#[test]
fn the_example_of_the_page_is_accepted_and_every_flag_has_its_key() {
    let example = fs::read_to_string(root().join("docs/callsift.toml")).unwrap();
    let page = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    assert!(page.contains(&format!("```toml\n{example}```\n")), "docs/configuration.md shows another file");

    let show = ["config", "show", "--format", "json"];
    let configured = json(&run(root(), &[&show[..], &["--config", "docs/callsift.toml"]].concat()));
    let rows = configured["values"].as_array().unwrap();
    let from_file = rows.iter().filter(|it| it["origin"] == "file").count();
    // Keys at the beginning of a line, but for those of instances and sources, which stand for two.
    let tables = example.split("[[source]]").next().unwrap();
    let keys = tables.lines().filter(|it| it.split_once(" = ").is_some_and(|(key, _)| !key.starts_with('#')));
    assert_eq!(
        from_file,
        keys.count()
            + "source kpi.by rejections.format check.max_rejection_rate check.max_orphans check.no_breach"
                .split(' ')
                .count()
    );
    assert_eq!(configured["instances"].as_array().unwrap().len(), 2);

    let help = text(&run(root(), &["--help"]));
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = list.lines().filter_map(|it| it.split_whitespace().next());
    let mut checked = 0;
    for command in commands.filter(|it| !["help", "config", "man", "completions", "schema"].contains(it)) {
        let help = text(&run(root(), &[command, "-h"]));
        let shown = json(&run(root(), &["config", "show", command, "--format", "json"]));
        let keys: Vec<&str> =
            shown["values"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap()).collect();
        for line in help.lines().map(str::trim_start).filter(|it| it.starts_with('-')) {
            let Some(flag) = line.split("--").nth(1) else { continue };
            let flag = flag.split([' ', '=', '[']).next().unwrap();
            if !["help", "config", "no-config"].contains(&flag) {
                assert!(keys.contains(&flag.replace('-', "_").as_str()), "{command}: --{flag}");
                checked += 1;
            }
        }
        let reads = help.contains("[PATH]...") || help.contains("--inputs");
        assert_eq!(reads, keys.contains(&"inputs"), "{command}");
    }
    assert!(checked > 300, "{checked}");
}
