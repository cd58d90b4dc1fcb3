#!/usr/bin/python3
"""Compares `trifactor eval` with the numpy transcriptions of the equations.

usage: eval_against_transcription.py PATH_TO_TRIFACTOR [--only TEXT] [--seeds N] [--keep FOLDER]

For each rule, mode and variant, random cases are written to IN.npz, given to the program, and every
array of the transcription is looked for in OUT.npz: a missing array, another shape or type, a NaN,
or a difference above 1e-9 (1 + largest magnitude of the array) fails the case. Further arrays in
OUT.npz are allowed. Prints one line per rule/mode/variant and, last, `N passed, M failed` (cases).
Exit status 1 if any case failed, 2 for a wrong call.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import zlib

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import transcriptions  # noqa: E402

TOLERANCE = 1e-9
# An array whose values never leave the absolute tolerance far behind would be compared in vain.
LEAST_MAGNITUDE = 1e-3
SECONDS_PER_CALL = 60

# What the samples of a stream look like:
#   rich      every label drawn anew from all classes
#   single    one class throughout, though `classes` is larger
#   repeated  runs of identical samples (distance 0, kernel 1) of few classes
#   grid      w and x multiples of 1/2 with zero rows, so w x hits 0, 1 and -1 exactly
STREAMS = ("rich", "single", "repeated", "grid")


class Line:
    """One rule/mode/variant: how to draw its parameters and what computes the expected arrays."""

    def __init__(self, name, rule, mode, function, draw):
        self.name = name
        self.rule = rule
        self.mode = mode
        self.function = function
        self.draw = draw


# ---------------------------------------------------------------------------------------------
# Random cases
# ---------------------------------------------------------------------------------------------

def draw_phsic(rng, shape, stream, seed, grouped):
    params = {
        "gamma": float(rng.uniform(0.5, 5.0)),
        "eta": float(rng.uniform(0.5, 3.0)),
        "classes": int(rng.integers(2, 11)),
        "slope": float(rng.choice([0.0, 0.01, 0.1, 0.3, 1.0])),
        "groups": 0,
    }
    if grouped:
        n_out = shape["n_out"]
        divisors = [g for g in range(2, n_out // 2 + 1) if n_out % g == 0]
        params["groups"] = int(rng.choice(divisors))
        if seed == 1 and stream == "single":
            params["groups"] = 1                 # nothing to compare: no change
        if seed == 1 and stream == "repeated":
            params["groups"] = n_out             # groups of one neuron: zc = 0
        params["p"] = float(rng.choice([0.1, 0.2, 0.5, 0.8]))
        params["delta"] = float(rng.uniform(0.25, 2.0))
        params["sigma"] = float(rng.uniform(0.3, 1.0) * np.sqrt(params["groups"]))
    else:
        params["sigma"] = float(rng.uniform(0.4, 1.5) * np.sqrt(shape["n_out"]))
    return params


def draw_phsic_variant(variant):
    grouped = variant in (18, 21, 22)

    def draw(rng, shape, stream, seed):
        params = draw_phsic(rng, shape, stream, seed, grouped)
        params["variant"] = variant
        params["beta"] = float(rng.choice([0.3, 0.5, 0.9, 0.99]))
        if variant in (20, 21):
            params["beta_mu"] = float(rng.uniform(0.2, 0.95))
        return params

    return draw


def draw_phsic_partners(grouped):
    def draw(rng, shape, stream, seed):
        params = draw_phsic(rng, shape, stream, seed, grouped)
        # 1, few, many, and more partners than there will be samples (up to the largest allowed)
        params["partners"] = int(rng.choice([1, 2, 4, 7, 16, min(shape["T"] + 3, 32)]))
        params["beta"] = float(rng.choice([0.3, 0.5, 0.9, 0.99]))
        return params

    return draw


def draw_phsic_batch(grouped):
    def draw(rng, shape, stream, seed):
        return draw_phsic(rng, shape, stream, seed, grouped)

    return draw


def draw_readout(error):
    def draw(rng, shape, stream, seed):
        params = {"error": error, "eta": float(rng.uniform(0.1, 3.0)), "classes": shape["n_out"]}
        if error == "hinge" and rng.random() < 0.5:
            params["mu"] = float(rng.uniform(0.05, 1.0))
        return params

    return draw


def draw_shape(rng, line, seed):
    n_out = int(rng.integers(4, 25))
    while "grouped" in line.name and not any(n_out % g == 0 for g in range(2, n_out // 2 + 1)):
        n_out = int(rng.integers(4, 25))         # groups of at least two need a composite number
    T = 2 if seed == 0 else int(rng.integers(3, 41))
    return {"n_in": int(rng.integers(3, 21)), "n_out": n_out, "T": T}


def draw_arrays(rng, shape, stream, classes):
    n_in, n_out, T = shape["n_in"], shape["n_out"], shape["T"]
    x = rng.standard_normal((T, n_in))
    w = rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)
    labels = rng.integers(0, classes, T)
    if stream == "single":
        labels[:] = rng.integers(0, classes)
    elif stream == "repeated":
        labels = rng.choice([0, classes - 1], T)
        for t in range(1, T):
            if rng.random() < 0.5:
                x[t], labels[t] = x[t - 1], labels[t - 1]
    elif stream == "grid":
        # Mostly zeros in w: h stays small enough to meet 0 and +-1 often.
        x = rng.integers(-2, 3, (T, n_in)) / 2.0
        w = rng.integers(-2, 3, (n_out, n_in)) * (rng.random((n_out, n_in)) < 0.4) / 2.0
        w[0] = 0.0
        x[T - 1 if T > 2 else 0] = 0.0
    return {"x": np.ascontiguousarray(x), "w": np.ascontiguousarray(w), "labels": labels.astype(np.int64)}


def make_lines():
    online, batch = transcriptions.phsic_gaussian_online, transcriptions.phsic_gaussian_batch
    lines = []
    for variant, kind in ((19, "plain"), (20, "plain"), (18, "grouped"), (21, "grouped"), (22, "grouped")):
        lines.append(Line(f"phsic_gaussian online {kind} variant {variant}", "phsic_gaussian", "online",
                          online, draw_phsic_variant(variant)))
    for kind in ("plain", "grouped"):
        lines.append(Line(f"phsic_gaussian online {kind} partners", "phsic_gaussian", "online", online,
                          draw_phsic_partners(kind == "grouped")))
    for kind in ("plain", "grouped"):
        lines.append(Line(f"phsic_gaussian batch {kind}", "phsic_gaussian", "batch", batch,
                          draw_phsic_batch(kind == "grouped")))
    for error in ("softmax", "linear", "hinge"):
        lines.append(Line(f"readout online {error}", "readout", "online", transcriptions.readout_online,
                          draw_readout(error)))
        lines.append(Line(f"readout batch {error}", "readout", "batch", transcriptions.readout_batch,
                          draw_readout(error)))
    return lines


# ---------------------------------------------------------------------------------------------
# One case
# ---------------------------------------------------------------------------------------------

def run_program(program, line, params, arrays, folder):
    """Returns (arrays of OUT.npz or None, complaint or None, the command)."""
    path_in, path_out = os.path.join(folder, "IN.npz"), os.path.join(folder, "OUT.npz")
    np.savez(path_in, **arrays)
    command = [program, "eval", line.rule, "--in", path_in, "--out", path_out, "--mode", line.mode]
    for name, value in params.items():
        command += ["--param", f"{name}={value!r}" if isinstance(value, float) else f"{name}={value}"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, timeout=SECONDS_PER_CALL,
                              check=False)
    except subprocess.TimeoutExpired:
        return None, f"no answer within {SECONDS_PER_CALL} s", command
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-500:]
        return None, f"exit status {done.returncode}: {said}", command
    if not os.path.exists(path_out):
        return None, "exit status 0 but no OUT.npz", command
    try:
        with np.load(path_out, allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}, None, command
    except Exception as error:  # any unreadable file is the program's failure, not this script's
        return None, f"OUT.npz cannot be read: {error}", command


def compare_array(name, expected, found):
    """Returns (scaled difference, complaint or None)."""
    if found is None:
        return np.inf, f"{name}: missing"
    if name == "loss" and found.shape == (1,):
        found = found.reshape(())                # one number, with or without an axis
    if found.shape != expected.shape:
        return np.inf, f"{name}: shape {found.shape}, expected {expected.shape}"
    if found.dtype != np.float64:
        return np.inf, f"{name}: type {found.dtype}, expected float64"
    if not found.flags.c_contiguous:
        return np.inf, f"{name}: stored in Fortran order, expected C order"
    if not np.all(np.isfinite(found)):
        return np.inf, f"{name}: not all finite"
    difference = np.abs(found - expected)
    scaled = float(np.max(difference)) / (1.0 + float(np.max(np.abs(expected))))
    if scaled <= TOLERANCE:
        return scaled, None
    worst = np.unravel_index(np.argmax(difference), difference.shape)
    where = [int(i) for i in worst]
    return scaled, (f"{name}{where}: {float(found[worst])!r}, expected {float(expected[worst])!r}"
                    f" (scaled difference {scaled:.2g})")


def check_exact_hits(line, arrays):
    """The grid streams are there for the equalities: say whether this one met those of its rule."""
    h = arrays["x"] @ arrays["w"].T
    if line.rule == "phsic_gaussian":
        return bool(np.any(h == 0))
    return bool(np.any(h == 1) and np.any(h == -1))


def run_line(program, line, seeds, keep):
    cases = arrays_compared = failed = 0
    largest = 0.0
    magnitudes = {}
    exact_hits = False
    for stream in STREAMS:
        for seed in range(seeds):
            rng = np.random.default_rng(zlib.crc32(f"{line.name}/{stream}/{seed}".encode()))
            shape = draw_shape(rng, line, seed)
            params = line.draw(rng, shape, stream, seed)
            arrays = draw_arrays(rng, shape, stream, params["classes"])
            expected = line.function(arrays["x"], arrays["w"], arrays["labels"], **params)
            for name, value in expected.items():
                magnitudes[name] = max(magnitudes.get(name, 0.0), float(np.max(np.abs(value))))
            if stream == "grid":
                exact_hits = exact_hits or check_exact_hits(line, arrays)

            case = f"{line.name.replace(' ', '-')}-{stream}-{seed}"
            with tempfile.TemporaryDirectory(prefix="trifactor-eval-") as temporary:
                folder = temporary
                if keep:
                    folder = os.path.join(keep, case)
                    os.makedirs(folder, exist_ok=True)
                    if os.path.exists(os.path.join(folder, "OUT.npz")):
                        os.remove(os.path.join(folder, "OUT.npz"))
                found, complaint, command = run_program(program, line, params, arrays, folder)
            complaints = [complaint] if complaint else []
            if found is not None:
                for name, value in expected.items():
                    scaled, complaint = compare_array(name, value, found.get(name))
                    arrays_compared += 1
                    largest = max(largest, scaled)
                    if complaint:
                        complaints.append(complaint)
            cases += 1
            if complaints:
                failed += 1
                print(f"FAILED {case} {shape}")
                print(f"  {shlex.join(command)}")
                for complaint in complaints:
                    print(f"  {complaint}")
    # Were the cases able to notice anything? If not, this script is wrong, whatever the program says.
    for name, magnitude in magnitudes.items():
        assert magnitude > LEAST_MAGNITUDE, f"{line.name}: no case has a {name} above {LEAST_MAGNITUDE}"
    assert exact_hits, f"{line.name}: no grid case met an equality"
    print(f"{line.name}: {cases} cases, {arrays_compared} arrays compared, largest difference {largest:.2g}"
          + (f", {failed} FAILED" if failed else ""), flush=True)
    return cases - failed, failed


def main():
    parser = argparse.ArgumentParser(description="Compare `trifactor eval` with the transcribed equations.")
    parser.add_argument("program", help="path of the trifactor program")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the lines whose name contains TEXT")
    parser.add_argument("--seeds", type=int, default=6, metavar="N",
                        help="cases per kind of stream (default 6)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep IN.npz and OUT.npz of every case in FOLDER")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        parser.error(f"{args.program} is not an executable file")
    if args.seeds < 2:
        parser.error("--seeds must be at least 2 (the first is always T = 2)")
    lines = [line for line in make_lines() if args.only in line.name]
    if not lines:
        parser.error(f"no line's name contains {args.only!r}")
    passed = failed = 0
    for line in lines:
        line_passed, line_failed = run_line(program, line, args.seeds, args.keep)
        passed += line_passed
        failed += line_failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
