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
