"""pHSIC with the cosine and the linear kernel, batch form: Pogodin and Latham (2020), appendices B.4 and
B.5; equation numbers in parentheses are theirs. Conventions: transcriptions.py.

The paper differentiates a single pair of a linear network. Here the gradient of the whole loss is taken,
by the chain rule over all m^2 pairs (diagonal included), and grouped it passes through the response v,
its centring over groups included.
"""

import numpy as np

from transcriptions_phsic import forward, forward_groups, group_statistics, label_similarity, leaky_relu


def linear_kernel(h):
    """k_ij = h_i . h_j (56)."""
    m = len(h)
    kernel = np.zeros((m, m), dtype=h.dtype)
    for i in range(m):
        for j in range(m):
            kernel[i, j] = np.sum(h[i] * h[j])
    return kernel


def inverse_norms(h):
    """1/|h_i|; 0 for a sample without response, which has no angle and resembles no other."""
    squares = [np.sum(sample * sample) for sample in h]
    return [1 / np.sqrt(square) if square != 0 else 0.0 for square in squares]


def cosine_kernel(h):
    """(25). Written without conjugates, so that the complex step passes through."""
    inverse = inverse_norms(h)
    kernel = linear_kernel(h)
    for i in range(len(h)):
        for j in range(len(h)):
            kernel[i, j] = kernel[i, j] * inverse[i] * inverse[j]
    return kernel


def phsic(kernel_a, kernel_b):
    """(34): mean of the product less the product of the means, over all m^2 entries."""
    pairs = kernel_a.shape[0] ** 2
    return np.sum(kernel_a * kernel_b) / pairs - np.sum(kernel_a) / pairs * np.sum(kernel_b) / pairs


def loss_of_preactivation(a, label_kernel, kernel_function, *, gamma, slope, groups, p, delta):
    """L = pHSIC(Z, Z) - gamma pHSIC(Y, Z) as a function of a = w x (T, n_out), which may be complex."""
    h = leaky_relu(a, slope)
    if groups > 0:
        h = np.array([group_statistics(sample, groups, p, delta)[1] for sample in h])
    kernel = kernel_function(h)
    return phsic(kernel, kernel) - gamma * phsic(label_kernel, kernel)


def linear_kernel_gradient(h, weight):
    """d/dh_i of sum_ij weight_ij k_ij for symmetric weights: both places of h_i give the same."""
    gradient = np.zeros(h.shape)
    for i in range(len(h)):
        for j in range(len(h)):
            gradient[i] += 2 * weight[i, j] * h[j]
    return gradient


def cosine_kernel_gradient(h, weight):
    """As above for the cosine: dk_ij/dh_i = (e_j - k_ij e_i) / |h_i|, e the unit vectors; 0 for i = j."""
    gradient = np.zeros(h.shape)
    inverse = inverse_norms(h)
    unit = [h[i] * inverse[i] for i in range(len(h))]
    for i in range(len(h)):
        for j in range(len(h)):
            if i == j:
                continue
            k = np.sum(unit[i] * unit[j])
            gradient[i] += 2 * weight[i, j] * (unit[j] - k * unit[i]) * inverse[i]
    return gradient


def through_groups(gradient_v, r, q, groups):
    """dL/dz from dL/dv: v = u^q less its mean over groups, d u^q_alpha / dz_n = (2 q / c) r_n."""
    T, n_out = r.shape
    c = n_out // groups
    gradient_z = np.zeros(r.shape)
    for t in range(T):
        mean = np.sum(gradient_v[t]) / groups
        for n in range(n_out):
            gradient_z[t, n] = (gradient_v[t, n // c] - mean) * 2 * q / c * r[t, n]
    return gradient_z


def phsic_batch(x, w, labels, kernel_function, kernel_gradient, *, gamma, eta, classes, slope, groups, p,
                delta):
    T = len(x)
    z, fprime = forward(x, w, slope)
    out = {"z": z}
    h = z
    if groups > 0:
        out["u"], out["v"], out["r"] = forward_groups(z, groups, p, delta)
        h = out["v"]
    label_kernel = np.zeros((T, T))
    for i in range(T):
        for j in range(T):
            label_kernel[i, j] = label_similarity(labels[i], labels[j], classes)
    kernel = kernel_function(h)

    centred_z = kernel - np.sum(kernel) / T**2                              # (11)
    centred_y = label_kernel - np.sum(label_kernel) / T**2
    weight = (2 * centred_z - gamma * centred_y) / T**2                     # dL/dk_ij
    gradient = kernel_gradient(h, weight)
    if groups > 0:
        gradient = through_groups(gradient, out["r"], 1 - p, groups)
    out["kernel"] = kernel
    out["label_kernel"] = label_kernel
    out["delta"] = -gradient * fprime
    out["loss"] = np.array(phsic(kernel, kernel) - gamma * phsic(label_kernel, kernel))
    out["dw"] = np.zeros(w.shape)
    for t in range(T):
        out["dw"] += eta * np.outer(out["delta"][t], x[t])
    return out


def phsic_cosine_batch(x, w, labels, *, gamma, eta, classes, slope, groups=0, p=None, delta=None):
    """dw = -eta dL/dw. The paper gives the kernel no value at h = 0; here it is 0, as is its derivative."""
    return phsic_batch(x, w, labels, cosine_kernel, cosine_kernel_gradient, gamma=gamma, eta=eta,
                       classes=classes, slope=slope, groups=groups, p=p, delta=delta)


def phsic_linear_batch(x, w, labels, *, gamma, eta, classes, slope, groups=0, p=None, delta=None):
    """dw = -eta dL/dw."""
    return phsic_batch(x, w, labels, linear_kernel, linear_kernel_gradient, gamma=gamma, eta=eta,
                       classes=classes, slope=slope, groups=groups, p=p, delta=delta)
