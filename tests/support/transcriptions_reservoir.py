"""The read-out of a reservoir: Daruwalla and Lipasti, "Information bottleneck-based Hebbian learning rule naturally
ties working memory and synaptic updates" (2021); equation numbers in parentheses are theirs. No noise; conventions:
transcriptions.py.
"""

import numpy as np


def low_pass(before, value, tau):
    """(13) with a time step of 1."""
    return (1 - 1 / tau) * before + value / tau


def reservoir_online(x, w, xi, *, tau, eta):
    """(9), (10): every sample from the same w; means of z and P start at 0 and move before they are used."""
    T, n_in = x.shape
    n_out = len(w)
    out = {"z": np.zeros((T, n_out)), "z_mean": np.zeros((T, n_out)), "dw": np.zeros((T, n_out, n_in))}
    for name in ("power", "power_mean", "third_factor"):
        out[name] = np.zeros(T)
    z_mean, power_mean = np.zeros(n_out), 0.0
    for t in range(T):
        power = 0.0
        for i in range(n_out):
            out["z"][t, i] = sum(w[i, j] * x[t, j] for j in range(n_in))
            power -= (out["z"][t, i] - xi[t, i]) ** 2
            z_mean[i] = low_pass(z_mean[i], out["z"][t, i], tau)
        power_mean = low_pass(power_mean, power, tau)
        out["z_mean"][t] = z_mean
        out["power"][t], out["power_mean"][t] = power, power_mean
        out["third_factor"][t] = 1.0 if power > power_mean else 0.0
        for i in range(n_out):
            for j in range(n_in):
                out["dw"][t, i, j] = eta * out["third_factor"][t] * (out["z"][t, i] - z_mean[i]) * x[t, j]
    return out
