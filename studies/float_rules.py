#!/usr/bin/python3
"""Rates and widths of the examples that learn in floating point, judged on validation data: the last 10,000 training
images.

usage: float_rules.py --data FOLDER [--program TRIFACTOR] [--seeds 2] [--only NAME] [--jobs 1] [-o TABLE.csv]

One row a setting and seed: 50,000 learning samples, one pass. Test images are not read. FRFB is mnist-urfb without
the plasticity of its feedback projections. A row that is there is not run again.
"""
import itertools
import math
import pathlib
import re
import tempfile

import study

COLUMNS = ("rule", "setting", "seed", "validation_accuracy", "seconds")


def keys(value, *names):
    return [f"projection.{name}={value}" for name in names]


def hsic(eta, width, gamma):
    first, second = "pixels_to_hidden1.plasticity", "hidden1_to_hidden2.plasticity"
    return (keys(eta, f"{first}.eta", f"{second}.eta") + keys(gamma, f"{first}.gamma", f"{second}.gamma") +
            keys(f"{width * math.sqrt(64):.3f}", f"{first}.sigma_z") + keys(f"{width * math.sqrt(32):.3f}", f"{second}.sigma_z"))


def competing(eta, delta, readout):
    return (keys(eta, "pixels_to_hidden.plasticity.eta") + keys(delta, "pixels_to_hidden.plasticity.delta") +
            keys(readout, "hidden_to_scores.plasticity.eta"))


def errors(names):
    return lambda eta, error: (keys(eta, *(f"{name}.plasticity.eta" for name in names)) +
                               keys(f'"{error}"', "hidden2_to_scores.plasticity.error"))


FORWARD = ("pixels_to_hidden1", "hidden1_to_hidden2", "hidden2_to_scores")
GRIDS = {  # name: example, overrides of a setting, the settings by name
    "hsic_memory": ("mnist-hsic-memory", hsic, {"eta": (0.05, 0.1, 0.2), "sigma_z": (0.25, 0.35, 0.5), "gamma": (10.0, 20.0, 40.0)}),
    "competing": ("mnist-competing", competing, {"eta": (0.003, 0.01, 0.03), "delta": (0.2, 0.4), "readout": (0.001, 0.005, 0.02)}),
    "urfb": ("mnist-urfb", errors((*FORWARD, "back2", "back1")), {"eta": (0.005, 0.01, 0.02, 0.04), "error": ("softmax", "hinge")}),
    "frfb": ("mnist-urfb", errors(FORWARD), {"eta": (0.005, 0.01, 0.02, 0.04), "error": ("softmax", "hinge")}),
}


def network_of(name, example, folder):
    """The example; for FRFB a copy whose feedback does not learn."""
    file = study.EXAMPLES / f"{example}.toml"
    if name != "frfb":
        return file
    parts = file.read_text().split("[[projection]]")
    parts = [re.sub(r"(?m)^plasticity.*$", "", part) if 'kind = "feedback"' in part else part for part in parts]
    copy = pathlib.Path(folder) / "frfb.toml"
    copy.write_text("[[projection]]".join(parts))
    return copy


def main():
    parser = study.arguments(__doc__, 2, "float_rules.csv")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the MNIST files")
    parser.add_argument("--only", choices=GRIDS)
    options = parser.parse_args()
    program = study.Program(options.program)
    wanted = []
    for name, (_, _, axes) in GRIDS.items():
        if options.only in (None, name):
            for values, seed in itertools.product(itertools.product(*axes.values()), range(1, options.seeds + 1)):
                wanted.append({"rule": name, "setting": " ".join(f"{axis}={value}" for axis, value in zip(axes, values)), "seed": seed, "values": values})

    def one(row):
        example, keys, _ = GRIDS[row["rule"]]
        with tempfile.TemporaryDirectory() as folder:
            return study.judge(program, row, network_of(row["rule"], example, folder), options.data, *study.overrides(keys(*row["values"])))

    runs = study.Runs(options.output, COLUMNS, COLUMNS[:3], {"command": "studies/float_rules.py --data FOLDER"})
    runs.do(wanted, one, options.jobs, lambda row: " ".join(str(row[c]) for c in COLUMNS))
    return 0


if __name__ == "__main__":
    study.main_of(main)
