/*
 * Everything that is started here is ended here, in the reverse order, whatever happened.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/worker.h"

#define PATIENCE (60 * USEC_S)          /* of the client, for one answer */
#define GAP "SELECT (count(*) <> coalesce(max(seq), 0))::int4 FROM keelson.interview_messages" \
            " WHERE org_id = $1::uuid AND session_id = $2::uuid AND $3::text IS NULL"

static bool proxy_start(struct worker *w, usec limit, struct err *e)
{
    struct proxy_config c = { .marker = w->view.place->org_id, .delay = 2 * limit, .terminate = place_terminate, .user = &w->view };

    return place_address(w->view.place, &c.server, &c.server_n, e) && proxy_open(&c, &w->trial.proxy, e);
}

static bool service_start(struct worker *w, usec limit, struct err *e)
{
    const char *url = place_url(w->view.place, &w->arena, proxy_port(w->trial.proxy));

    w->began = child_open(&w->arena, url, w->view.place->migrate_dir, limit, &w->child, e);
    w->trial.client = (struct client){ .port = w->child.port, .key = w->view.place->key, .patience = PATIENCE };
    return w->began;
}

static bool tag_read(struct worker *w, struct err *e)
{
    char *tag = arena_alloc(&w->arena, PROXY_TAG);

    w->trial.tag = tag;
    return proxy_tag(w->trial.proxy, tag) || fail(e, E_INTERNAL, "the service's connections have no name that they can be told by");
}

bool worker_open(struct worker *w, const struct place *p, usec limit, usec recovery, struct err *e)
{
    struct trial *t = &w->trial;

    *w = (struct worker){ .child = { .log = -1 } };
    *t = (struct trial){ .view = &w->view, .child = &w->child, .recovery = recovery };
    return place_view_open(p, &w->view, e) && proxy_start(w, limit, e) && service_start(w, limit, e) &&
           request_stage_make(&t->client, &w->arena, &t->stage, e) && tag_read(w, e) && census_open(&p->service, t->tag, &t->census, e);
}

static void service_end(struct worker *w, struct report *report)
{
    bool alive = child_alive(&w->child);
    const char *last = child_tail(&w->child, report->arena);

    if (!child_close(&w->child) && alive && w->began)
        report_broken(report, "the service did not end well when asked to", last);
}

void worker_close(struct worker *w, bool checks, struct report *report)
{
    struct trial *t = &w->trial;

    if (checks && place_count(&w->view, GAP, t->stage.session, NULL) != 0)
        report_broken(report, "the messages of a session are not numbered without a gap", NULL);
    if (checks && !trial_returned(t))
        report_broken(report, "a connection was not given back", NULL);
    report->samples += t->census ? census_samples(t->census) : 0;
    census_close(t->census);
    service_end(w, report);
    proxy_close(t->proxy);
    place_view_close(&w->view);
    arena_free(&w->arena);
}
