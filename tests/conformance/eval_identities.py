#!/usr/bin/python3
"""Identities of the papers, checked on what `trifactor eval` writes: no equation is computed twice here,
the program is held against itself, against numerical derivatives of its own loss, and against closed forms.

usage: eval_identities.py PATH_TO_TRIFACTOR [--only TEXT] [--all]

An identity of a rule that `trifactor list rules` does not name is not checked; `missing RULE` says so and
is a failure with --all. Prints one line per identity and, last, `N passed, M failed`. Exit status 1 if any
failed, 2 for a wrong call.
"""

import argparse
import os
import sys
import traceback
import zlib

import numpy as np

sys.dont_write_bytecode = True
import eval_program  # noqa: E402

EXACT = 1e-9                                     # but for rounding
NUMERICAL = 1e-6                                 # against a difference quotient
STEP = 1e-4                                      # of the difference quotient, on weights of about 1
IDENTITIES = []


def identity(*rules):
    def register(function):
        IDENTITIES.append((function.__name__, rules, function))
        return function

    return register


class Bench:
    """The program, with what its rules declare."""

    def __init__(self, program, listed):
        self.program = program
        self.listed = listed

    def run(self, rule, mode, params, **arrays):
        # One parameter is passed where the rule declares it only: the number of classes of a hinge.
        passed = {name: value for name, value in params.items()
                  if not (rule == "urfb" and name == "classes") or name in self.listed[rule]}
        out, complaint, typed = eval_program.run_program(self.program, rule, mode, passed, arrays)
        assert complaint is None, f"{complaint}\n{typed}"
        return out


def rng_of(name, seed=0):
    return np.random.default_rng(zlib.crc32(f"{name}/{seed}".encode()))


def taught(name, T=12, n_in=5, n_out=6, classes=3, seed=0):
    rng = rng_of(name, seed)
    return {"x": rng.standard_normal((T, n_in)), "w": rng.standard_normal((n_out, n_in)) / np.sqrt(n_in),
            "labels": rng.integers(0, classes, T)}


def same(what, first, second, tolerance=EXACT):
    assert np.shape(first) == np.shape(second), f"{what}: shapes {np.shape(first)} and {np.shape(second)}"
    scale = max(np.max(np.abs(first)), np.max(np.abs(second)))
    difference = np.max(np.abs(np.subtract(first, second)))
    assert difference <= tolerance * scale + 1e-14, f"{what}: differ by {difference:g} of {scale:g}"


def alive(what, array, least=1e-6):
    """An identity between zeros says nothing."""
    assert np.max(np.abs(array)) > least, f"{what} is 0"


# ---------------------------------------------------------------------------------------------
# pHSIC, Gaussian, online
# ---------------------------------------------------------------------------------------------

PLAIN = dict(sigma=1.7, gamma=2.0, eta=0.5, beta=0.9, classes=3, slope=0.1)
GROUPED = dict(PLAIN, sigma=0.8, groups=2, p=0.2, delta=0.5)


@identity("phsic_gaussian")
def delayed_form_sums_to_the_two_term_form(bench):
    """Sum over t of (22) is that of (18) less the last sample's term."""
    arrays = taught("delayed")
    two = bench.run("phsic_gaussian", "online", dict(GROUPED, variant=18), **arrays)
    late = bench.run("phsic_gaussian", "online", dict(GROUPED, variant=22), **arrays)
    post = np.repeat(two["third_factor"][-1], 3) * two["r"][-1] * two["fprime"][-1]
    missing = np.sum(two["dw"], axis=0) - np.sum(late["dw"], axis=0)
    alive("the boundary term", missing)
    same("(18) less (22)", missing, 0.5 * np.outer(post, arrays["x"][-1]))
    # A last sample shown twice has no boundary term: its M is 0.
    arrays["x"] = np.concatenate([arrays["x"], arrays["x"][-1:]])
    arrays["labels"] = np.concatenate([arrays["labels"], arrays["labels"][-1:]])
    two = bench.run("phsic_gaussian", "online", dict(GROUPED, variant=18), **arrays)
    late = bench.run("phsic_gaussian", "online", dict(GROUPED, variant=22), **arrays)
    same("sums of (18) and (22)", np.sum(two["dw"], axis=0), np.sum(late["dw"], axis=0))


@identity("phsic_gaussian")
def one_partner_is_half_of_two_points(bench):
    """partners = 1 has the third factor of (19), (18) and its present term only."""
    arrays = taught("partner")
    for shape, variant, post in ((PLAIN, 19, None), (GROUPED, 18, "r")):
        one = bench.run("phsic_gaussian", "online", dict(shape, partners=1), **arrays)
        two = bench.run("phsic_gaussian", "online", dict(shape, variant=variant), **arrays)
        scalar = two["third_factor"] if post is None else two["third_factor_scalar"]
        same("third factor", one["third_factor"][:, 0], scalar)
        same("b3", one["b3"], two["b3"])
        factor = one["t_factor"] if post is None else np.repeat(one["t_factor"], 3, axis=1)
        present = two["fprime"] * (two[post] if post else 1.0)
        past = 0.5 * np.einsum("ti,ti,tj->tij", factor[1:], present[:-1], arrays["x"][:-1])
        same("dw", one["dw"][1:] - past, two["dw"][1:])


@identity("phsic_gaussian")
def two_samples_in_a_batch(bench):
    """M in closed form; in-pair centring leaves no teaching signal for equal labels."""
    for labels, pull in (([1, 1], 0.0), ([1, 2], 2.0 * 4 / (2 * 3))):
        arrays = dict(taught("pair", T=2), labels=np.array(labels))
        params = dict(sigma=1.7, gamma=2.0, eta=0.5, classes=4, slope=0.1)
        out = bench.run("phsic_gaussian", "batch", params, **arrays)
        k = out["kernel"][0, 1]
        same("M", out["third_factor"][0, 1], (pull - (1 - k)) * k / 1.7**2)
        online = bench.run("phsic_gaussian", "online", dict(params, beta=0.5, variant=19), **arrays)
        same("half of M Hebb", out["dw"] / out["third_factor"][0, 1],
             0.5 * online["dw"][1] / online["third_factor"][1])


# ---------------------------------------------------------------------------------------------
# pHSIC, batch, every kernel
# ---------------------------------------------------------------------------------------------

BATCH = dict(gamma=2.0, eta=0.5, classes=3, slope=0.1)
BATCH_GROUPED = dict(BATCH, groups=3, p=0.2, delta=0.5)


def descends(bench, rule, shape):
    """dw along a direction against the central difference of the program's own loss."""
    arrays = taught("loss", T=7)
    out = bench.run(rule, "batch", shape, **arrays)
    alive("dw", out["dw"])
    for seed in range(3):
        direction = rng_of("direction", seed).standard_normal(out["dw"].shape)
        direction *= STEP / np.linalg.norm(direction)
        losses = [float(np.squeeze(bench.run(rule, "batch", shape, **dict(arrays, w=arrays["w"] + side * direction))
                                   ["loss"])) for side in (2, 1, -1, -2)]
        change = (8 * (losses[1] - losses[2]) - (losses[0] - losses[3])) / 12
        expected = np.sum(out["dw"] * direction) / -shape["eta"]
        assert abs(change - expected) <= NUMERICAL * STEP * np.linalg.norm(out["dw"]) + 1e-14, (
            f"loss changes by {change:g}, dw says {expected:g}")
    # delta is what dw is made of
    same("delta x", out["dw"], shape["eta"] * out["delta"].T @ arrays["x"])


def batch_symmetries(bench, rule, shape):
    """Neither the order of the samples, nor the names of the classes, nor showing all twice matters."""
    arrays = taught("symmetries", T=8)
    out = bench.run(rule, "batch", shape, **arrays)
    alive("dw", out["dw"])
    order = rng_of("order").permutation(8)
    moved = bench.run(rule, "batch", shape, w=arrays["w"], x=arrays["x"][order], labels=arrays["labels"][order])
    renamed = bench.run(rule, "batch", shape, **dict(arrays, labels=(arrays["labels"] + 1) % 3))
    twice = bench.run(rule, "batch", shape, w=arrays["w"], x=np.tile(arrays["x"], (2, 1)),
                      labels=np.tile(arrays["labels"], 2))
    for name, other in (("another order", moved), ("other names", renamed), ("all twice", twice)):
        same(f"dw, {name}", out["dw"], other["dw"])
        same(f"loss, {name}", np.squeeze(out["loss"]), np.squeeze(other["loss"]))
    same("kernel", out["kernel"], out["kernel"].T)


def register_batch(rule, shape, kind):
    for check in (descends, batch_symmetries):
        def run(bench, check=check):
            check(bench, rule, shape)

        run.__name__ = f"{check.__name__}_{rule}_{kind}"
        identity(rule)(run)


register_batch("phsic_gaussian", dict(BATCH, sigma=1.7), "plain")
register_batch("phsic_gaussian", dict(BATCH_GROUPED, sigma=0.8), "grouped")
for each in ("phsic_cosine", "phsic_linear"):
    register_batch(each, BATCH, "plain")
    register_batch(each, BATCH_GROUPED, "grouped")


@identity("phsic_cosine")
def cosine_ignores_length(bench):
    """A leaky ReLU is homogeneous: larger weights change no angle, so dw has no part along w, and every
    sample may have its own scale."""
    arrays = taught("angle")
    out = bench.run("phsic_cosine", "batch", BATCH, **arrays)
    larger = bench.run("phsic_cosine", "batch", BATCH, **dict(arrays, w=3 * arrays["w"]))
    scaled = bench.run("phsic_cosine", "batch", BATCH,
                       **dict(arrays, x=arrays["x"] * np.linspace(0.5, 4, 12)[:, None]))
    alive("dw", out["dw"])
    same("kernel", out["kernel"], larger["kernel"])
    same("kernel", out["kernel"], scaled["kernel"])
    same("dw", out["dw"], 3 * larger["dw"])
    same("dw", out["dw"], scaled["dw"])
    assert abs(np.sum(out["dw"] * arrays["w"])) < EXACT
    same("diagonal", np.diag(out["kernel"]), np.ones(12))


@identity("phsic_linear")
def linear_loss_is_homogeneous(bench):
    """pHSIC(Z, Z) is of degree 4 in w and pHSIC(Y, Z) of degree 2: Euler's theorem gives <dw, w>."""
    arrays = taught("euler")
    out = bench.run("phsic_linear", "batch", BATCH, **arrays)

    def phsic(a, b):
        return np.mean(a * b) - np.mean(a) * np.mean(b)

    zz, yz = phsic(out["kernel"], out["kernel"]), phsic(out["label_kernel"], out["kernel"])
    same("loss", np.squeeze(out["loss"]), zz - 2.0 * yz)
    same("<dw, w>", np.sum(out["dw"] * arrays["w"]), -0.5 * (4 * zz - 2.0 * 2 * yz))


# ---------------------------------------------------------------------------------------------
# HSIC with a working memory
# ---------------------------------------------------------------------------------------------

MEMORY = dict(N=5, sigma_x=1.5, sigma_y=0.8, sigma_z=1.2, gamma=3.0, eta=0.4, classes=3)


@identity("hsic_memory")
def hsic_centring(bench):
    """sum_p a_p = 0, hence centring alpha is a no-op: xi follows from a, kernel_z and z alone."""
    arrays = taught("memory")
    out = bench.run("hsic_memory", "online", MEMORY, **arrays)
    alive("a", out["a"])
    assert np.max(np.abs(np.sum(out["a"], axis=1))) < 1e-12
    for t in range(4, 12):
        difference = out["z"][t] - out["z"][t - 4:t + 1][::-1]
        words = -2 / 1.2**2 * out["a"][t] * out["kernel_z"][t] / 4**2
        same("xi", out["xi"][t], words @ difference)
        same("dw", out["dw"][t], -0.4 * np.outer(out["xi"][t] * (1 - out["z"][t] ** 2), arrays["x"][t]))
    for name in ("dw", "xi", "a", "kernel_x", "kernel_y", "kernel_z"):
        assert not np.any(out[name][:4]), f"{name} before the window is full"
        assert np.all(np.any(out[name][4:].reshape(8, -1), axis=1)), f"{name} with a full window"
    same("third factor", out["third_factor"], out["xi"])


@identity("hsic_memory")
def hsic_window(bench):
    """Nothing older than N - 1 samples matters, nothing younger than the present, nor the classes' names."""
    arrays = taught("window")
    out = bench.run("hsic_memory", "online", MEMORY, **arrays)
    tail = bench.run("hsic_memory", "online", MEMORY, w=arrays["w"], x=arrays["x"][3:],
                     labels=arrays["labels"][3:])
    head = bench.run("hsic_memory", "online", MEMORY, w=arrays["w"], x=arrays["x"][:9],
                     labels=arrays["labels"][:9])
    renamed = bench.run("hsic_memory", "online", MEMORY, **dict(arrays, labels=(arrays["labels"] + 2) % 3))
    net = bench.run("hsic_memory", "online", MEMORY, **dict(arrays, x_net=arrays["x"]))
    other = bench.run("hsic_memory", "online", MEMORY, **dict(arrays, x_net=np.tanh(arrays["x"][:, :2])))
    alive("dw", out["dw"])
    same("without the oldest", out["dw"][7:], tail["dw"][4:])
    same("without the youngest", out["dw"][:9], head["dw"])
    same("other names", out["dw"], renamed["dw"])
    same("x_net = x", out["dw"], net["dw"])
    same("kernel of z", out["kernel_z"], other["kernel_z"])
    alive("the part of x_net", other["kernel_x"] - out["kernel_x"])
    # xi is linear in gamma
    xi = [bench.run("hsic_memory", "online", dict(MEMORY, gamma=gamma), **arrays)["xi"] for gamma in (1.0, 2.0)]
    same("gamma", out["xi"] - xi[1], xi[1] - xi[0])


@identity("hsic_memory")
def hsic_kernels_have_two_sigma_squared(bench):
    """exp(-d^2 / (2 sigma^2)); two classes are sqrt(2) apart."""
    params = dict(MEMORY, N=2)
    out = bench.run("hsic_memory", "online", params, x=np.array([[0.0, 0], [3, 4]]), w=np.array([[0.2, -0.1]]),
                    labels=np.array([0, 2]))
    same("kernel_x", out["kernel_x"][1], [1, np.exp(-25 / (2 * 1.5**2))])
    same("kernel_y", out["kernel_y"][1], [1, np.exp(-2 / (2 * 0.8**2))])
    same("kernel_z", out["kernel_z"][1], [1, np.exp(-np.tanh(0.2) ** 2 / (2 * 1.2**2))])


@identity("hsic_memory")
def hsic_equal_samples_change_nothing(bench):
    arrays = taught("equal")
    arrays["x"][:] = arrays["x"][0]
    out = bench.run("hsic_memory", "online", MEMORY, **arrays)
    same("kernel", out["kernel_z"][4:], np.ones((8, 5)))
    assert not np.any(out["dw"])


# ---------------------------------------------------------------------------------------------
# Competing hidden units
# ---------------------------------------------------------------------------------------------

def competing_case(name):
    rng = rng_of(name)
    return {"x": rng.standard_normal((9, 6)), "w": rng.standard_normal((7, 6))}


@identity("competing")
def competing_weights_go_to_the_sphere(bench):
    """<W, dW> = g I (1 - sum |W|^p), for every p; g has one winner and one loser."""
    arrays = competing_case("sphere")
    for p in (2.0, 3.0, 4.0, 2.5):
        params = dict(p=p, k=3, delta=0.4, eta=0.5, normalise="none")
        out = bench.run("competing", "online", params, **arrays)
        dual = np.sign(arrays["w"]) * np.abs(arrays["w"]) ** (p - 1)
        length = np.sum(np.abs(arrays["w"]) ** p, axis=1)
        same("<W, dW>", np.sum(dual * out["raw"], axis=2), out["g"] * out["current"] * (1 - length))
        for t in range(9):
            ranked = np.argsort(out["current"][t], kind="stable")[::-1]
            assert int(out["winner"][t]) == ranked[0] and int(out["kth"][t]) == ranked[2]
            expected = np.zeros(7)
            expected[ranked[0]], expected[ranked[2]] = 1.0, -0.4
            assert np.array_equal(out["g"][t], expected)


@identity("competing")
def competing_ties_go_to_the_highest_index(bench):
    w = np.array([[2.0, 1], [3, 0], [1, 2], [3, 1], [2, 0]])
    params = dict(p=2.0, k=2, delta=0.5, eta=1.0, normalise="max")
    for x, winner, kth in (([1.0, 0], 3, 1), ([-1.0, 0], 2, 4), ([0.0, 0], 4, 3), ([0.0, -1], 4, 1)):
        out = bench.run("competing", "online", params, x=np.array([x]), w=w)
        assert (int(out["winner"][0]), int(out["kth"][0])) == (winner, kth), f"{x}: {out['winner']}, {out['kth']}"
        largest = np.max(np.abs(out["dw"]))
        assert largest == 0 if not any(x) else abs(largest - 1) < EXACT


@identity("competing")
def competing_batch_is_the_sum(bench):
    arrays = competing_case("sum")
    params = dict(p=3.0, k=2, delta=0.4, eta=0.5)
    online = bench.run("competing", "online", dict(params, normalise="none"), **arrays)
    batch = {how: bench.run("competing", "batch", dict(params, normalise=how), **arrays)
             for how in ("none", "mean", "max")}
    total = np.sum(online["raw"], axis=0)
    same("online dw", online["dw"], 0.5 * online["raw"])
    for how, out in batch.items():
        same(f"raw, {how}", out["raw"], total)
        same(f"current, {how}", out["current"], online["current"])
    same("none", batch["none"]["dw"], 0.5 * total / 9)
    same("mean", batch["mean"]["dw"], 0.5 * total / 9)
    same("max", batch["max"]["dw"], 0.5 * total / np.max(np.abs(total)))
    # The order of the neurons does not matter where there is no tie.
    order = rng_of("order").permutation(7)
    moved = bench.run("competing", "batch", dict(params, normalise="max"), x=arrays["x"], w=arrays["w"][order])
    same("another order", batch["max"]["dw"][order], moved["dw"])


# ---------------------------------------------------------------------------------------------
# URFB
# ---------------------------------------------------------------------------------------------

def urfb_case(name, transposed=False):
    rng = rng_of(name)
    sizes = (5, 7, 6, 3)
    w1, w2, w3 = (rng.standard_normal((b, a)) * 1.3 / np.sqrt(a) for a, b in zip(sizes, sizes[1:]))
    r2, r3 = (w2.T, w3.T) if transposed else (rng.standard_normal((7, 6)), rng.standard_normal((6, 3)))
    return {"x": rng.standard_normal((8, 5)), "labels": rng.integers(0, 3, 8), "w1": w1, "w2": w2, "w3": w3,
            "r2": r2, "r3": r3}


NET = dict(eta=0.2, classes=3, mu=0.5)


@identity("urfb")
def urfb_with_transposes_is_backpropagation(bench):
    """R = W^T: dw descends the hinge loss (4) of the program's own output."""
    arrays = urfb_case("backpropagation", transposed=True)
    of_label = np.arange(3)[None, :] == arrays["labels"][:, None]

    def loss(w1, w2, w3):
        out = bench.run("urfb", "batch", NET, **dict(arrays, w1=w1, w2=w2, w3=w3))["out"]
        margins = np.where(of_label, np.maximum(1 - out, 0), 0.5 * np.maximum(1 + out, 0))
        return np.sum(margins) / len(out)

    now = bench.run("urfb", "batch", NET, **arrays)
    weights = [arrays["w1"], arrays["w2"], arrays["w3"]]
    for which, name in enumerate(("dw1", "dw2", "dw3")):
        alive(name, now[name])
        direction = rng_of(name).standard_normal(now[name].shape)
        direction *= 1e-6 / np.linalg.norm(direction)
        sides = []
        for side in (1, -1):
            moved = list(weights)
            moved[which] = moved[which] + side * direction
            sides.append(loss(*moved))
        expected = np.sum(now[name] * direction) / -0.2
        assert abs((sides[0] - sides[1]) / 2 - expected) <= 1e-12, f"{name}: {sides}, {expected}"


@identity("urfb")
def urfb_keeps_symmetry(bench):
    """R - W^T stays what it was at the start over many updates; FRFB leaves R alone and moves W alike."""
    for transposed in (True, False):
        arrays = urfb_case("symmetry", transposed)
        start = {l: arrays[f"r{l}"] - arrays[f"w{l}"].T for l in (2, 3)}
        before = arrays["w2"]
        for _ in range(12):
            out = bench.run("urfb", "batch", dict(NET, update_r=True), **arrays)
            fixed = bench.run("urfb", "batch", dict(NET, update_r=False), **arrays)
            for l in (1, 2, 3):
                assert np.array_equal(out[f"dw{l}"], fixed[f"dw{l}"])
                arrays[f"w{l}"] = arrays[f"w{l}"] + out[f"dw{l}"]
            for l in (2, 3):
                assert not np.any(fixed[f"dr{l}"])
                arrays[f"r{l}"] = arrays[f"r{l}"] + out[f"dr{l}"]
        alive("what w2 moved", arrays["w2"] - before, 1e-3)
        for l in (2, 3):
            assert np.max(np.abs(arrays[f"r{l}"] - arrays[f"w{l}"].T - start[l])) < 1e-12


@identity("urfb")
def urfb_net_is_its_layers(bench):
    """Each projection on its own, given its neighbours' arrays, does what it does in the net."""
    arrays = urfb_case("layers")
    for mode in ("online", "batch"):
        net = bench.run("urfb", mode, dict(NET, update_r=True), **arrays)
        top = bench.run("urfb", mode, NET, x=net["x2"], w=arrays["w3"], labels=arrays["labels"])
        params = dict(eta=0.2, update_r=True)
        second = bench.run("urfb", mode, params, x=net["x1"], w=arrays["w2"], r=arrays["r3"],
                           delta_next=net["delta3"])
        first = bench.run("urfb", mode, params, x=arrays["x"], w=arrays["w1"], r=arrays["r2"],
                          delta_next=net["delta2"])
        for what, one, other in (
                ("out", top["z"], net["out"]), ("delta3", top["delta"], net["delta3"]),
                ("dw3", top["dw"], net["dw3"]), ("x2", second["z"], net["x2"]),
                ("delta2", second["delta"], net["delta2"]), ("dw2", second["dw"], net["dw2"]),
                ("dr3", second["dr"], net["dr3"]), ("x1", first["z"], net["x1"]),
                ("delta1", first["delta"], net["delta1"]), ("dw1", first["dw"], net["dw1"]),
                ("dr2", first["dr"], net["dr2"])):
            alive(what, other)
            same(f"{mode} {what}", one, other)
        assert np.array_equal(second["delta"], second["gate"] * second["third_factor"])
        if mode == "online":
            means = {name: np.mean(value, axis=0) for name, value in net.items() if name.startswith(("dw", "dr"))}
    for name, mean in means.items():
        same(f"batch {name}", net[name], mean)


@identity("urfb")
def urfb_edges(bench):
    """The gate is open at exactly +-1 and shut beyond; the hinge is shut at exactly its margins."""
    h = np.array([-1.25, -1, -0.5, 1, 1.25])
    layer = bench.run("urfb", "online", dict(eta=1.0, update_r=True), x=np.ones((1, 1)), w=h[:, None],
                      r=np.full((5, 1), 2.0), delta_next=np.ones((1, 1)))
    assert np.array_equal(layer["gate"][0], [0, 1, 1, 1, 0])
    assert np.array_equal(layer["third_factor"][0], np.full(5, 2.0))
    assert np.array_equal(layer["delta"][0], [0, 2, 2, 2, 0])
    assert np.array_equal(layer["z"][0], [-1, -1, -0.5, 1, 1])
    assert np.array_equal(layer["dr"][0][:, 0], [-1, -1, -0.5, 1, 1])
    for label, delta in ((0, [1, 0, -0.5, -0.5, -0.5]), (1, [0, 1, -0.5, -0.5, -0.5]),
                         (3, [0, 0, -0.5, 0, -0.5]), (4, [0, 0, -0.5, -0.5, 0])):
        out = bench.run("urfb", "online", dict(eta=1.0, classes=5, mu=0.5), x=np.ones((1, 1)), w=h[:, None],
                        labels=np.array([label]))
        assert np.array_equal(out["delta"][0], delta), f"label {label}: {out['delta'][0]}"


@identity("urfb", "readout")
def urfb_output_is_a_hinge_readout(bench):
    arrays = taught("hinge", n_out=3)
    for mode in ("online", "batch"):
        for params in (dict(eta=0.3, classes=3), dict(eta=0.3, classes=3, mu=0.7)):
            first = bench.run("urfb", mode, params, **arrays)
            second = bench.run("readout", mode, dict(params, error="hinge"), **arrays)
            alive("dw", first["dw"])
            for name in ("z", "delta", "dw"):
                same(f"{mode} {name}", first[name], second[name])


# ---------------------------------------------------------------------------------------------
# Read-out, Oja
# ---------------------------------------------------------------------------------------------

@identity("readout")
def readout_descends_cross_entropy(bench):
    arrays = taught("entropy", n_out=3)
    params = dict(error="softmax", eta=0.5, classes=3)

    def loss(w):
        z = bench.run("readout", "batch", params, **dict(arrays, w=w))["z"]
        return -np.mean(np.log(z[np.arange(12), arrays["labels"]]))

    out = bench.run("readout", "batch", params, **arrays)
    direction = rng_of("entropy direction").standard_normal((3, 5)) * 1e-4
    change = (loss(arrays["w"] + direction) - loss(arrays["w"] - direction)) / 2
    assert abs(change + np.sum(out["dw"] * direction) / 0.5) <= 1e-7 * np.linalg.norm(direction)
    alive("change", change, 1e-7)
    same("sum of delta", np.sum(out["delta"], axis=1) + 1, np.ones(12))
    for error in ("softmax", "linear", "hinge"):
        online = bench.run("readout", "online", dict(params, error=error), **arrays)
        batch = bench.run("readout", "batch", dict(params, error=error), **arrays)
        same("mean over the batch", np.mean(online["dw"], axis=0), batch["dw"])


@identity("oja")
def oja_weights_go_to_the_circle(bench):
    """<w, dw> = eta y^2 (1 - |w|^2); the sign of an input does not matter."""
    arrays = competing_case("circle")
    out = bench.run("oja", "online", dict(eta=0.3), **arrays)
    length = np.sum(arrays["w"] ** 2, axis=1)
    same("<w, dw>", np.sum(arrays["w"] * out["dw"], axis=2), 0.3 * out["z"] ** 2 * (1 - length))
    mirrored = bench.run("oja", "online", dict(eta=0.3), x=-arrays["x"], w=arrays["w"])
    same("dw of -x", out["dw"], mirrored["dw"])


@identity("oja", "competing")
def oja_is_a_competing_winner(bench):
    """With p = 2 and g = I, rule (2) of competing units is Oja's."""
    arrays = competing_case("winner")
    oja = bench.run("oja", "online", dict(eta=0.3), **arrays)
    competing = bench.run("competing", "online", dict(p=2.0, k=2, delta=0.4, eta=0.3, normalise="none"), **arrays)
    same("current", oja["z"], competing["current"])
    for t in range(9):
        unit = int(competing["winner"][t])
        same("dw", oja["dw"][t, unit], competing["current"][t, unit] * competing["dw"][t, unit])


# ---------------------------------------------------------------------------------------------
# Every online rule
# ---------------------------------------------------------------------------------------------

ONLINE = (
    ("phsic_gaussian", dict(PLAIN, variant=19)),
    ("phsic_gaussian", dict(PLAIN, variant=20, beta_mu=0.8)),
    ("phsic_gaussian", dict(GROUPED, variant=21, beta_mu=0.8)),
    ("phsic_gaussian", dict(GROUPED, partners=3)),
    ("hsic_memory", MEMORY),
    ("competing", dict(p=3.0, k=2, delta=0.4, eta=0.5, normalise="max")),
    ("urfb", dict(NET, eta=0.5)),
    ("readout", dict(error="softmax", eta=0.5, classes=3)),
    ("oja", dict(eta=0.5)),
)


def cause_and_rate(bench, rule, params):
    """What comes later changes nothing, and dw is proportional to eta."""
    arrays = taught(f"cause {rule}", n_out=3 if rule in ("readout", "urfb") else 6)
    if rule in ("competing", "oja"):
        del arrays["labels"]
    out = bench.run(rule, "online", params, **arrays)
    alive("dw", out["dw"])
    head = bench.run(rule, "online", params, **{name: array if name == "w" else array[:7]
                                                for name, array in arrays.items()})
    for name, array in head.items():
        if array.ndim > 0 and len(array) == 7:
            assert np.array_equal(array, out[name][:7]), f"{name} depends on later samples"
    slower = bench.run(rule, "online", dict(params, eta=params["eta"] / 2), **arrays)
    same("half the rate", out["dw"], 2 * slower["dw"])


for number, (each, parameters) in enumerate(ONLINE):
    def run_online(bench, rule=each, params=parameters):
        cause_and_rate(bench, rule, params)

    run_online.__name__ = f"cause_and_rate_{each}_{number}"
    identity(each)(run_online)


def main():
    parser = argparse.ArgumentParser(description="Check identities of the rules on `trifactor eval`.")
    parser.add_argument("program", help="path of the trifactor program")
    parser.add_argument("--only", default="", metavar="TEXT", help="only identities whose name contains TEXT")
    parser.add_argument("--all", action="store_true", help="a rule the program does not list is a failure")
    args = parser.parse_args()
    program = eval_program.executable(parser, args.program)
    chosen = [entry for entry in IDENTITIES if args.only in entry[0]]
    if not chosen:
        parser.error(f"no identity's name contains {args.only!r}")
    bench = Bench(program, eval_program.listed_rules(program))
    passed = failed = 0
    for rule in dict.fromkeys(rule for _, rules, _ in chosen for rule in rules):
        if rule not in bench.listed:
            print(f"missing {rule}")
            failed += 1 if args.all else 0
    for name, rules, check in chosen:
        if not all(rule in bench.listed for rule in rules):
            continue
        try:
            check(bench)
            passed += 1
            print(f"{name}: passed", flush=True)
        except (AssertionError, KeyError):
            failed += 1
            print(f"{name}: FAILED\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
