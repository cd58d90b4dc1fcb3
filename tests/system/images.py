#!/usr/bin/python3
"""Do random networks of images compute the same in every engine, for every mapping and timing, and do three
samples move their weights as in floating point?

usage: images.py TRIFACTOR [--networks N] [--seed S] [--keep FOLDER]

Drawn are windows (frozen, untied, learned convolutions), pools that hang over the edge or are padded, residual sums, circles,
membranes, noise, masks, dropout, groups, formats, rules, and feedback that learns or stays. Networks are drawn anew from the seed; one that fails is
named by its number and kept with --keep.
"""
import re
import sys
import tomllib

import numpy as np

from random_networks import Run, main, networks, representable

BACK = ("connect", "kernel", "stride", "padding")  # what feedback has in common with the way forward


class Drawing:
    """A network as it grows: populations and projections, the last map on top."""

    def __init__(self, dice, number):
        self.dice, self.number = dice, number
        self.errors = dice.random() < 0.5  # whether errors travel back; otherwise each layer learns by a rule of its own
        self.saturating = self.errors or dice.random() < 0.5
        self.error = dice.choice(["softmax", "hinge", "hinge", "circuit"]) if self.errors else dice.choice(["softmax", "hinge"])
        self.steps = dice.choice([1, 1, 2, 4])
        self.populations, self.projections, self.chain = [], [], []
        self.shape = [28, 28, 1]
        self.top = self.population("pixels", self.shape, kind="input", activity={"bits": 8, "range": 1.0})

    def population(self, name, shape, **keys):
        self.populations.append({"name": name, "shape": shape, **keys})
        return name

    def neurons(self, shape, plain=False):
        """A population of hidden neurons; plain: one that only hands on."""
        kind = "linear" if plain else "saturated_linear" if self.saturating else self.dice.choice(["tanh", "leaky_relu"])
        keys = {"neuron": {"kind": kind, **({"range": 2.0} if plain else {})}}
        keys["activity"] = {"bits": self.dice.choice([8, 16])}
        if not plain and self.dice.random() < 0.2:
            keys["dropout"] = 0.25
        if not plain and self.steps > 1 and self.dice.random() < 0.4:
            keys["membrane"] = {"tau": self.dice.choice([1.5, 4]), "read": self.dice.choice(["after", "before"])}
        if not plain and self.steps > 1 and self.dice.random() < 0.3:
            keys["noise"] = 0.02
        self.shape = shape
        return self.population(f"p{len(self.populations)}", shape, **keys)

    def weights(self, **keys):
        return {"bits": self.dice.choice([8, 16]), "range": 1.0, "rounding": self.dice.choice(["stochastic", "nearest"]), **keys}

    def project(self, start, end, **keys):
        self.projections.append({"name": f"w{len(self.projections)}", "from": start, "to": end, **keys})

    def rule(self):
        if self.errors:
            return {"rule": "urfb", "eta": 0.02, "schedule": "linear", **({"error": "circuit"} if self.error == "circuit" else {})}
        return self.dice.choice([
            {"rule": "phsic_gaussian", "sigma": 1.0, "eta": 0.1, "partners": self.dice.choice([0, 4, 16])},
            {"rule": "hsic_memory", "N": self.dice.randint(2, 6), "sigma_z": 1.0, "eta": 0.05},
            {"rule": "oja", "eta": 0.002},
            None])

    def windows(self):
        k, s = self.dice.choice([3, 5]), self.dice.choice([2, 3])
        return {"kernel": [k, self.dice.choice([3, k])], "stride": [s], "padding": [self.dice.choice([0, 1])]}

    def extents(self, keys, pooled):
        def extent(size, kernel, stride, padding):
            room = size + 2 * padding - kernel
            return -(-room // stride) + 1 if pooled else room // stride + 1
        (kr, kc), (s,), (p,) = keys["kernel"], keys["stride"], keys["padding"]
        return [extent(self.shape[0], kr, s, p), extent(self.shape[1], kc, s, p)]

    # -- stages, each from the map on top to the next

    def seen(self):
        """Windows with weights."""
        keys, start = self.windows(), self.top
        keys["connect"] = self.dice.choice(["convolution", "convolution", "local"])
        if keys["connect"] == "local" and self.dice.random() < 0.4:
            keys["mask"] = {"density": 0.5}
        if self.dice.random() < 0.5:
            keys["bias"] = True
        keys["plasticity"] = self.rule() if keys["connect"] == "local" or self.errors and self.dice.random() < 0.7 else None
        self.top = self.neurons([*self.extents(keys, False), self.dice.choice([1, 2, 3])])
        self.project(start, self.top, weights=self.weights(), **keys)
        self.chain.append([keys])

    def pooled(self):
        kind, start = self.dice.choice(["max_pool", "average_pool"]), self.top
        k = self.dice.choice([2, 3])
        keys = {"connect": kind, "kernel": [k, k], "stride": [2], "padding": [self.dice.choice([0, 1]) if k == 3 else 0]}
        self.top = self.neurons([*self.extents(keys, True), self.shape[2]], plain=True)
        self.project(start, self.top, **keys)
        self.chain.append([keys])

    def summed(self):
        """A residual sum: what stands on top, and windows or all of it."""
        past, start = {"connect": "identity"}, self.top
        keys = self.dice.choice([{"connect": "dense"}, {"connect": "local", "kernel": [3, 3], "padding": [1]}])
        keys["plasticity"] = self.rule()
        self.top = self.neurons(self.shape)
        self.project(start, self.top, weights=self.weights(), **keys)
        self.project(start, self.top, **past)
        self.chain.append([keys, past])

    def dense(self):
        keys, start = {"connect": "dense", "plasticity": self.rule()}, self.top
        if self.dice.random() < 0.4:
            keys["mask"] = {"density": 0.5}
        kind = "plain" if self.errors else self.dice.choice(["plain", "groups", "competing"])
        if kind == "competing":
            p = self.dice.choice([2, 3, 4])  # powers of weights below 1: the higher the smaller what units are ranked by
            keys["plasticity"] = {"rule": "competing", "eta": 0.01, "p": p, "k": self.dice.randint(2, 5), "current_range": {2: 4, 3: 1, 4: 0.25}[p]}
        self.top = self.neurons([4 * self.dice.randint(2, 6)], plain=kind == "competing")
        if kind == "groups":
            self.populations[-1]["normalise"] = {"kind": "divisive", "groups": 4, "p": self.dice.choice([0.2, 0.5])}
            keys["plasticity"] = {"rule": "phsic_gaussian", "sigma": 0.5, "eta": 0.1, "partners": self.dice.choice([0, 8])}
        self.project(start, self.top, weights=self.weights(), **keys)
        self.chain.append([keys])

    def finish(self):
        start = self.top
        self.top = self.population("scores", [10], neuron={"kind": "linear", "range": 32.0}, activity={"bits": 16})
        keys = {"connect": "dense", "bias": True}
        self.project(start, self.top, weights=self.weights(range=4.0), **keys, plasticity={
            **({"rule": "urfb", "error": "circuit"} if self.error == "circuit" else {"rule": "readout", "error": self.error}),
            "eta": 0.05, "schedule": "linear"})
        self.chain.append([keys])
        if self.steps > 1:
            self.turn_back()
        if self.errors:
            self.feed_back()

    def turn_back(self):
        """A circle, which is read one step late: from a population to itself or to one before it."""
        hears = [p for p in self.populations[1:] if p["neuron"]["kind"] != "linear"]
        end = self.dice.choice(hears)
        start = self.dice.choice(self.populations[self.populations.index(end):])
        keys = {"connect": "dense", "weights": self.weights()}
        if start is end:
            keys = {"connect": self.dice.choice(["identity", "convolution", "local"] if len(end["shape"]) == 3 else ["identity", "dense"])}
            # Sums that grow from step to step would end at their range.
            keys["weights"] = {"value": 0.25} if keys["connect"] == "identity" else self.weights()
            if keys["connect"] in ("convolution", "local"):
                keys.update(kernel=[3, 3], padding=[1])
        self.project(start["name"], end["name"], late=True, **keys)

    def feed_back(self):
        """Errors from the scores back to the lowest layer that learns from them."""
        learns = [any(keys.get("plasticity") for keys in stage) for stage in self.chain[:-1]]
        if not any(learns):
            return
        levels = [self.populations[0]["name"]]
        for projection in self.projections:
            if projection["to"] not in levels:
                levels.append(projection["to"])
        for stage in range(len(self.chain) - 1, learns.index(True), -1):
            for number, keys in enumerate(self.chain[stage]):
                back = {key: keys[key] for key in BACK if key in keys}
                back.update(name=f"back{stage}_{number}", kind="feedback")
                if keys["connect"] in ("dense", "local", "convolution"):
                    back["weights"] = self.weights(range=4.0 if stage == len(self.chain) - 1 else 1.0)
                    back["plasticity"] = self.rule() if self.dice.random() < 0.5 else None
                self.project(levels[stage + 1], levels[stage], **back)

    def text(self):
        about = {"name": f"random{self.number}", "seed": self.number + 1, "steps": self.steps, "output": "scores"}
        return networks.text([("[network]", about), *(("[[population]]", p) for p in self.populations),
                              *(("[[projection]]", p) for p in self.projections)])


def network(dice, number):
    """The text of a random network: windows first, then pools, sums or more windows, and a dense layer or none."""
    drawing = Drawing(dice, number)
    drawing.seen()
    for _ in range(dice.randint(1, 3)):
        stages = [drawing.summed] if drawing.shape[0] * drawing.shape[1] * drawing.shape[2] <= 200 else []
        stages += [drawing.pooled, drawing.pooled, drawing.seen] if min(drawing.shape[:2]) >= 5 else []
        if stages:
            dice.choice(stages)()
    if dice.random() < 0.5:
        drawing.dense()
    drawing.finish()
    return drawing.text()


def moves_apart(program, folder, text):
    """Projections that three samples move otherwise than in floating point, with words of 16 bits on the chip."""
    fine = re.sub(r"bits = 8\b", "bits = 16", text)
    (folder / "moves").mkdir()
    if not representable(program, folder / "moves", fine):
        return []
    run = Run(program, folder / "moves")

    def weights(out):
        with np.load(out / "weights.npz") as file:
            return {name: file[name].astype(np.float64).ravel() for name in file.files}

    layout = run.layout(fine)
    start, chip = (weights(run.run(layout, "functional", *more, samples=3)) for more in (["--no-learn"], []))
    run.trifactor("reference", layout.with_suffix(".toml"), "--data", "synthetic:strokes,shuffle=1,count=3", "--progress", "none", "-q",
                  "-o", run.folder / "float")
    real = weights(run.folder / "float")
    apart = []
    for projection in tomllib.loads(fine)["projection"]:
        name = projection["name"]
        if "plasticity" not in projection:
            continue
        step = projection["weights"]["range"] / 2**15
        for array in (name, name + ".bias"):
            if array not in chip:
                continue
            moved, wanted = (chip[array] - start[array]) * step, real[array] - start[array] * step
            if np.abs(wanted).max() < 40 * step:  # too little to be told from its rounding
                continue
            lengths = np.linalg.norm(moved), np.linalg.norm(wanted)
            alike = moved @ wanted / (lengths[0] * lengths[1] or 1)
            if not (alike > 0.95 and abs(lengths[0] / lengths[1] - 1) < 0.15):
                apart.append(f"{array} moves otherwise than in floating point: cosine {alike:.3f}, lengths {lengths[0]:.4f}, {lengths[1]:.4f}")
    return apart


if __name__ == "__main__":
    sys.exit(main(network, __doc__, 40, moves_apart))
