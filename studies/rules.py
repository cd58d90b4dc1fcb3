#!/usr/bin/python3
"""Does every rule learn on the chip as well as in floating point? MNIST, one pass, with 16-bit and with 8-bit weights.

usage: rules.py --data FOLDER [--program TRIFACTOR] [--seeds 3] [--count N] [--jobs 1] [-o FOLDER]

The examples mnist-*.toml that the chip can run, one of each rule. "16 bits" is the example as it is; "8 bits" gives 8
to the weights of the layers that learn by the rule and leaves the read-out behind them at 16. Their range is that of
the example, half or a quarter of it, whichever reads 10,000 training images best that were kept back (seed 1). Each
seed has its own initial weights, roundings and order; test images are read with the chosen range only. Writes ranges.csv
(runs that choose), rules.csv (every other run; what is there is not run again) and rules.json (means, bounds). Exit
status 1 when a mean falls short of floating point by more than 1.0 point with 16 bits or 3.0 with 8.
"""
import json
import statistics
import tempfile
import time
import tomllib

import study

EXAMPLES = {"phsic_gaussian": "mnist-phsic-small", "hsic_memory": "mnist-hsic-memory", "competing": "mnist-competing",
            "urfb": "mnist-urfb", "readout": "mnist-readout"}
BOUNDS = {"16 bits": 1.0, "8 bits": 3.0}


COLUMNS = ("rule", "example", "system", "range_factor", "seed", "accuracy", "seconds")


class Study:
    def __init__(self, options):
        self.program = study.Program(options.program)
        self.mnist, self.count = f"idx:{options.data}", options.count
        self.options = options
        about = {"command": "studies/rules.py --data FOLDER", "learning_samples": options.count or 60000}
        self.ranges = study.Runs(options.output and options.output / "ranges.csv", COLUMNS, COLUMNS[:5], about)
        self.runs = study.Runs(options.output and options.output / "rules.csv", COLUMNS, COLUMNS[:3] + COLUMNS[4:5], about)

    def keys(self, row):
        """Overrides for the layers that learn by the rule."""
        if row["system"] != "8 bits":
            return []
        text = tomllib.loads((study.EXAMPLES / f"{row['example']}.toml").read_text())
        own = {p.get("name", f"{p['from']}_to_{p['to']}"): p["weights"]["range"] for p in text["projection"] if p.get("plasticity", {}).get("rule") == row["rule"]}
        return [f"projection.{name}.weights.{entry}" for name, width in own.items() for entry in ("bits=8", f"range={width * row['range_factor']}")]

    def one(self, row, learn, test):
        start = time.monotonic()
        example, streams = study.EXAMPLES / f"{row['example']}.toml", ["--data", f"{learn},shuffle={row['seed']}", "--test", test]
        if row["system"] == "float":
            record = self.program.reference(example, *streams, "--seed", row["seed"])
        else:
            with tempfile.TemporaryDirectory(prefix="trifactor-rules-") as folder:
                record = self.program.chip(example, folder, ["--machine", "generic", *study.overrides(self.keys(row)), "--seed", row["seed"]],
                                           [*streams, "--engine", "functional"])
        return {**row, "accuracy": record["accuracy"]["test"], "seconds": round(time.monotonic() - start, 1)}

    def run(self):
        base = [{"rule": rule, "example": stem} for rule, stem in EXAMPLES.items()]
        wanted = [{**row, "system": "8 bits", "range_factor": factor, "seed": 1} for row in base for factor in (1, 0.5, 0.25)]
        self.ranges.do(wanted, lambda row: self.one(row, f"{self.mnist},first=0,count={self.count or 50000}", f"{self.mnist},first=50000,count=10000"),
                       self.options.jobs)
        best = {}
        for row in sorted(self.ranges.rows, key=lambda row: float(row["accuracy"])):
            best[row["rule"]] = float(row["range_factor"])
        wanted = [{**row, "system": system, "range_factor": best[row["rule"]] if system == "8 bits" else 1, "seed": seed}
                  for row in base for seed in range(1, self.options.seeds + 1) for system in ("float", "16 bits", "8 bits")]
        learn = self.mnist + (f",count={self.count}" if self.count else "")
        self.runs.do(wanted, lambda row: self.one(row, learn, f"{self.mnist},split=test"), self.options.jobs)

    def judge(self):
        result, failed = [], 0
        for rule, stem in EXAMPLES.items():
            means = {}
            for system in ("float", "16 bits", "8 bits"):
                values = [float(row["accuracy"]) for row in self.runs.rows if row["rule"] == rule and row["system"] == system]
                means[system] = statistics.fmean(values)
                entry = {"rule": rule, "example": stem, "system": system, "mean": round(means[system], 4), "lowest": min(values), "highest": max(values)}
                if system in BOUNDS:
                    entry["range_factor"] = next(float(r["range_factor"]) for r in self.runs.rows if r["rule"] == rule and r["system"] == system)
                    entry["short_of_float_points"] = round(100 * (means["float"] - means[system]), 2)
                    entry["bound_points"] = BOUNDS[system]
                    entry["ok"] = entry["short_of_float_points"] <= BOUNDS[system]
                    failed += not entry["ok"]
                result.append(entry)
                print(f"{rule:<15} {system:<8} {100 * means[system]:6.2f} % ({100 * min(values):.2f} to {100 * max(values):.2f})" +
                      ("" if system == "float" else f"  {entry['short_of_float_points']:+.2f} points short, bound {BOUNDS[system]}: {'ok' if entry['ok'] else 'FAILED'}"))
        return result, failed


def main():
    parser = study.arguments(__doc__, 3)
    parser.add_argument("--data", required=True)
    parser.add_argument("--count", type=int, default=0, help="training samples, 0: all 60,000")
    options = parser.parse_args()
    trial = Study(options)
    trial.run()
    result, failed = trial.judge()
    if options.output:
        study.write_whole(options.output / "rules.json", json.dumps(result, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    study.main_of(main)
