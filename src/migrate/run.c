/*
 * Statements go one by one, so that an error has a line and a file that ends the transaction behind our back is noticed at once.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/run.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "schema/fingerprint.h"

/* ---------------------------------------------------------------- shared */

static bool at_line(const struct run *r, const struct split_statement *st, struct err *e)
{
    return err_context(e, "%s:%d", r->step->script->path, st->line);
}

/* Statements are views of the file; the server wants a terminated string. */
static bool execute(struct run *r, const struct split_statement *st, struct err *e)
{
    struct arena a = ARENA;
    bool ok = pg_exec(r->work, arena_strdup(&a, st->text), e);

    arena_free(&a);
    return ok || at_line(r, st, e);
}

/* A file may set what it likes for itself; ours is set again, so that the fingerprint spells names the usual way. */
static bool fingerprint(struct run *r, const char **out, struct err *e)
{
    return pg_exec(r->work, "SET search_path = ''", e) && fingerprint_read(r->work, r->arena, out, e);
}

static bool role(struct run *r, const char **out, struct err *e)
{
    return pg_value(r->work, r->arena, "SELECT current_user", out, e);
}

/* A file that creates or drops, and has nothing to show for it, ran somewhere else or not at all. */
static bool changed_as_claimed(const struct run *r, struct err *e)
{
    const struct file_script *s = r->step->script;
    unsigned all = 0;

    for (int i = 0; i < s->nstatements; i++)
        all |= s->statements[i].flags;
    if ((all & SPLIT_CREATES) && (all & SPLIT_DROPS))
        return true;              /* it may have put back what it took away */
    if (!(all & (SPLIT_CREATES | SPLIT_DROPS)) || strcmp(r->before, r->after) != 0)
        return true;
    return fail(e, E_DATABASE, "%s: its statements succeeded, and the catalog is what it was before", s->path);
}

static bool record(struct run *r, struct err *e)
{
    const struct file_migration *m = r->step->migration;
    struct ledger_row row = {
        .project = r->step->set->project, .version = m->version, .name = m->name,
        .checksum = m->up.checksum, .down_checksum = m->down.path ? m->down.checksum : NULL,
        .duration_ms = r->took / USEC_MS, .before = r->before, .after = r->after,
    };

    return r->step->down ? ledger_remove(r->work, r->arena, row.project, row.version, e) : ledger_add(r->work, r->arena, &row, e);
}

/* ---------------------------------------------------------------- one transaction */

static bool wrapped_statements(struct run *r, struct err *e)
{
    const struct file_script *s = r->step->script;

    for (int i = 0; i < s->nstatements; i++) {
        if (!execute(r, &s->statements[i], e))
            return false;
        if (pg_transaction(r->work) != PG_IN_TRANSACTION)
            return fail(e, E_DATABASE, "%s:%d: this statement ended the transaction; what came before it may have been kept", s->path,
                        s->statements[i].line);
    }
    return true;
}

static bool wrapped_body(struct run *r, usec start, struct err *e)
{
    const char *me = NULL, *then = NULL;

    if (!role(r, &me, e) || !fingerprint(r, &r->before, e) || !wrapped_statements(r, e))
        return false;
    /* Deferred constraints speak now, while there is still a file to blame. */
    if (!pg_exec(r->work, "SET CONSTRAINTS ALL IMMEDIATE", e))
        return err_context(e, "%s: a deferred constraint", r->step->script->path);
    if (!role(r, &then, e))
        return false;
    if (strcmp(me, then) != 0)
        return fail(e, E_DATABASE, "%s: it changed the role to %s and not back", r->step->script->path, then);
    if (!fingerprint(r, &r->after, e) || !changed_as_claimed(r, e))
        return false;
    r->took = clock_now() - start;
    return record(r, e);
}

static bool wrapped(struct run *r, struct err *e)
{
    usec start = clock_now();

    /* After a failure the session is closed, which rolls back. */
    if (!pg_exec(r->work, "BEGIN", e) || !wrapped_body(r, start, e))
        return false;
    if (pg_exec(r->work, "COMMIT", e))
        return true;
    r->outcome_unknown = pg_transaction(r->work) == PG_BROKEN;
    return err_context(e, "%s: committing", r->step->script->path);
}

/* ---------------------------------------------------------------- statement by statement */

/* Indexes a failed CREATE INDEX CONCURRENTLY left behind: maintained by every write and used by no query. */
static bool invalid_now(struct run *r, const char **oids, struct err *e)
{
    return pg_value(r->work, r->arena, "SELECT coalesce(array_agg(indexrelid), '{}')::text FROM pg_catalog.pg_index"
                                       " WHERE NOT (indisvalid AND indisready)", oids, e);
}

static bool invalid_since(struct run *r, const char *oids, const char **names, struct err *e)
{
    const char *sql = arena_printf(r->arena,
        "SELECT string_agg(format('%%I.%%I', n.nspname, c.relname), ', ' ORDER BY n.nspname, c.relname)"
        " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE NOT (i.indisvalid AND i.indisready) AND c.relkind = 'i' AND i.indexrelid <> ALL (%s::oid[])",
        pg_quote_literal(r->arena, oids));

    return pg_value(r->work, r->arena, sql, names, e);
}

/* What is left of a failed statement is taken away, so that running the file again can succeed.  *e keeps the first failure. */
static void clean_up(struct run *r, const char *oids, struct err *e)
{
    struct err trouble = { 0 };
    const char *names = NULL;
    struct span rest;

    if (pg_transaction(r->work) != PG_IDLE || !invalid_since(r, oids, &names, &trouble) || !names)
        return;
    for (rest = span_of(names); rest.n > 0;) {
        struct span name = span_trim(span_cut(&rest, ','));

        if (!pg_execf(r->work, &trouble, "DROP INDEX CONCURRENTLY IF EXISTS %.*s", SPAN_ARG(name)))
            return;
    }
    (void)fail(e, e->kind, "%s (the invalid index it left, %s, was dropped again)", e->message, names);
}

static const char *digest_of(struct run *r, int64_t done)
{
    const struct file_script *s = r->step->script;
    struct buf text = BUF(FILE_MAX + ((size_t)1 << 20));
    uint8_t digest[DIGEST_SHA256];
    char *hex = arena_alloc(r->arena, FILE_CHECKSUM + 1);

    for (int64_t i = 0; i < done; i++) {
        buf_add(&text, s->statements[i].text);
        buf_char(&text, '\0');
    }
    digest_sha256(buf_span(&text), digest);
    digest_hex(digest, sizeof digest, hex);
    buf_free(&text);
    return hex;
}

/* CREATE INDEX CONCURRENTLY waits for other transactions without making anybody wait: our lock_timeout would only make it fail.
   One the file has set is the file's wish. */
#define PATIENCE_SQL \
    "SELECT set_config('lock_timeout', '0', false) FROM pg_catalog.pg_settings WHERE name = 'lock_timeout' AND source <> 'session'"

static bool with_patience(struct run *r, const struct split_statement *st, struct err *e)
{
    const char *ours = NULL;

    if ((st->flags & SPLIT_ALONE) && !pg_value(r->work, r->arena, PATIENCE_SQL, &ours, e))
        return false;
    return execute(r, st, e) && (!ours || pg_exec(r->work, "RESET lock_timeout", e));
}

static bool one_alone(struct run *r, const struct split_statement *st, struct err *e)
{
    const char *oids = NULL, *names = NULL;

    if (!invalid_now(r, &oids, e))
        return false;
    if (!with_patience(r, st, e)) {
        clean_up(r, oids, e);
        return false;
    }
    if (pg_transaction(r->work) != PG_IDLE)
        return fail(e, E_DATABASE, "%s:%d: this statement left a transaction open", r->step->script->path, st->line);
    if (!invalid_since(r, oids, &names, e))
        return false;
    return !names || fail(e, E_DATABASE, "%s:%d: it succeeded, and the index %s is not valid", r->step->script->path, st->line, names);
}

/* Going on in the middle is only right when the statements before are those that were run. */
static bool resumable(struct run *r, struct err *e)
{
    const struct file_script *s = r->step->script;
    int64_t done = r->attempt.done;

    if (done == 0)
        return true;
    if (done <= s->nstatements && strcmp(digest_of(r, done), r->attempt.done_digest) == 0)
        return true;
    return fail(e, E_NO, "%s: its first %lld statements were run before and are others now; put them back, or undo by hand what they did",
                s->path, (long long)done);
}

static bool alone(struct run *r, struct err *e)
{
    const struct file_script *s = r->step->script;
    usec start = clock_now();

    if (!resumable(r, e) || !fingerprint(r, &r->before, e))
        return false;
    for (int64_t i = r->attempt.done; i < s->nstatements; i++) {
        if (!one_alone(r, &s->statements[i], e))
            return false;
        r->attempt.done = i + 1;
        r->attempt.done_digest = digest_of(r, i + 1);
        if (!ledger_progress(r->journal, r->arena, &r->attempt, e))
            return false;
    }
    if (!fingerprint(r, &r->after, e))
        return false;
    r->took = clock_now() - start;
    return record(r, e);
}

bool run_script(struct run *r, struct err *e)
{
    /* Files are cut by the standard's rules for strings. */
    bool ok = pg_exec(r->work, "SET standard_conforming_strings = on", e) && (r->step->script->no_transaction ? alone(r, e) : wrapped(r, e));

    /* What a statement of the file was refused for is no matter of kinds: it could not be done. */
    if (!ok && e->sqlstate[0])
        e->kind = E_DATABASE;
    return ok;
}
