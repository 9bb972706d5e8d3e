/*
 * The service's database URL, made from the owner's: the same server and the same care about TLS, another role.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_SERVICE_URL_H
#define KEELSON_SERVE_SERVICE_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "pg/url.h"

/* A URI that holds the password: for .env, never for display.  What proves the owner's identity (certificates, files of passwords) stays out. */
const char *service_url_make(struct arena *a, const struct pg_target *owner, const char *password);

/* Does `service` lead to the owner's database, as the service? */
bool service_url_matches(struct arena *a, const struct pg_target *owner, const struct pg_target *service);

#endif
