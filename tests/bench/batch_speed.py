#!/usr/bin/python3
"""Mini-batches: `trifactor reference` against two PyTorch programs of the same training (pytorch_phsic.py).

784-1024-1024-1024-10 on MNIST, pHSIC with a Gaussian kernel, batches of 256, SGD with momentum, equal threads:

  plain     the kernel compares all neurons
  grouped   it compares 32 groups (Pogodin and Latham 2020, eq. 13)
  divisive  and what is handed on is divisively normalised

Programs take turns, so that a busy machine slows all alike; a ratio is the median over rounds of time of the PyTorch
program / time of trifactor: processor time with one thread, which others on the machine disturb least, else wall time. Limits: 2.0 for PyTorch's autograd, 1.0 for the gradient by hand. `products` is what the
products with the weights take alone in PyTorch's BLAS: autograd's time over it bounds the ratio that any program can reach
that computes them densely. A limit that lies beyond that bound in every round is shown, but cannot fail. Exits 1 when a limit fails.
"""

import argparse
import csv
import json
import os
import pathlib
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parents[1] / "host/examples/mnist-phsic-batch.toml"
LIMITS = {"autograd": 2.0, "closed": 1.0}
WARM_UP = 4  # batches
KINDS = ["plain", "grouped", "divisive"]


def network(kind, folder):
    text = EXAMPLE.read_text()
    if kind == "plain":
        text = re.sub(r"normalise = .*\n", "\n", text).replace("eta = 1.0", "eta = 0.6")
    if kind == "divisive":
        text = text.replace('kind = "groups"', 'kind = "divisive"').replace("p = 0.5", "p = 0.2")
    path = pathlib.Path(folder) / f"{kind}.toml"
    path.write_text(text)
    return path


class Bench:
    def __init__(self, options, folder):
        self.o = options
        self.clock = "processor" if options.threads == 1 else "wall"
        self.networks = {kind: network(kind, folder) for kind in KINDS}
        threads = str(options.threads)
        self.environment = dict(os.environ, OPENBLAS_NUM_THREADS=threads, OMP_NUM_THREADS=threads)

    def pytorch(self, form, kind):
        command = [sys.executable, str(HERE / "pytorch_phsic.py"), "--data", self.o.data, "--form", form, "--kind", kind,
                   "--threads", str(self.o.threads), "--batches", str(self.o.batches)]
        out = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout
        return json.loads(out)["seconds_a_batch"][self.clock]

    def learn(self, kind, batches):
        command = [self.o.program, "reference", str(self.networks[kind]), "--data",
                   f"idx:{self.o.data},shuffle=1,count={256 * batches}", "--threads", str(self.o.threads), "--json"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return json.loads(out), processor

    def trifactor(self, kind):
        """Without what reading MNIST and making weights takes: a long run less a short one."""
        short, short_processor = self.learn(kind, WARM_UP)
        long, processor = self.learn(kind, WARM_UP + self.o.batches)
        seconds = {"wall": (long["seconds"]["learning"] - short["seconds"]["learning"]) / self.o.batches,
                   "processor": (processor - short_processor) / self.o.batches}
        total = sum(long["profile"].values())
        return seconds[self.clock], {part: spent / total for part, spent in long["profile"].items()}

    def run(self):
        rows = []
        for kind in KINDS:
            for number in range(self.o.rounds):
                ours, profile = self.trifactor(kind)
                row = {"kind": kind, "round": number + 1, "trifactor": ours,
                       **{form: self.pytorch(form, kind) for form in ("autograd", "closed", "products")}}
                row.update({f"share of {part}": share for part, share in profile.items()})
                rows.append(row)
                print("  ".join(f"{k} {v * 1e3:.1f} ms" if isinstance(v, float) else f"{v}" for k, v in row.items() if "share" not in k),
                      file=sys.stderr, flush=True)
        return rows


def summary(rows):
    """(kind, form, ratio, limit, bound, verdict) for each pair."""
    lines = []
    for kind in KINDS:
        mine = [row for row in rows if row["kind"] == kind]
        for form, limit in LIMITS.items():
            ratio = statistics.median(row[form] / row["trifactor"] for row in mine)
            bound = max(row[form] / row["products"] for row in mine)
            verdict = "ok" if ratio >= limit else "beyond the bound" if bound < limit else "FAILED"
            lines.append((kind, form, ratio, limit, bound, verdict))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="trifactor")
    parser.add_argument("--data", required=True, help="folder with MNIST as idx files")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-o", "--output", help="CSV of all rounds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = Bench(options, folder).run()
    if options.output:
        pathlib.Path(options.output).parent.mkdir(parents=True, exist_ok=True)
        temporary = pathlib.Path(options.output + ".part")
        with temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows([{k: f"{v:.6f}" if isinstance(v, float) else v for k, v in row.items()} for row in rows])
        temporary.rename(options.output)
    print(f"{options.threads} thread(s), {platform.machine()}; {'processor' if options.threads == 1 else 'wall'} milliseconds a "
          f"batch of 256, median of {options.rounds} rounds")
    for kind in KINDS:
        mine = [row for row in rows if row["kind"] == kind]
        print(f"  {kind:9}", "  ".join(f"{name} {1e3 * statistics.median(row[name] for row in mine):.1f}"
                                      for name in ("trifactor", "closed", "autograd", "products")))
    lines = summary(rows)
    for kind, form, ratio, limit, bound, verdict in lines:
        print(f"  {kind:9} {form:9} ratio {ratio:.2f}  limit {limit:.1f}  bound {bound:.2f}  {verdict}")
    count = {verdict: sum(line[-1] == verdict for line in lines) for verdict in ("ok", "beyond the bound", "FAILED")}
    failed = count["FAILED"]
    print(f"{count['ok']} held, {count['beyond the bound']} not held because dense products alone take longer, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
