#!/usr/bin/python3
"""Does the chip learn? Six accuracies on MNIST, one pass of 60,000 samples, with the seconds each took.

usage: learning.py --data FOLDER [--program TRIFACTOR] [--engine systemc] [--seeds 3] [--count N] [-o FOLDER]

    chip, 16 bits          host/examples/mnist-phsic.toml on the SystemC model (--engine functional: the same bits, sooner)
    chip, 8-bit hidden     the same with hidden weights of 8 bits in +-1/4, the read-out left at 16
    float                  `trifactor reference`: the same rule, order, schedule and initial weights in float64
    read-out on pixels     host/examples/mnist-readout.toml on the chip: what hidden layers have to beat
    hidden fixed at random the same network in float64, hidden layers left as they started
    backpropagation        the same network in float64, sample by sample, with the rates that studies/baselines.csv favours

FOLDER holds the four MNIST files. Each seed has its own initial weights, roundings and order of samples; the test
images are looked at here and nowhere else. Writes learning.csv (every run) and learning.json (means and bounds).
Exit status 1 when a bound does not hold, on the mean over seeds.
"""
import argparse
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HIDDEN = ("pixels_to_hidden1", "hidden1_to_hidden2")
EIGHT_BITS = [f"projection.{p}.weights.{entry}" for p in HIDDEN for entry in ("bits=8", "range=0.25")]
# Rates of the two baselines, chosen on validation data: studies/baselines.csv.
RANDOM_READOUT_ETA = 1.6
BACKPROP_ETA = 0.02

SYSTEMS = ("chip, 16 bits", "chip, 8-bit hidden", "float", "read-out on pixels", "hidden fixed at random", "backpropagation")
# (better, worse, points by which it may fall short, if negative must lead)
BOUNDS = (("chip, 16 bits", "float", 1.0), ("chip, 8-bit hidden", "chip, 16 bits", 2.5), ("chip, 16 bits", "read-out on pixels", -1.5))


class Failed(Exception):
    """The program ended with a status that is no result."""


class Study:
    def __init__(self, program, folder, data, seeds, count, engine):
        self.program, self.folder, self.seeds, self.engine = program, folder, seeds, engine
        self.train = f"idx:{data}" + (f",count={count}" if count else "")
        self.test = f"idx:{data},split=test"
        self.examples = ROOT / "host/examples"

    def trifactor(self, *arguments):
        command = [str(self.program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}\nended with {done.returncode}\n{done.stderr}")
        return done.stdout

    def streams(self, seed):
        return ["--data", f"{self.train},shuffle={seed}", "--test", self.test, "--progress", "none"]

    def chip(self, network, seed, sets=()):
        """Test accuracy and seconds of one pass on the chip."""
        layout, out = self.folder / "layout.h5", self.folder / "run"
        options = [part for key in sets for part in ("--network-set", key)]
        self.trifactor("compile", self.examples / network, "--seed", seed, *options, "-o", layout, "--force", "-q")
        self.trifactor("run", layout, "--engine", self.engine, *self.streams(seed), "-o", out, "--force", "-q")
        summary = json.loads((out / "summary.json").read_text())
        return summary["accuracy"]["test"], summary["wall_s"]

    def float(self, seed, *options):
        """The same of the float interpreter."""
        result = json.loads(self.trifactor("reference", self.examples / "mnist-phsic.toml", "--seed", seed, *self.streams(seed), *options, "--json"))
        return result["accuracy"]["test"], result["wall_s"]

    def measure(self, system, seed):
        if system == "chip, 16 bits":
            return self.chip("mnist-phsic.toml", seed)
        if system == "chip, 8-bit hidden":
            return self.chip("mnist-phsic.toml", seed, EIGHT_BITS)
        if system == "float":
            return self.float(seed)
        if system == "read-out on pixels":
            return self.chip("mnist-readout.toml", seed)
        if system == "hidden fixed at random":
            return self.float(seed, "--baseline", "random", "--network-set", f"projection.hidden2_to_scores.plasticity.eta={RANDOM_READOUT_ETA}")
        return self.float(seed, "--baseline", "backprop", "--eta", BACKPROP_ETA)

    def run(self):
        """Rows (system, seed, accuracy, seconds), printed as they come."""
        rows = []
        for system in SYSTEMS:
            for seed in range(1, self.seeds + 1):
                accuracy, seconds = self.measure(system, seed)
                rows.append((system, seed, accuracy, seconds))
            of_system = [row for row in rows if row[0] == system]
            each = " ".join(f"{100 * row[2]:.2f}" for row in of_system)
            print(f"{system:<24}{100 * mean(row[2] for row in of_system):6.2f} %   ({each})  {mean(row[3] for row in of_system):7.1f} s a pass", flush=True)
        return rows


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def check(rows):
    """One (text, holds, margin in points) a bound."""
    means = {system: 100 * mean(row[2] for row in rows if row[0] == system) for system in SYSTEMS}
    results = []
    for better, worse, slack in BOUNDS:
        margin = means[better] - (means[worse] - slack)
        relation = f"{slack} below" if slack > 0 else f"{-slack} above"
        results.append((f"{better}: at least {worse}, at most {relation}" if slack > 0 else f"{better}: at least {relation} {worse}", margin >= 0, margin))
    return means, results


def write(path, text):
    temporary = path.with_name(path.name + f".tmp{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the MNIST files")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/trifactor")
    parser.add_argument("--engine", default="systemc", help="of the chip's runs: systemc, functional or rtl")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", type=int, help="learning samples, for a quick look; bounds are meant for all 60,000")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="folder for learning.csv and learning.json")
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error("--seeds: at least 1")
    if not options.program.is_file():
        parser.error(f"--program: there is no {options.program}; build it with ./dev build")
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        study = Study(options.program, pathlib.Path(folder), options.data.resolve(), options.seeds, options.count, options.engine)
        try:
            rows = study.run()
        except Failed as failure:
            print(failure, file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return 130
    means, bounds = check(rows)
    print()
    for text, holds, margin in bounds:
        print(f"{'holds' if holds else 'FAILS'}  {text} ({margin:+.2f} points to spare)")
    if options.output:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("system", "seed", "test_accuracy", "seconds"))
        writer.writerows((system, seed, accuracy, f"{seconds:.2f}") for system, seed, accuracy, seconds in rows)
        write(options.output / "learning.csv", table.getvalue())
        write(options.output / "learning.json", json.dumps({
            "schema_version": 1,
            "program": study.trifactor("--version").strip(),
            "engine": options.engine,
            "learning_samples": options.count or 60000,
            "seeds": options.seeds,
            "systems": {s: {"test_accuracy": round(means[s] / 100, 6), "seconds": round(mean(r[3] for r in rows if r[0] == s), 2)} for s in SYSTEMS},
            "bounds": [{"text": text, "holds": holds, "points_to_spare": round(margin, 3)} for text, holds, margin in bounds],
        }, indent=2) + "\n")
    return 0 if all(holds for _, holds, _ in bounds) else 1


if __name__ == "__main__":
    sys.exit(main())
