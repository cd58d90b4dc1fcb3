#!/usr/bin/python3
"""Does a convolution learn on the chip what it learns in floating point, as one kernel?

usage: kernels.py TRIFACTOR

On host/examples/strokes-convolution.toml: after any run all copies of an entry are equal, in one core and in many; the
change of the kernel by a few samples is that of floating point; the network learns as well as there, and better than
with a kernel that stays; untied windows are another network. One line a check; exit status 1 if one failed.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "host/examples/strokes-convolution.toml"
PLACES, CHANNELS, TAPS, STRIDE = 8, 4, 5, 3


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder, self.failed, self.number = program, folder, 0, 0

    def expect(self, what, holds, found=""):
        self.failed += not holds
        print(f"{'ok    ' if holds else 'FAILED'} {what}{f': {found}' if found or not holds else ''}")

    def trifactor(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments), "-q"], check=True, capture_output=True, text=True)

    def learn(self, count, chip=None, network=(), test=0, engine="functional", baseline=None):
        """chip: settings of the machine, None for floating point."""
        out = self.folder / str(self.number)
        self.number += 1
        options = [option for key in network for option in ("--network-set", key)]
        data = ["--data", f"synthetic:strokes,shuffle=1,count={count}", "-o", out, "--progress", "none"]
        data += ["--test", f"synthetic:strokes,split=test,count={test}"] if test else []
        if chip is None:
            self.trifactor("reference", EXAMPLE, *options, *data, *(["--baseline", baseline] if baseline else []))
        else:
            sets = [option for key in chip for option in ("--set", key)]
            self.trifactor("compile", EXAMPLE, *options, "--machine", "generic", *sets, "-o", f"{out}.h5")
            self.trifactor("run", f"{out}.h5", "--engine", engine, *data)
        rows = list(csv.DictReader(open(out / "accuracy.csv")))
        with np.load(out / "weights.npz") as file:
            weights = {name: file[name].astype(np.float64) for name in file.files}
        return weights, 100 * float(rows[-1]["test_accuracy"]) if test else None, out


def kernel_of(weights):
    """The kernel (channel, row, column) and its biases, and how far copies differ; by loops over windows."""
    w, b = weights["pixels_to_map"], weights["pixels_to_map.bias"].reshape(PLACES, PLACES, CHANNELS)
    windows = np.empty((PLACES, PLACES, CHANNELS, TAPS, TAPS))
    w = w.reshape(PLACES, PLACES, CHANNELS, 28, 28)
    inside = 0.0
    for y in range(PLACES):
        for x in range(PLACES):
            window = w[y, x, :, STRIDE * y : STRIDE * y + TAPS, STRIDE * x : STRIDE * x + TAPS]
            windows[y, x] = window
            inside += np.abs(window).sum()
    entries = np.concatenate([windows.reshape(PLACES**2, -1), b.reshape(PLACES**2, -1)], axis=1)
    return entries[0], np.ptp(entries, axis=0).max(), np.abs(w).sum() - inside


def main():
    with tempfile.TemporaryDirectory(prefix="trifactor-kernels-") as folder:
        bench = Bench(sys.argv[1], pathlib.Path(folder))
        many = ("core.columns=24", "mesh.width=8", "mesh.height=8")
        kernels = []
        for what, chip in (("one core", ()), ("eleven cores", many)):
            weights, _, out = bench.learn(200, chip, engine="systemc")
            kernel, apart, outside = kernel_of(weights)
            kernels.append((kernel, json.loads((out / "summary.json").read_text())))
            bench.expect(f"{what}: copies of an entry are equal, and nothing lies outside the windows", apart == 0 and outside == 0, (apart, outside))
        (one, alone), (cut, together) = kernels
        bench.expect("the kernel is the same in one core and in eleven", (one == cut).all())
        bench.expect("an entry's updates count once, however many cores write copies", alone["updates"] == together["updates"])
        bench.expect("sums travel only where the layer is cut", together["events"]["reduction_word"] > alone["events"]["reduction_word"])
        bench.expect("each product of an increment is counted once", together["events"]["increment"] == alone["events"]["increment"] > 0)

        start, _, _ = bench.learn(1, (), ("projection.pixels_to_map.plasticity.eta=0.0001",))
        step = 2.0 ** -15  # of weights of 16 bits within 1
        for count in (1, 5):
            chip, _, _ = bench.learn(count, ())
            reference, _, _ = bench.learn(count)
            moved = (kernel_of(chip)[0] - kernel_of(start)[0]) * step
            wanted = kernel_of(reference)[0] - kernel_of(start)[0] * step
            alike = np.corrcoef(moved, wanted)[0, 1]
            bench.expect(f"{count} samples move the kernel as in floating point", alike > 0.98 and abs(np.std(moved) / np.std(wanted) - 1) < 0.1, f"correlation {alike:.4f}, sizes {np.std(moved):.5f} and {np.std(wanted):.5f}")

        _, chip, _ = bench.learn(3000, (), test=1000)
        _, reference, _ = bench.learn(3000, test=1000)
        _, still, _ = bench.learn(3000, test=1000, baseline="random")
        bench.expect("the chip learns as in floating point, both better than a kernel that stays", abs(chip - reference) < 2.5 and min(chip, reference) > still + 4, f"{chip:.1f}, {reference:.1f}, {still:.1f} %")

        untied, _, _ = bench.learn(200, (), ("projection.pixels_to_map.connect=local",))
        bench.expect("untied windows learn apart", kernel_of(untied)[1] > 0)
        return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
