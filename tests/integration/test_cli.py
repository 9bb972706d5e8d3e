"""The command line: help that fits a terminal, mistakes that name the way out, settings and where they come from,
JSON for programs, and what happens when nobody reads what is printed."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import re
import subprocess

import harness
import httpx
import pytest
from bare import free_port

COMMAND = re.compile(r"^  ((?:[a-z]+ )?[a-z]+)(?: {2,}|$)")
CANARY = "canary-Pa55word"
URL = f"postgresql://keelson_api:{CANARY}@db.example.org/interviews"


def listed():
    """Every command that `keelson --help` names."""
    return [m.group(1) for m in map(COMMAND.match, harness.run("--help").stdout.splitlines()) if m]


def fits(text):
    wide = [line for line in text.splitlines() if len(line) > 80 or "\t" in line or line != line.rstrip()]
    assert not wide, wide
    assert text.endswith("\n") and not text.endswith("\n\n")


def refused(done, *words):
    """Exit status 2, nothing on stdout, one sentence on stderr."""
    assert (done.returncode, done.stdout) == (2, ""), done
    assert re.fullmatch(r"keelson: [^\n]+[^\n.]\n", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


# ---------------------------------------------------------------- help

def test_help_lists_the_commands():
    done = harness.run("--help")
    assert done.returncode == 0 and done.stderr == ""
    fits(done.stdout)
    commands = listed()
    assert {"serve", "config", "version", "migrate up", "init", "org create", "key create"} <= set(commands)
    assert len(commands) == len(set(commands))
    assert done.stdout == harness.run("-h").stdout == harness.run("help").stdout


def test_without_a_command_help_is_a_complaint():
    done = harness.run()
    assert (done.returncode, done.stdout) == (2, "") and done.stderr == harness.run("--help").stdout


def test_every_command_explains_itself():
    for command in listed():
        done = harness.run(*command.split(), "--help")
        assert done.returncode == 0 and done.stderr == "", command
        fits(done.stdout)
        assert re.match(rf"usage: keelson {command}( \S.*)? \[OPTIONS\]\n\n[A-Z].*\.\n", done.stdout), done.stdout
        assert harness.run(*command.split(), "-h").stdout == done.stdout


def test_families_explain_themselves():
    for family in {command.split()[0] for command in listed() if " " in command}:
        asked, alone = harness.run(family, "--help"), harness.run(family)
        assert (asked.returncode, asked.stderr) == (0, "") and asked.stdout.startswith(f"usage: keelson {family} COMMAND\n")
        assert (alone.returncode, alone.stdout, alone.stderr) == (2, "", asked.stdout)
        fits(asked.stdout)
        assert {c for c in listed() if c.startswith(family + " ")} == {m.group(1) for m in map(COMMAND.match, asked.stdout.splitlines()) if m}


# ---------------------------------------------------------------- mistakes

@pytest.mark.parametrize("args, words", [
    (["bogus"], ["no command bogus", "keelson --help"]),
    (["migrate", "bogus"], ["no command migrate bogus", "keelson migrate --help"]),
    (["serve", "--bogus"], ["no option --bogus", "keelson serve --help"]),
    (["serve", "--bogus", "3"], ["no option --bogus"]),
    (["serve", "here"], ["no arguments", "keelson serve --help"]),
    (["serve", "--listen"], ["--listen needs a value", "--listen=VALUE"]),
    (["serve", "--listen", "nowhere"], ["--listen", '"nowhere"']),
    (["serve", "--pool-size", "many"], ["--pool-size", '"many"', "1 to 500"]),
    (["serve", "--pool-size=501"], ["--pool-size", "too large", "1 to 500"]),
    (["serve", "--pool-timeout", "3"], ["--pool-timeout", '"3"']),
    (["serve", "--log-level", "loud"], ["--log-level", "debug, info, warn, error"]),
    (["serve", "--migrate=perhaps"], ["--migrate", "true, false"]),
    (["config", "--format", "yaml"], ["--format", "text or json"]),
    (["config", "--config", "nowhere.conf"], ["nowhere.conf"]),
    (["org", "create"], ["keelson org create NAME"]),
    (["org", "create", "A", "B"], ["keelson org create NAME"]),
    (["key", "create", "--org", "local"], ["--name"]),
    (["key", "create", "--org", "local", "--name", "x", "--expires", "soon"], ["--expires", "90d"]),
    (["candidate", "list", "--limit", "0"], ["--limit", "1 to 1000"]),
    (["candidate", "show", "ada"], ["keelson candidate list"]),
    (["migrate", "up", "--to", "x"], ["--to"]),
    (["migrate", "up", "--project", "theirs"], ["--project", "keelson", "app"]),
    (["init"], ["KEELSON_OWNER_URL"]),
])
def test_mistakes_are_one_sentence(args, words):
    refused(harness.run(*args, env={"KEELSON_DATA_DIR": "/nonexistent/of-tests"}), *words)


def test_a_url_in_the_wrong_place_is_not_repeated():
    for args in ([URL], ["serve", URL], ["migrate", URL], ["serve", "--listen", "x", URL]):
        done = harness.run(*args)
        assert done.returncode == 2 and CANARY not in done.stdout + done.stderr, args


# ---------------------------------------------------------------- settings

def settings(*args, **options):
    done = harness.run("config", "--format", "json", *args, **options)
    assert done.returncode == 0, done.stderr
    return {s["name"]: s for s in json.loads(done.stdout)["settings"]}


@pytest.fixture
def folder():
    place = harness.workspace()
    yield place
    harness.shutil.rmtree(place)


def test_every_setting_says_what_it_is():
    for name, s in settings().items():
        assert s["source"] == "default" and s["value"] == s["default"], s
        assert s["doc"].endswith("."), s
        assert s["env"] == ("DATABASE_URL" if name == "database.url" else "KEELSON_" + name.upper().replace(".", "_"))
        assert s["flag"] == (None if name.endswith(".url") else "--" + name.replace(".", "-"))


def test_flag_before_environment_before_file_before_default(folder):
    (folder / "keelson.conf").write_text("# sizes\npool.size = 11\npool.overflow = 12\nlog.level = warn\n")
    env = {"KEELSON_POOL_SIZE": "21", "KEELSON_POOL_OVERFLOW": "22"}
    found = settings("--pool-size", "31", folder=folder, env=env)
    assert [(found[n]["value"], found[n]["source"]) for n in ("pool.size", "pool.overflow", "log.level", "pool.queue")] == [
        ("31", "flag"), ("22", "environment"), ("warn", "file"), ("1000", "default")]


def test_another_file_can_be_named(folder):
    (folder / "keelson.conf").write_text("pool.size = 11\n")
    (folder / "other.conf").write_text("pool.size = 12\n")
    assert settings("--config", "other.conf", folder=folder)["pool.size"]["value"] == "12"


@pytest.mark.parametrize("line, words", [
    ("pool.sise = 3", ["keelson.conf:2", "pool.sise", "did you mean pool.size?", "keelson config"]),
    ("pool.size", ["keelson.conf:2", "name = value"]),
    ("pool.size = 0", ["keelson.conf:2", "too small", "1 to 500"]),
    ("listen = 127.0.0.1:1\nlisten = 127.0.0.1:2", ["keelson.conf:3", "twice"]),
    (f"database.url = {URL}", ["keelson.conf:2", "chmod 600", "DATABASE_URL"]),
])
def test_mistakes_in_the_file_name_the_line(folder, line, words):
    (folder / "keelson.conf").write_text("# mine\n" + line + "\n")
    (folder / "keelson.conf").chmod(0o644)
    done = harness.run("config", folder=folder)
    refused(done, *words)
    assert CANARY not in done.stderr


def test_misspelled_variables_are_named():
    refused(harness.run("config", env={"KEELSON_POOL_SZE": "3"}), "KEELSON_POOL_SZE", "did you mean KEELSON_POOL_SIZE?")
    refused(harness.run("config", env={"KEELSON_NONSENSE_OF_MINE": "3"}), "KEELSON_NONSENSE_OF_MINE", "keelson config")


def test_secrets_are_masked():
    env = {"DATABASE_URL": URL, "KEELSON_OWNER_URL": URL.replace("keelson_api", "owner")}
    for args in ([], ["--format", "json"]):
        done = harness.run("config", *args, env=env)
        assert done.returncode == 0 and CANARY not in done.stdout + done.stderr and done.stdout.count("***") == 2
    found = settings(env=env)
    assert [(found[n]["value"], found[n]["source"]) for n in ("database.url", "owner.url")] == [("***", "environment")] * 2


@pytest.mark.parametrize("flag", ["--database-url", "--owner-url"])
def test_secrets_are_refused_on_the_command_line(flag):
    for args in ([flag, URL], [f"{flag}={URL}"]):
        done = harness.run("serve", *args)
        refused(done, flag, "environment variable")
        assert CANARY not in done.stderr


def test_config_for_people_fits_a_terminal():
    done = harness.run("config")
    fits(done.stdout)
    assert re.search(r"^pool\.size +10 +default +Connections", done.stdout, re.MULTILINE)


# ---------------------------------------------------------------- JSON

# What each reporting command is run with, and the list its JSON is named after; None: an object of another kind.
REPORTS = {
    "config": ([], "settings"),
    "version": ([], None),
    "alerts": ([], "alerts"),
    "openapi": ([], None),
    "migrate current": ([], "migrations"),
    "migrate history": ([], "migrations"),
    "migrate new": (["add_a_column"], "migrations"),
    "migrate up": ([], "migrations"),
    "migrate redo": ([], "migrations"),
    "migrate down": ([], "migrations"),
    "org create": (["Northwind Interviews"], "organizations"),
    "org list": ([], "organizations"),
    "org show": (["northwind-interviews"], "organizations"),
    "org suspend": (["northwind-interviews"], "organizations"),
    "org activate": (["northwind-interviews"], "organizations"),
    "key create": (["--org", "local", "--name", "for a test"], "keys"),
    "key list": ([], "keys"),
    "key revoke": (["{key_id}"], "keys"),
    "candidate list": ([], "candidates"),
    "candidate show": (["{candidate}"], "candidates"),
}
ELSEWHERE = {"serve", "init", "demo", "prove"}      # they run until stopped, or have tests of their own


def report(k, command, args):
    place = ["--dir", str(k.folder / "migrations")] if command.startswith("migrate") else []
    done = k.cli(*command.split(), *args, *place, "--format", "json")
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def test_every_reporting_command_speaks_json(keelson):
    k = keelson()
    (k.folder / "migrations").mkdir()
    names = {"candidate": k.http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).json()["id"]}
    for command, (args, name) in REPORTS.items():
        if command not in listed():
            continue
        answer = report(k, command, [arg.format(**names) for arg in args])
        assert isinstance(answer, dict), command
        if name:
            assert isinstance(answer[name], list) and all(isinstance(item, dict) for item in answer[name]), (command, answer)
            assert name == "settings" or isinstance(answer["summary"], dict), command
        if command == "key create":
            names["key_id"] = answer["keys"][0]["key_id"]
        if command == "migrate new":
            for file in (k.folder / "migrations").glob("*.sql"):
                file.write_text("SELECT 1;\n")


def test_every_command_is_here():
    assert set(listed()) == {c for c in REPORTS if c in listed()} | (ELSEWHERE & set(listed())), "a new command wants a row in REPORTS"


def test_tables_for_people(server):
    rows = server.cli("org", "list").stdout.splitlines()
    assert rows[0].split() == ["SLUG", "NAME", "STATUS", "KEYS", "CREATED", "AT", "ID"]
    assert any(row.startswith("local ") and row.index("Local") == rows[0].index("NAME") for row in rows)


def test_no_colour_when_nobody_looks(server):
    assert "\033" not in server.cli("migrate", "current").stdout


# ---------------------------------------------------------------- where it is printed to

def raw(*args, stdout=None, closed=None):
    folder = harness.workspace()
    try:
        return subprocess.run([str(harness.BIN), *args], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
                              cwd=folder, env=harness.environment(folder), timeout=60,
                              preexec_fn=(lambda: os.close(closed)) if closed is not None else None)
    finally:
        harness.shutil.rmtree(folder)


@pytest.mark.parametrize("args", [["config"], ["version"], ["--help"], ["serve", "--help"], ["config", "--format", "json"]])
def test_a_full_disk_is_noticed(args):
    with open("/dev/full", "w") as full:
        done = raw(*args, stdout=full)
    assert done.returncode == 3 and "standard output" in done.stderr and done.stderr.count("\n") == 1, done


@pytest.mark.parametrize("args", [["config"], ["version"], ["--help"]])
def test_a_closed_output_is_noticed(args):
    done = raw(*args, closed=1)
    assert done.returncode == 3 and "Bad file descriptor" in done.stderr and done.stderr.count("\n") == 1, done


def test_closed_outputs_are_not_taken_for_the_database():
    """The first connections opened would get their numbers, and what is logged would be sent in the middle of a protocol."""
    folder = harness.workspace()
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [str(harness.BIN), "serve", "--listen", url.removeprefix("http://"), "--data-dir", str(folder / "data"), "--log-level", "debug"],
        cwd=folder, env=harness.environment(folder), preexec_fn=lambda: [os.close(fd) for fd in (0, 1, 2)])
    try:
        with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=7)) as http:      # a minute, with growing pauses
            assert http.get("/health/live").status_code == 200
            assert http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).status_code == 201
        if os.geteuid() == 0:           # the process hides from its own user
            assert {os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in (0, 1, 2)} == {"/dev/null"}
        process.terminate()
        assert process.wait(harness.STOP_SECONDS) == 0
    finally:
        process.kill()
        harness.await_exit(harness.processes(folder), 10)
        harness.shutil.rmtree(folder)


def test_a_mistake_without_stderr_still_has_its_status():
    folder = harness.workspace()
    done = subprocess.run([str(harness.BIN), "bogus"], cwd=folder, env=harness.environment(folder), preexec_fn=lambda: os.close(2))
    harness.shutil.rmtree(folder)
    assert done.returncode == 2
