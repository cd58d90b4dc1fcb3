"""Random networks through the program: what they compute must not depend on engine, mapping or timing."""
import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "studies"))
import networks  # noqa: E402


ROOM = ("core.axons=4096", "core.axon_bytes=65536", "core.synapse_bytes=4194304")


class Run:
    def __init__(self, program, folder):
        self.program, self.folder, self.number = program, folder, 0

    def trifactor(self, *arguments):
        done = subprocess.run([str(self.program), *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, arguments))}\nended with {done.returncode}\n{done.stderr}")
        return done.stdout

    def layout(self, text, machine="generic", *sets):
        """Its cores take all rows that a layer has unless `sets` says less: cut rows round otherwise where rounding is stochastic."""
        self.number += 1
        file, out = self.folder / f"{self.number}.toml", self.folder / f"{self.number}.h5"
        file.write_text(text)
        options = [word for key in (*ROOM, *sets) for word in ("--set", key)]
        self.trifactor("compile", file, "--machine", machine, *options, "-o", out, "-q")
        return out

    def run(self, layout, engine, *more, samples=12):
        self.number += 1
        out = self.folder / f"run{self.number}"
        self.trifactor("run", layout, "--data", f"synthetic:strokes,shuffle=1,count={samples}", "--engine", engine,
                       "--digests", "--progress", "none", "-q", "-o", out, *more)
        return out

    @staticmethod
    def contents(out):
        digests = [line.split(",", 1)[1] for line in (out / "digests.csv").read_text().splitlines()[1:]]
        learned = [line for line in digests if line.startswith("1,")]
        return (out / "weights.npz").read_bytes(), learned


def check(program, folder, text, columns):
    """What differs from the functional engine, or from itself with tests in between; empty where nothing."""
    run = Run(program, folder)
    plain = run.layout(text)
    wanted = run.contents(run.run(plain, "functional"))
    split = run.layout(text, "generic", f"core.columns={columns}", "mesh.width=8", "mesh.height=8")
    variants = {
        "systemc": lambda: run.run(plain, "systemc"),
        "rtl": lambda: run.run(plain, "rtl"),
        "functional, fewer columns a core": lambda: run.run(split, "functional"),
        "systemc, fewer columns a core": lambda: run.run(split, "systemc"),
        "systemc, jitter": lambda: run.run(run.layout(text, "jitter", "jitter_seed=3"), "systemc"),
        "systemc, one-packet buffers, trees on the mesh": lambda: run.run(
            run.layout(text, "generic", "mesh.buffer_packets=1", "tree.network=mesh", f"core.columns={columns}", "mesh.width=8", "mesh.height=8"), "systemc"),
        "systemc, drained after every third sample": lambda: run.run(
            plain, "systemc", "--checkpoint", folder / "drained.ckpt", "--every", 3),
    }
    differing = [what for what, make in variants.items() if run.contents(make()) != wanted]
    nearest = text.replace("stochastic", "nearest")
    if run.contents(run.run(run.layout(nearest, "generic", "core.axons=400", "mesh.width=8"), "systemc")) != run.contents(run.run(run.layout(nearest), "functional")):
        differing.append("systemc, rows split, rounding to nearest")
    for engine in ("functional", "systemc"):
        tested = run.run(plain, engine, "--test", "synthetic:strokes,split=test,count=5", "--epochs", 2, samples=6)
        untested = run.run(plain, engine, "--epochs", 2, samples=6)
        if run.contents(tested) != run.contents(untested):
            differing.append(f"{engine}, looks in between")
    return differing


def representable(program, folder, text):
    """Whether the formats that were drawn have room for the rules' factors; whatever else is wrong is a failure."""
    file = folder / "drawn.toml"
    file.write_text(text)
    room = [word for key in ROOM for word in ("--set", key)]
    done = subprocess.run([str(program), "compile", str(file), "--machine", "generic", *room, "--dry-run", "-q"], capture_output=True, text=True)
    if done.returncode not in (0, 4):
        raise RuntimeError(f"{file}\n{done.stderr}")
    return done.returncode == 0


def main(network, about, columns, more=lambda program, folder, text: []):
    """Draws the text of networks with network(dice, number), compares them, also cut to that many columns a core, and adds what more finds; the exit status."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--networks", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="trifactor-random-"))
    failed = 0
    try:
        number, done = -1, 0
        while done < arguments.networks:
            number += 1
            text = network(random.Random(arguments.seed * 1000 + number), number)
            own = folder / f"network{number}"
            own.mkdir(parents=True, exist_ok=True)
            if not representable(arguments.program.resolve(), own, text):
                continue
            done += 1
            differing = check(arguments.program.resolve(), own, text, columns) + more(arguments.program.resolve(), own, text)
            failed += bool(differing)
            print(f"{'DIFFERENT' if differing else 'identical':<10} network {number} {'; '.join(differing)}", flush=True)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{arguments.networks - failed} passed, {failed} failed; {number + 1 - done} drawn without room for their factors")
    return 1 if failed else 0

