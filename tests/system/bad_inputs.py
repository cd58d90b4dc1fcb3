#!/usr/bin/python3
"""Bad input never costs anything: one clear message, the right exit status, nothing left behind.

usage: bad_inputs.py TRIFACTOR [--only TEXT] [--full]

Each case runs the program in a folder of its own and checks: the exit status; that standard error begins with
`error [TF-...]` (or the command line's own complaint) and says what the case expects; that it is a message for a
person and no report of a sanitizer, crash or fault of the program; that it took little memory and time; and that no
file appeared, changed or went. --full damages a layout and a checkpoint at more places.
Prints case | code | first line | files left, then `N passed, M failed[, K skipped]`; exit status 1 if one failed.
"""
import argparse
import csv
import gzip
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from case_bench import DATA, MOST_SECONDS, NOISE, ROOT, Bench, claiming, idx, network, npz  # noqa: E402


def compile_cases(case):
    def compiled(name, code, says, text, *more, **files):
        case(name, code, says, ["compile", "n.toml", "-o", "out.h5", *more], {"n.toml": text, **files})

    compiled("network: unknown key", 2, "did you mean 'plasticity'", network().replace("plasticity", "plasticty", 1))
    compiled("network: wrong type", 2, "n.toml:", network(shape='"wide"'))
    compiled("network: unknown rule", 2, "did you mean 'phsic_gaussian'", network(rule="phsic_gausian"))
    compiled("network: rule parameter out of range", 2, "sigma", network(more=", sigma = -1.0"))
    compiled("network: a parameter that is not a number", 2, "sigma", network(more=", sigma = nan"))
    compiled("network: bits below the range", 2, "bits", network(bits="3"))
    compiled("network: bits above the range", 2, "bits", network(bits="17"))
    compiled("network: bits as text", 2, "bits", network(bits='"eight"'))
    compiled("network: output and classes do not chain", 2, "classes", network(network="classes = 7"))
    compiled("network: groups do not divide the shape", 2, "groups", network().replace("groups = 4", "groups = 5"))
    compiled("network: projection from nowhere", 2, "pixel", network().replace('from = "pixels"', 'from = "pixel"'))
    compiled("network: 2^62 neurons", 2, "n.toml:", network(shape="[2147483647, 2147483647]"))
    compiled("network: negative extent", 2, "n.toml:", network(shape="[-784]"))
    compiled("network: does not fit", 4, "small", network().replace("shape = [32]", "shape = [8192]").replace("groups = 4", "groups = 256"),
             "--machine", "small")
    compiled("network: empty file", 2, "n.toml", "")
    compiled("network: 10 MB of random bytes", 2, "n.toml", NOISE)
    compiled("network: brackets 100,000 deep", 2, "n.toml", "a = " + "[" * 100_000)
    compiled("network: tables 100,000 deep", 2, "n.toml", "[" + ".".join(["a"] * 100_000) + "]")
    compiled("network: half a string", 2, "n.toml:", network() + '\nname = "x')
    case("network: missing", 2, "n.toml", ["compile", "n.toml", "-o", "out.h5"])
    case("network: a folder", 2, "n.toml", ["compile", "n.toml", "-o", "out.h5"], {"n.toml": None})
    compiled("--network-set: unknown key", 2, "did you mean", network(), "--network-set", "network.seeed=3")
    compiled("--network-set: no value", 2, "network.seed", network(), "--network-set", "network.seed")
    compiled("--set: unknown key", 2, "core.lane", network(), "--set", "core.lane=8")
    compiled("--set: no value", 2, "core.lanes", network(), "--set", "core.lanes")
    compiled("--set: out of range", 2, "core.lanes", network(), "--set", "core.lanes=0")
    compiled("--explain: no such core", 2, "99", network(), "--explain", "core", "99")
    compiled("--explain: no core", 2, "--explain row 3", network(), "--explain", "row", "3")
    compiled("compile: unknown option", 2, "--machin", network(), "--machin", "small")
    compiled("machine: unknown name", 2, "did you mean 'generic'", network(), "--machine", "generik")

    generic = (ROOT / "compiler/machine_io/machines/generic.toml").read_text()
    for name, says, text in [
            ("machine: zero cores", "width", generic.replace("width = 4", "width = 0")),
            ("machine: cyclic memory sizes", "m.toml:", generic.replace('"32 KiB"', '"history_bytes"')),
            ("machine: memory of itself", "m.toml:", generic.replace('"32 KiB"', '"2 * neuron_bytes"')),
            ("machine: memory beyond 64 bits", "m.toml:", generic.replace('"32 KiB"', '"99999999999999999999 GiB"')),
            ("machine: unknown key", "m.toml:", generic.replace("columns =", "colums =")),
            ("machine: wrong type", "m.toml:", generic.replace("columns = 256", 'columns = "many"')),
            ("machine: key left out", "columns", generic.replace("columns = 256", "")),
            ("machine: unknown rule", "did you mean", generic.replace('rules = "all"', 'rules = ["readot"]')),
            ("machine: empty file", "m.toml", ""),
            ("machine: 10 MB of random bytes", "m.toml", NOISE)]:
        compiled(name, 2, says, network(), "--machine", "m.toml", **{"m.toml": text})
    compiled("machine: missing", 2, "m.toml", network(), "--machine", "m.toml")
    compiled("machine: a folder", 2, "m.toml", network(), "--machine", "m.toml", **{"m.toml": None})


def weights_cases(case):
    good = {"pixels_to_hidden": np.zeros((32, 784), np.float32), "hidden_to_scores": np.zeros((10, 32)),
            "hidden_to_scores.bias": np.zeros(10)}
    text = network(network='weights = "w.npz"')

    def weights(name, says, content, code=3):
        files = {"n.toml": text} if content is Ellipsis else {"n.toml": text, "w.npz": content}
        case("weights: " + name, code, says, ["compile", "n.toml", "-o", "out.h5"], files)

    def instead(**arrays):
        return npz(**{**good, **{k.replace("__", "."): v for k, v in arrays.items()}})

    nan, infinite = np.zeros((32, 784)), np.zeros(10)
    nan[3, 5], infinite[2] = np.nan, np.inf
    weights("NaN", "pixels_to_hidden", instead(pixels_to_hidden=nan))
    weights("infinite bias", "hidden_to_scores.bias", instead(hidden_to_scores__bias=infinite))
    weights("turned round", "pixels_to_hidden", instead(pixels_to_hidden=np.zeros((784, 32))))
    weights("of another network", "pixels_to_hidden", instead(pixels_to_hidden=np.zeros((64, 784))))
    weights("text", "pixels_to_hidden", instead(pixels_to_hidden=np.full((32, 784), "x")))
    weights("Python objects", "pixels_to_hidden", instead(pixels_to_hidden=np.full((32, 784), None)))
    weights("complex", "pixels_to_hidden", instead(pixels_to_hidden=np.zeros((32, 784), complex)))
    weights("an array is missing", "hidden_to_scores", npz(pixels_to_hidden=good["pixels_to_hidden"]))
    weights("a lone .npy", "npy", b"\x93NUMPY\x01\x00" + bytes(100))
    weights("empty file", "w.npz", b"")
    weights("10 MB of random bytes", "w.npz", NOISE)
    weights("10 MB of random bytes after a zip's magic", "w.npz", b"PK\x03\x04" + NOISE)
    whole = npz(**good)
    weights("truncated", "w.npz", whole[:len(whole) // 2])
    weights("flipped byte", "w.npz", whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    for rows in (3_200_000_000, 2**61 + 1):
        weights(f"a head that claims {rows} rows", "w.npz", claiming((rows, 784)))
    weights("missing", "w.npz", ..., code=2)
    weights("a folder", "w.npz", None, code=2)


def data_cases(case, layout):
    def data(name, code, says, spec, files={}, more=()):
        case("data: " + name, code, says, ["run", "l.h5", "--data", spec, "-o", "run", *more], {"l.h5": layout, **files})

    data("nothing", 2, "", "")
    data("no scheme", 2, "synthetic", "strokes")
    data("unknown scheme", 2, "did you mean", "synthetik:strokes")
    data("unknown set", 2, "strokes", "synthetic:stroke")
    data("unknown key", 2, "count", "synthetic:strokes,cuont=3")
    data("no value", 2, "count", "synthetic:strokes,count=")
    data("zero samples", 2, "count", "synthetic:strokes,count=0")
    data("minus one sample", 2, "count", "synthetic:strokes,count=-1")
    data("2^63 samples", 2, "count", "synthetic:strokes,count=9223372036854775808")
    data("10^15 samples", 2, "count", "synthetic:strokes,count=1000000000000000")
    data("unknown split", 2, "split", "synthetic:strokes,split=validate")
    data("--test is wrong", 2, "split", DATA, more=("--test", "synthetic:strokes,split=no"))

    images, labels = "d/train-images-idx3-ubyte", "d/train-labels-idx1-ubyte"
    good = {images: idx(0x803, 6, 28, 28), labels: bytes([0, 0, 8, 1, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6])}

    def files(name, says, code=3, **changed):
        these = {**good, **{{"images": images, "labels": labels}[k]: v for k, v in changed.items()}}
        data("idx: " + name, code, says, "idx:d", {k: v for k, v in these.items() if v is not Ellipsis})

    files("wrong magic", "begins with", images=idx(0x804, 6, 28, 28))
    files("labels in place of images", "begins with", images=good[labels])
    files("labels fewer than images", "labels", labels=bytes([0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5]))
    files("images cut short", images, images=good[images][:-1])
    files("images too long", images, images=good[images] + b"x")
    files("head cut short", images, images=good[images][:9])
    files("head claims 2^32 - 1 images", images, images=struct.pack(">4I", 0x803, 2**32 - 1, 28, 28) + bytes(4000))
    files("head claims images of 2^64 pixels", images, images=struct.pack(">4I", 0x803, 6, 2**32 - 1, 2**32 - 1) + bytes(4000))
    files("no images", images, images=idx(0x803, 0, 28, 28))
    files("empty file", images, images=b"")
    files("10 MB of random bytes for images", images, images=NOISE)
    files("10 MB of random bytes for labels", labels, labels=NOISE)
    files("labels of 200 classes", "classes", code=2, labels=bytes([0, 0, 8, 1, 0, 0, 0, 6, 1, 2, 3, 4, 5, 200]))
    files("images of another size", "784", code=2, images=idx(0x803, 6, 20, 20))
    files("missing", "labels", code=2, labels=...)
    files("a folder in place of a file", images, code=2, images=None)
    packed = gzip.compress(good[images], mtime=0)
    for name, content in [("truncated gzip", packed[:-20]), ("gzip without its end", packed[:-8]),
                          ("gzip with a flipped byte", packed[:40] + bytes([packed[40] ^ 16]) + packed[41:]),
                          ("gzip with another checksum", packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]),
                          ("gzip of nothing", gzip.compress(b"", mtime=0)),
                          ("10 MB of random bytes after a gzip's magic", b"\x1f\x8b\x08\x00" + NOISE)]:
        data("idx: " + name, 3, images, "idx:d", {images + ".gz": content, labels: good[labels]})
    data("idx: missing folder", 2, "d", "idx:d")
    data("idx: a file in place of a folder", 2, "d", "idx:d", {"d": b"x"})

    x, y = np.zeros((6, 784), np.float32), np.arange(6)
    bad = x.copy()
    bad[2, 2] = np.nan
    for name, says, content in [
            ("x of integers", "x", npz(x=x.astype(np.int32), labels=y)), ("x of text", "x", npz(x=np.full((6, 784), "a"), labels=y)),
            ("labels of floats", "labels", npz(x=x, labels=y.astype(float))), ("no labels", "labels", npz(x=x)),
            ("labels fewer", "labels", npz(x=x, labels=y[:5])), ("negative label", "label", npz(x=x, labels=-y)),
            ("NaN", "x", npz(x=bad, labels=y)), ("flat", "x", npz(x=x[0], labels=y)),
            ("empty file", "d.npz", b""), ("10 MB of random bytes", "d.npz", NOISE)]:
        data("npz: " + name, 3, says, "npz:d.npz", {"d.npz": content})
    data("npz: no test split", 3, "test", "npz:d.npz,split=test", {"d.npz": npz(x=x, labels=y)})
    data("npz: missing", 2, "d.npz", "npz:d.npz")
    data("npz: a folder", 2, "d.npz", "npz:d.npz", {"d.npz": None})


def sealed_cases(case, kind, good, run, full):
    """Damages a layout or checkpoint, bytes `good`, in every way; `run(name, code, says, content)` reads it."""
    run("missing", 2, "no such", ...)
    run("a folder", 2, "file", None)
    run("empty file", 3, kind, b"")
    run("10 MB of random bytes", 3, kind, NOISE)
    run("10 MB of random bytes after the magic", 3, kind, good[:8] + NOISE)
    run("of a newer version", 3, "newer", good[:8] + struct.pack("<I", good[8] + 1) + good[12:])
    run("of version 0", 3, "older", good[:8] + bytes(4) + good[12:])
    run("with one byte more", 3, "too long", good + b"x")
    for at in (0, 7, 9, 13, 16, 23, 24, 55, 56, 300, 511):
        run(f"seal flipped at byte {at}", 3, kind, good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
    step = 16 if not full else 200
    lengths = sorted({1, 7, 8, 15, 23, 55, 511, 512, 513, len(good) - 1, *(len(good) * i // step for i in range(1, step))})
    for length in lengths:
        run(f"cut to {length} bytes", 3, kind, good[:length])
    for i in range(4 if not full else 60):
        at = 512 + random.Random(i).randrange(len(good) - 512)
        run(f"flipped at byte {at}", 3, "damaged", good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])


def run_cases(case, layout, checkpoint, full):
    good, saved = layout.read_bytes(), checkpoint.read_bytes()
    plain = ["run", "l.h5", "--data", DATA, "-o", "run"]

    def read_layout(name, code, says, content):
        case("layout: " + name, code, says, plain, {} if content is Ellipsis else {"l.h5": content})

    def read_checkpoint(name, code, says, content):
        case("checkpoint: " + name, code, says, [*plain, "--resume", "c.ckpt"],
             {"l.h5": layout} | ({} if content is Ellipsis else {"c.ckpt": content}))

    sealed_cases(case, "layout", good, read_layout, full)
    read_layout("a checkpoint", 3, "layout", saved)
    read_layout("a network file", 3, "layout", network())
    sealed_cases(case, "checkpoint", saved, read_checkpoint, full)
    read_checkpoint("a layout", 3, "checkpoint", good)
    other = case.folder / "other.h5"
    case("checkpoint: of another layout", 3, "another layout", [*plain, "--resume", "c.ckpt"], {"l.h5": other, "c.ckpt": checkpoint})
    resume = {"l.h5": layout, "c.ckpt": checkpoint}
    for name, more in [("--data", ["--data", "synthetic:strokes,count=21"]), ("--epochs", ["--epochs", "2"]), ("--every", ["--every", "7"]),
                       ("--test", ["--test", DATA]), ("--digests", ["--digests"]), ("--no-learn", ["--no-learn"])]:
        options = {"--data": DATA, "--every": "10"}
        flags = [more[0]] if len(more) == 1 else []
        options.update({more[0]: more[1]} if len(more) == 2 else {})
        case(f"--resume with other {name}", 2, "other --", ["run", "l.h5", "-o", "run", "--resume", "c.ckpt", *sum(options.items(), ()), *flags], resume)
    case("--resume with an engine that measures time", 2, "without time",
         ["run", "l.h5", "-o", "run", "--resume", "c.ckpt", "--data", DATA, "--every", "10", "--engine", "systemc"], resume)
    tabled = {"l.h5": layout, "c.ckpt": case.folder / "tabled.ckpt"}
    digests = ["run", "l.h5", "-o", "run", "--data", DATA, "--every", "10", "--resume", "c.ckpt", "--digests"]
    case("--resume without the interrupted table", 2, "digests.csv", digests, tabled)
    case("--resume with a table cut short", 3, "digests.csv", digests, {**tabled, "run/digests.csv": "presentation,learned\n"})

    one = {"l.h5": layout}
    case("engine: unknown", 2, "did you mean 'systemc'", [*plain, "--engine", "sistemc"], one)
    case("engine: rtl with 16 lanes", 4, "lanes", [*plain, "--engine", "rtl"], {"l.h5": case.folder / "lanes16.h5"})
    case("run: no output named", 2, "-o", ["run", "l.h5", "--data", DATA], one)
    case("run: zero epochs", 2, "--epochs", [*plain, "--epochs", "0"], one)
    case("run: zero threads", 2, "--threads", [*plain, "--threads", "0"], one)
    case("run: minus one between checkpoints", 2, "--every", [*plain, "--every", "-1"], one)
    case("run: --set belongs to compile", 2, "it belongs to demo, compile, sweep", [*plain, "--set", "core.lanes=8"], one)
    case("run: --seed belongs to compile", 2, "fixed when compiled", [*plain, "--seed", "7"], one)
    case("list: -o", 2, "has no option -o", ["list", "rules", "-o", "x"], {})
    case("compare: --force", 2, "has no option --force", ["compare", "a", "b", "--force"], {})
    case("run: unknown SIMD target", 2, "AVX9", [*plain, "--simd", "AVX9"], one)
    case("run: unknown option", 2, "--epoch", [*plain, "--epoch", "1"], one)
    case("run: mean of the data is not in the layout", 2, "offset", [*plain, "--no-learn"], {"l.h5": case.folder / "mean.h5"})
    case("no command", 2, "subcommand", [])
    case("unknown command", 2, "did you mean 'run'", ["rnu"])
    case("list: unknown thing", 2, "machines", ["list", "machnes"])
    case("explain: unknown code", 2, "TF-NOPE", ["explain", "TF-NOPE"])


def technology_cases(case, layout, run):
    plain = ["run", "l.h5", "--data", DATA, "-o", "run", "--technology"]
    builtin = (ROOT / "host/report/technologies/45nm.toml").read_text()
    for name, says, technology, files in [
            ("unknown name", "45nm", "45mm", {}), ("missing", "t.toml", "t.toml", {}), ("a folder", "t.toml", "t.toml", {"t.toml": None}),
            ("empty file", "t.toml", "t.toml", {"t.toml": ""}), ("10 MB of random bytes", "t.toml", "t.toml", {"t.toml": NOISE}),
            ("unknown key", "t.toml", "t.toml", {"t.toml": builtin.replace("node_nm", "node", 1)}),
            ("negative figure", "t.toml", "t.toml", {"t.toml": builtin.replace("supply_V = ", "supply_V = -", 1)})]:
        case("technology: " + name, 2, says, [*plain, technology], {"l.h5": layout, **files})
    case("report: technology unknown", 2, "45nm", ["report", "r", "--technology", "45mm"], folder_files(run))
    files = folder_files(run)
    case("report: missing folder", 2, "run.json", ["report", "r"])
    case("report: a file in place of the folder", 2, "run.json", ["report", "r"], {"r": b"x"})
    for name in ("run.json", "per_core.csv", "per_width.csv", "per_step.csv", "accuracy.csv", "technology.json"):
        content = files[f"r/{name}"].read_bytes()
        for what, changed in [("10 MB of random bytes", NOISE), ("empty", b""), ("cut to half", content[:len(content) // 2]),
                              ("a list 100,000 deep", b"[" * 100_000), ("flipped", content[:9] + bytes([content[9] ^ 1]) + content[10:])]:
            case(f"report: {name} {what}", 3, name, ["report", "r"], {**files, f"r/{name}": changed})
        case(f"report: {name} missing", 2, name, ["report", "r"], {k: v for k, v in files.items() if k != f"r/{name}"})
        case(f"report: {name} a folder", 2, name, ["report", "r"], {**files, f"r/{name}": None})
    record = json.loads(files["r/run.json"].read_text())
    for name, says, change in [("of a newer version", "version", {"schema_version": 99}), ("samples of text", "samples", {"samples": "many"}),
                               ("minus one sample", "samples", {"samples": -1}), ("an unknown member", "shoe", {"shoe": 1}),
                               ("no machine", "machine", {"machine": None})]:
        case(f"report: run.json {name}", 3, says, ["report", "r"], {**files, "r/run.json": json.dumps({**record, **change})})
    case("report: lone surrogates in run.json", 3, "run.json", ["report", "r"], {**files, "r/run.json": b'{"tool_version": "\xff\xfe\xd8"}'})


def folder_files(folder, name="r"):
    return {f"{name}/{p.name}": p for p in folder.iterdir()}


def output_cases(case, layout):
    text, one = network(), {"l.h5": layout}
    compiled = ["compile", "n.toml", "-o"]
    run = ["run", "l.h5", "--data", DATA, "-o"]
    case("compile: output exists", 6, "--force", [*compiled, "out.h5"], {"n.toml": text, "out.h5": "precious"})
    case("compile: output is a folder", 6, "out.h5", [*compiled, "out.h5", "--force"], {"n.toml": text, "out.h5": None})
    case("compile: no such folder", 6, "no/out.h5", [*compiled, "no/out.h5"], {"n.toml": text})
    case("compile: name too long", 6, "File name too long", [*compiled, "x" * 5000], {"n.toml": text})
    case("compile: a folder nobody may write to", 6, "proc", [*compiled, "/proc/out.h5"], {"n.toml": text})
    case("run: output exists", 6, "--force", [*run, "run"], {**one, "run/notes.txt": "precious"})
    case("run: output is a file", 6, "run", [*run, "run", "--force"], {**one, "run": "precious"})
    case("run: below a file", 6, "file/run", [*run, "file/run"], {**one, "file": "precious"})
    case("run: name too long", 6, "File name too long", [*run, "x" * 5000], one)
    case("run: a folder nobody may write to", 6, "proc", [*run, "/proc/run"], one)
    case("checkpoint: no such folder", 6, "no/c.ckpt", [*run, "run", "--checkpoint", "no/c.ckpt"], one)
    case("checkpoint: is a folder", 6, "c.ckpt", [*run, "run", "--checkpoint", "c.ckpt"], {**one, "c.ckpt": None})
    case("checkpoint: exists", 6, "--force", [*run, "run", "--checkpoint", "c.ckpt"], {**one, "c.ckpt": "precious"})
    case("report: output exists", 6, "--force", ["report", "r", "--html", "-o", "out.html"], {**folder_files(case.folder / "run"), "out.html": "precious"})
    case("report: output is a folder", 6, "out", ["report", "r", "--html", "-o", "out"], {**folder_files(case.folder / "run"), "out": None})

    wide = {"n.toml": text.replace("shape = [32]", "shape = [128]"), "l.h5": case.folder / "wide.h5"}
    long_run = ["run", "l.h5", "--data", "synthetic:strokes,count=900", "--progress", "none", "-o"]
    for name, arguments in [
            ("compile", [*compiled, "disk/out.h5"]), ("run", [*run, "disk/run"]), ("run --digests", [*long_run, "disk/deep/run", "--digests"]),
            ("run --checkpoint", [*run, "disk/run", "--checkpoint", "disk/c.ckpt"]),
            ("run on systemc", [*run, "disk/run", "--engine", "systemc"]),
            ("report --html", ["report", "r", "--html", "-o", "disk/out.html"])]:
        full_disk(case, f"full disk: {name}", arguments, {**wide, **folder_files(case.folder / "run")})
    with open("/dev/full", "wb") as full:
        case_out(case, "full disk: standard output of list", ["list", "rules"], full, {})
        case_out(case, "full disk: standard output of compile", ["compile", "n.toml", "--dry-run"], full, {"n.toml": text})


def full_disk(case, name, arguments, files):
    """With files limited to 24 KiB, and on a file system of 24 KiB where one may be mounted."""
    if not case.wanted(name):
        return
    where = case.new_folder({**files, "disk": None})
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (24576, 24576))}
    got, error, mib = case.finish(case.start(arguments, where, (), **limit), where)
    left = sorted(str(p.relative_to(where)) for p in (where / "disk").rglob("*"))
    case.judge(name + " (limited)", 6, "File too large", got, error, mib, left)
    shutil.rmtree(where.parent)
    if subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True).returncode != 0:
        case.skip(name + " (mounted)", "no file system may be mounted here")
        return
    script = 'mount -t tmpfs -o size=24k,mode=777 none disk && { "$@"; code=$?; find disk -mindepth 1 > left; exit $code; }; exit 99'
    where = case.new_folder({**files, "disk": None})
    got, error, mib = case.finish(case.start(arguments, where, ["unshare", "-m", "sh", "-c", script, "sh"]), where)
    left = (where / "left").read_text().split() if (where / "left").exists() else ["the list of what is left"]
    case.judge(name, 6, "No space left on device", got, error, mib, left)
    shutil.rmtree(where.parent)


def case_out(case, name, arguments, out, files):
    if not case.wanted(name):
        return
    where = case.new_folder(files)
    before = case.contents(where)
    done = subprocess.run([str(case.program), *arguments], stdout=out, stderr=subprocess.PIPE, cwd=where, timeout=MOST_SECONDS)
    case.judge(name, 6, "standard output", done.returncode, done.stderr.decode(), 0, [k for k in case.contents(where) if k not in before])


def interrupt_cases(case, layout):
    """Ctrl-C, which reaches the whole process group: what there is is kept and marked, and can be resumed."""
    spec = "synthetic:strokes,count=4000"
    for engine in ("functional", "systemc", "rtl"):
        for name, delay, more in [("at once", 0.0, []), ("in the middle", 0.4, []), ("while testing", 0.05, ["--test", spec]),
                                  ("in inference", 0.2, ["--no-learn"]), ("with --digests", 0.2, ["--digests"])]:
            name = f"Ctrl-C: {engine} {name}"
            if not case.wanted(name):
                continue
            where = case.new_folder({"l.h5": layout})
            stream = "synthetic:strokes,count=200000" if "--no-learn" in more else spec
            process = case.start(["run", "l.h5", "--data", stream, "--epochs", "50", "--engine", engine, "--progress", "none", "-o", "run", *more], where)
            while process.poll() is None and not (where / "run").exists():
                time.sleep(0.001)
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGINT)
            got, error, mib = case.finish(process, where)
            case.line(name, got, error.splitlines()[0] if error else "", "run", partial_results(case, where, got, error, mib, more))
            shutil.rmtree(where.parent)
    resumed_after_interrupt(case, layout)


def partial_results(case, where, got, error, mib, more):
    wrong = [] if got == 130 else [f"exit status {got}, expected 130"]
    if "Sanitizer" in error or "runtime error" in error or "TF-" in error or mib > case.most_mib:
        wrong.append(f"an error instead of an end, or {mib:.0f} MiB: {error[:200]}")
    files = {p.name for p in (where / "run").iterdir()} if (where / "run").exists() else set()
    expected = {"run.json", "summary.json", "per_core.csv", "per_width.csv", "per_step.csv", "accuracy.csv", "technology.json", "weights.npz", "report.html"}
    expected |= {"digests.csv"} & set(f"{option[2:]}.csv" for option in more)
    if files != expected:
        return [*wrong, f"files {sorted(files ^ expected)} too many or too few"]
    record, summary = (json.loads((where / "run" / name).read_text()) for name in ("run.json", "summary.json"))
    if record["interrupted"] is not True or summary["interrupted"] is not True:
        wrong.append("results are not marked as interrupted")
    if not 0 <= record["learn_samples"] < 200_000 or ("--no-learn" in more and record["learn_samples"] != 0):
        wrong.append(f"{record['learn_samples']} samples learned")
    with np.load(where / "run/weights.npz") as weights:
        if weights["pixels_to_hidden"].shape != (32, 784):
            wrong.append("weights of another shape")
    if "--digests" in more:
        rows = list(csv.reader(open(where / "run/digests.csv")))
        if any(len(row) != len(rows[0]) for row in rows) or len(rows) - 1 != 3 * record["samples"]:  # three layers
            wrong.append(f"{len(rows) - 1} rows of digests of {record['samples']} samples")
    report = subprocess.run([str(case.program), "report", "run"], cwd=where, capture_output=True, text=True)
    if report.returncode != 0 or "interrupted" not in report.stdout.lower():
        wrong.append("`report` does not say that the run was interrupted: " + report.stderr[:200])
    return wrong


def resumed_after_interrupt(case, layout):
    name = "Ctrl-C: resumed, the weights of the whole run"
    if not case.wanted(name):
        return
    where = case.new_folder({"l.h5": layout})
    common = ["run", "l.h5", "--data", "synthetic:strokes,count=1500", "--epochs", "2", "--every", "100", "--progress", "none", "-q"]
    process = case.start([*common, "--checkpoint", "c.ckpt", "-o", "run"], where)
    while process.poll() is None and not (where / "c.ckpt").exists():
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGINT)
    got, error, _ = case.finish(process, where)
    wrong = [] if got == 130 else [f"exit status {got}, expected 130: {error[:200]}"]
    for more in (["--checkpoint", "c.ckpt", "--resume", "c.ckpt", "-o", "run"], ["--checkpoint", "whole.ckpt", "-o", "whole"]):
        done = subprocess.run([str(case.program), *common, *more], cwd=where, capture_output=True, text=True)
        if done.returncode != 0:
            wrong.append(f"{more}: exit status {done.returncode}: {done.stderr[:200]}")
    if not wrong and (where / "run/weights.npz").read_bytes() != (where / "whole/weights.npz").read_bytes():
        wrong.append("weights differ from those of a run that was not interrupted")
    case.line(name, got, "", "run, c.ckpt", wrong)
    shutil.rmtree(where.parent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--only", help="cases whose name has this text")
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trifactor-bad-"))
    try:
        case = Bench(arguments.program.resolve(), folder, arguments.only)
        (folder / "n.toml").write_text(network())
        (folder / "wide.toml").write_text(network().replace("shape = [32]", "shape = [128]"))
        (folder / "mean.toml").write_text(network().replace('"unit"', '"minus_training_mean"'))
        layout, checkpoint, run = folder / "good.h5", folder / "good.ckpt", folder / "run"
        case.make("compile", "n.toml", "-o", layout)
        case.make("compile", "n.toml", "-o", "other.h5", "--seed", "7")
        case.make("compile", "n.toml", "-o", "lanes16.h5", "--set", "core.lanes=16")
        case.make("compile", "wide.toml", "-o", "wide.h5")
        case.make("compile", "mean.toml", "-o", "mean.h5")
        plain = ["run", layout, "--data", DATA, "--every", "10", "--progress", "none"]
        case.make(*plain, "-o", run, "--checkpoint", checkpoint)
        case.make(*plain, "-o", "tabled", "--checkpoint", "tabled.ckpt", "--digests")
        compile_cases(case)
        weights_cases(case)
        data_cases(case, layout)
        run_cases(case, layout, checkpoint, arguments.full)
        technology_cases(case, layout, run)
        output_cases(case, layout)
        interrupt_cases(case, layout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{case.passed} passed, {case.failed} failed" + (f", {case.skipped} skipped" if case.skipped else ""))
    return 1 if case.failed or not case.passed else 0


if __name__ == "__main__":
    sys.exit(main())
