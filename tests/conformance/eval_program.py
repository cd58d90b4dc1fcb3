"""Runs `trifactor eval` on arrays and compares what it writes with what was expected."""

import json
import os
import re
import shlex
import subprocess
import tempfile

import numpy as np

TOLERANCE = 1e-9
SECONDS_PER_CALL = 60
# Neurons' indices: whole numbers, stored as such or as float64.
INDEX_ARRAYS = ("winner", "kth")


def listed_rules(program):
    """{rule: set of the names of its parameters}, as `trifactor list rules` tells."""
    done = subprocess.run([program, "list", "rules", "--json"], stdout=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, timeout=SECONDS_PER_CALL, check=True)
    return {rule["name"]: {parameter["name"] for parameter in rule["parameters"] + rule["eval_parameters"]}
            for rule in json.loads(done.stdout)}


def parameter_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def run_program(program, rule, mode, params, arrays, folder=None, unread=()):
    """Returns (arrays of OUT.npz or None, complaint or None, the command as one would type it). The files
    stay in `folder` if one is given. `unread`: arrays that the rule has to say it does not read, and no others."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="trifactor-eval-") as temporary:
            return run_program(program, rule, mode, params, arrays, temporary, unread)
    path_in, path_out = os.path.join(folder, "IN.npz"), os.path.join(folder, "OUT.npz")
    if os.path.exists(path_out):
        os.remove(path_out)
    np.savez(path_in, **{name: np.ascontiguousarray(array) for name, array in arrays.items()})
    command = [program, "eval", rule, "--in", path_in, "--out", path_out, "--mode", mode]
    for name, value in params.items():
        command += ["--param", f"{name}={parameter_text(value)}"]
    typed = shlex.join(command)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, timeout=SECONDS_PER_CALL,
                              check=False)
    except subprocess.TimeoutExpired:
        return None, f"no answer within {SECONDS_PER_CALL} s", typed
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-500:]
        return None, f"exit status {done.returncode}: {said}", typed
    said = re.findall(r"does not read the array '([^']*)'", done.stderr)
    if said != sorted(unread):
        return None, f"said not to be read: {said}, not read: {sorted(unread)}", typed
    if not os.path.exists(path_out):
        return None, "exit status 0 but no OUT.npz", typed
    try:
        with np.load(path_out, allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}, None, typed
    except Exception as error:  # any unreadable file is the program's failure, not this script's
        return None, f"OUT.npz cannot be read: {error}", typed


def compare_array(name, expected, found):
    """Returns (scaled difference, complaint or None)."""
    if found is None:
        return np.inf, f"{name}: missing"
    if name == "loss" and found.shape == (1,):
        found = found.reshape(())                # one number, with or without an axis
    if found.shape != expected.shape:
        return np.inf, f"{name}: shape {found.shape}, expected {expected.shape}"
    if found.dtype != np.float64 and not (name in INDEX_ARRAYS and found.dtype == np.int64):
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


def executable(parser, path):
    """The absolute path of the program, or the end of the script with a usage error."""
    program = os.path.abspath(path)
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        parser.error(f"{path} is not an executable file")
    return program
