#!/usr/bin/python3
"""Is every learning system that `list rules` shows there, in the renderings it claims and in no other?

usage: systems.py TRIFACTOR

A system in all renderings: set in the examples that use its rule, one at least compiles and learns a few samples on the
chip and in floating point. A system in floating point alone: `eval` has it, and refuses it in fixed point with a code.
Baselines: `reference` learns by each.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from identity import ROOT, built_in  # noqa: E402

BATCHES = ["--batch", 10]


class Systems:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.examples = {path: tomllib.loads(path.read_text()) for path in sorted((ROOT / "host/examples").glob("*.toml")) if built_in(path.stem)}
        self.passed = self.failed = 0

    def __call__(self, *words):
        return subprocess.run([self.program, *map(str, words)], cwd=self.folder, capture_output=True, text=True)

    def check(self, what, right, said=""):
        self.passed += right
        self.failed += not right
        if not right:
            print(f"FAILED {what}\n       {said.strip()[:300]}")

    def on_the_chip(self, rule, system):
        said = ["no example uses the rule"]
        for path, text in self.examples.items():
            learn = [p.get("name", f"{p['from']}_to_{p['to']}") for p in text["projection"] if p.get("plasticity", {}).get("rule") == rule]
            if not learn:
                continue
            sets = [word for name in learn for key, value in system["settings"].items() for word in ("--network-set", f"projection.{name}.plasticity.{key}={value}")]
            data = ["--data", f"synthetic:{'line' if path.stem.startswith('line') else 'strokes'},count=20"]
            for words in (["compile", path, *sets, "--machine", "generic", "-o", "n.h5"], ["run", "n.h5", *data, "-o", "run"], ["reference", path, *sets, *data]):
                done = self(*words, "--force")
                if done.returncode:
                    said.append(done.stderr)
                    break
            else:
                return None
        return said[-1]

    def in_floating_point(self, rule, system):
        np.savez(self.folder / "in.npz", x=np.random.default_rng(1).normal(size=(6, 3)), w=np.random.default_rng(2).normal(size=(8, 3)), labels=np.arange(6) % 3)
        words = ["eval", rule["name"], "--in", "in.npz", "--out", "out.npz", "--force", *(w for pair in system["settings"].items() for w in ("--param", "=".join(pair)))]
        batches = "batch" in system["beside"]
        words += ["--mode", "batch" if batches else rule["eval_modes"][0]]
        done = self(*words)
        self.check(f"{rule['name']}, {system['name']}: eval", done.returncode == 0, done.stderr)
        done = self(*words, "--engine", "functional")
        self.check(f"{rule['name']}, {system['name']}: refused in fixed point", done.returncode in (2, 4) and re.search(r"\[TF-\w+-\d{3}\]", done.stderr) is not None,
                   f"exit status {done.returncode}: {done.stderr}")

    def run(self):
        for rule in json.loads(self("list", "rules", "--json").stdout):
            known = {p["name"] for p in rule["parameters"] + rule["eval_parameters"]}
            for system in rule["systems"]:
                what = f"{rule['name']}, {system['name']}"
                self.check(f"{what}: its settings are parameters", set(system["settings"]) <= known, str(system["settings"]))
                self.check(f"{what}: no more than the rule has", all(rule["renderings"][r] or not there for r, there in system["renderings"].items()))
                if system["renderings"]["chip"]:
                    said = self.on_the_chip(rule["name"], system)
                    self.check(f"{what}: learns on the chip and in floating point", said is None, said or "")
                else:
                    self.in_floating_point(rule, system)
        network = ROOT / "host/examples/strokes-urfb.toml"
        for baseline in json.loads(self("list", "baselines", "--json").stdout):
            batches = BATCHES if "mini-batches" in baseline["description"] else []
            done = self("reference", network, *batches, "--baseline", baseline["name"], "--data", "synthetic:strokes,count=20")
            self.check(f"baseline {baseline['name']}", done.returncode == 0, done.stderr)
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or self.passed < 40 else 0


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        return Systems(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder)).run()


if __name__ == "__main__":
    sys.exit(main())
