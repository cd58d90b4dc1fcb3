#!/usr/bin/python3
"""Rates for the two float baselines of learning.py, judged on validation data: the last 10,000 training images.

usage: baselines.py --data FOLDER [--program TRIFACTOR] [--seeds 2] [--jobs 1] [-o TABLE.csv]

One row a rate and seed: 50,000 learning samples of host/examples/mnist-phsic.toml with hidden layers left at random
(the rate is the read-out's) and by online backpropagation. Test images are not read. An empty accuracy is a run that
diverged; a row that is there is not run again.
"""
import pathlib

import study

READOUT_ETA = "projection.hidden2_to_scores.plasticity.eta"
RATES = {"random": (0.1, 0.2, 0.4, 0.8, 1.6, 3.2), "backprop": (0.005, 0.01, 0.02, 0.05, 0.1)}
COLUMNS = ("baseline", "eta", "seed", "validation_accuracy", "seconds")


def main():
    parser = study.arguments(__doc__, 2, "baselines.csv")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the MNIST files")
    options = parser.parse_args()
    program = study.Program(options.program)

    def one(row):
        rate = ["--eta", row["eta"]] if row["baseline"] == "backprop" else study.overrides([f"{READOUT_ETA}={row['eta']}"])
        return study.judge(program, row, study.EXAMPLES / "mnist-phsic.toml", options.data, "--baseline", row["baseline"], *rate)

    wanted = [{"baseline": baseline, "eta": eta, "seed": seed} for baseline, rates in RATES.items() for eta in rates
              for seed in range(1, options.seeds + 1)]
    study.Runs(options.output, COLUMNS, COLUMNS[:3], {"command": "studies/baselines.py --data FOLDER"}).do(wanted, one, options.jobs, lambda row: " ".join(map(str, row.values())))
    return 0


if __name__ == "__main__":
    study.main_of(main)
