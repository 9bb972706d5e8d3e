/*
 * Values of settings: two tables of units, one parser and one writer for both.
 *
 * Bounds are not checked here; they belong to the setting.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/conf_value.h"

#include <inttypes.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"

struct unit {
    const char *name;
    int64_t     factor;
    bool        written;    /* conf_value_text() uses it */
};

/* Largest first. */
static const struct unit time_units[] = {
    { "d",  86400 * USEC_S, true }, { "h",  3600 * USEC_S, true }, { "m",  60 * USEC_S, true },
    { "s",  USEC_S,         true }, { "ms", USEC_MS,       true }, { "us", 1,           true },
    { NULL, 0, false },
};

static const struct unit byte_units[] = {
    { "GiB", (int64_t)1 << 30, true  }, { "GB", 1000000000, false }, { "MiB", (int64_t)1 << 20, true },
    { "MB",  1000000,          false }, { "KiB", 1 << 10,   true  }, { "KB",  1000,             false },
    { "B",   1,                false }, { "",    1,         true  }, { NULL,  0,                false },
};

static const struct { const char *word; bool value; } bools[] = {
    { "true", true },   { "yes", true }, { "on", true },   { "1", true },
    { "false", false }, { "no", false }, { "off", false }, { "0", false },
};

static const char *parse_units(struct span text, const struct unit *units, const char *unit_missing, int64_t *out)
{
    struct span digits = text, unit;
    int64_t number;

    while (digits.n > 0 && (digits.p[digits.n - 1] < '0' || digits.p[digits.n - 1] > '9'))
        digits.n--;
    unit = span_trim(span_drop(text, digits.n));
    if (!span_i64(digits, &number) || number < 0)
        return "is not a whole number with a unit";
    if (unit.n == 0 && number == 0) {
        *out = 0;
        return NULL;
    }
    for (; units->name; units++)
        if (span_ieq(unit, span_of(units->name)))
            return __builtin_mul_overflow(number, units->factor, out) ? "is too large" : NULL;
    return unit.n == 0 ? unit_missing : "has a unit that is not known";
}

static const char *parse_bool(struct span text, int64_t *out)
{
    for (size_t i = 0; i < ARRAY_LEN(bools); i++)
        if (span_ieq(text, span_of(bools[i].word))) {
            *out = bools[i].value;
            return NULL;
        }
    return "is neither true nor false";
}

static const char *parse_choice(struct span text, const char *const *choices, int64_t *out)
{
    for (int64_t i = 0; choices[i]; i++)
        if (span_is(text, choices[i])) {
            *out = i;
            return NULL;
        }
    return "is none of the choices";
}

/* HOST:PORT; a host with colons is an IPv6 address and needs brackets.  Names are resolved later. */
static const char *check_address(struct span text)
{
    const char *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
    struct span host, port;
    uint64_t number;

    if (!colon)
        return "has no port: write ADDRESS:PORT, as in 127.0.0.1:8080";
    host = (struct span){ text.p, (size_t)(colon - text.p) };
    port = span_drop(text, host.n + 1);
    if (!span_u64(port, &number) || number > 65535)
        return "has a port that is not a number from 0 to 65535";
    if (host.n == 0)
        return "has no address: write 0.0.0.0 for all of IPv4, [::] for all";
    if (host.p[0] == '[' ? host.p[host.n - 1] != ']' || host.n < 4 : memchr(host.p, ':', host.n) != NULL)
        return "has an IPv6 address without its brackets: write [ADDRESS]:PORT";
    return NULL;
}

static const char *check_text(enum conf_type type, struct span text)
{
    if (text.n == 0)
        return "is empty";
    if (memchr(text.p, '\0', text.n) || memchr(text.p, '\n', text.n) || !span_utf8(text))
        return "is not one line of UTF-8 text";
    return type == CONF_ADDRESS ? check_address(text) : NULL;
}

const char *conf_value_parse(enum conf_type type, struct span text, const char *const *choices, int64_t *out)
{
    switch (type) {
    case CONF_TEXT:
    case CONF_SECRET:
    case CONF_ADDRESS:
        return check_text(type, text);
    case CONF_COUNT:
        return span_i64(text, out) ? NULL : "is not a whole number";
    case CONF_BYTES:
        return parse_units(text, byte_units, "", out);
    case CONF_TIME:
        return parse_units(text, time_units, "has no unit: write it as 500ms, 30s, 5m, 1h or 30d", out);
    case CONF_BOOL:
        return parse_bool(text, out);
    case CONF_CHOICE:
        return parse_choice(text, choices, out);
    }
    return "has no known type";
}

static const char *with_unit(struct arena *a, int64_t value, const struct unit *units)
{
    if (value == 0)
        return "0";
    while (!units->written || value % units->factor != 0)       /* the last one has factor 1 */
        units++;
    return arena_printf(a, "%" PRId64 "%s", value / units->factor, units->name);
}

const char *conf_value_text(struct arena *a, enum conf_type type, int64_t value, const char *const *choices)
{
    switch (type) {
    case CONF_BYTES:
        return with_unit(a, value, byte_units);
    case CONF_TIME:
        return with_unit(a, value, time_units);
    case CONF_BOOL:
        return value ? "true" : "false";
    case CONF_CHOICE:
        return choices[value];
    default:
        return arena_printf(a, "%" PRId64, value);
    }
}
