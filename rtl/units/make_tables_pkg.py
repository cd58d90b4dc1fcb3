#!/usr/bin/env python3
"""Writes tables_pkg.sv from tables.hpp, so that the hardware and the golden model read one set of numbers.

make_tables_pkg.py           writes the file beside this script
make_tables_pkg.py --check   writes nothing; fails when the file is not what would be written
"""
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORD_BITS = 18


def tables(text):
    for comment, name, body in re.findall(
            r"/// ([^\n]*)\ninline constexpr std::int32_t (\w+)_table\[\] = \{([^}]*)\}", text):
        yield name, comment, [int(word) for word in re.findall(r"-?\d+", body)]


def package(text):
    lines = ["// Generated from tables.hpp by make_tables_pkg.py; edit that file and run the script.",
             "// An index beyond a table reads 0: interpolation multiplies that entry by 0.",
             "package tables_pkg;"]
    for name, comment, words in tables(text):
        bits = (len(words) - 1).bit_length()
        if not all(0 <= word < 1 << WORD_BITS for word in words):
            sys.exit(f"{name}: an entry does not fit {WORD_BITS} bits")
        lines += ["", f"  // {comment}",
                  f"  function automatic logic [{WORD_BITS - 1}:0] {name}_entry(input logic [{bits - 1}:0] index);",
                  "    case (index)"]
        lines += [f"      {bits}'d{i}: {name}_entry = {WORD_BITS}'d{word};" for i, word in enumerate(words)]
        lines += [f"      default: {name}_entry = {WORD_BITS}'d0;", "    endcase", "  endfunction"]
    return "\n".join(lines + ["", "endpackage", ""])


def main():
    wanted = package((HERE / "tables.hpp").read_text())
    target = HERE / "tables_pkg.sv"
    if sys.argv[1:] == ["--check"]:
        if not target.exists() or target.read_text() != wanted:
            sys.exit(f"{target} is not what make_tables_pkg.py writes from tables.hpp")
    elif not sys.argv[1:]:
        fresh = target.with_suffix(".sv.new")
        fresh.write_text(wanted)
        os.replace(fresh, target)
    else:
        sys.exit(__doc__)


main()
