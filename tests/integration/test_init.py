"""keelson init on a PostgreSQL of one's own, by an owner who is no superuser: what it makes, what it leaves alone, and what it says
when it cannot."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import re
import stat
import subprocess

import psycopg
import pytest
from bare import BINDIR, OURS, Bare
from impostor import Impostor, Provider

KEY = re.compile(r"kls_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")


@pytest.fixture(scope="module")
def server():
    with Bare() as pg:
        yield pg


@pytest.fixture
def place(server):
    yield server.place()
    server.reset()


def roles(place):
    return place.query("SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolpassword FROM pg_authid"
                       " WHERE rolname = ANY (%s) ORDER BY 1", OURS)


def everything(place):
    """What a second run must not change, in the database and beside it."""
    counted = place.query("SELECT (SELECT count(*) FROM keelson.organizations), (SELECT count(*) FROM keelson.api_keys),"
                          " (SELECT count(*) FROM keelson_ledger.migrations), (SELECT count(*) FROM keelson_ledger.attempts)")
    rights = place.query("SELECT datacl::text FROM pg_database WHERE datname = current_database()")
    files = {p.name: (p.read_bytes(), p.stat().st_mode) for p in place.folder.iterdir() if p.is_file()}
    return roles(place), counted, rights, files


def refused(done, status, *parts):
    assert done.returncode == status, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


# ---- what it makes ----------------------------------------------------------------------------------------------------------

def test_from_nothing_to_a_first_candidate(place, keelson):
    done = place.init()
    env, key = place.env(), KEY.search(done.stdout).group()
    assert KEY.findall(done.stdout + done.stderr) == [key] == [env["KEELSON_API_KEY"]]
    assert stat.S_IMODE((place.folder / ".env").stat().st_mode) == 0o600
    assert ".env" in (place.folder / ".gitignore").read_text().splitlines()
    k = place.serve(keelson)
    assert k.http.get("/v1/candidates").status_code == 401
    made = k.http.post("/v1/candidates", json={"full_name": "Ada"}, headers={"Authorization": f"Bearer {key}"})
    assert made.status_code == 201
    [(name,)] = place.query("SELECT o.name FROM keelson.candidates c JOIN keelson.organizations o ON o.id = c.org_id")
    assert name == "Default"


def test_the_owner_is_plain_and_the_service_plainer(place):
    place.init()
    [(super_, bypass)] = place.query("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", place.owner)
    assert not super_ and not bypass
    for name, super_, bypass, create, databases, login, _ in roles(place):
        assert not (super_ or bypass or create or databases), name
        assert login == (name == "keelson_api")
    with psycopg.connect(place.env()["DATABASE_URL"]) as c:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            c.execute("SET ROLE keelson_owner")


def test_password_and_key_are_stored_nowhere_in_clear(place):
    place.init()
    env = place.env()
    password = env["DATABASE_URL"].split(":")[2].split("@")[0]
    [verifier] = [row[-1] for row in roles(place) if row[0] == "keelson_api"]
    assert verifier.startswith("SCRAM-SHA-256$")
    log, dump = place.server.log.read_text(), dump_of(place)
    for secret in password, env["KEELSON_API_KEY"], env["KEELSON_API_KEY"].split("_")[3]:
        assert secret not in log and secret not in dump
    assert "keelson_api LOGIN PASSWORD" in log       # it is a log of everything


def dump_of(place):
    return subprocess.run([BINDIR / "pg_dump", "--enable-row-security", "--role=keelson_owner", place.url()], check=True, text=True,
                          capture_output=True).stdout


def test_what_a_plain_owner_has_to_be_able_to_do(place, keelson):
    """Under forced row level security an owner without a policy of its own would change 0 rows and dump none.  That finders use GIN is
    shown in test_schema.py."""
    place.init()
    k = place.serve(keelson)
    keys = [place.env()["KEELSON_API_KEY"]]
    place.run("org", "create", "Second")
    keys.append(place.key("--org", "second"))
    for key in keys:
        made = k.http.post("/v1/candidates", json=[{"full_name": f"Nr {i}", "metadata": {"n": i}} for i in range(300)],
                           headers={"Authorization": f"Bearer {key}"})
        assert made.status_code == 201, made.text
    with place.connect() as c:
        assert c.execute("UPDATE keelson.candidates SET headline = 'backfilled'").rowcount == 600
        assert dump_of(place).count("backfilled") == 600


# ---- again ------------------------------------------------------------------------------------------------------------------

def test_a_second_run_changes_nothing(place):
    place.init()
    before = everything(place)
    done = place.init()
    assert everything(place) == before
    assert not KEY.search(done.stdout) and "created" not in done.stdout and "present" in done.stdout


def test_force_sets_a_new_password_and_keeps_the_rest(place):
    place.init()
    old, env = everything(place), place.env()
    done = place.init("--force")
    assert "changed" in done.stdout and not KEY.search(done.stdout)
    assert place.env()["KEELSON_API_KEY"] == env["KEELSON_API_KEY"]
    assert place.env()["DATABASE_URL"] != env["DATABASE_URL"]
    assert everything(place)[1:3] == old[1:3]
    psycopg.connect(place.env()["DATABASE_URL"]).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(env["DATABASE_URL"])


def test_another_organization_can_be_the_first(place):
    place.init("--org", "Acme Interviews")
    done = place.init()
    assert "acme-interviews" in done.stdout
    place.init("--org", "Other")
    listed = json.loads(place.run("org", "list", "--format", "json").stdout)
    assert [(o["slug"], o["keys"]) for o in listed["organizations"]] == [("acme-interviews", 1), ("other", 1)]


def test_without_the_env_file_the_password_is_not_touched(place):
    place.init()
    before = roles(place)
    (place.folder / ".env").unlink()
    done = place.init()
    assert "--force" in done.stdout and "DATABASE_URL" in done.stdout
    assert roles(place) == before and not (place.folder / ".env").exists()


def test_a_failed_run_is_continued(place):
    """Migrations of the application fail; once they are right, the same command goes on where it stopped."""
    (place.folder / "migrations").mkdir()
    file = place.folder / "migrations" / "0001_extra.up.sql"
    file.write_text("CREATE TABLE keelson.extra (org_id uuid NOT NULL, nonsense);")
    file.with_name("0001_extra.down.sql").write_text("DROP TABLE keelson.extra;")
    done = place.run("init")
    assert done.returncode == 3 and "0001_extra.up.sql" in done.stderr.splitlines()[-1], done.stderr
    file.write_text("CREATE TABLE keelson.extra (org_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (org_id, id));")
    done = place.init()
    assert KEY.search(done.stdout) and set(place.env()) == {"DATABASE_URL", "KEELSON_API_KEY"}
    psycopg.connect(place.env()["DATABASE_URL"]).close()


def test_json(place):
    answer = json.loads(place.init("--format", "json").stdout)
    assert KEY.fullmatch(answer["api_key"]) and answer["summary"] == {"ok": True, "error": None}
    states = {s["name"]: s["state"] for s in answer["steps"]}
    assert states == {".gitignore": "written", "roles": "created", "password": "created", ".env": "written", "schema": "migrated",
                      "organization": "created", "key": "created", "service": "ready"}


# ---- .env and .gitignore ----------------------------------------------------------------------------------------------------

def test_other_lines_of_the_env_file_stay(place):
    file = place.folder / ".env"
    file.write_text("# mine\nOPENAI_API_KEY='abc'\nexport X=1")
    file.chmod(0o644)
    place.init()
    lines = file.read_text().splitlines()
    assert lines[:3] == ["# mine", "OPENAI_API_KEY='abc'", "export X=1"]
    assert [line.split("=")[0] for line in lines[3:]] == ["DATABASE_URL", "KEELSON_API_KEY"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_env_file_is_one_that_a_shell_reads(place):
    place.init(env={"KEELSON_OWNER_URL": place.url(parameters="?application_name=x&connect_timeout=5")})
    shown = subprocess.run(["sh", "-c", "set -a; . ./.env; env"], cwd=place.folder, capture_output=True, text=True).stdout
    assert f"DATABASE_URL={place.env()['DATABASE_URL']}" in shown.splitlines()
    assert "&" in place.env()["DATABASE_URL"]
    psycopg.connect(place.env()["DATABASE_URL"]).close()


@pytest.mark.parametrize("url", ["postgresql://someone:else@db.example/app", "not a url"])
def test_a_database_url_of_something_else_is_not_overwritten(place, url):
    file = place.folder / ".env"
    file.write_text(f"DATABASE_URL={url}\n")
    refused(place.run("init"), 2, ".env", "--force")
    assert file.read_text() == f"DATABASE_URL={url}\n" and roles(place) == []
    place.init("--force")
    psycopg.connect(place.env()["DATABASE_URL"]).close()


def test_a_work_tree_that_ignores_it_already(place):
    (place.folder / ".gitignore").write_text(".env*\n")
    place.init()
    assert (place.folder / ".gitignore").read_text() == ".env*\n"


def test_a_folder_that_does_not_exist(place):
    refused(place.run("init", "--env-file", "nowhere/.env"), 3, "nowhere/.env")
    assert roles(place) == []


# ---- --sql ------------------------------------------------------------------------------------------------------------------

def test_sql_is_printed_and_nothing_else_happens(place):
    done = place.run("init", "--sql", env={"KEELSON_OWNER_URL": ""})
    assert done.returncode == 0 and done.stderr == ""
    assert ":'keelson_api_password'" in done.stdout and not KEY.search(done.stdout)
    assert roles(place) == [] and not (place.folder / ".env").exists() and not (place.folder / ".gitignore").exists()


def test_sql_run_by_hand_prepares_the_same(place, keelson):
    script = place.run("init", "--sql", "--org", "By Hand").stdout
    subprocess.run(["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-v", "keelson_api_password=by-hand-Pa55word", place.url()], input=script,
                   check=True, text=True, capture_output=True)
    by_hand = dump_of(place)
    current = place.run("migrate", "current")
    assert current.returncode == 0 and "0 pending" in current.stdout
    (place.folder / ".env").write_text(f"DATABASE_URL={place.url('keelson_api', 'by-hand-Pa55word')}\n")
    key = place.key("--org", "by-hand")
    k = place.serve(keelson)
    assert k.http.get("/v1/candidates", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    # init finds everything there, but for a key of its own.
    done = place.init()
    assert "created" not in done.stdout and "by-hand" in done.stdout
    assert schema_of(by_hand) == schema_of(dump_of(place))


def schema_of(dump):
    """The dump without rows."""
    return re.sub(r"^COPY .*?^\\\.$", "", re.sub(r"^\\(un)?restrict .*$", "", dump, flags=re.M), flags=re.M | re.S)


# ---- rights that are missing ------------------------------------------------------------------------------------------------

def admin_sql(done):
    return "\n".join(line for line in done.stdout.splitlines() if line.endswith(";"))


def run_as_admin(place, sql):
    with place.server.connect(place.name) as c:
        for statement in sql.splitlines():
            c.execute(statement)


def test_an_owner_who_may_not_create_roles(server, place):
    poor = server.place(rights="")
    done = poor.run("init")
    refused(done, 3, "may not create roles", "administrator")
    assert roles(poor) == [] and "\\password keelson_api" in done.stdout
    run_as_admin(poor, admin_sql(done))
    again = poor.init()
    assert KEY.search(again.stdout) and "put DATABASE_URL into .env" in again.stdout
    refused(poor.run("init", "--force"), 3, "may not create roles")
    # The administrator's password in the environment is enough.
    server.execute("ALTER ROLE keelson_api PASSWORD 'given-Pa55word'")
    assert "ready" in poor.init(env={"DATABASE_URL": poor.url("keelson_api", "given-Pa55word")}).stdout


def test_an_owner_who_does_not_own_the_database(server, place):
    server.execute(f"ALTER DATABASE {place.name} OWNER TO postgres")
    done = place.run("init")
    refused(done, 3, "lacks a right", "administrator")
    assert roles(place) == []                         # all or nothing
    for statement in admin_sql(done).splitlines():
        try:
            server.execute(statement)
        except psycopg.errors.DuplicateObject:
            pass
    assert place.init().returncode == 0


def test_a_service_role_with_too_many_rights(server, place):
    server.execute("CREATE ROLE keelson_api LOGIN BYPASSRLS")
    refused(place.run("init"), 2, "BYPASSRLS", "ALTER ROLE keelson_api")


def test_a_service_role_that_may_act_as_the_owner(server, place):
    place.init()
    server.execute("GRANT keelson_owner TO keelson_api")
    refused(place.run("init"), 2, "keelson_api", "owns the schema")


def test_web_gateways_get_nothing(server, place):
    """As on Supabase: roles lent to everybody, and default rights for them."""
    server.execute("CREATE ROLE anon NOLOGIN")
    server.execute("CREATE ROLE authenticated NOLOGIN")
    with server.connect(place.name) as c:
        c.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE {place.owner} GRANT ALL ON TABLES TO anon, authenticated")
    place.init()
    reach = ("SELECT bool_or(has_schema_privilege(r, 'keelson', 'USAGE')) OR bool_or(has_table_privilege(r, 'keelson.candidates', 'SELECT'))"
             " FROM unnest(ARRAY['anon', 'authenticated']) r")
    assert place.query(reach) == [(False,)]
    with server.connect(place.name) as c:             # somebody clicked "expose schema"
        c.execute("GRANT USAGE ON SCHEMA keelson TO anon, authenticated; GRANT ALL ON ALL TABLES IN SCHEMA keelson TO anon, authenticated;"
                  "ALTER DEFAULT PRIVILEGES FOR ROLE keelson_owner IN SCHEMA keelson GRANT ALL ON TABLES TO anon, authenticated")
    assert place.query(reach) == [(True,)]
    place.init()
    assert place.query(reach) == [(False,)]
    with place.connect() as c:
        c.execute("CREATE TABLE keelson.later (org_id uuid PRIMARY KEY)")
    assert place.query("SELECT has_table_privilege('anon', 'keelson.later', 'SELECT')") == [(False,)]
    # A right that is not ours to revoke is named.
    with server.connect(place.name) as c:
        c.execute("GRANT USAGE ON SCHEMA keelson TO PUBLIC")
    done = place.run("init")
    assert done.returncode == 3 and "anon can still use the schema keelson" in done.stderr, done.stderr


def test_a_provider_that_hashes_passwords_itself(place):
    """Neon refuses verifiers when the transaction ends: the password goes in clear text then, and that is said."""
    with Provider(behind=place) as provider:
        done = place.run("init", env={"KEELSON_OWNER_URL": provider.url})
    assert "in clear text" in done.stdout, done.stdout + done.stderr
    password = place.env()["DATABASE_URL"].split(":")[2].split("@")[0]
    psycopg.connect(place.url("keelson_api", password)).close()


# ---- servers that will not do -----------------------------------------------------------------------------------------------

def test_no_url(place):
    refused(place.run("init", env={"KEELSON_OWNER_URL": ""}), 2, "KEELSON_OWNER_URL")


def test_url_on_the_command_line(place):
    refused(place.run("init", "--owner-url", place.url()), 2, "KEELSON_OWNER_URL")


def test_wrong_password(place):
    refused(place.run("init", env={"KEELSON_OWNER_URL": place.url(password="wrong-Pa55word")}), 3, "does not accept the user and password")


def test_no_such_database(place):
    refused(place.run("init", env={"KEELSON_OWNER_URL": place.url().rsplit("/", 1)[0] + "/nowhere"}), 3, "does not exist")


def test_nobody_listens(place):
    refused(place.run("init", env={"KEELSON_OWNER_URL": "postgresql://u:p@127.0.0.1:1/d"}), 3, "nothing listens there")


def test_a_read_only_role(server, place):
    server.execute(f"ALTER ROLE {place.owner} SET default_transaction_read_only = on")
    refused(place.run("init"), 3, "read-only")


@pytest.mark.parametrize("version", ["14.12", "9.6.24"])
def test_an_old_server(place, version):
    with Impostor(version) as old:
        refused(place.run("init", env={"KEELSON_OWNER_URL": old.url}), 2, f"PostgreSQL {version.split('.')[0]}", "15 or later")


@pytest.mark.parametrize("how", ["refuses", "ignores"])
def test_a_transaction_pooler(place, how):
    """As PgBouncer: it refuses session settings, or is told to ignore them and lends another session for each transaction."""
    with Impostor(behind=place, settings=how) as pooler:
        done = place.run("init", env={"KEELSON_OWNER_URL": pooler.url})
        assert done.returncode in (2, 3), done.stderr
        assert "transaction pooler" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert roles(place) == []


# ---- TLS --------------------------------------------------------------------------------------------------------------------

def certificate(folder, name, host="localhost"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    f"/CN={host}", "-keyout", f"{name}.key", "-out", f"{name}.crt"], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def tls():
    """A server with a certificate that nobody's authority signed."""
    pg = Bare()
    certificate(pg.folder, "own")
    certificate(pg.folder, "foreign")
    for file in pg.folder.glob("own.*"):
        subprocess.run(["chown", "postgres", file], check=os.geteuid() == 0)
        file.chmod(0o600)
    pg.settings = f"-c ssl=on -c ssl_cert_file={pg.folder}/own.crt -c ssl_key_file={pg.folder}/own.key"
    with pg:
        yield pg


TLS = [
    ("localhost", "sslmode=verify-full&sslrootcert={0}/own.crt", 0, "ready"),
    ("localhost", "sslmode=verify-full&sslrootcert={0}/foreign.crt", 3, "not signed by a known authority"),
    ("localhost", "sslmode=verify-full&sslrootcert={0}/missing.crt", 3, "does not exist"),
    ("127.0.0.1", "sslmode=verify-full&sslrootcert={0}/own.crt", 3, "another host name"),
]


@pytest.mark.parametrize("host,parameters,status,says", TLS)
def test_certificates(tls, host, parameters, status, says):
    place = tls.place()
    try:
        parameters = parameters.format(tls.folder)
        done = place.run("init", env={"KEELSON_OWNER_URL": place.url(parameters=f"?{parameters}").replace("127.0.0.1", host)})
        if status == 0:
            assert done.returncode == 0, done.stderr
            assert "verify-full" in place.env()["DATABASE_URL"]
        else:
            refused(done, status, says)
    finally:
        tls.reset()


def test_elsewhere_than_here_certificates_are_checked_without_being_asked(tls):
    """hostaddr leads here, but by its name it is a host somewhere."""
    place = tls.place()
    try:
        url = place.url(parameters="?hostaddr=127.0.0.1").replace("@127.0.0.1", "@db.example")
        refused(place.run("init", env={"KEELSON_OWNER_URL": url}), 3, "not signed by a known authority", "sslrootcert")
        done = place.init(env={"KEELSON_OWNER_URL": f"{url}&sslmode=require"})
        assert "does not check who answers" in done.stdout
    finally:
        tls.reset()


def test_a_password_is_not_sent_to_whoever_answers(place):
    with Impostor("15.5") as somebody:
        url = somebody.url.replace("@127.0.0.1", "@db.example") + "?hostaddr=127.0.0.1"
        refused(place.run("init", env={"KEELSON_OWNER_URL": url}), 3, "does not offer TLS")
        assert somebody.startups == []           # nothing was said but the question for TLS


def test_a_server_without_tls(place):
    refused(place.run("init", env={"KEELSON_OWNER_URL": place.url(parameters="?sslmode=require")}), 3, "does not offer TLS")
