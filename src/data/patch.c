/*
 * JSON merge patch (RFC 7396), and what both kinds of patch need: nodes, limits, writing.
 *
 * Only objects the patch names are made anew, with a copy of each member; all below them is shared with the
 * inputs.  Members are looked up in a sorted index, so a large patch on a large object stays n log n.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/patch.h"

#include "data/patch_tree.h"

/* ---- for both kinds ---- */

struct json *patch_node(struct arena *a, const struct json *v, struct span key)
{
    struct json *copy = arena_new(a, struct json);

    *copy = *v;
    copy->flags &= ~(unsigned)(JSON_KEY_ESCAPED | JSON_KEY_UNSTORABLE);
    copy->key = key;
    copy->next = NULL;
    return copy;
}

bool patch_keys(struct arena *a, const struct json *document, const char *pointer, struct err *e)
{
    const char *key = document->flags & JSON_UNSTORABLE ? json_where(a, document, JSON_KEY_UNSTORABLE) : NULL;

    if (!key)
        return true;
    return fault_add(e, a, pointer ? pointer : key, "unstorable-key",
                     pointer ? "meets a key that has U+0000 or a lone surrogate"
                             : "has U+0000 or a lone surrogate as key");
}

/* Count the values of a tree; what was changed gets its count and flags from its children. */
static size_t settle(struct json *v)
{
    size_t values = 1;

    if (!v->raw.p) {
        v->count = 0;
        v->flags = 0;
    }
    for (struct json *c = v->first; c; c = c->next) {
        values += settle(c);
        if (!v->raw.p) {
            v->count++;
            v->flags |= c->flags;
        }
    }
    return values;
}

bool patch_finish(struct arena *a, struct json *root, struct err *e)
{
    if (settle(root) <= JSON_VALUES)
        return true;
    return fault_add(e, a, "", "too-large", "makes a document of more than %d values", JSON_VALUES);
}

void patch_write(struct buf *b, const struct json *v)
{
    struct json_out o = JSON_OUT(b);

    json_tree(&o, v);
}

/* ---- merge ---- */

struct index {
    const struct json **at;                /* members, sorted by key */
    size_t              n;
};

static struct index index_of(struct arena *a, const struct json *object)
{
    return object ? (struct index){ json_sorted(a, object), object->count } : (struct index){ 0 };
}

static const struct json *index_find(struct index ix, struct span key)
{
    size_t low = 0, high = ix.n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = json_key_order(ix.at[middle]->key, key);

        if (order == 0)
            return ix.at[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static struct json *merge(struct arena *a, const struct json *target, const struct json *patch);

/* Members of the target in their order, then what the patch adds in its order. */
static void merge_members(struct arena *a, const struct json *target, const struct json *patch, struct json *result)
{
    struct index old = index_of(a, target), changes = index_of(a, patch);
    struct json **tail = &result->first;

    for (const struct json *m = target ? target->first : NULL; m; m = m->next) {
        const struct json *change = index_find(changes, m->key);

        if (change && change->type == JSON_NULL)
            continue;
        *tail = change ? merge(a, m, change) : patch_node(a, m, m->key);
        tail = &(*tail)->next;
    }
    for (const struct json *m = patch->first; m; m = m->next) {
        if (m->type == JSON_NULL || index_find(old, m->key))
            continue;
        *tail = merge(a, NULL, m);
        tail = &(*tail)->next;
    }
}

static struct json *merge(struct arena *a, const struct json *target, const struct json *patch)
{
    struct json *result;

    if (patch->type != JSON_OBJECT)
        return patch_node(a, patch, patch->key);
    if (target && target->type != JSON_OBJECT)
        target = NULL;
    if (target && patch->count == 0)
        return patch_node(a, target, target->key);
    result = arena_new(a, struct json);
    result->type = JSON_OBJECT;
    result->key = patch->key;
    merge_members(a, target, patch, result);
    return result;
}

bool patch_merge(struct arena *a, const struct json *target, const struct json *patch, struct json **out, struct err *e)
{
    if (!patch_keys(a, patch, NULL, e) || (target && !patch_keys(a, target, "", e)))
        return false;
    *out = merge(a, target, patch);
    (*out)->key = SPAN_NONE;
    return patch_finish(a, *out, e);
}
