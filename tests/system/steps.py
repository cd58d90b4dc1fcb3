#!/usr/bin/python3
"""Time in steps: do random networks with several steps, membranes, noise, circles, dropout and masks compute the same in
every engine, for every mapping and timing, and does a look leave no trace?

usage: steps.py TRIFACTOR [--networks N] [--seed S] [--keep FOLDER]

A third of the networks have a reservoir that tells a layer its error. Networks are drawn anew from the seed; one that fails is named by its number and kept with --keep.
"""
import sys

from random_networks import main, networks


def network(dice, number):
    """The text of a random network: two or three hidden populations, circles among them."""
    steps = dice.choice([1, 2, 3, 5])
    lines = ["[network]", f'name = "random{number}"', f"seed = {number + 1}", f"steps = {steps}", ""]
    lines += ["[[population]]", 'name = "pixels"', 'kind = "input"', "shape = [28, 28]", ""]
    hidden = [f"h{i}" for i in range(dice.randint(2, 3))]
    competing = dice.choice(hidden + [None, None])
    for name in hidden:
        kind = "linear" if name == competing else dice.choice(["tanh", "tanh", "leaky_relu", "saturated_linear"])
        lines += ["[[population]]", f'name = "{name}"', f"shape = [{dice.randint(5, 24)}]", "neuron = " + networks.value({"kind": kind}),
                  "activity = " + networks.value({"bits": dice.choice([8, 16])})]
        if dice.random() < 0.6:
            lines.append("membrane = " + networks.value({"tau": dice.choice([1, 1.5, 3, 20]), "read": dice.choice(["after", "before"])}))
        if dice.random() < 0.5:
            lines.append("noise = 0.02")
        if dice.random() < 0.4 and name != competing:
            lines.append("dropout = 0.3")
        lines.append("")
    lines += ["[[population]]", 'name = "scores"', "shape = [10]", "activity = { bits = 16 }", ""]

    def projection(start, end, rule=None, **keys):
        text = ["[[projection]]", f'from = "{start}"', f'to = "{end}"']
        text += ["weights = " + networks.value({"bits": dice.choice([8, 16]), "rounding": dice.choice(["stochastic", "nearest"])})]
        if dice.random() < 0.3:
            text.append("bias = true")
        if dice.random() < 0.4:
            text.append("mask = { density = 0.5 }")
        if rule is not None:
            text.append("plasticity = " + networks.value({"rule": rule, **keys}))
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


def reservoir(dice, number):
    """The text of a random layer that is told its error by the read-out of a reservoir, which hears all there is."""
    often = dice.choice(["step", "sample"])
    size, heard = dice.randint(1, 12), dice.randint(8, 40)

    def neurons(name, shape, tau, **keys):
        membrane = {"tau": tau, "read": dice.choice(["after", "before"])} if dice.random() < 0.7 else None
        return ("[[population]]", {"name": name, "shape": [shape], "membrane": membrane, "noise": dice.choice([0.05, None]),
                                   "activity": {"bits": dice.choice([8, 16])}, **keys})

    def projection(start, end, range=None, init=None, **keys):
        weights = {"bits": dice.choice([8, 16]), "rounding": dice.choice(["stochastic", "nearest"]), "range": range, "init": init}
        return ("[[projection]]", {"from": start, "to": end, "weights": weights, **keys})

    def beside(name, start, end, kind):
        return ("[[projection]]", {"name": name, "from": start, "to": end, "kind": kind, "connect": "identity"})

    told = {"rule": "hsic_memory", "every": often, "N": dice.randint(2, 6), "eta": 0.02, "error": "told", "error_scale": 1, "error_range": 8}
    return networks.text([
        ("[network]", {"name": f"random{number}", "seed": number + 1, "steps": dice.choice([2, 5]), "output": "scores"}),
        ("[[population]]", {"name": "pixels", "shape": [28, 28], "kind": "input"}),
        ("[[population]]", {"name": "class", "shape": [10], "kind": "label"}),
        neurons("layer", size, 5, neuron={"kind": "tanh"}),
        neurons("reservoir", heard, dice.choice([5, 50]), neuron={"kind": "tanh"}),
        neurons("error", size, 2, neuron={"kind": "linear", "range": 8}),
        ("[[population]]", {"name": "scores", "shape": [10], "activity": {"bits": 16}}),
        projection("pixels", "layer", range=4, plasticity=told),
        projection("layer", "scores", plasticity={"rule": "readout", "error": "softmax", "eta": 0.05}),
        *(projection(start, "reservoir", mask={"density": dice.choice([0.1, 0.5])}) for start in ("pixels", "class")),
        *(projection(start, "reservoir", late=True, mask={"density": 0.5}) for start in ("layer", "reservoir", "error")),
        projection("reservoir", "error", range=1, init=dice.choice(["zero", "uniform_fan_in"]),
                   plasticity={"rule": "reservoir", "every": often, "tau": 5, "eta": 0.005}),
        beside("told", "layer", "error", "feedback"), beside("said", "error", "layer", "error")])


def either(dice, number):
    return dice.choice([network, network, reservoir])(dice, number)


if __name__ == "__main__":
    sys.exit(main(either, __doc__, 10))
