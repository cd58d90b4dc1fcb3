"""The tutorial's rule is the one that is built: its blocks are the files of a rule's folder, whole and all, and its example."""

import re

from tree import Finding

TUTORIAL = "rtl/rules/TUTORIAL.md"
FOLDER = "rtl/rules/oja/"


def blocks(text):
    """(line, file name or path, content) of each fenced block that names a file."""
    inside = None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        opened = re.match(r"```\w+ (\S+)$", line)
        if inside is None and opened:
            inside = (number, opened.group(1), [])
        elif inside is not None and line.startswith("```"):
            yield inside[0], inside[1], "".join(inside[2])
            inside = None
        elif inside is not None:
            inside[2].append(line)


def check_tutorial(tree, build):
    """What the tutorial tells to write is what the build compiles and the tests run."""
    if not tree.exists(TUTORIAL):
        return [Finding(TUTORIAL, 0, "there is no tutorial")]
    findings, seen = [], set()
    for number, name, content in blocks(tree.text(TUTORIAL)):
        path = name if "/" in name else FOLDER + name
        seen.add(path)
        if not tree.exists(path):
            findings.append(Finding(TUTORIAL, number, f"there is no {path}"))
        elif tree.text(path) != content:
            findings.append(Finding(TUTORIAL, number, f"differs from {path}"))
    for path in tree.files:
        if path.startswith(FOLDER) and path not in seen:
            findings.append(Finding(path, 0, f"{TUTORIAL} does not show this file"))
    return findings
