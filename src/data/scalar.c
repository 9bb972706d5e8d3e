/*
 * Checks that must agree with what PostgreSQL will accept: a value that passes here is cast there, so these are at least as
 * strict as its input functions, and only known spellings pass.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/scalar.h"

#include <string.h>

#include "base/json.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `width` digits at *s, as a number from low to high. */
static bool take(struct span *s, size_t width, int low, int high, int *out)
{
    int v = 0;

    if (s->n < width)
        return false;
    for (size_t i = 0; i < width; i++) {
        if (!digit(s->p[i]))
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    *s = span_drop(*s, width);
    *out = v;
    return v >= low && v <= high;
}

static bool take_char(struct span *s, const char *any)
{
    if (s->n == 0 || !strchr(any, s->p[0]) || s->p[0] == '\0')
        return false;
    *s = span_drop(*s, 1);
    return true;
}

static bool leap(int y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

/* Days since 1970-01-01, by Howard Hinnant's days_from_civil(). */
static int64_t days(int y, int m, int d)
{
    int64_t year = m <= 2 ? y - 1 : y, era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400, of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool take_date(struct span *s, int64_t *out)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int y, m, d;

    if (!take(s, 4, 1, 9999, &y) || !take_char(s, "-") || !take(s, 2, 1, 12, &m) || !take_char(s, "-") || !take(s, 2, 1, 31, &d))
        return false;
    *out = days(y, m, d);
    return d <= lengths[m - 1] + (m == 2 && leap(y));
}

static bool take_fraction(struct span *s, int64_t *micros)
{
    int64_t unit = 100000;
    size_t n = 0;

    *micros = 0;
    if (!take_char(s, "."))
        return true;
    for (; n < s->n && digit(s->p[n]); n++, unit /= 10)
        *micros += unit * (s->p[n] - '0');
    *s = span_drop(*s, n);
    return n > 0 && n <= 12;
}

static bool take_offset(struct span *s, int64_t *seconds)
{
    int h, m, sign;

    *seconds = 0;
    if (take_char(s, "Zz"))
        return true;
    sign = s->n > 0 && s->p[0] == '-' ? -1 : 1;
    if (!take_char(s, "+-") || !take(s, 2, 0, 15, &h) || !take_char(s, ":") || !take(s, 2, 0, 59, &m))
        return false;
    *seconds = sign * (h * 3600 + m * 60);
    return true;
}

bool scalar_timestamp(struct span s, int64_t *out)
{
    int64_t day, micros, offset;
    int h, m, sec;

    if (!take_date(&s, &day) || !take_char(&s, "Tt ") || !take(&s, 2, 0, 23, &h) || !take_char(&s, ":") || !take(&s, 2, 0, 59, &m) ||
        !take_char(&s, ":") || !take(&s, 2, 0, 59, &sec) || !take_fraction(&s, &micros) || !take_offset(&s, &offset) || s.n > 0)
        return false;
    *out = ((day * 86400 + h * 3600 + m * 60 + sec) - offset) * 1000000 + micros;
    return true;
}

bool scalar_date(struct span s)
{
    int64_t day;

    return take_date(&s, &day) && s.n == 0;
}

static size_t digits(struct span s, size_t from)
{
    size_t i = from;

    while (i < s.n && digit(s.p[i]))
        i++;
    return i - from;
}

bool scalar_number(struct span s)
{
    size_t i = s.n > 0 && s.p[0] == '-', n = digits(s, i);

    if (n == 0 || (n > 1 && s.p[i] == '0'))
        return false;
    i += n;
    if (i < s.n && s.p[i] == '.') {
        n = digits(s, i + 1);
        i += n + 1;
        if (n == 0)
            return false;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
        n = digits(s, i);
        i += n;
        if (n == 0 || n > 4)
            return false;
    }
    return i == s.n && s.n <= JSON_DIGITS;
}

void scalar_digits(struct span number, int64_t *before, int64_t *behind)
{
    size_t i = number.n > 0 && number.p[0] == '-', end = i, point;
    int64_t exponent = 0, first = -1, last = -1, at = 0;

    while (end < number.n && number.p[end] != 'e' && number.p[end] != 'E')
        end++;
    if (end < number.n) {
        struct span e = span_drop(number, end + 1);

        if (e.n > 0 && e.p[0] == '+')
            e = span_drop(e, 1);
        (void)span_i64(e, &exponent);
    }
    point = i + digits(number, i);
    for (; i < end; i++) {
        if (number.p[i] == '.')
            continue;
        if (number.p[i] != '0') {
            first = first < 0 ? at : first;
            last = at;
        }
        at++;
    }
    exponent += (int64_t)(point - (number.n > 0 && number.p[0] == '-'));
    *before = first < 0 || exponent - first < 0 ? 0 : exponent - first;
    *behind = last < 0 || last + 1 - exponent < 0 ? 0 : last + 1 - exponent;
}
