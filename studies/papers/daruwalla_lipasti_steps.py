"""MNIST, and its digits 0, 1, 2 and 4, with the paper's rate neurons: membranes and noise, several steps a sample."""
import csv
import math

import networks

NAME = "hsic-steps"
TITLE = "HSIC bottleneck with rate neurons in steps, MNIST, 784-64-32-10-10"
SOURCE = "K. Daruwalla and M. Lipasti, 2021, section 6.3, figures 7 (without numbers) and 9"
QUICK, FULL = (2000, 1, 1), (30000, 75, 4)
FOUR = "classes=0+1+2+4"
SETTINGS = ["0 to 9", "0 to 9, chip", "0 to 9, every step", "0 to 9, layers fixed", "0 1 2 4", "0 1 2 4, chip", "0 1 2 4, every step", "0 1 2 4, layers fixed"]
RATES = (0.1, 0.2, 0.4, 0.8)  # of the first layer
STEPS, MEMORY, TAU, NOISE = 10, 32, 2.0, 0.05
DECAY = 10000.0  # samples after which rates are halved: rates that fall linearly over 10 epochs break what the first has learned
LAYERS = ((64, 50.0, 1.0), (32, 100.0, 0.25), (10, 200.0, 0.0125), (10, 500.0, 0.00125))  # neurons, gamma, rate as a share of the first


def rate_of(setting):
    return setting.split(",")[0]


def paper(setting):
    if not setting.startswith("0 1 2 4") or "fixed" in setting:
        return None, "" if "fixed" in setting else "below backpropagation"
    return 94.0, "94"


def describe(setting):
    how = "layers that stay as they start" if "fixed" in setting else "every step, a tenth of the rate" if "every" in setting else "the last step of a sample"
    bits = ", weights of 16 bits, activities of 8 (scores 16), engine functional" if "chip" in setting else ""
    return (f"{how}{bits}; N 32, gamma 50, 100, 200, 500, sigma_x 5.6, sigma_y 1, sigma_z 0.35 sqrt(n), rates of the layers as 1, 1/4, 1/80, 1/800, all "
            f"divided by 1 + t / {DECAY:g} after t samples, membranes of {TAU:g} steps, noise {NOISE}, {STEPS} steps a sample; softmax read-out beside them, 0.2")


def reason(data, samples, epochs, seeds):
    return (f"{STEPS} steps a sample and not 20; the last step learns and not every one, but where said; no momentum; rates that fall all the time where the paper's fall twice; "
            "a softmax read-out learns beside the layers where the paper fits one after them (its authors on the test images); "
            "the first half of the training images where the paper draws a half of every class")


def cost(setting, samples, epochs):
    return samples * epochs * (8 if "every" in setting else 2 if "chip" in setting else 1) * (0.4 if setting.startswith("0 1 2 4") else 1)


def tables(setting, inputs, rate):
    every = "step" if "every" in setting else "sample"
    scale = 1 / STEPS if every == "step" else 1
    made = networks.network("hsic-steps")
    made[0][1]["steps"] = STEPS
    made.append(networks.pixels(inputs, "unit"))
    for level, (count, _, _) in enumerate(LAYERS, 1):
        made.append(networks.layer(f"hidden{level}", count, {"kind": "tanh"}, membrane={"tau": TAU}, noise=NOISE, activity={"bits": 8}))
    made.append(networks.layer("scores", 10, {"kind": "linear", "range": 32.0}, activity={"bits": 16}))
    source = "pixels"
    for level, (count, gamma, share) in enumerate(LAYERS, 1):
        rule = {"rule": "hsic_memory", "every": every, "N": MEMORY, "gamma": gamma, "sigma_x": 5.6, "sigma_y": 1.0,
                "sigma_z": round(0.35 * math.sqrt(count), 3), "eta": rate * share * scale, "schedule": {"kind": "inverse", "tau": DECAY}}
        made.append(networks.projection(source, f"hidden{level}", "uniform_fan_in", rule))
        made[-1][1]["weights"]["range"] = 4.0
        source = f"hidden{level}"
    made.append(networks.projection(source, "scores", "zero", {"rule": "readout", "error": "softmax", "eta": 0.2, "schedule": "linear"}, bias=True))
    made[-1][1]["weights"]["range"] = 16.0
    return made


def chip(program, network, folder, seed, words):
    """One run on the chip, as `trifactor reference` records one."""
    summary = program.chip(network, folder, ["--machine", "generic", "--seed", seed], [*words, "--engine", "functional"])
    with (folder / "run/accuracy.csv").open(newline="") as file:
        judged = [{"epoch": int(row["epoch"]), "test": float(row["test_accuracy"])} for row in csv.DictReader(file) if row["test_accuracy"]]
    return {"accuracy": summary["accuracy"], "wall_s": summary["wall_s"], "accuracies": judged}


def run(program, setting, data, epochs, seed, rate, folder):
    network = networks.write(folder, "network", tables(setting, data.inputs, rate))
    words = [*data.learn(seed), *data.test()]
    if setting.startswith("0 1 2 4"):
        words = [f"{word},{FOUR}" if word.startswith(data.source) else word for word in words]
    words += ["--epochs", epochs]
    if "chip" in setting:
        return chip(program, network, folder, seed, words)
    return program.reference(network, "--seed", seed, *words, *(["--baseline", "last"] if "fixed" in setting else []))
