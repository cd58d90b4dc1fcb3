"""pHSIC with a Gaussian kernel, transcribed from Pogodin and Latham, "Kernelized information bottleneck
leads to biologically plausible 3-factor Hebbian learning in deep networks" (2020); equation numbers in
parentheses are theirs. Conventions: transcriptions.py.
"""

import numpy as np

from transcriptions_numeric import assert_close, complex_step


# ---------------------------------------------------------------------------------------------
# Pieces shared by the pHSIC rules
# ---------------------------------------------------------------------------------------------

def leaky_relu(a, slope):
    """z = a above 0, slope * a otherwise. `a` may carry an imaginary part (complex step)."""
    return np.where(np.real(a) > 0, a, slope * a)


def leaky_relu_derivative(a, slope):
    """f': 1 above 0, the slope below and also at exactly 0."""
    return np.where(np.real(a) > 0, 1.0, slope)


def label_similarity(label_i, label_j, classes):
    """(35): cosine of the centred one-hot labels."""
    if label_i == label_j:
        return 1.0
    return -1.0 / (classes - 1)


def group_statistics(z, groups, p, delta):
    """(13), (14), (17) for one sample z (n_out): u (groups), v (groups), r (n_out).

    The groups are contiguous runs of c neurons; q = 1 - p.
    """
    n_out = len(z)
    c = n_out // groups
    assert groups * c == n_out
    q = 1.0 - p
    u = np.zeros(groups, dtype=z.dtype)
    r = np.zeros(n_out, dtype=z.dtype)
    for alpha in range(groups):
        members = slice(alpha * c, (alpha + 1) * c)
        centred = z[members] - np.sum(z[members]) / c
        u[alpha] = delta / c + np.sum(centred * centred) / c
        r[members] = centred / u[alpha] ** p
    power = u ** q
    v = power - np.sum(power) / groups
    return u, v, r


def forward(x, w, slope):
    """z and f' of every sample, (T, n_out) each."""
    T, n_out = len(x), len(w)
    z = np.zeros((T, n_out))
    fprime = np.zeros((T, n_out))
    for t in range(T):
        a = w @ x[t]
        z[t] = leaky_relu(a, slope)
        fprime[t] = leaky_relu_derivative(a, slope)
    return z, fprime


def forward_groups(z, groups, p, delta):
    """u (T, groups), v (T, groups), r (T, n_out) of every sample."""
    T, n_out = z.shape
    u = np.zeros((T, groups))
    v = np.zeros((T, groups))
    r = np.zeros((T, n_out))
    for t in range(T):
        u[t], v[t], r[t] = group_statistics(z[t], groups, p, delta)
    return u, v, r


def layer_response(x, w, slope, groups, p, delta):
    """What a kernel compares: z, or grouped v, of every sample."""
    z, _ = forward(x, w, slope)
    return forward_groups(z, groups, p, delta)[1] if groups > 0 else z


# ---------------------------------------------------------------------------------------------
# phsic_gaussian, online
# ---------------------------------------------------------------------------------------------

def phsic_gaussian_online(x, w, labels, *, sigma, gamma, eta, beta, classes, slope, groups=0,
                          variant=None, partners=None, beta_mu=None, p=None, delta=None):
    """Either variant (19, 20 plain; 18, 21, 22 grouped) or partners = K (plain or grouped)."""
    assert (variant is None) != (partners is None)
    common = dict(sigma=sigma, gamma=gamma, eta=eta, beta=beta, classes=classes, slope=slope)
    if partners is not None:
        return phsic_gaussian_online_partners(x, w, labels, partners=partners, groups=groups, p=p,
                                              delta=delta, **common)
    if groups == 0:
        return phsic_gaussian_online_plain(x, w, labels, variant=variant, beta_mu=beta_mu, **common)
    return phsic_gaussian_online_grouped(x, w, labels, variant=variant, beta_mu=beta_mu, groups=groups,
                                         p=p, delta=delta, **common)


def phsic_gaussian_online_plain(x, w, labels, *, sigma, gamma, eta, beta, classes, slope, variant, beta_mu):
    """(19) and (20), third factor by the circuit (63) to (66)."""
    assert variant in (19, 20)
    T, n_in = x.shape
    n_out = len(w)
    z, fprime = forward(x, w, slope)
    out = {"z": z, "fprime": fprime, "dw": np.zeros((T, n_out, n_in))}
    for name in ("label_kernel", "kernel", "b1", "b2", "b3", "third_factor"):
        out[name] = np.zeros(T)
    if variant == 20:
        out["mu_z"] = np.zeros((T, n_out))
        out["mu_post"] = np.zeros((T, n_out))
        out["mu_x"] = np.zeros((T, n_in))
        mu_z, mu_post, mu_x = z[0].copy(), fprime[0].copy(), x[0].copy()

    b3 = 0.0
    for t in range(1, T):
        label_kernel = label_similarity(labels[t], labels[t - 1], classes)
        b1 = 0.0
        for n in range(n_out):
            b1 += (z[t, n] - z[t - 1, n]) ** 2                    # (63)
        kernel = np.exp(-b1 / (2 * sigma**2))
        b2 = gamma * label_kernel - 2 * kernel                    # (64)
        b3 = beta * b3 + (1 - beta) * b2                          # (65)
        M = -(b2 - b3) * kernel / sigma**2                        # (66)
        out["label_kernel"][t] = label_kernel
        out["kernel"][t] = kernel
        out["b1"][t] = b1
        out["b2"][t] = b2
        out["b3"][t] = b3
        out["third_factor"][t] = M

        if variant == 20:
            out["mu_z"][t] = mu_z
            out["mu_post"][t] = mu_post
            out["mu_x"][t] = mu_x
        for n in range(n_out):
            for m in range(n_in):
                if variant == 19:
                    hebb = (z[t, n] - z[t - 1, n]) * (fprime[t, n] * x[t, m] - fprime[t - 1, n] * x[t - 1, m])
                else:
                    hebb = (z[t, n] - mu_z[n]) * (fprime[t, n] * x[t, m] - mu_post[n] * mu_x[m])
                out["dw"][t, n, m] = eta * M * hebb
        if variant == 20:
            mu_z = beta_mu * mu_z + (1 - beta_mu) * z[t]
            mu_post = beta_mu * mu_post + (1 - beta_mu) * fprime[t]
            mu_x = beta_mu * mu_x + (1 - beta_mu) * x[t]
    return out


def phsic_gaussian_online_grouped(x, w, labels, *, sigma, gamma, eta, beta, classes, slope, variant, beta_mu,
                                  groups, p, delta):
    """(18), (21) and (22) with divisive normalisation, third factor by the circuit (64) to (70)."""
    assert variant in (18, 21, 22)
    T, n_in = x.shape
    n_out = len(w)
    c = n_out // groups
    z, fprime = forward(x, w, slope)
    u, v, r = forward_groups(z, groups, p, delta)
    out = {"z": z, "fprime": fprime, "u": u, "v": v, "r": r, "dw": np.zeros((T, n_out, n_in))}
    for name in ("label_kernel", "kernel", "b1", "b2", "b3", "third_factor_scalar"):
        out[name] = np.zeros(T)
    out["b4"] = np.zeros((T, groups))
    out["third_factor"] = np.zeros((T, groups))
    M_alpha = out["third_factor"]
    if variant == 21:
        out["mu_post"] = np.zeros((T, n_out))
        out["mu_x"] = np.zeros((T, n_in))
        mu_post, mu_x = r[0] * fprime[0], x[0].copy()

    b3 = 0.0
    for t in range(1, T):
        label_kernel = label_similarity(labels[t], labels[t - 1], classes)
        b4 = v[t] - v[t - 1]                                      # (68)
        b1 = 0.0
        for alpha in range(groups):
            b1 += b4[alpha] ** 2                                  # (69)
        kernel = np.exp(-b1 / (2 * sigma**2))
        b2 = gamma * label_kernel - 2 * kernel                    # (64)
        b3 = beta * b3 + (1 - beta) * b2                          # (65)
        M = -(b2 - b3) * kernel / sigma**2                        # (66)
        for alpha in range(groups):
            M_alpha[t, alpha] = M * b4[alpha]                     # (70)
        out["label_kernel"][t] = label_kernel
        out["kernel"][t] = kernel
        out["b1"][t] = b1
        out["b2"][t] = b2
        out["b3"][t] = b3
        out["b4"][t] = b4
        out["third_factor_scalar"][t] = M

        if variant == 21:
            out["mu_post"][t] = mu_post
            out["mu_x"][t] = mu_x
        for n in range(n_out):
            alpha = n // c
            for m in range(n_in):
                now = r[t, n] * fprime[t, n] * x[t, m]
                before = r[t - 1, n] * fprime[t - 1, n] * x[t - 1, m]
                if variant == 18:
                    change = M_alpha[t, alpha] * (now - before)
                elif variant == 21:
                    change = M_alpha[t, alpha] * (now - mu_post[n] * mu_x[m])
                else:  # (22), known one sample late: the term of sample t-1
                    change = (M_alpha[t - 1, alpha] - M_alpha[t, alpha]) * before
                out["dw"][t, n, m] = eta * change
        if variant == 21:
            mu_post = beta_mu * mu_post + (1 - beta_mu) * r[t] * fprime[t]
            mu_x = beta_mu * mu_x + (1 - beta_mu) * x[t]
    return out


def phsic_gaussian_online_partners(x, w, labels, *, sigma, gamma, eta, beta, classes, slope, partners, groups,
                                   p, delta):
    """The present sample against each of the last K = partners samples, which are held constant."""
    T, n_in = x.shape
    n_out = len(w)
    z, fprime = forward(x, w, slope)
    out = {"z": z, "fprime": fprime, "dw": np.zeros((T, n_out, n_in)), "kernel": np.zeros((T, partners)),
           "third_factor": np.zeros((T, partners)), "b3": np.zeros(T)}
    if groups == 0:
        h = z                                        # what the kernel compares
        post = fprime                                # postsynaptic factor of the one Hebbian term
        c = 1
    else:
        out["u"], out["v"], out["r"] = forward_groups(z, groups, p, delta)
        h = out["v"]
        post = out["r"] * fprime
        c = n_out // groups
    out["t_factor"] = np.zeros(h.shape)

    b3 = 0.0
    for t in range(1, T):
        n_partners = min(partners, t)
        kernel = np.zeros(n_partners)
        b2 = np.zeros(n_partners)
        for past in range(1, n_partners + 1):
            b1 = np.sum((h[t] - h[t - past]) ** 2)
            kernel[past - 1] = np.exp(-b1 / (2 * sigma**2))
            label_kernel = label_similarity(labels[t], labels[t - past], classes)
            b2[past - 1] = gamma * label_kernel - 2 * kernel[past - 1]
        b3 = beta * b3 + (1 - beta) * np.sum(b2) / n_partners
        out["b3"][t] = b3
        for past in range(1, n_partners + 1):
            M = -(b2[past - 1] - b3) * kernel[past - 1] / (n_partners * sigma**2)
            out["kernel"][t, past - 1] = kernel[past - 1]
            out["third_factor"][t, past - 1] = M
            out["t_factor"][t] += M * (h[t] - h[t - past])
        for n in range(n_out):
            for m in range(n_in):
                out["dw"][t, n, m] = eta * out["t_factor"][t, n // c] * post[t, n] * x[t, m]
    return out


# ---------------------------------------------------------------------------------------------
# phsic_gaussian, batch
# ---------------------------------------------------------------------------------------------

def phsic_batch_loss(a, label_kernel, *, sigma, gamma, slope, groups, p, delta):
    """L = pHSIC(Z, Z) - gamma pHSIC(Y, Z) of (9) with the estimate (34), as a function of a = w x (T, n_out).

    Analytic in a away from a = 0, so `a` may be complex: no absolute values, no conjugates.
    """
    z = leaky_relu(a, slope)
    h = z
    if groups > 0:
        h = np.array([group_statistics(sample, groups, p, delta)[1] for sample in z])
    difference = h[:, None, :] - h[None, :, :]
    kernel = np.exp(-np.sum(difference * difference, axis=2) / (2 * sigma**2))
    pairs = len(a) ** 2
    phsic_zz = np.sum(kernel * kernel) / pairs - (np.sum(kernel) / pairs) ** 2
    phsic_yz = np.sum(label_kernel * kernel) / pairs - np.sum(label_kernel) / pairs * np.sum(kernel) / pairs
    return phsic_zz - gamma * phsic_yz


def phsic_gaussian_batch_closed_form(x, z, fprime, kernel, label_kernel, *, sigma, gamma, groups, p, delta):
    """(40) with (41), grouped (47), all constants kept: third_factor (T, T) and delta = -dL/da (T, n_out)."""
    T, n_out = z.shape
    M = np.zeros((T, T))
    for i in range(T):
        for j in range(T):
            centred_z = kernel[i, j] - np.sum(kernel) / T**2                # (11)
            centred_y = label_kernel[i, j] - np.sum(label_kernel) / T**2
            M[i, j] = -(gamma * centred_y - 2 * centred_z) * kernel[i, j] / sigma**2
    minus_gradient = np.zeros((T, n_out))
    if groups == 0:
        for i in range(T):
            for j in range(T):
                minus_gradient[i] += 2 / T**2 * M[i, j] * (z[i] - z[j]) * fprime[i]
        return M, minus_gradient
    u, v, r = forward_groups(z, groups, p, delta)
    c = n_out // groups
    q = 1 - p
    for i in range(T):
        for j in range(T):
            for n in range(n_out):
                alpha = n // c
                minus_gradient[i, n] += (4 * q / (c * T**2) * M[i, j] * (v[i, alpha] - v[j, alpha])
                                         * r[i, n] * fprime[i, n])
    return M, minus_gradient


def phsic_gaussian_batch(x, w, labels, *, sigma, gamma, eta, classes, slope, groups=0, p=None, delta=None):
    """dw = -eta dL/dw, exactly. dw and delta are differentiated from the loss by the complex step and
    must agree with the closed form, else AssertionError."""
    T = len(x)
    z, fprime = forward(x, w, slope)
    label_kernel = np.zeros((T, T))
    kernel = np.zeros((T, T))
    out = {"z": z}
    h = z
    if groups > 0:
        out["u"], out["v"], out["r"] = forward_groups(z, groups, p, delta)
        h = out["v"]
    for i in range(T):
        for j in range(T):
            label_kernel[i, j] = label_similarity(labels[i], labels[j], classes)
            kernel[i, j] = np.exp(-np.sum((h[i] - h[j]) ** 2) / (2 * sigma**2))

    def loss_of_a(a):
        return phsic_batch_loss(a, label_kernel, sigma=sigma, gamma=gamma, slope=slope, groups=groups, p=p,
                                delta=delta)

    a = np.array([w @ sample for sample in x])
    minus_gradient_a = -complex_step(loss_of_a, a)
    # a is linear in w: the derivative along one entry of w moves one column of a by the column of x.
    minus_gradient_w = -complex_step(lambda moved: loss_of_a(a + 1j * (x @ moved.imag.T)), w)

    M, delta_closed = phsic_gaussian_batch_closed_form(x, z, fprime, kernel, label_kernel, sigma=sigma,
                                                       gamma=gamma, groups=groups, p=p, delta=delta)
    dw_closed = np.zeros(w.shape)
    for t in range(T):
        dw_closed += np.outer(delta_closed[t], x[t])
    assert_close("delta: complex step against closed form", minus_gradient_a, delta_closed)
    assert_close("dw: complex step against closed form", minus_gradient_w, dw_closed)

    out["kernel"] = kernel
    out["label_kernel"] = label_kernel
    out["third_factor"] = M
    out["delta"] = minus_gradient_a
    out["loss"] = np.array(loss_of_a(a))
    out["dw"] = eta * minus_gradient_w
    return out


# ---- differences by a circuit in time, appendix C.1 --------------------------------------------------------

def shown_in_time(values, duration, gap):
    """(T, n) as a signal: each sample `duration` steps, then `gap` steps of background 0."""
    return np.concatenate([np.concatenate([np.tile(v, (duration, 1)), np.zeros((gap, len(v)))]) for v in values])


def remembered(signal, *, leak, step, deviation, tau_mu):
    """The real cube root of (59), by Euler's method, for a signal in units of `deviation`."""
    w, mu = np.zeros(signal.shape[1]), np.zeros(signal.shape[1])
    out = []
    for now in signal:
        d = (now - mu) / deviation
        w = w + step * (d**3 - np.tanh(np.abs(d) ** 3) * w - leak * w)
        if tau_mu > 0:
            mu = mu + (now - mu) / tau_mu
        out.append(np.sign(w) * np.abs(w) ** (1 / 3) * deviation)
    return np.array(out)


def circuit_differences(values, circuit, *, duration, gap, c1, c2, leak, step, deviation, tau_mu):
    """(58) or (60), read c1 steps after each sample began; nothing for the first."""
    signal = shown_in_time(values, duration, gap)
    if circuit == "memory":
        signal = remembered(signal, leak=leak, step=step, deviation=deviation, tau_mu=tau_mu)
    q = np.exp(-c2)
    age = np.arange(len(signal))
    kernel = -(age - c1) * np.exp(-c2 * np.abs(age - c1)) * (1 - q) ** 2 / q
    out = np.zeros(values.shape)
    for t in range(1, len(values)):
        now = t * (duration + gap) + c1
        out[t] = kernel[:now + 1] @ signal[now::-1]
    return out


def phsic_gaussian_circuit(x, w, labels, *, sigma, gamma, eta, beta, classes, slope, differences, groups=0, p=None,
                           delta=None, **constants):
    """(61), (67) with every difference from a circuit; for f' x each synapse has one."""
    z, fprime = forward(x, w, slope)
    out = {"z": z, "fprime": fprime}
    seen, post = z, fprime
    if groups > 0:
        out["u"], out["v"], out["r"] = forward_groups(z, groups, p, delta)
        seen, post = out["v"], out["r"] * fprime
    change = circuit_differences(seen, differences, **constants)
    products = (post[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    hebbian = circuit_differences(products, differences, **constants).reshape(len(x), *w.shape)
    T = len(x)
    for name in ("b1", "kernel", "label_kernel", "b2", "b3"):
        out[name] = np.zeros(T)
    scalar, dw = np.zeros(T), np.zeros((T, *w.shape))
    for t in range(1, T):
        out["b1"][t] = np.sum(change[t] ** 2)
        out["kernel"][t] = np.exp(-out["b1"][t] / (2 * sigma**2))
        out["label_kernel"][t] = label_similarity(labels[t], labels[t - 1], classes)
        out["b2"][t] = gamma * out["label_kernel"][t] - 2 * out["kernel"][t]
        out["b3"][t] = beta * out["b3"][t - 1] + (1 - beta) * out["b2"][t]
        scalar[t] = -(out["b2"][t] - out["b3"][t]) * out["kernel"][t] / sigma**2
        per_neuron = change[t] if groups == 0 else np.repeat(change[t], len(w) // groups)
        dw[t] = eta * scalar[t] * per_neuron[:, None] * hebbian[t]
    out["dw"] = dw
    if groups > 0:
        out |= {"b4": change, "third_factor": scalar[:, None] * change, "third_factor_scalar": scalar}
    else:
        out |= {"dz": change, "third_factor": scalar}
    return out
