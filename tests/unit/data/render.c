/*
 * PostgreSQL's binary formats, byte for byte as its send functions write them, and the JSON they must become.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>


static const struct { const char *why; uint32_t type; struct span in; const char *want; } cases[] = {
    { "true",                     OID_BOOL,        SPAN("\1"),                                   "true" },
    { "false",                    OID_BOOL,        SPAN("\0"),                                   "false" },
    { "int2",                     OID_INT2,        SPAN("\x80\0"),                               "-32768" },
    { "int4",                     OID_INT4,        SPAN("\x7f\xff\xff\xff"),                     "2147483647" },
    { "int8",                     OID_INT8,        SPAN("\x80\0\0\0\0\0\0\0"),                   "-9223372036854775808" },
    { "2^53 + 1",                 OID_INT8,        SPAN("\0\x20\0\0\0\0\0\1"),                   "9007199254740993" },
    { "text",                     OID_TEXT,        SPAN("h\xc3\xa9\"\\\n\x01"),                  "\"h\xc3\xa9\\\"\\\\\\n\\u0001\"" },
    { "empty text",               OID_TEXT,        SPAN(""),                                     "\"\"" },
    { "unknown type is text",     999999,          SPAN("x"),                                    "\"x\"" },
    { "uuid",                     OID_UUID,        SPAN("\x01\x9a\x0b\xff\0\0\x70\0\x80\0\0\0\0\0\0\xAB"),
      "\"019a0bff-0000-7000-8000-0000000000ab\"" },
    { "json as it is",            OID_JSON,        SPAN("{\"a\" : 1.10}"),                       "{\"a\" : 1.10}" },
    { "jsonb after its version",  OID_JSONB,       SPAN("\1{\"a\": 1.10}"),                      "{\"a\": 1.10}" },
    { "bytea",                    OID_BYTEA,       SPAN("hi\0"),                                 "\"aGkA\"" },

    { "0",                        OID_NUMERIC,     SPAN("\0\0\0\0\0\0\0\0"),                     "0" },
    { "0.00",                     OID_NUMERIC,     SPAN("\0\0\0\0\0\0\0\2"),                     "0.00" },
    { "1.10 keeps its scale",     OID_NUMERIC,     SPAN("\0\2\0\0\0\0\0\2\0\1\3\xe8"),           "1.10" },
    { "-0.01",                    OID_NUMERIC,     SPAN("\0\1\xff\xff\x40\0\0\2\0\x64"),         "-0.01" },
    { "10000: trailing zero groups are not sent", OID_NUMERIC, SPAN("\0\1\0\1\0\0\0\0\0\1"),     "10000" },
    { "1e-8",                     OID_NUMERIC,     SPAN("\0\1\xff\xfe\0\0\0\x08\0\1"),           "0.00000001" },
    { "123456789.5",              OID_NUMERIC,     SPAN("\0\4\0\2\0\0\0\1\0\1\x09\x29\x1a\x85\x13\x88"), "123456789.5" },
    { "NaN",                      OID_NUMERIC,     SPAN("\0\0\0\0\xc0\0\0\0"),                   "\"NaN\"" },
    { "infinity",                 OID_NUMERIC,     SPAN("\0\0\0\0\xd0\0\0\x20"),                 "\"Infinity\"" },

    { "float8 shortest",          OID_FLOAT8,      SPAN("\x3f\xb9\x99\x99\x99\x99\x99\x9a"),     "0.1" },
    { "float8 large",             OID_FLOAT8,      SPAN("\x7f\xef\xff\xff\xff\xff\xff\xff"),     "1.7976931348623157e+308" },
    { "float4 shortest",          OID_FLOAT4,      SPAN("\x3d\xcc\xcc\xcd"),                     "0.1" },
    { "float8 NaN",               OID_FLOAT8,      SPAN("\x7f\xf8\0\0\0\0\0\0"),                 "\"NaN\"" },
    { "float8 -infinity",         OID_FLOAT8,      SPAN("\xff\xf0\0\0\0\0\0\0"),                 "\"-Infinity\"" },

    { "epoch of PostgreSQL",      OID_TIMESTAMPTZ, SPAN("\0\0\0\0\0\0\0\0"),                     "\"2000-01-01T00:00:00.000000Z\"" },
    { "one microsecond before",   OID_TIMESTAMPTZ, SPAN("\xff\xff\xff\xff\xff\xff\xff\xff"),     "\"1999-12-31T23:59:59.999999Z\"" },
    { "leap day",                 OID_TIMESTAMPTZ, SPAN("\x00\x02\xb5\x88\x37\x2a\x5a\x01"), "\"2024-02-29T18:29:59.123457Z\"" },
    { "infinity",                 OID_TIMESTAMPTZ, SPAN("\x7f\xff\xff\xff\xff\xff\xff\xff"),     "\"infinity\"" },
    { "-infinity",                OID_TIMESTAMPTZ, SPAN("\x80\0\0\0\0\0\0\0"),                   "\"-infinity\"" },
    { "date",                     OID_DATE,        SPAN("\0\0\0\x3b"),                           "\"2000-02-29\"" },
    { "date before",              OID_DATE,        SPAN("\xff\xff\xff\xff"),                     "\"1999-12-31\"" },
    { "date infinity",            OID_DATE,        SPAN("\x7f\xff\xff\xff"),                     "\"infinity\"" },

    { "damaged uuid writes nothing wrong", OID_UUID, SPAN("\1\2"),                               "" },
};

static void values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b = BUF(4096);

        render_value(&b, cases[i].type, cases[i].in);
        if (!span_is(buf_span(&b), cases[i].want))
            fail_msg("%s: %.*s", cases[i].why, (int)b.n, b.p ? b.p : "");
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
