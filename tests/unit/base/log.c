/*
 * The log: no value can forge a line, no secret gets through, a line is whole or missing.
 * stderr is a pipe while a line is made.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/json.h"

static char text[16384];
static int saved = -1, ends[2];
static const char *volatile nothing;         /* NULL, but not to the compiler */

static void capture(void)
{
    saved = dup(STDERR_FILENO);
    assert_return_code(pipe2(ends, O_NONBLOCK), 0);
    assert_return_code(dup2(ends[1], STDERR_FILENO), 0);
    close(ends[1]);
}

/* What was written since capture(), without the time, which is checked to be there. */
static const char *captured(void)
{
    ssize_t n = read(ends[0], text, sizeof(text) - 1);
    const char *after;

    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    text[n > 0 ? n : 0] = '\0';
    if (n <= 0)
        return text;
    assert_int_equal(text[n - 1], '\n');
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);      /* one line */
    after = text[0] == '{' ? strstr(text, "\"level\"") : strstr(text, "level=");
    assert_non_null(after);
    return after;
}

#define LINE(...) (capture(), log_event(LOG_INFO, "test", __VA_ARGS__), captured())

static void logfmt_values(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_LOGFMT);
    assert_string_equal(LINE("a=%s b=%d", "x", -7), "level=info event=test a=x b=-7\n");
    assert_string_equal(LINE("a=%s", "two words"), "level=info event=test a=\"two words\"\n");
    assert_string_equal(LINE("a=%s b=%s", "", nothing), "level=info event=test a=\"\" b=\n");
    assert_string_equal(LINE("a=%.*s b=%s", 2, "xyz", "k=v"), "level=info event=test a=xy b=\"k=v\"\n");
    assert_string_equal(LINE("a=%.1f b=%f c=%c", 2.25, 0.5, 'q'), "level=info event=test a=2.2 b=0.500000 c=q\n");
    assert_string_equal(LINE("a=%s:%d b=fixed", "::1", 80), "level=info event=test a=::1:80 b=fixed\n");
    assert_string_equal(LINE("a=%ld b=%lld c=%zu d=%u e=%lx", -1L, -2LL, (size_t)3, 4u, 255ul),
                        "level=info event=test a=-1 b=-2 c=3 d=4 e=ff\n");
    errno = ENOENT;
    assert_string_equal(LINE("a=%m"), "level=info event=test a=\"No such file or directory\"\n");
    assert_int_equal(errno, ENOENT);
}

static void json_values(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_JSON);
    assert_string_equal(LINE("a=%s b=%d c=%s d=%s", "x", -7, "", nothing),
                        "\"level\":\"info\",\"event\":\"test\",\"a\":\"x\",\"b\":-7,\"c\":\"\",\"d\":null}\n");
    assert_string_equal(LINE("a=%f b=%d:%d c=%lx", NAN, 1, 2, 16ul),
                        "\"level\":\"info\",\"event\":\"test\",\"a\":\"nan\",\"b\":\"1:2\",\"c\":\"10\"}\n");
    log_setup(LOG_INFO, LOG_LOGFMT);
}

/* Nothing from outside can begin a line, end a value or speak to a terminal. */
static void values_cannot_forge(void **state)
{
    static const struct { const char *why, *in, *logfmt; } cases[] = {
        { "line end",          "x\nlevel=error event=forged", "\"x\\nlevel=error event=forged\"" },
        { "carriage return",   "x\ry",                        "\"x\\u000dy\""                    },
        { "quote",             "x\" event=\"forged",          "\"x\\\" event=\\\"forged\""       },
        { "backslash at end",  "x\\",                         "\"x\\\\\""                        },
        { "escape sequence",   "\x1b[2Jx",                    "\"\\u001b[2Jx\""                  },
        { "8-bit CSI",         "\xC2\x9B" "2J",               "\"\\u009b2J\""                    },
        { "delete",            "\x7F",                        "\"\\u007f\""                      },
        { "line separator",    "a\xE2\x80\xA8" "b",           "\"a\\u2028b\""                    },
        { "tab",               "a\tb",                        "\"a\\u0009b\""                    },
        { "not UTF-8",         "a\xFF" "b",                   "\"a\xEF\xBF\xBD" "b\""            },
        { "letters stay",      "\xC3\xA9\xF0\x9F\x98\x80",    "\"\xC3\xA9\xF0\x9F\x98\x80\""     },
    };
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *root;
        struct err e = { 0 };

        print_message("%s\n", cases[i].why);
        assert_string_equal(LINE("a=%s", cases[i].in),
                            arena_printf(&a, "level=info event=test a=%s\n", cases[i].logfmt));
        log_setup(LOG_INFO, LOG_JSON);
        (void)LINE("a=%s", cases[i].in);
        log_setup(LOG_INFO, LOG_LOGFMT);
        assert_true(json_parse(&a, (struct span){ text, strlen(text) - 1 }, &root, &e));
        assert_int_equal(root->count, 4);
        if (span_utf8(span_of(cases[i].in)))
            assert_true(span_eq(json_text(&a, json_find(root, "a")), span_of(cases[i].in)));
    }
    arena_free(&a);
}

static void long_lines_are_cut_and_say_so(void **state)
{
    struct arena a = ARENA;
    char *wide = arena_alloc(&a, 100001);

    (void)state;
    memset(wide, 'x', 100000);
    for (int format = LOG_LOGFMT; format <= LOG_JSON; format++)
        for (int lead = 3900; lead < 4100; lead++) {
            struct json *root;
            struct err e = { 0 };

            log_setup(LOG_INFO, (enum log_format)format);
            (void)LINE("a=%.*s b=%d c=%s d=%s e=%s", lead, wide, 123456, nothing, "\n\n\n", wide);
            assert_in_range(strlen(text), 3900, 4096);
            assert_non_null(strstr(text, "truncated"));
            if (format == LOG_JSON && !json_parse(&a, (struct span){ text, strlen(text) - 1 }, &root, &e))
                fail_msg("%d: %s: %s", lead, e.message, text + 3900);
        }
    log_setup(LOG_INFO, LOG_LOGFMT);
    assert_string_equal(LINE("a=%d", 1), "level=info event=test a=1\n");
    arena_free(&a);
}

static void secrets_are_replaced(void **state)
{
    static const struct { const char *why, *in, *out; } cases[] = {
        { "as it is",                "url pg://h p@ss/w",             "\"url pg://h ***\""      },
        { "percent-encoded",         "u:p%40ss%2Fw@h",                "u:***@h"                 },
        { "lower case digits",       "p%40ss%2fw",                    "***"                     },
        { "only partly encoded",     "p@ss%2Fw",                      "***"                     },
        { "everything encoded",      "%70%40%73%73%2F%77",            "***"                     },
        { "twice",                   "p@ss/wp@ss/w",                  "******"                  },
        { "not whole",               "p@ss/",                         "p@ss/"                   },
        { "begins again",            "p@p@ss/w",                      "p@***"                   },
        { "another, with a quote",   "x\"quoted\nsecret\"",           "\"x***\\\"\""            },
        { "the longer of two",       "longer-secret longer",          "\"*** ***\""             },
        { "short ones are no secret", "abc",                          "abc"                     },
        { "digits",                  "n 77777",                       "\"n ***\""               },
    };
    struct arena a = ARENA;
    struct buf b = BUF(100);

    (void)state;
    log_guard(SPAN("p@ss/w"));
    log_guard(SPAN("\"quoted\nsecret"));
    log_guard(SPAN("longer"));
    log_guard(SPAN("longer-secret"));
    log_guard(SPAN("abc"));
    log_guard(SPAN("77777"));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].why);
        assert_string_equal(LINE("a=%s", cases[i].in),
                            arena_printf(&a, "level=info event=test a=%s\n", cases[i].out));
    }
    assert_string_equal(LINE("a=%d b=%s:%s", 77777, "p@ss", "/w"), "level=info event=test a=*** b=p@ss:/w\n");
    assert_string_equal(LINE("a=%s%s", "p@ss", "/w"), "level=info event=test a=***\n");     /* two pieces, one value */
    assert_true(log_redact(&b, SPAN("to p%40ss/w!")));
    assert_string_equal(buf_cstr(&b), "to ***!");
    for (int i = 0; i < 100; i++)
        log_guard(span_of(arena_printf(&a, "secret-%d", i)));
    assert_string_equal(LINE("a=%s", "secret-99"), "level=info event=test a=***\n");       /* the newest are kept */
    buf_free(&b);
    arena_free(&a);
}

static void levels_are_filtered(void **state)
{
    (void)state;
    log_setup(LOG_WARN, LOG_LOGFMT);
    assert_string_equal(LINE("a=%d", 1), "");
    capture();
    log_event(LOG_ERROR, "bad", NULL);
    assert_string_equal(captured(), "level=error event=bad\n");
    log_setup(LOG_INFO, LOG_LOGFMT);
}

/* A reader that has stopped, and one that is gone: the program goes on, and counts. */
static void lines_nobody_takes_are_dropped(void **state)
{
    uint64_t before = log_dropped();
    int pipe_ends[2], old = dup(STDERR_FILENO);

    (void)state;
    assert_return_code(pipe(pipe_ends), 0);             /* blocking, as a service's is */
    dup2(pipe_ends[1], STDERR_FILENO);
    close(pipe_ends[1]);
    for (int i = 0; i < 3000; i++)
        log_event(LOG_INFO, "test", "a=%s b=%d", "a line of ordinary length: some of them fill the pipe", i);
    assert_true(log_dropped() > before);
    before = log_dropped();
    close(pipe_ends[0]);
    signal(SIGPIPE, SIG_IGN);
    log_event(LOG_INFO, "test", "a=%d", 1);
    close(STDERR_FILENO);
    log_event(LOG_INFO, "test", "a=%d", 1);
    dup2(old, STDERR_FILENO);
    close(old);
    assert_int_equal(log_dropped(), before + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_values),        cmocka_unit_test(json_values),
        cmocka_unit_test(values_cannot_forge),  cmocka_unit_test(long_lines_are_cut_and_say_so),
        cmocka_unit_test(levels_are_filtered),  cmocka_unit_test(lines_nobody_takes_are_dropped),
        cmocka_unit_test(secrets_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
