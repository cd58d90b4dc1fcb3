"""What bad_inputs.py runs its cases with: a bench that judges one run of the program, and material for bad files."""
import io
import os
import pathlib
import random
import shutil
import struct
import subprocess
import time
import zipfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SMALL = """
[network]
name = "small"
{network}
[[population]]
name = "pixels"
kind = "input"
shape = {shape}
encode = {{ kind = "unit" }}
[[population]]
name = "hidden"
shape = [32]
neuron = {{ kind = "leaky_relu" }}
normalise = {{ kind = "divisive", groups = 4 }}
[[population]]
name = "scores"
shape = [10]
neuron = {{ kind = "linear", range = 32.0 }}
activity = {{ bits = 16 }}
[[projection]]
from = "pixels"
to = "hidden"
weights = {{ bits = {bits} }}
plasticity = {{ rule = "{rule}", eta = 0.05{more} }}
[[projection]]
from = "hidden"
to = "scores"
bias = true
weights = {{ bits = 16 }}
plasticity = {{ rule = "readout", eta = 0.1 }}
{tail}
"""
DATA = "synthetic:strokes,count=20"
NOISE = random.Random(20).randbytes(10_000_000)
MOST_SECONDS = 120


def network(network="", shape="[784]", bits="16", rule="phsic_gaussian", more="", tail=""):
    return SMALL.format(**locals())


def idx(magic, *extents):
    """The head of an IDX file of bytes and its content, a ramp."""
    head = struct.pack(f">I{len(extents)}I", magic, *extents)
    return head + bytes(i % 251 for i in range(int(np.prod(extents))))


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def claiming(shape):
    """An archive whose array says that it is larger than it is."""
    head = repr({"descr": "<f8", "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("pixels_to_hidden.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(1000))
    return stream.getvalue()


class Bench:
    """Runs cases and keeps the score."""

    def __init__(self, program, folder, only):
        self.program, self.folder, self.only = program, folder, only
        self.passed = self.failed = self.skipped = 0
        self.sanitized = b"__asan_init" in program.read_bytes() or b"__ubsan_handle" in program.read_bytes()
        self.most_mib = 2000 if self.sanitized else 400
        self.number = 0
        print(f"{'case':<52} | code | first line | files left")

    def wanted(self, name):
        return self.only is None or self.only in name

    def start(self, arguments, where, wrapper=(), **options):
        command = [*wrapper, str(self.program), *map(str, arguments)]
        return subprocess.Popen(command, cwd=where, stdin=subprocess.DEVNULL, stdout=open(where.parent / "stdout", "wb"),
                                stderr=open(where.parent / "stderr", "wb"), start_new_session=True, **options)

    def finish(self, process, where):
        """Exit status, standard error, peak memory in MiB. Only this process is ended when it takes too long."""
        until = time.monotonic() + MOST_SECONDS
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > until:
                process.kill()
                _, status, usage = os.wait4(process.pid, 0)
                return "too long", "", 0
            time.sleep(0.005)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, (where.parent / "stderr").read_text(errors="replace"), usage.ru_maxrss / 1024

    def new_folder(self, files):
        self.number += 1
        where = self.folder / str(self.number) / "here"
        where.mkdir(parents=True)
        for name, content in files.items():
            path = where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.mkdir()
            elif isinstance(content, pathlib.Path):
                shutil.copy(content, path)
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return where

    @staticmethod
    def contents(where):
        return {str(p.relative_to(where)): p.read_bytes() if p.is_file() else None for p in sorted(where.rglob("*"))}

    def __call__(self, name, code, says, arguments, files={}, wrapper=(), left=(), quiet=False, **options):
        """`says`: words of the message, in any case. `left`: files that may be new."""
        if not self.wanted(name):
            return
        where = self.new_folder(files)
        before = self.contents(where)
        got, error, mib = self.finish(self.start(arguments, where, wrapper, **options), where)
        after = self.contents(where)
        changed = sorted(k for k in {*before, *after} if before.get(k, 0) != after.get(k, 0) and k not in left)
        self.judge(name, code, says, got, error, mib, changed, quiet)
        shutil.rmtree(where.parent)

    def judge(self, name, code, says, got, error, mib, changed, quiet=False):
        lines = [line for line in error.splitlines() if line.strip()]
        first = lines[0] if lines else ""
        wrong = []
        if got != code:
            wrong.append(f"exit status {got}, expected {code}")
        if "Sanitizer" in error or "runtime error:" in error:
            wrong.append("a sanitizer report: " + next((x for x in lines if "ERROR" in x or "runtime error" in x), first))
        if any(fault in error for fault in ("internal fault", "terminate called", "out of memory", "std::", "TF-CLI-008", "[json.")):
            wrong.append("a fault of the program, or its inside")
        if not quiet and not (first.startswith("error [TF-") or (code == 2 and "Run with --help" in error)):
            wrong.append("no `error [TF-...]`")
        if not quiet and len(lines) > 12:
            wrong.append(f"{len(lines)} lines of message")
        if says.lower() not in error.lower():
            wrong.append(f"the message does not say '{says}'")
        if any(ord(c) < 32 for c in error.replace("\n", "")) or "\x7f" in error:
            wrong.append("control characters in the message")
        if mib > self.most_mib:
            wrong.append(f"{mib:.0f} MiB of memory")
        if changed:
            wrong.append("files left")
        self.line(name, got, first, ", ".join(changed) or "none", wrong)

    def line(self, name, code, first, left, wrong):
        self.failed += bool(wrong)
        self.passed += not wrong
        print(f"{name:<52} | {code:>4} | {first.replace(str(self.folder), '')[:150]} | {left[:200]}"
              + (f"\n    WRONG: {'; '.join(wrong)}" if wrong else ""), flush=True)

    def skip(self, name, why):
        if self.wanted(name):
            self.skipped += 1
            print(f"{name:<52} | skipped: {why}", flush=True)

    def make(self, *arguments):
        """Runs something that must work, in the common folder."""
        done = subprocess.run([str(self.program), *map(str, arguments), "-q"], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr}")
