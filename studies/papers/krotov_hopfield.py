"""Competing hidden units on MNIST: learned without labels, then a read-out of their powers."""
import networks

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
RATES = (0.3, 1.0, 3.0)  # of the read-out


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


def run(program, setting, data, epochs, seed, rate, folder):
    power = COLUMNS[setting][0]
    first = networks.write(folder, "competing", [
        *networks.network("competing"), networks.pixels(data.inputs, "unit"),
        *hidden("normal", {"kind": "linear", "range": 64.0}, {"rule": "competing", "p": 2.0, "k": 2, "delta": 0.4, "eta": ETA, "schedule": "linear"}),
        networks.projection("hidden", "scores", "zero")])
    program.reference(first, "--seed", seed, *data.learn(seed), "--epochs", epochs, "-o", folder / "competing", "--force")
    second = networks.write(folder, "readout", [
        *networks.network("readout", weights="competing/weights.npz"), networks.pixels(data.inputs, "unit"),
        *hidden("file", {"kind": "power", "exponent": power, "scale": SCALE}, None),
        networks.projection("hidden", "scores", "zero", {"rule": "readout", "error": "softmax", "eta": rate, "schedule": "linear"}, bias=True)])
    return program.reference(second, "--seed", seed, *data.learn(seed), *data.test(), "--epochs", epochs)
