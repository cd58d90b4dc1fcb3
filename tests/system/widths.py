#!/usr/bin/python3
"""Does every event cost what the widths of its own weights and activities say, however wide its core's other blocks are?

usage: widths.py TRIFACTOR

host/examples/strokes-urfb.toml, in whose cores feedback weights of 16 bits and errors of 15 lie beside the forward
weights: events by width add up to those of the core on every engine, follow from each other within a width, and
narrowing the largest projection alone makes each cause it has a part in cheaper.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NETWORK = ROOT / "host/examples/strokes-urfb.toml"
SAMPLES = 60
ENGINES = ("functional", "systemc", "rtl")
NARROWED = ("synapse read, forward", "accumulate lanes", "synapse read, update", "synapse write, update", "update lanes")


def table(path):
    return list(csv.DictReader(open(path)))


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder, self.failed = program, pathlib.Path(folder), 0

    def expect(self, what, holds, got=""):
        self.failed += not holds
        print(f"{'ok    ' if holds else 'FAILED'} {what}{'' if holds else f': {got}'}")

    def trifactor(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def run(self, bits, engine, *options):
        layout = self.folder / f"{bits}.h5"
        if not layout.exists():
            self.trifactor("compile", NETWORK, "--network-set", f"projection.pixels_to_hidden1.weights.bits={bits}", "-o", layout, "-q")
        out = self.folder / "-".join([str(bits), engine, *options])
        self.trifactor("run", layout, "--data", f"synthetic:strokes,count={SAMPLES}", "--engine", engine, "-o", out, "-q", "--progress", "none", *options)
        return out

    def by_population(self, out):
        """{population: (core, {(weight bits, activity bits): {event: count}})}: one core each."""
        cores, found = table(out / "per_core.csv"), {}
        for core in cores:
            if core["role"] == "synaptic":
                found[core["population"]] = (core, {})
        for line in table(out / "per_width.csv"):
            core, weight_bits, activity_bits = (int(line.pop(column)) for column in ("core", "weight_bits", "activity_bits"))
            found[cores[core]["population"]][1][weight_bits, activity_bits] = {event: int(value) for event, value in line.items()}
        return found

    def sums(self, what, out):
        for population, (core, widths) in self.by_population(out).items():
            wrong = [event for event in next(iter(widths.values())) if sum(w[event] for w in widths.values()) != int(core[event])]
            self.expect(f"{what}: events by width of {population} add up to its core's", not wrong, wrong)

    def within_a_width(self, out):
        """Whatever arrives is read once, and each row of synapses is read and multiplied whole."""
        for population, (core, widths) in self.by_population(out).items():
            for (weight_bits, activity_bits), e in widths.items():
                at = f"{population}, {weight_bits} x {activity_bits} bits"
                columns, biases = int(core["columns"]), SAMPLES if population == "scores" else 0
                bursts = -(-columns // int(core["lanes"]))
                rows = e["axon_write"] + biases
                written = e["axon_read"] - rows
                self.expect(f"{at}: {e['accumulate']:,} products of {rows:,} rows", 0 < rows and e["accumulate"] == rows * columns, e)
                self.expect(f"{at}: {e['synapse_read']:,} bursts read of these and {written:,} rows of updates",
                            0 < written and e["synapse_read"] == rows * bursts + e["synapse_write"] and 0 < e["synapse_write"] <= written * bursts, e)
                self.expect(f"{at}: {e['update']:,} updates", written <= e["update"] <= written * columns, e)

    def causes(self, out):
        report = json.loads(self.trifactor("report", out, "--json"))
        return {c["name"]: c["energy_pJ"]["nominal"] for c in report["energy"]["causes"] if c["energy_pJ"]}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(sys.argv[1], folder)
        wide = {engine: bench.run(16, engine) for engine in ENGINES}
        narrow = {engine: bench.run(8, engine) for engine in ENGINES}
        for bits, runs in ((16, wide), (8, narrow)):
            for engine, out in runs.items():
                bench.sums(f"{engine}, {bits} bits", out)
                bench.expect(f"{engine}, {bits} bits: the same per_width.csv as functional",
                             (out / "per_width.csv").read_bytes() == (runs["functional"] / "per_width.csv").read_bytes())
            widths = {population: set(found) for population, (_, found) in bench.by_population(runs["functional"]).items()}
            expected = {"hidden1": {(bits, 8), (16, 15)}, "hidden2": {(16, 8), (16, 15)}, "scores": {(16, 8)}}
            bench.expect(f"{bits} bits: each core lists the widths of its blocks", widths == expected, widths)
            bench.within_a_width(runs["functional"])
        looked = bench.by_population(bench.run(8, "functional", "--no-learn"))
        for population in ("hidden1", "hidden2"):
            bench.expect(f"looks leave the feedback weights of {population} alone", set(looked[population][1][16, 15].values()) == {0}, looked[population][1])
        for engine in ("functional", "systemc"):
            before, after = bench.causes(wide[engine]), bench.causes(narrow[engine])
            for cause in NARROWED:
                bench.expect(f"{engine}: {cause}: {before[cause] / 1e6:.2f} uJ, narrowed {after[cause] / 1e6:.2f}", after[cause] < .9 * before[cause])
            for cause in ("neuron units", "axon buffers", "neuron state"):
                bench.expect(f"{engine}: {cause}: {before[cause] / 1e6:.3f} uJ, narrowed {after[cause] / 1e6:.3f}", abs(after[cause] / before[cause] - 1) < .02)
    print("FAILED" if bench.failed else "passed")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
