#!/usr/bin/python3
"""Rates for the two float baselines of learning.py, judged on validation data: the last 10,000 training images.

usage: baselines.py --data FOLDER [--program TRIFACTOR] [--seeds 2] -o TABLE.csv

One row a rate and seed: 50,000 learning samples of host/examples/mnist-phsic.toml with hidden layers left at random
(the rate is the read-out's) and by online backpropagation. Test images are not read.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
READOUT_ETA = "projection.hidden2_to_scores.plasticity.eta"
RATES = {"random": (0.1, 0.2, 0.4, 0.8, 1.6, 3.2), "backprop": (0.005, 0.01, 0.02, 0.05, 0.1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the MNIST files")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/trifactor")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    data = f"idx:{options.data.resolve()}"
    rows = [("baseline", "eta", "seed", "validation_accuracy", "seconds")]
    for baseline, rates in RATES.items():
        for eta in rates:
            for seed in range(1, options.seeds + 1):
                rate = ["--eta", str(eta)] if baseline == "backprop" else ["--network-set", f"{READOUT_ETA}={eta}"]
                command = [str(options.program), "reference", str(ROOT / "host/examples/mnist-phsic.toml"), "--baseline", baseline, *rate,
                           "--seed", str(seed), "--data", f"{data},first=0,count=50000,shuffle={seed}",
                           "--test", f"{data},first=50000,count=10000", "--progress", "none", "--json"]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode == 1:  # learning diverged
                    accuracy, seconds = "", ""
                elif done.returncode != 0:
                    print(done.stderr, file=sys.stderr)
                    return done.returncode
                else:
                    result = json.loads(done.stdout)
                    accuracy, seconds = result["accuracy"]["test"], f"{result['wall_s']:.2f}"
                rows.append((baseline, eta, seed, accuracy, seconds))
                print(*rows[-1], sep="  ", flush=True)
    with options.output.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
