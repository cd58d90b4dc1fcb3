#!/usr/bin/python3
"""What does a rule lose in fixed point, and what does it cost? Every rule in silicon, by bits, rounding, activities and range.

usage: precision.py [--program TRIFACTOR] [--seeds 5] [--samples 6000] [--rules NAME...] [--quick] [--data SPEC]
                    [--test SPEC] [--jobs 1] [-o FOLDER]

Each rule runs on its example among host/examples/strokes-*.toml (the read-out alone on mnist-readout.toml), one pass of
drawn digits on the SystemC model, then on test digits that no setting was chosen by; a rule that no network of digits uses
runs on the first example that does, with its own data (POINTS); a rule without an example is named and left out. What varies is the layers that learn by the rule; the read-out behind them keeps 16 bits. Rows of runs.csv are written as they are done and a row that
is there is not run again, so an interrupted study goes on where it was; what the compiler refuses, because the lane
cannot express the rule in these formats, stands with the code of its refusal. Then precision.csv (means and ranges over
seeds), precision.svg (accuracy by bits) and energy.svg (accuracy by energy) are made of them.
"""
import json
import pathlib
import re
import statistics
import sys
import tempfile
import tomllib

import plot
import study

BITS = (16, 12, 8, 6, 4)
# example: (its data, samples of them, test data)
POINTS = {"line-reservoir": ("synthetic:line", 2000, "synthetic:line,split=test,count=500")}
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
        self.rule, self.path = rule, study.EXAMPLES / f"{stem}.toml"
        text = tomllib.loads(self.path.read_text())
        self.projections = {p.get("name", f"{p['from']}_to_{p['to']}"): p for p in text["projection"] if p.get("plasticity", {}).get("rule") == rule}
        self.layers = sorted({p["to"] for p in self.projections.values()})

    def streams(self, options, seed):
        data, samples, test = POINTS.get(self.path.stem, (options.data, options.samples, options.test))
        return ["--data", f"{data},count={min(samples, options.samples)},shuffle={seed}", "--test", test]

    def keys(self, bits, rounding, activity, factor):
        keys = []
        for name, p in self.projections.items():
            keys += [f"projection.{name}.weights.bits={bits}", f"projection.{name}.weights.rounding={rounding}"]
            keys += [f"projection.{name}.weights.range={factor * p['weights']['range']}"]
        if activity is not None:
            keys += [f"population.{layer}.activity.bits={activity}" for layer in self.layers]
        return keys


def examples(program):
    """(rule, its example) for each rule on the chip: of its name, else the shortest of those of drawn digits that use it,
    else one of POINTS, else None."""
    stems = {path.stem: path.read_text() for path in sorted(study.EXAMPLES.glob("*.toml"))}
    for name in (rule["name"] for rule in json.loads(program("list", "rules", "--json")) if rule["renderings"]["chip"]):
        named = [stem for stem in (f"strokes-{name}", f"mnist-{name}") if stem in stems]
        users = [stem for stem, text in stems.items() if f'rule = "{name}"' in text]
        digits = [stem for stem in users if stem.startswith("strokes-")]
        stem = next(iter(named or sorted(digits, key=len) or [stem for stem in users if stem in POINTS]), None)
        yield name, stem and Example(name, stem)


def one(program, options, example, row):
    streams = example.streams(options, row["seed"])
    if row["engine"] == "float":
        record = program.reference(example.path, *streams, "--seed", row["seed"])
        return {**row, "accuracy": record["accuracy"]["test"], "wall_s": round(record["wall_s"], 2)}
    keys = example.keys(row["bits"], row["rounding"], row["activity_bits"], row["range_factor"])
    with tempfile.TemporaryDirectory(prefix="trifactor-precision-") as folder:
        try:
            summary = program.chip(example.path, folder, ["--machine", "generic", *study.overrides(keys), "--seed", row["seed"]],
                                   [*streams, "--engine", row["engine"]])
        except study.Failed as failure:
            if failure.status != 4:  # 4: it does not fit
                raise
            return {**row, "refused": re.search(r"TF-[A-Z]+-[0-9]+", failure.said).group()}
        run = json.loads((pathlib.Path(folder) / "run/run.json").read_text())
        energy = json.loads(program("report", pathlib.Path(folder) / "run", "--json"))["energy"]["per_learning_sample_pJ"]
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


def summarise(rows):
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in KEY[:-1]), []).append(row)
    means = ("applied_share", "saturated_share", "learning_sample_pJ", "sample_ns")
    table = []
    for key, members in groups.items():
        entry = {**dict(zip(KEY, key)), "seeds": len(members), "refused": members[0]["refused"]}
        if not entry["refused"]:
            mean, low, high = study.spread(r["accuracy"] for r in members)
            entry.update(accuracy=round(mean, 4), lowest=low, highest=high)
            for column in means:
                given = [float(r[column]) for r in members if r[column]]
                entry[column] = round(statistics.fmean(given), 6) if given else ""
        table.append(entry)
    return (*KEY[:-1], "seeds", "accuracy", "lowest", "highest", *means, "refused"), table


def plain(rounding):
    return lambda r: (r["engine"] == "systemc" and r["rounding"] == rounding and not r["activity_bits"] and r["range_factor"] == "1" and not r["refused"])


def share(row):
    return f"{row['applied_share']:.2f}" if row["applied_share"] != "" else "nothing intended"


def by_bits(table):
    """One row a rule: accuracy with stochastic rounding, in brackets to nearest and the share of the intended change that was applied."""
    lines = []
    for rule in sorted({row["rule"] for row in table}):
        of_rule = [row for row in table if row["rule"] == rule]
        line = {"rule": f"`{rule}`", "float": next((f"{100 * r['accuracy']:.1f}" for r in of_rule if r["engine"] == "float"), "")}
        for bits in BITS:
            stochastic, nearest = (next((r for r in of_rule if plain(rounding)(r) and r["bits"] == str(bits)), None) for rounding in ("stochastic", "nearest"))
            line[str(bits)] = (f"{100 * stochastic['accuracy']:.1f} ({100 * nearest['accuracy']:.1f}; {share(nearest)})"
                               if stochastic and nearest else "–")
        lines.append(line)
    return ["rule", "float", *map(str, BITS)], lines


def learned(row):
    """Whether the rule changed what is read: a twentieth of what it intended at least."""
    return row["applied_share"] != "" and row["applied_share"] >= 0.05


def around(values, least):
    """A range that holds the values and is `least` wide at least."""
    low, high = min(values), max(values)
    room = max(0.06 * (high - low), (least - (high - low)) / 2)
    return low - room, high + room


def draw_bits(table):
    items = []
    for rule in sorted({row["rule"] for row in table}):
        of_rule = [row for row in table if row["rule"] == rule]
        point = lambda r: (int(r["bits"]), r["accuracy"], r["lowest"], r["highest"])  # noqa: E731
        rows = {rounding: list(filter(plain(rounding), of_rule)) for rounding in ("stochastic", "nearest")}
        groups = {rounding: sorted(point(r) for r in rows[rounding] if learned(r)) for rounding in rows}
        alone = {rounding: sorted(point(r) for r in rows[rounding] if not learned(r)) for rounding in rows}
        level = [r["accuracy"] for r in of_rule if r["engine"] == "float"]
        shown = around([r["accuracy"] for r in rows["stochastic"] if learned(r)] + level or [0, 1], 0.02)
        groups["floating point"] = [(bits, level[0]) for bits in (min(BITS), max(BITS))] if level else []
        refused = sorted({(int(r["bits"]), r["refused"]) for r in of_rule if r["refused"] and r["range_factor"] == "1" and not r["activity_bits"]})
        title = f"{rule}, {100 * shown[0]:.0f} to {100 * shown[1]:.0f} %" + "".join(f"; {bits} bits: refused, {code}" for bits, code in refused)
        items.append((title, groups, shown, alone))
    return plot.panels("Test accuracy by bits of the weight: drawn digits; reservoir: points of a plane", items, 3, (min(BITS), max(BITS)), sorted(BITS), 100,
                       "Each panel has its own range, from the lowest mean that was learned with stochastic rounding; what lies beyond is at its edge. Hollow: less than a\n"
                       "twentieth of the intended change was applied, so what is read is the start. Bars: lowest to highest of the seeds. Refused: the lane cannot express the rule so.")


def draw_energy(table):
    items = []
    for rule in sorted({row["rule"] for row in table}):
        rows = [r for r in table if r["rule"] == rule and plain("stochastic")(r) and learned(r)]
        points = [(r["learning_sample_pJ"] / 1e6, r["accuracy"], r["lowest"], r["highest"], r["bits"]) for r in sorted(rows, key=lambda r: int(r["bits"]))]
        if points:
            energy, accuracy = around([p[0] for p in points], 0), around([p[1] for p in points], 0.02)
            items.append((rule, {rule: points}, accuracy, {}, energy))
    return plot.panels("Test accuracy by microjoules a learning sample (nominal); the figure at a point is the bits of its weights", items, 3, scale=100, legend=False,
                       note="Each panel has its own ranges; bars, lowest to highest of the seeds, end at its edge. Weights of few bits in which less than a twentieth of the intended\n"
                            "change was applied, or that the compiler refuses, have no point.")


def main():
    parser = study.arguments(__doc__, 5, "precision")
    parser.add_argument("--samples", type=study.positive)
    parser.add_argument("--rules", nargs="*", default=[])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data", default="synthetic:strokes")
    parser.add_argument("--test", default="synthetic:strokes,split=test,count=2000")
    options = parser.parse_args()
    options.samples = options.samples or (500 if options.quick else 6000)
    program = study.Program(options.program)
    chosen = dict(examples(program))
    unknown = sorted(set(options.rules) - set(chosen))
    if unknown:
        sys.exit(f"--rules: on the chip there is no {', '.join(unknown)}; there are {', '.join(chosen)}")
    chosen = {rule: example for rule, example in chosen.items() if not options.rules or rule in options.rules}
    for rule in [rule for rule, example in chosen.items() if example is None]:
        print(f"{rule}: no example in host/examples that this study could run (strokes-{rule}.toml), so nothing of it is measured", file=sys.stderr)
        del chosen[rule]
    if not chosen:
        return 2
    wanted = [dict(zip(KEY, (rule, *setting, seed))) for seed in range(1, 2 if options.quick else options.seeds + 1) for rule in chosen
              for setting in settings() if not options.quick or setting[1] in (None, 16, 8)]
    runs = study.Runs(options.output / "runs.csv", COLUMNS, KEY,
                      {"command": "studies/precision.py", "samples": options.samples, "data": options.data, "test": options.test})
    runs.do(wanted, lambda row: one(program, options, chosen[row["rule"]], row), options.jobs,
            lambda row: f"{row['rule']} {row['engine']} {row['bits']} {row['rounding']} seed {row['seed']}: {row.get('refused') or format(row['accuracy'], '.4f')}")
    columns, table = summarise(runs.rows)
    study.write_whole(options.output / "precision.csv", study.csv_text(columns, table))
    study.write_whole(options.output / "precision.md", study.markdown(*by_bits(table)))
    if any(map(plain("stochastic"), table)):
        study.write_whole(options.output / "precision.svg", draw_bits(table))
        study.write_whole(options.output / "energy.svg", draw_energy(table))
    print(study.csv_text(columns, table), end="")
    return 0


if __name__ == "__main__":
    study.main_of(main)
