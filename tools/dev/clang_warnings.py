#!/usr/bin/python3
"""Reads every source of the product with clang 14, all warnings as errors, without making code.

usage: clang_warnings.py BUILD [JOBS]

BUILD is a configured build folder; its compile_commands.json says how each file is compiled. Test programs are left
to g++, which compiles them with the same warnings. Exit status 1 if clang reports anything.
"""

import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# g++ only; and Verilated models of the release build are compiled for this machine.
NOT_FOR_CLANG = ("-Wno-restrict",)


def is_test(path):
    return bool(re.search(r"(^|/)tests?(/|\.cpp$)|(^|/)test_[^/]*$|_test\.cpp$|catch_main", str(path)))


def commands(build):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT) or path.is_relative_to(ROOT / "build") or path.is_relative_to(build):
            continue
        if is_test(path.relative_to(ROOT)) or path.suffix != ".cpp":
            continue
        words = shlex.split(entry["command"])
        while not re.search(r"(^|/)(c\+\+|g\+\+|clang\+\+)[-\d.]*$", words[0]):
            words.pop(0)  # ccache
        kept, skip = [], False
        for word in words[1:]:
            if skip:
                skip = False
            elif word in ("-o", "-MF", "-MT"):
                skip = True
            elif word not in ("-c", "-MD", *NOT_FOR_CLANG):
                kept.append(word)
        yield path.relative_to(ROOT), entry["directory"], ["clang++-14", "-fsyntax-only", *kept]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    jobs = int(sys.argv[2]) if len(sys.argv) == 3 else 1
    todo = {str(path): (folder, command) for path, folder, command in commands(build)}  # each file once
    if not todo:
        sys.exit(f"clang_warnings: {build} compiles no source of this repository")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        def read(item):
            return item[0], subprocess.run(item[1][1], cwd=item[1][0], capture_output=True, text=True)
        for path, done in pool.map(read, sorted(todo.items())):
            if done.returncode or done.stderr.strip():
                failed += 1
                print(f"{path}:\n{done.stderr}", flush=True)
    print(f"  clang 14: {len(todo) - failed} of {len(todo)} files without a warning")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
