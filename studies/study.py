"""What every study shares: the program, runs that are done once, means over seeds, tables.

A study is a list of runs, each named by its key (setting and seed), and a function that does one. `Runs` writes a row
for each finished run, the whole table to a temporary name that is then renamed: a study that was interrupted goes on
where it was, and a rerun does only what is missing.
"""
import argparse
import concurrent.futures
import contextlib
import csv
import fcntl
import io
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "host/examples"


class Failed(Exception):
    """The program ended with a status that is no result: `status`, and what it said."""

    def __init__(self, command, status, said):
        super().__init__(f"{' '.join(command)}\nended with {status}\n{said}")
        self.status, self.said = status, said


class Program:
    """`trifactor`, on one thread of BLAS unless told otherwise."""

    def __init__(self, path, threads=1):
        self.path, self.threads = str(pathlib.Path(path).resolve()), threads
        if not pathlib.Path(self.path).is_file():
            raise SystemExit(f"--program: there is no {path}; build it with ./dev build")
        self.environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads))

    def __call__(self, *words):
        """Standard output; Failed for any status but 0."""
        command = [self.path, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
        if done.returncode != 0:
            raise Failed(command, done.returncode, done.stderr)
        return done.stdout

    def reference(self, network, *words):
        """The record of a run in floating point (`trifactor reference --json`)."""
        return json.loads(self("reference", network, *words, "--progress", "none", "-q", "--json"))

    def chip(self, network, folder, compile_words, run_words):
        """One run on the emulated chip; `folder` gets layout and run. Returns summary.json."""
        layout, out = pathlib.Path(folder) / "layout.h5", pathlib.Path(folder) / "run"
        self("compile", network, *compile_words, "-o", layout, "--force", "-q")
        self("run", layout, *run_words, "-o", out, "--force", "-q", "--progress", "none")
        return json.loads((out / "summary.json").read_text())


def judge(program, row, network, mnist, *words):
    """A row with `seed`, completed: accuracy on the last 10,000 training images of MNIST after learning the others. Empty
    when learning diverged."""
    data = f"idx:{mnist.resolve()}"
    try:
        record = program.reference(network, *words, "--seed", row["seed"], "--data", f"{data},first=0,count=50000,shuffle={row['seed']}",
                                   "--test", f"{data},first=50000,count=10000")
    except Failed as failure:
        if failure.status != 1:
            raise
        return {**row, "validation_accuracy": "", "seconds": ""}
    return {**row, "validation_accuracy": record["accuracy"]["test"], "seconds": f"{record['wall_s']:.2f}"}


def overrides(keys):
    return [word for key in keys for word in ("--network-set", key)]


def write_whole(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)


def keep(made, place):
    """Moves a finished folder to its place, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.tmp{os.getpid()}")
    shutil.copytree(made, temporary)
    try:
        temporary.rename(place)
    except OSError:  # another command was sooner
        shutil.rmtree(temporary)


def csv_text(columns, rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({c: "" if row.get(c) is None else row[c] for c in columns} for row in rows)
    return out.getvalue()


def markdown(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str("" if row.get(c) is None else row[c]) for c in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


class Runs:
    """The runs of a study, as rows of a CSV file. `path` None: kept in memory only.

    `about` is what all rows have in common: the command that makes them and whatever of its options is no column. It stands
    beside the table in NAME.about.json; rows that were made otherwise are not taken for these."""

    def __init__(self, path, columns, key, about=None):
        self.path, self.columns, self.key = path and pathlib.Path(path), tuple(columns), tuple(key)
        self.rows = []
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.locked():  # writes at once: not to learn at the end that it cannot
                self.read()
                self.compare(about)
                write_whole(self.path, csv_text(self.columns, self.rows))

    def compare(self, about):
        beside = self.path.with_suffix(".about.json")
        if about is None:
            return
        before = json.loads(beside.read_text()) if beside.exists() else about
        if self.rows and before != json.loads(json.dumps(about)):
            differ = ", ".join(f"{k}: {before.get(k)} there, {about.get(k)} here" for k in {**before, **about} if before.get(k) != about.get(k))
            raise SystemExit(f"{self.path} holds runs that were made otherwise ({differ}); give another -o")
        write_whole(beside, json.dumps(about, indent=1) + "\n")

    @contextlib.contextmanager
    def locked(self):
        """Two commands may work on one study: they take turns at its table."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def read(self):
        if not self.path.exists():
            return
        with self.path.open(newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != self.columns:
                raise SystemExit(f"{self.path} has other columns than this study writes; move it away or give another -o")
            self.rows = list(reader)

    def key_of(self, row):
        return tuple("" if row.get(c) is None else str(row[c]) for c in self.key)

    def add(self, row):
        row = {c: "" if row.get(c) is None else str(row[c]) for c in self.columns}
        if not self.path:
            self.rows.append(row)
            return
        with self.locked():
            self.read()
            self.rows = [r for r in self.rows if self.key_of(r) != self.key_of(row)] + [row]
            write_whole(self.path, csv_text(self.columns, self.rows))

    def do(self, wanted, one, jobs=1, say=None, weight=None):
        """Do what is missing of `wanted` (rows that hold the key): `one(row)` returns a whole row. Progress goes to standard
        error with the time left, by `weight(row)`, what a run costs in any unit."""
        done = {self.key_of(row) for row in self.rows}
        work = [row for row in wanted if self.key_of(row) not in done]
        cost = weight or (lambda row: 1)
        total, spent, start = sum(map(cost, work)), 0, time.monotonic()
        if len(work) < len(wanted):
            print(f"{len(wanted) - len(work)} of {len(wanted)} runs are done already", file=sys.stderr, flush=True)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            pending = {pool.submit(one, row): row for row in work}
            try:
                for number, future in enumerate(concurrent.futures.as_completed(pending), 1):
                    row = future.result()
                    self.add(row)
                    spent += cost(pending[future])
                    left = (time.monotonic() - start) / spent * (total - spent)
                    text = say(row) if say else f"{' '.join(self.key_of(row))}: {row.get('accuracy', '')}"
                    print(f"{number}/{len(work)} {text}, {left / 60:.0f} min left", file=sys.stderr, flush=True)
            except BaseException:
                for future in pending:
                    future.cancel()
                raise


def spread(values):
    """(mean, lowest, highest)"""
    values = [float(v) for v in values]
    return statistics.fmean(values), min(values), max(values)


def percent(values):
    """'97.12 (96.90 to 97.31)' of fractions."""
    values = list(values)
    if not values:
        return "not run"
    mean, low, high = (100 * v for v in spread(values))
    return f"{mean:.2f}" if len(values) == 1 else f"{mean:.2f} ({low:.2f} to {high:.2f})"


def positive(text):
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)


def arguments(doc, seeds, output=None, program=True):
    """The options that every study has; `output` is a name in this folder."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=positive, default=seeds)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=output and ROOT / "studies" / output)
    if program:
        parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/trifactor")
        parser.add_argument("--jobs", type=positive, default=1, help="runs at a time, one thread each")
    return parser


def main_of(function):
    """Runs a study's main: what the program refuses is told without a traceback."""
    try:
        sys.exit(function())
    except Failed as failure:
        print(failure, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
