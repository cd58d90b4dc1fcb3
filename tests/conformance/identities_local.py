"""Identities of the rules of Daruwalla and Lipasti (2021), Krotov and Hopfield (2018), and Amit (2019)."""

import numpy as np

from identity_bench import EXACT, alive, identity, rng_of, same, taught, unsupervised

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
    xi = [bench.run("hsic_memory", "online", dict(MEMORY, gamma=gamma), **arrays)["xi"]
          for gamma in (1.0, 2.0)]
    same("gamma", out["xi"] - xi[1], xi[1] - xi[0])


@identity("hsic_memory")
def hsic_kernels_have_two_sigma_squared(bench):
    """exp(-d^2 / (2 sigma^2)); two classes are sqrt(2) apart."""
    params = dict(MEMORY, N=2)
    out = bench.run("hsic_memory", "online", params, x=np.array([[0.0, 0], [3, 4]]),
                    w=np.array([[0.2, -0.1]]), labels=np.array([0, 2]))
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

@identity("competing")
def competing_weights_go_to_the_sphere(bench):
    """<W, dW> = g I (1 - sum |W|^p), for every p; g has one winner and one loser."""
    arrays = unsupervised("sphere")
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
        ranks = int(out["winner"][0]), int(out["kth"][0])
        assert ranks == (winner, kth), f"{x}: {ranks}"
        largest = np.max(np.abs(out["dw"]))
        assert largest == 0 if not any(x) else abs(largest - 1) < EXACT


@identity("competing")
def competing_batch_is_the_sum(bench):
    arrays = unsupervised("sum")
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
    moved = bench.run("competing", "batch", dict(params, normalise="max"), x=arrays["x"],
                      w=arrays["w"][order])
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
            means = {name: np.mean(value, axis=0) for name, value in net.items()
                     if name.startswith(("dw", "dr"))}
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
