#!/usr/bin/python3
"""Does the chip learn? Six accuracies on MNIST, one pass of 60,000 samples, with the seconds each took.

usage: learning.py --data FOLDER [--program TRIFACTOR] [--engine systemc] [--seeds 3] [--count N] [--jobs 1]
                   [-o FOLDER]

    chip, 16 bits          host/examples/mnist-phsic.toml on the SystemC model (--engine functional: the same bits, sooner)
    chip, 8-bit hidden     the same with hidden weights of 8 bits in +-1/4, the read-out left at 16
    float                  `trifactor reference`: the same rule, order, schedule and initial weights in float64
    read-out on pixels     host/examples/mnist-readout.toml on the chip: what hidden layers have to beat
    hidden fixed at random the same network in float64, hidden layers left as they started
    backpropagation        the same network in float64, sample by sample, with the rates that studies/baselines.csv favours

FOLDER holds the four MNIST files. Each seed has its own initial weights, roundings and order of samples; the test
images are looked at here and nowhere else. Writes learning.csv (every run; what is there is not run again) and
learning.json (means and bounds).
Exit status 1 when a bound does not hold, on the mean over seeds.
"""
import json
import pathlib
import statistics
import tempfile

import study

COLUMNS = ("system", "seed", "test_accuracy", "seconds")
HIDDEN = ("pixels_to_hidden1", "hidden1_to_hidden2")
EIGHT_BITS = [f"projection.{p}.weights.{entry}" for p in HIDDEN for entry in ("bits=8", "range=0.25")]
# Rates of the two baselines, chosen on validation data: studies/baselines.csv.
RANDOM_READOUT_ETA = 1.6
BACKPROP_ETA = 0.02

SYSTEMS = ("chip, 16 bits", "chip, 8-bit hidden", "float", "read-out on pixels", "hidden fixed at random", "backpropagation")
# (better, worse, points by which it may fall short, if negative must lead)
BOUNDS = (("chip, 16 bits", "float", 1.0), ("chip, 8-bit hidden", "chip, 16 bits", 2.5), ("chip, 16 bits", "read-out on pixels", -1.5))


class Systems:
    def __init__(self, options):
        self.program, self.engine = study.Program(options.program), options.engine
        self.train = f"idx:{options.data.resolve()}" + (f",count={options.count}" if options.count else "")
        self.test = f"idx:{options.data.resolve()},split=test"

    def chip(self, network, seed, sets=()):
        with tempfile.TemporaryDirectory() as folder:
            return self.program.chip(study.EXAMPLES / network, folder, ["--seed", seed, *study.overrides(sets)],
                                     ["--engine", self.engine, *self.streams(seed)])

    def streams(self, seed):
        return ["--data", f"{self.train},shuffle={seed}", "--test", self.test]

    def float(self, seed, *options):
        return self.program.reference(study.EXAMPLES / "mnist-phsic.toml", "--seed", seed, *self.streams(seed), *options)

    def one(self, row):
        """Test accuracy and seconds of one pass."""
        system, seed = row["system"], row["seed"]
        if system == "chip, 16 bits":
            record = self.chip("mnist-phsic.toml", seed)
        elif system == "chip, 8-bit hidden":
            record = self.chip("mnist-phsic.toml", seed, EIGHT_BITS)
        elif system == "float":
            record = self.float(seed)
        elif system == "read-out on pixels":
            record = self.chip("mnist-readout.toml", seed)
        elif system == "hidden fixed at random":
            record = self.float(seed, "--baseline", "random", *study.overrides([f"projection.hidden2_to_scores.plasticity.eta={RANDOM_READOUT_ETA}"]))
        else:
            record = self.float(seed, "--baseline", "backprop", "--eta", BACKPROP_ETA)
        return {**row, "test_accuracy": record["accuracy"]["test"], "seconds": f"{record['wall_s']:.2f}"}


def of_system(rows, system, column="test_accuracy"):
    return [float(row[column]) for row in rows if row["system"] == system]


def check(rows):
    """One (text, holds, margin in points) a bound."""
    means = {system: 100 * statistics.fmean(of_system(rows, system)) for system in SYSTEMS}
    results = []
    for better, worse, slack in BOUNDS:
        margin = means[better] - (means[worse] - slack)
        relation = f"{slack} below" if slack > 0 else f"{-slack} above"
        results.append((f"{better}: at least {worse}, at most {relation}" if slack > 0 else f"{better}: at least {relation} {worse}", margin >= 0, margin))
    return means, results


def main():
    parser = study.arguments(__doc__, 3)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the MNIST files")
    parser.add_argument("--engine", default="systemc", help="of the chip's runs: systemc, functional or rtl")
    parser.add_argument("--count", type=int, help="learning samples, for a quick look; bounds are meant for all 60,000")
    options = parser.parse_args()
    systems = Systems(options)
    runs = study.Runs(options.output and options.output / "learning.csv", COLUMNS, COLUMNS[:2],
                      {"command": "studies/learning.py --data FOLDER", "engine": options.engine, "learning_samples": options.count or 60000})
    runs.do([{"system": system, "seed": seed} for system in SYSTEMS for seed in range(1, options.seeds + 1)], systems.one, options.jobs,
            lambda row: f"{row['system']} seed {row['seed']}: {100 * row['test_accuracy']:.2f} % in {row['seconds']} s")
    means, bounds = check(runs.rows)
    for system in SYSTEMS:
        print(f"{system:<24}{study.percent(of_system(runs.rows, system))} %, {statistics.fmean(of_system(runs.rows, system, 'seconds')):.1f} s a pass")
    print()
    for text, holds, margin in bounds:
        print(f"{'holds' if holds else 'FAILS'}  {text} ({margin:+.2f} points to spare)")
    if options.output:
        study.write_whole(options.output / "learning.json", json.dumps({
            "schema_version": 1,
            "program": systems.program("--version").strip(),
            "engine": options.engine,
            "learning_samples": options.count or 60000,
            "seeds": options.seeds,
            "systems": {s: {"test_accuracy": round(means[s] / 100, 6), "seconds": round(statistics.fmean(of_system(runs.rows, s, "seconds")), 2)} for s in SYSTEMS},
            "bounds": [{"text": text, "holds": holds, "points_to_spare": round(margin, 3)} for text, holds, margin in bounds],
        }, indent=2) + "\n")
    return 0 if all(holds for _, holds, _ in bounds) else 1


if __name__ == "__main__":
    study.main_of(main)
