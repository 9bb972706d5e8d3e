/*
 * Whose messages are these?  Watches one connection of the service and tells the conversations in which a request speaks from
 * everything else it carries.  Pure.
 *
 * A conversation begins with a batch of the client in which the marker occurs (the organization, which every request enters)
 * and ends when the server is ready again and no transaction is open: all steps of one transaction are one conversation.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_TAP_H
#define KEELSON_PROVE_TAP_H

#include "prove/wire.h"

struct tap {
    bool ours;                  /* a conversation is open */
    int  syncs;                 /* of it that are not answered yet */
};

/* The batch is whole with this message of the client: nothing is known about whose it is before. */
bool tap_batch_ends(const struct wire_message *m);

/* A whole batch is about to go.  True: it belongs to the request. */
bool tap_batch(struct tap *t, struct span batch, int syncs, struct span marker);

/* A message of the server has come.  True: it belongs to the request; the conversation may be over with it. */
bool tap_answer(struct tap *t, const struct wire_message *m);

/* Told whenever the server likes: not a part of any answer. */
bool tap_uncounted(enum wire_side side, const struct wire_message *m);

#endif
