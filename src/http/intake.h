/*
 * From bytes to exchanges, inside http/ only; connection.c calls these when there is something to read.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_HTTP_INTAKE_H
#define KEELSON_HTTP_INTAKE_H

struct connection;

void intake_read(struct connection *c);         /* readable in IDLE, HEAD or BODY */
void intake_ahead(struct connection *c);        /* readable while the handler is at work */
void intake_advance(struct connection *c);      /* in HEAD: a whole head may be there */
void intake_late(struct connection *c);         /* the deadline of a head or body has passed */

#endif
