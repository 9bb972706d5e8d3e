/*
 * Whose request it is.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_WHO_H
#define KEELSON_SERVE_WHO_H

struct request;

/* Ends in serve_authenticated() or serve_refuse(), now or when the key has been looked up. */
void who_asks(struct request *r);

#endif
