"""The declared model: what its catalog promises, what its policies let through, and that the migrations lead exactly there.

All of it on a server whose owner is a plain role.
"""
# SPDX-License-Identifier: Apache-2.0

import re
import uuid

import psycopg
import pytest

from harness import ROOT, run
from postgres import Postgres

A, B = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"
GLOBAL = {"state_transitions", "health_probe"}                     # belong to no organization
TAGS = re.compile(r"@(\w+)(?:\(([^)]*)\))?")


@pytest.fixture(scope="module")
def pg():
    with Postgres() as pg:
        yield pg


@pytest.fixture(scope="module")
def model(pg):
    """One database with the declared model and two organizations, each with the same small tree of rows."""
    pg.database()
    name = pg.newest
    pg.load_schema()
    with pg.connect(name=name) as c:
        for org, slug in ((A, "a"), (B, "b")):
            c.execute("INSERT INTO keelson.organizations (id, slug, name) VALUES (%s, %s, %s)", (org, slug, slug.upper()))
            plant(c, org)
        c.execute("ANALYZE")
    return name


def plant(c, org, candidates=1500, messages=1500):
    """Enough rows, enough of them different, that an index is worth using."""
    c.execute("INSERT INTO keelson.candidates (org_id, id, full_name, email, email_norm, metadata, tags)"
              " SELECT %s, gen_random_uuid(), 'n' || n, n || '@x', n || '@x', jsonb_build_object('k', n, 'pad', repeat('x', 200)), ARRAY['t' || n]"
              " FROM generate_series(1, %s) n", (org, candidates))
    c.execute("INSERT INTO keelson.resumes (org_id, id, candidate_id, version_no, parsed, skills, raw_text)"
              " SELECT org_id, gen_random_uuid(), id, 1, metadata, tags, 'text' FROM keelson.candidates WHERE org_id = %s", (org,))
    c.execute("INSERT INTO keelson.interviews (org_id, id, candidate_id, title, metadata)"
              " SELECT org_id, gen_random_uuid(), id, 't', metadata FROM keelson.candidates WHERE org_id = %s", (org,))
    c.execute("INSERT INTO keelson.interview_sessions (org_id, id, interview_id, attempt, conversation_memory, metadata)"
              " SELECT org_id, gen_random_uuid(), id, 1, metadata, metadata FROM keelson.interviews WHERE org_id = %s", (org,))
    c.execute("INSERT INTO keelson.interview_messages (org_id, session_id, seq, id, event_no, interview_id, role, content, metadata)"
              " SELECT s.org_id, s.id, n, gen_random_uuid(), n, s.interview_id, 'user', 'said ' || n, jsonb_build_object('k', n, 'pad', repeat('x', 200))"
              " FROM generate_series(1, %s) n, (SELECT * FROM keelson.interview_sessions WHERE org_id = %s LIMIT 1) s", (messages, org))
    c.execute("INSERT INTO keelson.assessments (org_id, id, interview_id, assessor_kind, details)"
              " SELECT org_id, gen_random_uuid(), id, 'ai', metadata FROM keelson.interviews WHERE org_id = %s", (org,))


@pytest.fixture
def owner(pg, model):
    with pg.connect(name=model) as c, c.transaction(force_rollback=True):
        yield c


@pytest.fixture
def api(pg, model):
    """The service's role, in a transaction, with no organization entered yet."""
    with pg.connect("keelson_api", model) as c, c.transaction(force_rollback=True):
        yield c


def enter(c, org):
    c.execute("SELECT set_config('keelson.org_id', %s, true)", (org,))


def refused(c, sql, *args):
    """The SQLSTATE a statement is refused with, None when it is not."""
    try:
        with c.transaction():
            c.execute(sql, args)
    except psycopg.Error as e:
        return e.sqlstate
    return None


# ---------------------------------------------------------------- migrations and model

def migrate(pg, *args):
    done = run("migrate", *args, env={"KEELSON_OWNER_URL": pg.url()})
    assert done.returncode == 0, done.stderr
    return done


def test_migrations_lead_to_the_declared_model_and_back_step_by_step(pg):
    pg.database()
    pg.load_schema()
    declared = pg.dump()
    pg.database()
    steps = [pg.dump()]
    versions = len(list((ROOT / "sql" / "migrations").glob("*.up.sql")))
    for version in range(1, versions + 1):
        migrate(pg, "up", "--project", "keelson", "--to", version)
        steps.append(pg.dump())
    assert steps[-1] == declared != steps[0]
    for version in reversed(range(versions)):
        migrate(pg, "down", "--project", "keelson", "--to", version)
        assert pg.dump() == steps[version], f"down to {version} is not what up to {version} was"
    migrate(pg, "up")
    assert pg.dump() == declared


# ---------------------------------------------------------------- what the catalog promises

def rows(c, sql):
    return c.execute(sql).fetchall()


def test_every_tenant_table_is_forced_under_both_policies(owner):
    tables = rows(owner, "SELECT relname, oid, relrowsecurity AND relforcerowsecurity FROM pg_class"
                         " WHERE relnamespace = 'keelson'::regnamespace AND relkind = 'r'")
    assert {name for name, _, _ in tables} > GLOBAL
    for name, oid, forced in tables:
        if name in GLOBAL:
            continue
        assert forced, name
        key = "id" if name == "organizations" else "org_id"
        policies = owner.execute("SELECT polname, polcmd, (SELECT array_agg(rolname::text ORDER BY 1) FROM pg_roles WHERE oid = ANY (polroles)),"
                                 " 0 = ANY (polroles), pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)"
                                 " FROM pg_policy WHERE polrelid = %s ORDER BY 1", (oid,)).fetchall()
        own = f"({key} = keelson.org())"
        assert policies == [("owner", "*", ["keelson_owner"], False, "true", "true"),
                            ("tenant", "*", ["keelson_api", "keelson_readonly"], False, own, own)], name


def test_keys_begin_with_the_organization(owner):
    for name, columns in rows(owner, "SELECT i.indexrelid::regclass::text, ARRAY(SELECT attname::text FROM unnest(i.indkey) WITH ORDINALITY k(n, o)"
                                     " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY o)"
                                     " FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid"
                                     " WHERE t.relnamespace = 'keelson'::regnamespace AND i.indisunique"):
        table = name.removeprefix("keelson.")
        if not re.match(r"organizations_|key_lookup_pkey|state_transitions_|health_probe_", table):
            assert columns[0] == "org_id", name


def test_foreign_keys_are_covered_restricting_and_named(owner):
    keys = rows(owner, "SELECT conrelid::regclass::text, conname, confdeltype, confupdtype, conkey, conrelid FROM pg_constraint"
                       " WHERE contype = 'f' AND connamespace = 'keelson'::regnamespace")
    assert len(keys) > 8
    for table, name, on_delete, on_update, columns, oid in keys:
        assert on_delete == "r" and on_update in "ar", name
        covered = owner.execute("SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = %s AND indpred IS NULL AND indisvalid"
                                " AND (indkey::int2[])[0:%s] @> %s::int2[] AND (indkey::int2[])[0:%s] <@ %s::int2[])",
                                (oid, len(columns) - 1, columns, len(columns) - 1, columns)).fetchone()[0]
        assert covered, f"{table}: {name} has no index on its leading columns"


def test_what_is_filtered_by_containment_has_an_index_and_a_finder(owner):
    filtered = rows(owner, "SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                           " WHERE c.relnamespace = 'keelson'::regnamespace AND a.attnum > 0"
                           " AND (SELECT CASE WHEN typtype = 'd' THEN typbasetype ELSE oid END FROM pg_type WHERE oid = a.atttypid)"
                           "     IN ('jsonb'::regtype, 'text[]'::regtype)"
                           " AND col_description(c.oid, a.attnum) ~ '@filter'")
    assert ("interview_sessions", "conversation_memory") in filtered and ("candidates", "tags") in filtered
    for table, column in filtered:
        gin = owner.execute("SELECT count(*) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam"
                            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                            " WHERE i.indrelid = ('keelson.' || %s)::regclass AND m.amname = 'gin' AND a.attname = %s", (table, column)).fetchone()[0]
        assert gin == 1, f"{table}.{column}"
        assert owner.execute("SELECT to_regproc(%s) IS NOT NULL", (f"keelson.find_{table}_{column}",)).fetchone()[0], f"{table}.{column}"
    names = {name for (name,) in rows(owner, "SELECT relname::text FROM pg_class WHERE relnamespace = 'keelson'::regnamespace AND relkind = 'i'")}
    assert {"idx_session_memory_gin", "idx_message_metadata_gin"} <= names


def test_everything_is_described_with_known_tags(owner):
    known = set(re.findall(r'^    \{ "(\w+)",', (ROOT / "src" / "schema" / "comment.c").read_text(), re.MULTILINE))
    assert "resource" in known
    described = rows(owner, "SELECT c.relname::text, a.attname::text, col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a"
                            " ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
                            " WHERE c.relnamespace = 'keelson'::regnamespace AND c.relkind = 'r'"
                            " UNION ALL SELECT relname::text, '', obj_description(oid, 'pg_class') FROM pg_class"
                            " WHERE relnamespace = 'keelson'::regnamespace AND relkind = 'r'")
    columns = {(table, column) for table, column, _ in described}
    for table, column, comment in described:
        place = f"{table}.{column}"
        assert comment, place
        text = TAGS.sub("", comment).strip()
        assert text[0].isupper() and text.endswith("."), f"{place}: {text!r}"
        for tag, words in TAGS.findall(comment):
            assert tag in known, f"{place}: @{tag}"
            if tag in ("number", "normalized", "current"):
                assert (table, words) in columns, f"{place}: @{tag}({words})"


def test_lifecycles_name_states_that_exist_and_can_be_reached(owner):
    moves = rows(owner, "SELECT entity, from_status, to_status, needs_reason FROM keelson.state_transitions")
    checks = rows(owner, "SELECT substring(obj_description(conrelid, 'pg_class') from '@resource\\((\\w+)\\)'), pg_get_constraintdef(oid)"
                         " FROM pg_constraint WHERE conname ~ '_status_check$' AND conname !~ 'parse' AND connamespace = 'keelson'::regnamespace")
    states = {resource: set(re.findall(r"'(\w+)'", definition)) for resource, definition in checks if resource}
    assert set(states) - {"messages"} == {entity for entity, *_ in moves}
    for entity in states.keys() - {"messages"}:
        own = [(a, b) for e, a, b, _ in moves if e == entity]
        assert {s for pair in own for s in pair} - {""} == states[entity], entity
        reached, more = set(), {b for a, b in own if a == ""}
        while more - reached:
            reached |= more
            more = {b for a, b in own if a in reached}
        assert reached == states[entity], entity
    assert {(e, b) for e, _, b, reason in moves if reason} == {("assessments", "overridden")}


def test_functions_are_pinned_and_nothing_is_for_everybody(owner):
    functions = rows(owner, "SELECT oid::regprocedure::text, prosecdef, proconfig, proleakproof, proacl::text FROM pg_proc"
                            " WHERE pronamespace = 'keelson'::regnamespace")
    assert len(functions) > 8
    for name, definer, config, leakproof, acl in functions:
        assert not leakproof, name
        assert acl and "{=" not in acl and ",=" not in acl, f"{name} is for PUBLIC"
        assert not definer or "search_path=pg_catalog, pg_temp" in config, name
    assert rows(owner, "SELECT relname FROM pg_class WHERE relnamespace = 'keelson'::regnamespace AND relacl::text ~ '[{,]=' OR relkind IN ('v', 'm')"
                       " AND relnamespace = 'keelson'::regnamespace") == []
    assert rows(owner, "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                       " WHERE c.relnamespace = 'keelson'::regnamespace AND NOT tgisinternal") == []


# ---------------------------------------------------------------- who sees what

def tenant_tables(c):
    return [name for (name,) in rows(c, "SELECT relname::text FROM pg_class WHERE relnamespace = 'keelson'::regnamespace AND relrowsecurity")]


def test_without_an_organization_there_are_no_rows_and_no_error(pg, model):
    with pg.connect("keelson_api", model) as c:
        for _ in range(2):
            for table in tenant_tables(c):
                assert c.execute(f"SELECT count(*) FROM keelson.{table}").fetchone()[0] == 0, table
            with c.transaction():           # afterwards the setting is the empty string and not NULL
                enter(c, A)
                assert c.execute("SELECT count(*) FROM keelson.candidates").fetchone()[0] == 1500


def test_an_organization_sees_itself_only(api):
    for org in (A, B):
        enter(api, org)
        for table in ("candidates", "resumes", "interviews", "interview_sessions", "interview_messages", "assessments"):
            assert {str(o) for (o,) in rows(api, f"SELECT DISTINCT org_id FROM keelson.{table}")} == {org}
        assert [str(i) for (i,) in rows(api, "SELECT id FROM keelson.organizations")] == [org]


def test_rows_cannot_reach_into_another_organization(api):
    enter(api, B)
    theirs = api.execute("SELECT id FROM keelson.candidates LIMIT 1").fetchone()[0]
    enter(api, A)
    new, mine = uuid.uuid4(), api.execute("SELECT id FROM keelson.candidates LIMIT 1").fetchone()[0]
    rls, foreign_key, not_there = "42501", "23503", None
    assert refused(api, "INSERT INTO keelson.candidates (org_id, id, full_name) VALUES (%s, %s, 'x')", B, new) == rls
    assert refused(api, "UPDATE keelson.candidates SET org_id = %s WHERE id = %s", B, mine) in (rls, foreign_key)
    assert refused(api, "INSERT INTO keelson.candidates (org_id, id, full_name) VALUES (%s, %s, 'x')"
                        " ON CONFLICT (org_id, id) DO UPDATE SET full_name = 'taken'", B, theirs) == rls
    assert refused(api, "INSERT INTO keelson.interviews (org_id, id, candidate_id, title) VALUES (%s, %s, %s, 'x')", A, new, theirs) == foreign_key
    assert refused(api, "UPDATE keelson.candidates SET full_name = 'taken' WHERE id = %s", theirs) == not_there
    assert refused(api, "DELETE FROM keelson.candidates WHERE id = %s", theirs) == not_there
    enter(api, B)
    assert api.execute("SELECT full_name FROM keelson.candidates WHERE id = %s", (theirs,)).fetchone()[0] != "taken"
    # the same address may be used in each organization
    enter(api, A)
    assert refused(api, "INSERT INTO keelson.candidates (org_id, id, full_name, email_norm) VALUES (%s, %s, 'x', 'only@b')", A, new) is None


def test_the_service_cannot_do_what_a_migration_can(api):
    enter(api, A)
    assert refused(api, "ALTER TABLE keelson.candidates DISABLE ROW LEVEL SECURITY") == "42501"
    assert refused(api, "CREATE TABLE keelson.x (a int)") == "42501"
    assert refused(api, "TRUNCATE keelson.candidates") == "42501"
    assert refused(api, "SET ROLE keelson_owner") == "42501"
    assert refused(api, "UPDATE keelson.state_transitions SET needs_reason = false") == "42501"
    assert refused(api, "DELETE FROM keelson.api_keys") == "42501"
    assert refused(api, "UPDATE keelson.change_feed SET op = 'update'") == "42501"
    assert refused(api, "UPDATE keelson.interview_messages SET role = 'system'") == "42501"
    assert refused(api, "UPDATE keelson.interview_messages SET seq = seq + 1") == "42501"
    assert refused(api, "UPDATE keelson.interview_messages SET content = NULL, redacted_at = now(), event_no = event_no + 1") is None


def test_a_reader_reads_and_does_not_see_secrets(pg, model):
    with pg.connect("keelson_readonly", model) as c, c.transaction(force_rollback=True):
        enter(c, A)
        assert c.execute("SELECT count(*) FROM keelson.candidates").fetchone()[0] == 1500
        assert refused(c, "SELECT hash FROM keelson.api_keys") == "42501"
        assert refused(c, "SELECT body FROM keelson.idempotency_keys") == "42501"
        assert refused(c, "SELECT key_id, scopes FROM keelson.api_keys") is None
        assert refused(c, "UPDATE keelson.candidates SET full_name = 'x'") == "42501"
        assert refused(c, "SELECT * FROM keelson.find_key('x')") == "42501"


def test_a_key_is_found_before_its_organization_is_known(pg, model):
    with pg.connect(name=model) as c:
        c.execute("INSERT INTO keelson.api_keys (org_id, id, name, key_id, hash, scopes) VALUES (%s, %s, 'k', 'abcdEFG1', sha256('x'), '{*}')", (B, A))
        c.execute("INSERT INTO keelson.key_lookup VALUES ('abcdEFG1', %s, %s)", (B, A))
    with pg.connect("keelson_api", model) as c:
        found = c.execute("SELECT org_id::text, id::text, hash = sha256('x'), scopes, org_status FROM keelson.find_key('abcdEFG1')").fetchall()
        assert found == [(B, A, True, ["*"], "active")]
        assert c.execute("SELECT count(*) FROM keelson.find_key('nothing1')").fetchone()[0] == 0


# ---------------------------------------------------------------- the plain owner

def test_a_backfill_changes_every_row(owner):
    count = owner.execute("SELECT count(*) FROM keelson.candidates").fetchone()[0]
    assert count == 3000
    assert owner.execute("UPDATE keelson.candidates SET headline = 'x'").rowcount == count


def test_a_dump_holds_every_row(pg, model):
    pg.newest = model
    dump = pg.pg_dump("--data-only", "--enable-row-security", "--schema=keelson")
    copied = dump.split("COPY keelson.candidates ")[1].split("\\.\n")[0].splitlines()[1:]
    assert len(copied) == 3000


def test_a_new_foreign_key_finds_an_orphan(owner):
    owner.execute("CREATE TABLE keelson.notes (org_id uuid, candidate_id uuid)")
    owner.execute("INSERT INTO keelson.notes VALUES (%s, gen_random_uuid())", (A,))
    assert refused(owner, "ALTER TABLE keelson.notes ADD CONSTRAINT notes_fkey FOREIGN KEY (org_id, candidate_id)"
                          " REFERENCES keelson.candidates (org_id, id)") == "23503"


FINDERS = [("find_candidates_metadata", '{"k": 7}'), ("find_candidates_tags", "{t7}"), ("find_resumes_parsed", '{"k": 7}'),
           ("find_resumes_skills", "{t7}"), ("find_interviews_metadata", '{"k": 7}'), ("find_interview_sessions_metadata", '{"k": 7}'),
           ("find_interview_sessions_conversation_memory", '{"k": 7}'), ("find_interview_messages_metadata", '{"k": 7}'),
           ("find_assessments_details", '{"k": 7}')]


def test_all_finders_are_tried(owner):
    assert {name for (name,) in rows(owner, "SELECT proname::text FROM pg_proc WHERE pronamespace = 'keelson'::regnamespace"
                                            " AND proname ~ '^find_.*_'")} == {name for name, _ in FINDERS}


@pytest.mark.parametrize("finder,query", FINDERS)
def test_a_finder_uses_its_index_for_the_service(pg, model, finder, query):
    """Seen in the plan of the statement inside, as it runs for the service with its generic plans."""
    plans = []
    with pg.connect("postgres", model) as c, c.transaction(force_rollback=True):
        c.execute("LOAD 'auto_explain'")
        c.execute("SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET client_min_messages = log")
        c.execute("SET plan_cache_mode = force_generic_plan; SET SESSION AUTHORIZATION keelson_api")
        c.add_notice_handler(lambda notice: plans.append(notice.message_primary))
        enter(c, A)
        found = c.execute(f"SELECT * FROM keelson.{finder}(%s, %s, 100)", (A, query)).fetchall()
        assert len(found) == 1
    inner = [p for p in plans if "WHERE t.org_id = org" in p]
    assert len(inner) == 1 and re.search(r"Bitmap Index Scan on idx_\w+_gin", inner[0]), plans


def test_without_a_finder_the_index_would_not_be_used(api):
    enter(api, A)
    plan = "\n".join(line for (line,) in rows(api, f"EXPLAIN SELECT id FROM keelson.candidates WHERE org_id = '{A}' AND metadata @> '{{\"k\": 7}}'"))
    assert "gin" not in plan                # should it ever be, the finders can go


@pytest.mark.parametrize("finder,query", FINDERS)
def test_a_finder_refuses_another_organization(api, finder, query):
    assert refused(api, f"SELECT * FROM keelson.{finder}(%s, %s, 1)", A, query) == "42501"
    enter(api, B)
    assert refused(api, f"SELECT * FROM keelson.{finder}(%s, %s, 1)", A, query) == "42501"
    assert refused(api, f"SELECT * FROM keelson.{finder}(%s, %s, 1)", B, query) is None


def test_pages_and_children_use_their_indexes(api):
    enter(api, A)
    for sql, index in [
            ("SELECT id FROM keelson.candidates WHERE org_id = '{A}' AND deleted_at IS NULL AND (created_at, id) > (now(), '{B}') ORDER BY created_at, id LIMIT 50",
             "candidates_list"),
            ("SELECT id FROM keelson.interviews WHERE org_id = '{A}' AND candidate_id = '{B}' ORDER BY created_at, id LIMIT 50", "interviews_candidate"),
            ("SELECT id FROM keelson.candidates WHERE org_id = '{A}' AND email_norm = '7@x' AND deleted_at IS NULL", "candidates_email_key"),
            ("SELECT seq FROM keelson.interview_messages WHERE org_id = '{A}' AND session_id = '{B}' ORDER BY seq DESC LIMIT 20", "interview_messages_pkey"),
            ("SELECT key FROM keelson.store_items WHERE org_id = '{A}' AND namespace_key >= 'a' AND namespace_key < 'b'", "store_items_pkey"),
            ("SELECT id FROM keelson.change_feed WHERE org_id = '{A}' AND xid < '9'::xid8 ORDER BY xid, id LIMIT 50", "change_feed_order")]:
        api.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(line for (line,) in rows(api, "EXPLAIN " + sql.format(A=A, B=B)))
        assert index in plan, plan


# ---------------------------------------------------------------- the hot path

def test_a_message_advances_its_session_without_touching_indexes_or_memory(pg, model):
    with pg.connect("keelson_api", model) as c:
        c.execute("SELECT set_config('keelson.org_id', %s, false)", (A,))
        session, = c.execute("SELECT id FROM keelson.interview_sessions LIMIT 1").fetchone()
        c.execute("UPDATE keelson.interview_sessions SET conversation_memory = jsonb_build_object('facts',"
                  " (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, 5000))) WHERE id = %s", (session,))
        before = stats(c)
        for _ in range(50):
            c.execute("UPDATE keelson.interview_sessions SET last_seq = last_seq + 1, last_event_no = last_event_no + 1,"
                      " message_count = message_count + 1, token_count = token_count + 9, last_activity_at = clock_timestamp()"
                      " WHERE org_id = %s AND id = %s", (A, session))
        after = stats(c)
    updated, hot, fetched = (b - a for a, b in zip(before, after))
    assert updated == 50 and hot >= 49          # the first one may find its page full of other rows
    assert fetched <= 2, "the memory is read back from its table"


def stats(c):
    c.execute("SELECT pg_stat_force_next_flush()")
    return c.execute("SELECT t.n_tup_upd, t.n_tup_hot_upd, o.idx_scan FROM pg_stat_all_tables t"
                     " JOIN pg_class c ON c.oid = t.relid JOIN pg_stat_all_tables o ON o.relid = c.reltoastrelid"
                     " WHERE t.relname = 'interview_sessions'").fetchone()


@pytest.mark.parametrize("value,sqlstate", [("[]", "23514"), ("null", "23514"), ('"x"', "23514"), ("{}", None)])
def test_the_memory_is_an_object(api, value, sqlstate):
    enter(api, A)
    assert refused(api, "UPDATE keelson.interview_sessions SET conversation_memory = %s", value) == sqlstate


def test_the_memory_stays_small(api):
    enter(api, A)
    assert refused(api, "UPDATE keelson.interview_sessions SET conversation_memory = jsonb_build_object('a', repeat('x', 262144))"
                        " WHERE id = (SELECT id FROM keelson.interview_sessions LIMIT 1)") == "23514"


@pytest.mark.parametrize("why,piece", [("letters of four bytes", "{a}{b} "), ("and hyphens, which count twice", "{a}{b}-{b}{a} "),
                                       ("one word", "{a}"), ("and addresses", "{a}{b}.example.com/{a} "), ("plain", "w{n} ")])
def test_no_text_is_too_much_for_the_search(api, why, piece):
    enter(api, A)
    text = "".join(piece.format(a=chr(0x20000 + n % 40000), b=chr(0x20000 + n * 7 % 40000), n=n) for n in range(120000))
    assert refused(api, "INSERT INTO keelson.resumes (org_id, id, candidate_id, version_no, is_current, raw_text)"
                        " SELECT org_id, gen_random_uuid(), id, 2, false, %s FROM keelson.candidates LIMIT 1", text[:1000000]) is None
