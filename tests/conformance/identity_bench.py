"""What identities share: the program as a function, drawn arrays, and comparisons."""

import zlib

import numpy as np

import eval_program

EXACT = 1e-9                                     # but for rounding
NUMERICAL = 1e-6                                 # against a difference quotient
STEP = 1e-4                                      # of the difference quotient, on weights of about 1
IDENTITIES = []


def identity(*rules):
    def register(function):
        IDENTITIES.append((function.__name__, rules, function))
        return function

    return register


class Bench:
    """The program, with what its rules declare."""

    def __init__(self, program, listed):
        self.program = program
        self.listed = listed

    def run(self, rule, mode, params, **arrays):
        # One parameter is passed where the rule declares it only: the number of classes of a hinge.
        passed = {name: value for name, value in params.items()
                  if not (rule == "urfb" and name == "classes") or name in self.listed[rule]}
        out, complaint, typed = eval_program.run_program(self.program, rule, mode, passed, arrays)
        assert complaint is None, f"{complaint}\n{typed}"
        return out


def rng_of(name, seed=0):
    return np.random.default_rng(zlib.crc32(f"{name}/{seed}".encode()))


def taught(name, T=12, n_in=5, n_out=6, classes=3, seed=0):
    rng = rng_of(name, seed)
    return {"x": rng.standard_normal((T, n_in)), "w": rng.standard_normal((n_out, n_in)) / np.sqrt(n_in),
            "labels": rng.integers(0, classes, T)}


def unsupervised(name):
    rng = rng_of(name)
    return {"x": rng.standard_normal((9, 6)), "w": rng.standard_normal((7, 6))}


def same(what, first, second, tolerance=EXACT):
    assert np.shape(first) == np.shape(second), f"{what}: shapes {np.shape(first)} and {np.shape(second)}"
    scale = max(np.max(np.abs(first)), np.max(np.abs(second)))
    difference = np.max(np.abs(np.subtract(first, second)))
    assert difference <= tolerance * scale + 1e-14, f"{what}: differ by {difference:g} of {scale:g}"


def alive(what, array, least=1e-6):
    """An identity between zeros says nothing."""
    assert np.max(np.abs(array)) > least, f"{what} is 0"
