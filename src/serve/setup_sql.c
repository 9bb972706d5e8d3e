/*
 * The script of `keelson init --sql`.  The ledger's rows say what was applied; what the catalog looked like before and after is not
 * known here and stays empty.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/setup.h"

#include <string.h>

#include "embedded.h"
#include "migrate/file.h"
#include "migrate/apply.h"
#include "migrate/ledger.h"

static const char heading[] =
    "-- What `keelson init` runs, for psql:\n"
    "--   psql -v ON_ERROR_STOP=1 -v keelson_api_password=\"SCRAM verifier or password\" OWNER_URL\n"
    "-- as a role that may create roles and owns the database.  Clear text may end up in the server's log; a verifier may not.\n"
    "-- An API key cannot come from a script: afterwards run `keelson key create`.\n\n"
    "SET search_path = '';\n\n";

static void section(struct buf *out, const char *title)
{
    buf_printf(out, "\n-- ---------------------------------------------------------------- %s\n\n", title);
}

static void ledger_line(struct arena *a, const struct file_set *set, const struct file_migration *m, struct buf *out)
{
    buf_printf(out, "INSERT INTO keelson_ledger.migrations"
                    " (project, version, name, checksum, down_checksum, duration_ms, fingerprint_before, fingerprint_after)\n"
                    "VALUES (%s, %lld, %s, '%s', ", pg_quote_literal(a, set->project), (long long)m->version, pg_quote_literal(a, m->name),
               m->up.checksum);
    buf_printf(out, m->down.path ? "'%s', 0, '', '');\n" : "NULL, 0, '', '');\n", m->down.checksum);
}

static void migration(struct arena *a, const struct file_set *set, const struct file_migration *m, struct buf *out)
{
    section(out, arena_printf(a, "%s %04lld %s", set->project, (long long)m->version, m->name));
    if (!m->up.no_transaction)
        buf_str(out, "BEGIN;\n");
    buf_add(out, m->up.text);
    buf_str(out, "\nSET search_path = '';\n");
    ledger_line(a, set, m, out);
    if (!m->up.no_transaction)
        buf_str(out, "COMMIT;\n");
}

bool setup_sql(struct arena *a, const char *migrate_dir, const char *org, struct buf *out, struct err *e)
{
    struct uuid id = uuid_v7();
    struct file_set sets[APPLY_SETS];
    const char *name = org ? org : "Default", *slug = tenant_slug(a, span_of(name));
    char text[UUID_TEXT];

    if (!slug)
        return fail(e, E_USAGE, "--org: the name needs a letter or a digit");
    if (!apply_load(a, migrate_dir, sets, e))
        return false;
    uuid_format(&id, text);
    buf_str(out, heading);
    buf_str(out, embedded_bootstrap.data);
    buf_str(out, "\nALTER ROLE keelson_api LOGIN PASSWORD :'keelson_api_password';\n\nSET ROLE keelson_owner;\n");
    section(out, "ledger");
    buf_printf(out, "%s\n", ledger_create_sql());
    for (int i = 0; i < APPLY_SETS; i++)
        for (int k = 0; k < sets[i].n; k++)
            migration(a, &sets[i], &sets[i].migrations[k], out);
    section(out, "roles of web gateways");
    buf_str(out, embedded_shut_out.data);
    section(out, "the first organization");
    buf_printf(out, "INSERT INTO keelson.organizations (id, slug, name) VALUES ('%.*s', %s, %s) ON CONFLICT DO NOTHING;\n", UUID_TEXT, text,
               pg_quote_literal(a, slug), pg_quote_literal(a, name));
    return !out->full || fail(e, E_TOO_LARGE, "the script is larger than %zu bytes", out->max);
}
