"""C beside the tests, compiled when it is wanted, and the preloaded library among it.

    path = compiled("nonces.c")                     # a program
    shim = Shim(folder)                             # what shim.c can do to a process started with shim.env
    shim.jump(3600); shim.fail_allocation(7); shim.fail_threads(True); shim.names("127.0.0.2", seconds=3)
"""
# SPDX-License-Identifier: Apache-2.0

import functools
import mmap
import os
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

import harness

HERE = Path(__file__).parent
FLAGS = ["-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]


@functools.cache
def compiled(name):
    """Once for every process of the tests; the folder goes with it."""
    source = HERE / name
    out = Path(folder().name) / source.stem
    library = ["-shared", "-fPIC"] if name == "shim.c" else []
    subprocess.run([os.environ.get("CC", "cc"), *FLAGS, *library, "-o", out, source], check=True)
    return out


@functools.cache
def folder():
    made = tempfile.TemporaryDirectory(prefix="keelson-test-", dir="/var/tmp")
    Path(made.name).chmod(0o755)
    return made


class Shim:
    JUMP, ALLOCATIONS, THREADS, FAILED, LOOKUP_MS, LOOKUP_VERDICT, LOOKUP_ADDRESS, LOOKUPS = range(8)

    def __init__(self, name="control"):
        path = Path(folder().name) / name
        path.write_bytes(bytes(64))
        path.chmod(0o666)
        with path.open("r+b") as f:
            self.control = mmap.mmap(f.fileno(), 64)
        # The library comes before a sanitizer's runtime, which would rather be the first.
        asan = harness.SANITIZER_OPTIONS["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
        self.env = {"LD_PRELOAD": str(compiled("shim.c")), "FAULT_SHIM": str(path), "ASAN_OPTIONS": asan}

    def _set(self, at, value):
        struct.pack_into("q", self.control, 8 * at, value)

    def jump(self, seconds):
        """The wall clock is so far ahead of everybody else's."""
        self._set(self.JUMP, seconds)

    def fail_allocation(self, which):
        """The which-th allocation from now on fails, that one alone; 0: none."""
        self._set(self.ALLOCATIONS, which)

    def fail_threads(self, fail):
        self._set(self.THREADS, fail)

    def names(self, address="127.0.0.1", seconds=0, verdict=0):
        """What names below .test are from now on: the address, or a verdict of getaddrinfo(), after so long."""
        self._set(self.LOOKUP_ADDRESS, int.from_bytes(socket.inet_aton(address), "big"))
        self._set(self.LOOKUP_VERDICT, verdict)
        self._set(self.LOOKUP_MS, int(seconds * 1000))

    @property
    def lookups(self):
        return struct.unpack_from("Q", self.control, 8 * self.LOOKUPS)[0]

    @property
    def failed(self):
        return struct.unpack_from("Q", self.control, 8 * self.FAILED)[0]
