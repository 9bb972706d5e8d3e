/*
 * PUT and GET /v1/resumes/{id}/file: the bytes of a resume, with type, length and digest.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_FILE_H
#define KEELSON_DATA_FILE_H

#include "data/call.h"

/* The body is the file, Content-Type its type, the parameter `name` its name.  Answers with the resume. */
call_plan   file_put_plan;
call_render file_put_render;
/* One range of bytes is honoured; several, or a range that is not understood, give the whole. */
call_plan   file_get_plan;
call_render file_get_render;

#endif
