"""The private PostgreSQL: made, found, shared, killed in every order, and never two on one data directory.

Through cluster_driver, a program with a cluster and nothing else; as who runs the tests and, when that is root, as an ordinary
user too.
"""
# SPDX-License-Identifier: Apache-2.0

import hashlib
import itertools
import os
import pwd
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from clusters import ROOT, USERS, Place, gone, kill

LONG = bool(os.environ.get("KEELSON_LONG"))


@pytest.fixture(scope="module", autouse=True)
def templates():
    yield
    for data in Place.template.values():
        shutil.rmtree(data.parent)
    Place.template.clear()


@pytest.fixture(params=USERS)
def empty_place(request):
    with Place(request.param) as p:
        yield p


@pytest.fixture(params=USERS)
def place(request):
    with Place(request.param) as p:
        yield p.made()


@pytest.fixture
def any_place():
    """For what does not depend on the user."""
    with Place(USERS[0]) as p:
        yield p.made()


# -- the ordinary life --------------------------------------------------------------------------------------


def test_made_as_promised(empty_place):
    k = empty_place.open()
    show = "SELECT current_setting('data_checksums'), current_setting('server_encoding'), current_setting('listen_addresses'), " \
           "current_setting('fsync'), current_setting('unix_socket_permissions'), datcollate, datctype, pg_get_userbyid(datdba) " \
           "FROM pg_database WHERE datname = current_database()"
    assert k.query(show) == [("on", "UTF8", "", "on", "0700", "C", "C.UTF-8", "keelson_owner")]
    roles = k.query("SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles "
                    "WHERE rolname LIKE 'keelson%' ORDER BY 1")
    assert roles == [("keelson_api", False, False, False, False, True), ("keelson_owner", False, False, False, False, True),
                     ("keelson_readonly", False, False, False, False, False), ("keelson_super", True, True, True, True, True)]
    assert k.query("SELECT current_user", user="keelson_api") == [("keelson_api",)]
    with k.connect(user="keelson_api") as c:
        for refused in ("CREATE TABLE public.t (a int)", "CREATE TEMP TABLE t (a int)", "CREATE SCHEMA s"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                c.execute(refused)
    for directory in (k.facts["socket"], k.facts["data"]):
        assert os.stat(directory).st_mode & 0o777 == 0o700
    assert os.stat(k.facts["data"]).st_uid == os.stat(k.facts["socket"]).st_uid != 0
    assert Path(k.facts["data"], "keelson.socket").read_text().strip() == k.facts["socket"]
    status, _ = k.end()
    assert status == 0 and not empty_place.postmasters() and not Path(k.facts["socket"]).exists()


def test_second_start_keeps_data_and_changes_no_catalog(any_place):
    k = any_place.open()
    k.run("CREATE SCHEMA keelson", "CREATE TABLE keelson.kept AS SELECT 42 AS answer")
    stamp = "SELECT xmin::text FROM pg_database WHERE datname = 'keelson' UNION ALL SELECT xmin::text FROM pg_authid WHERE rolname LIKE 'keelson%'"
    before = k.query(stamp, user="keelson_super")
    k.end()
    k = any_place.open()
    assert k.query("SELECT answer FROM keelson.kept") == [(42,)]
    assert k.query(stamp, user="keelson_super") == before
    assert k.end()[0] == 0


def test_deep_path(empty_place):
    empty_place.data = empty_place.folder.joinpath(*["a-folder-with-a-long-name"] * 8) / "data"
    assert len(str(empty_place.data)) > 200
    k = empty_place.open()
    assert k.query("SELECT 1") == [(1,)] and len(k.facts["socket"]) < 90
    assert k.end()[0] == 0


def test_no_secret_environment(any_place):
    k = any_place.open(env={"PGPORT": "1", "PGDATA": "/nowhere", "KEELSON_OWNER_URL": "canary"})
    assert b"canary" not in Path(f"/proc/{k.postmaster}/environ").read_bytes()
    assert k.query("SELECT 1") == [(1,)]


# -- two programs ------------------------------------------------------------------------------------------


def test_second_program_is_refused_or_shares(place):
    k = place.open()
    status, complaint = place.refused()
    assert status == 3 and f"pid {k.process.pid}" in complaint
    other = place.open("shared")
    assert other.facts["owned"] == "0" and other.postmaster == k.postmaster and other.ask("alive") == "alive=1"
    assert other.end()[0] == 0
    assert k.query("SELECT 1") == [(1,)]        # the guest has not stopped it
    k.end()
    alone = place.open("shared")
    assert alone.facts["owned"] == "1"


def test_many_at_once_share_one_server(empty_place):
    programs = [empty_place.launch("shared") for _ in range(6)]
    for k in programs:
        k.ready()
    assert len({k.postmaster for k in programs}) == 1 and sum(k.facts["owned"] == "1" for k in programs) == 1
    assert len(empty_place.postmasters()) == 1


def test_guests_keep_a_command_s_server(any_place):
    """The command that started it ends last; a service waits for it."""
    host = any_place.open("shared")
    guests = [any_place.open("shared") for _ in range(2)]
    service = any_place.launch("open")
    host.process.stdin.close()                  # done, as far as it is concerned
    for guest in guests:
        assert guest.query("SELECT 1") == [(1,)] and host.process.poll() is None
        guest.end()
    assert host.process.wait(30) == 0
    assert service.ready().facts["owned"] == "1" and service.postmaster != host.postmaster


def test_start_while_the_last_one_is_stopping(place):
    for _ in range(5):
        k = place.open()
        k.kill()                                # its guardian is still at work
        k = place.open()
        assert len(place.postmasters()) == 1
        k.kill()


# -- kills -------------------------------------------------------------------------------------------------


def write(k, n):
    k.run("CREATE TABLE IF NOT EXISTS public.ledger (n int)", f"INSERT INTO public.ledger VALUES ({n})", user="keelson_super")


def test_kills_in_every_order(place):
    """After each an acknowledged row is there, and exactly one server."""
    orders = [order for n in (1, 2, 3) for order in itertools.permutations(("program", "guardian", "postmaster"), n)]
    rnd = random.Random(20)
    for n, order in enumerate(orders * (4 if LONG else 1)):
        k = place.open()
        assert k.query("SELECT to_regclass('public.ledger') IS NOT NULL", user="keelson_super") == [(n > 0,)]
        if n:
            assert k.query("SELECT count(*), max(n) FROM public.ledger", user="keelson_super") == [(n, n - 1)], order
        write(k, n)
        victims = {"program": k.process.pid, "guardian": k.guardian, "postmaster": k.postmaster}
        for name in order:
            kill(victims[name])
            time.sleep(rnd.choice((0, 0, 0.001, 0.02)))
        if "program" not in order:
            assert k.ask("restart").startswith("ready "), order
            assert k.query("SELECT count(*) FROM public.ledger", user="keelson_super") == [(n + 1,)], order
            assert len(place.postmasters()) == 1
            kill(k.process.pid)
        k.process.wait()
        k = place.open()
        assert len(place.postmasters()) == 1 and k.query("SELECT count(*) FROM public.ledger", user="keelson_super") == [(n + 1,)], order
        k.kill()


def test_death_is_noticed_and_restart_is_in_place(any_place):
    k = any_place.open()
    assert k.ask("alive") == "alive=1"
    kill(k.postmaster)
    assert gone([k.postmaster])
    assert k.ask("restart").startswith("ready postmaster=")
    assert k.ask("alive") == "alive=1" and k.query("SELECT 1") == [(1,)]
    assert k.end()[0] == 0 and not any_place.postmasters()


def test_guardian_survives_the_program_group(any_place):
    k = any_place.open("temporary")
    guardian = k.guardian
    os.killpg(k.process.pid, signal.SIGKILL)
    assert gone([guardian, k.postmaster]) and not tree(k).exists()      # only a living guardian removes it


def test_server_stops_with_its_guardian(any_place):
    k = any_place.open()
    kill(k.guardian)
    assert gone([k.postmaster])


def test_guardian_does_not_mind_polite_signals(any_place):
    k = any_place.open()
    for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        kill(k.guardian, signo)
    assert k.ask("alive") == "alive=1" and k.query("SELECT 1") == [(1,)]


BUSY = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"      # never waits, so it never notices that its postmaster has died


def busy_backend(k):
    process = subprocess.Popen(["psql", "-qAtX", "-h", k.facts["socket"], "-U", "keelson_owner", "keelson", "-c", BUSY],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (found := k.query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'", user="keelson_super")):
        assert process.poll() is None
    return found[0][0], process


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("by", ["start", "restart"])
def test_backend_outlives_its_postmaster(any_place, by, stopped):
    k = any_place.open()
    backend, client = busy_backend(k)
    if stopped:
        kill(backend, signal.SIGSTOP)
    kill(k.postmaster)
    assert gone([k.postmaster])
    if by == "start":
        k.kill()
        k = any_place.open()
    else:
        assert k.ask("restart").startswith("ready "), k.process.stderr.read()
    assert k.query("SELECT 1") == [(1,)]
    assert len(any_place.postmasters()) == 1 and gone([backend])
    client.wait(30)


def test_stopped_postmaster_is_ended_too(any_place):
    k = any_place.open()
    kill(k.postmaster, signal.SIGSTOP)
    k.kill()
    assert gone([k.postmaster])
    k = any_place.open()
    kill(k.postmaster, signal.SIGSTOP)
    guardian = k.guardian
    kill(k.process.pid)
    kill(guardian)
    k.process.wait()
    assert any_place.open().query("SELECT 1") == [(1,)]


# -- leftovers ---------------------------------------------------------------------------------------------


def test_stale_files_with_a_pid_of_somebody_else(place):
    k = place.open()
    socket, owner = Path(k.facts["socket"]), os.stat(k.facts["data"]).st_uid
    pid_file = Path(k.facts["data"], "postmaster.pid").read_text().splitlines()
    victims = [k.process.pid, k.guardian, k.postmaster]
    for pid in victims:
        kill(pid)
    k.process.wait()
    assert gone(victims)
    with subprocess.Popen(["sleep", "1000"], user=owner if ROOT else None) as bystander:
        pid_file[0] = str(bystander.pid)
        target = Path(k.facts["data"], "postmaster.pid")
        target.write_text("\n".join(pid_file) + "\n")
        (socket / ".s.PGSQL.5432").touch()
        (socket / ".s.PGSQL.5432.lock").write_text("\n".join(pid_file) + "\n")
        for file in (target, socket / ".s.PGSQL.5432", socket / ".s.PGSQL.5432.lock"):
            if ROOT:
                os.chown(file, owner, -1)
        k = place.open()
        assert k.query("SELECT 1") == [(1,)] and bystander.poll() is None
        bystander.kill()


def test_half_made_directory(empty_place):
    k = empty_place.launch()
    init = empty_place.data / ".init"
    while not (init / "base").exists():
        assert k.process.poll() is None
    k.kill()
    assert not (empty_place.data / "PG_VERSION").exists()
    k = empty_place.open()
    assert k.query("SELECT 1") == [(1,)] and not init.exists()


@pytest.mark.parametrize("moved", ["nothing", "some", "all"])
def test_interrupted_while_moving_up(any_place, moved):
    place = any_place
    ready = place.data / ".ready"
    ready.mkdir(mode=0o700)
    entries = sorted(p for p in place.data.iterdir() if not p.name.startswith("keelson.lock") and p.name not in (".ready", "log", "keelson.socket"))
    back = {"nothing": entries, "some": [p for p in entries if p.name[0] in "PbgkK"], "all": []}[moved]
    for entry in back:
        entry.rename(ready / entry.name)
    shutil.chown(ready, place.data.owner())
    assert place.open().query("SELECT 1") == [(1,)]
    assert moved == "all" or not ready.exists()


def test_copied_directory_gets_a_socket_of_its_own(any_place):
    any_place.open().end()                      # records its socket
    copy = any_place.folder / "copy"
    subprocess.run(["cp", "-a", any_place.data, copy], check=True)
    k = any_place.open()
    other = any_place.open("open", copy)
    assert k.facts["socket"] != other.facts["socket"] and other.query("SELECT 1") == k.query("SELECT 1")


def socket_name(data, uid):
    return "keelson-" + hashlib.sha256(f"{uid}:{data}".encode()).hexdigest()[:12]


@pytest.mark.parametrize("what", ["link", "file", "open", pytest.param("other's", marks=pytest.mark.skipif(not ROOT, reason="needs root"))])
def test_squatted_socket_directory(place, what):
    uid = pwd.getpwnam(place.user if place.plain else "postgres").pw_uid if ROOT else os.geteuid()
    squatted = [Path(base, socket_name(place.data, uid)) for base in (["/run"] if ROOT and not place.plain else []) + ["/tmp"]]
    elsewhere = place.folder / "elsewhere"
    elsewhere.mkdir()
    for path in squatted:
        if what == "link":
            path.symlink_to(elsewhere)
        elif what == "file":
            path.touch()
        else:
            path.mkdir(mode=0o700)
            if what == "open":
                path.chmod(0o777)
            else:
                shutil.chown(path, "daemon")
    try:
        k = place.open()
        assert Path(k.facts["socket"]) not in squatted and not list(elsewhere.iterdir())
        again = k.facts["socket"]
        k.kill()
        assert place.open().facts["socket"] == again        # recorded
    finally:
        for path in squatted:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


# -- refusals ----------------------------------------------------------------------------------------------


def test_other_major_version(any_place):
    (any_place.data / "PG_VERSION").write_text("99\n")
    status, complaint = any_place.refused()
    bindir = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    assert status == 2 and "PostgreSQL 99" in complaint and f"{bindir} has {bindir.parent.name}" in complaint
    assert "apt-get install postgresql-99" in complaint and "dump" in complaint
    status, complaint = any_place.refused(env={"CLUSTER_BINDIR": str(bindir)})
    assert status == 2 and "PostgreSQL 99" in complaint and "set pg.bindir" in complaint
    (any_place.data / "PG_VERSION").write_text("13\n")
    status, complaint = any_place.refused()
    assert status == 2 and "PostgreSQL 13" in complaint and "15 or later" in complaint


def test_version_file_is_broken(any_place):
    (any_place.data / "PG_VERSION").write_text("")
    status, complaint = any_place.refused()
    assert status == 2 and "PG_VERSION" in complaint


def test_directory_of_something_else(any_place):
    any_place.data = any_place.folder / "documents"
    any_place.data.mkdir()
    (any_place.data / "thesis.tex").touch()
    before = any_place.data.stat()
    status, complaint = any_place.refused()
    assert status == 2 and "thesis.tex" in complaint
    assert [p.name for p in any_place.data.iterdir()] == ["thesis.tex"]
    after = any_place.data.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode), "it may be somebody's home"


def test_cluster_of_somebody_else(any_place):
    (any_place.data / "keelson.auto.conf").unlink()
    status, complaint = any_place.refused()
    assert status == 2 and "DATABASE_URL" in complaint


def test_no_binaries(any_place):
    status, complaint = any_place.refused(env={"CLUSTER_BINDIR": str(any_place.folder)})
    assert status == 2 and "pg.bindir" in complaint


def test_server_that_cannot_start_says_why(any_place):
    with (any_place.data / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = 'plenty'\n")
    status, complaint = any_place.refused()
    assert status == 3 and "did not start" in complaint and "configuration file" in complaint


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_root_below_a_closed_home(any_place):
    home = any_place.folder / "home"
    home.mkdir(mode=0o700)
    status, complaint = any_place.refused("open", home / "project" / "data")
    assert status == 2 and str(home) in complaint and "--data-dir" in complaint and "chmod" in complaint
    assert not list(home.iterdir())


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_users_and_owners(any_place):
    any_place.user, any_place.plain = "nobody", True
    status, complaint = any_place.refused()
    assert status == 2 and "belongs to" in complaint
    shutil.chown(any_place.folder, "nobody")
    any_place.data = any_place.folder / "plain"
    any_place.open().end()
    any_place.user, any_place.plain = "root", False
    k = any_place.open()                        # root works on it as its owner
    assert os.stat(f"/proc/{k.postmaster}").st_uid == pwd.getpwnam("nobody").pw_uid


# -- throwaway ---------------------------------------------------------------------------------------------


def tree(k):
    return Path(k.facts["data"]).parent


@pytest.mark.parametrize("how", ["temporary", "durable"])
def test_throwaway(empty_place, how):
    k = empty_place.open(how)
    assert k.query("SELECT current_setting('fsync')") == [("on" if how == "durable" else "off",)]
    kept = tree(k)
    assert k.end()[0] == 0 and not kept.exists()


def test_throwaway_is_gone_when_the_program_is_killed(empty_place):
    k, other = empty_place.open("temporary"), empty_place.open("temporary")
    guardian = k.guardian
    k.kill()
    assert gone([guardian, k.postmaster]) and not tree(k).exists()
    assert other.query("SELECT 1") == [(1,)]


def test_throwaway_with_a_dead_server_is_gone_too(any_place):
    k = any_place.open("temporary")
    kill(k.postmaster)
    assert gone([k.postmaster])
    assert k.end()[0] == 0 and not tree(k).exists()


def test_throwaway_with_a_busy_backend_is_gone_too(any_place):
    k = any_place.open("temporary")
    backend, client = busy_backend(k)
    kill(k.postmaster)
    k.kill()
    client.wait(30)
    assert gone([backend])
    while tree(k).exists():
        time.sleep(0.01)


def test_what_two_kills_leave_is_swept(any_place):
    k = any_place.open("temporary")
    guardian = k.guardian
    kill(guardian)
    k.kill()
    assert tree(k).exists()
    busy = any_place.open("temporary")
    assert not tree(k).exists() and not any_place.postmasters(k.facts["data"])
    assert any_place.open("temporary").query("SELECT 1") == busy.query("SELECT 1")
