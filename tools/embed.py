#!/usr/bin/env python3
"""Turn sql/ and web/ into C: embedded.h and embedded.c.

usage: embed.py SOURCE_ROOT OUTPUT_DIR DEPFILE

    sql/queries/<stem>.sql   const char sql_<stem>[], comments and the closing semicolon gone
    sql/<stem>.sql           embedded_<stem>: schema, bootstrap
    sql/migrations/*.sql     embedded_migrations[], sorted by name
    web/**                   embedded_web[], sorted by path

Files are written only when their content changes, so a changed query recompiles only what uses it.
"""
# SPDX-License-Identifier: Apache-2.0

import re
import sys
from pathlib import Path

# Quoted text is matched first so that a comment sign inside it is left alone.
TOKEN = re.compile(
    r"""(?P<quoted> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$ )
      | (?P<line> --[^\n]* )
      | (?P<block> /\* )""",
    re.VERBOSE | re.DOTALL,
)
BLOCK_EDGE = re.compile(r"/\*|\*/")

HEADER = """\
/* Made by tools/embed.py from sql/ and web/. */
#ifndef KEELSON_EMBEDDED_H
#define KEELSON_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name;      /* "0001_init.up.sql", "index.html" */
    const char *data;      /* terminated by a zero that `size` does not count */
    size_t      size;
};

extern const struct embedded_file embedded_migrations[];    /* sql/migrations as they are, sorted by name */
extern const size_t               embedded_nmigrations;
extern const struct embedded_file embedded_web[];           /* web/, sorted by path */
extern const size_t               embedded_nweb;

"""


def end_of_block_comment(text, at):
    """Block comments nest in PostgreSQL."""
    depth = 0
    while True:
        edge = BLOCK_EDGE.search(text, at)
        if not edge:
            raise ValueError("a /* comment has no end")
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
        if depth == 0:
            return at


def statement(text):
    """The statement without comments, empty lines and closing semicolon."""
    kept, at = [], 0
    while token := TOKEN.search(text, at):
        kept.append(text[at:token.start()])
        if token["block"]:
            kept.append(" ")
            at = end_of_block_comment(text, token.start())
            continue
        if token["quoted"]:
            kept.append(token.group())
        at = token.end()
    kept.append(text[at:])
    lines = (line.rstrip() for line in "".join(kept).splitlines())
    return "\n".join(line for line in lines if line).strip().rstrip(";").rstrip()


def c_char(byte):
    char = chr(byte)
    if char in '"\\':
        return "\\" + char
    if char == "\n":
        return "\\n"
    return char if 32 <= byte < 127 else f"\\{byte:03o}"


def c_string(data):
    lines = data.splitlines(keepends=True) or [b""]
    return "\n".join('    "' + "".join(map(c_char, line)) + '"' for line in lines)


def files_below(folder, pattern):
    hidden = lambda path: any(part.startswith(".") for part in path.relative_to(folder).parts)
    return sorted(p for p in folder.glob(pattern) if p.is_file() and not hidden(p))


def query(path):
    try:
        return statement(path.read_text())
    except ValueError as reason:
        sys.exit(f"{path}: {reason}")


def row(folder, path):
    data = path.read_bytes()
    return f'{{ "{path.relative_to(folder).as_posix()}",\n{c_string(data)},\n    {len(data)} }}'


def table(name, folder, paths):
    rows = "".join(f"    {row(folder, path)},\n" for path in paths)
    return (f"const struct embedded_file embedded_{name}[] = {{\n{rows}    {{ NULL, NULL, 0 }}\n}};\n"
            f"const size_t embedded_n{name} = {len(paths)};\n\n")


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main(root, out, depfile):
    sql, web = root / "sql", root / "web"
    scripts = files_below(sql, "*.sql")
    queries = files_below(sql / "queries", "*.sql")
    migrations = files_below(sql / "migrations", "*.sql")
    pages = files_below(web, "**/*")

    header, source = [HEADER, "/* sql/<stem>.sql as it is */\n"], ['#include "embedded.h"\n\n']
    for path in scripts:
        header.append(f"extern const struct embedded_file embedded_{path.stem};\n")
        source.append(f"const struct embedded_file embedded_{path.stem} = {row(sql, path)};\n\n")
    source.append(table("migrations", sql / "migrations", migrations))
    source.append(table("web", web, pages))

    header.append("\n/* sql/queries/<stem>.sql: one statement, without comments and closing semicolon */\n")
    for path in queries:
        header.append(f"extern const char sql_{path.stem}[];\n")
        source.append(f"const char sql_{path.stem}[] =\n{c_string(query(path).encode())};\n\n")
    header.append("\n#endif\n")

    write_if_changed(out / "embedded.h", "".join(header))
    write_if_changed(out / "embedded.c", "".join(source))

    # The folders themselves too: a file that comes or goes changes them.
    folders = [sql, sql / "queries", sql / "migrations", web, *{p.parent for p in pages}]
    inputs = [*scripts, *queries, *migrations, *pages, *(f for f in folders if f.is_dir())]
    depfile.write_text(f"embedded.h embedded.c: {' '.join(str(p).replace(' ', chr(92) + ' ') for p in inputs)}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
