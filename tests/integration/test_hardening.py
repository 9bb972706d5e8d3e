"""What the release build promises about its binary; the clang build is made with the same flags as the one of ./run."""
# SPDX-License-Identifier: Apache-2.0

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
    (["-n"], r"x86 feature:.*IBT.*SHSTK|AArch64 feature", "control flow protection"),
])
def test_release_flags(options, pattern, why):
    assert re.search(pattern, readelf(*options)), why
