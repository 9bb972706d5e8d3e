#!/usr/bin/env python3
"""Count the tests in a result file: prints "PASSED FAILED SKIPPED".

usage: tally.py FILE     testlog.json of meson (cmocka programs: each test counts) or JUnit XML (pytest, node)
"""
# SPDX-License-Identifier: Apache-2.0

import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

CMOCKA = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] \w+$", re.MULTILINE)


def meson(text):
    counts = {"OK": 0, "FAILED": 0, "SKIPPED": 0}
    for line in text.splitlines():
        program = json.loads(line)
        seen = {"OK": 0, "FAILED": 0, "SKIPPED": 0}
        for word in CMOCKA.findall(program.get("stdout", "") + program.get("stderr", "")):
            seen[word] += 1
        seen["FAILED"] //= 2       # cmocka names each failed test again at the end
        if program["result"] not in ("OK", "SKIP") and not seen["FAILED"]:
            seen["FAILED"] = 1     # crashed, timed out, or a sanitizer spoke
        for word, n in seen.items():
            counts[word] += n
    return counts["OK"], counts["FAILED"], counts["SKIPPED"]


def junit(text):
    cases = list(ET.fromstring(text).iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    return len(cases) - failed - skipped, failed, skipped


def main(path):
    if not path.exists():
        print(0, 1, 0)             # a suite that left no results did not run
        return
    text = path.read_text(errors="replace")
    print(*(meson if path.suffix == ".json" else junit)(text))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
