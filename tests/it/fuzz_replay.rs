//! What fuzzing checks of any bytes, on every fixture and on everything it has found.

use std::fs;
use std::path::{Path, PathBuf};

use crate::checks;
use crate::support::root;

/// All files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(|it| it.unwrap())
        .filter(|it| it.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

/// Runs a check, and says on which file it failed.
fn check(name: &str, check: fn(&[u8]), file: &Path) {
    let bytes = fs::read(file).unwrap();
    let result = std::panic::catch_unwind(|| check(&bytes));
    assert!(result.is_ok(), "{name} fails on {}", file.display());
}

#[test]
fn what_fuzzing_found_stays_mended() {
    let found = root().join("fuzz/found");
    for entry in fs::read_dir(&found).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let target = checks::ALL.iter().find(|it| it.0 == name);
        let (name, function) = target.unwrap_or_else(|| panic!("no target is called {name}"));
        for file in files(&folder) {
            check(name, *function, &file);
        }
    }
}

#[test]
fn fixtures_pass_every_check_of_fuzzing() {
    let fixtures: Vec<PathBuf> = files(&root().join("fixtures"))
        .into_iter()
        .filter(|it| !it.to_string_lossy().ends_with(".expect.json"))
        // Slow in a build without optimisation, and more of the same.
        .filter(|it| fs::metadata(it).unwrap().len() < 16 << 10)
        .collect();
    assert!(fixtures.len() > 100, "{}", fixtures.len());
    for (name, function) in checks::ALL {
        // Whole runs are slow, and every fixture has a test of its own.
        let step = match name {
            "runs" => 8,
            "lines" | "sources" => 3,
            _ => 1,
        };
        for file in fixtures.iter().step_by(step) {
            // As a name or a time a whole dump says little.
            if ["lines", "sources", "runs"].contains(&name) || fs::metadata(file).unwrap().len() < 300 {
                check(name, function, file);
            }
        }
    }
}

#[test]
fn short_texts_pass_every_check_of_fuzzing() {
    let texts = [
        "",
        " ",
        "-",
        "=1+1",
        "'=1",
        "+4915112345678",
        "+",
        "@x",
        "a\rb",
        "\u{202e}x",
        "\\u{202e}",
        "<b>x</b>",
        "a|b",
        "[x](http://y)",
        "- x",
        "1. x",
        "# x",
        "    x",
        "```",
        "::error::x",
        "x\n::error::y",
        "%0A",
        "_x0041_",
        "\0",
        "\u{feff}=1",
        "5215512345678@c.us",
        "123@lid",
        "120363@g.us",
        "lid:123",
        "123:4@lid",
        "1771409722",
        "1771409722.9999",
        "2026-02-18T10:15:60.1239 +05:30",
        "0001-01-01T00:00:00Z",
        "-0.0",
        "1e3",
        "1771409722e-3",
        "{}",
        "[",
        "[1,2",
        "{\"event\":\"call.rejected\"}\n",
    ];
    for (_, function) in checks::ALL {
        for text in texts {
            function(text.as_bytes());
        }
    }
}
