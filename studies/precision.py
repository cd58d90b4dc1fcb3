#!/usr/bin/python3
"""What does a rule lose in fixed point, and what does it cost? Every rule in silicon, by bits, rounding, activities and range.

usage: precision.py [--program TRIFACTOR] [--seeds 5] [--samples 6000] [--rules NAME...] [--data SPEC] [--test SPEC]
                    [--jobs 1] [-o FOLDER]

Each rule runs on its example among host/examples/strokes-*.toml (the read-out alone on mnist-readout.toml), one pass of
drawn digits on the SystemC model, then on test digits that no setting was chosen by. What varies is the layers that
learn by the rule; the read-out behind them keeps 16 bits. Rows of runs.csv are written as they are done and a row that
is there is not run again, so an interrupted study goes on where it was; what the compiler refuses, because the lane
cannot express the rule in these formats, stands with the code of its refusal. Then precision.csv (means and ranges over
seeds), precision.svg (accuracy by bits) and energy.svg (accuracy by energy) are made of them.
"""
import argparse
import concurrent.futures
import csv
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BITS = (16, 12, 8, 6, 4)
COLUMNS = ("rule", "engine", "bits", "rounding", "activity_bits", "range_factor", "seed", "accuracy", "applied_share",
           "saturated_share", "learning_sample_pJ", "learning_sample_pJ_low", "learning_sample_pJ_high", "sample_ns", "wall_s", "refused")
KEY = COLUMNS[:7]


def settings():
    """(engine, bits, rounding, activity bits, range as a multiple of the example's; None: the example's own)."""
    yield "float", None, None, None, None
    for rounding in ("stochastic", "nearest"):
        for bits in BITS:
            yield "systemc", bits, rounding, None, 1
    for activity in (8, 16):
        for bits in (16, 8):
            yield "systemc", bits, "stochastic", activity, 1
    for factor in (0.25, 0.5, 2):
        for bits in (8, 4):
            yield "systemc", bits, "stochastic", None, factor


class Example:
    """A network file and what of it a rule's precision means."""

    def __init__(self, rule, stem):
        self.rule, self.path = rule, ROOT / f"host/examples/{stem}.toml"
        text = tomllib.loads(self.path.read_text())
        self.projections = {p.get("name", f"{p['from']}_to_{p['to']}"): p for p in text["projection"] if p.get("plasticity", {}).get("rule") == rule}
        self.layers = sorted({p["to"] for p in self.projections.values()})

    def keys(self, bits, rounding, activity, factor):
        keys = []
        for name, p in self.projections.items():
            keys += [f"projection.{name}.weights.bits={bits}", f"projection.{name}.weights.rounding={rounding}"]
            keys += [f"projection.{name}.weights.range={factor * p['weights']['range']}"]
        if activity is not None:
            keys += [f"population.{layer}.activity.bits={activity}" for layer in self.layers]
        return keys


def examples(program):
    rules = json.loads(subprocess.run([program, "list", "rules", "--json"], capture_output=True, check=True).stdout)
    stems = {path.stem: path.read_text() for path in sorted((ROOT / "host/examples").glob("strokes-*.toml"))}
    stems = {"mnist-readout": (ROOT / "host/examples/mnist-readout.toml").read_text(), **stems}
    for rule in rules:
        if rule["renderings"]["chip"]:
            yield Example(rule["name"], next(stem for stem, text in stems.items() if f'rule = "{rule["name"]}"' in text))


class Refused(Exception):
    """The compiler says that it does not fit."""


class Study:
    def __init__(self, arguments):
        self.a = arguments
        self.program = str(arguments.program.resolve())
        self.table = arguments.output / "runs.csv"
        arguments.output.mkdir(parents=True, exist_ok=True)
        self.rows = list(csv.DictReader(self.table.open())) if self.table.exists() else []

    def trifactor(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        if done.returncode == 4:
            raise Refused(re.search(r"TF-[A-Z]+-[0-9]+", done.stderr).group())
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))}\nended with {done.returncode}\n{done.stderr}")
        return done.stdout

    def one(self, example, setting, seed):
        engine, bits, rounding, activity, factor = setting
        row = dict(zip(KEY, (example.rule, engine, bits, rounding, activity, factor, seed)))
        streams = ["--data", f"{self.a.data},count={self.a.samples},shuffle={seed}", "--test", self.a.test]
        if engine == "float":
            record = json.loads(self.trifactor("reference", example.path, *streams, "--seed", seed, "--json", "-q", "--progress", "none"))
            return {**row, "accuracy": record["accuracy"]["test"], "wall_s": round(record["wall_s"], 2)}
        with tempfile.TemporaryDirectory(prefix="trifactor-precision-") as folder:
            layout, out = pathlib.Path(folder) / "l.h5", pathlib.Path(folder) / "run"
            keys = [word for key in example.keys(bits, rounding, activity, factor) for word in ("--network-set", key)]
            try:
                self.trifactor("compile", example.path, "--machine", "generic", *keys, "--seed", seed, "-o", layout, "-q")
            except Refused as refused:
                return {**row, "refused": str(refused)}
            self.trifactor("run", layout, *streams, "--engine", engine, "-o", out, "-q", "--progress", "none")
            summary, run = json.loads((out / "summary.json").read_text()), json.loads((out / "run.json").read_text())
            energy = json.loads(self.trifactor("report", out, "--json"))["energy"]["per_learning_sample_pJ"]
        learned = [p for p in run["projections"] if p["name"] in example.projections]
        intended = sum(p["intended"] * 2.0 ** -p["shift_F"] for p in learned)
        moved = sum(p["applied"] for p in learned)
        return {**row, "accuracy": summary["accuracy"]["test"],
                "applied_share": round(sum(p["change"] for p in learned) / intended, 4) if intended else "",
                "saturated_share": round(sum(p["saturated"] for p in learned) / moved, 6) if moved else "",
                "learning_sample_pJ": round(energy["nominal"]), "learning_sample_pJ_low": round(energy["low"]),
                "learning_sample_pJ_high": round(energy["high"]),
                "sample_ns": round(1e3 * run["learn_cycles"] / (run["learn_samples"] * run["machine"]["clock_MHz"]), 1),
                "wall_s": round(summary["wall_s"], 2)}

    def run(self):
        done = {tuple(row[key] for key in KEY) for row in self.rows}
        wanted = [e for e in examples(self.program) if not self.a.rules or e.rule in self.a.rules]
        work = [(e, s, seed) for seed in range(1, self.a.seeds + 1) for e in wanted for s in settings()
                if tuple(str("" if v is None else v) for v in (e.rule, *s, seed)) not in done]
        new = not self.table.exists()
        start = time.monotonic()
        with self.table.open("a", newline="") as file, concurrent.futures.ThreadPoolExecutor(self.a.jobs) as pool:
            writer = csv.DictWriter(file, COLUMNS)
            if new:
                writer.writeheader()
            for number, row in enumerate(pool.map(lambda item: self.one(*item), work), 1):
                writer.writerow({key: "" if row.get(key) is None else row[key] for key in COLUMNS})
                file.flush()
                left = (time.monotonic() - start) / number * (len(work) - number)
                print(f"{number}/{len(work)} {row['rule']} {row['engine']} {row['bits']} {row['rounding']} seed {row['seed']}: "
                      f"{row.get('refused') or format(row['accuracy'], '.4f')}, {left / 60:.0f} min left", file=sys.stderr, flush=True)
        self.rows = list(csv.DictReader(self.table.open()))

    def summarise(self):
        groups = {}
        for row in self.rows:
            groups.setdefault(tuple(row[key] for key in KEY[:-1]), []).append(row)
        columns = (*KEY[:-1], "seeds", "accuracy", "lowest", "highest", "applied_share", "saturated_share",
                   "learning_sample_pJ", "sample_ns", "refused")
        table = []
        for key, rows in groups.items():
            if rows[0]["refused"]:
                table.append({**dict(zip(columns, (*key, len(rows)))), "refused": rows[0]["refused"]})
                continue
            given = lambda column: [float(r[column]) for r in rows if r[column]]  # noqa: E731
            mean = lambda column: statistics.fmean(given(column)) if given(column) else ""  # noqa: E731
            accuracies = [float(r["accuracy"]) for r in rows]
            table.append(dict(zip(columns, (*key, len(rows), round(statistics.fmean(accuracies), 4), min(accuracies), max(accuracies),
                                            *(round(v, 6) if v != "" else "" for v in map(mean, columns[-5:-1]))))))
        with (self.a.output / "precision.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(table)
        return table


def plot(table, path, horizontal, title, select):
    """One curve a rule; x by `horizontal` of a row, y its accuracy with the range over seeds."""
    colours = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e5ea2", "#d08700", "#555555", "#0aa", "#a0a")
    rules = sorted({row["rule"] for row in table})
    points = {rule: sorted((horizontal(row), row) for row in table if row["rule"] == rule and select(row)) for rule in rules}
    xs = [x for all_ in points.values() for x, _ in all_]
    low, high = min(xs), max(xs)
    place = lambda x, y: (70 + 500 * (x - low) / (high - low or 1), 330 - 290 * float(y))  # noqa: E731
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="760" height="390" font-family="sans-serif" font-size="12">',
           f'<text x="70" y="22" font-size="14">{title}</text>']
    for step in range(0, 11, 2):
        _, y = place(low, step / 10)
        out.append(f'<line x1="70" x2="570" y1="{y}" y2="{y}" stroke="#ddd"/><text x="62" y="{y + 4}" text-anchor="end">{10 * step} %</text>')
    marks = sorted(set(xs))
    if len(marks) > 8:  # a measured axis: even marks
        marks = [round(low + (high - low) * step / 5, 1) for step in range(6)]
    for x in marks:
        out.append(f'<text x="{place(x, 0)[0]}" y="350" text-anchor="middle">{x:g}</text>')
    for number, rule in enumerate(rules):
        colour = colours[number % len(colours)]
        line = [place(x, row["accuracy"]) for x, row in points[rule]]
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in line)}"/>')
        for x, row in points[rule]:
            (a, b), (_, c) = place(x, row["lowest"]), place(x, row["highest"])
            out.append(f'<line x1="{a:.1f}" x2="{a:.1f}" y1="{b:.1f}" y2="{c:.1f}" stroke="{colour}"/><circle cx="{a:.1f}" cy="{place(x, row["accuracy"])[1]:.1f}" r="3" fill="{colour}"/>')
        out.append(f'<text x="585" y="{60 + 18 * number}" fill="{colour}">{rule}</text>')
    path.write_text("\n".join([*out, "</svg>\n"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/trifactor")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=6000)
    parser.add_argument("--rules", nargs="*", default=[])
    parser.add_argument("--data", default="synthetic:strokes")
    parser.add_argument("--test", default="synthetic:strokes,split=test,count=2000")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=ROOT / "studies/precision")
    arguments = parser.parse_args()
    study = Study(arguments)
    study.run()
    table = study.summarise()
    plain = lambda r: r["engine"] == "systemc" and r["rounding"] == "stochastic" and not r["activity_bits"] and r["range_factor"] == "1" and not r.get("refused")  # noqa: E731
    if any(map(plain, table)):
        plot(table, arguments.output / "precision.svg", lambda r: int(r["bits"]), "test accuracy by bits of the weight, stochastic rounding", plain)
        plot(table, arguments.output / "energy.svg", lambda r: float(r["learning_sample_pJ"]) / 1e6, "test accuracy by energy of a learning sample, microjoules", plain)
    for row in table:
        print(",".join(str(value) for value in row.values()))


if __name__ == "__main__":
    main()
