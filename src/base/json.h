/*
 * JSON, strict and exact: RFC 8259, UTF-8 checked, no BOM, one value and nothing after it,
 * depth at most 64, duplicate keys refused, numbers never converted.
 *
 * The reader makes a tree in an arena over the caller's bytes; nothing is copied.  `raw` of any node is
 * its exact spelling.  Strings are decoded on demand.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_JSON_H
#define KEELSON_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define JSON_DEPTH  64
#define JSON_DIGITS 1000      /* a number that needs more digits written out is refused where it must be stored */
#define JSON_VALUES 1000000   /* values in one text: bounds the tree at 64 bytes each */

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

enum {                        /* flags; on a container they hold for anything below it, keys included */
    JSON_ESCAPED  = 1,        /* (strings) has a backslash, so the decoded text differs from the raw one */
    JSON_UNSTORABLE = 2,      /* has U+0000 or a lone surrogate, as an escape: fits neither jsonb nor text */
    JSON_HUGE     = 4,        /* has a number over JSON_DIGITS digits written out, or whose exponent is out of bounds */
    JSON_KEY_ESCAPED    = 8,  /* on a member: the same about its own key; containers above it have the flag of the key */
    JSON_KEY_UNSTORABLE = 16, /* without KEY_, as said above */
};

struct json {
    enum json_type type;
    unsigned       flags;
    struct span    raw;       /* exact spelling; of a string with its quotes */
    struct span    key;       /* as member of an object: the decoded key; U+FFFD for what is unstorable */
    struct json   *first;     /* children in order */
    struct json   *next;      /* next sibling */
    size_t         count;     /* number of children */
};

/* E_JSON with "byte N: reason" in the message.  Duplicate keys: fault with pointer, code "duplicate-key".
   `text` must outlive the tree. */
MUST_CHECK bool json_parse(struct arena *a, struct span text, struct json **out, struct err *e);

/* As json_parse(), but only checks: for bytes that are stored as they are.  Makes no fault, the message says it all. */
MUST_CHECK bool json_check(struct span text, struct err *e);

const struct json *json_find(const struct json *object, const char *key);   /* NULL: absent, or not an object */
const struct json *json_at(const struct json *array, size_t i);

/* The text of a string node; without escapes a view of the source, else arena memory.
   Unstorable code points come out as U+FFFD. */
struct span json_text(struct arena *a, const struct json *string);
bool json_bool(const struct json *v, bool *out);
bool json_i64(const struct json *v, int64_t *out);          /* an integral number in range, any spelling: 1e2 is 100 */
const char *json_type_name(enum json_type t);               /* "null" "boolean" "number" "string" "array" "object" */

/* Append "/key" to an RFC 6901 pointer, escaped. */
const char *json_pointer(struct arena *a, const char *base, struct span key);
const char *json_pointer_at(struct arena *a, const char *base, size_t index);

/* The node a pointer names, or NULL: nothing there, or no pointer.  ("" is the root.) */
const struct json *json_resolve(struct arena *a, const struct json *root, struct span pointer);

/* Take the first token off a pointer, unescaped.  False: it is empty, or not a pointer. */
bool json_pointer_next(struct arena *a, struct span *pointer, struct span *token);
bool json_index(struct span token, size_t *out);            /* 0, 1, 10; not 01, not - */

/* Where the first node with one of `flags` is, as pointer; NULL: none.  JSON_UNSTORABLE finds keys too,
   JSON_KEY_UNSTORABLE only keys; the pointer then has U+FFFD in it. */
const char *json_where(struct arena *a, const struct json *root, unsigned flags);

/* Same value: members in any order, text after decoding, numbers by value (1.0 is 1e0).  Where that cannot be told
   cheaply (exponents out of bounds, unstorable keys) only the same spelling is equal. */
bool json_equal(struct arena *a, const struct json *x, const struct json *y);

/* The members of an object in byte order of their decoded keys: object->count pointers. */
const struct json **json_sorted(struct arena *a, const struct json *object);
int json_key_order(struct span a, struct span b);           /* that order, as memcmp() says it */

/* ---- writing: appends to a buf; commas are the writer's business ---- */
struct json_out {
    struct buf *b;
    bool        comma;        /* the next member or element needs one */
};

#define JSON_OUT(buffer) ((struct json_out){ .b = (buffer) })

void json_open(struct json_out *o, char bracket);           /* '{' or '[' */
void json_close(struct json_out *o, char bracket);          /* '}' or ']' */
void json_key(struct json_out *o, const char *key);         /* a key that needs no escaping */
void json_key_span(struct json_out *o, struct span key);    /* any key */
void json_string(struct json_out *o, struct span s);        /* valid UTF-8; control characters, quote and backslash escaped */
void json_cstring(struct json_out *o, const char *s);       /* NULL gives null */
void json_int(struct json_out *o, int64_t v);
void json_boolean(struct json_out *o, bool v);
void json_null(struct json_out *o);
void json_raw(struct json_out *o, struct span s);           /* already JSON */
/* A tree as it is spelled; a node without `raw`, which was made and not read, from its children. */
void json_tree(struct json_out *o, const struct json *v);

#endif
