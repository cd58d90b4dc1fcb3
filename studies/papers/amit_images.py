"""Backpropagation, feedback weights that learn (URFB) and fixed ones (FRFB) in the convolutional networks whose layers the paper lists."""
import networks

NAME = "urfb-images"
TITLE = "Errors through feedback weights of their own, convolutional networks"
SOURCE = "Y. Amit, Frontiers in Computational Neuroscience 2019, sections 4 and 4.1, figures 4 to 7 (bars and curves without numbers; text: BP errs in 42 % with deepernet, of which data it does not say, 50 % with deepnet suggest CIFAR-100)"
QUICK, FULL = (1000, 1, 1), (0, 1000, 3)  # samples 0: all
RULES = {"BP": "softmax", "BP-H": "hinge", "URFB": "hinge", "FRFB": "hinge"}
SPARSE = " 50 %"  # half of the connections of the full layer, forward and back drawn apart
HALF = " clip(h/2)"  # as the authors' program has it, where the text has clip(h)
NETS = ("simpnet", "deepernet")
SETTINGS = [f"{rule}, {net}" for net in NETS for rule in (*RULES, "URFB" + SPARSE, "FRFB" + SPARSE, "BP-H" + HALF, "URFB" + HALF, "FRFB" + HALF)]
RATES = ()  # the paper's 0.1
RATE, BATCH = 0.1, 50
SAYS = {"BP": "best", "BP-H": "a little below BP", "URFB": "close to BP", "FRFB": "below URFB, far below in deepernet", "URFB 50 %": "a little below URFB",
        "FRFB 50 %": "below FRFB"}


def parts(setting):
    return setting.split(", ")


def plain(rule):
    return rule.removesuffix(SPARSE).removesuffix(HALF)


def paper(setting):
    rule, net = parts(setting)
    return None, "58, of CIFAR-100 as it seems" if (rule, net) == ("BP", "deepernet") else SAYS[rule.removesuffix(HALF)]


def describe(setting):
    rule, net = parts(setting)
    layers = {"simpnet": "conv 32 5x5; max pool 3; drop .8; full 500; drop .3; output",
              "deepernet": "twice conv 16, twice conv 32, max pool, drop .5, twice conv 64, max pool, twice conv 128, max pool, drop .8, full 500, output; 3x3, a sum after each two"}
    return f"{layers[net]}; {RULES[plain(rule)]} error, clip({'h/2' if HALF in rule else 'h'}, -1, 1), Glorot, batches of {BATCH}, constant rate" + (
        ", half of the connections of the full layer" if SPARSE in rule else "")


def reason(data, samples, epochs, seeds):
    return ("" if data == "CIFAR-10" else f"the paper has CIFAR-10, this is {data}; ") + (
        f"{samples} samples {epochs} times in batches of {BATCH} (as many steps as {samples * epochs // BATCH * 500 // 50000} of the paper's 1,000 epochs of batches of 500); max pools "
            "send an error to the first of equal maxima; where half of the connections are left out, convolutions are whole; the layers of deepnet and deepnet_s are not in the text")


def cost(setting, samples, epochs):
    return samples * epochs * (1 if parts(setting)[1] == "simpnet" else 8)


class Layers:
    """A network layer by layer, forward and back."""

    def __init__(self, rule, shape):
        self.rule = plain(rule)
        self.scale = 2.0 if HALF in rule else None
        self.mask = {"density": 0.5} if SPARSE in rule else None
        self.learn = {"rule": "urfb", "error": RULES[self.rule], "eta": RATE}
        self.populations, self.forward, self.back = [], [], []
        self.at, self.shape = "pixels", shape

    def add(self, name, shape, neuron, dropout=None):
        self.populations.append(networks.layer(name, 0, {"kind": neuron, "scale": self.scale if neuron == "saturated_linear" else None}, dropout=dropout))
        self.populations[-1][1]["shape"] = shape
        self.at, self.shape = name, shape

    def link(self, source, target, learns, mask=None, **window):
        self.forward.append(networks.projection(source, target, "glorot", self.learn if learns else None, mask=mask, **window))
        if not learns:
            self.forward[-1][1]["weights"] = None
        if source == "pixels":
            return
        back = networks.projection(target, source, "glorot", self.learn if learns and self.rule != "FRFB" else None, mask=mask, **window)
        if not learns:
            back[1]["weights"] = None
        back[1].update(kind="feedback", name=f"back_{target}_{source}")
        self.back.append(back)

    def conv(self, name, channels, kernel):
        source = self.at
        self.add(name, [*self.shape[:2], channels], "saturated_linear")
        self.link(source, name, True, connect="convolution", kernel=[kernel], padding=[kernel // 2])

    def pool(self, name, dropout=None):
        source = self.at
        self.add(name, [(self.shape[0] + 1) // 2, (self.shape[1] + 1) // 2, self.shape[2]], "linear", dropout)
        self.link(source, name, False, connect="max_pool", kernel=[3], stride=[2], padding=[1])

    def pair(self, number, channels):
        """Two convolutions and the sum of both."""
        first, second, total = f"conv{number}a", f"conv{number}b", f"sum{number}"
        self.conv(first, channels, 3)
        self.conv(second, channels, 3)
        self.add(total, self.shape, "linear")
        self.link(first, total, False, connect="identity")
        self.link(second, total, False, connect="identity")

    def full(self, dropout=None):
        source = self.at
        self.add("full", [500], "saturated_linear", dropout)
        self.link(source, "full", True, self.mask)
        self.add("scores", [10], "linear")
        self.link("full", "scores", True)

    def tables(self):
        return [*self.populations, *self.forward, *self.back]


def tables(setting, shape):
    rule, net = parts(setting)
    layers = Layers(rule, shape)
    if net == "simpnet":
        layers.conv("conv", 32, 5)
        layers.pool("pool", 0.8)
        layers.full(0.3)
    else:
        layers.pair(1, 16)
        layers.pair(2, 32)
        layers.pool("pool2", 0.5)
        layers.pair(3, 64)
        layers.pool("pool3")
        layers.pair(4, 128)
        layers.pool("pool4", 0.8)
        layers.full()
    pixels = networks.pixels(0, "unit")
    pixels[1]["shape"] = shape
    still = {"kind": "sgd", "momentum": 0.0, "weight_decay": 0.0}
    training = {"batch": BATCH, "optimiser": still, "output": {"weight_decay": 0.0}}
    return [*networks.network("urfb-images", training), pixels, *layers.tables()]


def run(program, setting, data, epochs, seed, rate, folder):
    shape = [32, 32, 3] if data.inputs == 3072 else [28, 28, 1]
    network = networks.write(folder, "network", tables(setting, shape))
    words = ["--baseline", "backprop", "--eta", RATE] if setting.startswith("BP") else []
    return program.reference(network, *words, "--seed", seed, *data.learn(seed), *data.test(), "--epochs", epochs)
