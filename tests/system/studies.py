#!/usr/bin/python3
"""The studies' own machinery: runs are done once, survive a kill, are not mixed with others; every table runs end to end.

usage: studies.py TRIFACTOR
"""
import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STUDIES = ROOT / "studies"
sys.path.insert(0, str(STUDIES))
sys.dont_write_bytecode = True
import networks  # noqa: E402
import plot  # noqa: E402
import study  # noqa: E402

# Of long tables a setting of each kind.
SOME = {"urfb-depth": ("BP, 2 hidden", "URFB, 2 hidden", "FRFB, 2 hidden", "URFB 50 %, 2 hidden"),
        "urfb-images": ("BP, simpnet", "URFB, simpnet", "FRFB 50 %, simpnet"),
        "phsic-mnist": ("gauss grp+div", "cossim", "bp", "last")}
failures = 0


def expect(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'} {what}", flush=True)


def call(script, *arguments):
    return subprocess.run([sys.executable, "-B", str(STUDIES / script), *map(str, arguments)], capture_output=True, text=True)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def runs_table(folder):
    """What is there is not done again, by the key alone; two that write at once lose nothing."""
    path, done = folder / "runs.csv", []

    def one(row):
        done.append(row["a"])
        if row["a"] == 3 and len(done) < 5:
            raise RuntimeError("stopped")
        return {**row, "value": row["a"] * 10}

    wanted = [{"a": a, "b": None} for a in range(1, 6)]
    table = study.Runs(path, ("a", "b", "value"), ("a", "b"), {"command": "x"})
    try:
        table.do(wanted, one)
    except RuntimeError:
        pass
    kept = [row["a"] for row in rows(path)]
    expect(kept == ["1", "2"], f"a run that fails leaves those before it: {kept}")
    other = study.Runs(path, ("a", "b", "value"), ("a", "b"), {"command": "x"})
    table.add({"a": 7, "value": 1})
    other.add({"a": 8, "value": 2})
    expect([row["a"] for row in rows(path)] == ["1", "2", "7", "8"], "two commands write to one table and lose nothing")
    done[:] = ["", "", "", ""]
    study.Runs(path, ("a", "b", "value"), ("a", "b"), {"command": "x"}).do(wanted, one)
    expect(done[4:] == [3, 4, 5] and len(rows(path)) == 7, f"a second call does what is missing: {done[4:]}")
    for about, columns in (({"command": "y"}, ("a", "b", "value")), ({"command": "x"}, ("a", "value"))):
        before = path.read_text()
        try:
            study.Runs(path, columns, ("a",), about)
            refused = False
        except SystemExit:
            refused = True
        expect(refused and path.read_text() == before, f"rows of another making are refused and kept: {about} {columns}")
    expect(sorted(p.name for p in folder.iterdir()) == ["runs.about.json", "runs.csv"], "nothing temporary is left")


def pieces(folder):
    expect(study.percent([0.5, 0.7]) == "60.00 (50.00 to 70.00)" and study.percent([0.5]) == "50.00", "means and ranges in percent")
    expect(networks.value({"a": [1, 2.5], "b": "x", "c": True, "d": None}) == '{ a = [1, 2.5], b = "x", c = true }', "values of network files")
    for low, high in ((0, 1), (0.912, 0.934), (4, 16), (-8, 0.2)):
        marks = plot.ticks(low, high)
        expect(2 <= len(marks) <= 9 and low <= min(marks) and max(marks) <= high, f"marks between {low} and {high}: {marks}")
    box = plot.Box(0, 0, 100, 100, (1, 100), (0, 1), x_log=True)
    expect(abs(box.x(10) - 50) < 1e-9 and box.y(0) == 100 and box.y(1) == 0 and box.y(2) == 0, "a logarithmic axis, and what lies beyond is at the edge")


def tables(program, folder):
    for name in (line.split()[0] for line in call("paper.py", "list").stdout.splitlines() if not line.startswith(" ")):
        only = ["--only", *SOME[name]] if name in SOME else []
        out = folder / name
        command = ["paper.py", name, "--program", program, "--quick", "--samples", 300, *only, "-o", out]
        first = call(*command)
        expect(first.returncode == 0, f"{name} runs end to end on drawn digits: {first.stderr[-300:] if first.returncode else ''}")
        table, runs = rows(out / "table.csv"), rows(out / "runs.csv")
        expect(len(table) == len(runs) > 2 and all(0 < float(r["accuracy"]) < 1 for r in runs), f"{name}: {len(runs)} runs, as many lines")
        expect(all(not row["paper, %"] for row in table), f"{name}: no figure of a paper stands beside drawn digits")
        xml.etree.ElementTree.parse(out / "drawn-digits.svg")
        text = (out / "runs.csv").read_text()
        again = call(*command)
        expect(again.returncode == 0 and (out / "runs.csv").read_text() == text and "are done already" in again.stderr, f"{name}: nothing is run twice")


def killed(program, folder):
    """A study that is killed in a run goes on with that run and ends as one that was not."""
    out = folder / "killed"
    words = [sys.executable, "-B", str(STUDIES / "paper.py"), "hsic-memory", "--program", str(program), "--quick", "--samples", "4000", "--epochs", "4",
             "--only", "N 2", "N 4", "N 6", "-o"]
    process = subprocess.Popen([*words, str(out)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None and not ((out / "runs.csv").exists() and rows(out / "runs.csv")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = rows(out / "runs.csv")
    expect(1 <= len(before) < 3, f"killed after {len(before)} of 3 runs")
    subprocess.run([*words, str(out)], check=True, capture_output=True)
    subprocess.run([*words, str(folder / "whole")], check=True, capture_output=True)
    measured = [[(row["setting"], row["accuracy"], row["by_epoch"]) for row in rows(f / "runs.csv")] for f in (out, folder / "whole")]
    expect(measured[0] == measured[1] and len(measured[0]) == 3, "what was killed ends as what was not")


def theory(folder):
    done = call("linear_theory.py", "--seeds", 1, "-o", folder / "theory")
    expect(done.returncode == 0, f"linear theory: {done.stdout[-200:] if done.returncode else 'its identities and its order hold'}")


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="trifactor-studies-") as folder:
        folder = pathlib.Path(folder)
        (folder / "table").mkdir()
        runs_table(folder / "table")
        pieces(folder)
        tables(program, folder)
        killed(program, folder)
        theory(folder)
        loop = call("reservoir.py", "--program", program, "--quick", "--only", "line", "-o", folder / "reservoir")
        expect(loop.returncode == 0 and len(rows(folder / "reservoir/runs.csv")) == 5, f"reservoirs run end to end: {loop.stderr[-300:] if loop.returncode else ''}")
        trial = call("reservoir.py", "--program", program, "--only", "line", "--try", "epochs=2", "epochs=2,heard=0.5/1", "--systems", "said-float", "said-chip", "--seeds", "1", "-o", folder / "reservoir")
        tried = rows(folder / "reservoir/trials.csv") if trial.returncode == 0 else []
        expect([(r["system"], r["heard"]) for r in tried] == [("float", "1.0/1.0"), ("chip", "1.0/1.0"), ("float", "0.5/1.0"), ("chip", "0.5/1.0")] and all(0 < float(r["accuracy"]) <= 1 for r in tried),
               f"trials of a reservoir's settings stand in a table of their own: {trial.stderr[-300:] if trial.returncode else ''}")
        refused = call("reservoir.py", "--program", program, "--only", "line", "--try", "louder=2", "-o", folder / "reservoir")
        expect(refused.returncode != 0 and "louder" in refused.stderr, "a setting that no reservoir has is refused")
        quick = call("precision.py", "--program", program, "--quick", "--samples", 100, "--rules", "readout", "-o", folder / "precision")
        expect(quick.returncode == 0, f"the precision study runs end to end: {quick.stderr[-300:] if quick.returncode else ''}")
        texts = [[t.text for t in xml.etree.ElementTree.parse(folder / f"precision/{name}.svg").iter("{http://www.w3.org/2000/svg}text")] for name in ("precision", "energy")]
        expect(any(t.startswith("readout, ") for t in texts[0]) and {"readout", "8", "16"} <= set(texts[1]), f"its panels name the rule, their range and the bits: {texts}")
        about = json.loads((folder / "precision/runs.about.json").read_text())
        expect(about["samples"] == 100 and "precision.py" in about["command"], "results name the command that made them")
    print(f"{failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
