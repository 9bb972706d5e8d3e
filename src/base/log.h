/*
 * One line per event on stderr: a fixed event name, then key=value.  logfmt by default,
 * JSON lines when asked.  An info line is something an operator would act on or count.
 *
 * Values are quoted and control characters escaped (no forged lines).  log_guard() registers
 * a secret; any line that would contain it has it replaced by "***".  A line that cannot be
 * written is dropped and counted, the program goes on.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_LOG_H
#define KEELSON_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

enum log_level  { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

void log_setup(enum log_level least, enum log_format format);

/*
 * log_event(LOG_INFO, "listening", "addr=%s port=%d", addr, port)
 * The format is a list of key=conversion separated by single blanks; each conversion is one value
 * (%s %.*s %c %m, %d %i %u %x with any of l ll z, %f with a precision), quoted where needed; NULL: no values.
 * NULL for %s is an empty value, null in JSON.  A line is at most 4096 bytes, so that it is written whole or not at
 * all; what is longer is cut and says truncated=true.
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF(3, 4);

/* Never print this text again, nor its percent-encoded form.  Shorter than 4 bytes is ignored.  Of more than 16 the newest are kept. */
void log_guard(struct span secret);

/* Append `text` with everything guarded replaced by "***": for texts that leave by another way than the log. */
bool log_redact(struct buf *out, struct span text);

uint64_t log_dropped(void);

#endif
