/*
 * Compiler attributes and the two macros every file wants.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_ATTR_H
#define KEELSON_BASE_ATTR_H

#include <stddef.h>

#define MUST_CHECK      __attribute__((warn_unused_result))
#define PRINTF(f, a)    __attribute__((format(printf, f, a)))
#define NORETURN        __attribute__((noreturn))
#define ARRAY_LEN(a)    (sizeof(a) / sizeof((a)[0]))

/* The struct that contains this member: for nodes of intrusive lists and callbacks. */
#define CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif
