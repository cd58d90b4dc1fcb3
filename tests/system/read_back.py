#!/usr/bin/python3
"""Every machine-readable output is read back, by programs other than ours, and says what it should.

usage: read_back.py TRIFACTOR

A small network learns on every engine; then JSON is parsed, CSV read by column name, weights loaded by NumPy, and
figures that appear in several places are held against each other: events and updates of the summary against the
tables of the cores, the run and the other engines, bytes of the layout against its hash, weights put back into a
network against the accuracy they had. Prints one line a check; exit status 1 if one failed.
"""
import argparse
import base64
import csv
import hashlib
import json
import math
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from xml.etree import ElementTree

import numpy as np

NETWORK = """
[network]
name = "read-back"
seed = 5
{file}
[[population]]
name = "pixels"
kind = "input"
shape = [28, 28]
encode = {{ kind = "minus_training_mean" }}
[[population]]
name = "hidden"
shape = [24]
neuron = {{ kind = "leaky_relu" }}
normalise = {{ kind = "divisive", groups = 4 }}
[[population]]
name = "scores"
shape = [10]
neuron = {{ kind = "linear", range = 32.0 }}
activity = {{ bits = 16 }}
[[projection]]
name = "first"
from = "pixels"
to = "hidden"
weights = {{ bits = 8, range = 0.25 }}
plasticity = {{ rule = "phsic_gaussian", partners = 4, sigma = 0.3, eta = 0.04 }}
[[projection]]
from = "hidden"
to = "scores"
bias = true
weights = {{ init = "{init}", bits = 16, range = 4.0 }}
plasticity = {{ rule = "readout", eta = 0.1, schedule = "linear" }}
"""
LEARN, TEST = 90, 40
DATA, TESTS = f"synthetic:strokes,count={LEARN}", f"synthetic:strokes,split=test,count={TEST}"
NETWORK_EVENTS = {"packet", "end_packet", "credit_packet", "hop", "tree_hop", "packet_bit", "link_bit"}
CAUSES = ["computing", "waiting_for_memory", "blocked_by_buffer", "waiting_for_third_factor", "idle"]
ENGINES = ("functional", "systemc", "rtl")


def read_png(data):
    """Palette indices (height, width) of a PNG without filters."""
    at, rows = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 3)
        rows += body if kind == b"IDAT" else b""
        at += 12 + length
    return np.frombuffer(zlib.decompress(rows), np.uint8).reshape(height, width + 1)[:, 1:]


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, what, holds, found=""):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{'ok' if holds else 'FAILED':<7}{what}" + ("" if holds else f": {found}"), flush=True)

    def equal(self, what, found, expected):
        self(what, found == expected, f"found {str(found)[:300]}, expected {str(expected)[:300]}")


def count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def band(value):
    return all(number(value.get(k)) for k in ("low", "nominal", "high")) and 0 < value["low"] <= value["nominal"] <= value["high"]


def table(path):
    """Rows by column name; every row as long as the header, every column named once."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    if len(set(rows[0])) != len(rows[0]) or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"{path}: rows of different lengths, or a column twice")
    return [dict(zip(rows[0], row)) for row in rows[1:]]


class ReadBack:
    def __init__(self, program, folder, check):
        self.program, self.folder, self.check = program, folder, check

    def trifactor(self, *arguments):
        done = subprocess.run([str(self.program), *map(str, arguments)], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def json(self, *arguments):
        """One JSON value on standard output, and nothing else: NaN and Infinity are not JSON."""
        def refuse(word):
            raise ValueError(f"{arguments}: {word} is not JSON")
        return json.loads(self.trifactor(*arguments, "--json"), parse_constant=refuse)

    def run(self):
        (self.folder / "n.toml").write_text(NETWORK.format(file="", init="zero"))
        self.compiled = self.json("compile", "n.toml", "-o", "x.h5")
        self.compile()
        self.lists()
        runs = {}
        for engine in ENGINES:
            out = self.json("run", "x.h5", "--data", DATA, "--test", TESTS, "--engine", engine, "--digests", "-o", engine, "--progress", "none")
            runs[engine] = json.loads((self.folder / engine / "summary.json").read_text())
            self.summary(engine, runs[engine])
            self.tables(engine, runs[engine])
            self.record(engine, runs[engine])
            self.report(engine, runs[engine], out)
            self.digests(engine, runs[engine])
        self.engines_agree(runs)
        self.weights()
        self.weight_picture()
        self.weights_put_back(runs["systemc"])
        self.bits_on_the_way()
        self.other_commands()

    def compile(self):
        check, cores = self.check, {core["population"]: core for core in self.compiled["cores"]}
        check.equal("compile --json: populations", sorted(cores), ["hidden", "pixels", "scores"])
        check.equal("compile --json: synapses", [cores[p]["synapses"] for p in ("pixels", "hidden", "scores")], [0, 24 * 784, 10 * 25])
        check.equal("compile --json: rows", [cores[p]["rows"] for p in ("pixels", "hidden", "scores")], [0, 784, 25])
        bursts = [784 * 64, 25 * 64 * 2]  # a row of 24 or 10 columns takes one burst of 64 lanes, of 8 and of 16 bits
        check.equal("compile --json: bytes of synapses", [cores["hidden"]["synapse_bytes"], cores["scores"]["synapse_bytes"]], bursts)
        formats = self.compiled["formats"]
        check("compile --json: formats are sign, bits, fraction", all(re.fullmatch(r"[su]\d+\.-?\d+", f) for f in formats.values()), formats)
        check.equal("compile --json: weights of 8 bits in +-1/4, 16 in +-4", [formats["first.weight"], formats["hidden_to_scores.weight"]], ["s8.9", "s16.13"])
        dry = self.json("compile", "n.toml", "--dry-run")
        check.equal("compile --dry-run --json: the same", dry, self.compiled)

    def lists(self):
        check = self.check
        for what in ("rules", "machines", "technologies", "datasets", "engines", "targets", "units"):
            items = self.json("list", what)
            names = [item["name"] for item in items]
            check(f"list {what} --json: {len(names)} names", names and len(set(names)) == len(names) and all(isinstance(n, str) and n for n in names), names)
        self.technologies = [item["name"] for item in self.json("list", "technologies")]
        for rule in self.json("list", "rules"):
            for p in rule["parameters"] + rule["eval_parameters"]:
                inside = p["default"] in p["choices"] if "choices" in p else p["low"] <= p["default"] <= p["high"]
                if not (inside and isinstance(p["unit"], str) and p["meaning"]):
                    check(f"list rules --json: {rule['name']} {p['name']}", False, p)
        self.renderings()
        generic = next(m for m in self.json("list", "machines") if m["name"] == "generic")
        check("list machines --json: entries are integers", all(count(v) for v in generic["entries"].values()) and generic["entries"]["core.lanes"] == 64, generic)

    def renderings(self):
        """What a rule is said to have is what there is: units to verify, silicon to run on, a network that compiles."""
        check, units = self.check, [item["name"] for item in self.json("list", "units")]
        silicon = {rule for m in self.json("list", "machines") for t in m["core_types"] for rule in t["rules"]}
        rules = {rule["name"]: {k for k, v in rule["renderings"].items() if v} for rule in self.json("list", "rules")}
        check("list rules --json: some rules have every rendering", {"float", "golden", "rtl", "chip"} in rules.values(), rules)
        for name, has in rules.items():
            check(f"list rules --json: {name} has a float reference", "float" in has, has)
            check.equal(f"list rules --json: {name} has RTL where verify knows it", "rtl" in has, name in units)
            check.equal(f"list rules --json: {name} is on a chip where a machine has it", "chip" in has, name in silicon)
            check(f"list rules --json: {name} on a chip has all renderings", "chip" not in has or len(has) == 4, has)

    def summary(self, engine, s):
        check, timed = self.check, engine == "systemc"
        check.equal(f"{engine}: summary's own words", [s["engine"], s["network"], s["machine"], s["interrupted"]], [engine, "read-back", "generic", False])
        check.equal(f"{engine}: samples", [s["samples"], s["learn_samples"]], [LEARN + 2 * TEST, LEARN])
        accuracy = s["accuracy"]["test"]
        check(f"{engine}: accuracy is a fraction of the tests", number(accuracy) and 0 <= accuracy <= 1 and abs(accuracy * TEST - round(accuracy * TEST)) < 1e-9, accuracy)
        check(f"{engine}: energy_pJ low <= nominal <= high", band(s["energy_pJ"]), s["energy_pJ"])
        check.equal(f"{engine}: what energy_pJ covers", s["energy_pJ"]["scope"], "all" if timed else "dynamic only")
        check(f"{engine}: area_mm2 low <= nominal <= high", band(s["area_mm2"]), s["area_mm2"])
        check(f"{engine}: wall_s and peak_rss_bytes", number(s["wall_s"]) and 0 < s["wall_s"] < 600 and 1 << 20 < s["peak_rss_bytes"] < 1 << 32, s)
        for name, value in [("cycles", s["cycles"]), ("latency p50", s["latency_cycles"]["p50"]), ("latency p99", s["latency_cycles"]["p99"])]:
            check(f"{engine}: {name} is {'a count' if timed else 'null'}", count(value) and value > 0 if timed else value is None, value)
        if timed:
            check(f"{engine}: time_ns is cycles at 200 MHz", abs(s["time_ns"] - s["cycles"] * 5) < 1e-6 * s["time_ns"], s["time_ns"])
            check(f"{engine}: latencies lie within the run", s["latency_cycles"]["p50"] <= s["latency_cycles"]["p99"] < s["cycles"], s["latency_cycles"])
        else:
            check(f"{engine}: time_ns is null", s["time_ns"] is None, s["time_ns"])
        wrong = {k: v for k, v in s["events"].items() if not (count(v) if timed or k not in NETWORK_EVENTS else v is None)}
        check(f"{engine}: {len(s['events'])} events are counts, those of the network {'too' if timed else 'null'}", not wrong and NETWORK_EVENTS < set(s["events"]), wrong)
        check(f"{engine}: something was accumulated and updated", s["events"]["accumulate"] > 0 and s["events"]["update"] > 0, s["events"])
        if timed:  # a packet has 56 to 104 bits by its class, a word on a tree of its own 16 or 48
            e = s["events"]
            activity, credits = e["end_packet"], e["credit_packet"]
            others = e["packet"] - activity - credits
            check(f"{engine}: packets have bits by their class", 56 * others <= e["packet_bit"] - 56 * activity - 88 * credits <= 104 * others, e)
            check(f"{engine}: links carry bits by class and tree", 56 * e["hop"] + 16 * e["tree_hop"] <= e["link_bit"] <= 104 * e["hop"] + 48 * e["tree_hop"] and e["hop"] > 0, e)
        check(f"{engine}: updates are counts, at most the enabled pairs", all(count(v) for v in s["updates"].values())
              and 0 < s["updates"]["applied"] + s["updates"]["rounded_to_zero"] <= s["events"]["update"], s["updates"])

    def tables(self, engine, s):
        check, timed = self.check, engine == "systemc"
        cores, record = table(self.folder / engine / "per_core.csv"), json.loads((self.folder / engine / "run.json").read_text())
        causes = [f"{cause}_cycles" for cause in CAUSES]
        check(f"{engine}: per_core.csv has a column an event and a cause", {*s["events"], *causes} <= set(cores[0]), cores[0].keys())
        sizes = [name for name in cores[0] if name.endswith("_bytes")]
        check.equal(f"{engine}: per_core.csv, units of memories", sorted(sizes), ["axon_bytes", "history_bytes", "neuron_bytes", "synapse_bytes"])
        check.equal(f"{engine}: per_core.csv, a line a tile", [(int(c["core"]), int(c["x"]), int(c["y"])) for c in cores], [(i, i % 4, i // 4) for i in range(16)])
        for event, total in s["events"].items():
            fields = [core[event] for core in cores]
            if total is None:
                good = set(fields) == {""}
            else:
                good = sum(int(field or 0) for field in fields) + record["chip_events"][event] == total
                good = good and (event not in NETWORK_EVENTS or set(fields) == {""})
            if not good:
                check(f"{engine}: {event} of cores and chip adds up", False, (fields, total))
        check(f"{engine}: events of cores and chip add up to the summary's", True)
        for name in causes:
            empty = all((core[name] == "") != timed for core in cores)
            check(f"{engine}: {name} is {'filled' if timed else 'empty, not 0'}", empty, [core[name] for core in cores])
        if timed:
            sums = {sum(int(core[name]) for name in causes) for core in cores}
            check.equal(f"{engine}: each core's cycles by cause add up to the run's", sums, {s["cycles"]})
        used = {core["population"]: core for core in cores if core["role"] != "idle"}
        for core in self.compiled["cores"]:
            share = float(used[core["population"]]["occupancy"]) * 512 * 1024
            check(f"{engine}: occupancy of {core['population']} is what `compile` says", abs(share - core["synapse_bytes"]) < 1, share)
        accuracy = table(self.folder / engine / "accuracy.csv")
        tested = [(row["samples_seen"], row["epoch"]) for row in accuracy if row["test_accuracy"]]
        check.equal(f"{engine}: accuracy.csv, tested before and after the epoch", tested, [("0", "0"), (str(LEARN), "1")])
        learned = [int(row["samples_seen"]) for row in accuracy if row["train_accuracy"]]
        check.equal(f"{engine}: accuracy.csv, what was learned, at every look", learned, sorted({int(row["sample"]) for row in table(self.folder / engine / "per_step.csv")}))
        check.equal(f"{engine}: accuracy.csv ends with the summary's", float(accuracy[-1]["test_accuracy"]), s["accuracy"]["test"])
        check.equal(f"{engine}: accuracy.csv, what was not measured is empty", [accuracy[0]["train_accuracy"], accuracy[0]["loss"]], ["", ""])
        steps = table(self.folder / engine / "per_step.csv")
        check.equal(f"{engine}: per_step.csv, layers", {row["layer"] for row in steps}, {"first", "hidden_to_scores"})
        check(f"{engine}: per_step.csv, kernels in [0, 1], none for the read-out",
              all(0 <= float(row["mean_kernel"]) <= 1 if row["layer"] == "first" else row["mean_kernel"] == "" for row in steps), steps[:2])
        for name in ("saturated", "rounded_to_zero", "factors_lost"):
            check.equal(f"{engine}: per_step.csv, {name} adds up to the summary's", sum(int(row[name]) for row in steps), s["updates"][name])

    def record(self, engine, s):
        check, record = self.check, json.loads((self.folder / engine / "run.json").read_text())
        check.equal(f"{engine}: run.json, version, seed, engine", [record["schema_version"], record["seed"], record["engine"]], [4, 5, engine])
        check.equal(f"{engine}: run.json, argv", record["argv"][1:5] + record["argv"][-1:], ["run", "x.h5", "--data", DATA, "--json"])
        content = (self.folder / "x.h5").read_bytes()[512:]
        check.equal(f"{engine}: run.json, SHA-256 of the layout's content", record["input_hashes"]["x.h5"], hashlib.sha256(content).hexdigest())
        check(f"{engine}: run.json, hashes of both data sets differ", record["input_hashes"][DATA] != record["input_hashes"][TESTS], record["input_hashes"])
        configuration = record["configuration"]
        check.equal(f"{engine}: run.json, resolved formats", {k[7:]: v for k, v in configuration.items() if k.startswith("format.")}, self.compiled["formats"])
        check.equal(f"{engine}: run.json, what was asked", [configuration["data"], configuration["test"], configuration["epochs"], configuration["learn"]], [DATA, TESTS, "1", "true"])
        check(f"{engine}: run.json, stage times", all(number(v) and v >= 0 for v in record["stage_s"].values()) and sum(record["stage_s"].values()) <= record["wall_s"] * 1.01, record["stage_s"])
        applied = sum(p["applied"] for p in record["projections"])
        check.equal(f"{engine}: run.json, updates of projections add up", applied, s["updates"]["applied"])
        technology = json.loads((self.folder / engine / "technology.json").read_text())
        check(f"{engine}: technology.json, every figure has unit, band, source", all(
            c["unit"] and c["source"] and c["tag"] and c["low"] <= c["nominal"] <= c["high"] for c in technology["constants"]) and len(technology["constants"]) > 20, technology["name"])

    def report(self, engine, s, printed):
        check, report = self.check, self.json("report", engine)
        check.equal(f"{engine}: report --json is what `run --json` printed", report, printed)
        check.equal(f"{engine}: report --json, a line a core", len(report["cores"]), 16)
        check.equal(f"{engine}: report --json, accuracy", report["accuracy"][-1]["test_accuracy"], s["accuracy"]["test"])
        total = self.find(report, "energy", "total")
        check(f"{engine}: report --json, energy total is the summary's", total is not None and abs(total["nominal"] / s["energy_pJ"]["nominal"] - 1) < 1e-9, total)
        before = (self.folder / engine / "summary.json").read_bytes()
        other = [self.find(self.json("report", engine, "--technology", name), "energy", "total")["nominal"] for name in self.technologies]
        check(f"{engine}: report --technology costs again, {len(other)} ways", len(set(other)) == len(other) > 1 and all(v > 0 for v in other), other)
        check(f"{engine}: and leaves the run as it was", (self.folder / engine / "summary.json").read_bytes() == before)
        html = (self.folder / engine / "report.html").read_text()
        check(f"{engine}: report.html is whole", html.lstrip().lower().startswith("<!doctype html") and html.rstrip().endswith("</html>"), html[:80])

    @staticmethod
    def find(report, *path):
        """The band under `path`, whose last key may carry a unit."""
        for key in path:
            report = next((v for k, v in report.items() if k == key or re.fullmatch(rf"{key}_[a-zA-Z0-9]+", k)), None)
            if report is None:
                return None
        return report

    def digests(self, engine, s):
        rows = table(self.folder / engine / "digests.csv")
        layers = ["pixels", "hidden", "scores"]
        self.check.equal(f"{engine}: digests.csv, a line a sample and layer", [(int(r["presentation"]), r["layer"]) for r in rows],
                         [(k, layer) for k in range(s["samples"]) for layer in layers])
        self.check.equal(f"{engine}: digests.csv, what learned", sum(r["learned"] == "1" for r in rows), 3 * LEARN)
        words = [r[k] for r in rows for k in ("activity", "third_factor", "weights")]
        self.check(f"{engine}: digests.csv, 64 bits in hexadecimal", all(re.fullmatch("[0-9a-f]{16}", w) for w in words))
        quiet = [r["weights"] for r in rows if r["learned"] == "0" or r["layer"] == "pixels"]
        moved = {r["weights"] for r in rows if r["learned"] == "1" and r["layer"] == "hidden"}
        self.check(f"{engine}: digests.csv, weights move when learning only", set(quiet) == {"0" * 16} and len(moved) > LEARN // 2, len(moved))

    def engines_agree(self, runs):
        one = runs["functional"]
        for engine in ENGINES[1:]:
            other = runs[engine]
            differing = {k for k in one["events"] if k not in NETWORK_EVENTS and one["events"][k] != other["events"][k]}
            self.check(f"functional = {engine}: {len(one['events']) - 5} events", not differing, differing)
            for member in ("accuracy", "updates", "samples", "area_mm2"):
                self.check.equal(f"functional = {engine}: {member}", other[member], one[member])
            for name in ("digests.csv", "weights.npz", "accuracy.csv", "per_step.csv"):
                same = (self.folder / "functional" / name).read_bytes() == (self.folder / engine / name).read_bytes()
                self.check(f"functional = {engine}: {name}, byte for byte", same, "files differ")

    def weights(self):
        check = self.check
        with np.load(self.folder / "systemc/weights.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        shapes = {"first": (24, 784), "hidden_to_scores": (10, 24), "hidden_to_scores.bias": (10,), "pixels.offset": (784,)}
        check.equal("weights.npz: names and shapes (n_post, n_pre)", {k: v.shape for k, v in arrays.items()}, shapes)
        check("weights.npz: stored integers", all(arrays[name].dtype == np.int16 for name in shapes if name != "pixels.offset"), {k: v.dtype for k, v in arrays.items()})
        check("weights.npz: 8 bits stay in 8 bits", -128 <= arrays["first"].min() < 0 < arrays["first"].max() <= 127, arrays["first"].max())
        check("weights.npz: the offset is a mean of pixels", arrays["pixels.offset"].dtype == np.float64 and 0 <= arrays["pixels.offset"].min() < 0.05
              and 0.2 < arrays["pixels.offset"].max() < 1, arrays["pixels.offset"].max())
        norm = [float(row["weight_norm"]) for row in table(self.folder / "systemc/per_step.csv") if row["layer"] == "first"][-1]
        mine = np.sqrt(np.sum((arrays["first"] / 512.0) ** 2))
        check("weights.npz: norm of `first` is that of per_step.csv", abs(norm / mine - 1) < 1e-12, (norm, mine))

    def weight_picture(self):
        """The picture of the weights against weights.npz: every image's corner dots, and the ends of its scale."""
        check = self.check
        with np.load(self.folder / "systemc/weights.npz", allow_pickle=False) as file:
            weights = file["first"] / 512.0
        self.trifactor("report", "systemc", "--weights", "first", "-o", "w.svg", "-q")
        root = ElementTree.parse(self.folder / "w.svg").getroot()
        images = [e for e in root.iter("{http://www.w3.org/2000/svg}image")]
        dots = read_png(base64.b64decode(images[0].get("href").split(",", 1)[1]))
        limit = float(np.sort(np.max(np.abs(weights), axis=1))[12])
        gap, scale = 4, 2
        columns = (dots.shape[1] + gap) // (28 * scale + gap)
        shown = np.array([dots[k // columns * 60:, k % columns * 60:][:56:scale, :56:scale].reshape(784) for k in range(24)]) - 127.0
        check("weight picture: a dot is its weight", np.max(np.abs(shown - 127 * np.clip(weights / limit, -1, 1))) <= 0.5 + 1e-9, limit)
        words = ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]
        check("weight picture: the scale says its ends", f"+{limit:.3g}" in words and f"\u2212{limit:.3g}" in words, words)
        html = (self.folder / "systemc/report.html").read_text()
        check("weight picture: it stands in report.html", 'id="weights"' in html and html.count("data:image/png;base64,") == 2)
        for wrong, code in ((["--weights", "frist"], "TF-RUN-014"), (["--weights", "first", "--image", "28x27"], "TF-RUN-015"), (["--weights", "first", "--image", "28"], "TF-CLI-010")):
            done = subprocess.run([self.program, "report", "systemc", *wrong, "-o", "x.svg"], cwd=self.folder, capture_output=True, text=True)
            check(f"weight picture: {' '.join(wrong)} is refused", done.returncode == 2 and code in done.stderr and not (self.folder / "x.svg").exists(), done.stderr)

    def weights_put_back(self, s):
        """Stored integers go back into a network unchanged: it is as right as the run was at its end."""
        shutil.copy(self.folder / "systemc/weights.npz", self.folder / "w.npz")
        (self.folder / "back.toml").write_text(NETWORK.format(file='weights = "w.npz"', init="file"))
        self.trifactor("compile", "back.toml", "-o", "back.h5", "-q")
        self.trifactor("run", "back.h5", "--data", TESTS, "--no-learn", "--engine", "systemc", "-o", "back", "-q")
        back = json.loads((self.folder / "back/summary.json").read_text())
        self.check.equal("weights put back: accuracy of the run's last test", back["accuracy"]["test"], s["accuracy"]["test"])
        self.check.equal("weights put back: nothing learned", [back["learn_samples"], back["events"]["update"], back["updates"]["applied"]], [0, 0, 0])
        with np.load(self.folder / "w.npz") as before, np.load(self.folder / "back/weights.npz") as after:
            self.check("weights put back: the same integers come out", all(np.array_equal(before[name], after[name]) for name in before.files), after.files)

    def bits_on_the_way(self):
        """Sums of a grouped layer with 4 partners are 5 words up from each core and 5 words down: on the mesh packets of
        104 and 88 bits, on trees of their own words of 48 and 16."""
        events = {}
        for network in ("own", "mesh"):
            compiled = self.json("compile", "n.toml", "--set", "core.columns=12", "--set", f"tree.network={network}", "-o", f"{network}.h5")
            self.trifactor("run", f"{network}.h5", "--data", DATA, "--engine", "systemc", "-o", f"tree-{network}", "-q")
            events[network] = json.loads((self.folder / f"tree-{network}/summary.json").read_text())["events"]
        cores = sum(core["population"] == "hidden" for core in compiled["cores"])
        own, mesh = events["own"], events["mesh"]
        more = {k: mesh[k] - own[k] for k in own}
        self.check("bits: the layer lies on several cores", cores > 1, cores)
        self.check.equal("bits: packets that trees of their own save", more["packet"], LEARN * 5 * (cores + 1))
        self.check.equal("bits: and theirs", more["packet_bit"], LEARN * 5 * (104 * cores + 88))
        self.check("bits: words on trees of their own", own["tree_hop"] > 0 and mesh["tree_hop"] == 0 and own["tree_hop"] % (LEARN * 10) == 0, own)
        saved = more["link_bit"] + own["tree_hop"] // 10 * 5 * (48 + 16)
        self.check("bits: and over links", 88 * more["hop"] < saved < 104 * more["hop"], (more, saved))

    def other_commands(self):
        check = self.check
        out = self.json("reference", "n.toml", "--data", DATA, "--test", TESTS, "-o", "float")
        check.equal("reference --json is its reference.json", json.loads((self.folder / "float/reference.json").read_text()), out)
        accuracy = table(self.folder / "float/accuracy.csv")
        check.equal("reference: accuracy.csv ends with its JSON's", float(accuracy[-1]["test_accuracy"]), out["accuracy"]["test"])
        with np.load(self.folder / "float/weights.npz") as file:
            check.equal("reference: weights.npz, real numbers under the same names", {k: (file[k].shape, file[k].dtype.kind) for k in file.files},
                        {"first": ((24, 784), "f"), "hidden_to_scores": ((10, 24), "f"), "hidden_to_scores.bias": ((10,), "f"), "pixels.offset": ((784,), "f")})
        verified = self.json("verify", "reciprocal", "--vectors", 200)
        check("verify --json", [v["name"] for v in verified] == ["reciprocal"] and verified[0]["passed"] is True and verified[0]["vectors"] >= 200, verified)
        check.equal("explain --json", self.json("explain", "TF-LAY-005")["exit"], [2, 3])
        check("doctor --json", set(ENGINES) <= set(self.json("doctor")["engines"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    arguments = parser.parse_args()
    check = Checks()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trifactor-read-"))
    try:
        ReadBack(arguments.program.resolve(), folder, check).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed or not check.passed else 0


if __name__ == "__main__":
    sys.exit(main())
