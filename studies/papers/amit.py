"""Backpropagation, feedback weights that learn (URFB) and fixed ones (FRFB) by depth: sample by sample on MNIST, in batches on CIFAR-10."""
import networks
import plot

NAME = "urfb-depth"
TITLE = "Errors through feedback weights of their own, by depth"
SOURCE = "Y. Amit, Frontiers in Computational Neuroscience 2019, sections 4.1 to 4.3, figures 5 and 6 (bars without numbers)"
WIDTH = 256
QUICK, FULL = (2000, 1, 1), (0, 10, 3)  # samples 0: all
RULES = {"BP": "softmax", "URFB": "hinge", "FRFB": "hinge"}
SPARSE = " 50 %"  # half of the connections, forward and back drawn apart; those into the output are whole
RULES |= {rule + SPARSE: error for rule, error in RULES.items()}
DEPTHS = (1, 2, 3, 4)
SETTINGS = [f"{rule}, {depth} hidden" for depth in DEPTHS for rule in RULES]
RATES = (0.005, 0.01, 0.02, 0.04)
BATCH = 50
SAYS = {"BP": "best", "URFB": "close to BP at every depth", "FRFB": "falls behind with depth", "BP 50 %": "-", "URFB 50 %": "a little below URFB",
        "FRFB 50 %": "further below URFB 50 % than FRFB below URFB"}


def parts(setting):
    rule, depth = setting.removesuffix(" hidden").split(", ")
    return rule, int(depth)


def rate_of(setting):
    return setting.replace(SPARSE, "")


def paper(setting):
    return None, SAYS[parts(setting)[0]]


def describe(setting):
    rule, depth = parts(setting)
    return f"input-{f'{WIDTH}-' * depth}10, clip(h, -1, 1), {RULES[rule]} error, Glorot, one sample a step and a rate that falls linearly to 0 (CIFAR-10: batches of {BATCH}, constant rate)" + (
        ", half of the connections" if SPARSE in rule else "")


def reason(data, samples, epochs, seeds):
    if data == "CIFAR-10":
        return f"the paper's networks are convolutional (`urfb-images`) and learn 1,000 epochs in batches of 500; this is fully connected with {WIDTH} neurons a layer"
    return ("the paper's networks are convolutional, learn 1,000 epochs in batches of 500 at a constant rate and are not tried on MNIST; "
            f"this is fully connected with {WIDTH} neurons a layer")


def cost(setting, samples, epochs):
    rule, depth = parts(setting)
    return samples * epochs * (784 + WIDTH * (depth - 1) * 1.5 + 100)


def tables(setting, inputs, rate):
    rule, depth = parts(setting)
    names = [f"hidden{i + 1}" for i in range(depth)]
    chain = ["pixels", *names, "scores"]
    batches = inputs == 3072
    schedule = None if batches else "linear"
    learn = {"rule": "urfb", "eta": rate, "schedule": schedule}
    training = {"batch": BATCH, "optimiser": {"kind": "sgd", "momentum": 0.0, "weight_decay": 0.0}, "output": {"weight_decay": 0.0}}
    back = learn if rule.startswith("URFB") else None
    mask = {"density": 0.5} if SPARSE in rule else None
    return [*networks.network("urfb-depth", training if batches else None), networks.pixels(inputs, "unit"),
            *(networks.layer(name, WIDTH, {"kind": "saturated_linear"}) for name in names),
            networks.layer("scores", 10, {"kind": "linear", "range": 32.0}),
            *(networks.projection(a, b, "glorot", learn, mask=mask) for a, b in zip(chain[:-2], chain[1:])),
            networks.projection(names[-1], "scores", "glorot", {"rule": "readout", "error": RULES[rule], "eta": rate, "schedule": schedule}),
            *(networks.projection(b, a, "glorot", back, kind="feedback", name=f"back_{a}", mask=mask if b != "scores" else None) for a, b in zip(names, [*names[1:], "scores"]))]


def run(program, setting, data, epochs, seed, rate, folder):
    network = networks.write(folder, "network", tables(setting, data.inputs, rate))
    words = ["--baseline", "backprop", "--eta", rate] if setting.startswith("BP") else []
    return program.reference(network, *words, "--seed", seed, *data.learn(seed), *data.test(), "--epochs", epochs)


def draw(rows):
    """The rows of the largest size alone: what learned longer is no seed of what learned less."""
    largest = max(int(row["samples"]) * int(row["epochs"]) for row in rows)
    rows = [row for row in rows if int(row["samples"]) * int(row["epochs"]) == largest]
    groups = {}
    for rule in RULES:
        points = {}
        for row in rows:
            name, depth = parts(row["setting"])
            if name == rule:
                points.setdefault(depth, []).append(float(row["accuracy"]))
        if points:
            groups[rule] = [(d, sum(v) / len(v), min(v), max(v)) for d, v in sorted(points.items())]
    lowest = min(p[2] for points in groups.values() for p in points)
    highest = max(p[3] for points in groups.values() for p in points)
    room = (highest - lowest) * 0.1 + 0.002
    return plot.curves(f"{TITLE}: {rows[0]['data']}, {rows[0]['samples']} samples, {rows[0]['epochs']} pass(es)", "hidden layers", groups,
                       (max(0, lowest - room), min(1, highest + room)), x_marks=DEPTHS, dashed=[rule for rule in RULES if SPARSE in rule])
