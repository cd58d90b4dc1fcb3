#!/usr/bin/python3
"""Time in steps: do random networks with several steps, membranes, noise, circles, dropout and masks compute the same in
every engine, for every mapping and timing, and does a look leave no trace?

usage: steps.py TRIFACTOR [--networks N] [--seed S] [--keep FOLDER]

Networks are drawn anew from the seed; one that fails is named by its number and kept with --keep.
"""
import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile


def inline(table):
    def value(v):
        return "true" if v is True else "false" if v is False else f'"{v}"' if isinstance(v, str) else inline(v) if isinstance(v, dict) else str(v)
    return "{ " + ", ".join(f"{k} = {value(v)}" for k, v in table.items()) + " }"


def network(dice, number):
    """The text of a random network: two or three hidden populations, circles among them."""
    steps = dice.choice([1, 2, 3, 5])
    lines = ["[network]", f'name = "random{number}"', f"seed = {number + 1}", f"steps = {steps}", ""]
    lines += ["[[population]]", 'name = "pixels"', 'kind = "input"', "shape = [28, 28]", ""]
    hidden = [f"h{i}" for i in range(dice.randint(2, 3))]
    competing = dice.choice(hidden + [None, None])
    for name in hidden:
        kind = "linear" if name == competing else dice.choice(["tanh", "tanh", "leaky_relu", "saturated_linear"])
        lines += ["[[population]]", f'name = "{name}"', f"shape = [{dice.randint(5, 24)}]", "neuron = " + inline({"kind": kind}),
                  "activity = " + inline({"bits": dice.choice([8, 16])})]
        if dice.random() < 0.6:
            lines.append("membrane = " + inline({"tau": dice.choice([1, 1.5, 3, 20]), "read": dice.choice(["after", "before"])}))
        if dice.random() < 0.5:
            lines.append("noise = 0.02")
        if dice.random() < 0.4 and name != competing:
            lines.append("dropout = 0.3")
        lines.append("")
    lines += ["[[population]]", 'name = "scores"', "shape = [10]", "activity = { bits = 16 }", ""]

    def projection(start, end, rule=None, **keys):
        text = ["[[projection]]", f'from = "{start}"', f'to = "{end}"']
        text += ["weights = " + inline({"bits": dice.choice([8, 16]), "rounding": dice.choice(["stochastic", "nearest"])})]
        if dice.random() < 0.3:
            text.append("bias = true")
        if dice.random() < 0.4:
            text.append("mask = { density = 0.5 }")
        if rule is not None:
            text.append("plasticity = " + inline({"rule": rule, **keys}))
        return [*text, ""]

    def plasticity(name):
        if name == competing:
            return "competing", {"eta": 0.01, "p": dice.choice([2, 4])}
        rule = dice.choice(["hsic_memory", "oja", None])
        if rule == "hsic_memory":
            return rule, {"N": dice.randint(2, 5), "sigma_z": 1, "eta": 0.02, "every": dice.choice(["sample", "step"])}
        return rule, {"eta": 0.002} if rule else {}

    before = "pixels"
    for name in hidden:
        rule, keys = plasticity(name)
        text = projection(before, name, rule, **keys)
        if name == competing:
            text = [line for line in text if line != "bias = true"]
        lines += text
        before = name
    circles = [(a, b) for i, a in enumerate(hidden) for b in hidden[:i + 1] if b != competing]
    dice.shuffle(circles)
    for a, b in circles[:dice.randint(1, 2)]:
        rule = dice.choice([None, "oja"])
        lines += projection(a, b, rule, **({"eta": 0.002} if rule else {}))
    if dice.random() < 0.4 and competing != hidden[0]:
        lines += projection("scores", hidden[0])
    lines += projection(before, "scores", "readout", error="softmax", eta=0.05, every=dice.choice(["sample", "step"]))
    return "\n".join(lines)


class Run:
    def __init__(self, program, folder):
        self.program, self.folder, self.number = program, folder, 0

    def trifactor(self, *arguments):
        done = subprocess.run([str(self.program), *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, arguments))}\nended with {done.returncode}\n{done.stderr}")
        return done.stdout

    def layout(self, text, machine="generic", *sets):
        self.number += 1
        file, out = self.folder / f"{self.number}.toml", self.folder / f"{self.number}.h5"
        file.write_text(text)
        options = [word for key in sets for word in ("--set", key)]
        self.trifactor("compile", file, "--machine", machine, *options, "-o", out, "-q")
        return out

    def run(self, layout, engine, *more, samples=12):
        self.number += 1
        out = self.folder / f"run{self.number}"
        self.trifactor("run", layout, "--data", f"synthetic:strokes,shuffle=1,count={samples}", "--engine", engine,
                       "--digests", "--progress", "none", "-q", "-o", out, *more)
        return out

    @staticmethod
    def contents(out):
        digests = [line.split(",", 1)[1] for line in (out / "digests.csv").read_text().splitlines()[1:]]
        learned = [line for line in digests if line.startswith("1,")]
        return (out / "weights.npz").read_bytes(), learned


def check(program, folder, text):
    """What differs from the functional engine, or from itself with tests in between; empty where nothing."""
    run = Run(program, folder)
    plain = run.layout(text)
    wanted = run.contents(run.run(plain, "functional"))
    split = run.layout(text, "generic", "core.columns=10", "mesh.width=8", "mesh.height=8")
    variants = {
        "systemc": lambda: run.run(plain, "systemc"),
        "rtl": lambda: run.run(plain, "rtl"),
        "functional, 10 columns a core": lambda: run.run(split, "functional"),
        "systemc, 10 columns a core": lambda: run.run(split, "systemc"),
        "systemc, jitter": lambda: run.run(run.layout(text, "jitter", "jitter_seed=3"), "systemc"),
        "systemc, one-packet buffers, trees on the mesh": lambda: run.run(
            run.layout(text, "generic", "mesh.buffer_packets=1", "tree.network=mesh", "core.columns=10", "mesh.width=8", "mesh.height=8"), "systemc"),
        "systemc, drained after every third sample": lambda: run.run(
            plain, "systemc", "--checkpoint", folder / "drained.ckpt", "--every", 3),
    }
    differing = [what for what, make in variants.items() if run.contents(make()) != wanted]
    nearest = text.replace("stochastic", "nearest")
    rows = "core.axons=" + str(400)
    if run.contents(run.run(run.layout(nearest, "generic", rows, "mesh.width=8"), "systemc")) != run.contents(run.run(run.layout(nearest), "functional")):
        differing.append("systemc, rows split, rounding to nearest")
    for engine in ("functional", "systemc"):
        tested = run.run(plain, engine, "--test", "synthetic:strokes,split=test,count=5", "--epochs", 2, samples=6)
        untested = run.run(plain, engine, "--epochs", 2, samples=6)
        if run.contents(tested) != run.contents(untested):
            differing.append(f"{engine}, looks in between")
    return differing


def representable(program, folder, text):
    """Whether the formats that were drawn have room for the rules' factors; whatever else is wrong is a failure."""
    file = folder / "drawn.toml"
    file.write_text(text)
    done = subprocess.run([str(program), "compile", str(file), "--machine", "generic", "--dry-run", "-q"], capture_output=True, text=True)
    if done.returncode not in (0, 4):
        raise RuntimeError(f"{file}\n{done.stderr}")
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--networks", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="trifactor-steps-"))
    failed = 0
    try:
        number, done = -1, 0
        while done < arguments.networks:
            number += 1
            text = network(random.Random(arguments.seed * 1000 + number), number)
            own = folder / f"network{number}"
            own.mkdir(parents=True, exist_ok=True)
            if not representable(arguments.program.resolve(), own, text):
                continue
            done += 1
            differing = check(arguments.program.resolve(), own, text)
            failed += bool(differing)
            print(f"{'DIFFERENT' if differing else 'identical':<10} network {number} {'; '.join(differing)}", flush=True)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{arguments.networks - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
