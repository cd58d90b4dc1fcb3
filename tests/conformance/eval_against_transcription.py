#!/usr/bin/python3
"""Compares `trifactor eval` with the numpy transcriptions of the equations.

usage: eval_against_transcription.py PATH_TO_TRIFACTOR [--only TEXT] [--seeds N] [--keep FOLDER] [--all]

For each rule, mode and variant, random cases are written to IN.npz, given to the program, and every
array of the transcription is looked for in OUT.npz; the first cases hold arrays that no rule reads, which the
program has to say. A missing array, another shape or type, a NaN,
or a difference above 1e-9 (1 + largest magnitude of the array) fails the case. Further arrays in
OUT.npz are allowed. A rule that `trifactor list rules` does not name is reported as `missing RULE`, which
is a failure with --all. Prints one line per rule/mode/variant and, last, `N passed, M failed` (cases).
Exit status 1 if any case failed, 2 for a wrong call.
"""

import argparse
import os
import sys
import zlib

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import eval_cases  # noqa: E402
import eval_program  # noqa: E402

# An array whose values never leave the absolute tolerance far behind would be compared in vain.
LEAST_MAGNITUDE = 1e-3
DEFAULT_SEEDS = 5


class Tally:
    """What the cases of one line showed, of the program and of themselves."""

    def __init__(self):
        self.cases = 0
        self.arrays = 0
        self.failed = 0
        self.largest = 0.0
        self.magnitudes = {}
        self.hits = set()

    def expect(self, line, params, arrays, expected):
        for name, value in expected.items():
            self.magnitudes[name] = max(self.magnitudes.get(name, 0.0), float(np.max(np.abs(value))))
        if line.hits:
            self.hits |= line.hits(params, arrays, expected)

    def compare(self, expected, found):
        complaints = []
        for name, value in expected.items():
            scaled, complaint = eval_program.compare_array(name, value, found.get(name))
            self.arrays += 1
            self.largest = max(self.largest, scaled)
            if complaint:
                complaints.append(complaint)
        return complaints

    def check_cases(self, line):
        """Were the cases able to notice anything? If not, this script is wrong, whatever the program says."""
        for name, magnitude in self.magnitudes.items():
            assert magnitude > LEAST_MAGNITUDE, f"{line.name}: no case has a {name} above {LEAST_MAGNITUDE}"
        assert self.hits >= line.required, f"{line.name}: no case met {sorted(line.required - self.hits)}"


def run_line(program, line, declared, seeds, keep):
    tally = Tally()
    for stream in line.streams:
        for seed in range(seeds):
            rng = np.random.default_rng(zlib.crc32(f"{line.name}/{stream}/{seed}".encode()))
            params, arrays = line.draw(rng, stream, seed)
            expected = line.function(params, arrays)
            tally.expect(line, params, arrays, expected)
            passed = {name: value for name, value in params.items()
                      if name in declared or name not in line.optional}

            case = f"{line.name.replace(' ', '-')}-{stream}-{seed}"
            folder = None
            if keep:
                folder = os.path.join(keep, case)
                os.makedirs(folder, exist_ok=True)
            unread = {"x_nett": np.ones(3), "zz": np.ones((2, 2))} if seed == 0 else {}
            found, complaint, typed = eval_program.run_program(program, line.rule, line.mode, passed,
                                                               {**arrays, **unread}, folder, unread)
            complaints = [complaint] if complaint else tally.compare(expected, found)
            tally.cases += 1
            if complaints:
                tally.failed += 1
                shapes = {name: array.shape for name, array in arrays.items()}
                print(f"FAILED {case} {shapes}\n  {typed}")
                for complaint in complaints:
                    print(f"  {complaint}")
    if seeds >= DEFAULT_SEEDS:                   # fewer are for a quick look
        tally.check_cases(line)
    print(f"{line.name}: {tally.cases} cases, {tally.arrays} arrays compared, largest difference"
          f" {tally.largest:.2g}" + (f", {tally.failed} FAILED" if tally.failed else ""), flush=True)
    return tally.cases - tally.failed, tally.failed


def main():
    parser = argparse.ArgumentParser(description="Compare `trifactor eval` with the transcribed equations.")
    parser.add_argument("program", help="path of the trifactor program")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the lines whose name contains TEXT")
    parser.add_argument("--seeds", type=int, default=DEFAULT_SEEDS, metavar="N",
                        help=f"cases per kind of stream (default {DEFAULT_SEEDS})")
    parser.add_argument("--keep", metavar="FOLDER", help="keep IN.npz and OUT.npz of every case in FOLDER")
    parser.add_argument("--all", action="store_true", help="a rule the program does not list is a failure")
    args = parser.parse_args()
    program = eval_program.executable(parser, args.program)
    if args.seeds < 3:
        parser.error("--seeds must be at least 3 (the first is always T = 2, the second a special shape)")
    lines = [line for line in eval_cases.make_lines() if args.only in line.name]
    if not lines:
        parser.error(f"no line's name contains {args.only!r}")
    listed = eval_program.listed_rules(program)
    passed = failed = 0
    for rule in dict.fromkeys(line.rule for line in lines):
        if rule not in listed:
            print(f"missing {rule}")
            failed += 1 if args.all else 0
    for line in lines:
        if line.rule in listed:
            line_passed, line_failed = run_line(program, line, listed[line.rule], args.seeds, args.keep)
            passed += line_passed
            failed += line_failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
