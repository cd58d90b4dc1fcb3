#!/usr/bin/python3
"""Does a layer of which two neurons learn cost what two columns cost, however many neurons it has?

usage: winners_cost.py TRIFACTOR

host/examples/strokes-competing.toml with 100 and with 2,000 hidden units, the same digits: the updates, factors and
random words of the hidden layer must be equal, and its rows written no more often; what grows is the forward pass and
the comparisons that rank. And what the paper's powers of weights cost: a product of 16 x 16 bits (p = 3) or three (p = 4)
and a second sum a weight, and the two cycles of the unit that raises it, once a presentation.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLES, INPUTS = 40, 784


def run(program, folder, units):
    layout, out = folder / f"{units}.h5", folder / str(units)
    network = [ROOT / "host/examples/strokes-competing.toml", "--network-set", f"population.hidden.shape=[{units}]",
               "--network-set", "projection.pixels_to_hidden.weights.rounding=nearest"]
    for command in (["compile", *network, "--machine", "generic", "--set", "mesh.width=5", "-o", layout, "-q"],
                    ["run", layout, "--data", f"synthetic:strokes,count={SAMPLES}", "-o", out, "-q", "--progress", "none"]):
        subprocess.run([program, *map(str, command)], check=True)
    totals = {}
    for core in csv.DictReader(open(out / "per_core.csv")):
        if core["population"] == "hidden":
            for name in ("update", "factor", "synapse_write", "accumulate", "rank"):
                totals[name] = totals.get(name, 0) + int(core[name])
    hidden = next(p for p in json.loads((out / "run.json").read_text())["projections"] if p["name"] == "pixels_to_hidden")
    return totals, hidden


def powers(program, folder, p):
    """Events of one digit, and the cycles from its input to its result."""
    layout, out = folder / f"p{p}.h5", folder / f"p{p}"
    network = [ROOT / "host/examples/strokes-competing.toml", "--network-set", f"projection.pixels_to_hidden.plasticity.p={p}"]
    for command in (["compile", *network, "--machine", "generic", "-o", layout, "-q"],
                    ["run", layout, "--data", "synthetic:strokes,count=1", "--engine", "systemc", "-o", out, "-q", "--progress", "none"]):
        subprocess.run([program, *map(str, command)], check=True)
    summary = json.loads((out / "summary.json").read_text())
    return summary["events"], summary["latency_cycles"]["p50"]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    failed = 0

    def expect(what, holds):
        nonlocal failed
        failed += not holds
        print(f"{'ok    ' if holds else 'FAILED'} {what}")

    with tempfile.TemporaryDirectory() as folder:
        few, _ = run(sys.argv[1], pathlib.Path(folder), 100)
        many, hidden = run(sys.argv[1], pathlib.Path(folder), 2000)
        plain, square, cube = (powers(sys.argv[1], pathlib.Path(folder), p) for p in (2, 3, 4))
    expect(f"100 units: {few['factor']} factors of {SAMPLES} samples: a0 and c of two neurons", few["factor"] == 4 * SAMPLES)
    expect(f"2,000 units: {many['factor']} factors", many["factor"] == few["factor"])
    for name, counts in (("100", few), ("2,000", many)):
        expect(f"{name} units: {counts['update']:,} updates, at most two columns of {INPUTS} rows a sample",
               SAMPLES * INPUTS // 2 < counts["update"] <= 2 * INPUTS * SAMPLES)
    expect(f"2,000 units: {many['synapse_write']:,} bursts written, at most one a column and row", many["synapse_write"] <= 2 * INPUTS * SAMPLES)
    expect("2,000 units: twenty times the products of the forward pass", many["accumulate"] == 20 * few["accumulate"])
    expect("2,000 units: twenty times the comparisons", many["rank"] == 20 * few["rank"])
    expect("and weights did change", hidden["change"] > 0)
    second = square[0]["accumulate"] - plain[0]["accumulate"]
    expect(f"p = 3: {second:,} products more for the second sum, as many that square a weight", second > 0 and square[0]["weight_product"] == second)
    expect("p = 4: three that cube it", cube[0]["accumulate"] == square[0]["accumulate"] and cube[0]["weight_product"] == 3 * second)
    expect("rows are read once for both sums", plain[0]["accumulate_row"] == square[0]["accumulate_row"] == cube[0]["accumulate_row"])
    expect(f"{plain[1]} cycles to the result, two more for either power", square[1] == cube[1] == plain[1] + 2)
    print(f"{'FAILED' if failed else 'passed'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
