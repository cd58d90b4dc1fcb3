#!/usr/bin/python3
"""Linear networks with feedback weights of their own (Y. Amit, 2019, section 5, eqs 7 to 9; figure 12): theory, without chip.

usage: linear_theory.py [--seeds 3] [--quick] [-o FOLDER]

NumPy alone: `trifactor` is not asked. 40-100-100-10, input I, targets T = W3* W2* W1* with N(0, 0.2) entries, as the paper.

    W3' = E W1^T W2^T,  W2' = R3 E W1^T,  W1' = R2 R3 E,  R_l' = epsilon (W_l')^T,  E = T - W3 W2 W1,  W(0) = 0

for epsilon 0 (fixed feedback), 0.25, 0.5 and 1, and backpropagation (R = W^T) from a random start. R(0) and that start
have entries N(0, 0.2) too (the paper says "randomly"); time runs in 1,000 Euler steps of 8e-4; the paper does not state theirs.
Exit status 1 unless, in every run, R_l = R_l(0) + epsilon W_l^T holds to 1e-12 of its size, the error of every rule
ends below 1e-6 of its start, and a larger epsilon is sooner at a thousandth of it. Writes steps.csv, table.md, plot.svg.
"""
import sys
import time

import numpy as np

import plot
import study

SIZES = (40, 100, 100, 10)
SPREAD = 0.2
EPSILONS = (0.0, 0.25, 0.5, 1.0)
LEVELS = ("W1", "W2", "W3")
REACHED, END = 1e-3, 1e-6  # of the error at the start


def correlation(a, b):
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def run(seed, epsilon, steps, dt, every):
    """epsilon None: backpropagation. Returns (rows of (step, error / error at the start, correlations), step that reaches REACHED,
    the largest relative deviation from R_l = R_l(0) + epsilon W_l^T)."""
    shapes = [(SIZES[i + 1], SIZES[i]) for i in range(3)]
    random = np.random.default_rng(seed)  # the same targets and R(0) for every epsilon
    target = np.linalg.multi_dot([SPREAD * random.standard_normal(s) for s in shapes][::-1])
    r0 = [SPREAD * random.standard_normal(s[::-1]) for s in shapes]
    start = [SPREAD * random.standard_normal(s) for s in shapes]
    w = start if epsilon is None else [np.zeros(s) for s in shapes]
    r = [m.T for m in w] if epsilon is None else [m.copy() for m in r0]
    rows, reached, deviation, first = [], None, 0.0, None
    for step in range(steps + 1):
        e = target - w[2] @ w[1] @ w[0]
        error = float(np.sum(e * e))
        first = error if first is None else first
        if reached is None and error <= REACHED * first:
            reached = step
        if step % every == 0:
            aligned = [""] * 3 if epsilon is None or step == 0 else [correlation(a, b.T) for a, b in zip(w, r)]
            rows.append((step, error / first, *aligned))
            if epsilon is not None:
                deviation = max(deviation, *(np.abs(b - (c + epsilon * a.T)).max() / np.abs(b).max() for a, b, c in zip(w, r, r0)))
        back = r[2] @ e  # the error at layer 2; old R, before it changes
        d = [dt * (r[1] @ back), dt * (back @ w[0].T), dt * (e @ (w[1] @ w[0]).T)]
        w = [a + b for a, b in zip(w, d)]
        r = [m.T for m in w] if epsilon is None else [b + epsilon * c.T for b, c in zip(r, d)]
    return rows, reached, deviation


def name_of(epsilon):
    return "BP" if epsilon is None else f"eps {epsilon:g}"


def draw(runs, seeds, steps):
    """Rows of panels as in the paper's figure: log error, then the correlation at each level; a column a run."""
    panels = []
    for row, title in enumerate(("log10 of the error", *(f"correlation of {l} and R^T" for l in LEVELS))):
        for seed in seeds:
            curves = {}
            for epsilon in (None, *EPSILONS):
                if row and epsilon is None:
                    continue
                points = [(line[0], np.log10(max(line[1], 1e-30)) if row == 0 else line[row + 1]) for line in runs[seed, epsilon][0] if row == 0 or line[row + 1] != ""]
                curves[name_of(epsilon)] = points
            if curves:
                panels.append((f"{title}, run {seed}", curves, (-8, 0.2) if row == 0 else (-0.1, 1)))
    return plot.panels("Linear networks with feedback of their own (Amit 2019, eqs 7 to 9): Euler steps along x", panels, len(seeds), (0, steps))


def main():
    parser = study.arguments(__doc__, 3, "linear-theory", program=False)
    parser.add_argument("--quick", action="store_true", help="one run")
    options = parser.parse_args()
    seeds = range(1, 2 if options.quick else options.seeds + 1)
    steps, dt = 1000, 8e-4
    runs, seconds, failed = {}, {}, []
    for seed in seeds:
        for epsilon in (None, *EPSILONS):
            start = time.monotonic()
            runs[seed, epsilon] = run(seed, epsilon, steps, dt, 20)
            seconds[epsilon] = time.monotonic() - start
            rows, reached, deviation = runs[seed, epsilon]
            print(f"run {seed} {name_of(epsilon)}: a thousandth at step {reached}, ends at {rows[-1][1]:.1e}, "
                  f"R - R(0) - eps W^T at most {deviation:.1e}, correlations {rows[-1][2:]}", file=sys.stderr, flush=True)
            if rows[-1][1] > END:
                failed.append(f"run {seed} {name_of(epsilon)} ends at {rows[-1][1]:.2g} of its first error, not below {END:g}")
            if deviation > 1e-12:
                failed.append(f"run {seed} {name_of(epsilon)}: R leaves R(0) + eps W^T by {deviation:.2g}")
        order = [runs[seed, epsilon][1] or steps + 1 for epsilon in EPSILONS]
        if any(a <= b for a, b in zip(order, order[1:])):
            failed.append(f"run {seed}: steps to a thousandth by epsilon {order} do not fall")
    table = []
    for epsilon in (None, *EPSILONS):
        reached = [runs[seed, epsilon][1] or steps + 1 for seed in seeds]
        mean, low, high = study.spread(reached)
        entry = {"rule": name_of(epsilon), "paper (figure 12)": "" if epsilon is None else "sooner with a larger epsilon",
                 "steps to a thousandth of the error": f"{mean:.0f} ({low:.0f} to {high:.0f})"}
        for level in range(3):  # R1 changes as the others do, but teaches nothing
            entry[f"correlation of {LEVELS[level]} and R^T at the end"] = "" if epsilon is None else \
                " to ".join(f"{v:.2f}" for v in study.spread(runs[s, epsilon][0][-1][level + 2] for s in seeds)[1:])
        table.append({**entry, "settings": f"{len(seeds)} runs, {steps} Euler steps of {dt:g}", "seconds a run": f"{seconds[epsilon]:.0f}"})
    lines = [{"run": seed, "rule": name_of(epsilon), "step": line[0], "error": f"{line[1]:.4g}", **{l: v if v == "" else f"{v:.4f}" for l, v in zip(LEVELS, line[2:])}}
             for (seed, epsilon), (rows, *_) in runs.items() for line in rows]
    if options.output:
        study.write_whole(options.output / "steps.csv", study.csv_text(lines[0], lines))
        study.write_whole(options.output / "table.md", "Linear theory, NumPy (Y. Amit 2019, eqs 7 to 9, figure 12). Made by `studies/linear_theory.py`.\n\n" + study.markdown(list(table[0]), table))
        study.write_whole(options.output / "plot.svg", draw(runs, seeds, steps))
    print(study.markdown(list(table[0]), table), end="")
    for text in failed:
        print(f"FAILED  {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    study.main_of(main)
