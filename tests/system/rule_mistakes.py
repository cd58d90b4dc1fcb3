#!/usr/bin/python3
"""Is every mistake with a rule's parameters and arrays answered by one clear message? From the descriptors alone.

usage: rule_mistakes.py TRIFACTOR

For every rule that `list rules --json` knows: each parameter below and above its range, of another type, not there;
arrays that are missing, of another shape, not finite; and for rules in silicon, on their example (a layer of ten neurons
where there is none): a machine without the rule, and a history that does not fit its memory. A case passes when the exit status is as README.md says, the
message has a code, says what was found, and nothing is written. A line a rule; exit status 1 if any case failed.
"""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import identity  # noqa: E402

# For a rule that has no example: one layer, the rule's own defaults.
LAYER = '''
[network]
name = "layer"
seed = 1
classes = 10

[[population]]
name = "inputs"
kind = "input"
shape = [12]
activity = { bits = 8, range = 1.0 }

[[population]]
name = "neurons"
shape = [10]
neuron = { kind = "linear", range = 8.0 }
activity = { bits = 8, range = 8.0 }

[[projection]]
from = "inputs"
to = "neurons"
connect = "dense"
weights = { init = "uniform_fan_in", bits = 16, range = 1.0, rounding = "stochastic" }
plasticity = { rule = "NAME", schedule = "constant" }
'''

CODE = re.compile(r"error \[TF-[A-Z]+-\d{3}\]")


class Mistakes:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.passed = self.failed = 0

    def expect(self, what, status, says, arguments, output):
        done = subprocess.run([str(self.program), *map(str, arguments)], capture_output=True, text=True, cwd=self.folder)
        wrong = []
        if done.returncode != status:
            wrong.append(f"exit status {done.returncode}, expected {status}")
        if not CODE.search(done.stderr):
            wrong.append("no code")
        if says not in done.stderr:
            wrong.append(f"the message does not say '{says}'")
        if output and (self.folder / output).exists():
            wrong.append(f"{output} was written")
            (self.folder / output).unlink()
        self.passed += not wrong
        self.failed += bool(wrong)
        if wrong:
            print(f"FAILED {what}: {'; '.join(wrong)}\n       {done.stderr.strip()[:300]}")

    # -- eval

    def eval(self, rule):
        name, mode = rule["name"], rule["eval_modes"][0]
        arrays = {"x": np.ones((4, 3)), "w": np.ones((10, 3)), "labels": np.zeros(4, np.int64)}  # 10 classes by default

        def case(what, status, says, params=(), **changed):
            given = {key: value for key, value in {**arrays, **changed}.items() if value is not None}
            np.savez(self.folder / "in.npz", **given)
            more = [word for pair in params for word in ("--param", pair)]
            self.expect(f"{name}: eval: {what}", status, says,
                        ["eval", name, "--in", "in.npz", "--out", "out.npz", "--mode", mode, *more], "out.npz")

        for p in rule["parameters"] + rule["eval_parameters"]:
            for value, kind in outside(p):
                case(f"{p['name']} {kind}", 2, p["name"], [f"{p['name']}={value}"])
        case("a parameter that is not there", 2, "has no parameter", ["nosuch=1"])
        case("x is missing", 3, "x", x=None)
        case("w is missing", 3, "w", w=None)
        case("x of one dimension", 3, "x", x=np.ones(3))
        case("w of another width", 3, "w", w=np.ones((10, 4)))
        case("NaN", 3, "x", x=np.full((4, 3), math.nan))
        if "classes" in [p["name"] for p in rule["parameters"] + rule["eval_parameters"]]:
            case("too few labels", 3, "labels", labels=np.zeros(2, np.int64))
            case("a label that is no class", 3, "labels", labels=np.full(4, 99))

    # -- networks

    def network(self, rule, path):
        name = rule["name"]
        text = path.read_text()
        at = next(m.start() for m in re.finditer(r'plasticity = \{ rule = "' + name + '"', text))
        line = text.count("\n", 0, at) + 1

        def case(what, status, says, network=text, extra=(), machine="generic"):
            (self.folder / "n.toml").write_text(network)
            self.expect(f"{name}: compile: {what}", status, says,
                        ["compile", "n.toml", "--machine", machine, "-o", "out.h5", *extra], "out.h5")

        def with_parameter(parameter, value):
            begin = at + len(f'plasticity = {{ rule = "{name}"')
            end = min(text.index(bracket, begin) for bracket in "{}" if bracket in text[begin:])  # a schedule's keys are its own
            inside = re.sub(rf", {parameter} = [^,}}]*", "", text[begin:end])
            return text[:begin] + f", {parameter} = {value}" + inside + text[end:]

        for p in rule["parameters"]:
            for value, kind in outside(p):
                case(f"{p['name']} {kind}", 2, f"n.toml:{line}:", with_parameter(p["name"], value))
        case("a parameter that is not there", 2, "nosuch", with_parameter("nosuch", "1"))
        generic = (identity.ROOT / "compiler/machine_io/machines/generic.toml").read_text()
        others = [other for other in self.silicon if other != name]
        self.machine("without.toml", generic, 'rules = "all"', f"rules = {json.dumps(others)}")
        case("a machine without the rule", 4, name, machine="./without.toml")
        self.machine("untaught.toml", generic, "teacher = true", "teacher = false")
        if self.dry_run(path)["teachers"]:
            case("a machine without teachers", 4, "teacher", machine="./untaught.toml")

    def machine(self, name, generic, there, instead):
        assert generic.count(there) == 1
        (self.folder / name).write_text(generic.replace(there, instead))

    def dry_run(self, path):
        command = [str(self.program), "compile", str(path), "--machine", "generic", "--dry-run", "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{path.name} does not compile: {done.stderr.strip()[:300]}")
        return json.loads(done.stdout)

    def network_of(self, rule, example):
        """The network in which the rule's mistakes are made; None where there is no example and one layer does not take it."""
        name = rule["name"]
        if example:
            return identity.EXAMPLES / f"{example}.toml"
        path = self.folder / "layer.toml"
        path.write_text(LAYER.replace("NAME", name))
        try:
            self.dry_run(path)
        except RuntimeError as refused:
            print(f"{name}: no example in host/examples, and one layer does not take it, so no mistake in a network is tried: {refused}")
            return None
        print(f"{name}: no example in host/examples; its mistakes are made in one layer")
        return path

    def history(self, rule, path):
        """A history that is longer than its memory, for rules that keep one."""
        if max(core["history_bytes"] for core in self.dry_run(path)["cores"]) > 0:
            self.expect(f"{rule['name']}: compile: history longer than memory", 4, "history",
                        ["compile", path, "--machine", "generic", "--set", "core.history_bytes=1", "--set", "mesh.width=1",
                         "--set", "mesh.height=1", "-o", "out.h5"], "out.h5")

    def run(self):
        rules = json.loads(subprocess.run([str(self.program), "list", "rules", "--json"], capture_output=True, check=True).stdout)
        self.silicon = [rule["name"] for rule in rules if rule["renderings"]["chip"]]
        examples = dict(identity.examples_of_rules(self.program))
        for rule in rules:
            before = (self.passed, self.failed)
            self.eval(rule)
            path = self.network_of(rule, examples[rule["name"]]) if rule["renderings"]["chip"] else None
            if path:
                self.network(rule, path)
                self.history(rule, path)
            print(f"{rule['name']}: {self.passed - before[0]} answered, {self.failed - before[1]} not")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or self.passed < 20 * len(rules) else 0


def outside(p):
    """Values of a parameter that must be refused, with what is wrong."""
    if p.get("choices"):
        return [("nosuch", "that is no choice")]
    span = 1 if p.get("integer") else max(1.0, abs(p["high"])) * 1e-3
    low = p["low"] - span if p["low"] <= 0 or p.get("integer") else p["low"] / 2
    values = [(low, "below its range"), (p["high"] + span, "above its range"), ("nan", "that is not a number")]
    if p.get("integer"):
        values = [(int(low), "below its range"), (int(p["high"] + 1), "above its range"), (p["low"] + 0.5, "that is not whole")]
    return values


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        return Mistakes(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder)).run()


if __name__ == "__main__":
    sys.exit(main())
