"""MNIST with three hidden layers of 1,024 neurons in mini-batches of 256, every column of the first paper's row."""
import networks

NAME = "phsic-mnist"
TITLE = "MNIST, 784-1024-1024-1024-10, batches of 256"
SOURCE = "R. Pogodin and P. Latham, NeurIPS 2020, Tables 1 and 4 (means), 5 (highest - lowest), rates of Table 3"
# (samples, epochs, seeds); the paper has 60,000, 100 and 5.
QUICK, FULL = (5000, 2, 1), (60000, 100, 5)

# name: kernel, groups, divisive, rate of the output, rate of hidden layers, the paper's mean and range. The most telling first.
COLUMNS = {
    "gauss grp": ("phsic_gaussian", 32, False, 5e-4, 1.0, 98.4, 0.3),
    "gauss grp+div": ("phsic_gaussian", 32, True, 1e-3, 1.0, 98.1, 0.2),
    "bp": ("backprop", 0, False, 0.05, None, 98.6, 0.2),
    "last": ("last", 0, False, 0.05, None, 92.0, 0.3),
    "gauss": ("phsic_gaussian", 0, False, 5e-4, 0.6, 94.6, 0.2),
    "cossim grp": ("phsic_cosine", 16, False, 0.005, 0.6, 95.8, 0.5),
    "cossim grp+div": ("phsic_cosine", 16, True, 0.005, 0.4, 96.3, 0.6),
    "cossim": ("phsic_cosine", 0, False, 0.005, 0.5, 94.9, 1.4),
    "last div": ("last", 16, True, 0.05, None, 95.4, 0.3),
    "bp div": ("backprop", 16, True, 0.005, None, 98.4, 0.1),
}
SETTINGS = list(COLUMNS)
RATES = ()  # the paper's own
# Seconds of an epoch relative to one another, for the time left.
COST = {"backprop": 1.5, "last": 0.6}


def paper(setting):
    """(mean in %, text)"""
    mean, spread = COLUMNS[setting][5:7]
    return mean, f"{mean} (highest - lowest {spread})"


def describe(setting):
    kernel, groups, divisive, output, hidden, *_ = COLUMNS[setting]
    parts = [f"output rate {output:g}"] + ([f"local rate {hidden:g}"] if hidden else [])
    parts += [f"{groups} groups"] if groups else []
    return ", ".join(parts + (["p 0.2"] if divisive else []))


def reason(data, samples, epochs, seeds):
    """Why the setting is smaller than the paper's; empty when it is not."""
    short = [f"{epochs} of 100 epochs, the rates falling after 50, 75 and 90 % of them as the paper's do"] if epochs != 100 else []
    short += [f"{samples} of 60,000 images"] if samples != 60000 else []
    short += [f"{seeds} of 5 seeds"] if seeds < 5 else []
    return "; ".join(short)


def cost(setting, samples, epochs):
    return samples * epochs * COST.get(COLUMNS[setting][0], 1)


def tables(setting, epochs):
    kernel, groups, divisive, output, hidden, *_ = COLUMNS[setting]
    normalise = {"kind": "divisive" if divisive else "groups", "groups": groups, "p": 0.2 if divisive else 0.5, "delta": 1.0} if groups else None
    names = ["pixels", "hidden1", "hidden2", "hidden3"]
    training = {"batch": 256, "objective": "phsic", "optimiser": {"kind": "sgd", "momentum": 0.95, "weight_decay": 1e-7},
                "output": {"eta": output, "weight_decay": 1e-6}, "dropout": 0.01,
                "milestones": sorted({round(epochs * share) for share in (0.5, 0.75, 0.9)} - {0}), "factor": 0.25}
    # A rule that baselines do not use has to be named all the same: its layers are what a baseline trains.
    rule = {"rule": "phsic_gaussian" if hidden is None else kernel, "gamma": 2.0, "eta": hidden or 1.0}
    if rule["rule"] == "phsic_gaussian":
        rule["sigma"] = 5.0
    return [*networks.network("mnist-phsic-batch", training), networks.pixels(784, "symmetric"),
            *(networks.layer(name, 1024, {"kind": "leaky_relu", "slope": 0.01}, normalise) for name in names[1:]),
            networks.layer("scores", 10, {"kind": "linear"}),
            *(networks.projection(a, b, "uniform_fan_in", rule) for a, b in zip(names, names[1:])),
            networks.projection("hidden3", "scores", "uniform_fan_in", {"rule": "readout", "error": "softmax", "eta": output}, bias=True)]


def run(program, setting, data, epochs, seed, rate, folder):
    network = networks.write(folder, "network", tables(setting, epochs))
    baseline = COLUMNS[setting][0]
    words = ["--baseline", baseline] if baseline in ("backprop", "last") else []
    return program.reference(network, *words, "--seed", seed, *data.learn(seed), *data.test(), "--epochs", epochs, "--threads", program.threads)
