"""Checks that need a configured build folder: tests and their labels, what the RTL engine links."""

import json
import pathlib
import re
import subprocess

from edges import read_links
from tree import Finding


def labels_in_table(tree):
    """First column of the table in tests/README.md."""
    path = "tests/README.md"
    return set(re.findall(r"^\|\s*`?(\w+)`?\s*\|", tree.text(path), flags=re.M)) - {"label"} if tree.exists(path) else set()


def registered_tests(build):
    """(name, labels) as ctest knows them."""
    done = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"], capture_output=True, text=True)
    if done.returncode != 0:
        return []
    tests = []
    for test in json.loads(done.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        tests.append((test["name"], properties.get("LABELS", [])))
    return tests


def check_labels(tree, build, tests=None):
    """Every registered test has one label, of the table in tests/README.md."""
    known = labels_in_table(tree)
    if not known:
        return [Finding("tests/README.md", 0, "has no table of labels")]
    tests = registered_tests(build) if tests is None else tests
    if not tests:
        return [Finding(".", 0, "ctest knows no tests: this check looked at nothing")]
    findings = []
    for name, labels in tests:
        if len(labels) != 1 or labels[0] not in known:
            findings.append(Finding("tests/README.md", 0, f"test {name} has the label {', '.join(labels) or '(none)'}; "
                                                          f"expected one of {', '.join(sorted(known))}"))
    return findings


# -- parameters of rules -----------------------------------------------------------------------------------------

NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?(?:/\d+)?"


def value(text):
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)


def row_mistakes(parameter, default, limits):
    """What the last two cells of a parameter's row say otherwise than its descriptor."""
    if "choices" in parameter:
        words = re.findall(r"`([^`]+)`", limits.split(";")[0])
        return [*([f"default {default}, not `{parameter['choices'][0]}`"] if default != f"`{parameter['choices'][0]}`" else []),
                *([f"choices {limits}, not {', '.join(parameter['choices'])}"] if words != parameter["choices"] else [])]
    start, ends = re.match(NUMBER, default), re.findall(NUMBER, re.split(";|, below|, on", limits)[0])
    mistakes = [] if start and value(start.group()) == parameter["default"] else [f"default {default}, not {parameter['default']:g}"]
    if not ends or not (value(ends[0]) == parameter["low"] and value(ends[-1]) == parameter["high"]):
        mistakes.append(f"range {limits}, not {parameter['low']:g} to {parameter['high']:g}")
    return mistakes


def check_parameters(tree, build, rules=None):
    """The table in each rule's README has the parameters that the program knows, with their defaults and ranges."""
    if rules is None:
        program = pathlib.Path(build or ".") / "bin/trifactor"
        if not program.exists():
            return [Finding(str(program), 0, "the program is not built: this check looked at nothing")]
        rules = json.loads(subprocess.run([program, "list", "rules", "--json"], capture_output=True, text=True, check=True).stdout)
    findings = [] if rules else [Finding("rtl/rules", 0, "no rule was found: this check looked at nothing")]
    for rule in rules:
        path = f"rtl/rules/{rule['name']}/README.md"
        rows = {}
        for number, line in tree.lines(path) if tree.exists(path) else []:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if line.startswith("| `") and len(cells) == 5:
                rows[cells[0].strip("`")] = (number, cells[3], cells[4])
        known = {p["name"]: p for p in [*rule["parameters"], *rule["eval_parameters"]]}
        for name in sorted(known.keys() - rows.keys()):
            findings.append(Finding(path, 0, f"has no row | `{name}` | unit | symbol | default | range |"))
        for name, (number, default, limits) in rows.items():
            if name not in known:
                findings.append(Finding(path, number, f"the rule has no parameter {name}"))
            else:
                findings += [Finding(path, number, f"{name}: {mistake}") for mistake in row_mistakes(known[name], default, limits)]
    return findings


# -- the RTL engine ----------------------------------------------------------------------------------------------

ENGINE = "trifactor_sim_rtl"
REPLACED = ("trifactor_lane", "trifactor_rules", "trifactor_golden")  # libraries with golden lane, post, teacher


def closure(links, start):
    """Every target reached from `start`, with the path to it."""
    following = {}
    for _, target, linked in links:
        following.setdefault(target, []).append(linked)
    found, waiting = {start: [start]}, [start]
    while waiting:
        target = waiting.pop()
        for linked in following.get(target, []):
            if linked and linked not in found:
                found[linked] = found[target] + [linked]
                waiting.append(linked)
    return found


def symbols(archive):
    """(defined strong functions, referenced) names in an archive, demangled."""
    done = subprocess.run(["nm", "-C", str(archive)], capture_output=True, text=True)
    strong, used = set(), set()
    for line in done.stdout.splitlines():
        match = re.match(r"^[0-9a-f ]{16} ([A-Za-z]) (.*)$", line)
        if match and match.group(1) == "T":
            strong.add(match.group(2))
        elif match and match.group(1) == "U":
            used.add(match.group(2))
    return strong, used


def symbol_findings(engine, golden):
    """Symbols that the engine's archive defines or needs although only the golden libraries should have them."""
    theirs = set().union(*[strong for strong, _ in golden])
    ours, used = engine
    wrong = sorted(name for name in theirs & (ours | used) if "trifactor::" in name)
    return [Finding("sim/rtl", 0, f"{ENGINE} {'contains' if name in ours else 'needs'} the golden unit {name}") for name in wrong]


def check_rtl_engine(tree, build):
    """The library of the RTL engine contains and links none of the golden units that the RTL replaces."""
    links = read_links(build)
    if links is None:
        return [Finding(".", 0, "there is no target_links.txt in the build folder: configure with CMake first")]
    targets = {target for _, target, _ in links}
    findings = []
    for name in (ENGINE, *REPLACED):
        if name not in targets:
            findings.append(Finding("sim/rtl", 0, f"there is no target {name}: this check looked at nothing"))
    reached = closure(links, ENGINE)
    for name in REPLACED:
        if name in reached:
            findings.append(Finding("sim/rtl/CMakeLists.txt", 0, f"{' -> '.join(reached[name])}: the RTL engine must not link "
                                                                 "the golden units it replaces"))
    for path in tree.with_suffix(".cpp", ".hpp", below="sim/rtl/"):
        if "/test/" in path:
            continue
        for number, line in tree.lines(path):
            match = re.search(r"\b(lane_update|lane_enabled|golden_arithmetic|update_rows)\s*\(", line.split("//")[0])
            if match:
                findings.append(Finding(path, number, f"calls {match.group(1)}, golden arithmetic that the RTL replaces"))
    # What was built, where it was: code in headers or copied by hand shows only there.
    archives = {path.name: path for path in pathlib.Path(build).rglob("lib*.a")}
    engine = archives.get(f"lib{ENGINE}.a")
    golden = [symbols(archives[f"lib{name}.a"]) for name in REPLACED if f"lib{name}.a" in archives]
    if engine and golden:
        findings += symbol_findings(symbols(engine), golden)
    return findings
