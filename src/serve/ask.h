/*
 * What a request asks of the database.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_ASK_H
#define KEELSON_SERVE_ASK_H

struct request;

/* The statements of r->call.plan; ends in serve_render() or serve_refuse(). */
void ask_submit(struct request *r);

#endif
