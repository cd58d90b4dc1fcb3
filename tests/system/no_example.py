#!/usr/bin/python3
"""A rule is one folder: what runs every rule on its example says of one that has none what it leaves out, and does the rest.

usage: no_example.py TRIFACTOR

With the examples of one rule put away: identity.py, rule_mistakes.py and studies/precision.py. A line a check; exit
status 1 if one failed.
"""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "studies")]
import identity  # noqa: E402
import precision  # noqa: E402
import rule_mistakes  # noqa: E402
import study  # noqa: E402

RULE = "oja"
failures = 0


def expect(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'} {what}", flush=True)


def main_of(module, *words):
    """(exit status, standard output, standard error) of a script's main."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, [module.__name__, *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = module.main()
    finally:
        sys.argv = before
    return status, out.getvalue(), err.getvalue()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = pathlib.Path(sys.argv[1]).resolve()
    rules = {r["name"]: r for r in json.loads(subprocess.run([program, "list", "rules", "--json"], capture_output=True, check=True).stdout)}
    chip = [name for name, rule in rules.items() if rule["renderings"]["chip"]]
    with tempfile.TemporaryDirectory(prefix="trifactor-no-example-") as folder:
        folder = pathlib.Path(folder)
        examples = folder / "examples"
        examples.mkdir()
        for path in identity.EXAMPLES.glob("*.toml"):
            if f'rule = "{RULE}"' not in path.read_text():
                (examples / path.name).write_text(path.read_text())
        identity.EXAMPLES = study.EXAMPLES = examples

        status, out, _ = main_of(identity, program, "--small", "--rules", "--only", "systemc, 8 bits")
        lines = out.splitlines()
        expect(status == 0 and [line for line in lines if line.startswith(f"rule {RULE}: no example")], f"identity says that {RULE} has no example, and passes: {out[-300:] if status else ''}")
        expect(all(f"rule {name}: example" in out for name in chip if name != RULE) and lines[-1].startswith(f"{sum('identical' in line for line in lines)} passed, 0"),
               f"and compares the other {len(chip) - 1} rules: {lines[-1]}")
        status, _, err = main_of(identity, program, "--small", "--only", "nosuch")
        expect(status == 2 and "nosuch" in err and "systemc, 8 bits" in err, "a name that is no comparison's is refused with those there are")

        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            mistakes = rule_mistakes.Mistakes(program, folder)
            mistakes.silicon = chip
            layer = mistakes.network_of(rules[RULE], None)
            mistakes.network(rules[RULE], layer)
            mistakes.history(rules[RULE], layer)
            refused = mistakes.network_of(rules["reservoir"], None)
        expect(mistakes.failed == 0 and mistakes.passed >= 6 and f"{RULE}: no example" in out.getvalue(), f"mistakes with {RULE} are made in one layer: {mistakes.passed} answered. {out.getvalue() if mistakes.failed else ''}")
        expect(refused is None and "reservoir: no example in host/examples, and one layer does not take it" in out.getvalue(), "what one layer does not take is said")

        found = dict(precision.examples(study.Program(program)))
        expect(sorted(found) == sorted(chip) and [name for name in found if found[name] is None] == [RULE], "the precision study finds examples for the others")
        status, _, err = main_of(precision, "--program", program, "--rules", RULE, "-o", folder / "precision")
        expect(status == 2 and f"{RULE}: no example" in err and not (folder / "precision").exists(), "and says when nothing is left to run")
    print(f"{failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
