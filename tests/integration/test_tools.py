"""The tools that make the source tree trustworthy: embedding SQL, checking layers."""
# SPDX-License-Identifier: Apache-2.0

import sys

import pytest

from harness import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import embed  # noqa: E402
import layers  # noqa: E402

LICENSE = "// SPDX-License-Identifier: Apache-2.0\n"


@pytest.mark.parametrize("text, expected, why", [
    ("-- head\nSELECT 1; -- end\n", "SELECT 1", "line comments and the semicolon go"),
    ("SELECT '--x', \"a--b\" FROM t\n;\n", "SELECT '--x', \"a--b\" FROM t", "quoted text stays"),
    ("SELECT $q$ -- ; $q$, $1::int", "SELECT $q$ -- ; $q$, $1::int", "dollar quotes stay, parameters are none"),
    ("SELECT E'\\'--'", "SELECT E'\\'--'", "an escaped quote does not end the text"),
    ("SELECT 1/* a /* b */ c */+2", "SELECT 1 +2", "block comments nest"),
    ("SELECT ''''", "SELECT ''''", "a doubled quote does not end the text"),
])
def test_embed_statement(text, expected, why):
    assert embed.statement(text) == expected, why


def test_embed_refuses_an_open_comment():
    with pytest.raises(ValueError):
        embed.statement("SELECT 1 /* open")


def test_embed_escapes():
    assert embed.c_string('a"\\\t\n\u00e9'.encode()) == '    "a\\"\\\\\\011\\n"\n    "\\303\\251"'


@pytest.mark.parametrize("path, text, message, why", [
    ("src/http/a.c", '#include "pg/conn.h"\n', "http may not include pg/conn.h", "direction"),
    ("src/data/a.c", '#include "http/parse.h"\n', "data may not include http/parse.h", "data does not know HTTP"),
    ("src/data/a.c", "#include <libpq-fe.h>\n", "libpq-fe.h belongs to src/pg/", "owner of a library"),
    ("src/base/a.c", "int other(void)\n{\n    return 1;\n}\n", "other() is exported", "prefix"),
    ("src/base/a.c", "void a_x(void)\n{\n" + "    ;\n" * 80 + "}\n", "a_x() has 83 lines", "length"),
    ("src/wrong/a.c", "\n", "src/wrong is no layer", "unknown folder"),
    ("src/base/a.c", "\n" * 601, "602 lines", "length of a file"),
])
def test_layers_refuse(tmp_path, path, text, message, why):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.with_suffix(".h").write_text(LICENSE)
    file.write_text(LICENSE + text)
    assert any(message in found for _, found in layers.check_file(tmp_path, file)), why


def test_layers_accept(tmp_path):
    file = tmp_path / "src/base/pool_lane.c"
    file.parent.mkdir(parents=True)
    (file.parent / "pool.h").write_text(LICENSE)
    file.write_text(LICENSE + '#include "base/err.h"\n'
                    "static const int a[] = { 1, 2 };\n"
                    "static int other(int x) { return x; }\n"
                    'const char *pool_name(void)\n{\n    return "}{";\n}\n'
                    "int pool(void)\n{\n    return a[0] + other('{');\n}\n")
    assert list(layers.check_file(tmp_path, file)) == []
