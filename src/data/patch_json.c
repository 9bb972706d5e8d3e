/*
 * JSON patch (RFC 6902).
 *
 * The document is copied as it is changed: a container is made ours (its children copied, its `raw` dropped) the
 * first time something in it changes, and only then.  So what nobody touched is shared, and a patch that fails has
 * changed nothing.  Bytes and depth are counted where values are put in, so that no sequence of copies explodes.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/patch.h"

#include "data/patch_tree.h"

struct work {
    struct arena *a;
    struct json  *root;
    size_t        size;                    /* of the document written out, about */
    size_t        made;                    /* nodes, so that copies of copies end */
    struct err   *e;
};

struct step {
    const char        *at;                 /* "/3": where the operation is in the patch */
    struct span        path, from;
    const struct json *value;
};

/* A place in the document, everything above it ours. */
struct place {
    struct json  *parent;                  /* NULL for the root */
    struct json **link;                    /* what points at the node; *link is NULL where nothing is yet */
    struct span   key;                     /* when the parent is an object */
    int           depth;                   /* containers around it */
};

struct operation {
    const char *name;
    bool        value, from;               /* takes */
    bool        (*apply)(struct work *w, const struct step *s);
};

static bool refuse(struct work *w, const struct step *s, const char *member, const char *code, const char *what)
{
    return fault_add(w->e, w->a, arena_printf(w->a, "%s%s", s->at, member), code, "%s", what);
}

/* ---- copying and measuring ---- */

/* A copy that shares only what has a spelling, which nobody changes in place. */
static struct json *clone(struct work *w, const struct json *v, struct span key)
{
    struct json *copy = patch_node(w->a, v, key);
    struct json **tail = &copy->first;

    if (v->raw.p)
        return copy;
    for (const struct json *c = v->first; c; c = c->next) {
        *tail = clone(w, c, c->key);
        tail = &(*tail)->next;
    }
    w->made += v->count;
    return copy;
}

static void make_ours(struct work *w, struct json *v)
{
    struct json **tail = &v->first;

    if (!v->raw.p)
        return;
    v->raw = SPAN_NONE;
    for (const struct json *c = v->first; c; c = c->next) {
        *tail = patch_node(w->a, c, c->key);
        tail = &(*tail)->next;
    }
    w->made += v->count;
}

/* Bytes when written without blanks, but for escapes in keys. */
static size_t size_of(const struct json *v)
{
    size_t n = 2 + (v->count > 0 ? v->count - 1 : 0);

    if (v->raw.p)
        return v->raw.n;
    for (const struct json *c = v->first; c; c = c->next)
        n += size_of(c) + (v->type == JSON_OBJECT ? c->key.n + 3 : 0);
    return n;
}

/* What v adds to a container that has `others`. */
static size_t size_in(const struct json *parent, const struct json *v, size_t others)
{
    if (!parent)
        return size_of(v);
    return size_of(v) + (parent->type == JSON_OBJECT ? v->key.n + 3 : 0) + (others > 0);
}

/* Levels of containers, 0 for a scalar. */
static int height(const struct json *v)
{
    int most = 0;

    for (const struct json *c = v->first; c; c = c->next) {
        int h = height(c);

        if (h > most)
            most = h;
    }
    return most + patch_container(v);
}

/* ---- places ---- */

/* One step down from p: into the node that is there. */
static bool descend(struct work *w, struct place *p, struct span token)
{
    struct json *in = *p->link;
    size_t i = 0;

    if (!in || !patch_container(in) || (in->type == JSON_ARRAY && !span_is(token, "-") && !json_index(token, &i)))
        return false;
    make_ours(w, in);
    if (span_is(token, "-"))
        i = in->count;
    *p = (struct place){ .parent = in, .link = &in->first, .depth = p->depth + 1 };
    if (in->type == JSON_ARRAY) {
        for (; *p->link && i > 0; i--)
            p->link = &(*p->link)->next;
        return i == 0;
    }
    while (*p->link && !span_eq((*p->link)->key, token))
        p->link = &(*p->link)->next;
    p->key = *p->link ? (*p->link)->key : token;
    return true;
}

static bool locate(struct work *w, struct span pointer, struct place *p)
{
    *p = (struct place){ .link = &w->root };
    while (pointer.n > 0) {
        struct span token;

        if (!json_pointer_next(w->a, &pointer, &token) || !descend(w, p, token))
            return false;
    }
    return true;
}

/* The place of something that must be there. */
static bool find(struct work *w, const struct step *s, struct span pointer, const char *member, struct place *p)
{
    return (locate(w, pointer, p) && *p->link) || refuse(w, s, member, "not-found", "names nothing in the document");
}

static struct json *take(struct work *w, struct place *p)
{
    struct json *v = *p->link;

    w->size -= size_in(p->parent, v, p->parent ? p->parent->count - 1 : 0);
    *p->link = v->next;
    v->next = NULL;
    if (p->parent)
        p->parent->count--;
    return v;
}

/* Put a node that is ours at the place: instead of what is there, or before it. */
static bool put(struct work *w, const struct step *s, struct place *p, struct json *v, bool instead)
{
    if (instead && *p->link)
        take(w, p);
    v->key = p->key;
    v->next = *p->link;
    *p->link = v;
    w->size += size_in(p->parent, v, p->parent ? p->parent->count : 0);
    if (p->parent)
        p->parent->count++;
    if (p->depth + height(v) > JSON_DEPTH)
        return refuse(w, s, "", "too-deep", "makes the document nested too deep");
    if (w->size > PATCH_RESULT_MAX || w->made > JSON_VALUES)
        return refuse(w, s, "", "too-large", "makes the document too large");
    return true;
}

/* Where `path` of an add, a move or a copy leads, and put v there. */
static bool add(struct work *w, const struct step *s, struct json *v)
{
    struct place p;

    if (!locate(w, s->path, &p))
        return refuse(w, s, "/path", "not-found", "names no place in the document");
    return put(w, s, &p, v, !p.parent || p.parent->type == JSON_OBJECT);
}

/* ---- operations ---- */

static bool apply_add(struct work *w, const struct step *s)
{
    return add(w, s, clone(w, s->value, SPAN_NONE));
}

static bool apply_remove(struct work *w, const struct step *s)
{
    struct place p;

    if (!find(w, s, s->path, "/path", &p))
        return false;
    if (!p.parent)
        return refuse(w, s, "/path", "not-found", "is the whole document, which cannot be removed");
    take(w, &p);
    return true;
}

static bool apply_replace(struct work *w, const struct step *s)
{
    struct place p;

    if (!find(w, s, s->path, "/path", &p))
        return false;
    return put(w, s, &p, clone(w, s->value, SPAN_NONE), true);
}

static bool apply_move(struct work *w, const struct step *s)
{
    struct place p;

    if (!find(w, s, s->from, "/from", &p))
        return false;
    if (span_eq(s->from, s->path))
        return true;
    if (span_starts(s->path, s->from) && s->path.p[s->from.n] == '/')
        return refuse(w, s, "/path", "inside-itself", "is inside of what is moved");
    return add(w, s, take(w, &p));
}

static bool apply_copy(struct work *w, const struct step *s)
{
    const struct json *v = json_resolve(w->a, w->root, s->from);

    if (!v)
        return refuse(w, s, "/from", "not-found", "names nothing in the document");
    return add(w, s, clone(w, v, SPAN_NONE));
}

static bool apply_test(struct work *w, const struct step *s)
{
    const struct json *v = json_resolve(w->a, w->root, s->path);

    if (v && json_equal(w->a, v, s->value))
        return true;
    fail(w->e, E_CONFLICT, "the test at %s does not hold", s->at);
    return refuse(w, s, "", "test", v ? "finds another value" : "finds nothing");
}

static const struct operation operations[] = {
    { "add",     .value = true, .apply = apply_add     },
    { "copy",    .from = true,  .apply = apply_copy    },
    { "move",    .from = true,  .apply = apply_move    },
    { "remove",                 .apply = apply_remove  },
    { "replace", .value = true, .apply = apply_replace },
    { "test",    .value = true, .apply = apply_test    },
};

/* ---- form ---- */

static const struct operation *operation_find(struct span name)
{
    for (size_t i = 0; i < ARRAY_LEN(operations); i++)
        if (span_is(name, operations[i].name))
            return &operations[i];
    return NULL;
}

static bool is_pointer(struct arena *a, struct span s)
{
    struct span token;

    while (s.n > 0)
        if (!json_pointer_next(a, &s, &token))
            return false;
    return true;
}

/* A member that must be a string. */
static bool text_member(struct work *w, const struct step *s, const struct json *op, const char *name, struct span *out)
{
    const struct json *v = json_find(op, name);
    const char *member = arena_printf(w->a, "/%s", name);

    if (!v)
        return refuse(w, s, member, "required", "is missing");
    if (v->type != JSON_STRING)
        return refuse(w, s, member, "type", "must be a string");
    *out = json_text(w->a, v);
    return true;
}

static bool pointer_member(struct work *w, const struct step *s, const struct json *op, const char *name,
                           struct span *out)
{
    if (!text_member(w, s, op, name, out))
        return false;
    if (json_find(op, name)->flags & JSON_UNSTORABLE || !is_pointer(w->a, *out))
        return refuse(w, s, arena_printf(w->a, "/%s", name), "format.json-pointer", "is not a JSON pointer (RFC 6901)");
    return true;
}

/* Read one operation; all that is wrong with it is reported. */
static bool read_step(struct work *w, const struct json *op, struct step *s, const struct operation **kind)
{
    struct span name;
    bool ok;

    *kind = NULL;
    if (op->type != JSON_OBJECT)
        return refuse(w, s, "", "type", "must be an object");
    ok = text_member(w, s, op, "op", &name);
    if (ok) {
        *kind = operation_find(name);
        ok = *kind || refuse(w, s, "/op", "unknown", "must be add, copy, move, remove, replace or test");
    }
    ok &= pointer_member(w, s, op, "path", &s->path);
    if (*kind && (*kind)->from)
        ok &= pointer_member(w, s, op, "from", &s->from);
    s->value = json_find(op, "value");
    if (*kind && (*kind)->value && !s->value)
        ok = refuse(w, s, "/value", "required", "is missing");
    return ok;
}

static bool read_steps(struct work *w, const struct json *ops, struct step *steps, const struct operation **kinds)
{
    bool ok = true;
    size_t i = 0;

    for (const struct json *op = ops->first; op; op = op->next, i++) {
        steps[i].at = json_pointer_at(w->a, "", i);
        ok &= read_step(w, op, &steps[i], &kinds[i]);
    }
    return ok;
}

static bool check_ops(struct work *w, const struct json *ops)
{
    if (ops->type != JSON_ARRAY)
        return fault_add(w->e, w->a, "", "type", "must be an array of operations");
    if (ops->count > PATCH_OPERATIONS)
        return fault_add(w->e, w->a, "", "too-many", "has more than %d operations", PATCH_OPERATIONS);
    return patch_keys(w->a, ops, NULL, w->e);
}

bool patch_json(struct arena *a, const struct json *target, const struct json *ops, struct json **out, struct err *e)
{
    struct work w = { .a = a, .e = e };
    struct step steps[PATCH_OPERATIONS] = { 0 };
    const struct operation *kinds[PATCH_OPERATIONS];

    if (!check_ops(&w, ops) || !patch_keys(a, target, "", e) || !read_steps(&w, ops, steps, kinds))
        return false;
    w.root = clone(&w, target, SPAN_NONE);
    w.size = size_of(target);
    for (size_t i = 0; i < ops->count; i++)
        if (!kinds[i]->apply(&w, &steps[i]))
            return false;
    if (!patch_finish(a, w.root, e))
        return false;
    *out = w.root;
    return true;
}
