#!/usr/bin/env python3
"""Check the rules of the source tree that a compiler does not know.

usage: layers.py [ROOT]        exit 0: all hold, 1: each violation as path:line: message

The tables below are the rules: who may include whom, which folder owns which library, how long things may be.
Beside them: a file exports only names that begin with its own (pool.c: pool_*), and has its header beside it.
"""
# SPDX-License-Identifier: Apache-2.0

import re
import sys
from pathlib import Path

# A layer may include itself and these.
LAYERS = {
    "base":    "",
    "pg":      "base",
    "http":    "base",
    "schema":  "base pg",
    "migrate": "base pg schema",
    "lint":    "base schema",
    "data":    "base pg schema",
    "access":  "base pg schema",
    "ops":     "base pg http schema",
    "scan":    "base",
    "serve":   "base pg http schema migrate data access ops",
    "prove":   "base pg migrate access serve",
    "cli":     "base pg http schema migrate lint data access ops scan serve prove",
}

# Headers of libraries, and the only places that include them.
OWNED = {
    "libpq-fe.h":  ["src/pg/"],
    "pg_query.h":  ["src/lint/"],
    "openssl/":    ["src/base/digest", "src/http/tls"],
    "git2":        ["src/scan/"],
    "hs/":         ["src/scan/"],
    "pcre2.h":     ["src/scan/"],
    "embedded.h":  ["src/pg/", "src/migrate/", "src/data/", "src/access/", "src/ops/", "src/serve/", "src/cli/"],
}

# Files that export more than their own name, where that reads better.  Parts (query_array.c) follow their header.
PREFIXES = {
    "src/base/err":       "fail fault",      # in every second line of the program
    "src/pg/conn":        "pg",              # a connection is what pg_open() opens
    "src/pg/query":       "stmt rows pg",
    "src/http/parse":     "http",
    "src/http/reply":     "http",
    "src/http/server":    "http",
    "src/data/call":      "plan txn",
    "src/data/resource":  "model",
    "src/cli/main":       "main",
}

# Folders whose files need no header of their own, and the one that stands for all.
SHARED_HEADER = {"src/cli": "groups.h"}      # each file is a group of commands; nobody but the table calls them

FILE_LINES_WARN, FILE_LINES_MAX, FUNCTION_LINES_MAX = 500, 600, 80
SPDX = "SPDX-License-Identifier: Apache-2.0"

NOT_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|^[ \t]*\#(?:\\\n|[^\n])*""",
                      re.DOTALL | re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', re.MULTILINE)
DECLARATOR = re.compile(r"(\w+)\s*\(")
NOT_A_NAME = {"__attribute__", "PRINTF", "if", "for", "while", "switch", "defined"}


def blank(text):
    """The text with everything that is not code turned into blanks, lines kept."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def functions(text):
    """Each function defined in a C file: (name, static, first line, last line)."""
    code = blank(text)
    depth, since, start = 0, 0, None
    for m in re.finditer(r"[{};]", code):
        if m.group() == "{":
            if depth == 0:
                start = code[since:m.start()]
                start_at = since + len(start) - len(start.lstrip())
            depth += 1
        elif m.group() == "}":
            depth -= 1
        if depth == 0:
            if m.group() == "}":
                name = function_name(start)
                if name:
                    first, last = code.count("\n", 0, start_at) + 1, code.count("\n", 0, m.start()) + 1
                    yield name, bool(re.search(r"\bstatic\b", start)), first, last
            since = m.end()


def function_name(head):
    """The name a definition's head declares; None when it declares no function (a struct, a table)."""
    if "=" in head:
        return None
    return next((name for name in DECLARATOR.findall(head) if name not in NOT_A_NAME), None)


def stems(path):
    """The file's own name and those of which it is a part: pool_lane.c beside pool.h is a part of pool."""
    stem = path.stem
    yield stem
    while "_" in stem:
        stem = stem.rpartition("_")[0]
        if path.with_name(stem + ".h").exists():
            yield stem


def may_export(path, rel, name):
    """pool.c: pool_*; url.c in pg also pg_url_*; further prefixes as the table says."""
    allowed = set()
    for stem in stems(path):
        allowed |= {stem, f"{path.parent.name}_{stem}", *PREFIXES.get(rel.with_name(stem).as_posix(), "").split()}
    return any(name == p or name.startswith(p + "_") for p in allowed)


def has_header(path, rel):
    names = [stem + ".h" for stem in stems(path)] + [SHARED_HEADER.get(rel.parent.as_posix(), "")]
    return path.stem == "main" or any(name and path.with_name(name).exists() for name in names)


def check_includes(rel, text):
    layer = rel.parts[1]
    allowed = {layer, *LAYERS.get(layer, "").split()}
    for m in INCLUDE.finditer(text):
        target, line = m.group(1), text.count("\n", 0, m.start()) + 1
        folder = target.split("/")[0]
        if "/" in target and folder in LAYERS and folder not in allowed:
            yield line, f"{layer} may not include {target}"
        for owned, places in OWNED.items():
            if target.startswith(owned) and not any(rel.as_posix().startswith(p) for p in places):
                yield line, f"{target} belongs to {' '.join(places)}"


def check_functions(path, rel, text, exports):
    for name, static, first, last in functions(text):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield first, f"{name}() has {last - first + 1} lines, {FUNCTION_LINES_MAX} are allowed"
        if exports and not static and not may_export(path, rel, name):
            yield first, f"{name}() is exported but does not begin with {path.stem}_"


def check_file(root, path):
    rel, text = path.relative_to(root), path.read_text()
    in_src = rel.parts[0] == "src"
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        yield 1, f"{lines} lines, {FILE_LINES_MAX} are allowed"
    if path.suffix not in (".c", ".h"):
        return
    if SPDX not in text:
        yield 1, f"no line with {SPDX}"
    if in_src and len(rel.parts) > 2:
        if rel.parts[1] not in LAYERS:
            yield 1, f"src/{rel.parts[1]} is no layer"
        yield from check_includes(rel, text)
    if path.suffix == ".c":
        yield from check_functions(path, rel, text, exports=in_src)
        if in_src and not has_header(path, rel):
            yield 1, f"has no {path.stem}.h beside it"


def sources(root):
    for folder in ("src", "tests", "tools", "clients", "bench"):
        for path in sorted((root / folder).rglob("*")):
            made = {"node_modules", ".venv", "__pycache__", "build", "dist"} & set(path.relative_to(root).parts)
            if path.suffix in (".c", ".h", ".py", ".js", ".mjs", ".ts") and path.is_file() and not made:
                yield path


def main(root):
    count = bad = 0
    for path in sources(root):
        rel = path.relative_to(root)
        count += 1
        for line, message in check_file(root, path):
            bad += 1
            print(f"{rel}:{line}: {message}")
        lines = path.read_text().count("\n")
        if FILE_LINES_WARN < lines <= FILE_LINES_MAX:
            print(f"{rel}: {lines} lines: time to split by idea")
    print(f"layers: {count} files, {bad} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)))
