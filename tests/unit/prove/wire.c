/*
 * Where the protocol's messages end, whose they are in a conversation, and how a case is written.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"

#define B(literal) { literal, sizeof(literal) - 1 }
#define STARTUP "\0\0\0\x1b\0\3\0\0user\0me\0options\0x\0\0"

static const struct {
    const char      *why;
    enum wire_side   side;
    bool             started;
    struct span      in;
    enum wire_result want;
    enum wire_kind   kind;
    char             type;
    size_t           n;
} cases[] = {
    { "nothing",                              WIRE_SERVER, 0, B(""),                              WIRE_MORE,    0,               0,   0 },
    { "a letter and half a length",           WIRE_SERVER, 0, B("Z\0\0"),                         WIRE_MORE,    0,               0,   0 },
    { "ready",                                WIRE_SERVER, 0, B("Z\0\0\0\5I"),                    WIRE_MESSAGE, WIRE_TYPED,      'Z', 6 },
    { "one byte short",                       WIRE_SERVER, 0, B("Z\0\0\0\5"),                     WIRE_MORE,    0,               0,   0 },
    { "only the first of two",                WIRE_SERVER, 0, B("1\0\0\0\4" "2\0\0\0\4"),         WIRE_MESSAGE, WIRE_TYPED,      '1', 5 },
    { "a length that does not count itself",  WIRE_SERVER, 0, B("Z\0\0\0\3I"),                    WIRE_BROKEN,  0,               0,   0 },
    { "longer than anything said here",       WIRE_SERVER, 0, B("D\x40\0\0\0"),                   WIRE_BROKEN,  0,               0,   0 },
    { "a length with the highest bit",        WIRE_SERVER, 0, B("D\xff\xff\xff\xff"),             WIRE_BROKEN,  0,               0,   0 },
    { "Sync",                                 WIRE_CLIENT, 1, B("S\0\0\0\4"),                     WIRE_MESSAGE, WIRE_TYPED,      'S', 5 },
    { "a start",                              WIRE_CLIENT, 0, B(STARTUP),                         WIRE_MESSAGE, WIRE_STARTUP,    0,   27 },
    { "half a start",                         WIRE_CLIENT, 0, B("\0\0\0\x1b\0\3\0\0user"),        WIRE_MORE,    0,               0,   0 },
    { "SSLRequest",                           WIRE_CLIENT, 0, B("\0\0\0\x8\4\xd2\x16\x2f"),       WIRE_MESSAGE, WIRE_ENCRYPTION, 0,   8 },
    { "GSSENCRequest",                        WIRE_CLIENT, 0, B("\0\0\0\x8\4\xd2\x16\x30"),       WIRE_MESSAGE, WIRE_ENCRYPTION, 0,   8 },
    { "CancelRequest",                        WIRE_CLIENT, 0, B("\0\0\0\x10\4\xd2\x16\x2e" "pid_key_"), WIRE_MESSAGE, WIRE_CANCEL, 0, 16 },
    { "a start without a version",            WIRE_CLIENT, 0, B("\0\0\0\7abc"),                   WIRE_BROKEN,  0,               0,   0 },
    { "a start longer than the server takes", WIRE_CLIENT, 0, B("\0\0\x27\x11\0\3\0\0"),          WIRE_BROKEN,  0,               0,   0 },
};

static void test_framing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct wire w = { .side = cases[i].side, .started = cases[i].started };
        struct wire_message m = { 0 };

        if (wire_next(&w, cases[i].in, &m) != cases[i].want || m.kind != cases[i].kind || m.type != cases[i].type || m.bytes.n != cases[i].n)
            fail_msg("%s: kind %d type %d, %zu bytes", cases[i].why, (int)m.kind, m.type, m.bytes.n);
    }
}

/* After SSLRequest the client begins again; after its start every message has a letter. */
static void test_a_client_begins(void **state)
{
    static const struct span in = B("\0\0\0\x8\4\xd2\x16\x2f" STARTUP "X\0\0\0\4");
    static const enum wire_kind want[] = { WIRE_ENCRYPTION, WIRE_STARTUP, WIRE_TYPED };
    struct wire w = { .side = WIRE_CLIENT };
    struct span rest = in;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        struct wire_message m;

        assert_int_equal(wire_next(&w, rest, &m), WIRE_MESSAGE);
        assert_int_equal(m.kind, want[i]);
        rest = span_drop(rest, m.bytes.n);
    }
    assert_int_equal(rest.n, 0);
}

static void test_what_a_relay_must_know(void **state)
{
    static const struct span start = B(STARTUP), torn = B("\0\0\0\x0c\0\3\0\0user"), key = B("K\0\0\0\xc\0\0\x10\x01" "key_");
    struct wire w = { .side = WIRE_CLIENT }, again = w, server = { .side = WIRE_SERVER };
    struct wire_message m;

    (void)state;
    assert_int_equal(wire_next(&w, start, &m), WIRE_MESSAGE);
    assert_true(span_is(wire_startup_value(&m, "user"), "me"));
    assert_true(span_is(wire_startup_value(&m, "options"), "x"));
    assert_null(wire_startup_value(&m, "me").p);                /* a value is no name */
    assert_int_equal(wire_next(&again, torn, &m), WIRE_MESSAGE);
    assert_null(wire_startup_value(&m, "user").p);
    assert_int_equal(wire_next(&server, key, &m), WIRE_MESSAGE);
    assert_int_equal(wire_backend_pid(&m), 0x1001);
    m.type = 'S';
    assert_int_equal(wire_backend_pid(&m), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_a_client_begins),
        cmocka_unit_test(test_what_a_relay_must_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
