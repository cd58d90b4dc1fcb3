"""The table of folders: who may use whom, in #include lines and in the links of CMake targets.

rtl knows nothing; runtime knows the specification; the compiler writes layouts and may read all of rtl; sysc models
the hardware and knows frames, never layouts; sim runs models behind the device interface; host composes everything.
Inside rtl and runtime the order is fixed as well, lowest first.
"""

import pathlib
import re

from tree import CXX, Finding, without_comments

# folder: what it may use, besides itself. The longest matching folder counts.
MAY_USE = {
    "rtl/spec": [],
    "rtl/units": ["rtl/spec"],
    "rtl/rules": ["rtl/spec", "rtl/units"],
    "rtl/core": ["rtl/spec", "rtl/units", "rtl/rules"],
    "runtime/wire": ["rtl/spec"],
    "runtime/device": ["rtl/spec", "runtime/wire"],
    "runtime/layout": ["rtl/spec"],
    "runtime/session": ["rtl/spec", "runtime/wire", "runtime/device", "runtime/layout"],
    "compiler": ["rtl", "runtime/layout", "runtime/wire"],
    "sysc": ["rtl", "runtime/wire"],
    "sim": ["rtl", "sysc", "runtime/wire", "runtime/device"],
    "host": ["rtl", "runtime", "compiler", "sysc", "sim"],
    "tests": ["rtl", "runtime", "compiler", "sysc", "sim", "host"],
}
TOP = sorted({folder.split("/")[0] for folder in MAY_USE})

# Libraries a folder must not see, by name as it stands in an #include or in a link.
SYSTEMC = r"^systemc|^tlm|PkgConfig::SYSTEMC|^trifactor_systemc$"
VERILATED = r"^V[a-z]\w*\.h$|^verilated|^trifactor_rtl_|^trifactor_verilat"
TEXT_FORMATS = r"toml|nlohmann|yaml"
FILE_FORMATS = r"hdf5|H5public|PkgConfig::(HDF5|ZIP)|^zip\.h$"
NEVER_SEES = {
    "rtl": [SYSTEMC, VERILATED, TEXT_FORMATS, FILE_FORMATS],
    "runtime": [SYSTEMC, VERILATED, TEXT_FORMATS, r"^Eigen"],
    "compiler": [SYSTEMC, VERILATED],
    "sysc": [VERILATED, TEXT_FORMATS, FILE_FORMATS],
    "sim": [TEXT_FORMATS, FILE_FORMATS],
}


def is_below(path, folder):
    return path == folder or path.startswith(folder + "/")


def rule_of(path):
    """The entry of MAY_USE for a file or folder, or None outside the table."""
    matching = [folder for folder in MAY_USE if is_below(path, folder)]
    return max(matching, key=len) if matching else None


def mistake(source, target):
    """Why `source` (path) must not use `target` (path), or None."""
    own = rule_of(source)
    if own is None or own == "tests" or is_below(target, own):
        return None
    if is_below(target, "tests/support") and "test" in pathlib.PurePosixPath(source).stem.split("_"):
        return None  # what tests share is there for every test, wherever it stands
    if any(is_below(target, folder) for folder in MAY_USE[own]):
        return None
    allowed = ", ".join(MAY_USE[own]) or "nothing else"
    return f"{own} must not use {rule_of(target) or target} ({target}); it may use: {allowed}"


def forbidden_library(source, name):
    for pattern in NEVER_SEES.get(source.split("/")[0], []):
        if re.search(pattern, name):
            return f"{source.split('/')[0]} must never see {name}"
    return None


def check_folders(tree, build):
    """#include lines keep to the table of folders."""
    findings, seen = [], 0
    for path in tree.with_suffix(*CXX):
        if path.split("/")[0] not in TOP:
            continue
        for number, line in enumerate(without_comments(tree.text(path)).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', line)
            if not match:
                continue
            seen += 1
            own, library = match.group(1), match.group(2)
            text = None
            if own:
                if own.split("/")[0] in TOP:
                    text = mistake(path, str(pathlib.PurePosixPath(own).parent))
                    if text is None and not tree.exists(own):
                        text = f"there is no {own}"
                elif tree.exists(str(pathlib.PurePosixPath(path).parent / own)):
                    text = f'spell includes from the repository root, not "{own}"'
                else:
                    library = own  # a generated header, a Verilated model
            if library:
                text = forbidden_library(path, library)
            if text:
                findings.append(Finding(path, number, text))
    if not seen:
        findings.append(Finding(".", 0, "no #include was found: this check looked at nothing"))
    return findings


def read_links(build):
    """(folder, target, linked) from the file that tests/repo/CMakeLists.txt writes when CMake configures."""
    path = pathlib.Path(build) / "target_links.txt" if build else None
    if path is None or not path.exists():
        return None
    return [tuple(line.split("|")) for line in path.read_text().splitlines() if line.count("|") == 2]


def home_of(tree, folder, target):
    """The folder of a target; one of headers alone may be declared in the folder above: runtime has trifactor_wire."""
    below = f"{folder}/{target.removeprefix('trifactor_')}"
    return below if folder and tree.exists(below) else folder


def line_of_link(tree, folder, target, linked):
    """Where a CMakeLists.txt links `target` to `linked`: (path, line)."""
    path = f"{folder}/CMakeLists.txt" if folder else "CMakeLists.txt"
    if not tree.exists(path):
        return path, 0
    inside = False
    best = 0
    for number, line in tree.lines(path):
        if re.search(rf"(target_link_libraries|trifactor_test|add_library|add_executable)\s*\(.*\b{re.escape(target)}\b", line):
            inside = True
        if inside and re.search(rf"(?<![\w:]){re.escape(linked)}(?![\w:])", line):
            best = number
            break
        if inside and ")" in line:
            inside = False
    return path, best


def check_links(tree, build):
    """Links between CMake targets keep to the table of folders."""
    links = read_links(build)
    if links is None:
        return [Finding(".", 0, "there is no target_links.txt in the build folder: configure with CMake first")]
    home = {target: home_of(tree, folder, target) for folder, target, _ in links}
    findings = []
    seen = 0
    for folder, target, linked in links:
        if not linked or not folder or folder.split("/")[0] not in TOP:
            continue
        seen += 1
        if linked in home:
            text = mistake(home[target], home[linked]) if home[linked] else None
            text = text or forbidden_library(folder, linked)
        else:
            text = forbidden_library(folder, linked)
        if text:
            path, number = line_of_link(tree, folder, target, linked)
            findings.append(Finding(path, number, f"{target} -> {linked}: {text}"))
    if not seen:
        findings.append(Finding(".", 0, "no links were found: this check looked at nothing"))
    return findings
