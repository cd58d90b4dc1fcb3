#!/usr/bin/python3
"""A network trained elsewhere runs on the chip: little accuracy is lost to its number formats.

usage: trained_model.py TRIFACTOR [--full]

`trifactor reference --baseline backprop` trains a network in floating point and writes weights.npz; the same network
without plasticity, with those weights, is compiled at 16, 8 and 4 bits and infers on the systemc engine. The range of
each projection's weights is the power of two with the smallest squared error over the trained weights themselves, so
that nothing is chosen on test data. Prints accuracy, energy and latency of an inference by weight width.
Exit status 1 when 8 bits lose more than 0.5 points, or when a figure is missing.

Small: drawn digits and the network of host/examples/strokes-phsic.toml. --full: 60,000 MNIST digits (the environment
variable TRIFACTOR_DATA names the folder that holds mnist/) and the network of host/examples/mnist-phsic.toml.
"""
import argparse
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
MOST_LOST = 0.005  # of the accuracy in floating point, at 8 bits


class Trained:
    def __init__(self, program, folder, full):
        self.program, self.folder = program, folder
        self.example = ROOT / "host/examples" / ("mnist-phsic.toml" if full else "strokes-phsic.toml")
        data = f"idx:{os.environ['TRIFACTOR_DATA']}/mnist" if full else "synthetic:strokes"
        self.train, self.test = f"{data},shuffle=1", f"{data},split=test"

    def trifactor(self, *arguments):
        command = [str(self.program), *map(str, arguments), "--progress", "none"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\nended with {done.returncode}: {done.stderr}")
        return done.stdout

    def learn(self):
        """Accuracy in floating point; leaves float/weights.npz."""
        out = json.loads(self.trifactor("reference", self.example, "--baseline", "backprop", "--data", self.train, "--test", self.test, "-o", "float", "--json"))
        with np.load(self.folder / "float/weights.npz") as file:
            self.arrays = {name: file[name] for name in file.files}
        return out["accuracy"]["test"], out["seconds"]["learning"]

    def network(self):
        """The example with the trained weights and without plasticity; names of its projections."""
        text = re.sub(r"(?m)^plasticity\b.*\n", "", self.example.read_text())
        text = re.sub(r"(?m)^\[network\]$", '[network]\nweights = "float/weights.npz"', text, count=1)
        text, projections = re.subn(r'init = "[a-z_]+"', 'init = "file"', text)
        (self.folder / "trained.toml").write_text(text)
        names = [name for name in self.arrays if "." not in name]
        if len(names) != projections or "plasticity" in text:
            raise RuntimeError(f"{self.example.name} has {projections} projections, the weights name {names}")
        return names

    def best_range(self, name, bits):
        """Of the powers of two, the range with the smallest squared error over the trained weights and bias."""
        words = np.concatenate([self.arrays[name].ravel(), self.arrays.get(name + ".bias", np.zeros(0))])
        half = 2 ** (bits - 1)

        def error(size):
            step = size / half
            return np.sum((np.clip(np.rint(words / step), -half, half - 1) * step - words) ** 2)
        return min((2.0**e for e in range(-6, 6)), key=error), np.abs(words).max()

    def infer(self, names, bits):
        options, ranges = [], []
        for name in names:
            size, largest = self.best_range(name, bits)
            ranges.append(f"{name} +-{size:g} (largest {largest:.3g})")
            options += ["--network-set", f"projection.{name}.weights.bits={bits}", "--network-set", f"projection.{name}.weights.range={size}"]
        self.trifactor("compile", "trained.toml", *options, "-o", f"{bits}.h5", "-q")
        self.trifactor("run", f"{bits}.h5", "--data", self.test, "--no-learn", "--engine", "systemc", "-o", f"run{bits}", "-q")
        summary = json.loads((self.folder / f"run{bits}/summary.json").read_text())
        if summary["learn_samples"] != 0 or summary["events"]["update"] != 0:
            raise RuntimeError("the network learned while it should only infer")
        return summary, ranges


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    if arguments.full and not (pathlib.Path(os.environ.get("TRIFACTOR_DATA", "")) / "mnist").is_dir():
        print("TRIFACTOR_DATA names no folder that holds mnist/")
        return 2
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trifactor-trained-"))
    try:
        trained = Trained(arguments.program.resolve(), folder, arguments.full)
        floating, seconds = trained.learn()
        names = trained.network()
        print(f"{trained.example.name}, trained by backpropagation in {seconds:.0f} s, tested on {trained.test} (systemc, 45nm)\n")
        print("weights    accuracy   lost       energy an inference (low to high)   latency p50, p99")
        print(f"float64    {100 * floating:6.2f} %")
        held = floating > 0.5  # a network that learned nothing cannot lose anything
        for bits in (16, 8, 4):
            summary, ranges = trained.infer(names, bits)
            lost = floating - summary["accuracy"]["test"]
            energy = {k: summary["energy_pJ"][k] / summary["samples"] / 1e6 for k in ("low", "nominal", "high")}
            clock = summary["time_ns"] / summary["cycles"] / 1000
            latency = [summary["latency_cycles"][p] * clock for p in ("p50", "p99")]
            bound = f"  limit {100 * MOST_LOST:.1f} points" if bits == 8 else ""
            print(f"{bits:>2} bits    {100 * summary['accuracy']['test']:6.2f} %   {100 * lost:5.2f} pt   {energy['nominal']:7.3f} uJ "
                  f"({energy['low']:.3f} to {energy['high']:.3f})        {latency[0]:.2f} us, {latency[1]:.2f} us{bound}")
            print(f"           {', '.join(ranges)}")
            held &= 0 < energy["low"] <= energy["nominal"] <= energy["high"] and 0 < latency[0] <= latency[1]
            if bits == 8:
                held &= lost <= MOST_LOST
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("1 passed, 0 failed" if held else "0 passed, 1 failed")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
