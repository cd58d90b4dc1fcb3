#!/usr/bin/python3
"""Every count that the chip keeps is seen to be more than zero, and the table says by which run.

usage: coverage.py TRIFACTOR [--keep FOLDER]

The examples run first; then one small directed run for each count that they leave at zero. A row is: count, value,
run that covers it. Exit status 1 when a row is empty or a directed run does not do what it is for. Examples that
need MNIST run where TRIFACTOR_DATA names it.
"""
import argparse
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SMALL = ROOT / "tests/timing/small.toml"
TICKS = 1 << 16  # a packet has 16 bits of tick


# The rows of the table follow the header, not a copy of it.
EVENTS = (ROOT / "rtl/spec/events.hpp").read_text()


def names_in(array):
    return re.findall(r'"([a-z_]+)"', re.search(array + r" = \{(.*?)\};", EVENTS, re.S).group(1))


def loss_names():
    body = re.search(r"struct UpdateCounts \{(.*?)operator", EVENTS, re.S).group(1)
    return re.findall(r"std::uint64_t (\w+) = 0;", body)


class Coverage:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.rows = {f"event {name}": (0, "") for name in names_in("event_names")}
        self.rows |= {f"cycles {name}": (0, "") for name in names_in("cycle_cause_names")}
        self.rows |= {f"updates {name}": (0, "") for name in loss_names()}
        self.rows |= {"tick wrap, presentations": (0, ""), "tick wrap, learning samples": (0, "")}
        self.number = 0
        self.mistakes = []

    # -- running

    def trifactor(self, *arguments):
        command = [str(self.program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\nended with {done.returncode}\n{done.stderr}")

    def run(self, name, network, data, machine="generic", sets=(), network_sets=(), engine="systemc", extra=()):
        self.number += 1
        layout, out = self.folder / f"{self.number}.h5", self.folder / f"{self.number}"
        options = [option for key in sets for option in ("--set", key)]
        options += [option for key in network_sets for option in ("--network-set", key)]
        self.trifactor("compile", network, "--machine", machine, *options, "-o", layout, "-q")
        self.trifactor("run", layout, "--data", data, "--engine", engine, "--progress", "none", "-q", "-o", out, *extra)
        return out

    def data(self, count, quiet=0.25):
        """Noisy prototypes of four classes for the small network, a share of the values 0."""
        self.number += 1
        path = self.folder / f"{self.number}.npz"
        draw = np.random.default_rng(1)
        labels = draw.integers(0, 4, count)
        x = draw.uniform(-0.7, 0.7, (4, 24))[labels] + draw.uniform(-0.25, 0.25, (count, 24))
        x[draw.uniform(size=x.shape) < quiet] = 0
        np.savez(path, x=x.astype(np.float32), labels=labels.astype(np.int64))
        return f"npz:{path}"

    # -- counting

    def cover(self, row, value, name):
        if value > 0 and self.rows[row][0] == 0:
            self.rows[row] = (value, name)

    def take(self, out, name):
        summary = json.loads((out / "summary.json").read_text())
        for event, value in summary["events"].items():
            self.cover(f"event {event}", value, name)
        for core in csv.DictReader(open(out / "per_core.csv")):
            for column, value in core.items():
                # a core of inputs waits for its own link whatever the buffers
                if column.endswith("_cycles") and core["role"] == "synaptic":
                    self.cover(f"cycles {column.removesuffix('_cycles')}", int(value), name)
        for projection in json.loads((out / "run.json").read_text())["projections"]:
            for loss in loss_names():
                self.cover(f"updates {loss}", projection[loss], name)
        # causes add up to the run
        for core in csv.DictReader(open(out / "per_core.csv")):
            spent = sum(int(value) for column, value in core.items() if column.endswith("_cycles"))
            if core["role"] != "idle" and spent != summary["cycles"]:
                self.mistakes.append(f"{name}: core {core['core']} spent {spent} of {summary['cycles']} cycles")
        return summary

    def empty(self, *rows):
        return any(self.rows[row][0] == 0 for row in rows)

    # -- the runs

    def examples(self):
        data = os.environ.get("TRIFACTOR_DATA")
        mnist = pathlib.Path(data) / "mnist" if data else None
        drawn = [(path.stem, "synthetic:strokes") for path in sorted((ROOT / "host/examples").glob("strokes-*.toml"))]
        for example, spec in (*drawn, ("line-reservoir", "synthetic:line"), ("mnist-phsic-small", f"idx:{mnist}"), ("mnist-phsic", f"idx:{mnist}"),
                              ("mnist-readout", f"idx:{mnist}")):
            if spec.startswith("idx:") and not (mnist and mnist.exists()):
                continue
            name = f"example {example}"
            out = self.run(name, ROOT / f"host/examples/{example}.toml", f"{spec},shuffle=1,count=200",
                           extra=("--test", f"{spec},split=test,count=50"))
            self.take(out, name)

    def directed(self):
        pixels, hidden, scores = "projection.pixels_to_hidden", "projection.hidden_to_scores", "population.hidden"
        data = self.data(60)
        several = ("core.columns=4", "mesh.width=3", "mesh.height=3")
        runs = [
            ("layer over four cores, trees of their own", ("event tree_hop",), several, ()),
            ("one-packet buffers, narrow links", ("cycles blocked_by_buffer",), (*several, "tree.network=mesh", "mesh.buffer_packets=1", "mesh.link_bits=8"), ()),
            ("leaky mean in place of the older point", ("event trace",), (), (f"{pixels}.plasticity.partners=0", f"{pixels}.plasticity.variant=21")),
            ("weights of 4 bits within 1/4, large eta", ("updates saturated",), (), (f"{pixels}.weights.bits=4", f"{pixels}.weights.range=0.25", f"{pixels}.plasticity.eta=8")),
            ("factors beyond what the lane expresses", ("updates factors_saturated",), (), (f"{pixels}.plasticity.factor_range=0.0009765625", f"{pixels}.plasticity.eta=8")),
            ("eta too small for 8 bits", ("updates rounded_to_zero", "updates factors_lost"), (), (f"{pixels}.weights.bits=8", f"{pixels}.plasticity.eta=0.001")),
            ("quarter of the inputs 0", ("event skipped_row",), (), ()),
        ]
        for name, rows, sets, network_sets in runs:
            if not self.empty(*rows):
                continue
            self.take(self.run(name, SMALL, data, "small", sets, network_sets), name)
            for row in rows:
                if self.rows[row][0] == 0:
                    self.mistakes.append(f"{name}: {row} is still 0")

    def wrap(self):
        """More samples than 16 bits of tick count: the packets' engine agrees with the one that has no packets."""
        count = TICKS + 400
        name = f"{count:,} learning samples on three cores"
        data = self.data(count, quiet=0.7)
        # a layer of four neurons without groups: the least that has every kind of packet of trees on the mesh
        sets = ("tree.network=mesh", "mesh.link_bits=128", "core.lanes=16")
        small = ("population.hidden.shape=[4]", "population.hidden.normalise.groups=1", "projection.pixels_to_hidden.plasticity.partners=1")
        timed = self.run(name, SMALL, data, "small", sets, small, extra=("--digests",))
        plain = self.run(name, SMALL, data, "small", sets, small, engine="functional", extra=("--digests",))
        summary = self.take(timed, name)
        for file in ("weights.npz", "digests.csv"):
            if (timed / file).read_bytes() != (plain / file).read_bytes():
                self.mistakes.append(f"{name}: {file} differs between systemc and functional")
        self.cover("tick wrap, presentations", summary["samples"] // TICKS, name)
        self.cover("tick wrap, learning samples", summary["learn_samples"] // TICKS, name)

    def report(self):
        width = max(map(len, self.rows))
        for row, (value, name) in self.rows.items():
            print(f"{row:<{width}}  {value:>14,}  {name or 'NOT COVERED'}")
        for mistake in self.mistakes:
            print(f"wrong: {mistake}")
        empty = sum(value == 0 for value, _ in self.rows.values())
        print(f"{len(self.rows)} counts, {empty} not covered, {len(self.mistakes)} wrong")
        return 1 if empty or self.mistakes or len(self.rows) < 40 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="trifactor-coverage-"))
    folder.mkdir(parents=True, exist_ok=True)
    coverage = Coverage(arguments.program.resolve(), folder)
    try:
        coverage.examples()
        coverage.directed()
        coverage.wrap()
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return coverage.report()


if __name__ == "__main__":
    sys.exit(main())
