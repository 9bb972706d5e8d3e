"""How the service finds its server: several hosts, names, certificates, roles and timelines (F13, F18, F25, F26, F27, F30, F31, F32)."""
# SPDX-License-Identifier: Apache-2.0

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

import psycopg
import pytest
from bare import BINDIR, USER, free_port
from compiled import Shim
from conftest import until
from proxy import Proxy
from test_server import terminate

EAI_AGAIN, EAI_NONAME = -3, -2
LANES = ("--pool-lanes", "1")


def url(server, *hosts, parameters=""):
    """The service's URL with these hosts ("127.0.0.1:5432") instead of its own."""
    return server.prepared.env()["DATABASE_URL"].replace(f"127.0.0.1:{server.port}", ",".join(hosts)) + parameters


@contextmanager
def black_hole():
    """A port that answers no SYN: its backlog is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for f in fillers:
            f.setblocking(False)
            with suppress(BlockingIOError):
                f.connect(listener.getsockname())
        try:
            yield listener.getsockname()[1]
        finally:
            for f in fillers:
                f.close()


def reconnect(s):
    """All connections of the service are gone."""
    terminate(s, "true")


class Standby:
    """A streaming copy of a server, which may be promoted; it has the interface that start and stop need."""

    def __init__(self, primary):
        self.primary, self.port = primary, free_port()
        self.data = primary.folder / f"standby-{self.port}"

    def __enter__(self):
        with (self.primary.data / "pg_hba.conf").open("a") as f:
            f.write("local replication postgres trust\n")
        self.primary.execute("SELECT pg_reload_conf()")
        self.primary.server("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "-h", self.primary.folder,
                            "-p", self.primary.port, "-U", "postgres", "--no-sync")
        self.control("start")
        return self

    def __exit__(self, *_):
        self.control("stop", "-m", "immediate", check=False)
        shutil.rmtree(self.data, ignore_errors=True)

    def control(self, *args, check=True):
        options = f"-k {self.primary.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=32MB -c max_connections=60"
        subprocess.run([BINDIR / "pg_ctl", "-D", self.data, "-w", "-l", self.primary.folder / f"log-{self.port}",
                        *(["-o", options] if "start" in args else []), *args],
                       check=check, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.primary.folder, **USER)

    def query(self, sql):
        with psycopg.connect(host=str(self.primary.folder), port=self.port, user="postgres", dbname=self.primary.prepared.name, autocommit=True) as c:
            return c.execute(sql).fetchall()

    def caught_up(self):
        """Everything the primary has written is here, too."""
        lsn = self.primary.sql("SELECT pg_current_wal_lsn()")[0][0]
        until(lambda: self.query(f"SELECT pg_last_wal_replay_lsn() >= '{lsn}'")[0][0])


@pytest.fixture
def standby(broken):
    with Standby(broken) as s:
        yield s


# ---- hosts and addresses -------------------------------------------------------------------------------------------


def test_f18_a_black_hole_costs_its_own_share_of_the_time(postgres, fault):
    with black_hole() as hole:
        s = fault("--connect-timeout", "500ms", *LANES,
                  url=url(postgres, f"127.0.0.1:{hole}", f"127.0.0.1:{free_port()}", f"127.0.0.1:{postgres.port}"))
        assert s.create().status_code == 201
        reconnect(s)
        until(lambda: s.create().status_code == 201, 5)                # who served last is asked first
        assert s.metric("keelson_db_role", host=f"pg://127.0.0.1:{postgres.port}/{postgres.prepared.name}", role="primary") == 1


# ---- names ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def named(postgres, fault):
    """The service with a name in its URL, and the shim that answers for it."""
    shim = Shim("names")
    shim.names()
    s = fault("--connect-timeout", "1s", *LANES, env=shim.env,
              url=url(postgres, f"db.test:{postgres.port}", parameters="?sslmode=disable"))
    return s, shim


@pytest.mark.parametrize("verdict, seconds", [(0, 20), (EAI_AGAIN, 0), (EAI_NONAME, 0), (EAI_AGAIN, 20)],
                         ids=["slow", "servfail", "nxdomain", "silent"])
def test_f25_names_that_are_slow_or_fail_hold_nobody_up(named, verdict, seconds):
    s, shim = named
    id = s.create().json()["id"]
    s.metric("keelson_eventloop_lag_seconds")                          # a scrape begins a new measurement
    shim.names(seconds=seconds, verdict=verdict)
    control = "application_name LIKE 'keelson control%'"
    until(lambda: (terminate(s, control), s.metric("keelson_pool_connects_total", outcome="dns"))[1] >= 2, 20, every=0.1)
    asked = shim.lookups
    assert all(s.read(id).status_code == 200 for _ in range(20))
    assert s.metric("keelson_eventloop_lag_seconds") < 0.5, "somebody waited for the name server on the loop"
    if seconds:
        assert shim.lookups - asked <= 1, "one lookup of a name at a time"
    shim.names()
    until(lambda: len(s.server.pids(control)) == 1)


@pytest.fixture
def addresses(postgres):
    """Two at one port."""
    port = free_port()
    with Proxy(postgres.port, at=("127.0.0.1", port)) as old, Proxy(postgres.port, at=("127.0.0.2", port)) as new:
        yield port, old, new


def test_f26_an_address_that_moves_is_taken_by_new_connections(postgres, addresses, fault):
    shim = Shim("names")
    shim.names("127.0.0.1")
    port, old, new = addresses
    s = fault(*LANES, env=shim.env, url=url(postgres, f"db.test:{port}", parameters="?sslmode=disable"))
    s.list()
    shim.names("127.0.0.2")
    closes, answered = s.metric("keelson_pool_closes_total"), time.monotonic()
    until(lambda: time.monotonic() - answered > 1)                     # an answer is good for a second
    assert s.create().status_code == 201 and s.list().status_code == 200
    assert s.metric("keelson_pool_closes_total") == closes, "those at the old address are not given up"
    before = old.accepted
    terminate(s, "application_name LIKE 'keelson control%'")
    until(lambda: new.accepted >= 1)
    assert old.accepted == before


# ---- passwords -----------------------------------------------------------------------------------------------------


class Secret:
    """The password of the service's role, in a file."""

    def __init__(self, server):
        self.server, self.path = server, server.folder / "secret"
        self.first = server.prepared.env()["DATABASE_URL"].split(":")[2].split("@")[0]

    def write(self, text):
        new = self.path.with_suffix(".new")
        new.write_text(text + "\n")
        new.chmod(0o644)
        new.rename(self.path)

    def change(self, password):
        self.server.execute(f"ALTER ROLE keelson_api PASSWORD '{password}'")


def with_file(secret):
    """The whole URL comes from the file."""
    full = secret.server.prepared.env()["DATABASE_URL"]
    secret.render = lambda password: full.replace(secret.first, password)
    return {"DATABASE_URL": "", "KEELSON_DATABASE_URL_FILE": str(secret.path)}


def with_password(secret):
    """The file has the password alone, with characters of its own."""
    secret.render = lambda password: password
    return {"KEELSON_DATABASE_URL_FILE": str(secret.path)}


def with_command(secret):
    secret.render = lambda password: password
    return {"KEELSON_DATABASE_URL_COMMAND": f"echo noise >&2; cat {secret.path}"}


@pytest.mark.parametrize("source", [with_file, with_password, with_command])
def test_f13_a_new_password_is_taken_without_a_restart(broken, fault, source):
    secret = Secret(broken)
    env = source(secret)
    secret.write(secret.render(secret.first))
    s = fault(*LANES, server=broken, url=url(broken, f"127.0.0.1:{broken.port}"), env=env)
    s.list()
    pids = s.server.pids()
    secret.change("n3w%/word")
    if source is with_command:
        terminate(s, "application_name LIKE 'keelson control%'")
        until(lambda: s.keelson.events("credentials-refused"))
    assert s.list().status_code == 200, "who is connected stays connected"
    secret.write(secret.render("n3w%25%2Fword" if source is with_file else "n3w%/word"))
    until(lambda: s.keelson.events("credentials-changed"), 15)
    reconnect(s)
    s.recovered(1)
    assert not set(pids) & set(s.server.pids())
    assert "n3w" not in "".join(s.keelson.log)


def test_f13_a_file_that_cannot_be_read_is_said_at_the_start(broken):
    done = broken.prepared.run("serve", env={"KEELSON_DATABASE_URL_FILE": "/nonexistent/secret"})
    assert done.returncode != 0 and "/nonexistent/secret" in done.stderr
    done = broken.prepared.run("serve", env={"KEELSON_DATABASE_URL_COMMAND": "echo s3cret; exit 3"})
    assert done.returncode != 0 and "status 3" in done.stderr and "s3cret" not in done.stderr


# ---- roles and timelines -------------------------------------------------------------------------------------------


def test_f30_f31_f32_a_promoted_standby_takes_over_and_the_old_primary_is_refused(broken, standby, fault):
    s = fault(*LANES, server=broken, url=url(broken, f"127.0.0.1:{standby.port}", f"127.0.0.1:{broken.port}"))
    s.witness.close()
    first = s.create().json()["id"]                                    # the standby stands first and is passed over
    standby.caught_up()
    broken.control("stop", "-m", "immediate")
    until(lambda: s.read(first).status_code == 200)                    # reads go on, at the standby
    refused = until(lambda: (a := s.create()).json().get("code") == "database-read-only" and a)
    assert refused.status_code == 503 and s.read(first).status_code == 200
    standby.control("promote")
    s.recovered(1)
    until(lambda: s.metric("keelson_db_failovers_total") == 1)
    until(lambda: s.metric("keelson_db_timeline", host=f"pg://127.0.0.1:{standby.port}/{broken.prepared.name}") == 2)

    broken.control("start")                                            # without rewinding: it takes writes
    standby.control("stop", "-m", "fast")
    until(lambda: s.list().status_code == 503)
    until(lambda: s.metric("keelson_pool_connects_total", outcome="role") >= 2)
    assert s.create().status_code == 503
    until(lambda: s.keelson.events("database-refused"))
    assert not broken.pids("state IS NOT NULL AND query NOT LIKE '%%walfile%%'")
    standby.control("start")
    s.recovered(1)
    s.http.close()
    assert s.keelson.stop() == 0


def test_f30_a_demoted_primary_is_left_for_the_other(broken, standby, fault):
    s = fault(*LANES, server=broken, url=url(broken, f"127.0.0.1:{broken.port}", f"127.0.0.1:{standby.port}"))
    s.witness.close()
    id = s.create().json()["id"]
    standby.caught_up()
    standby.control("promote")
    broken.alter("SET default_transaction_read_only = on")
    s.recovered(1)
    until(lambda: s.metric("keelson_db_failovers_total") == 1)
    assert s.read(id).status_code == 200
    assert standby.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'keelson_api'")[0][0] > 0
    s.http.close()
    assert s.keelson.stop() == 0


# ---- certificates --------------------------------------------------------------------------------------------------


class Authority:
    """Certificates for the server, made by openssl."""

    def __init__(self, server):
        self.server, self.folder = server, server.folder / "tls"
        self.folder.mkdir()
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=ours", "-keyout", "ca.key", "-out", "ca.pem")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=theirs", "-keyout", "other.key", "-out", "other.pem")

    def openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, name="db.test", ca="ca", days="10"):
        """The server presents this one from now on."""
        (self.folder / "san").write_text(f"subjectAltName=DNS:{name}")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", "server.key", "-out", "server.csr")
        dates = ["-not_before", "20200101000000Z", "-not_after", "20200201000000Z"] if days == "past" else ["-days", days]
        self.sign(ca, dates)
        for file, to in (("server.pem", "server.crt"), ("server.key", "server.key")):
            shutil.copy(self.folder / file, self.server.data / to)
            (self.server.data / to).chmod(0o600)
            if USER:
                shutil.chown(self.server.data / to, "postgres", "postgres")
        self.server.alter("SET ssl = on")

    def sign(self, ca, dates):
        if dates[0] == "-days":
            self.openssl("x509", "-req", "-in", "server.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", *dates,
                         "-extfile", "san", "-out", "server.pem")
            return
        (self.folder / "index").write_text("")
        (self.folder / "serial").write_text("01")
        (self.folder / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
                                            "policy=p\n[p]\ncommonName=supplied\n")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-cert", f"{ca}.pem", "-keyfile", f"{ca}.key", "-in", "server.csr", "-out", "server.pem",
                     "-extfile", "san", "-startdate", dates[1], "-enddate", dates[3], "-notext")


def test_f27_a_certificate_that_is_not_right_is_not_talked_to(broken, fault):
    shim = Shim("names")
    shim.names()
    authority = Authority(broken)
    authority.issue()
    s = fault(*LANES, server=broken, env=shim.env, url=url(broken, f"db.test:{broken.port}", parameters=f"?sslrootcert={authority.folder}/ca.pem"))
    assert s.create().status_code == 201
    assert s.server.sql("SELECT bool_and(l.ssl) FROM pg_stat_ssl l JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'keelson_api'")[0][0]
    for why, certificate in (("has expired", {"days": "past"}), ("another host name", {"name": "elsewhere.test"}), ("known authority", {"ca": "other"})):
        authority.issue(**certificate)
        before = s.metric("keelson_pool_connects_total", outcome="tls")
        reconnect(s)
        until(lambda: s.metric("keelson_pool_connects_total", outcome="tls") > before)
        until(lambda: s.list().status_code == 503)
        until(lambda: why in s.http.get("/health").text)
        authority.issue()                                              # and what is right again is taken without a restart
        until(lambda: s.create().status_code == 201)
    assert s.metric("keelson_pool_connect_seconds_count", phase="tls") > 0
