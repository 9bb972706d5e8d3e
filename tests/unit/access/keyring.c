/*
 * What is believed of a key, for how long, and in which words it is refused.  Results of the database are made by hand.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/keyring.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"

#define T0    (100 * USEC_S)
#define FRESH (800 * USEC_MS)

struct known {                          /* a row of key_find, and the key that belongs to it */
    char        text[KEY_TEXT + 1], id[KEY_ID + 1];
    uint8_t     hash[DIGEST_SHA256];
    struct uuid org, key;
    const char *scopes;
    bool        usable, org_active;
};

static struct known known(void)
{
    struct known k = { .org = { { 1 } }, .key = { { 2 } }, .scopes = "sessions:read candidates:*", .usable = true, .org_active = true };

    key_make(k.text, k.id, k.hash);
    return k;
}

static void set(PGresult *res, int column, const void *bytes, size_t n)
{
    assert_int_equal(PQsetvalue(res, 0, column, (char *)bytes, (int)n), 1);
}

static struct rows row_of(const struct known *k)
{
    PGresAttDesc columns[6] = { { .name = (char *)"org" }, { .name = (char *)"id" }, { .name = (char *)"hash" }, { .name = (char *)"scopes" },
                                { .name = (char *)"usable" }, { .name = (char *)"active" } };
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

    assert_int_equal(PQsetResultAttrs(res, 6, columns), 1);
    set(res, 0, &k->org, sizeof k->org);
    set(res, 1, &k->key, sizeof k->key);
    set(res, 2, k->hash, sizeof k->hash);
    set(res, 3, k->scopes, strlen(k->scopes));
    set(res, 4, &k->usable, 1);
    set(res, 5, &k->org_active, 1);
    return (struct rows){ .result = res, .n = 1 };
}

static void learn(struct keyring *r, const struct known *k, usec now)
{
    struct rows rows = row_of(k);

    keyring_learn(r, span_of(k->id), &rows, now);
    rows_free(&rows);
}

static enum keyring_answer ask(struct keyring *r, const char *text, usec now, struct principal *who, struct err *e)
{
    *e = (struct err){ 0 };
    return keyring_check(r, span_of(text), now, who, e);
}

static void known_key_is_let_in(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known();
    struct principal who;
    struct err e;

    (void)state;
    assert_int_equal(ask(r, k.text, T0, &who, &e), KEYRING_ASK);
    learn(r, &k, T0);
    assert_int_equal(ask(r, k.text, T0 + 1, &who, &e), KEYRING_YES);
    assert_true(uuid_eq(&who.org, &k.org) && uuid_eq(&who.key, &k.key));
    assert_string_equal(who.scopes, k.scopes);
    keyring_close(r);
}

/* Revocation takes effect within a second, so nothing is believed for longer. */
static void belief_ends_within_a_second(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known();
    struct principal who;
    struct err e;

    (void)state;
    learn(r, &k, T0);
    assert_int_equal(ask(r, k.text, T0 + FRESH, &who, &e), KEYRING_YES);
    assert_int_equal(ask(r, k.text, T0 + FRESH + 1, &who, &e), KEYRING_ASK);
    assert_true(FRESH < USEC_S);
    k.usable = false;
    learn(r, &k, T0 + FRESH + 2);
    assert_int_equal(ask(r, k.text, T0 + FRESH + 3, &who, &e), KEYRING_NO);
    keyring_close(r);
}

/* The same id with another secret, checksum and all right: what somebody could send who saw an id in a log. */
static void forge(const struct known *k, char out[KEY_TEXT + 1])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint64_t crc;

    memcpy(out, k->text, KEY_TEXT + 1);
    out[20] = out[20] == 'A' ? 'B' : 'A';
    crc = digest_crc32((struct span){ out, KEY_TEXT - 7 });
    for (int i = KEY_TEXT - 1; i >= KEY_TEXT - 6; i--, crc /= 62)
        out[i] = digits[crc % 62];
}

static void every_refusal_has_the_same_words(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known(), gone = known(), never = known();
    struct rows none = { 0 };
    char forged[KEY_TEXT + 1];
    struct principal who;
    struct err e, first;

    (void)state;
    gone.usable = false;
    learn(r, &k, T0);
    learn(r, &gone, T0);
    keyring_learn(r, span_of(never.id), &none, T0);
    forge(&k, forged);
    assert_int_equal(ask(r, "not a key", T0, &who, &first), KEYRING_NO);
    assert_int_equal(first.kind, E_UNAUTHENTICATED);
    for (const char **text = (const char *[]){ "", forged, gone.text, never.text, NULL }; *text; text++) {
        assert_int_equal(ask(r, *text, T0, &who, &e), KEYRING_NO);
        assert_int_equal(e.kind, E_UNAUTHENTICATED);
        assert_string_equal(e.message, first.message);
    }
    assert_int_equal(ask(r, k.text, T0, &who, &e), KEYRING_YES);      /* the right one still works */
    keyring_close(r);
}

static void unknown_ids_are_remembered_too(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known();
    struct rows none = { 0 };
    struct principal who;
    struct err e;

    (void)state;
    keyring_learn(r, span_of(k.id), &none, T0);
    assert_int_equal(ask(r, k.text, T0 + FRESH, &who, &e), KEYRING_NO);
    assert_int_equal(ask(r, k.text, T0 + FRESH + 1, &who, &e), KEYRING_ASK);
    learn(r, &k, T0 + FRESH + 1);                                     /* made in the meantime */
    assert_int_equal(ask(r, k.text, T0 + FRESH + 2, &who, &e), KEYRING_YES);
    keyring_close(r);
}

/* Only to somebody who holds the key: anybody else learns nothing about the organization. */
static void suspension_is_told_to_the_holder_only(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known();
    char forged[KEY_TEXT + 1];
    struct principal who;
    struct err e;

    (void)state;
    k.org_active = false;
    learn(r, &k, T0);
    forge(&k, forged);
    assert_int_equal(ask(r, k.text, T0, &who, &e), KEYRING_NO);
    assert_int_equal(e.kind, E_FORBIDDEN);
    assert_int_equal(ask(r, forged, T0, &who, &e), KEYRING_NO);
    assert_int_equal(e.kind, E_UNAUTHENTICATED);
    keyring_close(r);
}

/* 511 bytes of scopes end in the middle of "*:read": its first half alone would be everything. */
static void too_many_scopes_never_become_more(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known();
    char scopes[KEYRING_SCOPES + 16];
    struct principal who;
    struct err e;

    (void)state;
    memset(scopes, 'a', sizeof scopes);
    memcpy(scopes + KEYRING_SCOPES - 3, " *:read", sizeof " *:read");
    k.scopes = scopes;
    learn(r, &k, T0);
    assert_int_equal(ask(r, k.text, T0, &who, &e), KEYRING_YES);
    assert_int_equal(strlen(who.scopes), KEYRING_SCOPES - 3);
    assert_null(strchr(who.scopes, '*'));
    keyring_close(r);
}

static void each_key_has_its_own_limit(void **state)
{
    struct keyring *r = keyring_open(5);
    struct known one = known(), other = known();
    struct principal who;
    struct err e;

    (void)state;
    learn(r, &one, T0);
    learn(r, &other, T0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(r, one.text, T0, &who, &e), KEYRING_YES);
    assert_int_equal(ask(r, one.text, T0, &who, &e), KEYRING_NO);
    assert_int_equal(e.kind, E_RATE);
    assert_true(e.retry_after_ms > 0);
    assert_int_equal(ask(r, other.text, T0, &who, &e), KEYRING_YES);
    learn(r, &one, T0 + 1);                                           /* learning again is no way around it */
    assert_int_equal(ask(r, one.text, T0 + 1, &who, &e), KEYRING_NO);
    keyring_close(r);
}

static void use_is_due_once_a_minute(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known();
    struct principal who;
    struct err e;
    int due = 0;

    (void)state;
    for (usec t = 0; t <= 125 * USEC_S; t += USEC_S) {
        learn(r, &k, T0 + t);
        assert_int_equal(ask(r, k.text, T0 + t, &who, &e), KEYRING_YES);
        due += who.use_due;
    }
    assert_int_equal(due, 3);
    keyring_close(r);
}

/* 20,000 made-up ids push each other out; the table does not grow, and what was learned last is there. */
static void hostile_ids_only_evict(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known k = known();
    struct rows none = { 0 };
    struct principal who;
    struct err e;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct known made_up = known();

        keyring_learn(r, span_of(made_up.id), &none, T0 + i);
    }
    learn(r, &k, T0 + 20000);
    assert_int_equal(ask(r, k.text, T0 + 20000, &who, &e), KEYRING_YES);
    keyring_close(r);
}

static void many_keys_are_held_at_once(void **state)
{
    struct keyring *r = keyring_open(0);
    struct known *keys = calloc(1000, sizeof *keys);
    struct principal who;
    struct err e;
    int held = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        keys[i] = known();
        keys[i].key.b[15] = (uint8_t)i;
        learn(r, &keys[i], T0 + i);
    }
    for (int i = 0; i < 1000; i++) {
        enum keyring_answer answer = ask(r, keys[i].text, T0 + 1000, &who, &e);

        assert_int_not_equal(answer, KEYRING_NO);
        if (answer == KEYRING_YES)
            assert_true(uuid_eq(&who.key, &keys[i].key));
        held += answer == KEYRING_YES;
    }
    assert_true(held > 950);            /* a quarter full: few lose their place */
    free(keys);
    keyring_close(r);
}

static void lookups_are_asked_in_one_statement(void **state)
{
    struct arena a = ARENA;
    struct keyring_ask asks[3] = { { SPAN("aaaaaaaa") }, { SPAN("bbbbbbbb") }, { SPAN("cccccccc") } };
    struct task tasks[3] = { { .item = &asks[0] }, { .item = &asks[1] }, { .item = &asks[2] } };
    struct task *const list[3] = { &tasks[0], &tasks[1], &tasks[2] };
    struct stmt s = { 0 };

    (void)state;
    assert_int_equal(keyring_kind.merge(list, 3, &a, &s, 1), 1);
    assert_int_equal(s.n, 2);
    assert_non_null(memmem(s.value[1], (size_t)s.length[1], "bbbbbbbb", 8));
    assert_false(keyring_kind.writes);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_key_is_let_in), cmocka_unit_test(belief_ends_within_a_second), cmocka_unit_test(every_refusal_has_the_same_words),
        cmocka_unit_test(unknown_ids_are_remembered_too), cmocka_unit_test(suspension_is_told_to_the_holder_only),
        cmocka_unit_test(too_many_scopes_never_become_more), cmocka_unit_test(each_key_has_its_own_limit),
        cmocka_unit_test(use_is_due_once_a_minute), cmocka_unit_test(hostile_ids_only_evict), cmocka_unit_test(many_keys_are_held_at_once),
        cmocka_unit_test(lookups_are_asked_in_one_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
