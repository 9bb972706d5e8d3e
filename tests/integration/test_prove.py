"""keelson prove: refuses what was not meant, finds nothing broken in a short sample, finds a lie when there is one, and leaves
nothing behind, also when it is interrupted."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import re
import signal
import subprocess

import harness
import pytest
from bare import Bare

LONG = bool(os.environ.get("KEELSON_LONG"))
SLOW = ["--recovery", "10s", "--deadline", "1s"]           # sanitizers, and a machine that is shared
AGAIN = re.compile(r"again: keelson prove --this-is-staging --deadline 1s --recovery 10s --case (\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def staging():
    """An operator's database, prepared."""
    with Bare() as pg:
        place = pg.place()
        place.init()
        yield place


def env(place):
    return {"DATABASE_URL": place.env()["DATABASE_URL"], "KEELSON_OWNER_URL": place.url()}


def content(place):
    tables = place.query("SELECT relname FROM pg_class c WHERE relnamespace = 'keelson'::regnamespace AND relkind IN ('r', 'p') "
                         "AND relname <> 'health_probe' ORDER BY 1")
    return {name: place.query(f"SELECT count(*) FROM keelson.{name}")[0][0] for (name,) in tables}


def sessions(place):
    return place.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'keelson_api'")[0][0]


# ---------------------------------------------------------------- what was not meant

@pytest.mark.parametrize("args, words", [
    (["--request", "explode"], ["--request", "read, tail, append"]),
    (["--action", "explode"], ["--action", "close, reset, stall"]),
    (["--case", "append"], ["--case", "append/response:3/reset"]),
    (["--case", "explode/response:3/reset"], ["--case", "no such request"]),
    (["--case", "append/response:3/reset", "--action", "reset"], ["--case"]),
    (["--sample", "0"], ["--sample"]),
    (["--sample", "10", "--all"], ["--sample", "--all"]),
    (["--parallel", "17"], ["--parallel", "16"]),
    (["--deadline", "1ms"], ["--deadline"]),
    (["--recovery", "soon"], ["--recovery"]),
    (["--this-is-staging"], ["DATABASE_URL"]),
])
def test_usage(args, words):
    done = harness.run("prove", *args)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert all(word in done.stderr for word in words), done.stderr


def test_a_named_database_wants_consent(staging):
    before = content(staging)
    done = staging.run("prove", "--sample", "1", env=env(staging))
    assert (done.returncode, done.stdout) == (2, "")
    for word in ["--this-is-staging", staging.name, "organization", "throwaway"]:
        assert word in done.stderr, done.stderr
    assert staging.password not in done.stderr and content(staging) == before


def test_encryption_cannot_be_read(staging):
    before = content(staging)
    encrypted = {"DATABASE_URL": env(staging)["DATABASE_URL"] + "?sslmode=require"}
    done = staging.run("prove", "--sample", "1", "--this-is-staging", env=env(staging) | encrypted)
    assert (done.returncode, done.stdout) == (2, "") and "sslmode=disable" in done.stderr, done
    assert content(staging) == before


def test_a_message_that_does_not_come():
    done = harness.run("prove", "--case", "append/response:9999/reset")
    assert (done.returncode, done.stdout) == (2, "") and "fewer messages" in done.stderr, done


# ---------------------------------------------------------------- what is found

@pytest.mark.timeout(3600 if LONG else 300)
def test_a_sample_on_a_throwaway_server_is_clean():
    done = harness.run("prove", "--format", "json", *SLOW, *(["--all"] if LONG else ["--sample", "36"]), timeout=3600 if LONG else 280)
    report = json.loads(done.stdout)
    assert (done.returncode, report["violations"]) == (0, []), done.stdout + done.stderr
    summary = report["summary"]
    assert summary["cases"] == summary["planned"] and summary["cases"] >= (1000 if LONG else 36)
    assert 0 < summary["connections_most"] <= summary["connections_cap"] and summary["connection_samples"] > 100
    assert len(report["messages"]) == 8 and all(m["request"] > 3 and m["response"] > 3 for m in report["messages"].values())
    assert len({row["request"] for row in report["prove"]}) >= 6 and {row["action"] for row in report["prove"]} >= {"reset", "stall", "terminate"}
    for row in report["prove"]:
        assert row["cases"] == row["committed"] + row["repeated"] + row["aborted"] + row["unknown"]


@pytest.mark.timeout(300)
def test_a_staging_database_is_left_as_it_was(staging):
    before = content(staging)
    done = staging.run("prove", "--this-is-staging", *SLOW, "--action", "truncate", "--sample", "12", env=env(staging), timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"\n12 of 12 cases, 0 promises broken on pg://127.0.0.1:{staging.server.port}/{staging.name} in \d+:\d\d\n", done.stdout), done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if not line.startswith("12 of"))
    assert (content(staging), sessions(staging)) == (before, 0)
    secrets = [staging.password, env(staging)["DATABASE_URL"].split(":")[2].split("@")[0]]
    assert not any(secret in done.stdout + done.stderr for secret in secrets)


@pytest.mark.timeout(300)
def test_a_lie_is_found_and_can_be_repeated(staging):
    """A trigger changes what was written: success is reported, and what was asked for is not there."""
    with staging.server.connect(staging.name) as c:
        c.execute("CREATE FUNCTION public.lie() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.full_name := NEW.full_name || '!'; RETURN NEW; END $$")
        c.execute("CREATE TRIGGER lie BEFORE INSERT ON keelson.candidates FOR EACH ROW EXECUTE FUNCTION public.lie()")
        try:
            done = staging.run("prove", "--this-is-staging", *SLOW, "--case", "create/response:1/delay", env=env(staging), timeout=280)
        finally:
            c.execute("DROP TRIGGER lie ON keelson.candidates")
            c.execute("DROP FUNCTION public.lie()")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN  success was reported, and the write is not there\n" in done.stdout
    assert "heard: 201" in done.stdout
    assert AGAIN.search(done.stdout).group(1) == "create/response:1/delay"
    assert "1 of 1 cases broke a promise" in done.stderr


@pytest.mark.timeout(300)
def test_an_interrupted_run_leaves_nothing(staging):
    before = content(staging)
    folder = staging.folder
    process = subprocess.Popen([str(harness.BIN), "prove", "--this-is-staging", "--all", "--parallel", "2"], cwd=folder, text=True,
                               env=harness.environment(folder, env(staging)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in process.stderr:                 # the first case has begun
        if re.match(r"1 of \d+", line):
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3 and re.search(r"stopped after \d+ of \d+ cases", said), said
    assert (content(staging), sessions(staging)) == (before, 0)
