/*
 * A new pair of migration files: numbered, named, and beginning with what one wants to look up.
 */
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"
#include "migrate/file.h"

static const char up_text[] =
    "-- Why this migration is needed.\n"
    "--\n"
    "-- It runs as the owner, in one transaction with its row in the ledger, and with an empty search_path: write\n"
    "-- keelson.candidates and not candidates.  Comment lines that begin with \"keelson:\" in front of the first statement tell the\n"
    "-- runner more: \"keelson: no-transaction\" for CREATE INDEX CONCURRENTLY and the like, \"keelson: irreversible REASON\" for what\n"
    "-- cannot be undone.\n"
    "--\n"
    "-- A column the API shows, takes and filters by:\n"
    "--   ALTER TABLE keelson.candidates ADD COLUMN notice_days integer CHECK (notice_days BETWEEN 0 AND 365);\n"
    "--   COMMENT ON COLUMN keelson.candidates.notice_days IS '@filter Notice period in days.';\n"
    "--\n"
    "-- A table the API serves has (org_id, id) as its key, row level security with both policies, grants and @resource:\n"
    "--   CREATE TABLE keelson.notes (org_id uuid NOT NULL, id uuid NOT NULL, text text NOT NULL,\n"
    "--       version bigint NOT NULL DEFAULT 1, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (org_id, id));\n"
    "--   COMMENT ON TABLE keelson.notes IS '@resource(notes) Notes of the team.';\n"
    "--   ALTER TABLE keelson.notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;\n"
    "--   CREATE POLICY tenant ON keelson.notes TO keelson_api, keelson_readonly\n"
    "--       USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());\n"
    "--   CREATE POLICY owner ON keelson.notes TO keelson_owner USING (true) WITH CHECK (true);\n"
    "--   GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.notes TO keelson_api;\n"
    "--   GRANT SELECT ON keelson.notes TO keelson_readonly;\n"
    "\n";

static const char down_text[] =
    "-- Undoes what the .up.sql beside it does, last statement first.  What it throws away is gone.\n"
    "\n";

/* "Add index!" gives "add_index". */
static const char *slug(struct arena *a, const char *title)
{
    char *out = arena_alloc(a, strlen(title) + 1);
    size_t n = 0;

    for (; *title && n < 100; title++) {
        if ((unsigned char)*title < 0x80 && isalnum((unsigned char)*title))
            out[n++] = (char)tolower((unsigned char)*title);
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = '\0';
    return out;
}

static bool write_new(const char *path, const char *text, struct err *e)
{
    size_t n = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool ok;

    if (fd < 0)
        return fail(e, E_IO, "%s: %m", path);
    ok = write(fd, text, n) == (ssize_t)n || fail(e, E_IO, "%s: %m", path);
    return (close(fd) == 0 || fail(e, E_IO, "%s: %m", path)) && ok;
}

bool file_new(struct arena *a, const struct file_set *set, const char *title, const char **up, const char **down, struct err *e)
{
    const char *name = slug(a, title);

    if (!*name)
        return fail(e, E_USAGE, "a migration needs a name of letters and digits");
    if (!proc_mkdirs(set->dir, 0755, 0, 0, e))
        return false;
    *up = arena_printf(a, "%s/%04d_%s.up.sql", set->dir, set->n + 1, name);
    *down = arena_printf(a, "%s/%04d_%s.down.sql", set->dir, set->n + 1, name);
    return write_new(*up, up_text, e) && write_new(*down, down_text, e);
}
