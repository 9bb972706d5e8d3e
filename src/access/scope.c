/*
 * A handful of words, compared.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/scope.h"

#include "base/attr.h"

static const char *const actions[] = { "*", "read", "write", "delete", "purge", "admin" };

static bool half_matches(struct span have, const char *want)
{
    return span_is(have, "*") || span_is(have, want);
}

bool scope_allows(struct span scopes, const char *resource, const char *action)
{
    while (scopes.n > 0) {
        struct span one = span_cut(&scopes, ' ');
        bool all = span_is(one, "*");
        struct span of = span_cut(&one, ':');

        if (all || (half_matches(of, resource) && half_matches(one, action)))
            return true;
    }
    return false;
}

static bool name_valid(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (i > 0 && (s.p[i] == '_' || (s.p[i] >= '0' && s.p[i] <= '9')))))
            return false;
    return s.n > 0;
}

bool scope_valid(struct span scope)
{
    struct span action = scope;
    struct span of = span_cut(&action, ':');

    if (span_is(scope, "*"))
        return true;
    if (!span_is(of, "*") && !name_valid(of))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (span_is(action, actions[i]))
            return true;
    return false;
}
