/*
 * The request spine: route, authenticate, plan, run, render, answer.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_SERVE_H
#define KEELSON_SERVE_SERVE_H

#include "http/server.h"
#include "serve/service.h"

/* As the callbacks of struct http_config; `user` is the struct service. */
bool serve_head(void *user, const struct http_head *h, size_t *body_max, struct err *e);
void serve_request(void *user, struct exchange *x);
void serve_gone(void *user, struct exchange *x);

#endif
