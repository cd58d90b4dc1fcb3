"""The files of a repository as the checks see them: text with line numbers, without what is built or hidden."""

import dataclasses
import os
import pathlib
import re

HIDDEN_BUT_OURS = {".ci", ".clang-format", ".gitignore"}
NOT_OURS = {"build", "__pycache__"}
CODE = (".cpp", ".hpp", ".h", ".in", ".sv", ".py", ".cmake", ".sh")
CXX = (".cpp", ".hpp", ".h", ".in")


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """Something that breaks a rule. `line` is 0 where a whole file or folder is meant."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.files = []
        for folder, below, names in os.walk(self.root):
            below[:] = sorted(d for d in below if d not in NOT_OURS and (not d.startswith(".") or d in HIDDEN_BUT_OURS))
            for name in sorted(names):
                if name.startswith(".") and name not in HIDDEN_BUT_OURS:
                    continue
                if name.endswith((".tmp", ".pyc")):
                    continue
                self.files.append(str((pathlib.Path(folder) / name).relative_to(self.root)))

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        """(number from 1, line) pairs."""
        return enumerate(self.text(path).splitlines(), 1)

    def with_suffix(self, *suffixes, below=""):
        return [f for f in self.files if f.endswith(suffixes) and f.startswith(below)]

    def exists(self, path):
        return (self.root / path).exists()

    def folders(self):
        return sorted({str(pathlib.PurePosixPath(f).parent) for f in self.files})


def without_comments(text):
    """C++, SystemVerilog text with comments blanked out; strings stay, lines keep their numbers."""

    def blank(match):
        part = match.group(0)
        if part.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", part)
        return part

    pattern = r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/'
    return re.sub(pattern, blank, text, flags=re.S)


def first_comment(path, text):
    """The comment a file begins with, after a line `#!...` and empty lines; empty if it begins with code."""
    if text.startswith("#!"):
        text = text.partition("\n")[2]
    text = text.lstrip()
    if path.endswith(".py"):
        match = re.match(r'"""(.*?)"""', text, flags=re.S)
        if match:
            return match.group(1)
    for pattern in (r"(?://[^\n]*\n?)+", r"/\*.*?\*/", r"(?:#(?!\s*(?:include|pragma|if))[^\n]*\n?)+"):
        match = re.match(pattern, text, flags=re.S)
        if match:
            return match.group(0)
    return ""
