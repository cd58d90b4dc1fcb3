"""Updated and fixed random feedback: Amit, "Deep learning with asymmetric connections and Hebbian updates"
(2019); equation numbers in parentheses are his. Conventions: transcriptions.py.

sigma = clip(h / scale, -1, 1), scale 1 in the text and 2 in the author's program, its derivative 1 / scale
for |h| <= scale (inclusive); the output is linear; the top error (6)
is taken with strict inequalities; errors travel down after the gate and through R as it was before the
update. r_l (n_(l-1), n_l) connects unit k of layer l to unit i of layer l - 1; dr has r's shape. With
update_r = False dr is 0.
"""

import numpy as np


def clip(h, scale=1.0):
    return np.minimum(np.maximum(h / scale, -1.0), 1.0)


def gate_of(h, scale=1.0):
    return np.where(np.abs(h) <= scale, 1.0 / scale, 0.0)


def top_error(out, label, mu, classes):
    """(6), strict. mu = 1/(classes - 1) unless given."""
    if mu is None:
        mu = 1.0 / (classes - 1)
    delta = np.zeros(len(out))
    for i in range(len(out)):
        if i == label:
            delta[i] = 1.0 if out[i] < 1 else 0.0
        else:
            delta[i] = -mu if out[i] > -1 else 0.0
    return delta


def increment(eta, post, pre):
    """The same for a forward weight (post, pre) and, transposed, for the feedback weight between the two."""
    change = np.zeros((len(post), len(pre)))
    for i in range(len(post)):
        for j in range(len(pre)):
            change[i, j] = eta * post[i] * pre[j]
    return change


def feedback(r, delta_next):
    back = np.zeros(len(r))
    for i in range(len(r)):
        for k in range(len(delta_next)):
            back[i] += r[i, k] * delta_next[k]
    return back


def net_sample(x0, label, w1, w2, w3, r2, r3, *, eta, mu, classes, update_r, scale):
    h1 = w1 @ x0
    x1 = clip(h1, scale)
    h2 = w2 @ x1
    x2 = clip(h2, scale)
    out = w3 @ x2
    delta3 = top_error(out, label, mu, classes)
    delta2 = gate_of(h2, scale) * feedback(r3, delta3)
    delta1 = gate_of(h1, scale) * feedback(r2, delta2)
    move_r = 1.0 if update_r else 0.0
    return {"x1": x1, "x2": x2, "out": out, "delta1": delta1, "delta2": delta2, "delta3": delta3,
            "dw1": increment(eta, delta1, x0), "dw2": increment(eta, delta2, x1),
            "dw3": increment(eta, delta3, x2),
            "dr2": move_r * increment(eta, delta2, x1).T, "dr3": move_r * increment(eta, delta3, x2).T}


def layer_sample(x_t, w, r, delta_next, *, eta, update_r, scale):
    h = w @ x_t
    z, gate = clip(h, scale), gate_of(h, scale)
    third_factor = feedback(r, delta_next)
    delta = gate * third_factor
    move_r = 1.0 if update_r else 0.0
    return {"z": z, "gate": gate, "third_factor": third_factor, "delta": delta,
            "dw": increment(eta, delta, x_t), "dr": move_r * increment(eta, delta_next, z).T}


def output_sample(x_t, label, w, *, eta, mu, classes):
    z = w @ x_t
    delta = top_error(z, label, mu, classes)
    return {"z": z, "delta": delta, "dw": increment(eta, delta, x_t)}


def stacked(samples):
    return {name: np.array([sample[name] for sample in samples]) for name in samples[0]}


def averaged(online):
    """Batch: increments are means over the samples, everything else stays per sample."""
    out = {}
    for name, values in online.items():
        is_increment = name.startswith(("dw", "dr"))
        out[name] = np.sum(values, axis=0) / len(values) if is_increment else values
    return out


def urfb_net_online(x, labels, w1, w2, w3, r2, r3, *, eta, mu=None, classes=None, update_r=True, scale=1.0):
    return stacked([net_sample(x[t], labels[t], w1, w2, w3, r2, r3, eta=eta, mu=mu, classes=classes,
                               update_r=update_r, scale=scale) for t in range(len(x))])


def urfb_net_batch(*args, **kwargs):
    return averaged(urfb_net_online(*args, **kwargs))


def urfb_layer_online(x, w, r, delta_next, *, eta, update_r=True, scale=1.0):
    return stacked([layer_sample(x[t], w, r, delta_next[t], eta=eta, update_r=update_r, scale=scale)
                    for t in range(len(x))])


def urfb_layer_batch(*args, **kwargs):
    return averaged(urfb_layer_online(*args, **kwargs))


def urfb_output_online(x, labels, w, *, eta, mu=None, classes=None):
    return stacked([output_sample(x[t], labels[t], w, eta=eta, mu=mu, classes=classes)
                    for t in range(len(x))])


def urfb_output_batch(*args, **kwargs):
    return averaged(urfb_output_online(*args, **kwargs))


# The local circuits of Appendix 1, played as neurons that answer one another until their states repeat.

EPSILON = 0.25


def sigma_delta(drive, mu, m):
    if drive > 2 * m + 1:
        return 1 + EPSILON
    if drive >= m:
        return 1.0
    if drive > -m:
        return 0.0
    return -mu if drive >= -2 * m - 1 else -mu - EPSILON


def circuit_error(h, presented, mu, m):
    """Of the states that the circuit visits for ever, the one nearest to 0."""
    s, t, visited = (1 if presented else -1), 0, []
    while (t, sigma_delta(h + 2 * m * s - 2 * m * t, mu, m)) not in visited:
        delta = sigma_delta(h + 2 * m * s - 2 * m * t, mu, m)
        visited.append((t, delta))
        t = 1 if delta > 1 else -1 if delta < -mu else 0
    return min((delta for _, delta in visited), key=abs)


def circuit_gate(delta, x, k):
    drive = delta - 2 * k * (1 if x >= 1 else 0) + 2 * k * (-1 if x <= -1 else 0)
    return drive if drive >= -k else 0.0


def urfb_output_circuit(x, w, labels, *, eta, classes, error, circuit_m, circuit_k, mu=None):
    del error, circuit_k
    mu = 1.0 / (classes - 1) if mu is None else mu
    z = np.array([w @ x_t for x_t in x])
    delta = np.array([[circuit_error(h, i == label, mu, circuit_m) for i, h in enumerate(z_t)]
                      for z_t, label in zip(z, labels)])
    return {"z": z, "delta": delta, "dw": eta * delta[:, :, None] * x[:, None, :]}


def urfb_layer_circuit(x, w, r, delta_next, *, eta, error, circuit_m, circuit_k, update_r, scale=1.0):
    del error, circuit_m
    h = np.array([w @ x_t for x_t in x])
    z = clip(h, scale)
    back = np.array([feedback(r, d) for d in delta_next])
    delta = np.array([[circuit_gate(b, value, circuit_k) for b, value in zip(b_t, z_t)] for b_t, z_t in zip(back, z)])
    return {"z": z, "gate": np.where(np.abs(z) < 1, 1.0, 0.0), "third_factor": back, "delta": delta,
            "dw": eta * delta[:, :, None] * x[:, None, :],
            "dr": (1.0 if update_r else 0.0) * eta * z[:, :, None] * delta_next[:, None, :]}
