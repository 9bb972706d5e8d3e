"""What a server lives on runs out or rots: disk, memory, transaction numbers, a page; and a start that takes long (F10, F33, F43, F45, F48)."""
# SPDX-License-Identifier: Apache-2.0

import base64
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from bare import USER
from conftest import LONG, Mount, Server, until

needs_mount = pytest.mark.skipif(not Mount.possible(), reason="needs root and a mount namespace")


# ---- F10: a long recovery ------------------------------------------------------------------------------------------


def test_f10_a_long_recovery_is_starting_and_not_dead(stack, fault):
    """A crash with much to replay.  Meanwhile: ready fails, live passes, requests are refused at once, nobody is hammered."""
    server = stack.enter_context(Server("-c max_wal_size=4GB -c checkpoint_timeout=1h -c full_page_writes=off -c recovery_prefetch=off"))
    s = fault(server=server)
    nonce = s.nonce()
    assert s.create(nonce).status_code == 201
    server.execute_there("CREATE TABLE public.much (n int PRIMARY KEY, t text)")
    for i in range(8 if LONG else 2):
        server.execute_there(f"INSERT INTO public.much SELECT n, repeat('x', 100) FROM generate_series({i} * 200000 + 1, {i + 1} * 200000) n")
    os.kill(server.postmaster(), signal.SIGKILL)
    until(lambda: s.list().status_code == 503)
    until(lambda: not server.alive())
    for lock in (server.data / "postmaster.pid", *server.folder.glob(".s.PGSQL.*.lock")):
        lock.unlink()                                       # they name a process that nobody may have waited for yet
    server.control("start", "-W")
    replaying = until(lambda: child(server, "startup"), every=0)
    os.kill(replaying, signal.SIGSTOP)                      # so it takes as long as we like
    try:
        until(lambda: s.metric("keelson_pool_connects_total", outcome="starting") >= 3, 30)
        assert not s.ready()
        assert s.http.get("/health/live").status_code == s.http.get("/health/startup").status_code == 200
        answer = s.list()
        assert answer.status_code == 503 and answer.headers["Retry-After"] and answer.json()["retryable"]
        assert "starting" in s.http.get("/health").text
        attempts, began = s.proxy.accepted, time.monotonic()
        until(lambda: time.monotonic() - began > 1)
        assert s.proxy.accepted - attempts <= 20
    finally:
        os.kill(replaying, signal.SIGCONT)
    until(lambda: s.create().status_code == 201, 60)
    until(s.ready)
    assert s.there(nonce) == 1
    assert len(s.keelson.events("database-down")) == len(s.keelson.events("database-up")) == 1


def child(server, name):
    """The postmaster's child of that name."""
    try:
        pid = server.postmaster()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return next((int(c) for c in children if name in Path(f"/proc/{c}/cmdline").read_text()), None)
    except (FileNotFoundError, ProcessLookupError, IndexError):        # its file is about to be written
        return None


# ---- F33: a disk that is really full -------------------------------------------------------------------------------


class OnDisk(Server):
    """Its data on a small disk, its log of writes on another."""

    def __init__(self, disk, wal):
        super().__init__("-c autovacuum=off -c min_wal_size=2MB -c max_wal_size=4MB -c wal_recycle=off",
                         initdb=["--wal-segsize=1", f"--waldir={wal.path / 'wal'}"])
        self.data = disk.path / "pgdata"


def incompressible(n):
    return base64.b64encode(random.randbytes(n)).decode()


@needs_mount
def test_f33_no_room_for_data(stack, fault):
    """Writes that need room say so; reads, and writes that need none, go on; it is over when there is room."""
    disk, wal = stack.enter_context(Mount("160m")), stack.enter_context(Mount("64m"))
    server = stack.enter_context(OnDisk(disk, wal))
    s = fault(server=server)
    session, id = s.session(), s.create().json()["id"]
    disk.fill()
    text = incompressible(200000)
    full = until(lambda: (a := s.append(session, text)).status_code != 201 and a)
    assert (full.status_code, full.json()["code"], full.json()["sqlstate"]) == (507, "storage-full", "53100"), full.text
    assert full.json()["retryable"] is False
    assert s.read(id).status_code == 200 and s.list().status_code == 200
    assert s.http.get(f"/v1/sessions/{session}/messages").status_code == 200
    assert s.http.get("/health/live").status_code == 200
    disk.free()
    s.recovered()
    assert s.append(session, text).status_code == 201


@needs_mount
def test_f33_no_room_for_the_log_of_writes(stack, fault):
    """The server panics: nothing acknowledged is lost, and it is over when there is room and the server is started."""
    disk, wal = stack.enter_context(Mount("160m")), stack.enter_context(Mount("24m"))
    server = stack.enter_context(OnDisk(disk, wal))
    s = fault(server=server)
    session, acknowledged = s.session(), []
    for i in range(200):
        nonce = s.nonce()
        answer = s.append(session, nonce + incompressible(20000))
        if answer.status_code != 201:
            break
        acknowledged.append(nonce)
        if i == 0:
            wal.fill()                      # how much still fits is chance: one is acknowledged in any case
    assert answer.status_code in (503, 507), answer.text[:200]
    assert answer.json()["code"] in ("storage-full", "database-unavailable", "outcome-unknown"), answer.text
    until(lambda: not any(server.alive()), 30)
    assert s.http.get("/health/live").status_code == 200 and not s.ready()
    wal.free()
    server.control("start")
    s.recovered()
    assert acknowledged and all(s.messages_there(nonce) == 1 for nonce in acknowledged)
    assert s.messages_there(nonce) == 0 or answer.json()["code"] == "outcome-unknown"


@needs_mount
def test_f33_no_room_for_sorting(stack, fault):
    """Temporary files: the statement fails, and everything else is as ever."""
    disk, wal = stack.enter_context(Mount("160m")), stack.enter_context(Mount("64m"))
    server = stack.enter_context(OnDisk(disk, wal))
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1", server=server)
    slowly(server, "PERFORM count(*) FROM (SELECT n FROM generate_series(1, 400000) n ORDER BY n % 1000, n) x")
    server.alter("SET work_mem = '64kB'")
    s.create()
    pids = server.pids()
    disk.fill(leave=1 << 20)
    full = s.create("trigger")
    assert (full.status_code, full.json()["sqlstate"]) == (507, "53100"), full.text
    assert s.create().status_code == 201 and server.pids() == pids      # the connection is kept
    disk.free()
    assert s.create("trigger").status_code == 201


def slowly(server, statement):
    """Whoever is named trigger runs a statement more."""
    server.execute_there(f"""
        CREATE OR REPLACE FUNCTION public.triggered() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {statement}; RETURN new; END $$;
        CREATE TRIGGER triggered BEFORE INSERT ON keelson.candidates FOR EACH ROW WHEN (new.full_name = 'trigger')
            EXECUTE FUNCTION public.triggered()""")


# ---- F43: a backend without memory ---------------------------------------------------------------------------------


def test_f43_a_backend_that_really_has_no_memory(broken, fault):
    """The kernel gives a backend no more than 100 MB beyond what it has, and a statement wants 400."""
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1", server=broken)
    slowly(broken, "PERFORM length(repeat(new.full_name, 60000000))")
    assert s.create("trigger").status_code == 201
    pids = broken.pids()
    for pid in pids:
        size = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        subprocess.run(["prlimit", f"--pid={pid}", f"--as={size + (100 << 20)}"], check=True, **USER)
    answer = s.create("trigger")
    assert (answer.status_code, answer.json()["code"], answer.json()["sqlstate"]) == (503, "database-unavailable", "53200"), answer.text
    assert s.create().status_code == 201
    assert broken.pids() == pids, "the connection is kept"


# ---- F45: a page that rotted ---------------------------------------------------------------------------------------


def test_f45_a_page_that_rotted_is_told_and_spares_the_rest(stack, fault):
    server = stack.enter_context(Server(initdb=["--data-checksums"]))
    s = fault(server=server)
    session = s.session()
    id = s.create().json()["id"]
    path, place = server.sql("SELECT pg_relation_filepath('keelson.candidates'), ctid::text FROM keelson.candidates WHERE id = %s", id)[0]
    server.control("stop", "-m", "fast")
    with (server.data / path).open("r+b") as f:
        f.seek(8192 * int(place.strip("(").partition(",")[0]) + 1000)
        f.write(b"rotten" * 100)
    server.control("start")
    until(lambda: s.append(session, "elsewhere").status_code == 201)
    answer = s.read(id)
    assert (answer.status_code, answer.json()["code"], answer.json()["sqlstate"]) == (500, "internal", "XX001"), answer.text
    assert not answer.json()["retryable"]
    failed = until(lambda: [e for e in s.keelson.events("request-failed") if e["sqlstate"] == "XX001"])
    assert failed[0]["level"] == "error" and failed[0]["request_id"] == answer.json()["request_id"]
    assert s.append(session, "still").status_code == 201
    until(s.healthy)
    assert s.ready(), "the rest is well"
    assert s.metric("keelson_db_errors_total", sqlstate="XX001") >= 1


# ---- F48: transaction numbers run out ------------------------------------------------------------------------------


def test_f48_a_server_that_takes_no_writes_before_its_numbers_wrap(stack, fault):
    """Three million short of the wrap the server refuses what needs a number.  A replication slot keeps it there."""
    server = stack.enter_context(Server("-c wal_level=logical -c autovacuum_naptime=1s"))
    s = fault(server=server)
    id = s.create().json()["id"]
    server.execute_there("SELECT pg_create_logical_replication_slot('old', 'pgoutput')")
    oldest = min(int(n) for n, in server.sql("SELECT datfrozenxid::text FROM pg_database"))
    server.control("stop", "-m", "fast")
    number = oldest + (1 << 31) - 2000000
    status = server.data / "pg_xact" / f"{number >> 20:04X}"            # of a million transactions, two bits each
    status.write_bytes(bytes(256 << 10))
    shutil.chown(status, (server.data / "PG_VERSION").owner())
    server.server("pg_resetwal", "-x", number, "-D", server.data)
    server.control("start")
    until(lambda: s.read(id).status_code == 200)
    answer = until(lambda: (a := s.create()).json().get("sqlstate") and a)
    assert (answer.status_code, answer.json()["code"], answer.json()["sqlstate"]) == (503, "database-read-only", "54000"), answer.text
    assert s.read(id).status_code == 200 and s.list().status_code == 200
    until(lambda: not s.healthy())
    assert "vacuum" in s.http.get("/health").text
    if not LONG:
        return
    server.execute_there("SELECT pg_drop_replication_slot('old')")
    until(lambda: s.create().status_code == 201, 60)                    # the server vacuums by itself
    until(s.healthy)
