#!/usr/bin/python3
"""Does a layer with membranes and noise that learns from its own error learn on the chip what it learns in floating point?

usage: hsic_steps.py TRIFACTOR

studies/reservoir.py's task curve without its reservoirs: 2-2-1, 50 steps a point, 100 points 100 times over. Weights grow all
the while, far beyond where they start; where their range lets them, accuracies agree, every intended change is applied and
nothing is clipped, and with a quarter of the range the counters and a warning say that weights are clipped. One line a check;
exit status 1 if one failed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "studies"))
import networks  # noqa: E402
import reservoir  # noqa: E402

# At the study's own rate weights reach the end of their range within these points.
SLOWER = reservoir.TASKS["curve"]._replace(eta=0.002)
STREAMS = ["--data", "synthetic:curve", "--test", "synthetic:curve,split=test,count=1000", "--epochs", "100", "--progress", "none"]
failed = 0


def expect(what, holds, found):
    global failed
    failed += not holds
    print(f"{'ok    ' if holds else 'FAILED'} {what}: {found}")


def call(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)


def chip(program, path, folder, seed, *changes):
    """Accuracy, the counters of the layers that learn by the rule, and what was warned of."""
    call(program, "compile", path, "--seed", seed, *changes, "-o", folder / "layout.h5", "--force", "-q")
    done = call(program, "run", folder / "layout.h5", *STREAMS, "-o", folder / "chip", "--force")
    record = json.loads((folder / "chip/run.json").read_text())
    layers = [p for p in record["projections"] if p["rule"] == "hsic_memory"]
    return json.loads((folder / "chip/summary.json").read_text())["accuracy"]["test"], layers, done.stdout + done.stderr


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="trifactor-hsic-steps-") as folder:
        folder = pathlib.Path(folder)
        path = networks.write(folder, "curve", reservoir.network("curve", SLOWER, "own", reservoirs=False))
        gaps = []
        for seed in (1, 2):
            words = [program, "reference", path, "--seed", seed, *STREAMS, "--json", "-q"]
            floating = json.loads(call(*words).stdout)["accuracy"]["test"]
            accuracy, layers, said = chip(program, path, folder, seed)
            gaps.append(100 * (accuracy - floating))
            expect(f"seed {seed}, no weight of {len(layers)} layers is clipped", len(layers) == 2 and all(p["saturated"] == 0 for p in layers),
                   f"{100 * floating:.2f} % in floating point, {100 * accuracy:.2f} % on the chip")
            shares = [p["change"] * 2.0 ** p["shift_F"] / p["intended"] for p in layers]
            expect(f"seed {seed}, the change that was intended is applied", all(abs(share - 1) < 0.02 for share in shares), [round(share, 3) for share in shares])
            expect(f"seed {seed}, nothing is warned of", "clipped" not in said and "of the change" not in said, [line for line in said.splitlines() if line.startswith("warning")])
        expect("the mean of the seeds is within 1.0 point of floating point", abs(sum(gaps) / len(gaps)) <= 1.0, [round(gap, 2) for gap in gaps])
        quarter = reservoir.WEIGHT_RANGE / 4
        layers_of = [f"projection.{name}.weights.range={quarter}" for name in ("point_to_layer1", "layer1_to_layer2")]
        _, layers, said = chip(program, path, folder, 2, *[word for key in layers_of for word in ("--network-set", key)])
        expect("a quarter of the range clips, and says so", all(p["saturated"] > 0.01 * (p["applied"] + p["rounded_to_zero"]) for p in layers) and "clipped" in said,
               [p["saturated"] for p in layers])
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
