"""Documents as tests: their shell blocks are run, and what stands below a block is compared with what came out.

    for block in blocks(path): block.language, block.info, block.text, block.heading, the numbers of its first and last line
    shell = Shell(folder); shell.run(text)      one bash for all blocks: variables and functions stay
    compare(expected, found)

In an expected text `…` stands for anything, members of JSON objects may be left out, and the blanks between values do not
count; numbers are compared as they are spelled.
"""
# SPDX-License-Identifier: Apache-2.0

import json
import re
import subprocess
from collections import namedtuple

FENCE = re.compile(r"^```(.*)$")
HEADING = re.compile(r"^#+ (.*)$")
END = "\036"                # written after each block
DECODER = json.JSONDecoder(parse_float=str, parse_int=str)

Block = namedtuple("Block", "language info text heading first last")


def blocks(path):
    """Every fenced block of a Markdown file, with the heading above it."""
    found, inside, heading = [], None, ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if inside is None and fence:
            language, _, info = fence[1].strip().partition(" ")
            inside, first = (language, info), number
            text = []
        elif fence:
            found.append(Block(*inside, "\n".join(text) + "\n", heading, first, number))
            inside = None
        elif inside is not None:
            text.append(line)
        elif m := HEADING.match(line):
            heading = m[1]
    assert inside is None, f"{path}:{first}: a block that does not end"
    return found


class Shell:
    """A bash that is fed block by block."""

    def __init__(self, folder, env):
        self.process = subprocess.Popen(["bash", "-u"], cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)

    def run(self, text):
        self.process.stdin.write(f"{text}\nprintf '{END}'\n")
        self.process.stdin.flush()
        said = ""
        while not said.endswith(END):
            one = self.process.stdout.read(1)
            assert one, f"the shell ended\n{said}"
            said += one
        return said[:-1]

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def items(text):
    """JSON values and lines of other text, in order."""
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] in "{[":
            value, at = DECODER.raw_decode(text, at)
            found.append(value)
        else:
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            found.append(text[at:end].strip())
            at = end
    return found


def fits(want, have):
    if isinstance(want, dict):
        return isinstance(have, dict) and all(k in have and fits(v, have[k]) for k, v in want.items())
    if isinstance(want, list):
        return isinstance(have, list) and len(want) == len(have) and all(map(fits, want, have))
    if isinstance(want, str) and "…" in want:
        return isinstance(have, str) and re.fullmatch(".*".join(map(re.escape, want.split("…"))), have) is not None
    return want == have


def compare(expected, found):
    want, have = items(expected), items(found)
    assert len(want) == len(have) and all(map(fits, want, have)), f"expected\n{expected}\nfound\n{found}"
