"""What the release build promises about its binary; the clang build is made with the same flags as the one of ./run."""
# SPDX-License-Identifier: Apache-2.0

import platform
import re
import subprocess

import pytest

from harness import ROOT

PROGRAM = ROOT / "build-clang" / "keelson"


def readelf(*options):
    assert PROGRAM.exists(), f"{PROGRAM} is not built: ./test builds it"
    return subprocess.run(["readelf", "-W", *options, PROGRAM], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("options, pattern, why", [
    (["-h"], r"Type:\s+DYN \(Position-Independent Executable", "position independent"),
    (["-l"], r"GNU_RELRO", "relocations are read-only"),
    (["-d"], r"FLAGS.*BIND_NOW|FLAGS_1.*NOW", "all symbols are bound at start"),
    (["-l"], r"GNU_STACK\s.*\sRW\s", "the stack is not executable"),
    (["--dyn-syms"], r"__stack_chk_fail", "stack protector"),
    (["--dyn-syms"], r"__\w+_chk@", "fortified library calls"),
])
def test_release_flags(options, pattern, why):
    assert re.search(pattern, readelf(*options)), why


@pytest.mark.skipif(platform.machine() != "x86_64", reason="an instruction of x86")
def test_control_flow_protection():
    assert PROGRAM.read_bytes().count(b"\xf3\x0f\x1e\xfa") > 100, "functions begin with endbr64"
