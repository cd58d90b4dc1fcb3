#!/usr/bin/python3
"""Tables and figures of the papers, run again: what the paper says beside what is measured.

usage: paper.py TABLE [--data FOLDER | --cifar FOLDER] [--quick | --full] [--samples N] [--epochs N...] [--seeds N]
                [--only SETTING...] [--rates [RATE...]] [--program TRIFACTOR] [--jobs 1] [-o FOLDER]
       paper.py list

--data is the folder of the four MNIST files, --cifar that of the six binary CIFAR-10 batches. Without either it learns
drawn digits (synthetic:strokes), which no paper has: only to see that it runs. --quick takes minutes, --full (default)
is the study's whole size; --samples, --epochs and --seeds choose in between, and the table says what was chosen.

Where a paper gives no rate for what is run, --rates tries several: one epoch (or --epochs) of the training samples
without the last sixth, judged on that. They stand in rates.csv, and runs take the best of their setting from there. Test samples are
read by runs alone. Runs are rows of runs.csv, written as they are done; what is there is not run again, so the same
command goes on where it was stopped. From all rows of runs.csv it writes table.csv, table.md and one plot a data set.
"""
import importlib
import pathlib
import sys
import tempfile
import time

import plot
import study

# TABLE: its module in papers/
TABLES = {"phsic-mnist": "pogodin_latham", "competing-mnist": "krotov_hopfield", "hsic-memory": "daruwalla_lipasti", "hsic-steps": "daruwalla_lipasti_steps", "urfb-depth": "amit",
          "urfb-images": "amit_images"}
COLUMNS = ("setting", "data", "samples", "epochs", "rate", "seed", "accuracy", "by_epoch", "seconds")
KEY = COLUMNS[:6]
SIZE = COLUMNS[:5]
LONG = ("settings", "where it is not the paper's")  # said once when it is the same in every row


class Data:
    """Samples to learn from, and samples to judge on: test samples, or the last sixth of the training samples. `cache` is
    for what several runs begin with."""

    def __init__(self, options, samples, cache):
        if options.cifar:
            self.name, self.source, self.inputs, self.all = "CIFAR-10", f"cifar:{options.cifar.resolve()}", 3072, 50000
        elif options.data:
            self.name, self.source, self.inputs, self.all = "MNIST", f"idx:{options.data.resolve()}", 784, 60000
        else:
            self.name, self.source, self.inputs, self.all = "drawn digits", "synthetic:strokes", 784, 6000
        self.kept = 0
        self.samples = min(samples or self.all, self.all)
        self.cache = cache

    def validation(self):
        self.kept = self.all // 6
        self.samples = min(self.samples, self.all - self.kept)
        return self

    def learn(self, seed):
        return ["--data", f"{self.source},first=0,count={self.samples},shuffle={seed}"]

    def test(self):
        return ["--test", f"{self.source},first={self.all - self.kept},count={self.kept}" if self.kept else f"{self.source},split=test"]


def one(module, program, data, row):
    start = time.monotonic()
    result = {**row, "accuracy": "", "by_epoch": "diverged"}
    with tempfile.TemporaryDirectory(prefix="trifactor-paper-") as folder:
        try:
            record = module.run(program, row["setting"], data, row["epochs"], row["seed"], row["rate"], pathlib.Path(folder))
            result["accuracy"], result["seconds"] = record["accuracy"]["test"], round(record["wall_s"], 1)
            result["by_epoch"] = " ".join(f"{100 * p['test']:.2f}" for p in record["accuracies"] if p["epoch"] > 0 and p["test"] is not None)
        except study.Failed as failure:
            if failure.status != 1:  # 1: learning diverged, which is a result
                raise
            result["seconds"] = round(time.monotonic() - start, 1)
    return result


def best_rate(module, rates, setting, data):
    """Of rates.csv, from the trials that saw most samples; else the middle of those that --rates would try. A module may
    say `rate_of`: the setting whose rate serves."""
    setting = module.rate_of(setting) if hasattr(module, "rate_of") else setting
    found = [row for row in rates.rows if row["setting"] == setting and row["data"] == data.name and row["accuracy"]]
    seen = {}
    for row in found:
        by_rate = seen.setdefault(int(row["samples"]) * int(row["epochs"]), {})
        by_rate.setdefault(float(row["rate"]), []).append(float(row["accuracy"]))
    if seen:
        return max(seen[max(seen)].items(), key=lambda item: sum(item[1]) / len(item[1]))[0]
    return module.RATES[len(module.RATES) // 2] if module.RATES else None


def summarise(module, rows):
    """Rows of the table: one a setting and size, larger sizes first, in the module's order."""
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[c] for c in SIZE), []).append(row)
    order = {name: index for index, name in enumerate(module.SETTINGS)}
    table = []
    for (setting, data, samples, epochs, rate), members in sorted(
            groups.items(), key=lambda g: (g[0][1], -int(g[0][2]) * int(g[0][3]), order[g[0][0]])):
        judged = [float(m["accuracy"]) for m in members if m["accuracy"]]
        known = data != "drawn digits"
        table.append({
            "setting": setting, "paper, %": module.paper(setting)[1] if known else "",
            "measured, %": study.percent(judged) if len(judged) == len(members) else f"{len(members) - len(judged)} diverged",
            "seeds": len(members), "data": data, "samples": samples, "epochs": epochs,
            "settings": module.describe(setting) + (f", rate {rate}" if rate else ""),
            "seconds a run": f"{study.spread(m['seconds'] for m in members)[0]:.0f}",
            "where it is not the paper's": module.reason(data, int(samples), int(epochs), len(members)) if known else "other data: only to see that it runs",
        })
    return table


def draw(module, rows):
    """Paper and measured side by side, each setting at the largest size that was run."""
    best = {}
    for row in sorted(rows, key=lambda r: int(r["samples"]) * int(r["epochs"])):
        members = best.setdefault(row["setting"], [])
        if members and members[0]["epochs"] + members[0]["samples"] != row["epochs"] + row["samples"]:
            members.clear()
        members.append(row)
    bars = [(f"{name} ({members[0]['epochs']} ep.)", module.paper(name)[0] if members[0]["data"] != "drawn digits" else None,
             [100 * float(m["accuracy"]) for m in members]) for name in module.SETTINGS for members in [best.get(name)] if members]
    values = [v for _, paper, measured in bars for v in [*measured, *([paper] if paper else [])]]
    return plot.compare(f"{module.TITLE}, test accuracy", bars, min(values) - 1, min(100, max(values) + 0.5))


def write(module, runs, folder, command):
    table = summarise(module, runs.rows)
    study.write_whole(folder / "table.csv", study.csv_text(table[0], table))
    common = {column: table[0][column] for column in LONG if len({row[column] for row in table}) == 1}
    text = f"{module.TITLE}. {module.SOURCE}. Made by `{command}`, with samples, epochs and seeds as the columns say.\n\n"
    text += "".join(f"{column.capitalize()}: {value}.\n\n" for column, value in common.items())
    study.write_whole(folder / "table.md", text + study.markdown([column for column in table[0] if column not in common], table))
    for data in sorted({row["data"] for row in runs.rows}):
        rows = [row for row in runs.rows if row["data"] == data and row["accuracy"]]
        if rows:
            name = f"{data.lower().replace(' ', '-')}.svg"
            study.write_whole(folder / name, module.draw(rows) if hasattr(module, "draw") else draw(module, rows))
    return table


def main():
    if sys.argv[1:] == ["list"]:
        for name, file in TABLES.items():
            module = importlib.import_module(f"papers.{file}")
            print(f"{name:<16}{module.TITLE}\n{'':<16}{module.SOURCE}")
        return 0
    parser = study.arguments(__doc__, None)
    parser.add_argument("table", choices=TABLES, metavar="TABLE")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--cifar", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--epochs", type=int, nargs="+")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--rates", type=float, nargs="*", metavar="RATE")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    module = importlib.import_module(f"papers.{TABLES[options.table]}")
    unknown = set(options.only) - set(module.SETTINGS)
    if unknown:
        parser.error(f"--only: no setting {', '.join(sorted(unknown))}; there are {', '.join(module.SETTINGS)}")
    trying = options.rates is not None
    if trying and not module.RATES:
        parser.error("--rates: the paper gives the rates of this table")
    samples, epochs, seeds = module.QUICK if options.quick else module.FULL
    seeds, epochs = options.seeds or seeds, options.epochs or [epochs]
    folder = options.output.resolve() if options.output else study.ROOT / "studies" / options.table
    program = study.Program(options.program, options.threads)
    data = Data(options, options.samples if options.samples is not None else samples, folder / ".cache")
    runs = study.Runs(folder / ("rates.csv" if trying else "runs.csv"), COLUMNS, KEY,
                      {"command": f"studies/paper.py {options.table}{' --rates' if trying else ''}, with --data FOLDER (MNIST) or --cifar FOLDER",
                       "source": module.SOURCE})
    settings = options.only or module.SETTINGS
    if trying and hasattr(module, "rate_of"):
        settings = [s for s in settings if module.rate_of(s) == s]
    if trying:
        data.validation()
        wanted = [{"setting": s, "epochs": e, "rate": rate, "seed": seed} for seed in range(1, (options.seeds or 1) + 1) for e in options.epochs or [1]
                  for s in settings for rate in options.rates or module.RATES]
    else:
        rates = study.Runs((folder / "rates.csv") if (folder / "rates.csv").exists() else None, COLUMNS, KEY)
        wanted = [{"setting": s, "epochs": e, "rate": best_rate(module, rates, s, data), "seed": seed}
                  for seed in range(1, seeds + 1) for e in epochs for s in settings]
    wanted = [{**row, "data": data.name, "samples": data.samples} for row in wanted]
    print(f"{module.TITLE}\n{module.SOURCE}\n{len(wanted)} runs, {data.samples} samples of {data.name} an epoch", file=sys.stderr)
    runs.do(wanted, lambda row: one(module, program, data, row), options.jobs,
            weight=lambda row: module.cost(row["setting"], row["samples"], row["epochs"]))
    if trying:
        for row in runs.rows:
            print(*(row[c] for c in ("setting", "data", "rate", "seed", "accuracy")), sep="  ")
        return 0
    table = write(module, runs, folder, f"studies/paper.py {options.table} --data FOLDER")
    print(study.markdown(list(table[0]), table), end="")
    return 0


if __name__ == "__main__":
    study.main_of(main)
