"""Competing hidden units on MNIST: learned without labels, then a read-out of their powers."""
import hashlib
import json
import pathlib

import networks
import study

NAME = "competing-mnist"
TITLE = "Competing hidden units, MNIST, 784-2000-10"
SOURCE = "D. Krotov and J. Hopfield, PNAS 2019, figure 3 and its text (test error 1.52 %), figure 4 (powers, a curve), appendix B"
UNITS = 2000
QUICK, FULL = (1000, 1, 1), (0, 10, 3)
# name: power n of the read-out, the paper's test accuracy
COLUMNS = {"n 4.5": (4.5, 100 - 1.52), "n 1": (1.0, None), "n 3": (3.0, None)}
SETTINGS = list(COLUMNS)
ETA = 0.02    # of competing units
SCALE = 8.0   # h / SCALE is raised to n: where most winners lie
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # of the read-out


def paper(setting):
    mean = COLUMNS[setting][1]
    return mean, f"{mean:.2f}" if mean else "worse than n 4.5 (figure 4)"


def describe(setting):
    return f"k 2, Delta 0.4, p 2, rate {ETA:g} falling to 0, N(0, 1) start; then softmax read-out of max(0, h / {SCALE:g})^{COLUMNS[setting][0]:g}, its rate falling to 0"


def reason(data, samples, epochs, seeds):
    return (f"{epochs} passes without labels and as many of the read-out, one sample a step without the greatest change of a batch in it; the paper has 100 in batches of "
            "100 with p 4, and 300 of a read-out by Adam on |tanh - t|^10, which the program has not")


def cost(setting, samples, epochs):
    return samples * epochs


def hidden(init, neuron, plasticity):
    return [networks.layer("hidden", UNITS, neuron), networks.layer("scores", 10, {"kind": "linear", "range": 32.0}),
            networks.projection("pixels", "hidden", init, plasticity)]


def without_labels(program, data, epochs, seed, folder):
    """Folder with weights.npz and reference.json; kept in .cache for all read-outs of the same units."""
    tables = [*networks.network("competing"), networks.pixels(data.inputs, "unit"),
              *hidden("normal", {"kind": "linear", "range": 64.0},
                      {"rule": "competing", "p": 2.0, "k": 2, "delta": 0.4, "eta": ETA, "schedule": "linear"}),
              networks.projection("hidden", "scores", "zero")]
    words = ["--seed", seed, *data.learn(seed), "--epochs", epochs]
    made_of = [networks.text(tables), *map(str, words), str(pathlib.Path(program.path).stat().st_mtime_ns)]
    kept = data.cache / ("competing-" + hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16])
    if not kept.exists():
        program.reference(networks.write(folder, "competing", tables), *words, "-o", folder / "competing")
        study.keep(folder / "competing", kept)
    return kept


def run(program, setting, data, epochs, seed, rate, folder):
    power = COLUMNS[setting][0]
    units = without_labels(program, data, epochs, seed, folder)
    second = networks.write(folder, "readout", [
        *networks.network("readout", weights=str(units / "weights.npz")), networks.pixels(data.inputs, "unit"),
        *hidden("file", {"kind": "power", "exponent": power, "scale": SCALE}, None),
        networks.projection("hidden", "scores", "zero", {"rule": "readout", "error": "softmax", "eta": rate, "schedule": "linear"}, bias=True)])
    record = program.reference(second, "--seed", seed, *data.learn(seed), *data.test(), "--epochs", epochs)
    return {**record, "wall_s": record["wall_s"] + json.loads((units / "reference.json").read_text())["wall_s"]}
