#!/usr/bin/python3
"""Same layout, seed and data give the same bits: on every engine, for every mapping and timing, for every rule.

usage: identity.py TRIFACTOR [--small] [--rules] [--example STEM] [--only TEXT] [--keep FOLDER]

One line a comparison: what was varied, samples, and whether weights and the digests of every activity, third
factor and weight update are equal to those of the functional engine; where the layout is the same, events too. Exit
status 1 when one differs, 2 when --only names none.
MNIST is used where TRIFACTOR_DATA names it, the drawn digits otherwise. --rules takes each rule that exists as
silicon on its example among those of host/examples whose data is built in, and the other examples there, in fewer
variations (not those of which a convolution learns); a rule without an example is named and left out;
--example takes one file of host/examples in the same way.
"""
import argparse
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "host/examples"


class Identity:
    def __init__(self, program, folder, small, only, network="mnist-phsic", data=None):
        self.program, self.folder, self.small, self.only = program, folder, small, only
        folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ.get("TRIFACTOR_DATA")
        mnist = pathlib.Path(environment) / "mnist" if environment else None
        self.data = data or (f"idx:{mnist}" if mnist and mnist.exists() else "synthetic:strokes")
        self.network = EXAMPLES / f"{network}.toml"
        text = tomllib.loads(self.network.read_text())
        self.output = text["population"][-1]["name"]
        self.plastic = {p.get("name", f"{p['from']}_to_{p['to']}"): p for p in text["projection"] if "plasticity" in p}
        self.references = {}
        self.names = []  # of all comparisons there are
        self.passed = self.failed = 0
        self.number = 0

    # -- running the program

    def trifactor(self, *arguments, expect=0):
        command = [str(self.program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != expect:
            raise RuntimeError(f"{' '.join(command)}\nended with {done.returncode}\n{done.stderr}")
        return done

    def layout(self, bits, machine="generic", sets=(), network_sets=(), extra=()):
        name = self.folder / f"layout{self.number}.h5"
        self.number += 1
        options = []
        for key in [*self.everywhere(f"weights.bits={bits}"), *network_sets]:
            options += ["--network-set", key]
        for key in sets:
            options += ["--set", key]
        self.trifactor("compile", self.network, "--machine", machine, *options, *extra, "-o", name, "-q")
        return name

    def everywhere(self, key):
        """The override for every projection that learns."""
        return [f"projection.{name}.{key}" for name in self.plastic]

    def has_kernels(self):
        """Whether a convolution learns: its cores exchange more than those of any rule."""
        return any(p.get("connect") == "convolution" for p in self.plastic.values())

    def aged(self):
        """Weight age 1 wherever a rule learns once a sample."""
        return [f"projection.{name}.plasticity.weight_age=1" for name, p in self.plastic.items() if p["plasticity"].get("every") != "step"]

    def run(self, layout, samples, engine="functional", extra=(), wait=True):
        out = self.folder / f"run{self.number}"
        self.number += 1
        arguments = ["run", layout, "--data", f"{self.data},shuffle=1,count={samples}", "--engine", engine,
                     "--digests", "--progress", "none", "-q", "-o", out, *extra]
        self.trifactor(*arguments)
        return out

    # -- comparing

    @staticmethod
    def contents(out, learned_only=False):
        digests = (out / "digests.csv").read_text()
        if learned_only:  # presentations are renumbered when tests lie between
            digests = "\n".join(",".join(row[1:]) for row in csv.reader(digests.splitlines()) if row[1] == "1")
        return (out / "weights.npz").read_bytes(), digests, (out / "per_width.csv").read_bytes()

    def compare(self, what, wanted, got, note="", counts=False):
        """counts: of two runs of one layout, whose events must be equal too."""
        equal = wanted[0] == got[0] and wanted[1] == got[1] and (not counts or wanted[2] == got[2])
        self.passed += equal
        self.failed += not equal
        where = "" if equal else "  weights differ" if wanted[0] != got[0] else "  events by width differ" if wanted[1] == got[1] else "  " + self.first_difference(wanted[1], got[1])
        print(f"{'identical' if equal else 'DIFFERENT':<10} {what}{note}{where}", flush=True)

    @staticmethod
    def first_difference(a, b):
        for x, y in zip(a.splitlines(), b.splitlines()):
            if x != y:
                return f"first at {x} | {y}"
        return "one table is longer"

    def wanted(self, what):
        self.names.append(what)
        return self.only is None or self.only in what

    def reference(self, bits, samples, key="", network_sets=()):
        at = (bits, samples, key)
        if at not in self.references:
            self.references[at] = self.contents(self.run(self.layout(bits, network_sets=network_sets), samples))
        return self.references[at]

    # -- the list

    def all(self):
        samples = 120 if self.small else 2000
        few = 40 if self.small else 50
        engines = [line.split()[0] for line in self.trifactor("list", "engines").stdout.splitlines()]
        for bits in (16, 8):
            for engine in [e for e in engines if e != "functional"]:
                self.variant(f"{engine}, {bits} bits", bits, samples, engine=engine)
            for threads in (1, 2):
                self.variant(f"functional, {bits} bits, {threads} threads", bits, samples, extra=["--threads", threads])
        for target in [line.split()[0] for line in self.trifactor("list", "targets").stdout.splitlines()]:
            self.variant(f"functional, SIMD target {target}", 8, samples, extra=["--simd", target])
        for engine in ("functional", "systemc"):
            for lanes in (8, 16, 256):
                self.variant(f"{engine}, {lanes} lanes", 8, few, engine=engine, sets=[f"core.lanes={lanes}"])
            for columns in (128, 64, 32):
                self.variant(f"{engine}, {columns} columns a core", 8, few, engine=engine, sets=[f"core.columns={columns}", "mesh.width=6", "mesh.height=6"])
            for seed in (1, 2):
                self.variant(f"{engine}, cores placed by seed {seed}", 8, few, engine=engine, layout_extra=["--placement-seed", seed])
            for width, height in ((2, 2), (8, 1), (3, 5)):
                self.variant(f"{engine}, mesh {width}x{height}", 8, few, engine=engine, sets=[f"mesh.width={width}", f"mesh.height={height}"])
            nearest = self.everywhere("weights.rounding=nearest")
            self.variant(f"{engine}, rows split, rounding to nearest", 16, few, engine=engine, sets=["core.axons=200"], network_sets=nearest, key="nearest")
            aged = self.aged()
            self.variant(f"{engine}, weight age 1", 16, few, engine=engine, network_sets=aged, key="aged")
        self.variant("systemc, weight age 1, jitter", 16, few, engine="systemc", machine="jitter", network_sets=aged, key="aged")
        for seed in range(1, 6 if self.small else 101):
            self.variant(f"systemc, jitter preset, seed {seed}", 8, few, engine="systemc", machine="jitter", sets=[f"jitter_seed={seed}"])
        self.one_packet_buffers(few)
        self.tests_between(samples)
        for engine in engines:
            self.killed_and_resumed(engine, 400 if engine != "rtl" else 100)

    def one_rule(self):
        """What a rule must not depend on."""
        samples = 60 if self.small else 400
        for bits in (16, 8):
            for engine in ("systemc", "rtl"):
                self.variant(f"{engine}, {bits} bits", bits, samples, engine=engine)
        for engine in ("functional", "systemc"):
            for columns in (32, 11):
                self.variant(f"{engine}, {columns} columns a core", 8, samples, engine=engine, sets=[f"core.columns={columns}", "mesh.width=12", "mesh.height=12"])
            self.variant(f"{engine}, cores placed by seed 1", 8, samples, engine=engine, layout_extra=["--placement-seed", 1])
            self.variant(f"{engine}, rows split, rounding to nearest", 16, samples, engine=engine, sets=["core.axons=200", "mesh.width=8"], network_sets=self.everywhere("weights.rounding=nearest"), key="nearest")
            self.variant(f"{engine}, weight age 1", 16, samples, engine=engine, network_sets=self.aged(), key="aged")
        for seed in range(1, 3 if self.small else 21):
            self.variant(f"systemc, jitter preset, seed {seed}", 8, samples, engine="systemc", machine="jitter", sets=[f"jitter_seed={seed}"])
        self.variant("systemc, trees on the mesh, one-packet buffers", 8, samples, engine="systemc", sets=["tree.network=mesh", "mesh.buffer_packets=1", "core.columns=32"])
        self.tests_between(samples)
        for engine in ("functional", "systemc"):
            self.killed_and_resumed(engine, 400)

    def one_example(self):
        """What else an example shows, on every engine."""
        samples = 40 if self.small else 400
        for bits in (16, 8):
            for engine in ("systemc", "rtl"):
                self.variant(f"{engine}, {bits} bits", bits, samples, engine=engine)
        for engine in ("functional", "systemc"):
            self.variant(f"{engine}, 11 columns a core", 8, samples, engine=engine, sets=["core.columns=11", "mesh.width=12", "mesh.height=12"])
            self.variant(f"{engine}, rows split, rounding to nearest", 16, samples, engine=engine, sets=["core.axons=200", "mesh.width=8"], network_sets=self.everywhere("weights.rounding=nearest"), key="nearest")
        self.variant("systemc, jitter preset", 8, samples, engine="systemc", machine="jitter")
        self.killed_and_resumed("functional", 400)

    def variant(self, what, bits, samples, engine="functional", extra=(), sets=(), network_sets=(), machine="generic", layout_extra=(), key=""):
        if not self.wanted(what):
            return
        layout = self.layout(bits, machine, sets, network_sets, layout_extra)
        got = self.contents(self.run(layout, samples, engine, extra))
        self.compare(what, self.reference(bits, samples, key, network_sets), got, f", {samples} samples",
                     counts=machine == "generic" and not sets and not layout_extra)

    def one_packet_buffers(self, samples):
        what = "systemc, one-packet buffers, trees on the mesh"
        if not self.wanted(what):
            return
        sets = ["tree.network=mesh", "mesh.link_bits=16", "core.columns=64"]
        blocked = {}  # of cores that learn: a core of inputs waits for its own link whatever the buffers
        for packets in (64, 1):
            out = self.run(self.layout(8, sets=[*sets, f"mesh.buffer_packets={packets}"]), samples, "systemc")
            blocked[packets] = sum(int(row["blocked_by_buffer_cycles"]) for row in csv.DictReader(open(out / "per_core.csv")) if row["role"] == "synaptic")
        if blocked[1] <= blocked[64]:
            print(f"DIFFERENT  {what}: {blocked[1]} cycles blocked, {blocked[64]} with buffers of 64, so nothing was tried")
            self.failed += 1
        blocked = blocked[1]
        self.compare(what, self.reference(8, samples), self.contents(out), f", {samples} samples, {blocked:,} blocked cycles")

    def tests_between(self, samples):
        what = "functional, with tests in between"
        if not self.wanted(what):
            return
        test = self.data + ",split=test,count=50"
        layout = self.layout(8)
        plain = self.contents(self.run(layout, samples // 2, extra=["--epochs", 2]), learned_only=True)
        tested = self.contents(self.run(layout, samples // 2, extra=["--epochs", 2, "--test", test]), learned_only=True)
        self.compare(what, plain, tested, f", 2 x {samples // 2} samples")

    def killed_and_resumed(self, engine, samples):
        """A run killed with SIGKILL and resumed ends with the same files, every table too."""
        what = f"{engine}, killed and resumed"
        if not self.wanted(what):
            return
        layout = self.layout(8)
        for _ in range(5):  # until the run is longer than it takes to notice its first checkpoint
            whole, part = self.folder / f"whole_{engine}_{samples}", self.folder / f"part_{engine}_{samples}"
            checkpoint = self.folder / f"part_{engine}_{samples}.ckpt"
            common = ["run", layout, "--data", f"{self.data},shuffle=1,count={samples}", "--engine", engine, "--digests", "--progress", "none", "-q", "--every", samples // 8]
            process = subprocess.Popen([str(self.program), *map(str, common), "--checkpoint", str(checkpoint), "-o", str(part)], stderr=subprocess.DEVNULL)
            while not checkpoint.exists() and process.poll() is None:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            if process.wait() == -signal.SIGKILL:
                break
            samples *= 2
        else:
            print(f"DIFFERENT  {what}: every run ended before it could be killed, so nothing was tried")
            self.failed += 1
            return
        self.trifactor(*common, "--checkpoint", f"{whole}.ckpt", "-o", whole)
        self.trifactor(*common, "--checkpoint", checkpoint, "--resume", checkpoint, "-o", part)
        mismatched = [f.name for f in sorted(whole.iterdir()) if f.name not in ("run.json", "report.html") and not self.same_file(f, part / f.name)]
        if mismatched:
            print(f"           {what}: files differ: {', '.join(mismatched)}")
        self.compare(what, self.contents(whole), self.contents(part), f", {samples} samples")
        self.failed += bool(mismatched)

    @staticmethod
    def same_file(a, b):
        if not b.exists():
            return False
        if a.name != "summary.json":
            return a.read_bytes() == b.read_bytes()
        one, two = json.loads(a.read_text()), json.loads(b.read_text())
        for member in ("wall_s", "peak_rss_bytes"):
            one.pop(member, None), two.pop(member, None)
        return one == two


def built_in(example):
    """The data that an example is for, which its name begins with; None where it comes from files."""
    name = example.split("-")[0]
    return f"synthetic:{name}" if name in ("strokes", "line", "curve", "noise") else None


def examples_of_rules(program):
    """(rule, example) for every rule that exists as silicon, the example called after it or else the first that names
    it, None when none does; then (None, example) for every other example whose data is built in."""
    rules = json.loads(subprocess.run([program, "list", "rules", "--json"], capture_output=True, check=True).stdout)
    examples = {path.stem: tomllib.loads(path.read_text()) for path in sorted(EXAMPLES.glob("*.toml")) if built_in(path.stem)}
    taken = set()
    for rule in rules:
        if not rule["renderings"]["chip"]:
            continue
        naming = [stem for stem, text in examples.items() if any(p.get("plasticity", {}).get("rule") == rule["name"] for p in text["projection"])]
        called = [stem for stem in naming if stem.split("-", 1)[1] == rule["name"]]
        example = next(iter(called + naming), None)
        taken.add(example)
        yield rule["name"], example
    for stem in examples:
        if stem not in taken:
            yield None, stem


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rules", action="store_true")
    parser.add_argument("--example")
    parser.add_argument("--only")
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="trifactor-identity-"))
    program = arguments.program.resolve()
    passed = failed = 0
    names = []
    try:
        if arguments.example:
            identity = Identity(program, folder, arguments.small, arguments.only, arguments.example, built_in(arguments.example))
            identity.one_rule()
            passed, failed, names = identity.passed, identity.failed, identity.names
        elif arguments.rules:
            for rule, example in examples_of_rules(program):
                if example is None:
                    print(f"rule {rule}: no example in host/examples uses it on data that is built in, so nothing of it is compared")
                    continue
                print(f"rule {rule}: example {example}" if rule else f"example {example}")
                identity = Identity(program, folder / (rule or example), arguments.small, arguments.only, example, built_in(example))
                identity.one_rule() if rule or identity.has_kernels() else identity.one_example()
                passed, failed, names = passed + identity.passed, failed + identity.failed, names + identity.names
        else:
            identity = Identity(program, folder, arguments.small, arguments.only)
            print(f"data: {identity.data}")
            identity.all()
            passed, failed, names = identity.passed, identity.failed, identity.names
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if arguments.only is not None and not any(arguments.only in name for name in names):
        print(f"--only: no comparison's name holds '{arguments.only}'; there are:\n  " + "\n  ".join(dict.fromkeys(names)), file=sys.stderr)
        return 2
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
