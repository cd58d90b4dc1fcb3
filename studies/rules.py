#!/usr/bin/python3
"""Does every rule learn on the chip as well as in floating point? MNIST, one pass, with 16-bit and with 8-bit weights.

usage: rules.py --data FOLDER [--program TRIFACTOR] [--seeds 3] [--count N] [-o FOLDER]

The examples mnist-*.toml that the chip can run, one of each rule. "16 bits" is the example as it is; "8 bits" gives 8
to the weights of the layers that learn by the rule and leaves the read-out behind them at 16. Their range is that of
the example, half or a quarter of it, whichever reads 10,000 training images best that were kept back (seed 1). Each
seed has its own initial weights, roundings and order; test images are read with the chosen range only. Writes rules.csv
(every run) and rules.json (means, ranges, bounds). Exit status 1 when a mean falls short of floating point by more than
1.0 point with 16 bits or 3.0 with 8.
"""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = {"phsic_gaussian": "mnist-phsic-small", "hsic_memory": "mnist-hsic-memory", "competing": "mnist-competing",
            "urfb": "mnist-urfb", "readout": "mnist-readout"}
BOUNDS = {"16 bits": 1.0, "8 bits": 3.0}


class Study:
    def __init__(self, arguments):
        self.a = arguments
        self.program = str(arguments.program.resolve())
        self.train = f"idx:{arguments.data}" + (f",count={arguments.count}" if arguments.count else "")
        self.rows = []

    def trifactor(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, words))}\nended with {done.returncode}\n{done.stderr}")
        return done.stdout

    def streams(self, seed, test, train=None):
        return ["--data", f"{train or self.train},shuffle={seed}", "--test", test, "--progress", "none"]

    def chip(self, example, keys, seed, streams):
        with tempfile.TemporaryDirectory(prefix="trifactor-rules-") as folder:
            layout, out = pathlib.Path(folder) / "l.h5", pathlib.Path(folder) / "run"
            overrides = [word for key in keys for word in ("--network-set", key)]
            self.trifactor("compile", example, "--machine", "generic", *overrides, "--seed", seed, "-o", layout, "-q")
            self.trifactor("run", layout, *streams, "--engine", "functional", "-o", out, "-q")
            return json.loads((out / "summary.json").read_text())["accuracy"]["test"]

    def eight_bits(self, example, rule):
        """Overrides for the layers that learn by the rule, with the range that reads kept-back images best."""
        text = tomllib.loads(example.read_text())
        own = {p.get("name", f"{p['from']}_to_{p['to']}"): p["weights"]["range"] for p in text["projection"] if p.get("plasticity", {}).get("rule") == rule}
        best = (-1.0, None, None)
        for factor in (1, 0.5, 0.25):
            keys = [f"projection.{name}.weights.{entry}" for name, width in own.items() for entry in ("bits=8", f"range={width * factor}")]
            kept = f"idx:{self.a.data},first=50000,count=10000"
            accuracy = self.chip(example, keys, 1, self.streams(1, kept, f"idx:{self.a.data},first=0,count={self.a.count or 50000}"))
            best = max(best, (accuracy, factor, keys), key=lambda item: item[0])
        return best[1], best[2]

    def run(self):
        test = f"idx:{self.a.data},split=test"
        for rule, stem in EXAMPLES.items():
            example = ROOT / f"host/examples/{stem}.toml"
            factor, keys = self.eight_bits(example, rule)
            for seed in range(1, self.a.seeds + 1):
                streams = self.streams(seed, test)
                for system in ("float", "16 bits", "8 bits"):
                    start = time.monotonic()
                    if system == "float":
                        accuracy = json.loads(self.trifactor("reference", example, *streams, "--seed", seed, "--json", "-q"))["accuracy"]["test"]
                    else:
                        accuracy = self.chip(example, keys if system == "8 bits" else [], seed, streams)
                    self.rows.append({"rule": rule, "example": stem, "system": system, "range_factor": factor if system == "8 bits" else 1,
                                      "seed": seed, "accuracy": accuracy, "seconds": round(time.monotonic() - start, 1)})
                    print(f"{rule} {system} seed {seed}: {100 * accuracy:.2f} %", file=sys.stderr, flush=True)

    def judge(self):
        result, failed = [], 0
        for rule, stem in EXAMPLES.items():
            means = {}
            for system in ("float", "16 bits", "8 bits"):
                values = [row["accuracy"] for row in self.rows if row["rule"] == rule and row["system"] == system]
                means[system] = statistics.fmean(values)
                entry = {"rule": rule, "example": stem, "system": system, "mean": round(means[system], 4), "lowest": min(values), "highest": max(values)}
                if system in BOUNDS:
                    entry["range_factor"] = next(r["range_factor"] for r in self.rows if r["rule"] == rule and r["system"] == system)
                    entry["short_of_float_points"] = round(100 * (means["float"] - means[system]), 2)
                    entry["bound_points"] = BOUNDS[system]
                    entry["ok"] = entry["short_of_float_points"] <= BOUNDS[system]
                    failed += not entry["ok"]
                result.append(entry)
                print(f"{rule:<15} {system:<8} {100 * means[system]:6.2f} % ({100 * min(values):.2f} to {100 * max(values):.2f})" +
                      ("" if system == "float" else f"  {entry['short_of_float_points']:+.2f} points short, bound {BOUNDS[system]}: {'ok' if entry['ok'] else 'FAILED'}"))
        return result, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/trifactor")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", type=int, default=0, help="training samples, 0: all 60,000")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    study = Study(arguments)
    study.run()
    result, failed = study.judge()
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        with (arguments.output / "rules.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, study.rows[0].keys())
            writer.writeheader()
            writer.writerows(study.rows)
        (arguments.output / "rules.json").write_text(json.dumps(result, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
