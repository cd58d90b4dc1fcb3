"""Random cases for each rule, mode and variant of `trifactor eval`.

What the samples of a stream look like:
  rich      every label drawn anew from all classes, gaussian inputs and weights
  single    one class throughout, though `classes` is larger
  repeated  runs of identical samples (distance 0, kernel 1) of few classes
  negative  inputs >= 0, weights <= 0: every current is negative
  grid      inputs and weights multiples of 1/2 with zero rows, so that sums of products are exact and meet
            0, 1, -1 and each other
A line names the equalities its grid streams have to meet at least once.
"""

import numpy as np

import transcriptions

TEACHER_STREAMS = ("rich", "single", "repeated", "grid")


class Line:
    """One rule/mode/variant: how to draw a case and what computes the expected arrays.

    draw(rng, stream, seed) gives (params, arrays); function(params, arrays) the expected arrays;
    hits(params, arrays, expected) the names of the equalities that the case meets, of those in `required`.
    Parameters in `optional` are passed only if the rule declares them.
    """

    def __init__(self, name, rule, mode, function, draw, streams=TEACHER_STREAMS, required=(), hits=None,
                 optional=()):
        self.name = name
        self.rule = rule
        self.mode = mode
        self.function = function
        self.draw = draw
        self.streams = streams
        self.required = frozenset(required)
        self.hits = hits
        self.optional = optional


def by_keywords(function):
    """A transcription called with arrays and parameters by their names."""
    return lambda params, arrays: function(**arrays, **params)


# ---------------------------------------------------------------------------------------------
# Arrays
# ---------------------------------------------------------------------------------------------

def draw_samples(rng, stream, seed, longest=40):
    if seed == 0:
        return 2
    # Long streams on the grid, to meet all the equalities.
    return int(rng.integers(longest - 5 if stream == "grid" else 3, longest + 1))


def grid_weights(rng, n_out, n_in):
    """Mostly zeros: sums stay small enough to meet 0 and +-1 often."""
    return rng.integers(-2, 3, (n_out, n_in)) * (rng.random((n_out, n_in)) < 0.4) / 2.0


def draw_inputs(rng, stream, T, n_in):
    x = rng.standard_normal((T, n_in))
    if stream == "grid":
        x = rng.integers(-2, 3, (T, n_in)) / 2.0
        x[T - 1 if T > 2 else 0] = 0.0
    elif stream == "negative":
        x = np.abs(x)
    return x


def draw_weights(rng, stream, n_out, n_in, scale=1.0):
    w = scale * rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)
    if stream == "grid":
        w = grid_weights(rng, n_out, n_in)
        w[0] = 0.0
    elif stream == "negative":
        w = -np.abs(w)
    return w


def draw_labels(rng, stream, T, classes):
    if stream == "single":
        return np.full(T, rng.integers(0, classes), dtype=np.int64)
    if stream == "repeated":
        return rng.choice([0, classes - 1], T).astype(np.int64)
    return rng.integers(0, classes, T).astype(np.int64)


def repeat_runs(rng, *arrays):
    """Half of the samples become copies of the one before, in all arrays at once."""
    for t in range(1, len(arrays[0])):
        if rng.random() < 0.5:
            for array in arrays:
                array[t] = array[t - 1]


def draw_taught_layer(rng, stream, T, n_in, n_out, classes):
    arrays = {"x": draw_inputs(rng, stream, T, n_in), "w": draw_weights(rng, stream, n_out, n_in),
              "labels": draw_labels(rng, stream, T, classes)}
    if stream == "repeated":
        repeat_runs(rng, arrays["x"], arrays["labels"])
    return arrays


# ---------------------------------------------------------------------------------------------
# pHSIC
# ---------------------------------------------------------------------------------------------

def divisors(n_out):
    return [g for g in range(2, n_out // 2 + 1) if n_out % g == 0]


def draw_phsic(rng, stream, seed, grouped, has_sigma=True, always_groups=False):
    n_out = int(rng.integers(4, 25))
    while grouped and not divisors(n_out):
        n_out = int(rng.integers(4, 25))         # groups of at least two need a composite number
    params = {
        "gamma": float(rng.uniform(0.5, 5.0)),
        "eta": float(rng.uniform(0.5, 3.0)),
        "classes": int(rng.integers(2, 11)),
        "slope": float(rng.choice([0.0, 0.01, 0.1, 0.3, 1.0])),
        "groups": 0,
    }
    scale = np.sqrt(n_out)
    if grouped:
        params["groups"] = int(rng.choice(divisors(n_out)))
        if not always_groups and seed == 1 and stream == "single":
            params["groups"] = 1                 # nothing to compare: no change
        if not always_groups and seed == 1 and stream == "repeated":
            params["groups"] = n_out             # groups of one neuron: zc = 0
        params["p"] = float(rng.choice([0.1, 0.2, 0.5, 0.8]))
        params["delta"] = float(rng.uniform(0.25, 2.0))
        scale = 0.7 * np.sqrt(params["groups"])
    if has_sigma:
        params["sigma"] = float(rng.uniform(0.4, 1.5) * scale)
    T, n_in = draw_samples(rng, stream, seed), int(rng.integers(3, 21))
    return params, draw_taught_layer(rng, stream, T, n_in, n_out, params["classes"])


def draw_phsic_variant(variant):
    def draw(rng, stream, seed):
        params, arrays = draw_phsic(rng, stream, seed, variant in (18, 21, 22))
        params["variant"] = variant
        params["beta"] = float(rng.choice([0.3, 0.5, 0.9, 0.99]))
        if variant in (20, 21):
            params["beta_mu"] = float(rng.uniform(0.2, 0.95))
        return params, arrays

    return draw


def draw_phsic_partners(grouped):
    def draw(rng, stream, seed):
        params, arrays = draw_phsic(rng, stream, seed, grouped)
        # 1, few, many, and more partners than there will be samples (up to the largest allowed)
        params["partners"] = int(rng.choice([1, 2, 4, 7, 16, min(len(arrays["x"]) + 3, 32)]))
        params["beta"] = float(rng.choice([0.3, 0.5, 0.9, 0.99]))
        return params, arrays

    return draw


def draw_phsic_circuit(grouped, circuit):
    """Few enough samples and steps that every synapse can have a circuit of its own."""
    def draw(rng, stream, seed):
        params, arrays = draw_phsic(rng, stream, seed, grouped)
        for name in ("x", "labels"):
            arrays[name] = arrays[name][:8]
        c1 = int(rng.integers(3, 20))
        params |= {"beta": float(rng.choice([0.3, 0.9])), "differences": circuit, "c1": c1,
                   "duration": c1 + int(rng.integers(1, 20)), "gap": int(rng.choice([0, 15])),
                   "c2": float(rng.uniform(0.1, 1)), "leak": float(rng.choice([0, 0.02])),
                   "step": float(rng.uniform(0.1, 0.9)), "deviation": float(rng.choice([0.1, 0.5])),
                   "tau_mu": float(rng.choice([0, 50]))}
        return params, arrays

    return draw


def draw_phsic_batch(grouped, has_sigma=True):
    return lambda rng, stream, seed: draw_phsic(rng, stream, seed, grouped, has_sigma)


def draw_phsic_cosine(grouped):
    """The cosine has no value at 0: draw until no sample's response comes near."""
    def draw(rng, stream, seed):
        while True:
            params, arrays = draw_phsic(rng, stream, seed, grouped, has_sigma=False, always_groups=True)
            if stream == "grid":
                zero_rows = np.all(arrays["x"] == 0, axis=1)
                arrays["x"][zero_rows, 0] = 1.0
            response = transcriptions.layer_response(arrays["x"], arrays["w"], params["slope"],
                                                     params["groups"], params.get("p"), params.get("delta"))
            if np.min(np.sqrt(np.sum(response**2, axis=1))) > 0.05:
                return params, arrays

    return draw


def phsic_hits(params, arrays, expected):
    del params, expected
    return {"w x = 0"} if np.any(arrays["x"] @ arrays["w"].T == 0) else set()


def phsic_lines():
    lines = []

    def add(name, rule, mode, function, draw):
        lines.append(Line(name, rule, mode, by_keywords(function), draw, required=["w x = 0"],
                          hits=phsic_hits))

    online, batch = transcriptions.phsic_gaussian_online, transcriptions.phsic_gaussian_batch
    for variant, kind in ((19, "plain"), (20, "plain"), (18, "grouped"), (21, "grouped"), (22, "grouped")):
        add(f"phsic_gaussian online {kind} variant {variant}", "phsic_gaussian", "online", online,
            draw_phsic_variant(variant))
    for kind in ("plain", "grouped"):
        add(f"phsic_gaussian online {kind} partners", "phsic_gaussian", "online", online,
            draw_phsic_partners(kind == "grouped"))
    for kind in ("plain", "grouped"):
        for circuit in ("derivative", "memory"):
            lines.append(Line(f"phsic_gaussian online {kind} differences {circuit}", "phsic_gaussian", "online",
                              by_keywords(transcriptions.phsic_gaussian_circuit),
                              draw_phsic_circuit(kind == "grouped", circuit), streams=("rich", "negative")))
    for kind in ("plain", "grouped"):
        add(f"phsic_gaussian batch {kind}", "phsic_gaussian", "batch", batch,
            draw_phsic_batch(kind == "grouped"))
        add(f"phsic_cosine batch {kind}", "phsic_cosine", "batch", transcriptions.phsic_cosine_batch,
            draw_phsic_cosine(kind == "grouped"))
        add(f"phsic_linear batch {kind}", "phsic_linear", "batch", transcriptions.phsic_linear_batch,
            draw_phsic_batch(kind == "grouped", has_sigma=False))
    return lines


# ---------------------------------------------------------------------------------------------
# HSIC with a working memory
# ---------------------------------------------------------------------------------------------

def draw_hsic_memory(with_net_input):
    def draw(rng, stream, seed):
        n_in, n_out = int(rng.integers(3, 21)), int(rng.integers(2, 17))
        T = 2 if seed == 0 else int(rng.integers(8, 41))
        classes = int(rng.integers(2, 11))
        # The smallest window, any window that fills, and now and then one that never does.
        window = 2 if seed == 0 else int(rng.integers(2, min(T, 32) + 1))
        if seed == 2 and stream == "single":
            window = min(T + 1, 32)
        arrays = draw_taught_layer(rng, stream, T, n_in, n_out, classes)
        n_net = n_in
        if with_net_input:
            n_net = int(rng.integers(1, 31))
            arrays["x_net"] = rng.uniform(0, 1, (T, n_net))
            if stream == "repeated":
                repeat_runs(rng, arrays["x_net"], arrays["x"], arrays["labels"])
        params = {
            "N": window,
            "sigma_x": float(rng.uniform(0.3, 1.0) * np.sqrt(n_net)),
            "sigma_y": float(rng.uniform(0.3, 1.5)),
            "sigma_z": float(rng.uniform(0.3, 1.0) * np.sqrt(n_out)),
            "gamma": float(rng.uniform(0.5, 20.0)),
            "eta": float(rng.uniform(0.5, 3.0)),
            "classes": classes,
        }
        return params, arrays

    return draw


def hsic_lines():
    return [Line(f"hsic_memory online {kind} x_net", "hsic_memory", "online",
                 by_keywords(transcriptions.hsic_memory_online), draw_hsic_memory(kind == "with"))
            for kind in ("with", "without")]


# ---------------------------------------------------------------------------------------------
# Competing hidden units
# ---------------------------------------------------------------------------------------------

def draw_competing(normalise):
    def draw(rng, stream, seed):
        n_in, n_out = int(rng.integers(3, 21)), int(rng.integers(4, 25))
        T = draw_samples(rng, stream, seed, 25)
        # Sums on the grid are exact for whole powers only: elsewhere ties could break by rounding.
        powers = (2, 3, 4) if stream == "grid" else (2, 3, 4, 2.5, 3.3)
        start = {"rich": 0, "negative": 2, "grid": 1}[stream]
        params = {
            "p": float(powers[(seed + start) % len(powers)]),
            "k": int(rng.integers(2, min(n_out, 7) + 1)),
            "delta": float(rng.uniform(0.1, 1.0)),
            "eta": float(rng.uniform(0.5, 3.0)),
            "normalise": normalise,
        }
        if seed == 1:
            params["k"] = n_out if n_out <= 8 else 2
        arrays = {"x": draw_inputs(rng, stream, T, n_in),
                  "w": draw_weights(rng, stream, n_out, n_in, scale=np.sqrt(n_in))}
        if stream == "grid":
            copies = rng.integers(0, n_out, (n_out // 3, 2))
            arrays["w"][copies[:, 0]] = arrays["w"][copies[:, 1]]
        return params, arrays

    return draw


def competing_hits(params, arrays, expected):
    hits = set()
    for current, winner, kth in zip(expected["current"], expected["winner"], expected["kth"]):
        for name, unit in (("first", int(winner)), ("k-th", int(kth))):
            if current[unit] != 0 and np.sum(current == current[unit]) > 1:
                hits.add(f"tie for the {name}")
        ordered = np.sort(current)[::-1]
        if params["k"] < len(current) and ordered[params["k"] - 1] == ordered[params["k"]]:
            hits.add("tie across the k-th")
    return hits


def draw_lateral(rng, stream, seed):
    params, arrays = draw_competing("none")(rng, stream, seed)
    n_out = len(arrays["w"])
    params = {name: params[name] for name in ("p", "delta", "eta")}
    params |= {"dynamics": "lateral", "w_inh": float(rng.uniform(0.2, 0.95)), "tau": float(n_out + rng.uniform(1, 20)),
               "h_star": float(rng.uniform(0.05, 1.0)), "steps": int(rng.integers(200, 600))}
    return params, arrays


def lateral_hits(params, arrays, expected):
    del params, arrays
    kinds = {"learns": expected["g"] == 1, "unlearns": expected["g"] < 0, "silent": expected["h"] < 0}
    return {name for name, found in kinds.items() if np.any(found)}


def competing_lines():
    functions = {"online": transcriptions.competing_online, "batch": transcriptions.competing_batch}

    def lateral(params, arrays):
        return transcriptions.competing_lateral(**arrays, **{k: v for k, v in params.items() if k != "dynamics"})

    return [Line("competing online lateral inhibition", "competing", "online", lateral, draw_lateral,
                 streams=("rich", "negative"), required=["learns", "unlearns", "silent"], hits=lateral_hits)] + [Line(f"competing {mode} {normalise}", "competing", mode, by_keywords(functions[mode]),
                 draw_competing(normalise), streams=("rich", "negative", "grid"),
                 required=["tie for the first", "tie for the k-th", "tie across the k-th"],
                 hits=competing_hits)
            for mode in ("online", "batch") for normalise in ("none", "mean", "max")]


# ---------------------------------------------------------------------------------------------
# URFB
# ---------------------------------------------------------------------------------------------

def draw_urfb_params(rng, classes):
    params = {"eta": float(rng.uniform(0.1, 3.0)), "classes": classes}
    if rng.random() < 0.5:
        params["mu"] = float(rng.uniform(0.05, 1.0))
    return params


def draw_scale(stream, seed):
    """Of the neurons; mostly none is given, so that sums still meet their edges."""
    return {3: {"scale": 2.0}, 4: {"scale": 1.7}}.get(seed % 5, {}) if stream == "rich" else {}


def draw_urfb_net(rng, stream, seed):
    T, n_in = draw_samples(rng, stream, seed, 25), int(rng.integers(3, 21))
    n1, n2, classes = int(rng.integers(3, 17)), int(rng.integers(3, 17)), int(rng.integers(2, 11))
    params = draw_urfb_params(rng, classes)
    params["update_r"] = bool(seed % 3 != 1)
    params |= draw_scale(stream, seed)
    arrays = draw_taught_layer(rng, stream, T, n_in, n1, classes)
    arrays["w1"] = arrays.pop("w")
    arrays["w2"] = draw_weights(rng, stream, n2, n1, scale=1.5)
    arrays["w3"] = draw_weights(rng, stream, classes, n2, scale=1.5)
    arrays["r2"] = draw_weights(rng, stream, n1, n2, scale=2.0)
    arrays["r3"] = draw_weights(rng, stream, n2, classes, scale=2.0)
    return params, arrays


def draw_urfb_layer(rng, stream, seed):
    T, n_in = draw_samples(rng, stream, seed, 25), int(rng.integers(3, 21))
    n_out, n_next = int(rng.integers(3, 17)), int(rng.integers(2, 17))
    params = {"eta": float(rng.uniform(0.1, 3.0)), "update_r": bool(seed % 3 != 1)} | draw_scale(stream, seed)
    arrays = {"x": draw_inputs(rng, stream, T, n_in), "w": draw_weights(rng, stream, n_out, n_in),
              "r": draw_weights(rng, stream, n_out, n_next), "delta_next": rng.standard_normal((T, n_next))}
    return params, arrays


def draw_urfb_output(rng, stream, seed):
    T, n_in, classes = draw_samples(rng, stream, seed, 25), int(rng.integers(3, 21)), int(rng.integers(2, 11))
    return draw_urfb_params(rng, classes), draw_taught_layer(rng, stream, T, n_in, classes, classes)


def at_edges(name, h):
    return {f"{name} = {edge}" for edge in (1, -1) if np.any(h == edge)}


def hinge_hits(out, labels):
    """The edges that matter: 1 for the label's unit, -1 for another."""
    of_label = np.arange(out.shape[1])[None, :] == np.asarray(labels)[:, None]
    hits = {"out of the class = 1"} if np.any(out[of_label] == 1) else set()
    return hits | ({"out of another = -1"} if np.any(out[~of_label] == -1) else set())


HINGE_EDGES = ("out of the class = 1", "out of another = -1")


def urfb_net_hits(params, arrays, expected):
    del params
    return (at_edges("h1", arrays["x"] @ arrays["w1"].T) | at_edges("h2", expected["x1"] @ arrays["w2"].T)
            | hinge_hits(expected["out"], arrays["labels"]))


def urfb_layer_hits(params, arrays, expected):
    del params, expected
    return at_edges("h", arrays["x"] @ arrays["w"].T)


def output_hits(params, arrays, expected):
    del params, expected
    return hinge_hits(arrays["x"] @ arrays["w"].T, arrays["labels"])


def urfb_lines():
    forms = (
        ("net", transcriptions.urfb_net_online, transcriptions.urfb_net_batch, draw_urfb_net,
         TEACHER_STREAMS, ("h1 = 1", "h1 = -1", "h2 = 1", "h2 = -1", *HINGE_EDGES), urfb_net_hits),
        ("layer", transcriptions.urfb_layer_online, transcriptions.urfb_layer_batch, draw_urfb_layer,
         ("rich", "grid"), ("h = 1", "h = -1"), urfb_layer_hits),
        ("output", transcriptions.urfb_output_online, transcriptions.urfb_output_batch, draw_urfb_output,
         ("rich", "single", "grid"), HINGE_EDGES, output_hits),
    )
    def circuit(draw):
        def drawn(rng, stream, seed):
            params, arrays = draw(rng, stream, seed)
            # M beyond every sum, or within them; K beyond most errors, or not
            return params | {"error": "circuit", "circuit_m": float(rng.choice([64, 2])),
                             "circuit_k": float(rng.choice([4, 1]))}, arrays
        return drawn

    circuits = [Line(f"urfb online {form} circuit", "urfb", "online", by_keywords(function), circuit(draw),
                     streams=streams, required=required, hits=hits, optional=("classes",))
                for form, function, draw, streams, required, hits in (
                    ("layer", transcriptions.urfb_layer_circuit, draw_urfb_layer, ("rich", "grid"),
                     ("h = 1", "h = -1"), urfb_layer_hits),
                    ("output", transcriptions.urfb_output_circuit, draw_urfb_output, ("rich", "single", "grid"),
                     HINGE_EDGES, output_hits))]
    return circuits + [Line(f"urfb {mode} {form}", "urfb", mode, by_keywords(function), draw, streams=streams,
                 required=required, hits=hits, optional=("classes",))
            for form, online, batch, draw, streams, required, hits in forms
            for mode, function in (("online", online), ("batch", batch))]


# ---------------------------------------------------------------------------------------------
# Read-out, Oja
# ---------------------------------------------------------------------------------------------

def draw_readout(error):
    def draw(rng, stream, seed):
        T, n_in, classes = draw_samples(rng, stream, seed), int(rng.integers(3, 21)), int(rng.integers(2, 17))
        params = {"error": error, "eta": float(rng.uniform(0.1, 3.0)), "classes": classes}
        if error == "hinge" and rng.random() < 0.5:
            params["mu"] = float(rng.uniform(0.05, 1.0))
        return params, draw_taught_layer(rng, stream, T, n_in, classes, classes)

    return draw


def readout_lines():
    functions = {"online": transcriptions.readout_online, "batch": transcriptions.readout_batch}
    return [Line(f"readout {mode} {error}", "readout", mode, by_keywords(functions[mode]),
                 draw_readout(error), required=HINGE_EDGES, hits=output_hits)
            for error in ("softmax", "linear", "hinge") for mode in ("online", "batch")]


def draw_oja(rng, stream, seed):
    T, n_in, n_out = draw_samples(rng, stream, seed), int(rng.integers(3, 21)), int(rng.integers(2, 25))
    return ({"eta": float(rng.uniform(0.1, 3.0))},
            {"x": draw_inputs(rng, stream, T, n_in), "w": draw_weights(rng, stream, n_out, n_in, scale=2.0)})


def draw_reservoir(rng, stream, seed):
    T, n_in, n_out = draw_samples(rng, stream, seed), int(rng.integers(3, 21)), int(rng.integers(2, 17))
    arrays = {"x": draw_inputs(rng, stream, T, n_in), "w": draw_weights(rng, stream, n_out, n_in, scale=2.0)}
    arrays["xi"] = rng.normal(0, 1, (T, n_out))  # off the grid: no two powers tie
    return {"tau": float(rng.uniform(1.5, 10)), "eta": float(rng.uniform(0.1, 3.0))}, arrays


def make_lines():
    reservoir = Line("reservoir online", "reservoir", "online", by_keywords(transcriptions.reservoir_online), draw_reservoir,
                     streams=("rich", "negative"))
    oja = Line("oja online", "oja", "online", by_keywords(transcriptions.oja_online), draw_oja,
               streams=("rich", "negative", "grid"))
    return [*phsic_lines(), *readout_lines(), *hsic_lines(), *competing_lines(), *urfb_lines(), oja, reservoir]
