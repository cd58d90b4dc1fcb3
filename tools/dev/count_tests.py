#!/usr/bin/python3
"""Counts the results in a JUnit file of ctest and prints `N passed, M failed[, K skipped]`.

usage: count_tests.py FILE

A test that could not be started, or whose fixture failed, counts as failed; only tests that said themselves that
they skip, and disabled ones, count as skipped. Exit status 1 if any failed or if none passed.
"""

import sys
import xml.etree.ElementTree


def count(path):
    passed = failed = skipped = 0
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        status = case.get("status")
        reason = case.find("skipped")
        said_so = reason is not None and reason.get("message", "").startswith("SKIP_")
        if status == "run":
            passed += 1
        elif status == "disabled" or (status == "notrun" and said_so):
            skipped += 1
        else:
            failed += 1
    return passed, failed, skipped


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        passed, failed, skipped = count(sys.argv[1])
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        print(f"count_tests: {error}", file=sys.stderr)
        passed, failed, skipped = 0, 1, 0
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
