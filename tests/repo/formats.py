"""Does the description of the layout file name the fields that the headers write, in their order?"""

import re

from tree import Finding, without_comments

DOCUMENT = "runtime/layout/FORMAT.md"
HEADERS = ("runtime/layout/program.hpp", "rtl/spec/image.hpp", "rtl/spec/schedule.hpp")
UNSTORED = {"BlockWeights"}  # travels in frames, not in layouts


def written_fields(text):
    """Structure -> names in the order of its visit(v, s)."""
    found = {}
    for match in re.finditer(r"void visit\(V& v, (\w+)& (\w+)\) \{(.*?)\n\s*\}", without_comments(text), flags=re.S):
        name, variable, body = match.groups()
        fields = [field for call in re.findall(r"\bv\((.*?)\);", body, flags=re.S)
                  for field in re.findall(rf"\b{variable}\.([\w.]+)", call)]
        if fields:
            found[name] = fields
    return found


def described(text):
    """Structure -> its paragraph."""
    return {match.group(1): match.group(2) for match in re.finditer(r"^\*\*(\w+)\*\*(.*?)(?=\n\n|\Z)", text, flags=re.S | re.M)}


def machine_keys(text):
    body = re.search(r"void visit_machine\(.*?\n\}", text, flags=re.S)
    return re.findall(r'visit\("([\w.]+)"', body.group(0)) if body else []


def check_format(tree, build):
    """FORMAT.md describes every field of a layout, in the order in which it is written."""
    if not tree.exists(DOCUMENT):
        return [Finding(DOCUMENT, 0, "is not there")]
    paragraphs = described(tree.text(DOCUMENT))
    fields = {}
    for header in HEADERS:
        if tree.exists(header):
            fields.update(written_fields(tree.text(header)))
    if tree.exists("rtl/spec/machine.hpp"):
        fields["Machine"] = fields.get("Machine", []) + machine_keys(tree.text("rtl/spec/machine.hpp"))
    if not fields:
        return [Finding(DOCUMENT, 0, "no structure was found in the headers: this check looked at nothing")]
    findings = []
    for name, names in sorted(fields.items()):
        if name in UNSTORED:
            continue
        if name not in paragraphs:
            findings.append(Finding(DOCUMENT, 0, f"does not describe {name}"))
            continue
        rest = paragraphs[name]
        for field in names:
            match = re.search(rf"(?<![\w.]){re.escape(field)}(?![\w.]*\w)", rest)
            if not match:
                findings.append(Finding(DOCUMENT, 0, f"{name}: {field} is missing, or not where it is written "
                                                     "(raise layout_version when a field list changes)"))
                break
            rest = rest[match.end():]
    for name in sorted(set(paragraphs) - set(fields)):
        findings.append(Finding(DOCUMENT, 0, f"describes {name}, which no header writes"))
    return findings
