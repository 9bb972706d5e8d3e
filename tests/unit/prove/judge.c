/*
 * Which answers are allowed.  Each broken promise is tried alone: a judge that lets one pass proves nothing.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct answer created = { .shape = ANSWER_WHOLE, .status = 201, .code = "" }, found = { .shape = ANSWER_WHOLE, .status = 200, .code = "" },
    failed = { .shape = ANSWER_WHOLE, .status = 503, .problem = true, .code = "database-unavailable" },
    late = { .shape = ANSWER_WHOLE, .status = 504, .problem = true, .code = "timeout" },
    unknown = { .shape = ANSWER_WHOLE, .status = 503, .problem = true, .code = "outcome-unknown" },
    blames = { .shape = ANSWER_WHOLE, .status = 409, .problem = true, .code = "conflict" },
    internal = { .shape = ANSWER_WHOLE, .status = 500, .problem = true, .code = "internal" },
    bare = { .shape = ANSWER_WHOLE, .status = 503, .code = "" }, none = { .shape = ANSWER_NONE, .code = "" },
    silent = { .shape = ANSWER_SILENT, .code = "" }, cut = { .shape = ANSWER_CUT, .status = 201, .code = "" },
    twice = { .shape = ANSWER_MORE, .status = 201, .code = "" }, strange = { .shape = ANSWER_STRANGE, .code = "" };

enum kind { READ, WRITE };
enum wrong { NOTHING, ENDED, BUSY, LENT, AWAY, TOO_MANY };         /* with the service, whatever the client heard */

static const struct {
    const char          *why;
    enum kind            kind;
    const struct answer *answer;
    int                  present;
    enum judge_outcome   outcome;
    const char          *broken;        /* a part of what is said; NULL: nothing */
    bool                 right, again, keyed;
    int                  found, repeated;
    enum wrong           wrong;
} cases[] = {
    { "a success that is there",           WRITE, &created,  1,  .outcome = JUDGE_COMMITTED },
    { "after it was asked again",          WRITE, &created,  1,  .outcome = JUDGE_REPEATED, .again = true },
    { "its own lost attempt was found",    WRITE, &found,    1,  .outcome = JUDGE_COMMITTED, .found = 200 },
    { "which not all requests can",        WRITE, &found,    1,  .outcome = JUDGE_ABORTED, .broken = "failure was reported" },
    { "a success that is not there",       WRITE, &created,  0,  .outcome = JUDGE_COMMITTED, .broken = "not there" },
    { "a success that is there twice",     WRITE, &created,  2,  .outcome = JUDGE_COMMITTED, .broken = "more than once" },
    { "a failure that is not there",       WRITE, &failed,   0,  .outcome = JUDGE_ABORTED },
    { "a late one",                        WRITE, &late,     0,  .outcome = JUDGE_ABORTED },
    { "a failure that is there",           WRITE, &failed,   1,  .outcome = JUDGE_ABORTED, .broken = "failure was reported" },
    { "unknown and there",                 WRITE, &unknown,  1,  .outcome = JUDGE_UNKNOWN },
    { "unknown and not there",             WRITE, &unknown,  0,  .outcome = JUDGE_UNKNOWN },
    { "unknown and there twice",           WRITE, &unknown,  2,  .outcome = JUDGE_UNKNOWN, .broken = "more than once" },
    { "a client that repeated its key",    WRITE, &unknown,  0,  .outcome = JUDGE_UNKNOWN, .keyed = true, .repeated = 1 },
    { "in vain",                           WRITE, &unknown,  0,  .outcome = JUDGE_UNKNOWN, .broken = "Idempotency", .keyed = true, .repeated = 0 },
    { "and did it twice",                  WRITE, &unknown,  1,  .outcome = JUDGE_UNKNOWN, .broken = "Idempotency", .keyed = true, .repeated = 2 },
    { "a read",                            READ,  &found,    0,  .outcome = JUDGE_COMMITTED, .right = true },
    { "somebody else's answer",            READ,  &found,    0,  .outcome = JUDGE_COMMITTED, .broken = "not what was asked for" },
    { "a read that failed",                READ,  &failed,   0,  .outcome = JUDGE_ABORTED },
    { "a read cannot be in doubt",         READ,  &unknown,  0,  .outcome = JUDGE_UNKNOWN, .broken = "unknown outcome" },
    { "the client is not to blame",        WRITE, &blames,   0,  .outcome = JUDGE_ABORTED, .broken = "another status" },
    { "nor is it a mystery",               WRITE, &internal, 0,  .outcome = JUDGE_ABORTED, .broken = "another status" },
    { "a failure says what it is",         WRITE, &bare,     0,  .outcome = JUDGE_ABORTED, .broken = "problem document" },
    { "no answer",                         WRITE, &none,     0,  .outcome = JUDGE_ABORTED, .broken = "without an answer" },
    { "no end",                            WRITE, &silent,   0,  .outcome = JUDGE_ABORTED, .broken = "no end" },
    { "half an answer",                    WRITE, &cut,      1,  .outcome = JUDGE_ABORTED, .broken = "cut" },
    { "two answers",                       WRITE, &twice,    1,  .outcome = JUDGE_ABORTED, .broken = "more than one answer" },
    { "anything",                          WRITE, &strange,  0,  .outcome = JUDGE_ABORTED, .broken = "not one of this service" },
    { "nobody can tell",                   WRITE, &created,  -1, .outcome = JUDGE_COMMITTED, .broken = "could not be asked" },
    { "it crashed",                        WRITE, &created,  1,  .outcome = JUDGE_COMMITTED, .broken = "has ended", .wrong = ENDED },
    { "it goes on in the server",          WRITE, &failed,   0,  .outcome = JUDGE_ABORTED, .broken = "still went on", .wrong = BUSY },
    { "a connection too many",             WRITE, &failed,   0,  .outcome = JUDGE_ABORTED, .broken = "more connections", .wrong = TOO_MANY },
    { "a connection lost",                 WRITE, &failed,   0,  .outcome = JUDGE_ABORTED, .broken = "not given back", .wrong = LENT },
    { "it does not come back",             WRITE, &failed,   0,  .outcome = JUDGE_ABORTED, .broken = "no read succeeded", .wrong = AWAY },
};

static struct judge_facts facts_of(size_t i)
{
    enum wrong wrong = cases[i].wrong;

    return (struct judge_facts){
        .writes = cases[i].kind == WRITE, .success = cases[i].kind == WRITE ? 201 : 200, .found = cases[i].found, .answer = cases[i].answer,
        .right = cases[i].right, .again = cases[i].again, .present = cases[i].present, .repeated = cases[i].keyed ? cases[i].repeated : -1,
        .alive = wrong != ENDED, .settled = wrong != BUSY, .returned = wrong != LENT, .recovered = wrong != AWAY,
        .most = wrong == TOO_MANY ? 6 : 5, .cap = 5,
    };
}

static void test_promises(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct judge_facts f = facts_of(i);
        const char *said;
        enum judge_outcome o = judge(&f, &said);
        bool right = cases[i].broken ? said && strstr(said, cases[i].broken) : !said;

        if (o != cases[i].outcome || !right)
            fail_msg("%s: %s, %s", cases[i].why, judge_name(o), said ? said : "nothing broken");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_promises) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
