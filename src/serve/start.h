/*
 * From settings to a listening service, and back down again.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_START_H
#define KEELSON_SERVE_START_H

#include "base/attr.h"
#include "base/conf.h"
#include "base/err.h"

/* Serve until SIGTERM or SIGINT has drained it; with `demo`, beside a demonstration.  False: it could not start, and *e says why. */
MUST_CHECK bool start_serve(const struct conf *conf, const char *version, bool demo, struct err *e);

/* Would such a service act for the one local organization, without keys? */
bool start_local(const struct conf *conf);

#endif
