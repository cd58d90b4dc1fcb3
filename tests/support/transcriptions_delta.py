"""Rules of one layer without neighbours in time: the read-out's delta rule and Oja's.

Sources: Widrow and Hoff (1960) for the linear error; cross-entropy of the softmax; Amit, "Deep learning
with asymmetric connections and Hebbian updates" (2019), (6), for hinge; Oja (1982) for `oja`.
Conventions: transcriptions.py.
"""

import numpy as np


def softmax(h):
    powers = np.exp(h - np.max(h))
    return powers / np.sum(powers)


def readout_sample(x_t, w, label, *, error, classes, mu):
    """z and delta (n_out) of one sample. hinge: 1 for the label's unit while h < 1, -mu for another
    unit while h > -1, both strict; mu = 1/(classes - 1) unless given."""
    h = w @ x_t
    one_hot = np.zeros(classes)
    one_hot[label] = 1.0
    if error == "softmax":
        z = softmax(h)
        return z, one_hot - z
    if error == "linear":
        return h, one_hot - h
    assert error == "hinge"
    if mu is None:
        mu = 1.0 / (classes - 1)
    delta = np.zeros(classes)
    for i in range(classes):
        if i == label:
            delta[i] = 1.0 if h[i] < 1 else 0.0
        else:
            delta[i] = -mu if h[i] > -1 else 0.0
    return h, delta


def readout_online(x, w, labels, *, error, eta, classes, mu=None):
    """dw[t] = eta delta x; every sample from the same w."""
    T, n_in = x.shape
    out = {"z": np.zeros((T, classes)), "delta": np.zeros((T, classes)), "dw": np.zeros((T, classes, n_in))}
    for t in range(T):
        out["z"][t], out["delta"][t] = readout_sample(x[t], w, labels[t], error=error, classes=classes, mu=mu)
        for i in range(classes):
            for j in range(n_in):
                out["dw"][t, i, j] = eta * out["delta"][t, i] * x[t, j]
    return out


def readout_batch(x, w, labels, *, error, eta, classes, mu=None):
    """One dw (n_out, n_in): the mean over the batch. z and delta stay per sample."""
    T, n_in = x.shape
    out = {"z": np.zeros((T, classes)), "delta": np.zeros((T, classes)), "dw": np.zeros((classes, n_in))}
    for t in range(T):
        out["z"][t], out["delta"][t] = readout_sample(x[t], w, labels[t], error=error, classes=classes, mu=mu)
        for i in range(classes):
            for j in range(n_in):
                out["dw"][i, j] += eta * out["delta"][t, i] * x[t, j] / T
    return out


def oja_online(x, w, *, eta):
    """dw_i = eta y_i (x - y_i w_i), y = w x; every sample from the same w."""
    T, n_in = x.shape
    n_out = len(w)
    out = {"z": np.zeros((T, n_out)), "dw": np.zeros((T, n_out, n_in))}
    for t in range(T):
        for i in range(n_out):
            y = np.sum(w[i] * x[t])
            out["z"][t, i] = y
            out["dw"][t, i] = eta * y * (x[t] - y * w[i])
    return out
