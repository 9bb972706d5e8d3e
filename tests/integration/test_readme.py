"""What is written down is true: commands are run and answers compared, links lead somewhere, files and tests that are named
exist, generated tables are what they are generated from, and there is one version."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import re
import subprocess
import sys
import tomllib

import documents
import harness
import pytest
from harness import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import docs  # noqa: E402

BASE = "http://127.0.0.1:8080"
TOP = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = TOP + sorted((ROOT / "docs").glob("*.md"))
ids = {"argvalues": PAGES, "ids": [page.name for page in PAGES]}


def shell_for(k):
    return documents.Shell(k.folder, harness.environment(k.folder))


# ---------------------------------------------------------------- README

@pytest.fixture
def quick_start(keelson):
    """A private server, a shell, and the commands of the section."""
    found = [b for b in documents.blocks(ROOT / "README.md") if b.language == "sh" and b.heading == "Five minutes to a stored conversation"]
    assert len(found) == 2
    k = keelson()
    shell = shell_for(k)
    yield k, shell, [b.text.replace(BASE, k.url) for b in found]
    shell.close()


def test_the_quick_start_does_what_it_says(quick_start):
    k, shell, (conversation, memory) = quick_start
    appended, tail = documents.items(shell.run(conversation))
    assert [m["seq"] for m in appended["items"]] == ["1", "2"] and appended["last_seq"] == "2"
    assert [(m["role"], m["content"]) for m in tail["items"]] == [
        ("assistant", "Tell me about an index you regret."), ("user", "One on a boolean column.")]

    stored, read = documents.items(shell.run(memory))
    assert stored == read == {"summary": "Regrets an index on a boolean.", "facts": ["knows selectivity"]}

    # "Run the append again": the same result, and no second turn.
    append = conversation[conversation.index("curl -s $base/sessions/$session/messages"):conversation.rindex("curl")]
    assert documents.items(shell.run(append)) == [appended]
    session = appended["items"][0]["session_id"]
    assert k.http.get(f"/v1/sessions/{session}").json()["last_seq"] == 2

    # "Kill the program with kill -9, start it again, read again."
    k.kill()
    k.start()
    assert [m["content"] for m in k.http.get(f"/v1/sessions/{session}/messages?tail=20").json()["items"]] == [
        "Tell me about an index you regret.", "One on a boolean column."]
    assert k.http.get(f"/v1/sessions/{session}/memory").json() == {"summary": "Regrets an index on a boolean.", "facts": ["knows selectivity"]}


def snippet(language):
    (text,) = [b.text for b in documents.blocks(ROOT / "README.md") if b.language == language and b.heading == "From LangChain"]
    return text


def new_session(k):
    candidate = k.http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).json()["id"]
    interview = k.http.post("/v1/interviews", json={"candidate_id": candidate, "title": "Backend engineer"}).json()["id"]
    return k.http.post("/v1/sessions", json={"interview_id": interview}).json()["id"]


def said_in(k, session):
    return [(m["role"], m["content"]) for m in k.http.get(f"/v1/sessions/{session}/messages").json()["items"]]


def test_the_python_snippet_stores_messages(server):
    session = new_session(server)
    code = ("from langchain_core.messages import AIMessage, HumanMessage\n"
            f"messages, session_id = [AIMessage('And then?'), HumanMessage('It was dropped.')], '{session}'\n" + snippet("python"))
    done = subprocess.run([sys.executable, "-c", code.replace(BASE, server.url)], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT / "clients/python/src")})
    assert done.returncode == 0, done.stderr
    assert said_in(server, session) == [("assistant", "And then?"), ("user", "It was dropped.")]


@pytest.mark.skipif(not (ROOT / "clients/js/node_modules/@langchain/core").exists(), reason="`./test clients` installs @langchain/core")
def test_the_javascript_snippet_stores_messages(server):
    session = new_session(server)
    code = ("import { AIMessage, HumanMessage } from '@langchain/core/messages';\n"
            f"const messages = [new AIMessage('And then?'), new HumanMessage('It was dropped.')], sessionId = '{session}';\n"
            + snippet("js").replace(BASE, server.url))
    done = subprocess.run([ROOT / "tests/node_modules/.bin/node", "--input-type=module", "-e", code], cwd=ROOT / "clients/js",
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert said_in(server, session) == [("assistant", "And then?"), ("user", "It was dropped.")]


def test_the_program_says_that_no_key_is_needed(quick_start):
    k, _, _ = quick_start
    assert k.wait_log("event=no-keys")


# ---------------------------------------------------------------- docs/api.md

def test_the_api_page_does_what_it_says(keelson):
    k = keelson()
    shell = shell_for(k)
    said, ended, run = "", 0, 0
    try:
        for block in documents.blocks(ROOT / "docs" / "api.md"):
            if block.language == "sql":
                file = k.folder / block.text.split()[1]
                file.parent.mkdir(exist_ok=True)
                file.write_text(block.text)
            if block.info == "restarted":
                assert k.stop() == 0
                shell.run(f"base={k.start().url}/v1")
            if block.language == "sh":
                said, ended, run = shell.run(block.text.replace(BASE, k.url)), block.last, run + 1
            elif block.first == ended + 1:          # directly below: what came out
                documents.compare(block.text, said)
    finally:
        shell.close()
    assert run > 20


# ---------------------------------------------------------------- docs/operating.md

def block_of(page, heading):
    (text,) = [b.text for b in documents.blocks(ROOT / "docs" / page) if b.language == "sh" and b.heading == heading]
    return text


@pytest.fixture
def operator(keelson):
    """An embedded server, and a shell with the program on its path that uses it."""
    k = keelson()
    env = harness.environment(k.folder, {"KEELSON_DATA_DIR": str(k.data_dir), "PATH": f"{harness.BIN.parent}:{os.environ['PATH']}"})
    shell = documents.Shell(k.folder, env)
    yield k, shell
    shell.close()


def test_keys_are_made_and_refused_as_described(operator):
    k, shell = operator
    lines = block_of("operating.md", "Organizations and keys").splitlines()
    key_id = None
    for line in lines:
        said = shell.run((line.replace("0Bs8IbKW", key_id) if key_id else line) + "; echo status $?")
        assert said.endswith("status 0\n"), said
        if line.startswith("keelson key create"):
            key_id = re.search(r"^key_id +(\w+)$", said, re.MULTILINE)[1]
    assert "revoked" in shell.run("keelson key list") and "suspended" in shell.run("keelson org list")


def test_copies_are_made_and_restored_as_described(operator, keelson):
    k, shell = operator
    other = keelson()
    k.http.post("/v1/candidates", json={"full_name": "Ada Lovelace"})
    text = block_of("operating.md", "Copies").replace("keelson-data/", f"{k.data_dir}/").replace("other-data/", f"{other.data_dir}/")
    assert shell.run(text) == ""
    assert [c["full_name"] for c in other.http.get("/v1/candidates").json()["items"]] == ["Ada Lovelace"]


@pytest.mark.parametrize("page", **ids)
def test_commands_that_are_named_exist(page):
    helped = harness.run("--help").stdout
    commands = set(re.findall(r"^  ((?:[a-z]+ )?[a-z]+)(?: {2,}|$)", helped, re.MULTILINE))
    families = {command.split()[0] for command in commands}
    text = page.read_text()
    for first, second in re.findall(r"(?:`|^|^export .*\n|build/)keelson ([a-z]+)(?: ([a-z]+)\b)?", text, re.MULTILINE):
        assert first in families, f"{page.name}: keelson {first}"
        assert first in commands or not second or f"{first} {second}" in commands, f"{page.name}: keelson {first} {second}"


# ---------------------------------------------------------------- what is generated

@pytest.mark.parametrize("page", **ids)
def test_generated_parts_are_up_to_date(page, server, monkeypatch):
    monkeypatch.setenv("KEELSON_BIN", str(harness.BIN))
    monkeypatch.setenv("KEELSON_URL", server.url)
    assert docs.rewritten(page.read_text()) == page.read_text(), "run tests/integration/harness.py tools/docs.py"


# ---------------------------------------------------------------- links and names

def anchors(page):
    found = set()
    for line in page.read_text().splitlines():
        if m := re.match(r"#+ (.*)", line):
            found.add(re.sub(r"[^\w\- ]", "", m[1].lower()).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", **ids)
def test_links_lead_somewhere(page):
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            assert target.startswith((BASE, "https://")), target
            continue
        place = (page.parent / path) if path else page
        assert place.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(place), f"{page.name}: {target}"


PATH = re.compile(r"^(?:\./)?(?:src|tests|tools|sql|docs|bench|clients|packaging|web)/[\w./*<>{}-]+$|^(?:\w+\.(?:md|build)|\.ci/run|\./run|\./test)$")
TEST = re.compile(r"^test_\w+\.py$")


def named_paths(page):
    """Words in backquotes that look like files of this project, with what stands for something else taken out."""
    for word in re.findall(r"`([^`\n]+)`", page.read_text()):
        word = word.split()[0]
        if TEST.match(word):
            yield f"tests/integration/{word}"
        elif PATH.match(word) and not re.search(r"[<{*]|NNNN|\bname\b|NAME", word):
            yield word


@pytest.mark.parametrize("page", **ids)
def test_files_that_are_named_exist(page):
    missing = [name for name in named_paths(page) if not (ROOT / name).exists() and not built(name)]
    assert not missing, missing


def built(name):
    """What a build or the user makes."""
    return name.startswith(("tests/node_modules", "bench/results"))


def test_the_request_in_the_architecture_is_there():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for line in re.findall(r"^(src/\S+?(?:, [\w.]+)*) ", text, re.MULTILINE):
        first, *others = line.split(", ")
        for name in [first, *(os.path.dirname(first) + "/" + other for other in others)]:
            assert "<" in name or (ROOT / name).exists(), name


# ---------------------------------------------------------------- versions

def test_there_is_one_version():
    declared = {
        "meson.build": re.search(r"version: *'([^']+)'", (ROOT / "meson.build").read_text())[1],
        "version.h": re.search(r'KEELSON_VERSION "([^"]+)"', (ROOT / "src/serve/version.h").read_text())[1],
        "package.json": json.loads((ROOT / "clients/js/package.json").read_text())["version"],
        "package-lock.json": json.loads((ROOT / "clients/js/package-lock.json").read_text())["version"],
        "pyproject.toml": tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]["version"],
        "the program": harness.run("version").stdout.split()[1],
        "CHANGELOG.md": re.search(r"^## (\d\S*?),? ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1],
    }
    assert len(set(declared.values())) == 1, declared
