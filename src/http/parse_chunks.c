/*
 * Chunked bodies (RFC 9112, 7.1), byte by byte: any split of the input gives the same bytes and the same verdict.
 *
 * Extensions are skipped and trailers checked and dropped; both are limited, and so is the overhead as a whole, or
 * chunks of one byte with long extensions would cost us hundreds of times what they carry.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#define SIZE_LINE_MAX 256           /* size and extensions */
#define SIZE_DIGITS   15            /* 60 bits: cannot overflow */
#define WASTE_FREE    16            /* framing a chunk may have for nothing, plus twice its data */
#define WASTE_MAX     16384

enum {
    SIZE_START,                     /* the first digit of a size */
    SIZE,                           /* further digits */
    EXTENSION,                      /* after ';' */
    SIZE_LF,
    DATA,                           /* `left` bytes are still to come */
    DATA_CR,
    DATA_LF,
    TRAILER_START,                  /* a trailer line, or the empty line at the end */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    DONE,
};

static bool bad(struct err *e, const char *message)
{
    return fail(e, E_MALFORMED, "%s", message);
}

static bool blank_or_visible(char c)
{
    return c == '\t' || (c >= ' ' && c <= '~');
}

static bool token(char c)
{
    return c > ' ' && c <= '~' && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool take_size(struct http_chunks *c, char b, struct err *e)
{
    int digit = http_hex(b);

    if (digit >= 0) {
        if (c->line > SIZE_DIGITS)
            return bad(e, "a chunk size has too many digits");
        c->left = c->left << 4 | (uint64_t)digit;
        c->state = SIZE;
        return true;
    }
    if (c->state == SIZE_START || (b != '\r' && b != ';'))
        return bad(e, "a chunk must start with its size as plain hexadecimal digits");
    c->state = b == '\r' ? SIZE_LF : EXTENSION;
    return true;
}

static bool take_extension(struct http_chunks *c, char b, struct err *e)
{
    if (b == '\r')
        c->state = SIZE_LF;
    else if (!blank_or_visible(b))
        return bad(e, "a chunk extension contains a control character");
    return true;
}

/* The size line is complete: is the overhead in proportion? */
static bool end_size(struct http_chunks *c, struct err *e)
{
    uint64_t allowed = WASTE_FREE + 2 * c->left;

    if (c->line > allowed)
        c->waste += c->line - (size_t)allowed;
    if (c->waste > WASTE_MAX)
        return bad(e, "chunk extensions are out of proportion to the data");
    c->line = 0;
    c->state = c->left ? DATA : TRAILER_START;
    return true;
}

static bool take_trailer(struct http_chunks *c, char b, struct err *e)
{
    if (c->state == TRAILER_START && b == '\r')
        c->state = END_LF;
    else if (c->state == TRAILER_VALUE && b == '\r')
        c->state = TRAILER_LF;
    else if (c->state == TRAILER_VALUE ? !blank_or_visible(b) && (uint8_t)b < 0x80 : !token(b) && b != ':')
        return bad(e, "a trailer line is not a name, a colon and a value");
    else if (c->state == TRAILER_START && b == ':')
        return bad(e, "a trailer line has no name");
    else if (c->state != TRAILER_VALUE)
        c->state = b == ':' ? TRAILER_VALUE : TRAILER_NAME;
    return true;
}

/* A byte that can only be this one. */
static bool take_exactly(struct http_chunks *c, char b, char want, int next, const char *otherwise, struct err *e)
{
    if (b != want)
        return bad(e, otherwise);
    c->state = next;
    return true;
}

static bool take_line(struct http_chunks *c, char b, struct err *e)
{
    bool trailer = c->state >= TRAILER_START;

    if (++c->line > (trailer ? HTTP_HEAD_MAX : SIZE_LINE_MAX))
        return trailer ? fail(e, E_HEADERS, "trailers are longer than %d bytes", HTTP_HEAD_MAX)
                       : bad(e, "a chunk size line is too long");
    switch (c->state) {
    case SIZE_START:
    case SIZE:
        return take_size(c, b, e);
    case EXTENSION:
        return take_extension(c, b, e);
    case SIZE_LF:
        return take_exactly(c, b, '\n', DATA, "a chunk size line must end in CRLF", e) && end_size(c, e);
    case TRAILER_LF:
        return take_exactly(c, b, '\n', TRAILER_START, "a trailer line must end in CRLF", e);
    case END_LF:
        return take_exactly(c, b, '\n', DONE, "a chunked body must end in CRLF", e);
    default:
        return take_trailer(c, b, e);
    }
}

static bool take_byte(struct http_chunks *c, char b, struct err *e)
{
    if (c->state == DATA_CR)
        return take_exactly(c, b, '\r', DATA_LF, "a chunk is longer than its size says", e);
    if (c->state != DATA_LF)
        return take_line(c, b, e);
    c->line = 0;
    return take_exactly(c, b, '\n', SIZE_START, "chunk data must be followed by CRLF", e);
}

static void take_data(struct http_chunks *c, struct span in, struct span *data, size_t *used)
{
    size_t rest = in.n - *used;
    size_t n = c->left < rest ? (size_t)c->left : rest;

    *data = (struct span){ in.p + *used, n };
    *used += n;
    c->left -= n;
    if (c->left == 0)
        c->state = DATA_CR;
}

enum http_result http_parse_chunks(struct http_chunks *c, struct span in, struct span *data, size_t *used, struct err *e)
{
    *data = SPAN_NONE;
    *used = 0;
    while (*used < in.n && c->state != DATA && c->state != DONE)
        if (!take_byte(c, in.p[(*used)++], e))
            return HTTP_BAD;
    if (c->state == DATA)
        take_data(c, in, data, used);
    return c->state == DONE ? HTTP_OK : HTTP_MORE;
}
