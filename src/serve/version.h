/*
 * The program's version; meson.build has the same and a test compares them.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_VERSION_H
#define KEELSON_SERVE_VERSION_H

#define KEELSON_VERSION "0.1.0"

#endif
