#!/usr/bin/python3
"""Holds every SystemVerilog file of rtl/ against the tools that have to read it.

usage: rtl_tools.py lint|yosys [JOBS]

lint   Verilator with every warning on, each module as its own top.
yosys  synthesis of each module to gates. Lanes are copies of one another, so a module with a parameter LANES is
       mapped with two of them.

Packages come first, in the order of rtl/rtl_files.txt; modules are all other files of rtl/, so that none can be
forgotten, but those listed there as a simulation model are linted only. Prints a line a module; exit status 1 if
any failed.
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RTL = ROOT / "rtl"



def listed(kind):
    """The lines of rtl/rtl_files.txt that begin with `kind`, without it, as lists of words."""
    lines = [line.split() for line in (RTL / "rtl_files.txt").read_text().splitlines()]
    return [words[1:] for words in lines if words and words[0] == kind]


def packages():
    return [RTL / words[0] for words in listed("package")]


def simulation_models():
    """Wrappers with array ports around the package functions of a module; a test proves both equal."""
    return {words[0] for words in listed("model")}


def modules():
    """Every file of rtl/ that is not a package, by name; a module is named as its file."""
    known = set(packages())
    return {path.stem: path for path in sorted(RTL.rglob("*.sv")) if path not in known}


def used_by(name, files):
    """The file of `name` after those of all modules it instantiates, directly or not."""
    order, seen = [], set()

    def visit(module):
        if module in seen:
            return
        seen.add(module)
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", files[module].read_text(), flags=re.S)
        for other in files:
            if other != module and re.search(rf"^\s*{other}\s+(#\s*\(|\w+\s*\()", text, flags=re.M):
                visit(other)
        order.append(files[module])

    visit(name)
    return order


def lint(name, files):
    return ["verilator", "--lint-only", "-Wall", f"+incdir+{RTL}", "--top-module", name, *packages(), *used_by(name, files)]


def yosys(name, files):
    lanes = "; chparam -set LANES 2 " + name if re.search(r"\bparameter\b[^;]*?\bLANES\b", files[name].read_text()) else ""
    sources = " ".join(str(path) for path in [*packages(), *used_by(name, files)])
    script = f"read_verilog -sv -I{RTL} {sources}{lanes}; synth -flatten -top {name}; check -assert; select -assert-none t:$_DLATCH_*; tee -o /dev/stdout stat"
    return ["yosys", "-q", "-p", script]


def run(command):
    start = time.monotonic()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr, time.monotonic() - start


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in ("lint", "yosys"):
        sys.exit(__doc__)
    tool, jobs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 1
    files = modules()
    if not files:
        sys.exit("rtl_tools: there are no modules under rtl/")
    chosen = [name for name in files if tool == "lint" or name not in simulation_models()]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        command = lint if tool == "lint" else yosys
        results = pool.map(lambda name: (name, run(command(name, files))), chosen)
        for name, (status, output, seconds) in results:
            cells = re.findall(r"Number of cells:\s+(\d+)", output)
            # A module of which nothing is left was not mapped, whatever the exit status says.
            ok = status == 0 and (tool == "lint" or (cells and int(cells[-1]) > 0))
            note = f"{int(cells[-1]):>7} cells" if cells else ""
            print(f"  {'ok' if ok else 'FAILED':<7}{name:<28}{note} {seconds:6.1f} s", flush=True)
            if not ok:
                failed += 1
                print(output)
    if tool == "yosys":
        for name in sorted(simulation_models()):
            print(f"  not mapped: {name} (listed as a simulation model)")
    print(f"  {len(chosen) - failed} of {len(chosen)} modules passed {tool}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
