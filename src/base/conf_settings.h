/*
 * The table of settings: what each is called, what it may be, what it is when nobody says.  conf.c walks it over its sources.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_CONF_SETTINGS_H
#define KEELSON_BASE_CONF_SETTINGS_H

#include "base/conf_value.h"

#define CONF_SETTINGS_MOST 128

struct setting {
    const char        *name;
    enum conf_type     type;
    size_t             at;              /* in struct conf */
    const char        *least, *most;    /* bounds, as text of the type; NULL: none */
    const char        *def;             /* NULL: not set */
    const char        *doc;
    const char *const *choices;
    const char        *env;             /* NULL: KEELSON_ and the name */
};

extern const struct setting conf_settings[];
extern const size_t         conf_nsettings;

#endif
