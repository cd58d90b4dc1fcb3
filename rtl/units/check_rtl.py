#!/usr/bin/env python3
"""Lints every file of rtl_files.txt with Verilator and reads every module with yosys.

check_rtl.py [--lint | --yosys]   without an option both; exit status 1 when anything is reported
Also fails when a .sv file of spec/ or units/ is missing from the list, so that no file escapes.
"""
import pathlib
import subprocess
import sys

RTL = pathlib.Path(__file__).resolve().parent.parent


def read_list():
    packages, modules = [], []
    for line in (RTL / "rtl_files.txt").read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "package":
            packages.append(words[1])
        elif words[0] in ("module", "model"):
            modules.append((words[0], words[1], words[2:]))
        else:
            sys.exit(f"rtl_files.txt: unknown kind {words[0]}")
    return packages, modules


def run(what, command):
    done = subprocess.run(command, cwd=RTL, capture_output=True, text=True)
    report = (done.stdout + done.stderr).strip()
    if done.returncode != 0 or report:
        print(f"{what}:\n{report or f'exit status {done.returncode}'}")
        return False
    return True


def main():
    arguments = sys.argv[1:]
    if any(word not in ("--lint", "--yosys") for word in arguments):
        sys.exit(__doc__)
    packages, modules = read_list()
    good = True
    listed = {path for _, _, files in modules for path in files} | set(packages)
    for folder in ("spec", "units"):
        for path in sorted((RTL / folder).rglob("*.sv")):
            if str(path.relative_to(RTL)) not in listed:
                print(f"{path.relative_to(RTL)} is not in rtl_files.txt")
                good = False
    for kind, top, files in modules:
        if "--yosys" not in arguments:
            good &= run(f"verilator {top}",
                        ["verilator", "--lint-only", "-Wall", "--top-module", top, *packages, *files])
        if "--lint" not in arguments and kind == "module":
            script = (f"read_verilog -sv {' '.join(packages + files)}; hierarchy -check -top {top}; proc; opt; "
                      "memory -nomap; check -assert; select -assert-none t:$dlatch t:$_DLATCH_*")
            good &= run(f"yosys {top}", ["yosys", "-q", "-p", script])
    sys.exit(0 if good else 1)


main()
