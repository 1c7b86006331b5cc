#!/usr/bin/env python3
"""callsift against DuckDB on the same two dumps: are the figures equal, and what do they cost?

Builds callsift, makes the dumps with its generator, installs DuckDB in a virtual environment of its own (all under
`target/peers`, 1.7 GB), lets both run in turn, and prints medians and ratios. Of DuckDB the time of the work counts,
without the interpreter's start; of callsift the whole process, of which the four figures are a small part. Needs
nothing but Python 3 and cargo; the machine should have nothing else to do.

    benches/peers/run.py                    both dumps, five rounds
    benches/peers/run.py --update-readme    the same, and the table in README.md is written anew
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target" / "peers"
DUCKDB = "duckdb==2.0.1"
THREADS = 2
# The generator's arguments, and what the dump is called in the table.
DUMPS = {
    "calls": (["--shape", "calls", "--calls", "1600000", "--seed", "1"], "call events only"),
    "mixed": (["--shape", "mixed", "--calls", "171000", "--seed", "1"], "seven of ten lines are messages and other webhooks"),
}
# As long as DuckDB's answer: lists of people end after ten.
REPORT = ["--format", "json", "--top", "10", "--jobs", str(THREADS)]
TABLE_BEGINS, TABLE_ENDS = "<!-- peers -->\n", "<!-- /peers -->\n"


# A process begins with the peak memory of the one that started it, so that this script, which holds the
# figures, would be measured instead. An interpreter that has done nothing starts both programs.
LAUNCH = """
import json, os, sys, time
began = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
told = {"seconds": time.perf_counter() - began, "peak": usage.ru_maxrss, "status": os.waitstatus_to_exitcode(status)}
with open(sys.argv[1], "w") as out:
    json.dump(told, out)
"""


def measured(command, out):
    """Seconds and peak memory in KiB of a whole process."""
    with tempfile.NamedTemporaryFile(dir=FOLDER) as told:
        launch = [sys.executable, "-S", "-E", "-c", LAUNCH, told.name, *map(str, command)]
        subprocess.run(launch, stdout=out, stdin=subprocess.DEVNULL, check=True)
        it = json.load(told)
    if it["status"] != 0:
        sys.exit(f"{command[0]} ended with status {it['status']}")
    # macOS counts in bytes.
    return it["seconds"], it["peak"] // (1024 if sys.platform == "darwin" else 1)


def answer(callsift, *args):
    """What a command of callsift says as JSON."""
    with tempfile.TemporaryFile(dir=FOLDER) as out:
        measured([callsift, *args, "--format", "json"], out)
        out.seek(0)
        return json.load(out)


def made_dump(callsift, name):
    """The dump, made anew if its generator or its arguments have changed."""
    args = DUMPS[name][0]
    digest = hashlib.sha256(" ".join(args).encode())
    for source in sorted((ROOT / "src" / "synth").rglob("*.rs")):
        digest.update(source.read_bytes())
    path = FOLDER / f"{name}-{digest.hexdigest()[:12]}.ndjson"
    if not path.exists():
        for old in FOLDER.glob(f"{name}-*.ndjson"):
            old.unlink()
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as out:
            subprocess.run([callsift, "synth", *args], stdout=out, check=True)
        unfinished.rename(path)
    return path


def made_python():
    """An interpreter that has DuckDB."""
    home = FOLDER / DUCKDB.replace("==", "-")
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", DUCKDB], check=True)
        (home / "complete").touch()
    return python


def figures(callsift, dump):
    """The same figures out of callsift's reports, of Wawp's calls alone: other providers tell theirs in other
    ways, and no filter would do, since windows of ten minutes always count the calls of all."""
    with dump.open("rb") as lines, tempfile.NamedTemporaryFile(dir=FOLDER, suffix=".ndjson") as calls:
        calls.writelines(it for it in lines if it.startswith(b'{"id":"evt_') and b'"event":"call.' in it[:160])
        calls.flush()
        report = answer(callsift, "report", calls.name)
    ring = {it["instance"]: it["ring_p50_ms"] for it in report["kpi_by_instance"]["rows"]}
    counts = report["anomalies"]["instances"]
    peaks = [it["peak_attempts"] for it in report["frustration"]["rows"]]
    return {
        "instances": {
            it["instance"]: [it["rejections"], it["orphaned"], ring[it["instance"]]]
            for it in counts
            if it["rejections"] > 0
        },
        "callers": len(peaks),
        "sum of peaks": sum(peaks),
        "highest peak": max(peaks),
    }


def check_equal(ours, theirs):
    """Ends the run where a figure differs."""
    differing = [name for name in ours if name != "instances" and ours[name] != theirs[name]]
    names = ours["instances"].keys() | theirs["instances"].keys()
    differing += [it for it in sorted(names) if ours["instances"].get(it) != theirs["instances"].get(it)]
    for name in differing:
        pair = [it["instances"].get(name, it.get(name)) for it in (ours, theirs)]
        print(f"{name}: callsift {pair[0]}, DuckDB {pair[1]}", file=sys.stderr)
    if differing:
        sys.exit("the figures differ")


def compared(callsift, python, name, rounds):
    """Both on one dump, in turn."""
    dump = made_dump(callsift, name)
    theirs_command = [python, ROOT / "benches" / "peers" / "duckdb_figures.py", dump, str(THREADS)]
    expected = figures(callsift, dump)  # and brings the dump into the page cache
    lines = answer(callsift, "inspect", dump)["accounting"]["lines"]
    ours, theirs = [], []
    for number in range(rounds):
        with tempfile.TemporaryFile(dir=FOLDER) as out:
            ours.append(measured([callsift, "report", dump, *REPORT], out))
        with tempfile.TemporaryFile(dir=FOLDER) as out:
            _, peak = measured(theirs_command, out)
            out.seek(0)
            theirs.append({**json.load(out), "peak": peak})
        check_equal(expected, theirs[-1]["figures"])
        print(
            f"{name}, round {number + 1}: callsift {ours[-1][0]:.2f} s, {ours[-1][1] // 1024} MiB; "
            f"DuckDB {theirs[-1]['seconds']:.2f} s, {theirs[-1]['peak'] // 1024} MiB",
            flush=True,
        )
    median = statistics.median
    return {
        "name": name,
        "bytes": dump.stat().st_size,
        "lines": lines,
        "ours": (median(it[0] for it in ours), median(it[1] for it in ours)),
        "theirs": (median(it["seconds"] for it in theirs), median(it["peak"] for it in theirs)),
    }


def processor():
    """What the machine computes with."""
    try:
        names = [it for it in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if it.startswith("model name")]
        return names[0].split(":", 1)[1].strip()
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def table(results, version):
    """The results as Markdown."""
    rows = [
        f"| dump | callsift | {DUCKDB.replace('duckdb==', 'DuckDB ')} | time | memory |",
        "|---|---|---|---|---|",
    ]
    for it in results:
        (seconds, peak), (their_seconds, their_peak) = it["ours"], it["theirs"]
        rows.append(
            f"| {it['bytes'] / 1e6:.0f} MB, {it['lines']['total'] / 1e6:.2f} M lines, {DUMPS[it['name']][1]} "
            f"| {seconds:.2f} s, {peak / 1024:.0f} MiB | {their_seconds:.2f} s, {their_peak / 1024:.0f} MiB "
            f"| {their_seconds / seconds:.1f} times as fast | {peak / their_peak:.0%} of it |"
        )
    rows += [
        "",
        f"{version}, {datetime.date.today()}, {processor()}, {os.cpu_count()} cores, {THREADS} threads each, "
        "dump in the page cache.",
    ]
    return "\n".join(rows) + "\n"


def update_readme(text):
    """Puts the table between its marks."""
    path = ROOT / "README.md"
    page = path.read_text()
    before, rest = page.split(TABLE_BEGINS)
    _, after = rest.split(TABLE_ENDS)
    path.write_text(before + TABLE_BEGINS + text + TABLE_ENDS + after)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5, help="runs of each; the medians count")
    options.add_argument("--dump", choices=DUMPS, action="append", help="only this dump")
    options.add_argument("--callsift", help="a built program instead of building one")
    options.add_argument("--update-readme", action="store_true", help="write the table into README.md")
    options = options.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if options.callsift is None:
        subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "callsift"], cwd=ROOT, check=True)
    callsift = options.callsift or ROOT / "target" / "release" / "callsift"
    version = subprocess.run([callsift, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    python = made_python()
    results = [compared(callsift, python, name, options.rounds) for name in options.dump or DUMPS]
    text = table(results, version)
    print("\n" + text)
    if options.update_readme:
        update_readme(text)


main()
