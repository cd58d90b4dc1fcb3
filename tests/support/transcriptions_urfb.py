"""Updated and fixed random feedback: Amit, "Deep learning with asymmetric connections and Hebbian updates"
(2019); equation numbers in parentheses are his. Conventions: transcriptions.py.

sigma = clip(h, -1, 1), its derivative 1 for |h| <= 1 (inclusive); the output is linear; the top error (6)
is taken with strict inequalities; errors travel down after the gate and through R as it was before the
update. r_l (n_(l-1), n_l) connects unit k of layer l to unit i of layer l - 1; dr has r's shape. With
update_r = False dr is 0.
"""

import numpy as np


def clip(h):
    return np.minimum(np.maximum(h, -1.0), 1.0)


def gate_of(h):
    return np.where(np.abs(h) <= 1.0, 1.0, 0.0)


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


def net_sample(x0, label, w1, w2, w3, r2, r3, *, eta, mu, classes, update_r):
    h1 = w1 @ x0
    x1 = clip(h1)
    h2 = w2 @ x1
    x2 = clip(h2)
    out = w3 @ x2
    delta3 = top_error(out, label, mu, classes)
    delta2 = gate_of(h2) * feedback(r3, delta3)
    delta1 = gate_of(h1) * feedback(r2, delta2)
    move_r = 1.0 if update_r else 0.0
    return {"x1": x1, "x2": x2, "out": out, "delta1": delta1, "delta2": delta2, "delta3": delta3,
            "dw1": increment(eta, delta1, x0), "dw2": increment(eta, delta2, x1),
            "dw3": increment(eta, delta3, x2),
            "dr2": move_r * increment(eta, delta2, x1).T, "dr3": move_r * increment(eta, delta3, x2).T}


def layer_sample(x_t, w, r, delta_next, *, eta, update_r):
    h = w @ x_t
    z, gate = clip(h), gate_of(h)
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


def urfb_net_online(x, labels, w1, w2, w3, r2, r3, *, eta, mu=None, classes=None, update_r=True):
    return stacked([net_sample(x[t], labels[t], w1, w2, w3, r2, r3, eta=eta, mu=mu, classes=classes,
                               update_r=update_r) for t in range(len(x))])


def urfb_net_batch(*args, **kwargs):
    return averaged(urfb_net_online(*args, **kwargs))


def urfb_layer_online(x, w, r, delta_next, *, eta, update_r=True):
    return stacked([layer_sample(x[t], w, r, delta_next[t], eta=eta, update_r=update_r)
                    for t in range(len(x))])


def urfb_layer_batch(*args, **kwargs):
    return averaged(urfb_layer_online(*args, **kwargs))


def urfb_output_online(x, labels, w, *, eta, mu=None, classes=None):
    return stacked([output_sample(x[t], labels[t], w, eta=eta, mu=mu, classes=classes)
                    for t in range(len(x))])


def urfb_output_batch(*args, **kwargs):
    return averaged(urfb_output_online(*args, **kwargs))
