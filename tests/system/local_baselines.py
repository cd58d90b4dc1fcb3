#!/usr/bin/python3
"""Are the local baselines what they are called, on the chip and in floating point?

usage: local_baselines.py TRIFACTOR

Layer-wise classification: what a hidden layer learns must not depend on how the layer behind it learns, and must depend
on its own read-out. Fixed feedback alignment: feedback weights stay as they started while all others move. Both must
learn. The examples of host/examples are used; one line a check; exit status 1 if one failed.
"""

import csv
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST = ("pixels_to_hidden1", "hidden1_to_scores1", "hidden1_to_scores1.bias", "back1")


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder, self.failed, self.number = program, folder, 0, 0

    def expect(self, what, holds, found=""):
        self.failed += not holds
        print(f"{'ok    ' if holds else 'FAILED'} {what}{'' if holds else f': {found}'}")

    def trifactor(self, *arguments):
        subprocess.run([self.program, *map(str, arguments), "-q"], check=True)

    def learn(self, example, chip, count, slow=(), test=None):
        """Weights after `count` digits, and the accuracy on `test` others; `slow`: projections at a quarter of their rate."""
        network = [ROOT / f"host/examples/{example}.toml"]
        for name in slow:
            network += ["--network-set", f"projection.{name}.plasticity.eta=0.005"]
        out = self.folder / str(self.number)
        self.number += 1
        data = ["--data", f"synthetic:strokes,shuffle=1,count={count}", "-o", out, "--progress", "none"]
        data += ["--test", f"synthetic:strokes,split=test,count={test}"] if test else []
        if chip:
            self.trifactor("compile", *network, "--machine", "generic", "-o", f"{out}.h5")
            self.trifactor("run", f"{out}.h5", *data)
        else:
            self.trifactor("reference", *network, *data)
        rows = list(csv.DictReader(open(out / "accuracy.csv")))
        with np.load(out / "weights.npz") as file:
            return {name: file[name] for name in file.files}, float(rows[-1]["test_accuracy"]) if test else None

    def layerwise(self, example, chip):
        where = f"{example}, {'chip' if chip else 'floating point'}"
        second = [name for name in ("hidden1_to_hidden2", "hidden2_to_scores") + (() if example.endswith("fa") else ("back2",))]
        plain, _ = self.learn(example, chip, 100)
        behind, _ = self.learn(example, chip, 100, slow=second)
        own, _ = self.learn(example, chip, 100, slow=("hidden1_to_scores1",))
        same = [name for name in FIRST if not np.array_equal(plain[name], behind[name])]
        self.expect(f"{where}: the first layer learns the same whatever the second does", not same, same)
        self.expect(f"{where}: the second did learn otherwise", not np.array_equal(plain["hidden2_to_scores"], behind["hidden2_to_scores"]))
        self.expect(f"{where}: the first depends on its own read-out", not np.array_equal(plain["pixels_to_hidden1"], own["pixels_to_hidden1"]))
        self.expect(f"{where}: so does what it hands to the second", not np.array_equal(plain["hidden1_to_hidden2"], own["hidden1_to_hidden2"]))

    def fixed(self, example, chip):
        where = f"{example}, {'chip' if chip else 'floating point'}"
        one, _ = self.learn(example, chip, 1)
        many, accuracy = self.learn(example, chip, 2000, test=500)
        moved = {name: not np.array_equal(one[name], many[name]) for name in one}
        back = {name for name in one if name.startswith("back")}
        self.expect(f"{where}: feedback weights stay, all others move", len(back) == 2 and all(moved[name] != (name in back) for name in moved if not name.endswith("offset")), moved)
        self.expect(f"{where}: it learns", accuracy > 0.65, accuracy)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(sys.argv[1], pathlib.Path(folder))
        for chip in (True, False):
            for example in ("strokes-layerwise", "strokes-layerwise-fa"):
                bench.layerwise(example, chip)
            for example in ("strokes-feedback-alignment", "strokes-layerwise-fa"):
                bench.fixed(example, chip)
    print("FAILED" if bench.failed else "passed")
    sys.exit(1 if bench.failed else 0)


if __name__ == "__main__":
    main()
