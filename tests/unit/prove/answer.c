/*
 * Exactly one complete answer, or what else it was.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

#define PROBLEM(body, n) "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: " n "\r\n\r\n" body

static const struct {
    const char       *why, *bytes;
    enum answer_shape shape;
    int               status;
    bool              problem;
    const char       *code;
} cases[] = {
    { "whole",               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",              ANSWER_WHOLE,   200, false, "" },
    { "without a body",      "HTTP/1.1 204 No Content\r\n\r\n",                              ANSWER_WHOLE,   204, false, "" },
    { "nothing",             "",                                                             ANSWER_NONE,    0,   false, "" },
    { "half a head",         "HTTP/1.1 200 OK\r\nContent-Len",                               ANSWER_CUT,     0,   false, "" },
    { "half a body",         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",              ANSWER_CUT,     200, false, "" },
    { "a second one",        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", ANSWER_MORE, 204, false, "" },
    { "a longer body",       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}",              ANSWER_MORE,    200, false, "" },
    { "without a length",    "HTTP/1.1 200 OK\r\n\r\n{}",                                    ANSWER_STRANGE, 200, false, "" },
    { "another protocol",    "SSH-2.0-OpenSSH_9.2\r\n\r\n",                                  ANSWER_STRANGE, 0,   false, "" },
    { "a problem",           PROBLEM("{\"status\":503,\"code\":\"x\",\"retryable\":true}", "42"), ANSWER_WHOLE, 503, true,  "x" },
    { "of another status",   PROBLEM("{\"status\":500,\"code\":\"x\",\"retryable\":true}", "42"), ANSWER_WHOLE, 503, false, "" },
    { "that hides whether to try again", PROBLEM("{\"status\":503,\"code\":\"x\"}", "25"),      ANSWER_WHOLE, 503, false, "x" },
    { "that is no JSON",     PROBLEM("{\"status\"", "9"),                                     ANSWER_WHOLE,   503, false, "" },
};

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;
        struct answer x;

        answer_parse(&a, span_of(cases[i].bytes), &x);
        if (x.shape != cases[i].shape || x.status != cases[i].status || x.problem != cases[i].problem || strcmp(x.code, cases[i].code) != 0)
            fail_msg("%s: shape %d, status %d, %s", cases[i].why, (int)x.shape, x.status, x.code);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_shapes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
