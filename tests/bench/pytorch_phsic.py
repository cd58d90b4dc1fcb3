#!/usr/bin/python3
"""Batch pHSIC (Pogodin and Latham 2020) with PyTorch on the processor: what `trifactor reference` is timed against.

Two programs for the same layers, objective and optimiser (784-1024-1024-1024-10, SGD with momentum):

  autograd   as the authors train: a layer's loss is written with torch.pdist, loss.backward() and optimizer.step()
             after that layer's forward pass
  closed     the gradient by hand: squared distances by one product, sum_j M_ij (v_i - v_j) = rowsum(M) v - M v, the
             gradient added into the momentum by addmm_; no autograd anywhere

Both read MNIST into memory first. Prints one JSON object: seconds a batch, each batch's mean over --batches.
"""

import argparse
import gzip
import json
import pathlib
import struct
import time

import torch

GAMMA, SIGMA, DELTA, SLOPE, DROPOUT, MOMENTUM = 2.0, 5.0, 1.0, 0.01, 0.01, 0.95
SIZES = [784, 1024, 1024, 1024]
CLASSES = 10


def read_idx(folder, name):
    for path in (pathlib.Path(folder) / name, pathlib.Path(folder) / (name + ".gz")):
        if path.exists():
            raw = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
            dimensions = raw[3]
            shape = struct.unpack(f">{dimensions}I", raw[4:4 + 4 * dimensions])
            return torch.frombuffer(bytearray(raw[4 + 4 * dimensions:]), dtype=torch.uint8).view(shape)
    raise SystemExit(f"no {name} in {folder}")


def training_data(folder):
    images = read_idx(folder, "train-images-idx3-ubyte").view(-1, 784).float()
    return (images / 255 - 0.5) / 0.5, read_idx(folder, "train-labels-idx1-ubyte").long()


class Settings:
    def __init__(self, kind):
        self.grouped = kind != "plain"
        self.divisive = kind == "divisive"
        self.groups = 32
        self.p = 0.2 if self.divisive else 0.5
        self.eta = 1.0 if self.grouped else 0.6
        self.eta_last = 5e-4


# -- as the authors train ----------------------------------------------------------------------------------------


def distances(v):
    m = v.shape[0]
    upper = torch.triu_indices(m, m, offset=1)
    full = torch.zeros(m, m)
    full[upper[0], upper[1]] = torch.pdist(v)
    return full + full.t()


def phsic(a, b):
    return ((a - a.mean()) * b).mean()


def centred(x):
    return x - x.mean(dim=-1, keepdim=True)


def group_variance(z, groups):
    zc = centred(z.view(z.shape[0], groups, -1))
    return zc, (torch.norm(zc, dim=-1) ** 2 + DELTA) / zc.shape[-1]


class AutogradLayer(torch.nn.Module):
    def __init__(self, inputs, neurons, s):
        super().__init__()
        self.s = s
        self.linear = torch.nn.Linear(inputs, neurons, bias=False)
        self.activation = torch.nn.LeakyReLU(SLOPE)
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.optimiser = torch.optim.SGD(self.parameters(), lr=s.eta, momentum=MOMENTUM, weight_decay=1e-7)

    def loss(self, z, one_hot):
        v = z
        if self.s.grouped:
            v = centred(group_variance(z, self.s.groups)[1] ** (1 - self.s.p))
        kz = torch.exp(-distances(v) ** 2 / (2 * SIGMA ** 2))
        y = centred(one_hot)
        y = y / y.norm(dim=-1, keepdim=True)
        return phsic(kz, kz) - GAMMA * phsic(y @ y.t(), kz)

    def forward(self, x, one_hot):
        self.optimiser.zero_grad()
        z = self.activation(self.linear(x))
        loss = self.loss(z, one_hot)
        loss.backward()
        self.optimiser.step()
        z = z.detach()
        if self.s.divisive:
            zc, u = group_variance(z, self.s.groups)
            z = (zc / (u ** self.s.p).unsqueeze(-1)).view(z.shape)
        return self.dropout(z), loss.item()


class Autograd:
    def __init__(self, s):
        self.layers = [AutogradLayer(a, b, s) for a, b in zip(SIZES, SIZES[1:])]
        self.last = torch.nn.Linear(SIZES[-1], CLASSES)
        self.cross_entropy = torch.nn.CrossEntropyLoss()
        self.optimiser = torch.optim.SGD(self.last.parameters(), lr=s.eta_last, momentum=MOMENTUM, weight_decay=1e-6)

    def learn(self, x, labels):
        self.optimiser.zero_grad()
        one_hot = torch.nn.functional.one_hot(labels, CLASSES).float()
        losses = []
        for layer in self.layers:
            x, loss = layer(x, one_hot)
            losses.append(loss)
        out = self.last(x)
        loss = self.cross_entropy(out, labels)
        loss.backward()
        self.optimiser.step()
        return losses, int((out.argmax(1) == labels).sum())


# -- the gradient by hand ------------------------------------------------------------------------------------------


class ClosedLayer:
    def __init__(self, inputs, neurons, s):
        self.s = s
        self.weight = (torch.rand(neurons, inputs) * 2 - 1) / inputs ** 0.5
        self.momentum = torch.zeros_like(self.weight)

    def learn(self, x, ky):
        s, m = self.s, x.shape[0]
        z = torch.nn.functional.leaky_relu_(x @ self.weight.t(), SLOPE)
        if s.grouped:
            zc = z.view(m, s.groups, -1)
            c = zc.shape[-1]
            zc = zc - zc.mean(-1, keepdim=True)
            u = (torch.linalg.vector_norm(zc, dim=-1).square_() + DELTA) / c
            uq = u ** (1 - s.p)
            v = uq - uq.mean(1, keepdim=True)
            r = zc.mul_((uq / u).unsqueeze(-1))
        else:
            v = z - z.mean(0)
        squares = v.square().sum(1)
        d2 = torch.addmm(squares[:, None] + squares, v, v.t(), alpha=-2).clamp_(min=0)
        k = d2.mul_(-1 / (2 * SIGMA ** 2)).exp_()
        loss = float(((k - k.mean()) * k).mean() - GAMMA * ((ky - ky.mean()) * k).mean())
        word = (2 * (k - k.mean()) - GAMMA * (ky - ky.mean())).mul_(k).mul_(1 / SIGMA ** 2)
        t = torch.addmm(v * word.sum(1, keepdim=True), word, v, alpha=-1)
        scale = 2 / m ** 2 * (2 * (1 - s.p) / c if s.grouped else 1)
        delta = (r * t.unsqueeze(-1)).view(z.shape) if s.grouped else t
        delta = torch.where(z > 0, delta, delta * SLOPE)
        out = r.view(z.shape) if s.divisive else z
        # The activity handed on was computed with the weights as they were.
        self.momentum.addmm_(delta.t(), x, beta=MOMENTUM, alpha=-scale).add_(self.weight, alpha=1e-7)
        self.weight.add_(self.momentum, alpha=-s.eta)
        return torch.nn.functional.dropout(out, DROPOUT), loss


class Closed:
    def __init__(self, s):
        self.s = s
        self.layers = [ClosedLayer(a, b, s) for a, b in zip(SIZES, SIZES[1:])]
        bound = SIZES[-1] ** -0.5
        self.weight = (torch.rand(CLASSES, SIZES[-1]) * 2 - 1) * bound
        self.bias = (torch.rand(CLASSES) * 2 - 1) * bound
        self.weight_momentum, self.bias_momentum = torch.zeros_like(self.weight), torch.zeros_like(self.bias)

    def learn(self, x, labels):
        with torch.no_grad():
            ky = (labels[:, None] == labels).float().mul_(1 + 1 / (CLASSES - 1)).sub_(1 / (CLASSES - 1))
            losses = []
            for layer in self.layers:
                x, loss = layer.learn(x, ky)
                losses.append(loss)
            out = torch.addmm(self.bias, x, self.weight.t())
            error = out.softmax(1)
            error[torch.arange(len(labels)), labels] -= 1
            error /= len(labels)
            self.weight_momentum.addmm_(error.t(), x, beta=MOMENTUM).add_(self.weight, alpha=1e-6)
            self.bias_momentum.mul_(MOMENTUM).add_(error.sum(0)).add_(self.bias, alpha=1e-6)
            self.weight.add_(self.weight_momentum, alpha=-self.s.eta_last)
            self.bias.add_(self.bias_momentum, alpha=-self.s.eta_last)
            return losses, int((out.argmax(1) == labels).sum())


def same_losses(settings, x, labels):
    """Both programs from the same weights for some batches without dropout: the largest difference of their losses."""
    global DROPOUT
    DROPOUT = 0.0
    a, b = Autograd(settings), Closed(settings)
    for one, other in zip(a.layers, b.layers):
        other.weight.copy_(one.linear.weight.detach())
    worst = 0.0
    for at in range(0, 5 * 256, 256):
        first, second = a.learn(x[at:at + 256], labels[at:at + 256])[0], b.learn(x[at:at + 256], labels[at:at + 256])[0]
        worst = max(worst, max(abs(p - q) for p, q in zip(first, second)))
    DROPOUT = 0.01
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with MNIST as idx files")
    parser.add_argument("--form", choices=["autograd", "closed"], required=True)
    parser.add_argument("--kind", choices=["plain", "grouped", "divisive"], default="divisive")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--warm-up", type=int, default=4)
    parser.add_argument("--compare", action="store_true", help="check first that both forms have the same losses")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    x, labels = training_data(a.data)
    s = Settings(a.kind)
    result = {"form": a.form, "kind": a.kind, "threads": a.threads, "torch": torch.__version__}
    if a.compare:
        result["largest_loss_difference"] = same_losses(s, x, labels)
    net = {"autograd": Autograd, "closed": Closed}[a.form](s)
    order = torch.randperm(len(labels))
    right = 0
    for batch in range(a.warm_up + a.batches):
        if batch == a.warm_up:
            start = time.perf_counter()
        index = order[(batch * 256) % 59904:][:256]
        right += net.learn(x[index], labels[index])[1]
    result["seconds_a_batch"] = (time.perf_counter() - start) / a.batches
    result["learned"] = right / (256 * (a.warm_up + a.batches))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
