#!/usr/bin/python3
"""Checks the transcriptions themselves, without the program: derivatives of the losses, identities of the
papers, and whether the drawn cases of eval_cases.py can notice what they are there for.

usage: transcriptions_self_test.py [--only TEXT]

Each check raises AssertionError with what was wrong; exit status 1 if any did.
"""

import argparse
import os
import sys
import traceback
import zlib

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import eval_against_transcription  # noqa: E402
import eval_cases  # noqa: E402
import transcriptions as tr  # noqa: E402
import transcriptions_hsic_memory as hsic  # noqa: E402
import transcriptions_phsic_kernels as kernels  # noqa: E402
import transcriptions_urfb as urfb  # noqa: E402
from transcriptions_numeric import assert_close, complex_step  # noqa: E402


def rng_of(name, seed):
    return np.random.default_rng(zlib.crc32(f"{name}/{seed}".encode()))


def layer(rng, T=6, n_in=4, n_out=6, classes=3):
    return (rng.standard_normal((T, n_in)), rng.standard_normal((n_out, n_in)) / np.sqrt(n_in),
            rng.integers(0, classes, T))


# ---------------------------------------------------------------------------------------------
# pHSIC
# ---------------------------------------------------------------------------------------------

def check_kernel_gradients():
    """delta and dw of the cosine and linear batch rules against the complex step of the loss."""
    for name, rule, kernel in (("cosine", tr.phsic_cosine_batch, kernels.cosine_kernel),
                               ("linear", tr.phsic_linear_batch, kernels.linear_kernel)):
        for seed in range(4):
            for groups in (0, 2, 3):
                rng = rng_of(name, seed)
                x, w, labels = layer(rng)
                shape = dict(gamma=float(rng.uniform(0.5, 5)), slope=float(rng.choice([0.01, 0.3, 1.0])),
                             groups=groups, p=float(rng.choice([0.2, 0.5, 0.8])), delta=0.7)
                out = rule(x, w, labels, eta=0.6, classes=3, **shape)

                def loss_of_a(a, out=out, kernel=kernel, shape=shape):
                    return kernels.loss_of_preactivation(a, out["label_kernel"], kernel, **shape)

                what = f"{name}, {groups} groups, seed {seed}"
                assert_close(f"delta of {what}", out["delta"], -complex_step(loss_of_a, x @ w.T), 1e-10)
                assert_close(f"dw of {what}", out["dw"],
                             -0.6 * complex_step(lambda moved, f=loss_of_a, x=x: f(x @ moved.T), w), 1e-10)
                assert_close(f"loss of {what}", out["loss"], loss_of_a(x @ w.T), 1e-12)
                # Two groups have v = (d, -d): their cosine is +-1 and cannot move.
                moves = np.max(np.abs(out["dw"])) > 1e-6
                assert moves != (name == "cosine" and groups == 2), f"{what}: moves = {moves}"


def check_centring_of_v():
    """The gradient by v of these kernels is a sum of centred v: its mean over groups is 0, so the term that
    the centring of v adds to the gradient vanishes, as it does for the Gaussian kernel."""
    for kernel_function, kernel_gradient in ((kernels.cosine_kernel, kernels.cosine_kernel_gradient),
                                             (kernels.linear_kernel, kernels.linear_kernel_gradient)):
        rng = rng_of("centring", 0)
        x, w, _ = layer(rng)
        v = tr.layer_response(x, w, 0.1, 3, 0.5, 1.0)
        kernel = kernel_function(v)
        gradient = kernel_gradient(v, kernel - np.mean(kernel))
        assert np.max(np.abs(np.sum(gradient, axis=1))) < 1e-11 * np.max(np.abs(gradient))


def check_delayed_form():
    """sum over t of (22) equals that of (18) up to the term of the last sample."""
    for seed in range(4):
        rng = rng_of("delayed", seed)
        x, w, labels = layer(rng, T=12)
        shape = dict(sigma=0.8, gamma=2.0, eta=0.5, beta=0.9, classes=3, slope=0.1, groups=2, p=0.2,
                     delta=0.5)
        two = tr.phsic_gaussian_online(x, w, labels, variant=18, **shape)
        late = tr.phsic_gaussian_online(x, w, labels, variant=22, **shape)
        last = np.repeat(two["third_factor"][-1], 3) * two["r"][-1] * two["fprime"][-1]
        assert_close("(18) less (22)", np.sum(two["dw"], axis=0) - np.sum(late["dw"], axis=0),
                     0.5 * np.outer(last, x[-1]))


def check_batch_of_two():
    """Closed forms of M for two samples: in-pair centring leaves no teaching signal for equal labels."""
    for same in (True, False):
        x, w, _ = layer(rng_of("two", same), T=2)
        labels = np.array([1, 1 if same else 2])
        out = tr.phsic_gaussian_batch(x, w, labels, sigma=1.3, gamma=2.0, eta=1.0, classes=4, slope=0.1)
        k = out["kernel"][0, 1]
        pull = 0.0 if same else 2.0 * 4 / (2 * 3)
        assert_close("M of two samples", out["third_factor"][0, 1], (pull - (1 - k)) * k / 1.3**2)
        difference = out["z"][0] - out["z"][1]
        fprime = np.where(x @ w.T > 0, 1.0, 0.1)
        hebb = difference[:, None] * (np.outer(fprime[0], x[0]) - np.outer(fprime[1], x[1]))
        assert_close("dw of two samples", out["dw"], 0.5 * out["third_factor"][0, 1] * hebb)


# ---------------------------------------------------------------------------------------------
# HSIC
# ---------------------------------------------------------------------------------------------

HSIC = dict(sigma_x=1.5, sigma_y=0.8, sigma_z=1.2, gamma=3.0, eta=0.4, classes=3)


def check_centring_of_alpha():
    """sum_p a_p = 0, so that centring alpha changes nothing."""
    x, w, labels = layer(rng_of("alpha", 0), T=9)
    out = tr.hsic_memory_online(x, w, labels, N=5, **HSIC)
    assert np.max(np.abs(out["a"])) > 0.1
    assert np.max(np.abs(np.sum(out["a"], axis=1))) < 1e-13
    for t in range(9):
        xi = np.zeros(len(w))
        if t >= 4:
            alpha = hsic.window_alpha(out["kernel_z"][t], out["z"][t - 4:t + 1][::-1], 1.2)
            xi = out["a"][t] @ alpha / 16
        assert_close("xi without centring", out["xi"][t], xi, 1e-12)
    assert np.all(out["dw"][:4] == 0) and np.all(np.max(np.abs(out["dw"][4:]), axis=(1, 2)) > 1e-6)


def check_hsic_objective():
    """The gradient of tr(K_x H K_z H) - gamma tr(K_y H K_z H), over (N-1)^2, with past samples constant, is
    (8) with the row of the doubly centred kernels in place of the singly centred a; and (8) descends."""
    for seed in range(6):
        x, w, labels = layer(rng_of("objective", seed), T=5)
        N = 5
        out = tr.hsic_memory_online(x, w, labels, N=N, **HSIC)
        z, one_hot = out["z"][::-1], np.eye(3)[labels[::-1]]
        centre = np.eye(N) - np.ones((N, N)) / N

        def gram(points, sigma):
            return np.exp(-np.sum((points[:, None] - points[None]) ** 2, axis=2) / (2 * sigma**2))

        target = centre @ (gram(x[::-1], 1.5) - 3.0 * gram(one_hot, 0.8)) @ centre

        def loss(z_now, z=z, target=target, gram=gram):
            return np.sum(target * gram(np.concatenate([z_now[None], z[1:]]), 1.2)) / (N - 1) ** 2

        gradient = complex_step(loss, z[0])
        alpha = hsic.window_alpha(out["kernel_z"][4], z, 1.2)
        assert_close("gradient of the objective", gradient, target[0] @ alpha / (N - 1) ** 2, 1e-10)
        xi = out["xi"][4]
        cosine = xi @ gradient / np.linalg.norm(xi) / np.linalg.norm(gradient)
        assert cosine > 0.8, f"(8) points away from the gradient: cosine {cosine}"
        moved = np.sum(out["dw"][4] * np.outer(gradient * (1 - z[0] ** 2), x[4]))
        assert moved < 0, "dw does not descend"


# ---------------------------------------------------------------------------------------------
# Competing units, Oja
# ---------------------------------------------------------------------------------------------

def check_length_of_competing_weights():
    """<W, dW> = g I (1 - sum |W|^p): weights go to the unit p-sphere where g I > 0."""
    for p in (2.0, 3.0, 4.0, 2.5, 3.3):
        rng = rng_of("length", int(10 * p))
        x, w = rng.standard_normal((5, 6)), rng.standard_normal((7, 6))
        out = tr.competing_online(x, w, p=p, k=3, delta=0.4, eta=1.0, normalise="none")
        dual = np.sign(w) * np.abs(w) ** (p - 1)
        length = np.sum(np.abs(w) ** p, axis=1)
        assert_close(f"p = {p}", np.sum(dual * out["raw"], axis=2), out["g"] * out["current"] * (1 - length),
                     1e-10)


def check_competing_ranks():
    x, w = np.array([[1.0, 0.0]]), np.array([[2.0, 1], [3, 0], [1, 2], [3, 1], [2, 0]])
    shape = dict(p=2, k=2, delta=0.5, eta=1.0, normalise="none")
    out = tr.competing_online(x, w, **shape)
    assert out["winner"][0] == 3 and out["kth"][0] == 1 and list(out["g"][0]) == [0, -0.5, 0, 1, 0]
    out = tr.competing_online(x, w, **{**shape, "k": 3})
    assert out["winner"][0] == 3 and out["kth"][0] == 4
    out = tr.competing_online(-x, w, **shape)
    assert out["winner"][0] == 2 and out["kth"][0] == 4 and out["current"][0, 4] == -2
    # An empty input changes nothing, whatever it is divided by.
    out = tr.competing_online(0 * x, w, **{**shape, "normalise": "max"})
    assert out["winner"][0] == 4 and out["kth"][0] == 3 and not np.any(out["dw"])


def check_oja_is_a_competing_winner():
    """With p = 2 and g = I, (2) is Oja's rule."""
    rng = rng_of("oja", 0)
    x, w = rng.standard_normal((5, 4)), rng.standard_normal((3, 4))
    oja = tr.oja_online(x, w, eta=0.3)
    competing = tr.competing_online(x, w, p=2, k=2, delta=0.4, eta=0.3, normalise="none")
    for t in range(5):
        unit = int(competing["winner"][t])
        assert_close("winner", oja["dw"][t, unit], competing["current"][t, unit] * competing["dw"][t, unit])


# ---------------------------------------------------------------------------------------------
# URFB
# ---------------------------------------------------------------------------------------------

def urfb_net(rng):
    sizes = (5, 7, 6, 3)
    w1, w2, w3 = (rng.standard_normal((b, a)) / np.sqrt(a) for a, b in zip(sizes, sizes[1:]))
    return rng.standard_normal((4, 5)), rng.integers(0, 3, 4), w1, w2, w3


def hinge_loss(x, labels, w1, w2, w3, mu):
    """Mean of (4), piecewise linear in the output: real parts decide, so the complex step passes."""
    def clip(h):
        return np.where(np.real(h) > 1, 1.0, np.where(np.real(h) < -1, -1.0, h))

    total = 0.0
    for x0, label in zip(x, labels):
        out = w3 @ clip(w2 @ clip(w1 @ x0))
        for i, value in enumerate(out):
            margin = 1 - value if i == label else mu * (1 + value)
            total = total + (margin if np.real(margin) > 0 else 0.0)
    return total / len(x)


def check_urfb_with_transposes_is_backpropagation():
    for seed in range(6):
        x, labels, w1, w2, w3 = urfb_net(rng_of("backpropagation", seed))
        out = tr.urfb_net_batch(x, labels, w1, w2, w3, w2.T, w3.T, eta=0.2, classes=3)
        for name, weights, loss in (
                ("dw1", w1, lambda w: hinge_loss(x, labels, w, w2, w3, 0.5)),
                ("dw2", w2, lambda w: hinge_loss(x, labels, w1, w, w3, 0.5)),
                ("dw3", w3, lambda w: hinge_loss(x, labels, w1, w2, w, 0.5))):
            assert_close(name, out[name], -0.2 * complex_step(loss, weights), 1e-11)


def check_urfb_keeps_symmetry():
    """R = W^T at the start stays so; from elsewhere R - W^T stays what it was. FRFB leaves R alone."""
    rng = rng_of("symmetry", 0)
    x, labels, w1, w2, w3 = urfb_net(rng)
    for gap in (0.0, 0.5):
        a, b, c = w1.copy(), w2.copy(), w3.copy()
        r2, r3 = b.T + gap, c.T + gap
        for step in range(20):
            t = step % 4
            out = tr.urfb_net_online(x[t:t + 1], labels[t:t + 1], a, b, c, r2, r3, eta=0.1, classes=3)
            a, b, c = a + out["dw1"][0], b + out["dw2"][0], c + out["dw3"][0]
            r2, r3 = r2 + out["dr2"][0], r3 + out["dr3"][0]
        assert np.max(np.abs(b - w2)) > 0.01 and np.max(np.abs(c - w3)) > 0.01
        assert_close("r2 - w2^T", r2 - b.T, np.full(r2.shape, gap), 1e-12 if gap else 1e-9)
        assert_close("r3 - w3^T", r3 - c.T, np.full(r3.shape, gap), 1e-12 if gap else 1e-9)
    fixed = tr.urfb_net_online(x, labels, w1, w2, w3, r2, r3, eta=0.1, classes=3, update_r=False)
    moving = tr.urfb_net_online(x, labels, w1, w2, w3, r2, r3, eta=0.1, classes=3)
    assert not np.any(fixed["dr2"]) and not np.any(fixed["dr3"]) and np.any(moving["dr2"])
    for name in ("dw1", "dw2", "dw3"):
        assert np.array_equal(fixed[name], moving[name])


def check_urfb_edges():
    """The gate is open at exactly +-1, the hinge shut there."""
    assert list(urfb.gate_of(np.array([-1.5, -1.0, 0.0, 1.0, 1.0 + 1e-15]))) == [0, 1, 1, 1, 0]
    assert list(urfb.top_error(np.array([1.0, -1.0, 0.9]), 0, 0.25, 3)) == [0, 0, -0.25]
    assert list(urfb.top_error(np.array([0.9, -0.9, -1.1]), 0, None, 3)) == [1, -0.5, 0]


# ---------------------------------------------------------------------------------------------
# The cases
# ---------------------------------------------------------------------------------------------

def check_drawn_cases():
    """Every line's cases reach the equalities it names and give every array a magnitude worth comparing."""
    for line in eval_cases.make_lines():
        if line.rule in ("phsic_gaussian", "readout"):
            continue                             # compared in every run, which checks the same
        tally = eval_against_transcription.Tally()
        for stream in line.streams:
            for seed in range(eval_against_transcription.DEFAULT_SEEDS):
                rng = np.random.default_rng(zlib.crc32(f"{line.name}/{stream}/{seed}".encode()))
                params, arrays = line.draw(rng, stream, seed)
                tally.expect(line, params, arrays, line.function(params, arrays))
        tally.check_cases(line)


def check_drawn_ranks_are_clear():
    """Currents that are not exactly equal are far enough apart for any order of summation."""
    for line in eval_cases.competing_lines():
        for stream in line.streams:
            for seed in range(eval_against_transcription.DEFAULT_SEEDS):
                rng = np.random.default_rng(zlib.crc32(f"{line.name}/{stream}/{seed}".encode()))
                params, arrays = line.draw(rng, stream, seed)
                for current in line.function(params, arrays)["current"]:
                    gaps = np.diff(np.sort(current))
                    assert np.all((gaps == 0) | (gaps > 1e-10)), f"{line.name} {stream} {seed}"
                    assert stream == "grid" or np.all(gaps > 0), "a tie outside the grid"


def main():
    parser = argparse.ArgumentParser(description="Check the transcriptions themselves.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only checks whose name contains TEXT")
    args = parser.parse_args()
    failed = 0
    checks = [(name, check) for name, check in globals().items()
              if name.startswith("check_") and args.only in name]
    for name, check in checks:
        try:
            check()
            print(f"{name}: passed", flush=True)
        except AssertionError:
            failed += 1
            print(f"{name}: FAILED\n{traceback.format_exc()}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
