"""MNIST with a working memory of 2 to 32 samples, by epochs."""
import math

import networks
import plot

NAME = "hsic-memory"
TITLE = "HSIC bottleneck by working memory, MNIST, 784-64-32-10"
SOURCE = "K. Daruwalla and M. Lipasti, 2021, section 6.4, figure 10 (a map without numbers)"
QUICK, FULL = (2000, 1, 1), (30000, 20, 4)
MEMORIES = (2, 4, 6, 10, 16, 32)
SETTINGS = [f"N {n}" for n in MEMORIES]
RATES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)


def size(setting):
    return int(setting.split()[1])


def paper(setting):
    return None, "lower for small N whatever the epochs" if size(setting) <= 4 else "higher"


def describe(setting):
    return "two HSIC layers of tanh and a softmax read-out beside them, gamma 20, sigma_x 5.6, sigma_y 1, sigma_z 0.35 sqrt(n), rate falls linearly to 0"


def reason(data, samples, epochs, seeds):
    return ("the paper has a third HSIC layer of 10, rates that differ by N, momentum, neurons with membranes and noise that learn at each of 20 steps a "
            "sample, and a read-out fitted after learning (by its authors on the test images); this is one step a sample on half of the images, "
            "each line of the plot its own run")


def cost(setting, samples, epochs):
    return samples * epochs * (1 + size(setting) / 10)


def tables(setting, inputs, rate):
    def rule(width):
        return {"rule": "hsic_memory", "N": size(setting), "gamma": 20.0, "sigma_x": 5.6, "sigma_y": 1.0,
                "sigma_z": round(0.35 * math.sqrt(width), 3), "eta": rate, "schedule": "linear"}
    return [*networks.network("hsic-memory"), networks.pixels(inputs, "unit"),
            networks.layer("hidden1", 64, {"kind": "tanh"}), networks.layer("hidden2", 32, {"kind": "tanh"}),
            networks.layer("scores", 10, {"kind": "linear", "range": 32.0}),
            networks.projection("pixels", "hidden1", "uniform_fan_in", rule(64)),
            networks.projection("hidden1", "hidden2", "uniform_fan_in", rule(32)),
            networks.projection("hidden2", "scores", "zero", {"rule": "readout", "error": "softmax", "eta": 0.1, "schedule": "linear"}, bias=True)]


def run(program, setting, data, epochs, seed, rate, folder):
    network = networks.write(folder, "network", tables(setting, data.inputs, rate))
    return program.reference(network, "--seed", seed, *data.learn(seed), *data.test(), "--epochs", epochs)


def draw(rows):
    groups = {}
    for row in rows:
        groups.setdefault(int(row["epochs"]), {}).setdefault(size(row["setting"]), []).append(float(row["accuracy"]))
    curves = {f"{epochs} epoch{'s' * (epochs > 1)}": [(n, sum(v) / len(v), min(v), max(v)) for n, v in sorted(points.items())] for epochs, points in sorted(groups.items())}
    low = min(p[2] for points in curves.values() for p in points)
    high = max(p[3] for points in curves.values() for p in points)
    room = (high - low) * 0.1 + 0.002
    return plot.curves(TITLE, "samples in the working memory, N", curves, (max(0, low - room), min(1, high + room)), x_log=True, x_marks=MEMORIES)
