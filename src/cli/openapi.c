/*
 * The service's role is enough: the description follows from what it would see.  Text is the document laid out for reading and
 * for version control; --format json is the one line that is served.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/openapi.h"

#include "base/clock.h"
#include "cli/database.h"
#include "migrate/apply.h"
#include "pg/cluster.h"
#include "pg/conn.h"
#include "schema/catalog.h"
#include "serve/openapi.h"
#include "serve/start.h"
#include "serve/version.h"

#define DOCUMENT_MAX ((size_t)128 << 20)

/* ---- laying out: the text is JSON of our own making, so only quotes and brackets matter ---- */

static void line(struct buf *out, int depth)
{
    buf_char(out, '\n');
    for (int i = 0; i < depth; i++)
        buf_str(out, "  ");
}

static size_t quoted(struct span s, size_t at)
{
    size_t i = at + 1;

    while (i < s.n && s.p[i] != '"')
        i += s.p[i] == '\\' ? 2 : 1;
    return i + 1 - at;
}

static void lay_out(struct buf *out, struct span s)
{
    int depth = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        bool empty = opens && i + 1 < s.n && (s.p[i + 1] == '}' || s.p[i + 1] == ']');

        if (c == '"') {
            size_t n = quoted(s, i);

            buf_add(out, (struct span){ s.p + i, n });
            i += n - 1;
            continue;
        }
        if (closes && s.p[i - 1] != '{' && s.p[i - 1] != '[')
            line(out, depth - 1);
        depth += opens - closes;
        buf_char(out, c);
        if ((opens && !empty) || c == ',')
            line(out, depth);
        else if (c == ':')
            buf_char(out, ' ');
    }
    buf_char(out, '\n');
}

/* ---- which database ---- */

/* Whoever starts the embedded server migrates it, as serve does. */
static bool find(struct command_call *c, struct cluster *own, struct pg_target *t, struct err *e)
{
    struct pg_target owner;
    const char *url;

    if (!database_url(c, e))
        return false;
    url = c->conf.database_url ? c->conf.database_url : c->conf.owner_url;
    if (url)
        return pg_url_parse(c->arena, url, t, e);
    if (!cluster_open(c->arena, c->conf.data_dir, c->conf.pg_bindir, true, own, e) || !pg_url_parse(c->arena, own->service_url, t, e) ||
        !pg_url_parse(c->arena, own->owner_url, &owner, e))
        return false;
    return !own->owned || apply_pending(c->arena, &owner, c->conf.migrate_dir, e);
}

static bool describe(struct command_call *c, const struct pg_target *t, struct span *out, struct err *e)
{
    bool as_owner = !c->conf.database_url && c->conf.owner_url;
    struct pg_session session = { .role = as_owner ? PG_OWNER : PG_SERVICE, .application_name = "keelson openapi" };
    struct catalog catalog;
    struct model *model;
    struct pg_conn *conn;
    bool ok;

    if (!pg_open(t, &session, clock_now() + c->conf.connect_timeout, &conn, e))
        return false;
    ok = catalog_read(conn, c->arena, &catalog, e) && model_build(c->arena, &catalog, &model, e);
    if (ok)
        *out = openapi_make(c->arena, model, !start_local(&c->conf), KEELSON_VERSION);
    pg_close(conn);
    return ok;
}

bool openapi_run(struct command_call *c, struct err *e)
{
    struct cluster own = { 0 };
    struct pg_target target;
    struct buf text = BUF(DOCUMENT_MAX);
    struct span document;
    bool ok = find(c, &own, &target, e) && describe(c, &target, &document, e);

    if (ok && c->format == COMMAND_TEXT) {
        lay_out(&text, document);
        fwrite(text.p, 1, text.n, stdout);
    } else if (ok) {
        fwrite(document.p, 1, document.n, stdout);
        putchar('\n');
    }
    buf_free(&text);
    cluster_close(&own);
    return ok;
}
