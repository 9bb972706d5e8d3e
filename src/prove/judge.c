/*
 * The promises, most important first: the first that is broken is the one to be told.  A failure is 503 or 504 with a problem
 * document; any other status would blame the client for what the database did.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/judge.h"

#include <string.h>

#include "base/attr.h"

static const char *const shapes[] = {
    [ANSWER_WHOLE]   = NULL,
    [ANSWER_NONE]    = "the connection was closed without an answer",
    [ANSWER_SILENT]  = "there was no end of the answer in time",
    [ANSWER_CUT]     = "the answer was cut",
    [ANSWER_MORE]    = "there was more than one answer",
    [ANSWER_STRANGE] = "the answer is not one of this service",
};

const char *judge_name(enum judge_outcome outcome)
{
    static const char *const names[JUDGE_OUTCOMES] = {
        [JUDGE_COMMITTED] = "committed", [JUDGE_REPEATED] = "repeated", [JUDGE_ABORTED] = "aborted", [JUDGE_UNKNOWN] = "unknown",
    };

    return names[outcome];
}

static enum judge_outcome outcome_of(const struct judge_facts *f)
{
    int status = f->answer->shape == ANSWER_WHOLE ? f->answer->status : 0;

    if (status != 0 && (status == f->success || status == f->found))
        return f->again ? JUDGE_REPEATED : JUDGE_COMMITTED;
    return strcmp(f->answer->code, "outcome-unknown") == 0 ? JUDGE_UNKNOWN : JUDGE_ABORTED;
}

enum judge_outcome judge(const struct judge_facts *f, const char **violation)
{
    enum judge_outcome o = outcome_of(f);
    bool success = o == JUDGE_COMMITTED || o == JUDGE_REPEATED, heard = f->answer->shape == ANSWER_WHOLE;
    bool refused = f->answer->status == 503 || f->answer->status == 504;
    const struct { bool broken; const char *what; } promises[] = {
        { !f->alive,                                                   "the service has ended" },
        { success && f->writes && f->present == 0,                     "success was reported, and the write is not there" },
        { success && !f->writes && !f->right,                          "the answer is not what was asked for" },
        { o == JUDGE_ABORTED && f->writes && heard && f->present > 0,  "failure was reported, and the write is there" },
        { f->writes && f->present > 1,                                 "the write is there more than once" },
        { f->repeated >= 0 && f->repeated != 1,                        "the same Idempotency-Key again, and it is not there exactly once" },
        { !heard,                                                      shapes[f->answer->shape] },
        { heard && !success && !refused,                               "a failure of the database was answered with another status than 503 or 504" },
        { heard && !success && !f->answer->problem,                    "the failure is not a problem document with status and retryable" },
        { o == JUDGE_UNKNOWN && !f->writes,                            "a read has no unknown outcome" },
        { f->writes && f->present < 0,                                 "the database could not be asked what is there" },
        { !f->settled,                                                 "something of the request still went on in the server" },
        { f->most > f->cap,                                            "the server saw more connections than pool.size and pool.overflow allow" },
        { !f->recovered,                                               "no read succeeded within the bound" },
        { !f->returned,                                                "a connection was not given back" },
    };

    *violation = NULL;
    for (size_t i = 0; i < ARRAY_LEN(promises) && !*violation; i++)
        if (promises[i].broken)
            *violation = promises[i].what;
    return o;
}
