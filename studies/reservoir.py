#!/usr/bin/python3
"""Can a reservoir say a layer's error, and can the layer learn from what it says? (K. Daruwalla and M. Lipasti, 2021, section 6)

usage: reservoir.py [--seeds 3] [--epochs N] [--quick] [--only TASK...] [--data FOLDER] [--program TRIFACTOR] [--jobs 1] [-o FOLDER]
       reservoir.py --only TASK --try SETTINGS... [--systems said-float ...] [--seeds 3] [--data FOLDER]

Points of the plane, one step a millisecond, 50 steps a point, 100 points again and again (an epoch), judged on 1,000 others:

    line    synthetic:line, one neuron                paper: 94 % (figure 5)
    curve   synthetic:curve, two neurons, then one    paper: 98 % (figure 6)

and, with --data (the folder of MNIST's four files):

    mnist4  the 0, 1, 2 and 4 among the first 8,000 training images, once, ten neurons, judged on those of the test images
                                                      paper: 94 % (figure 9), four layers, errors not said by reservoirs

Every layer has a reservoir, which hears the point, its class, the layer, itself and what its read-out says; the read-out
learns (10) from the layer's own error all the time. The layer learns by (8) from what the read-out says ("said"), from its own
error ("own"), or hardly at all ("fixed": rate 1e-9, what the random start gives); in floating point, or on the chip with
weights of 16 bits and activities of 8 and 16 (engine functional). The read-out of classes learns beside it. What was learned is
judged once, at the end. `clipped` is the largest share of a projection's updates on the chip that ended at the end of the
weights' range.

    noise   synthetic:noise, ten neurons, "fixed" or nobody learns at all ("nobody")      paper: figure 4, no number

asks only how well the reservoir says the error of a layer that stays as it is. Writes runs.csv (what is there is not run
again; the settings of all tasks stand in runs.about.json), table.md, plot.svg; `likeness` is the mean cosine of what is said and
the layer's error, both averaged over 5 ms, in the last tenth of the samples, floating point only (with one neuron: how much more
often the sign is right than wrong).

--try judges other settings of a task, as `--try scale=20 scale=20,eta=0.01,heard=0.35/1`, on training samples that were kept back
(points 1,000 to 1,999; the digits among the last 10,000 training images). Writes trials.csv, which has every setting in full: its
columns' names and values are SETTINGS.
"""
import csv
import json
import math
import pathlib
import tempfile
import time
import typing

import numpy

import networks
import plot
import study

class Task(typing.NamedTuple):
    layers: tuple  # neurons of each
    gamma: float
    paper: int  # accuracy in %, or None
    neurons: int  # of a reservoir
    epochs: int = 100
    samples: int = None  # from which the task's training samples are taken; None: the 100 points of synthetic data
    values: int = 2  # of a sample
    classes: int = 2
    encode: str = "none"
    memory: int = 10
    sigmas: tuple = (0.5, 0.5, 0.5)  # of x, y, and of z for one neuron
    eta: float = 0.002
    decay: object = None  # samples after which eta is halved, or "linear"
    scale: float = 5.0  # of the error, for the reservoir to say: what is told should be about as large as what it comes to say
    chaos: float = 1.7
    unrest: float = 0.05  # noise of the reservoir
    tau: float = 50.0  # of the reservoir's membranes
    heard: tuple = (1.0, 1.0)  # how loud the reservoir hears the sample and its class: largest weight (the authors': 1)
    bits: int = 8  # of the reservoir's activities on the chip
    rate: float = 5e-3  # of its read-out
    settle: float = 1000.0  # samples after which that is halved
    ahead: int = 0  # passes in which the reservoirs learn before the layers do (floating point only)
    after: float = 1.0  # of `rate`, what is left of it when the layers learn
    classing: float = 0.3  # rate of the read-out of classes
    fade: str = None  # "linear": that falls to 0


FOUR = "classes=0+1+2+4"
TASKS = {"line": Task((1,), 5.0, 94, 128, eta=0.01, decay=1000.0, scale=1.0), "curve": Task((2, 1), 20.0, 98, 128, eta=0.01, scale=0.3),
         "noise": Task((10,), 2.0, None, 300, values=100, memory=6, sigmas=(2.8, 0.5, 0.5), scale=50.0, chaos=1.2, unrest=5e-6, rate=1.5e-3),
         "mnist4": Task((10,), 50.0, 94, 300, epochs=1, samples=8000, values=784, classes=10, encode="unit", memory=32, sigmas=(5.6, 1.0, 0.35),
                        eta=0.04, decay=400.0, scale=4.0, chaos=1.2, unrest=1e-4, tau=20.0, heard=(0.09, 1.9), rate=1e-3, settle=300.0, classing=0.1, fade="linear")}
SYSTEMS = (("nobody", "float"), ("fixed", "float"), ("said", "float"), ("own", "float"), ("said", "chip"), ("own", "chip"))
COLUMNS = ("task", "error", "system", "epochs", "seed", "accuracy", "likeness", "clipped", "seconds")
# What a trial may set, each a column of trials.csv.
TRIED = ("neurons", "epochs", "samples", "eta", "decay", "scale", "chaos", "unrest", "tau", "heard", "bits", "rate", "settle", "ahead", "after", "classing", "fade", "gamma", "encode")
STEPS, DENSITY = 50, 0.1
# Of the layers' weights on the chip. In floating point, where nothing bounds them, they grow to 12 in 100 epochs of curve.
WEIGHT_RANGE, CLASS_RANGE = 16.0, 8.0
LABELS = {"nobody": "nobody learns", "fixed": "layer fixed", "said": "the reservoir's error", "own": "the layer's own error"}


def told(this):
    """A task's settings, as a row of trials.csv has them."""
    return {key: "/".join(map(str, value)) if isinstance(value, tuple) else value for key, value in ((key, getattr(this, key)) for key in TRIED)}


def schedule(decay):
    return decay if decay is None or isinstance(decay, str) else {"kind": "inverse", "tau": decay}


def network(task, this, error, weights=None, rate=None, reservoirs=True):
    """`error` None: nothing learns, and there are no reservoirs. `weights`: a file that has them all. `rate`: of the reservoirs'
    read-outs, where it is not the task's."""
    learns = error is not None
    reservoirs = reservoirs and learns
    sigma_x, sigma_y, sigma_z = this.sigmas
    tables = [("[network]", {"name": task, "steps": STEPS, "classes": this.classes, "weights": weights, "output": "scores"}),
              ("[[population]]", {"name": "point", "kind": "input", "shape": [this.values], "encode": {"kind": this.encode}})]
    if reservoirs:
        tables.append(("[[population]]", {"name": "class", "kind": "label", "shape": [this.classes]}))

    def population(name, count, kind="tanh", **more):
        tables.append(("[[population]]", {"name": name, "shape": [count], "neuron": {"kind": kind, "range": 8.0 if kind == "linear" else None}, **more}))

    def projection(source, target, start=None, plasticity=None, **more):
        start = start and {**start, **({"init": "file", "gain": None} if weights else {})}
        tables.append(("[[projection]]", {"from": source, "to": target, **more, "weights": start, "plasticity": plasticity if learns else None}))

    source = "point"
    for level, count in enumerate(this.layers, 1):
        layer, reservoir, said = f"layer{level}", f"reservoir{level}", f"error{level}"
        population(layer, count, membrane={"tau": 5.0}, noise=0.05, activity={"bits": 16})
        projection(source, layer, {"bits": 16, "range": WEIGHT_RANGE},
                   {"rule": "hsic_memory", "every": "step", "N": this.memory, "sigma_x": sigma_x, "sigma_y": sigma_y, "sigma_z": sigma_z * math.sqrt(count),
                    "gamma": this.gamma, "eta": 1e-9 if error in ("fixed", "nobody") else this.eta, "error": "told" if error == "said" else "analytic",
                    "schedule": schedule(this.decay), "error_scale": this.scale, "error_range": 8.0})
        source = layer
        if not reservoirs:
            continue
        population(reservoir, this.neurons, membrane={"tau": this.tau}, noise=this.unrest, activity={"bits": this.bits})
        population(said, count, "linear", noise=0.25, activity={"bits": 16})
        for name, width, loud, late in (("point", this.values, this.heard[0], None), ("class", this.classes, this.heard[1], None), (layer, count, 1, True), (said, count, 1, True)):
            projection(name, reservoir, {"gain": loud * math.sqrt(width), "range": max(1.0, loud)}, late=late)
        projection(reservoir, reservoir, {"init": "normal", "gain": this.chaos / math.sqrt(DENSITY * this.neurons), "range": 2.0}, late=True, mask={"density": DENSITY})
        projection(reservoir, said, {"init": "zero", "bits": 16, "range": 1.0},
                   {"rule": "reservoir", "every": "step", "tau": 5.0, "eta": 1e-9 if error == "nobody" else rate or this.rate, "schedule": schedule(this.settle)})
        projection(layer, said, name=f"asked{level}", kind="feedback", connect="identity")
        projection(said, layer, name=f"said{level}", kind="error", connect="identity")
    population("scores", this.classes, "linear", activity={"bits": 16})
    projection(source, "scores", {"init": "zero", "bits": 16, "range": CLASS_RANGE},
               {"rule": "readout", "error": "softmax", "eta": this.classing, "schedule": this.fade}, bias=True)
    return tables


def systems_of(task):
    """(error, system) of a task: noise has a layer that stays as it is, in floating point; the others have one that is to learn."""
    errors = ("nobody", "fixed") if task == "noise" else ("fixed", "said", "own")
    return [(error, system) for error, system in SYSTEMS if error in errors]


def clipped(folder):
    projections = json.loads((folder / "run.json").read_text())["projections"]
    return round(max(p["saturated"] / max(1, p["applied"] + p["rounded_to_zero"]) for p in projections), 5)


def likeness(folder):
    with (folder / "per_step.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["layer"].startswith("reservoir")]
    last = rows[-max(1, len(rows) // 10):]
    return round(sum(float(row["mean_kernel"]) for row in last) / len(last), 3)


def streams_of(task, this, data, seed, validate):
    """(what is learned from, what is judged on); `validate`: on training samples that are not learned."""
    if task == "mnist4":
        four = f"idx:{data.resolve()},{FOUR}"
        return f"{four},count={this.samples},shuffle={seed}", f"{four},first=50000,count=10000" if validate else f"{four},split=test"
    return f"synthetic:{task}", f"synthetic:{task}," + ("first=1000,count=1000" if validate else "split=test,count=1000")


class Runner:
    """Learns and judges in a folder of its own. The reservoirs have no part in answering, so what was learned is judged without
    them, once: layers and the read-out of classes, started from the weights that were learned."""

    def __init__(self, program, folder, row, this):
        self.program, self.folder, self.row, self.this = program, folder, row, this

    def go(self, name, tables, *streams):
        """Learns, or only looks (`--test`). The folder of results and accuracy."""
        path, out = networks.write(self.folder, name, tables), self.folder / name
        if self.row["system"] == "float":
            return out, self.program.reference(path, "--seed", self.row["seed"], *streams, "-o", out)["accuracy"]["test"]
        out.mkdir()
        summary = self.program.chip(path, out, ["--machine", "generic", "--seed", self.row["seed"]], [*streams, "--engine", "functional"])
        return out / "run", summary["accuracy"]["test"]

    def weights(self, out, tables, name):
        """Of a finished run, real, for another to start from."""
        entries = {(e.get("name") or f"{e['from']}_to_{e['to']}"): e["weights"] for header, e in tables if header == "[[projection]]" and e["weights"]}
        with numpy.load(out / "weights.npz") as given:
            arrays = {key: given[key] for key in given if key.split(".")[0] in entries}
        if self.row["system"] == "chip":
            for key, words in arrays.items():
                entry = entries[key.split(".")[0]]
                arrays[key] = words * (entry["range"] / 2 ** (entry.get("bits", 8) - 1))
        numpy.savez(self.folder / name, **arrays)
        return name

    def learn(self, data, validate):
        """Folder of the run's results and accuracy."""
        row, this = self.row, self.this
        learned, judged = streams_of(row["task"], this, data, row["seed"], validate)
        start = None
        if this.ahead:
            tables = network(row["task"], this, "fixed")
            out, _ = self.go("ahead", tables, "--data", learned, "--epochs", this.ahead)
            start = self.weights(out, tables, "ahead.npz")
        tables = network(row["task"], this, row["error"], weights=start, rate=this.rate * this.after)
        out, _ = self.go("learned", tables, "--data", learned, "--epochs", row["epochs"])
        look = network(row["task"], this, None, weights=self.weights(out, tables, "learned.npz"))
        return out, self.go("judged", look, "--data", learned, "--test", judged)[1]


def one(program, data, row, this, validate=False):
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="trifactor-reservoir-") as folder:
        out, accuracy = Runner(program, pathlib.Path(folder), row, this).learn(data, validate)
        alike, lost = (likeness(out), None) if row["system"] == "float" else (None, clipped(out))
    return {**row, "accuracy": accuracy, "likeness": alike, "clipped": lost, "seconds": round(time.monotonic() - start, 1)}


def setting(this, text):
    """The task with what `text` sets, as eta=0.01,heard=0.1/1."""
    changes = {}
    for key, value in (part.split("=") for part in text.split(",") if part):
        values = [None if v == "None" else v if v[0].isalpha() else float(v) for v in value.split("/")]
        values = [int(v) if key in ("neurons", "epochs", "samples", "bits", "ahead") else v for v in values]
        changes[key] = tuple(values) if len(values) > 1 else values[0]
    if unknown := set(changes) - set(TRIED):
        raise SystemExit(f"--try: there is no {', '.join(unknown)}; known: {', '.join(TRIED)}")
    return this._replace(**changes)


def trials(program, options):
    """Settings of one task, judged on training samples that were kept back."""
    task, = options.only
    runs = study.Runs(options.output / "trials.csv", ("task", "error", "system", "seed", *TRIED, "accuracy", "likeness", "clipped", "seconds"),
                      ("task", "error", "system", "seed", *TRIED), {"command": "studies/reservoir.py --only TASK --try SETTINGS", "weight_range": WEIGHT_RANGE})
    wanted, those = [], {}
    for text in options.tried:
        this = setting(TASKS[task], text)
        for pair in options.systems:
            error, system = pair.split("-")
            for seed in range(1, options.seeds + 1):
                row = {"task": task, "error": error, "system": system, "seed": seed, **told(this)}
                those[runs.key_of(row)] = this
                wanted.append(row)
    runs.do(wanted, lambda row: one(program, options.data, row, those[runs.key_of(row)], validate=True), options.jobs,
            say=lambda row: f"{row['error']} {row['system']} {row['seed']}: {row['accuracy']} {row['likeness']} in {row['seconds']} s", weight=lambda row: row["neurons"])
    return 0


def main():
    parser = study.arguments(__doc__, 3, "reservoir")
    parser.add_argument("--epochs", type=study.positive, help="in place of the task's")
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs: only to see that it runs")
    parser.add_argument("--only", nargs="+", choices=TASKS)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--try", nargs="+", dest="tried", metavar="SETTINGS", help="trials of one task, as rate=0.001,tau=20 (\"\": its own settings)")
    parser.add_argument("--systems", nargs="+", default=["said-float"], choices=[f"{error}-{system}" for error, system in SYSTEMS], help="of trials")
    options = parser.parse_args()
    options.only = options.only or [task for task in TASKS if options.data or task != "mnist4"]
    if "mnist4" in options.only and not options.data:
        parser.error("mnist4 needs --data FOLDER, which holds MNIST's four files")
    if options.quick:
        options.seeds, options.epochs = 1, 2
    program = study.Program(options.program)
    if options.tried:
        if len(options.only) != 1:
            parser.error("--try is for one task: --only TASK")
        return trials(program, options)
    runs = study.Runs(options.output / "runs.csv", COLUMNS, COLUMNS[:5], {"command": "studies/reservoir.py", "weight_range": WEIGHT_RANGE, "settings": {task: this._asdict() for task, this in TASKS.items()}})
    wanted = [{"task": task, "error": error, "system": system, "epochs": options.epochs or TASKS[task].epochs, "seed": seed}
              for seed in range(1, options.seeds + 1) for task in options.only for error, system in systems_of(task)]
    runs.do(wanted, lambda row: one(program, options.data, row, TASKS[row["task"]]), options.jobs,
            weight=lambda row: len(TASKS[row["task"]].layers) * TASKS[row["task"]].neurons)
    groups = {}
    for row in runs.rows:
        groups.setdefault((row["task"], row["error"], row["system"], row["epochs"]), []).append(row)
    table, bars = [], []
    for (task, error, system, epochs), members in sorted(groups.items(), key=lambda g: (list(TASKS).index(g[0][0]), g[0][3], SYSTEMS.index(g[0][1:3]))):
        alike = [float(m["likeness"]) for m in members if m["likeness"]]
        lost = [float(m["clipped"]) for m in members if m["clipped"]]
        table.append({"task": task, "learns from": LABELS[error], "system": "floating point" if system == "float" else "chip, 16 bits",
                      "paper, %": TASKS[task].paper if error == "said" else "", "measured, % (range over seeds)": study.percent(float(m["accuracy"]) for m in members) if task != "noise" else "",
                      "likeness": f"{sum(alike) / len(alike):.2f}" if alike else "", "clipped, %": f"{100 * max(lost):.2f}" if lost else "", "epochs": epochs, "seeds": len(members),
                      "seconds a run": f"{study.spread(m['seconds'] for m in members)[0]:.0f}"})
        if task != "noise":
            bars.append((f"{task}, {error}, {system}", TASKS[task].paper if error == "said" else None, [100 * float(m["accuracy"]) for m in members]))
    text = (f"Reservoirs that say a layer's error (K. Daruwalla and M. Lipasti 2021, 6.2). Made by `studies/reservoir.py`.\n\n"
            f"Reservoirs of 128 neurons (paper: 1,000; 300 for noise, paper: 2,000; 300 for mnist4, paper: none) that learn while the layer does (paper: 550 s before it), {STEPS} steps "
            "a point, judged on points that were not learned (the paper does not say on which). Noise: 0.25 of the read-out where the paper has 0.01, and the rate "
            "that follows from it; a class by chance where the paper has a random number. Settings: `runs.about.json`; what else was tried: `trials.csv`.\n\n")
    study.write_whole(options.output / "table.md", text + study.markdown(list(table[0]), table))
    study.write_whole(options.output / "plot.svg", plot.compare("Learning from what a reservoir says, test accuracy", bars, 40, 100))
    print(study.markdown(list(table[0]), table), end="")
    return 0


if __name__ == "__main__":
    study.main_of(main)
