#!/usr/bin/python3
"""Is a change of the SystemVerilog noticed? Mutates each .sv of rtl/ in a copy of the tree.

usage: mutants.py [--per-file N] [--only TEXT] [--list] [--jobs N] [--copy FOLDER] [--target T] [--command C]

One operator or constant of a file is changed at a time, the Verilated models are built again, and `trifactor verify`
must fail; when it does not, the small identity run must. Which change: the candidates of a file in an order drawn from
its name, so that every run makes the same ones and no part of a file is favoured. A change that Verilator or the C++
compiler refuses is passed over for the next, as are those that equivalent_mutants.txt lists with a reason. First the
unchanged copy has to pass, so that a failure means something. A line a mutant; exit status 1 if one survived, if a
file gave no mutant, or if the unchanged copy fails.
"""

import argparse
import dataclasses
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/repo"))
from tree import without_comments  # noqa: E402

# `<=` is left alone: it is mostly an assignment.
OPERATORS = {"+": "-", "-": "+", ">>>": ">>", ">>": "<<", "<<": ">>", "<": "<=", ">": ">=", ">=": ">", "==": "!=",
             "!=": "==", "&": "|", "|": "&", "&&": "||", "||": "&&", "^": "|"}
SKIPPED_LINES = re.compile(r"^\s*(import|`|(in|out)put\b|parameter\b|localparam\b|typedef\b|(module|package|function|end\w*)\b"
                           r"|logic\b[^=]*;|assert\b|cover\b|for\b|([A-Z]\w* = \d+'d\d+,? *)+(}.*)?$)")
OPERATOR = re.compile(r"(?<= )(>>>|<<<|<<|>>|>=|<=|==|!=|&&|\|\||[-+<>&|^])(?= )")
CONDITION = re.compile(r"\bif \((\w+)\)")
CONSTANT = re.compile(r"\b(\d+)'(s?)([dhb])([0-9a-fA-F_]+)\b")
BUILD_SECONDS, RUN_SECONDS = 3600, 1800


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str
    line: int  # from 1
    before: str
    after: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.before.strip()}  ->  {self.after.strip()}"

    def key(self):
        return tuple(re.sub(r"\s+", " ", part.strip()) for part in (self.path, self.before, self.after))


def changed_constant(match):
    """The constant with its lowest bit turned over: 16'd4 -> 16'd5."""
    width, sign, base, digits = match.groups()
    radix = {"d": 10, "h": 16, "b": 2}[base]
    value = int(digits.replace("_", ""), radix) ^ 1
    text = {"d": f"{value:d}", "h": f"{value:x}", "b": f"{value:b}"}[base]
    return f"{width}'{sign}{base}{text}"


def mutants_of(path, text):
    code = without_comments(text).splitlines()
    found = []
    for number, (line, bare) in enumerate(zip(text.splitlines(), code), 1):
        if SKIPPED_LINES.match(bare) or not bare.strip():
            continue
        # An index or range says where something lies; changing it mostly breaks the build.
        inside = [False] * len(bare)
        depth = 0
        for i, char in enumerate(bare):
            depth += char == "["
            inside[i] = depth > 0
            depth -= char == "]"
        for match in OPERATOR.finditer(bare):
            other = OPERATORS.get(match.group(1))
            if other and not inside[match.start()]:
                found.append(Mutant(path, number, line, line[:match.start()] + other + line[match.end():]))
        for match in CONDITION.finditer(bare):
            found.append(Mutant(path, number, line, line[:match.start(1)] + "!" + line[match.start(1):]))
        for match in CONSTANT.finditer(bare):
            # The label of a case chooses a branch; the value behind it is what counts.
            if not inside[match.start()] and not re.match(r"\s*:(?!:)|\?", bare[match.end():]):
                found.append(Mutant(path, number, line, line[:match.start()] + changed_constant(match) + line[match.end():]))
    random.Random(path).shuffle(found)
    return found


def equivalents():
    known = set()
    for line in (ROOT / "tools/dev/equivalent_mutants.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            parts = [re.sub(r"\s+", " ", part.strip()) for part in line.split(" | ")]
            if len(parts) != 4 or not parts[3]:
                sys.exit(f"mutants: equivalent_mutants.txt: four parts are needed: {line}")
            known.add(tuple(parts[:3]))
    return known


def run(command, folder, seconds):
    """(status, output); a run that hangs has noticed something: status 124."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, errors="replace")
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return 124, "it did not end in time"


class Copy:
    """A copy of the tree with a build folder of its own."""

    def __init__(self, folder, options):
        self.folder = folder
        self.options = options

    def prepare(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = set()
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [name for name in folders if name not in ("build", ".git", "__pycache__")]
            wanted |= {(pathlib.Path(folder) / name).relative_to(ROOT) for name in names}
        # What was built before is built again only where it changed, so a file that is equal keeps its age.
        for path in wanted:
            copy = self.folder / path
            if not copy.exists() or copy.read_bytes() != (ROOT / path).read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes((ROOT / path).read_bytes())
        for path in self.folder.rglob("*"):
            inside = path.relative_to(self.folder)
            if inside.parts[0] != "build" and path.is_file() and inside not in wanted:
                path.unlink()
        status, output = run(["cmake", "--preset", "release"], self.folder, BUILD_SECONDS)
        return output if status else None

    def build(self):
        return run(["cmake", "--build", "build/release", "-j", str(self.options.jobs), "--target", self.options.target],
                   self.folder, BUILD_SECONDS)

    def notices(self):
        """(who noticed or None, output) of the program as it is built now."""
        status, output = run(shlex.split(self.options.command), self.folder, RUN_SECONDS)
        if status:
            return "verify", output
        if (self.folder / "tests/system/identity.py").exists() and not self.options.no_identity:
            status, output = run(["/usr/bin/python3", "tests/system/identity.py", "build/release/bin/trifactor", "--small"], self.folder, RUN_SECONDS)
            if status:
                return "identity", output
        return None, output

    def write(self, path, text):
        (self.folder / path).write_text(text)


def try_file(copy, path, wanted, known):
    """Returns (killed, survived, passed over) for one file."""
    text = (ROOT / path).read_text()
    lines = text.splitlines()
    killed = survived = refused = 0
    for mutant in mutants_of(path, text):
        if killed + survived >= wanted:
            break
        if mutant.key() in known:
            refused += 1
            continue
        start = time.monotonic()
        changed = lines[:mutant.line - 1] + [mutant.after] + lines[mutant.line:]
        copy.write(path, "\n".join(changed) + "\n")
        status, _ = copy.build()
        who = None
        if status == 0:
            who, _ = copy.notices()
        seconds = time.monotonic() - start
        if status:
            refused += 1
            print(f"  refused   {mutant} (does not build)", flush=True)
        elif who:
            killed += 1
            print(f"  noticed   {mutant} ({who}, {seconds:.0f} s)", flush=True)
        else:
            survived += 1
            print(f"  SURVIVED  {mutant} ({seconds:.0f} s)", flush=True)
    copy.write(path, text)
    if not killed + survived:
        print(f"  NO MUTANT {path}: none of its changes could be built", flush=True)
    return killed, survived, refused


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-file", type=int, default=1)
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--list", action="store_true", help="print every candidate and stop")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--copy", type=pathlib.Path, default=ROOT / "build/mutants")
    parser.add_argument("--target", default="all")
    parser.add_argument("--command", default="build/release/bin/trifactor verify")
    parser.add_argument("--no-identity", action="store_true", help="only the command has to notice")
    options = parser.parse_args()

    files = [str(p.relative_to(ROOT)) for p in sorted((ROOT / "rtl").rglob("*.sv")) if options.only in str(p)]
    if not files:
        sys.exit("mutants: no file of that name")
    known = equivalents()
    if options.list:
        for path in files:
            candidates = mutants_of(path, (ROOT / path).read_text())
            print(f"{path}: {len(candidates)} candidates")
            for mutant in candidates[:options.per_file]:
                print(f"  {mutant}{'  (equivalent)' if mutant.key() in known else ''}")
        return 0

    copy = Copy(options.copy.resolve(), options)
    mistake = copy.prepare()
    status, output = (1, mistake) if mistake else copy.build()
    if status:
        print(output)
        sys.exit("mutants: the unchanged copy does not build")
    who, output = copy.notices()
    if who:
        print(output)
        sys.exit(f"mutants: {who} fails on the unchanged copy, so it would prove nothing")
    print(f"  unchanged copy passes; {len(files)} files", flush=True)
    killed = survived = refused = empty = 0
    for path in files:
        if not mutants_of(path, (ROOT / path).read_text()):
            print(f"  nothing   {path} only joins other modules: there is no operator or constant in it", flush=True)
            continue
        k, s, r = try_file(copy, path, options.per_file, known)
        killed, survived, refused = killed + k, survived + s, refused + r
        empty += not k + s
    print(f"mutants: {killed} noticed, {survived} survived, {refused} passed over, {empty} files without a mutant")
    return 1 if survived or empty else 0


if __name__ == "__main__":
    sys.exit(main())
