#!/usr/bin/python3
"""`trifactor sweep` and `trifactor compare` from the command line: what they print, write and end with.

usage: sweep_compare.py TRIFACTOR
"""
import csv
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NETWORK = ROOT / "host/examples/strokes-phsic.toml"
ETA = "projection.pixels_to_hidden.plasticity.eta"
DATA = ["--data", "synthetic:strokes,count=300", "--validate", "synthetic:strokes,first=300,count=100"]
failures = 0


def expect(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'} {what}", flush=True)


def call(*arguments):
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True)


def accuracies(table):
    return [(row[ETA], row["seed"], row["validation_accuracy"]) for row in csv.DictReader(table.open())]


def sweep(program, folder):
    out = folder / "sweep"
    command = [program, "sweep", NETWORK, *DATA, "--vary", f"{ETA}=0.02,0.08", "--seeds", "2", "-o", out]
    done = call(*command, "--json")
    expect(done.returncode == 0, "a sweep ends with 0")
    result = json.loads(done.stdout)
    rows = list(csv.DictReader((out / "sweep.csv").open()))
    expect(len(rows) == len(result["rows"]) == result["planned"] == 4, "a row a point and seed")
    expect(all(float(r["validation_accuracy"]) == j["validation_accuracy"] and float(r["energy_pJ"]) == j["energy_pJ"]["nominal"]
               and r[ETA] == j["point"][ETA] for r, j in zip(rows, result["rows"])), "the table and --json hold the same numbers")
    expect(all(j["latency_p50_ns"] is None and r["latency_p50_ns"] == "" for r, j in zip(rows, result["rows"])), "what was not measured is null and empty")
    expect(any(p["best_trade"] for p in result["points"]), "some point is a best trade")
    expect(json.loads((out / "sweep.json").read_text())["sweep"]["network"] == NETWORK.read_text(), "sweep.json holds the network")
    marks = [e for e in xml.etree.ElementTree.parse(out / "pareto.svg").iter() if e.tag.endswith("circle")]
    expect(len(marks) == 2, "pareto.svg is XML with a mark a point")

    before = (out / "sweep.csv").read_bytes()
    expect(call(*command).returncode == 0 and (out / "sweep.csv").read_bytes() == before, "the same again runs nothing")
    other = call(program, "sweep", NETWORK, *DATA, "--vary", f"{ETA}=0.02,0.04", "--seeds", "2", "-o", out)
    expect(other.returncode == 6 and "TF-SWP-008" in other.stderr and (out / "sweep.csv").read_bytes() == before, "another grid is refused, exit 6")
    expect(call(program, "sweep", NETWORK, *DATA, "--test", "synthetic:strokes", "-o", folder / "x").returncode == 2, "there is no --test")
    wrong = call(program, "sweep", NETWORK, *DATA, "--vary", "projection.pixels_to_hidden.plasticity.etta=1", "--vary", "machine.core.lane=8", "-o", folder / "x")
    expect(wrong.returncode == 2 and "etta" in wrong.stderr and "lane" in wrong.stderr and not (folder / "x").exists(), "wrong keys, all at once, exit 2, nothing written")

    stopped = folder / "stopped"
    long = [*command[:-1], stopped]
    process = subprocess.Popen([*map(str, long)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):  # until the first row is there
        if (stopped / "sweep.csv").exists() and len((stopped / "sweep.csv").read_text().splitlines()) > 1 or process.poll() is not None:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    status = process.wait(60)
    kept = accuracies(stopped / "sweep.csv")
    expect(status in (0, 130) and kept == accuracies(out / "sweep.csv")[:len(kept)], f"Ctrl-C keeps the finished rows ({len(kept)} of 4, exit {status})")
    expect(call(*long).returncode == 0 and accuracies(stopped / "sweep.csv") == accuracies(out / "sweep.csv"), "and the sweep goes on from there")
    expect(sorted(p.name for p in stopped.iterdir()) == ["pareto.svg", "sweep.csv", "sweep.json"], "no working files are left")


def run(program, folder, name, *options, network=()):
    layout = folder / f"{name}.h5"
    call(program, "compile", NETWORK, *network, "-o", layout, "-q")
    done = call(program, "run", layout, "--data", "synthetic:strokes,count=60", "--digests", "-o", folder / name, "-q", *options)
    expect(done.returncode == 0, f"run {name}")
    return folder / name


def compare(program, folder):
    a = run(program, folder, "a")
    timed = run(program, folder, "timed", "--engine", "systemc")
    same = call(program, "compare", a, timed)
    expect(same.returncode == 0 and "activity, third_factor, weights" in same.stdout, "functional and systemc are equal, exit 0, and the columns are named")
    other = run(program, folder, "other", network=["--network-set", f"{ETA}=0.079"])
    done = call(program, "compare", a, other, "--json")
    result = json.loads(done.stdout)
    first = result["digests"]["first_difference"]
    expect(done.returncode == 1 and not result["equal"], "another rate differs, exit 1")
    # The second sample is the first that has a partner; the rate is in the factors that its third factor gives.
    expect((first["presentation"], first["layer"], first["quantity"]) == (1, "hidden", "third_factor"), "first in the factors of the second sample")
    expect(any(w["projection"] == "pixels_to_hidden" and w["neuron"] is not None and w["first"] != w["second"] for w in result["weights"]["differences"]), "a weight is named")
    shutil.copytree(a, folder / "bare")
    (folder / "bare/digests.csv").unlink()
    bare = call(program, "compare", a, folder / "bare")
    expect(bare.returncode == 0 and "digests.csv" in bare.stdout, "missing digests are said")
    nowhere = call(program, "compare", a, folder / "nowhere")
    expect(nowhere.returncode == 2 and "TF-CMP-001" in nowhere.stderr, "a missing folder, exit 2")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        sweep(program, pathlib.Path(folder))
        compare(program, pathlib.Path(folder))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
