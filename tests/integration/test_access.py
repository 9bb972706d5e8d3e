"""Who gets in: keys and what is said without a right one, the loopback rule, roles and servers the service refuses to run on, and that a
password is in nothing the program says."""
# SPDX-License-Identifier: Apache-2.0

import base64
import itertools
import json
import threading
import time
import urllib.parse
import zlib
from pathlib import Path

import pytest
from bare import Bare
from harness import Keelson
from impostor import Impostor

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server():
    with Bare() as pg:
        yield pg


@pytest.fixture(scope="module")
def place(server):
    """One prepared database for all tests of this file."""
    place = server.place()
    place.init()
    return place


@pytest.fixture(scope="module")
def service(place):
    with Keelson(folder=place.folder, env={"DATABASE_URL": place.env()["DATABASE_URL"]}) as k:
        yield k


@pytest.fixture
def org(place):
    """An organization of the test's own."""
    name = f"org-{next(NUMBERS)}"
    assert place.run("org", "create", name).returncode == 0
    return name


def get(service, key, path="/v1/candidates"):
    return service.http.get(path, headers={"Authorization": f"Bearer {key}"} if key else {})


def with_checksum(text):
    """The first 61 characters of a key with the six that belong to them."""
    crc, out = zlib.crc32(text[:61].encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        out = DIGITS[digit] + out
    return f"{text[:61]}_{out}"


def changed(key, at):
    return with_checksum(key[:at] + ("A" if key[at] != "A" else "B") + key[at + 1:])


# ---- keys -------------------------------------------------------------------------------------------------------------------

def test_a_key_lets_in(service, place, org):
    key = place.key("--org", org)
    assert get(service, key).status_code == 200
    assert service.http.get("/v1/candidates", headers={"Authorization": f"bearer  {key}"}).status_code == 200
    assert with_checksum(key) == key                       # the tests' own arithmetic is right


def test_without_a_right_key_the_answer_is_always_the_same(service, place, org):
    key = place.key("--org", org)
    revoked = place.key("--org", org)
    assert place.run("key", "revoke", revoked).returncode == 0
    wrong = {
        "nothing": None, "no token": "Bearer", "another scheme": f"Basic {key}", "the key alone": key, "not a key": "Bearer x",
        "too short": f"Bearer {key[:-1]}", "too long": f"Bearer {key}0", "checksum": f"Bearer {key[:-1]}{'0' if key[-1] != '0' else '1'}",
        "right id, wrong secret": f"Bearer {changed(key, 30)}", "unknown id": f"Bearer {changed(key, 10)}", "revoked": f"Bearer {revoked}",
        "two": f"Bearer {key} {key}", "a JWT that is none": "Bearer eyJhbGciOiJub25lIn0.eyJvcmdfaWQiOiIxIn0.",
    }
    said = set()
    for why, value in wrong.items():
        for _ in range(2):                                 # asked of the database, then remembered
            answer = service.http.get("/v1/candidates", headers={"Authorization": value} if value else {})
            assert answer.status_code == 401, why
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), why
            assert answer.headers["Content-Type"] == "application/problem+json", why
            said.add(json.dumps({k: v for k, v in answer.json().items() if k != "request_id"}))
    assert len(said) == 1, said
    assert get(service, key).status_code == 200


def test_revocation_takes_effect_within_a_second_also_for_a_key_in_use(service, place, org):
    key = place.key("--org", org)
    let_in, stop = [], threading.Event()

    def use():
        while not stop.is_set():
            began = time.monotonic()
            if get(service, key).status_code == 200:
                let_in.append(began)

    user = threading.Thread(target=use)
    user.start()
    try:
        with place.connect() as c:
            c.execute("SELECT 1")
            while not let_in:
                time.sleep(0.01)
            c.execute("UPDATE keelson.api_keys SET revoked_at = now() WHERE key_id = %s", [key.split("_")[2]])
            revoked = time.monotonic()
        while time.monotonic() < revoked + 1.5:
            time.sleep(0.1)
    finally:
        stop.set()
        user.join()
    assert let_in[0] < revoked and max(let_in) - revoked < 1, max(let_in) - revoked
    assert get(service, key).status_code == 401


def until(status, ask, seconds):
    """How long it took until that was the answer."""
    began = time.monotonic()
    while ask().status_code != status:
        assert time.monotonic() < began + seconds, f"no {status} within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began


def test_expiry(service, place, org):
    key = place.key("--org", org, "--expires", "4s")
    assert get(service, key).status_code == 200
    until(401, lambda: get(service, key), 6)
    assert '"expired"' in place.run("key", "list", "--org", org, "--format", "json").stdout


def test_a_suspended_organization(service, place, org):
    key = place.key("--org", org)
    assert get(service, key).status_code == 200
    assert place.run("org", "suspend", org).returncode == 0
    until(403, lambda: get(service, key), 1)
    answer = get(service, key)
    assert "suspended" in answer.json()["detail"]
    # Only whoever holds the key learns that.
    assert get(service, changed(key, 30)).status_code == 401
    assert place.run("org", "activate", org).returncode == 0
    until(200, lambda: get(service, key), 1)


def test_rotation(service, place, org):
    """Two keys work side by side, then the old one goes."""
    old, new = place.key("--org", org), place.key("--org", org)
    assert get(service, old).status_code == get(service, new).status_code == 200
    place.run("key", "revoke", old.split("_")[2])
    until(401, lambda: get(service, old), 1)
    assert get(service, new).status_code == 200


SCOPES = [
    ("candidates:read", "GET", "/v1/candidates", 200, None),
    ("candidates:read", "POST", "/v1/candidates", 403, "candidates:write"),
    ("candidates:read", "GET", "/v1/interviews", 403, "interviews:read"),
    ("candidates:*", "POST", "/v1/candidates", 201, None),
    ("*:read", "GET", "/v1/interviews", 200, None),
    ("*:read", "POST", "/v1/candidates", 403, "candidates:write"),
    ("interviews:read candidates:write", "POST", "/v1/candidates", 201, None),
    ("interviews:read candidates:write", "GET", "/v1/candidates", 403, "candidates:read"),
    ("sessions:read", "GET", "/v1/sessions/01980000-0000-7000-8000-000000000000/messages", 404, None),
    ("sessions:read", "POST", "/v1/sessions/01980000-0000-7000-8000-000000000000/messages", 403, "sessions:write"),
    ("candidates:write", "DELETE", "/v1/candidates/01980000-0000-7000-8000-000000000000", 403, "candidates:delete"),
]


def test_scopes(service, place, org):
    keys = {}
    for scopes, method, path, status, missing in SCOPES:
        key = keys.get(scopes) or keys.setdefault(scopes, place.key("--org", org, "--scopes", scopes))
        body = {"json": {"full_name": "Ada"} if path == "/v1/candidates" else {"role": "user", "content": "x"}} if method == "POST" else {}
        answer = service.http.request(method, path, headers={"Authorization": f"Bearer {key}"}, **body)
        assert answer.status_code == status, (scopes, method, path, answer.text)
        if missing:
            assert missing in answer.json()["detail"], answer.text


def test_what_needs_no_key(service):
    for path in "/health/live", "/health/ready", "/metrics", "/openapi.json", "/problems/unauthenticated":
        assert service.http.get(path).status_code == 200, path


def test_use_is_noted(service, place, org):
    key = place.key("--org", org)
    assert get(service, key).status_code == 200
    listed = lambda: json.loads(place.run("key", "list", "--org", org, "--format", "json").stdout)["keys"][0]["last_used_at"]
    began = time.monotonic()
    while not listed():
        assert time.monotonic() < began + 10
        get(service, key)


# ---- the commands -----------------------------------------------------------------------------------------------------------

REFUSED = [
    (["org", "show", "nowhere"], 1, "there is no organization nowhere"),
    (["org", "create", "Default"], 1, "there is an organization default already"),
    (["org", "create", "!"], 2, "--slug"),
    (["org", "create", "X", "--slug", "Not A Slug"], 2, "no slug"),
    (["org", "create"], 2, "usage"),
    (["key", "create", "--org", "default"], 2, "--name"),
    (["key", "create", "--org", "nowhere", "--name", "x"], 1, "there is no organization nowhere"),
    (["key", "create", "--org", "default", "--name", ""], 2, "1 to 200"),
    (["key", "create", "--org", "default", "--name", "x", "--scopes", "candidates"], 2, "resource:action"),
    (["key", "create", "--org", "default", "--name", "x", "--scopes", "candidate:read"], 2, "there is no resource candidate"),
    (["key", "create", "--org", "default", "--name", "x", "--scopes", " "], 2, "without scopes"),
    (["key", "create", "--org", "default", "--name", "x", "--scopes", "candidates:read " * 40], 2, "longer than"),
    (["key", "create", "--org", "default", "--name", "x", "--expires", "soon"], 2, "--expires"),
    (["key", "create", "--org", "default", "--name", "x", "--expires", "0"], 2, "--expires"),
    (["key", "revoke", "nothing"], 2, "key list"),
    (["key", "revoke", "AAAAAAAA"], 1, "there is no key AAAAAAAA"),
    (["key", "revoke", "01980000-0000-7000-8000-000000000000"], 1, "no such key"),
    (["candidate", "show", "Ada"], 2, "by its id"),
    (["candidate", "show", "01980000-0000-7000-8000-000000000000"], 1, "no such candidate"),
    (["candidate", "list", "--limit", "0"], 2, "--limit"),
    (["candidate", "list", "--org", "nowhere"], 1, "there is no organization nowhere"),
]


def test_commands_refuse_in_one_sentence(place):
    for args, status, says in REFUSED:
        done = place.run(*args)
        assert done.returncode == status and done.stdout == "", (args, done.stdout, done.stderr)
        assert says in done.stderr and done.stderr.count("\n") == 1, (args, done.stderr)


def test_keys_are_shown_once(place, org):
    made = json.loads(place.run("key", "create", "--org", org, "--name", "ci", "--scopes", "sessions:read sessions:write", "--expires", "90d",
                                "--format", "json").stdout)["keys"][0]
    assert with_checksum(made["key"]) == made["key"] and made["key_id"] == made["key"].split("_")[2]
    [listed] = json.loads(place.run("key", "list", "--org", org, "--format", "json").stdout)["keys"]
    assert "key" not in listed and listed["scopes"] == "sessions:read sessions:write" and listed["expires_at"]
    assert made["key"].split("_")[3] not in place.run("key", "list").stdout
    first = place.run("key", "revoke", made["key_id"])
    again = place.run("key", "revoke", made["id"])
    assert first.returncode == again.returncode == 0 and "nothing changed" in again.stdout
    assert place.query("SELECT count(*) FROM keelson.key_lookup WHERE key_id = %s", made["key_id"]) == [(1,)]


def test_candidates_are_shown(service, place, org):
    key = place.key("--org", org)
    for name in "Ada", "Grace\x1b[31m":
        made = service.http.post("/v1/candidates", json={"full_name": name, "metadata": {"n": 1.10}}, headers={"Authorization": f"Bearer {key}"})
        assert made.status_code == 201
    shown = place.run("candidate", "list", "--org", org).stdout
    assert shown.index("Grace") < shown.index("Ada") and "\x1b" not in shown
    assert len(json.loads(place.run("candidate", "list", "--org", org, "--limit", "1", "--format", "json").stdout)["candidates"]) == 1
    [one] = json.loads(place.run("candidate", "show", made.json()["id"], "--format", "json").stdout)["candidates"]
    assert one["full_name"] == "Grace\x1b[31m" and one["interviews"] == 0 and "email_norm" not in one
    assert "full_name" in place.run("candidate", "show", made.json()["id"]).stdout


def test_commands_want_the_owner(place):
    for args in ["org", "list"], ["key", "list"], ["candidate", "list"]:
        done = place.run(*args, env={"KEELSON_OWNER_URL": "", "DATABASE_URL": place.env()["DATABASE_URL"]})
        assert done.returncode == 2 and "set KEELSON_OWNER_URL" in done.stderr, done.stderr
        # A DATABASE_URL whose role may act as the owner will do.
        assert place.run(*args, env={"KEELSON_OWNER_URL": "", "DATABASE_URL": place.url()}).returncode == 0


def test_commands_on_a_database_that_is_not_prepared(server):
    bare = server.place()
    server.execute(f"GRANT keelson_owner TO {bare.owner}")
    done = bare.run("org", "list")
    assert done.returncode == 3 and "keelson init" in done.stderr, done.stderr


# ---- without keys: this machine only ----------------------------------------------------------------------------------------

def hosts(port):
    here = f"127.0.0.1:{port}"
    return [
        (200, f"localhost:{port}", None), (200, here, None), (200, f"[::1]:{port}", None), (200, "localhost", None), (200, "LOCALHOST", None),
        (403, "evil.example", None), (403, f"evil.example:{port}", None), (403, f"localhost.evil.example:{port}", None),
        (403, f"127.0.0.1.evil.example:{port}", None), (403, "0.0.0.0", None), (403, "127.0.0.2", None),
        (200, here, f"http://{here}"), (200, f"localhost:{port}", f"http://localhost:{port}"),
        (403, here, "http://evil.example"), (403, here, f"http://evil.example:{port}"), (403, here, "null"), (403, here, f"https://{here}"),
        (403, here, f"http://localhost:{port}"), (403, here, "http://127.0.0.1"), (403, here, f"http://{here}.evil.example"), (403, here, ""),
    ]


def test_pages_of_others_cannot_use_the_local_service(server_on_loopback):
    k = server_on_loopback
    for status, host, origin in hosts(k.port):
        sent = f"GET /v1/candidates HTTP/1.1\r\nHost: {host}\r\n" + (f"Origin: {origin}\r\n" if origin is not None else "") + "Connection: close\r\n\r\n"
        line = k.raw(sent.encode()).split(b"\r\n")[0].decode()
        assert line.split()[1] == str(status), (host, origin, line)


@pytest.fixture(scope="module")
def server_on_loopback():
    with Keelson() as k:
        k.wait_log("event=no-keys")
        yield k


def test_the_embedded_server_beyond_loopback_wants_keys(keelson):
    k = keelson("--listen", "0.0.0.0:0")
    assert not k.events("no-keys")
    k.http.base_url = f"http://127.0.0.1:{k.port}"
    assert k.http.get("/v1/candidates").status_code == 401
    assert json.loads(k.cli("org", "list", "--format", "json").stdout)["organizations"][0]["slug"] == "local"
    made = k.cli("key", "create", "--org", "local", "--name", "phone", "--format", "json")
    assert get(k, json.loads(made.stdout)["keys"][0]["key"]).status_code == 200


def test_commands_start_the_embedded_server_for_themselves(keelson):
    k = keelson(start=False)
    assert k.cli("org", "create", "First").returncode == 0
    assert "first" in k.cli("org", "list").stdout
    k.start()
    assert [o["slug"] for o in json.loads(k.cli("org", "list", "--format", "json").stdout)["organizations"]] == ["first", "local"]


# ---- what the service refuses to run on -------------------------------------------------------------------------------------

def refuses(place, url, status, *says, args=(), env=None):
    done = place.run("serve", "--listen", "127.0.0.1:0", *args, env={"KEELSON_OWNER_URL": "", "DATABASE_URL": url} | (env or {}), timeout=60)
    assert done.returncode == status, done.stderr
    assert done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    for part in says:
        assert part in done.stderr, done.stderr


@pytest.fixture
def other(server, place):
    """A role of the test's own on the prepared database."""
    made = []

    def make(rights, *grants):
        name = f"{place.name}_role{len(made)}"
        server.execute(f"CREATE ROLE {name} LOGIN {rights} PASSWORD 'other-Pa55word'")
        made.append(name)
        for role in grants:
            server.execute(f"GRANT {role} TO {name}")
        return place.url(name, "other-Pa55word")

    yield make
    for name in made:
        server.execute(f"DROP ROLE {name}")


def test_roles_with_too_many_rights(place, other):
    refuses(place, other("SUPERUSER"), 2, "is a superuser", "keelson_api")
    refuses(place, other("BYPASSRLS", "keelson_api"), 2, "BYPASSRLS", "keelson_api")
    refuses(place, other("", "keelson_owner"), 2, "owns the schema", "keelson_api")
    refuses(place, other("NOINHERIT", "keelson_owner"), 2, "owns the schema", "keelson_api")
    refuses(place, place.url(), 2, "owns the schema", "keelson_api")


def test_a_role_with_too_few_rights(place, other):
    refuses(place, other(""), 2, "no right", "keelson_api")


def test_wrong_passwords_and_places(place):
    service = place.env()["DATABASE_URL"]
    refuses(place, service.replace("keelson_api:", "keelson_api:x"), 3, "does not accept the user and password")
    refuses(place, service.replace(f"/{place.name}", "/nowhere"), 3, "does not exist")
    refuses(place, "postgresql://keelson_api:x@127.0.0.1:1/app", 3, "nothing listens there")
    refuses(place, f"{service}?sslmode=require", 3, "does not offer TLS")
    refuses(place, "mysql://u:p@127.0.0.1/app", 2, "scheme")


def test_a_database_that_is_not_prepared(server, place):
    bare = server.place()
    refuses(bare, bare.url(), 3, "not prepared", "keelson init")


def test_migrations_that_are_pending(server, place, keelson):
    """The application's own, after Keelson's were applied."""
    mine = server.place()
    server.execute(f"GRANT keelson_owner TO {mine.owner}")
    assert mine.run("init").returncode == 0
    service = mine.url("keelson_api", place.env()["DATABASE_URL"].split(":")[2].split("@")[0])
    (mine.folder / "migrations").mkdir()
    (mine.folder / "migrations" / "0001_mine.up.sql").write_text("COMMENT ON SCHEMA keelson IS 'mine';\nCREATE TABLE keelson.mine (org_id uuid PRIMARY KEY);")
    (mine.folder / "migrations" / "0001_mine.down.sql").write_text("DROP TABLE keelson.mine;")
    refuses(mine, service, 3, "pending", "keelson migrate up")
    refuses(mine, service, 2, "KEELSON_OWNER_URL", args=["--migrate"])
    keelson("--migrate", folder=mine.folder, env={"DATABASE_URL": service, "KEELSON_OWNER_URL": mine.url()})
    assert mine.query("SELECT to_regclass('keelson.mine') IS NOT NULL") == [(True,)]


def test_old_servers(place):
    with Impostor("14.12") as old:
        refuses(place, old.url, 2, "PostgreSQL 14", "15 or later")


# ---- the password is in nothing the program says ----------------------------------------------------------------------------

CANARY = "Kanari3nv0gel"
COMMANDS = [
    ["serve", "--listen", "127.0.0.1:0"], ["config"], ["config", "--format", "json"], ["version"], ["init"], ["init", "--format", "json"],
    ["init", "--sql"], ["migrate", "up"], ["migrate", "down", "--to", "0"], ["migrate", "redo"], ["migrate", "current"], ["migrate", "history"],
    ["org", "list"], ["org", "create", "X"], ["org", "show", "x"], ["org", "suspend", "x"], ["org", "activate", "x"],
    ["key", "list"], ["key", "create", "--org", "x", "--name", "x"], ["key", "revoke", "AAAAAAAA"], ["candidate", "list"],
    ["candidate", "show", "01980000-0000-7000-8000-000000000000"],
]


def urls(port, role, name):
    """Every way a URL goes wrong that ends in a message; the first one is right but for its password."""
    place = f"127.0.0.1:{port}/{name}"
    return [
        f"postgresql://{role}:{CANARY}@{place}", f"postgresql+asyncpg://{role}:{CANARY}@{place}", f"mysql+pymysql://u:{CANARY}@{place}",
        f" postgresql://u:{CANARY}@{place}", f"\"postgresql://u:{CANARY}@{place}\"", f"'postgresql://u:{CANARY}@{place}'",
        f"postgresql://u:{CANARY}%zz@{place}", f"postgresql://u:{CANARY}%@{place}", f"postgresql://u:{CANARY}@[::1/{name}",
        f"postgresql://u:p@{CANARY}@{place}", f"postgresql://u:{CANARY}@p@{place}", f"postgresql://u:p/{CANARY}@{place}",
        f"postgresql://u:{CANARY}/p@{place}", f"postgresql://u:p?{CANARY}@{place}", f"postgresql://u:p#{CANARY}@{place}",
        f"postgresql://u:{CANARY}", f"postgresql://{CANARY}@127.0.0.1:1/{name}", f"postgresql://u:{CANARY}@127.0.0.1:port/{name}",
        f"postgresql://u:{CANARY}@127.0.0.1:99999/{name}", f"postgresql://127.0.0.1:1/{name}?password={CANARY}&nonsense=1",
        f"postgresql://127.0.0.1:1/{name}?password={CANARY}", f"postgresql:/u:{CANARY}@{place}", f"postgres//u:{CANARY}@{place}",
        f"host=127.0.0.1 port=1 user=u password='{CANARY}", f"host=127.0.0.1 port=1 user=u password={CANARY} x", f"password={CANARY} nonsense=1",
        f"host=127.0.0.1 port={CANARY}", f"dbname=postgresql://u:{CANARY}@{place} host=127.0.0.1 port=1", f"host=u:{CANARY}@127.0.0.1",
        f"service={CANARY}", f"postgresql://u:x@127.0.0.1:1/{name}?sslmode={CANARY}", f"postgresql://u:x@127.0.0.1:1/{name}?options={CANARY}",
        CANARY,
    ]


def forms(secret):
    """As it is, percent-encoded, and what base64 makes of it at each alignment."""
    found = {secret, urllib.parse.quote(secret, safe=""), "".join(f"%{ord(c):02X}" for c in secret), "".join(f"%{ord(c):02x}" for c in secret)}
    for shift in range(3):
        found.add(base64.b64encode(b"x" * shift + secret.encode())[4 if shift else 0:-4].decode())
    return found


def says_nothing(done, what):
    for form in forms(CANARY):
        assert form not in done.stdout and form not in done.stderr, (what, form, done.stdout, done.stderr)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "KEELSON_OWNER_URL"])
def test_no_command_says_the_password(place, variable):
    all_urls = urls(place.server.port, place.owner, place.name)
    for i, command in enumerate(COMMANDS):
        # Every command meets the usual mistake and a share of the others; the one that reads either variable first meets them all.
        some = all_urls if command in (["config"], ["org", "list"]) else all_urls[:1] + all_urls[1 + i % 4::4]
        for url in some:
            done = place.run(*command, env={"KEELSON_OWNER_URL": "", variable: url, "PGCONNECT_TIMEOUT": "3"} |
                             ({"DATABASE_URL": url} if command[0] == "serve" else {}))
            says_nothing(done, (command, url))
            assert done.returncode in (0, 2, 3), (command, url, done.stderr)
            if done.returncode:
                assert done.stderr.count("\n") == 1 and done.stderr.startswith("keelson: "), (command, url, done.stderr)


def test_urls_elsewhere_than_in_the_environment(place):
    url = f"postgresql://u:{CANARY}@127.0.0.1:1/x"
    for args in ["--database-url", url], [f"--database-url={url}"], ["--owner-url", url], ["--url", url], [url]:
        done = place.run("serve", *args)
        says_nothing(done, args)
        assert done.returncode == 2, done.stderr
    (place.folder / "keelson.conf").write_text(f"database.url = {url}\npool.size = many\n")
    try:
        says_nothing(done := place.run("config"), "keelson.conf")
        assert done.returncode == 2
    finally:
        (place.folder / "keelson.conf").unlink()


def test_a_running_service_keeps_its_secret(service, place):
    """Not in its environment, its arguments or its log, also not at the most talkative."""
    secret = place.env()["DATABASE_URL"].split(":")[2].split("@")[0]
    for file in "environ", "cmdline":
        content = Path(f"/proc/{service.process.pid}/{file}").read_bytes()
        assert secret.encode() not in content, file
    get(service, "kls_live_x", f"/v1/candidates?token={secret}")
    assert not any(form in service.tail(10000) for form in forms(secret))
