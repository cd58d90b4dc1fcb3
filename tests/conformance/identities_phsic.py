"""Identities of pHSIC: Pogodin and Latham (2020), numbers of equations theirs."""

import numpy as np

from identity_bench import EXACT, NUMERICAL, STEP, alive, identity, rng_of, same, taught

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
        losses = []
        for side in (2, 1, -1, -2):
            moved = bench.run(rule, "batch", shape, **dict(arrays, w=arrays["w"] + side * direction))
            losses.append(float(np.squeeze(moved["loss"])))
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
    moved = bench.run(rule, "batch", shape, w=arrays["w"], x=arrays["x"][order],
                      labels=arrays["labels"][order])
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


@identity("phsic_cosine")
def cosine_of_nothing(bench):
    """A sample without response has no angle: it resembles no other, and nothing becomes infinite."""
    arrays = taught("nothing")
    arrays["x"][4] = 0.0
    out = bench.run("phsic_cosine", "batch", BATCH, **arrays)
    for name, array in out.items():
        assert np.all(np.isfinite(array)), f"{name} is not finite"
    alive("dw", out["dw"])
    assert not np.any(np.delete(out["kernel"][4], 4)) and not np.any(np.delete(out["kernel"][:, 4], 4))


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
