"""The runner: what it applies, what it refuses, and that what it says is so.

Through the program, on a bare PostgreSQL whose owner is a plain role.
"""
# SPDX-License-Identifier: Apache-2.0

import json
import subprocess
import threading

import pytest

from harness import BIN, ROOT, environment, run, workspace
from postgres import Postgres

OWN = len(list((ROOT / "sql" / "migrations").glob("*.up.sql")))        # Keelson's own migrations
TABLE = "CREATE TABLE keelson.{0} (id int PRIMARY KEY)"


@pytest.fixture(scope="module")
def pg():
    with Postgres() as pg:
        yield pg


@pytest.fixture(scope="module")
def template(pg):
    """A database with Keelson's own migrations, to be copied."""
    pg.database()
    done = run("migrate", "up", env={"KEELSON_OWNER_URL": pg.url()})
    assert done.returncode == 0, done.stderr
    return pg.newest


class App:
    """An application's migrations beside a database of its own."""

    def __init__(self, pg, template):
        pg.count += 1
        self.name = pg.newest = f"test{pg.count}"
        with pg.connect("postgres", "postgres") as c:
            c.execute(f"CREATE DATABASE {self.name} OWNER keelson_owner TEMPLATE {template}")
        self.pg, self.folder, self.url = pg, workspace(), pg.url()
        self.dir = self.folder / "migrations"
        self.dir.mkdir()

    def write(self, name, up, down="SELECT 1"):
        (self.dir / f"{name}.up.sql").write_text(up)
        if down is not None:
            (self.dir / f"{name}.down.sql").write_text(down)

    def __call__(self, verb, *args, status=0):
        done = run("migrate", verb, "--dir", self.dir, *args, folder=self.folder, env={"KEELSON_OWNER_URL": self.url})
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def start(self, verb, *args):
        return subprocess.Popen([BIN, "migrate", verb, "--dir", self.dir, *args], cwd=self.folder, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=environment(self.folder, {"KEELSON_OWNER_URL": self.url}))

    def json(self, verb, *args, status=0):
        return json.loads(self(verb, *args, "--format", "json", status=status).stdout)

    def states(self):
        """Of the application's migrations."""
        return [m["state"] for m in json.loads(self.current().stdout)["migrations"] if m["project"] == "app"]

    def current(self):
        return run("migrate", "current", "--dir", self.dir, "--format", "json", folder=self.folder, env={"KEELSON_OWNER_URL": self.url})

    def sql(self, text, role="keelson_owner"):
        with self.pg.connect(role, self.name) as c:
            done = c.execute(text)
            return done.fetchall() if done.description else None

    def exists(self, relation):
        return self.sql(f"SELECT to_regclass('{relation}') IS NOT NULL")[0][0]

    def attempts(self):
        return self.sql("SELECT version, down, outcome, done FROM keelson_ledger.attempts WHERE project = 'app' ORDER BY started_at")


@pytest.fixture
def app(pg, template):
    return App(pg, template)


# ---------------------------------------------------------------- doing and undoing

def test_a_life(app):
    assert "nothing to do" in app("up").stdout
    app.write("0001_notes", TABLE.format("notes"), "DROP TABLE keelson.notes")
    app.write("0002_more", TABLE.format("more"), "DROP TABLE keelson.more")
    assert app.states() == ["pending", "pending"]
    app("up", "--to", 1)
    assert app.states() == ["applied", "pending"]
    said = app.json("up")
    assert [m for m in said["migrations"] if m["ran"]] == [
        {"project": "app", "version": 2, "name": "more", "state": "applied", "ran": True, "by": "keelson_owner",
         "at": said["migrations"][-1]["at"], "duration_ms": said["migrations"][-1]["duration_ms"]}]
    assert said["summary"]["ok"] and said["summary"]["applied"] == OWN + 2 and said["summary"]["pending"] == 0
    app("down")
    assert app.exists("keelson.notes") and not app.exists("keelson.more")
    app("redo")
    assert app.states() == ["applied", "pending"]
    app("down", "--to", 0)
    assert not app.exists("keelson.notes") and app.exists("keelson.candidates")
    assert "nothing of project app is applied" in app("down", status=1).stderr
    assert [(v, down) for v, down, *_ in app.attempts()] == [(1, False), (2, False), (2, True), (1, True), (1, False), (1, True)]
    assert all(outcome == "done" for _, _, outcome, _ in app.attempts())
    assert app("history").stdout.count("app ") == 6


def test_the_ledger_says_who_when_and_how_long(app):
    app.write("0001_notes", TABLE.format("notes"), "DROP TABLE keelson.notes")
    app("up")
    row = app.sql("SELECT name, checksum = encode(sha256(convert_to(%r, 'UTF8')), 'hex'), applied_by, applied_at > now() - interval '5 minutes',"
                  " duration_ms >= 0, server_version = current_setting('server_version_num')::int, fingerprint_before <> fingerprint_after"
                  " FROM keelson_ledger.migrations WHERE project = 'app'" % TABLE.format("notes"))
    assert row == [("notes", True, "keelson_owner", True, True, True, True)]
    chain = app.sql("SELECT fingerprint_before, fingerprint_after FROM keelson_ledger.migrations ORDER BY project DESC, version")
    assert all(after == before for (_, after), (before, _) in zip(chain, chain[1:]))


def test_keelsons_own_are_not_undone_from_under_the_application(app):
    app.write("0001_notes", TABLE.format("notes"), "DROP TABLE keelson.notes")
    app("up")
    assert "app stands on keelson" in app("down", "--project", "keelson", status=1).stderr
    app("down")
    app("down", "--project", "keelson")
    assert app.sql("SELECT max(version) FROM keelson_ledger.migrations WHERE project = 'keelson'") == [(OWN - 1,)]


def test_new_writes_a_pair_that_is_refused_until_it_says_something(app):
    app("new", "Add Notes")
    assert sorted(p.name for p in app.dir.iterdir()) == ["0001_add_notes.down.sql", "0001_add_notes.up.sql"]
    assert "0001_add_notes.up.sql has no statements" in app("up", status=2).stderr


# ---------------------------------------------------------------- what is refused

def test_a_changed_file(app):
    app.write("0001_notes", TABLE.format("notes"), "DROP TABLE keelson.notes")
    app("up")
    app.write("0001_notes", TABLE.format("notes") + ";", "DROP TABLE keelson.notes")
    assert "0001_notes.up.sql was changed after it was applied" in app("up", status=1).stderr
    assert app.current().returncode == 1 and app.states() == ["changed"]


def test_a_version_no_file_has(app):
    app.write("0001_notes", TABLE.format("notes"), "DROP TABLE keelson.notes")
    app("up")
    for file in app.dir.iterdir():
        file.unlink()
    assert "the ledger has 0001_notes of project app, and no file has it" in app("up", status=1).stderr
    assert app.states() == ["unknown"]


@pytest.mark.parametrize("files,message", [
    ({"0002_x": ("SELECT 1", "SELECT 1")}, "number 0001 is missing"),
    ({"0001_x": ("SELECT 1", None)}, ".down.sql is missing"),
    ({"0001_x": ("-- keelson: no-transactoin\nSELECT 1", "SELECT 1")}, "unknown directive"),
    ({"0001_x": ("SELECT 1;\nCOMMIT;", "SELECT 1")}, "line 2: the runner begins and ends transactions"),
    ({"0001_x": ("VACUUM keelson.candidates", "SELECT 1")}, "cannot run inside a transaction"),
    ({"0001_x": ("-- keelson: unreviewed\nSELECT 1", "SELECT 1")}, "marked unreviewed"),
    ({"x": ("SELECT 1", "SELECT 1")}, "a migration is called"),
])
def test_files_out_of_order(app, files, message):
    for name, (up, down) in files.items():
        app.write(name, up, down)
    assert message in app("up", status=2).stderr
    assert app.attempts() == []


def test_what_cannot_be_undone_says_why(app):
    app.write("0001_x", "-- keelson: irreversible rows are gone\nSELECT 1", None)
    app("up")
    assert "cannot be undone: rows are gone" in app("down", status=1).stderr
    assert app.states() == ["applied"]


# ---------------------------------------------------------------- failures leave nothing

@pytest.mark.parametrize("why,bad,message", [
    ("an error", "SELECT 1/0", "0001_x.up.sql:2: division by zero"),
    ("a syntax error", "CREATE TABEL x ()", "0001_x.up.sql:2: syntax error"),
    ("a commit from inside", "DO $$ BEGIN COMMIT; END $$", "0001_x.up.sql:2: invalid transaction termination"),
    ("more than the owner may", "GRANT keelson_api TO keelson_owner", "0001_x.up.sql:2: must have admin option"),
    ("a deferred constraint", "CREATE TABLE keelson.y (a int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO keelson.y VALUES (1), (1)",
     "a deferred constraint: duplicate key"),
])
def test_a_failed_file_leaves_nothing_but_its_attempt(app, why, bad, message):
    app.write("0001_x", TABLE.format("x") + ";\n" + bad, "DROP TABLE keelson.x")
    before = app.pg.dump()
    failed = app.json("up", status=3)
    assert message in failed["summary"]["error"]
    assert [m["state"] for m in failed["migrations"] if m["project"] == "app"] == ["failed"]
    assert app.pg.dump() == before
    assert app.states() == ["pending"]
    assert app.attempts() == [(1, False, "failed", 0)]


def test_what_came_before_a_failure_stays(app):
    app.write("0001_x", TABLE.format("x"), "DROP TABLE keelson.x")
    app.write("0002_y", "SELECT 1/0")
    app.write("0003_z", TABLE.format("z"), "DROP TABLE keelson.z")
    failed = app.json("up", status=3)
    assert [m["state"] for m in failed["migrations"] if m["project"] == "app"] == ["applied", "failed", "pending"]
    app.write("0002_y", "SELECT 1")
    app("up")
    assert app.states() == ["applied"] * 3


def test_a_file_that_keeps_another_role_is_refused(app):
    app.sql("GRANT keelson_readonly TO keelson_owner", role="postgres")
    app.write("0001_x", TABLE.format("x") + "; SET ROLE keelson_readonly", "DROP TABLE keelson.x")
    assert "changed the role to keelson_readonly" in app("up", status=3).stderr
    app.sql("REVOKE keelson_readonly FROM keelson_owner", role="postgres")


def test_settings_of_one_file_do_not_reach_the_next(app):
    app.write("0001_x", "SET search_path = keelson; SET lock_timeout = '1ms'; CREATE TABLE x (id int)", "DROP TABLE keelson.x")
    app.write("0002_y", "CREATE TABLE keelson.y AS SELECT current_setting('search_path') AS p, current_setting('lock_timeout') AS l",
              "DROP TABLE keelson.y")
    app("up")
    assert app.sql("SELECT * FROM keelson.y") == [('""', "10s")]


# ---------------------------------------------------------------- statement by statement

CONCURRENT = "-- keelson: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY i ON keelson.x (a);\nCOMMENT ON INDEX keelson.i IS 'there'"


def test_without_a_transaction(app):
    app.write("0001_x", "CREATE TABLE keelson.x (a int)", "DROP TABLE keelson.x")
    app.write("0002_i", CONCURRENT, "-- keelson: no-transaction\nDROP INDEX CONCURRENTLY keelson.i")
    app("up")
    assert app.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'keelson.i'::regclass") == [(True,)]
    app("down")
    assert not app.exists("keelson.i")


def test_a_failed_index_is_taken_away_and_the_file_goes_on_where_it_stopped(app):
    app.write("0001_x", "CREATE TABLE keelson.x (a int); INSERT INTO keelson.x VALUES (1), (1)", "DROP TABLE keelson.x")
    app.write("0002_i", CONCURRENT.replace("\nCREATE", "\nCREATE TABLE keelson.y (a int);\nCREATE"),
              "-- keelson: no-transaction\nDROP INDEX CONCURRENTLY keelson.i; DROP TABLE keelson.y")
    said = app("up", status=3).stderr
    assert "0002_i.up.sql:3: could not create unique index" in said and "the invalid index it left, keelson.i, was dropped again" in said
    assert not app.exists("keelson.i") and app.exists("keelson.y")
    assert app.states() == ["applied", "pending"]
    assert app.attempts()[-1] == (2, False, "failed", 1)
    app.sql("DELETE FROM keelson.x")
    app("up")
    assert app.states() == ["applied", "applied"] and app.exists("keelson.i")
    app("down"), app("up")                      # and from the beginning, now that it was finished once
    assert app.states() == ["applied", "applied"]


def test_going_on_is_refused_when_the_beginning_is_another(app):
    app.write("0001_x", "-- keelson: no-transaction\nCREATE TABLE keelson.x (a int);\nSELECT 1/0", "DROP TABLE keelson.x")
    app("up", status=3)
    app.write("0001_x", "-- keelson: no-transaction\nCREATE TABLE keelson.z (a int);\nSELECT 1", "DROP TABLE keelson.x")
    assert "its first 1 statements were run before and are others now" in app("up", status=1).stderr
    app.write("0001_x", "-- keelson: no-transaction\nCREATE TABLE keelson.x (a int);\nSELECT 1", "DROP TABLE keelson.x")
    app("up")
    assert app.states() == ["applied"]


# ---------------------------------------------------------------- one at a time

LOCK = "SELECT pg_advisory_lock(1801807212, 1835624306)"


def test_who_holds_the_lock_is_named(app):
    app.write("0001_x", TABLE.format("x"), "DROP TABLE keelson.x")
    with app.pg.connect(name=app.name, application_name="deploy-17") as c:
        c.execute(LOCK)
        said = app("up", "--wait", 0, status=3).stderr
        assert f"pid {c.info.backend_pid} (deploy-17)" in said
    app("up")


def test_two_runners_apply_once(app):
    app.write("0001_x", TABLE.format("x") + "; SELECT pg_sleep(0.5)", "DROP TABLE keelson.x")
    runners = [app.start("up") for _ in range(3)]
    ends = [(r.communicate(timeout=60), r.returncode) for r in runners]
    assert [status for _, status in ends] == [0, 0, 0], ends
    assert sorted("nothing to do" in out for (out, _), _ in ends) == [False, True, True]
    assert app.attempts() == [(1, False, "done", 0)]


def test_a_waiting_runner_does_not_stop_an_index_from_being_built(app):
    app.write("0001_x", "CREATE TABLE keelson.x (a int)", "DROP TABLE keelson.x")
    app("up")
    app.write("0002_i", "-- keelson: no-transaction\nSELECT pg_sleep(1);\nCREATE INDEX CONCURRENTLY i ON keelson.x (a)",
              "-- keelson: no-transaction\nDROP INDEX CONCURRENTLY keelson.i")
    runners = [app.start("up") for _ in range(2)]
    ends = [(r.communicate(timeout=60), r.returncode) for r in runners]
    assert [status for _, status in ends] == [0, 0], ends
    assert any("waiting for another runner: pid" in err for (_, err), _ in ends)


def test_an_index_waits_longer_than_a_lock(app):
    """Our lock_timeout is for statements that make others wait."""
    app.write("0001_x", "CREATE TABLE keelson.x (a int)", "DROP TABLE keelson.x")
    app("up")
    app.write("0002_i", "-- keelson: no-transaction\nSET lock_timeout = '200ms';\nRESET lock_timeout;\nCREATE INDEX CONCURRENTLY i ON keelson.x (a)",
              "-- keelson: no-transaction\nDROP INDEX CONCURRENTLY keelson.i")
    with app.pg.connect(name=app.name) as c:
        c.autocommit = False
        c.execute("SELECT count(*) FROM keelson.x")
        c.execute("INSERT INTO keelson.x VALUES (1)")
        release = threading.Timer(12, c.rollback)
        release.start()
        app("up")
        release.join()
    assert app.exists("keelson.i")


# ---------------------------------------------------------------- what it says is so

def test_statements_that_change_nothing_are_noticed(app):
    """A superuser's trigger takes away what is created, as a proxy or a misled session would."""
    app.sql("CREATE FUNCTION public.vanish() RETURNS event_trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF to_regclass('keelson.x') IS NOT NULL THEN DROP TABLE keelson.x; END IF; END $$", role="postgres")
    app.sql("CREATE EVENT TRIGGER vanish ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.vanish()", role="postgres")
    app.write("0001_x", TABLE.format("x"), "DROP TABLE keelson.x")
    assert "its statements succeeded, and the catalog is what it was before" in app("up", status=3).stderr
    assert app.states() == ["pending"]


def test_a_fresh_connection_looks_again(app):
    """The row is gone when the transaction ends, though every statement in it saw it."""
    app.sql("CREATE FUNCTION public.forget() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN DELETE FROM keelson_ledger.migrations WHERE project = NEW.project AND version = NEW.version; RETURN NULL; END $$")
    app.sql("CREATE CONSTRAINT TRIGGER forget AFTER INSERT ON keelson_ledger.migrations DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION public.forget()")
    app.write("0001_x", TABLE.format("x"), "DROP TABLE keelson.x")
    said = app("up", status=3)
    assert "reported as applied, but a fresh connection does not find it in the ledger" in said.stderr


# ---------------------------------------------------------------- the wrong database

def test_a_database_that_is_not_prepared(app):
    for role in ("keelson_api", "keelson_readonly"):
        url = app.pg.url(role, app.name)
        done = run("migrate", "up", env={"KEELSON_OWNER_URL": url})
        assert done.returncode == 3 and f"the role {role} may not act as keelson_owner" in done.stderr


def test_a_read_only_database(app):
    app.write("0001_x", TABLE.format("x"), "DROP TABLE keelson.x")
    app.sql(f"ALTER DATABASE {app.name} SET default_transaction_read_only = on", role="postgres")
    assert "read-only" in app("up", status=3).stderr


@pytest.mark.parametrize("url", ["postgresql://keelson_owner:hunter2secret@/none?host=/nowhere", "postgresql://u:hunter2secret@127.0.0.1:1/x",
                                 "postgresql://u:hunter2secret@[::1/x", "mysql://u:hunter2secret@h/x"])
def test_a_wrong_url_is_one_sentence_without_its_password(url):
    done = run("migrate", "up", env={"KEELSON_OWNER_URL": url})
    assert done.returncode in (2, 3) and len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stdout + done.stderr


def test_the_service_does_not_start_on_a_schema_behind(app, keelson):
    app("down", "--project", "keelson")
    k = keelson(start=False, env={"DATABASE_URL": app.pg.url("keelson_api", app.name)})
    k.launch()
    assert k.wait_exit() == 3
    assert "pending migrations: 1" in k.tail()
