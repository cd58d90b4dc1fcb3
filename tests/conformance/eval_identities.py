#!/usr/bin/python3
"""Identities of the papers, checked on what `trifactor eval` writes: no equation is computed twice here,
the program is held against itself, against numerical derivatives of its own loss, and against closed forms.

usage: eval_identities.py PATH_TO_TRIFACTOR [--only TEXT] [--all]

An identity of a rule that `trifactor list rules` does not name is not checked; `missing RULE` says so and
is a failure with --all. Prints one line per identity and, last, `N passed, M failed`. Exit status 1 if any
failed, 2 for a wrong call.
"""

import argparse
import sys
import traceback

import numpy as np

sys.dont_write_bytecode = True
import eval_program  # noqa: E402
import identities_local  # noqa: E402
import identities_phsic  # noqa: E402
from identity_bench import (  # noqa: E402
    IDENTITIES, Bench, alive, identity, rng_of, same, taught, unsupervised)


# ---------------------------------------------------------------------------------------------
# Read-out, Oja
# ---------------------------------------------------------------------------------------------

@identity("readout")
def readout_descends_cross_entropy(bench):
    arrays = taught("entropy", n_out=3)
    params = dict(error="softmax", eta=0.5, classes=3)

    def loss(w):
        z = bench.run("readout", "batch", params, **dict(arrays, w=w))["z"]
        return -np.mean(np.log(z[np.arange(12), arrays["labels"]]))

    out = bench.run("readout", "batch", params, **arrays)
    direction = rng_of("entropy direction").standard_normal((3, 5)) * 1e-4
    change = (loss(arrays["w"] + direction) - loss(arrays["w"] - direction)) / 2
    assert abs(change + np.sum(out["dw"] * direction) / 0.5) <= 1e-7 * np.linalg.norm(direction)
    alive("change", change, 1e-7)
    same("sum of delta", np.sum(out["delta"], axis=1) + 1, np.ones(12))
    for error in ("softmax", "linear", "hinge"):
        online = bench.run("readout", "online", dict(params, error=error), **arrays)
        batch = bench.run("readout", "batch", dict(params, error=error), **arrays)
        same("mean over the batch", np.mean(online["dw"], axis=0), batch["dw"])


@identity("oja")
def oja_weights_go_to_the_circle(bench):
    """<w, dw> = eta y^2 (1 - |w|^2); the sign of an input does not matter."""
    arrays = unsupervised("circle")
    out = bench.run("oja", "online", dict(eta=0.3), **arrays)
    length = np.sum(arrays["w"] ** 2, axis=1)
    same("<w, dw>", np.sum(arrays["w"] * out["dw"], axis=2), 0.3 * out["z"] ** 2 * (1 - length))
    mirrored = bench.run("oja", "online", dict(eta=0.3), x=-arrays["x"], w=arrays["w"])
    same("dw of -x", out["dw"], mirrored["dw"])


@identity("oja", "competing")
def oja_is_a_competing_winner(bench):
    """With p = 2 and g = I, rule (2) of competing units is Oja's."""
    arrays = unsupervised("winner")
    oja = bench.run("oja", "online", dict(eta=0.3), **arrays)
    params = dict(p=2.0, k=2, delta=0.4, eta=0.3, normalise="none")
    competing = bench.run("competing", "online", params, **arrays)
    same("current", oja["z"], competing["current"])
    for t in range(9):
        unit = int(competing["winner"][t])
        same("dw", oja["dw"][t, unit], competing["current"][t, unit] * competing["dw"][t, unit])


# ---------------------------------------------------------------------------------------------
# Every online rule
# ---------------------------------------------------------------------------------------------

ONLINE = (
    ("phsic_gaussian", dict(identities_phsic.PLAIN, variant=19)),
    ("phsic_gaussian", dict(identities_phsic.PLAIN, variant=20, beta_mu=0.8)),
    ("phsic_gaussian", dict(identities_phsic.GROUPED, variant=21, beta_mu=0.8)),
    ("phsic_gaussian", dict(identities_phsic.GROUPED, partners=3)),
    ("hsic_memory", identities_local.MEMORY),
    ("competing", dict(p=3.0, k=2, delta=0.4, eta=0.5, normalise="max")),
    ("urfb", dict(identities_local.NET, eta=0.5)),
    ("readout", dict(error="softmax", eta=0.5, classes=3)),
    ("oja", dict(eta=0.5)),
)


def cause_and_rate(bench, rule, params):
    """What comes later changes nothing, and dw is proportional to eta."""
    arrays = taught(f"cause {rule}", n_out=3 if rule in ("readout", "urfb") else 6)
    if rule in ("competing", "oja"):
        del arrays["labels"]
    out = bench.run(rule, "online", params, **arrays)
    alive("dw", out["dw"])
    head = bench.run(rule, "online", params, **{name: array if name == "w" else array[:7]
                                                for name, array in arrays.items()})
    for name, array in head.items():
        if array.ndim > 0 and len(array) == 7:
            assert np.array_equal(array, out[name][:7]), f"{name} depends on later samples"
    slower = bench.run(rule, "online", dict(params, eta=params["eta"] / 2), **arrays)
    same("half the rate", out["dw"], 2 * slower["dw"])


for number, (each, parameters) in enumerate(ONLINE):
    def run_online(bench, rule=each, params=parameters):
        cause_and_rate(bench, rule, params)

    run_online.__name__ = f"cause_and_rate_{each}_{number}"
    identity(each)(run_online)


def main():
    parser = argparse.ArgumentParser(description="Check identities of the rules on `trifactor eval`.")
    parser.add_argument("program", help="path of the trifactor program")
    parser.add_argument("--only", default="", metavar="TEXT", help="only identities whose name contains TEXT")
    parser.add_argument("--all", action="store_true", help="a rule the program does not list is a failure")
    args = parser.parse_args()
    program = eval_program.executable(parser, args.program)
    chosen = [entry for entry in IDENTITIES if args.only in entry[0]]
    if not chosen:
        parser.error(f"no identity's name contains {args.only!r}")
    bench = Bench(program, eval_program.listed_rules(program))
    passed = failed = 0
    for rule in dict.fromkeys(rule for _, rules, _ in chosen for rule in rules):
        if rule not in bench.listed:
            print(f"missing {rule}")
            failed += 1 if args.all else 0
    for name, rules, check in chosen:
        if not all(rule in bench.listed for rule in rules):
            continue
        try:
            check(bench)
            passed += 1
            print(f"{name}: passed", flush=True)
        except (AssertionError, KeyError):
            failed += 1
            print(f"{name}: FAILED\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
