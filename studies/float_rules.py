#!/usr/bin/python3
"""Rates and widths of the examples that learn in floating point, judged on validation data: the last 10,000 training
images.

usage: float_rules.py --data FOLDER [--program TRIFACTOR] [--seeds 2] [--only NAME] -o TABLE.csv

One row a setting and seed: 50,000 learning samples, one pass. Test images are not read. FRFB is mnist-urfb without
the plasticity of its feedback projections.
"""
import argparse
import csv
import itertools
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


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
    file = ROOT / f"host/examples/{example}.toml"
    if name != "frfb":
        return file
    parts = file.read_text().split("[[projection]]")
    parts = [re.sub(r"(?m)^plasticity.*$", "", part) if 'kind = "feedback"' in part else part for part in parts]
    copy = pathlib.Path(folder) / "frfb.toml"
    copy.write_text("[[projection]]".join(parts))
    return copy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the MNIST files")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/trifactor")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", choices=GRIDS)
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    data = f"idx:{options.data.resolve()}"
    rows = [("rule", "setting", "seed", "validation_accuracy", "seconds")]
    with tempfile.TemporaryDirectory() as folder:
        for name, (example, overrides, axes) in GRIDS.items():
            if options.only not in (None, name):
                continue
            for values, seed in itertools.product(itertools.product(*axes.values()), range(1, options.seeds + 1)):
                sets = [word for pair in overrides(*values) for word in ("--network-set", pair)]
                command = [str(options.program), "reference", str(network_of(name, example, folder)), *sets, "--seed", str(seed),
                           "--data", f"{data},first=0,count=50000,shuffle={seed}", "--test", f"{data},first=50000,count=10000",
                           "--progress", "none", "--json"]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode == 1:  # learning diverged
                    accuracy, seconds = "", ""
                elif done.returncode != 0:
                    print(done.stderr, file=sys.stderr)
                    return done.returncode
                else:
                    result = json.loads(done.stdout)
                    accuracy, seconds = result["accuracy"]["test"], f"{result['wall_s']:.2f}"
                setting = " ".join(f"{axis}={value}" for axis, value in zip(axes, values))
                rows.append((name, setting, seed, accuracy, seconds))
                print(*rows[-1], sep="  ", flush=True)
    with options.output.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
