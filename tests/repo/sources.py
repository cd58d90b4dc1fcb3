"""Checks that read nothing but the sources."""

import pathlib
import re

from tree import CODE, CXX, Finding, first_comment, without_comments

LONGEST = 500  # lines a source file may have without saying why it has more

# Where the name of a rule may stand: a rule is one folder. Machine presets list the rules in their silicon, studies
# run examples.
RULE_NAMED_IN = ("host/examples/", "studies/", "compiler/machine_io/machines/", "tests/")
# Files with made-up runs for tests, which the naming of files does not show.
TEST_SUPPORT = ("host/report/sample_run.hpp",)


def is_test(path):
    name = pathlib.PurePosixPath(path).name
    stem = name.split(".")[0]
    return stem == "test" or stem.startswith("test_") or stem.endswith("_test") or "/test/" in path or path in TEST_SUPPORT


def rule_folders(tree):
    return sorted(str(pathlib.PurePosixPath(f).parent) for f in tree.files
                  if re.fullmatch(r"rtl/rules/[^/]+/descriptor\.cpp", f))


def check_rules(tree, build):
    """A rule is one folder: nothing outside names it, and its float reference includes nothing of golden."""
    findings = []
    folders = rule_folders(tree)
    if not folders:
        return [Finding("rtl/rules", 0, "no rule was found: this check looked at nothing")]
    names = {pathlib.PurePosixPath(folder).name: folder + "/" for folder in folders}
    word = re.compile(r"(?<![A-Za-z0-9])(?:make_)?(" + "|".join(map(re.escape, names)) + r")(?![A-Za-z0-9])")
    for path in tree.with_suffix(*CODE, ".toml", "CMakeLists.txt"):
        if is_test(path) or path.startswith(RULE_NAMED_IN):
            continue
        text = tree.text(path)
        if path.endswith(CXX + (".sv",)):
            text = without_comments(text)
        for number, line in enumerate(text.splitlines(), 1):
            for match in word.finditer(line):
                home = names[match.group(1)]
                if not path.startswith(home):
                    findings.append(Finding(path, number, f"names the rule {match.group(1)}; only {home}, examples, machine "
                                                          "presets, tests and text for people may"))
    for folder in folders:
        findings += reference_findings(tree, folder) + test_findings(tree, folder)
    return findings


def test_findings(tree, folder):
    """The build takes test*.cpp of a rule's folder for tests, and every other .cpp for the rule."""
    own = [path for path in tree.with_suffix(".cpp", below=folder + "/")]
    findings = [Finding(path, 0, "is compiled into the rule and never run; a test is called test.cpp or test_WHAT.cpp")
                for path in own if path.endswith("_test.cpp")]
    if not any(pathlib.PurePosixPath(path).name.startswith("test") for path in own):
        findings.append(Finding(folder, 0, "has no test: ask the rule something in test.cpp or test_WHAT.cpp"))
    return findings


def reference_findings(tree, folder):
    """Follows the includes of reference.cpp through its own folder and rtl/rules."""
    start = f"{folder}/reference.cpp"
    if not tree.exists(start):
        return [Finding(folder, 0, "has no reference.cpp: every rule has a float reference")]
    findings, waiting, seen = [], [start], {start}
    while waiting:
        path = waiting.pop()
        for number, line in tree.lines(path):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            name = match.group(1)
            base = pathlib.PurePosixPath(name).name
            if base.startswith("golden") or name.startswith(("rtl/units/", "rtl/core/")) or base == "rule.hpp":
                findings.append(Finding(path, number, f"{start} must share nothing with the golden model but includes {name}"))
            elif name.startswith("rtl/rules/") and tree.exists(name) and name not in seen:
                seen.add(name)
                waiting.append(name)
    return findings


def check_length(tree, build):
    """A source file over 500 lines says in its first comment why."""
    findings, seen = [], 0
    for path in tree.with_suffix(*CODE, "CMakeLists.txt") + (["dev"] if tree.exists("dev") else []):
        text = tree.text(path)
        count = len(text.splitlines())
        seen += 1
        if count > LONGEST:
            comment = first_comment(path, text)
            if not re.search(r"[Gg]enerated (from|by)|\b(long|one file|lines)\b.*\b(because|since|so that)\b|"
                             r"\b(because|since|so that)\b.*\b(long|one file|lines)\b", comment, flags=re.S):
                findings.append(Finding(path, 1, f"has {count} lines and its first comment does not say why it is one file: "
                                                 f"write it ('One file of N lines because ...') or split it below {LONGEST}"))
    if not seen:
        findings.append(Finding(".", 0, "no source was found: this check looked at nothing"))
    return findings


# -- README files ------------------------------------------------------------------------------------------------

# Names of files that a user makes or the program writes: not paths of the repository.
WRITTEN = re.compile(r"^(build|libexec)/|^\.\./")
PATH_ENDINGS = (".cpp", ".hpp", ".sv", ".py", ".cmake", ".md", ".in")
HAS_CODE = (".cpp", ".hpp", ".sv", ".py")


def alternatives(token):
    """a/{b,c}/d as a/b/d and a/c/d."""
    match = re.search(r"\{([^{}]*)\}", token)
    if not match:
        return [token]
    return [one for part in match.group(1).split(",")
            for one in alternatives(token[:match.start()] + part.strip() + token[match.end():])]


def names_in(text):
    """(line number, token, is_link) of everything in backticks or in a link that could be a path."""
    fence = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fence = not fence
            continue
        if fence:
            continue
        for token in re.findall(r"`([^`]+)`", line):
            yield number, token.strip(), False
        for token in re.findall(r"\]\(([^)\s]+)\)", line):
            if not re.match(r"[a-z]+:|#", token):
                yield number, token.split("#")[0], True


def missing_path(tree, folder, token, is_link):
    """Whether `token`, found in a README of `folder`, names a path of the repository that is not there."""
    token = re.sub(r":\d+$", "", token)
    if not re.fullmatch(r"[\w.*+-][\w./*+-]*", token) or WRITTEN.search(token):  # nor is /program a path of ours
        return False
    top = {f.split("/")[0] for f in tree.files}
    first = token.split("/")[0]
    here = (pathlib.PurePosixPath(folder) / token) if folder != "." else pathlib.PurePosixPath(token)
    if "/" in token:
        looks_like_path = is_link or first in top or tree.exists(str(pathlib.PurePosixPath(folder) / first)) \
            or token.endswith(PATH_ENDINGS)
    else:
        looks_like_path = is_link or token.endswith(PATH_ENDINGS)
    if not looks_like_path:
        return False
    for candidate in (token, str(here)):
        candidate = candidate.rstrip("/").removeprefix("./")
        if "*" in candidate:
            if any(pathlib.PurePosixPath(f).match(candidate) for f in tree.files) or any(tree.root.glob(candidate)):
                return False
        elif candidate and tree.exists(candidate):
            return False
    # A bare name may also stand for what every rule or unit has; an ending alone is not a name.
    if "/" not in token:
        return not token.startswith(".") and not any(pathlib.PurePosixPath(f).match(token) for f in tree.files)
    return True


def needs_readme(tree):
    """Folders with code, but for the parts of a unit or test folder, which the README above describes."""
    for folder in tree.folders():
        if re.fullmatch(r"rtl/units/[^/]+", folder) or folder.endswith("/test") or folder == ".":
            continue
        prefix = folder + "/"
        if any(f.startswith(prefix) and "/" not in f[len(prefix):] and f.endswith(HAS_CODE) for f in tree.files):
            yield folder


def check_readme(tree, build):
    """Every folder with code has a README.md, and what READMEs name is there."""
    findings = []
    wanted = set(needs_readme(tree)) | {folder.split("/")[0] for folder in needs_readme(tree)}
    for folder in sorted(wanted):
        if not tree.exists(f"{folder}/README.md"):
            findings.append(Finding(folder, 0, "has code and no README.md (purpose, may depend on, must not, why)"))
    if not tree.exists("README.md"):
        findings.append(Finding(".", 0, "there is no README.md"))
    for path in tree.with_suffix(".md"):
        folder = str(pathlib.PurePosixPath(path).parent)
        for number, token, is_link in names_in(tree.text(path)):
            for one in alternatives(token):
                if missing_path(tree, folder, one, is_link):
                    findings.append(Finding(path, number, f"names {one}, which is not there"))
    return findings


# -- words -------------------------------------------------------------------------------------------------------

# Written in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK|W" r"IP)\b|\b(st" r"ub|st" r"ubbed|place" r"holder for now)\b")
OUTSIDE = re.compile(
    r"\bissue[s]? (show|#?\d)|\bin (this|the last|an earlier|a later|the next) sess" r"ion\b|\bwork sess" r"ion\b|"
    r"\b(the|this) br" r"ief\b|\bsub-?ag" r"ent|\bAI assis" r"tant|\blanguage mod" r"el\b|\bCla" r"ude\b|\bChat" r"GPT\b|\bCopi" r"lot\b|"
    r"(?<![\w.])/wo" r"rk/|/ho" r"me/\w|/ro" r"ot/|\.\./sha" r"red|\bsha" r"red/(papers|design|technology|tools|anchors)", re.I)


def check_words(tree, build):
    """Nothing is left unfinished, and nothing speaks of how or where the project was made."""
    findings = []
    outside_in_dev = 0
    for path in tree.files:
        if not path.endswith(CODE + (".md", ".txt", ".toml", ".json", ".yml", ".yaml", ".html")) and \
                path not in ("dev", ".ci/run", ".gitignore"):
            continue
        for number, line in tree.lines(path):
            match = UNFINISHED.search(line)
            if match:
                findings.append(Finding(path, number, f"'{match.group(0)}': finish it or leave it out"))
            match = OUTSIDE.search(line)
            if match:
                # The launcher may look once for data beside the repository.
                if path == "dev" and ".." + "/sha" + "red/data" in line and outside_in_dev == 0:
                    outside_in_dev = 1
                    continue
                findings.append(Finding(path, number, f"'{match.group(0)}': the project speaks of itself alone"))
    return findings


# -- SystemVerilog and codes -------------------------------------------------------------------------------------


def check_systemverilog(tree, build):
    """A .sv file holds one module or package, of the file's name."""
    findings = []
    files = tree.with_suffix(".sv")
    if not files:
        return [Finding(".", 0, "no .sv file was found: this check looked at nothing")]
    for path in files:
        stem = pathlib.PurePosixPath(path).stem
        declared = [(text.count("\n", 0, match.start()) + 1, match.group(1))
                    for text in [without_comments(tree.text(path))]
                    for match in re.finditer(r"^[ \t]*(?:module|package|interface)\s+(?:automatic\s+)?(\w+)", text, flags=re.M)]
        if [name for _, name in declared] != [stem]:
            names = ", ".join(name for _, name in declared) or "nothing"
            findings.append(Finding(path, declared[0][0] if declared else 1,
                                    f"declares {names}; a file declares one module, named {stem}"))
    return findings


def check_codes(tree, build):
    """Every error code belongs to a family that `trifactor explain` knows."""
    table = "host/cli/codes.cpp"
    if not tree.exists(table):
        return [Finding(table, 0, "the table of error codes is not there")]
    families = set(re.findall(r'\{\s*"(TF-[A-Z]+)"', tree.text(table)))
    findings, seen = [], 0
    if not families:
        findings.append(Finding(table, 0, "no family was found: this check looked at nothing"))
    for path in tree.with_suffix(*CXX):
        if path == table or path.startswith("tests/"):
            continue
        for number, line in tree.lines(path):
            for code in re.findall(r"\bTF-[A-Z]+", line):
                seen += 1
                if code not in families and not is_test(path):
                    findings.append(Finding(path, number, f"{code} has no family in {table}"))
    if not seen:
        findings.append(Finding(".", 0, "no error code was found: this check looked at nothing"))
    return findings
