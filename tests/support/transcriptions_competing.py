"""Competing hidden units, the fast rule: Krotov and Hopfield, "Unsupervised learning by competing hidden
units" (2018), section 3 with (2) and R = 1. Conventions: transcriptions.py.

The k-th unit is pushed away whatever the sign of its current. Of equal currents the one of the higher
index ranks higher.
"""

import numpy as np

LEAST_MAXIMUM = 1e-30


def competing_sample(x_t, w, *, p, k, delta):
    """current (n_out), g (n_out), index of the first, index of the k-th, change (n_out, n_in) of a sample."""
    n_out = len(w)
    current = np.zeros(n_out)
    for unit in range(n_out):
        # <W, v> with the metric |W|^(p-2)
        current[unit] = np.sum(np.sign(w[unit]) * np.abs(w[unit]) ** (p - 1) * x_t)
    ranking = sorted(range(n_out), key=lambda unit: (current[unit], unit), reverse=True)
    winner, kth = ranking[0], ranking[k - 1]
    g = np.zeros(n_out)
    g[winner] = 1.0
    g[kth] = -delta
    change = np.zeros(w.shape)
    for unit in range(n_out):
        change[unit] = g[unit] * (x_t - current[unit] * w[unit])
    return current, g, winner, kth, change


def competing_samples(x, w, *, p, k, delta):
    T, n_out = len(x), len(w)
    out = {"current": np.zeros((T, n_out)), "g": np.zeros((T, n_out)), "winner": np.zeros(T),
           "kth": np.zeros(T), "raw": np.zeros((T, *w.shape))}
    for t in range(T):
        (out["current"][t], out["g"][t], out["winner"][t], out["kth"][t],
         out["raw"][t]) = competing_sample(x[t], w, p=p, k=k, delta=delta)
    return out


def competing_online(x, w, *, p, k, delta, eta, normalise):
    """Batches of one: `none` and `mean` are the change itself, `max` divides each sample's by its largest."""
    out = competing_samples(x, w, p=p, k=k, delta=delta)
    out["dw"] = np.zeros(out["raw"].shape)
    for t in range(len(x)):
        out["dw"][t] = eta * out["raw"][t]
        if normalise == "max":
            out["dw"][t] /= max(np.max(np.abs(out["raw"][t])), LEAST_MAXIMUM)
    return out


def competing_batch(x, w, *, p, k, delta, eta, normalise):
    """raw is the sum over the batch; `max` divides by its largest entry, `none` and `mean` by T."""
    out = competing_samples(x, w, p=p, k=k, delta=delta)
    total = np.zeros(w.shape)
    for change in out["raw"]:
        total += change
    out["raw"] = total
    if normalise == "max":
        out["dw"] = eta * total / max(np.max(np.abs(total)), LEAST_MAXIMUM)
    else:
        assert normalise in ("none", "mean")
        out["dw"] = eta * total / len(x)
    return out


def lateral_sample(x_t, w, *, p, delta, tau, w_inh, h_star, steps):
    """(4) from h = 0 by Euler's steps of 1/tau, then g of (3): above h*, active below it, silent."""
    metric = np.sign(w) * np.abs(w) ** (p - 1)
    current = metric @ x_t
    n_out = len(w)
    inhibits = w_inh * (np.ones((n_out, n_out)) - np.eye(n_out))
    h = np.zeros(n_out)
    for _ in range(int(steps)):
        h = h + (current - inhibits @ np.maximum(h, 0) - h) / tau
    g = np.select([h > h_star, h > 0], [1.0, -delta], 0.0)
    return current, h, g, g[:, None] * (x_t[None, :] - current[:, None] * w)


def competing_lateral(x, w, *, p, delta, eta, tau, w_inh, h_star, steps):
    """Online, not normalised. winner: the largest h, of equal ones the highest index."""
    out = {name: [] for name in ("current", "h", "g", "raw", "winner", "active", "dw")}
    for x_t in x:
        current, h, g, raw = lateral_sample(x_t, w, p=p, delta=delta, tau=tau, w_inh=w_inh, h_star=h_star, steps=steps)
        winner = max(range(len(h)), key=lambda unit: (h[unit], unit))
        for name, value in (("current", current), ("h", h), ("g", g), ("raw", raw), ("winner", float(winner)),
                            ("active", float(np.sum(h > 0))), ("dw", eta * raw)):
            out[name].append(value)
    return {name: np.array(values) for name, values in out.items()}
