"""HSIC with a working memory: Daruwalla and Lipasti, "Information bottleneck-based Hebbian learning rule
naturally ties working memory and synaptic updates" (2021); equation numbers in parentheses are theirs.
Conventions: transcriptions.py. Kernels are exp(-d^2 / (2 sigma^2)), as in the paper's appendix A.
"""

import numpy as np


def gaussian(a, b, sigma):
    d = a - b
    return np.exp(-np.sum(d * d) / (2 * sigma**2))


def window_alpha(kernel_z, z_window, sigma_z):
    """(8): alpha_p (N, n_out) = -2 k(z_0, z_p) / sigma^2 (z_0 - z_p); row 0 of the window is the present."""
    alpha = np.zeros(z_window.shape)
    for past in range(len(z_window)):
        alpha[past] = -2 * kernel_z[past] / sigma_z**2 * (z_window[0] - z_window[past])
    return alpha


def hsic_memory_online(x, w, labels, *, N, sigma_x, sigma_y, sigma_z, gamma, eta, classes, x_net=None):
    """(8) with its prefactor 1/(N-1)^2; 0 while the window (the present sample and N - 1 past ones) is not
    full. kernel_x is taken on x_net (T, n) if given."""
    T, n_in = x.shape
    n_out = len(w)
    if x_net is None:
        x_net = x
    out = {"z": np.zeros((T, n_out)), "dw": np.zeros((T, n_out, n_in)), "xi": np.zeros((T, n_out))}
    for name in ("kernel_x", "kernel_y", "kernel_z", "a"):
        out[name] = np.zeros((T, N))
    one_hot = np.zeros((T, classes))
    for t in range(T):
        out["z"][t] = np.tanh(w @ x[t])
        one_hot[t, labels[t]] = 1.0
    z = out["z"]

    for t in range(N - 1, T):
        for past in range(N):
            out["kernel_x"][t, past] = gaussian(x_net[t], x_net[t - past], sigma_x)
            out["kernel_y"][t, past] = gaussian(one_hot[t], one_hot[t - past], sigma_y)
            out["kernel_z"][t, past] = gaussian(z[t], z[t - past], sigma_z)
        mean_x = np.sum(out["kernel_x"][t]) / N                             # (3)
        mean_y = np.sum(out["kernel_y"][t]) / N
        for past in range(N):
            out["a"][t, past] = (out["kernel_x"][t, past] - mean_x
                                 - gamma * (out["kernel_y"][t, past] - mean_y))
        alpha = window_alpha(out["kernel_z"][t], np.array([z[t - past] for past in range(N)]), sigma_z)
        mean_alpha = np.sum(alpha, axis=0) / N
        for past in range(N):
            out["xi"][t] += out["a"][t, past] * (alpha[past] - mean_alpha) / (N - 1) ** 2
        for i in range(n_out):
            for j in range(n_in):
                beta = (1 - z[t, i] ** 2) * x[t, j]
                out["dw"][t, i, j] = -eta * out["xi"][t, i] * beta
    out["third_factor"] = out["xi"].copy()
    return out
