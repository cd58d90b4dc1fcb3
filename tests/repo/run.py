#!/usr/bin/python3
"""Checks that the repository keeps its own rules.

usage: run.py CHECK... | --list  [--build FOLDER] [--root FOLDER]

Prints one line a finding, `path:line: what`; exit status 1 if there is any.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import built  # noqa: E402
import edges  # noqa: E402
import formats  # noqa: E402
import sources  # noqa: E402
import tutorial  # noqa: E402
from tree import Tree  # noqa: E402

CHECKS = {
    "folders": edges.check_folders,
    "links": edges.check_links,
    "rules": sources.check_rules,
    "length": sources.check_length,
    "readme": sources.check_readme,
    "words": sources.check_words,
    "systemverilog": sources.check_systemverilog,
    "labels": built.check_labels,
    "parameters": built.check_parameters,
    "codes": sources.check_codes,
    "rtl_engine": built.check_rtl_engine,
    "format": formats.check_format,
    "tutorial": tutorial.check_tutorial,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checks", nargs="*", choices=[*CHECKS, []])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    arguments = parser.parse_args()
    if arguments.list or not arguments.checks:
        for name, check in CHECKS.items():
            print(f"{name:<14} {check.__doc__}")
        return 0
    tree = Tree(arguments.root)
    findings = [finding for name in arguments.checks for finding in CHECKS[name](tree, arguments.build)]
    for finding in sorted(findings):
        print(finding)
    if not findings:
        print(f"ok: {' '.join(arguments.checks)} ({len(tree.files)} files)")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
