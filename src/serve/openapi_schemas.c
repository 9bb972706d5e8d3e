/*
 * Components: a few schemas for each resource, from the catalog, and what is the same whatever the catalog says.
 * Fixed pieces are spelled as JSON with ' for ", so that they read as what they are.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi_parts.h"

#include <string.h>

#include "base/attr.h"
#include "data/describe.h"

void openapi_pieces(struct openapi *d, const struct openapi_piece *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_key_span(&d->o, span_of(list[i].name));
        openapi_json(&d->o, list[i].json);
    }
}

/* ---- problems ---- */

static const char problem_head[] =
    "'type':'object','description':'What went wrong (RFC 9457). `code` says which kind, and /problems/{code} what to do.',"
    "'required':['type','title','status','code','detail','request_id','retryable'],'properties':{"
    "'type':{'type':'string','format':'uri-reference','description':'/problems/{code}'},"
    "'title':{'type':'string','description':'The kind in words.'},"
    "'status':{'type':'integer','minimum':400,'maximum':599},"
    "'detail':{'type':'string','description':'What it was this time.'},"
    "'instance':{'type':'string','description':'The path that was asked for.'},"
    "'request_id':{'type':'string','description':'Names this request in the log of the server.'},"
    "'retryable':{'type':'boolean','description':'The same request may succeed later as it is.'},"
    "'sqlstate':{'type':'string','description':'What the database said, when it was the database.'},"
    "'errors':{'type':'array','description':'Every fault of the body at once.','items':{'$ref':'#/components/schemas/Fault'}},"
    "'current_version':{'type':'integer','format':'int64','description':'With stale-version: the version there is.'},"
    "'current_status':{'type':'string','description':'With illegal-transition: the status it has.'},"
    "'allowed':{'type':'array','items':{'type':'string'},'description':'With illegal-transition: where it may go from there.'},"
    "'last_seq':{'type':'integer','format':'int64','description':'With stale-seq: the newest message there is.'},"
    "'index':{'type':'integer','minimum':0,'description':'With stale-seq, of a memory sent as an array: the first message that differs, counted from 0.'},"
    "'newest_checkpoint_id':{'type':['string','null'],'description':'With stale-checkpoint: the newest checkpoint there is.'},";

static void problem(struct openapi *d)
{
    json_key(&d->o, "Problem");
    openapi_json(&d->o, "{");
    openapi_append(&d->o, problem_head);
    if (d->model->conversation)
        openapi_append(&d->o, arena_printf(d->arena, "'missed':{'type':'array','items':{'$ref':'#/components/schemas/%s'},'description':"
                                         "'With stale-seq: the messages the writer has not seen.'},", openapi_type(d, d->model->conversation->messages)));
    openapi_append(&d->o, "'code':{'type':'string','description':'The kind; also the last part of type.','enum':[");
    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++)
        json_cstring(&d->o, err_info((enum err_kind)k)->slug);
    openapi_append(&d->o, "]}}}");
}

/* ---- fixed schemas ---- */

static const struct openapi_piece schemas[] = {
    { "Fault", "{'type':'object','required':['pointer','code','message'],'properties':{"
      "'pointer':{'type':'string','description':'Where in the body (RFC 6901); empty: the body itself.'},"
      "'code':{'type':'string','description':'required, type, unknown, read-only, enum, format.email and the like.'},"
      "'message':{'type':'string','description':'Continues: the field ...'}}}" },
    { "Health", "{'type':'object','required':['status','checks'],'properties':{'status':{'$ref':'#/components/schemas/HealthStatus'},"
      "'releaseId':{'type':'string'},'serviceId':{'type':'string'},'checks':{'type':'object','additionalProperties':{'type':'array','items':{'type':'object',"
      "'required':['status'],'properties':{'status':{'$ref':'#/components/schemas/HealthStatus'},'time':{'type':'string','format':'date-time'},"
      "'age_ms':{'type':'integer','description':'How long ago this was seen.'},'observedValue':{'type':'number'},'observedUnit':{'type':'string'},"
      "'output':{'type':'string','description':'The cause, when it is not pass.'},"
      "'class':{'type':'string','description':'What the probe met.','enum':['none','ok','slow','busy','read_only','quota','disk_full','commit_wait','lock',"
      "'auth','unreachable','error']},"
      "'size':{'type':'integer','description':'Connections kept.'},'checked_out':{'type':'integer','description':'Connections in use by requests.'},"
      "'overflow':{'type':'integer','description':'Connections beyond size.'},'waiting':{'type':'integer','description':'Requests waiting for one.'},"
      "'open':{'type':'integer'},'max':{'type':'integer'},'quota':{'type':'integer','description':'Bytes.'},"
      "'time_to_full_s':{'type':'integer','description':'Until the quota is reached at the present pace.'},"
      "'affectedEndpoints':{'type':'array','items':{'type':'string'}}}}}},"
      "'alerts':{'type':'array','description':'Rules that fire.','items':{'type':'object','required':['alert','severity'],'properties':{"
      "'alert':{'type':'string'},'severity':{'type':'string','enum':['info','warning','critical']},'labels':{'type':'string'},"
      "'summary':{'type':'string'},'since_s':{'type':'integer'}}}}}}" },
    { "HealthStatus", "{'type':'string','enum':['pass','warn','fail']}" },
    { "Probe", "{'type':'object','required':['status'],'properties':{'status':{'$ref':'#/components/schemas/HealthStatus'},'output':{'type':'string'}}}" },
    { "Meaning", "{'type':'object','required':['code','title','status','retryable','meaning','way_out'],'properties':{'code':{'type':'string'},"
      "'title':{'type':'string'},'status':{'type':'integer'},'retryable':{'type':'boolean'},'meaning':{'type':'string'},'way_out':{'type':'string'}}}" },
    { "Memory", "{'type':'object','description':'Any JSON object of at most 256 KiB.',"
      "'examples':[{'summary':'Builds compilers; likes small tools.','open_questions':['team size']}]}" },
    { "MemoryMessages", "{'type':'array','maxItems':10000,'items':{'type':'object'},'description':'The whole conversation, each message in the spelling of `format`.',"
      "'examples':[[{'type':'human','data':{'content':'Hello','additional_kwargs':{},'response_metadata':{}}}]]}" },
    { "MemoryOrMessages", "{'anyOf':[{'$ref':'#/components/schemas/Memory'},{'$ref':'#/components/schemas/MemoryMessages'}]}" },
    { "MemoryPut", "{'anyOf':[{'$ref':'#/components/schemas/Memory'},{'type':'object','required':['appended','last_seq'],'properties':{"
      "'appended':{'type':'integer','minimum':0,'description':'How many messages of the array were new.'},"
      "'last_seq':{'type':'integer','format':'int64','description':'The newest message of the session.'}}}]}" },
    { "MemoryPatch", "{'type':'object','description':'A merge patch of the memory: null removes.','examples':[{'open_questions':null}]}" },
    { "Fork", "{'type':'object','additionalProperties':false,'properties':{'through_seq':{'type':'integer','format':'int64','minimum':0,"
      "'description':'The last message that is copied; all of them without it.'}},'examples':[{}]}" },
    { "Redaction", "{'type':'object','required':['reason'],'additionalProperties':false,'properties':{'reason':{'type':'string','minLength':1,'maxLength':2000,"
      "'description':'Why; it is kept in the place of the content.'}},'examples':[{'reason':'the candidate asked for it'}]}" },
    { "JsonPatch", "{'type':'array','maxItems':200,'items':{'oneOf':["
      "{'type':'object','required':['op','path','value'],'properties':{'op':{'enum':['add','replace','test']},'path':{'type':'string'},'value':{}}},"
      "{'type':'object','required':['op','path'],'properties':{'op':{'const':'remove'},'path':{'type':'string'}}},"
      "{'type':'object','required':['op','path','from'],'properties':{'op':{'enum':['move','copy']},'path':{'type':'string'},'from':{'type':'string'}}}]}}" },
};

/* ---- filters ---- */

#define COMPARE "(eq|ne|gt|gte|lt|lte)\\\\."
#define IS_NULL "is\\\\.(null|not_null)"
#define LISTED(item) "in\\\\.[({]?(" item "(," item ")*)?[)}]?"
#define FILTER(pattern, example, doc) \
    "{'type':'string','pattern':'^(" pattern ")$','examples':['" example "'],'description':'" doc "'}"
#define UUID_TEXT_PATTERN "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
#define DATE_PATTERN      "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define TIME_PATTERN      DATE_PATTERN "[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\\\.[0-9]{1,12})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
#define NUMBER_PATTERN    "-?(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]{1,4})?"

static const struct { enum field_kind kind; struct openapi_piece piece; } filters[] = {
    { FIELD_TEXT, { "FilterText", FILTER("(eq|ne|gt|gte|lt|lte|like|in)\\\\.[^\\\\u0000]*|" IS_NULL, "eq.new",
                           "eq ne gt gte lt lte like in is. `like.Ada*`: * stands for anything. `in.(a,b)`: one of these. `is.null`, `is.not_null`.") } },
    { FIELD_OTHER, { "FilterOther", FILTER("(eq|ne|gt|gte|lt|lte|in)\\\\.[^\\\\u0000]*|" IS_NULL, "eq.x", "eq ne gt gte lt lte in is, of the value as text.") } },
    { FIELD_INT, { "FilterInteger", FILTER(COMPARE "-?[0-9]+|" LISTED("-?[0-9]+") "|" IS_NULL, "gte.2", "eq ne gt gte lt lte in is, of a whole number.") } },
    { FIELD_NUMBER, { "FilterNumber", FILTER(COMPARE NUMBER_PATTERN "|" LISTED(NUMBER_PATTERN) "|" IS_NULL, "gte.70", "eq ne gt gte lt lte in is, of a number.") } },
    { FIELD_BOOL, { "FilterBoolean", FILTER(COMPARE "(true|false)|" LISTED("(true|false)") "|is\\\\.(null|not_null|true|false)", "is.true", "is.true, is.false, eq and the others.") } },
    { FIELD_UUID, { "FilterUuid", FILTER(COMPARE UUID_TEXT_PATTERN "|" LISTED(UUID_TEXT_PATTERN) "|" IS_NULL, "eq.0198c0de-0000-7000-8000-000000000001",
                           "eq ne gt gte lt lte in is, of an identifier.") } },
    { FIELD_TIME, { "FilterTime", FILTER(COMPARE "(-?infinity|" TIME_PATTERN ")|" LISTED(TIME_PATTERN) "|" IS_NULL, "gte.2026-01-01T00:00:00Z",
                           "eq ne gt gte lt lte in is, of a time as in RFC 3339.") } },
    { FIELD_DATE, { "FilterDate", FILTER(COMPARE "(-?infinity|" DATE_PATTERN ")|" LISTED(DATE_PATTERN) "|" IS_NULL, "eq.2026-01-31", "eq ne gt gte lt lte in is, of a date.") } },
    { FIELD_ARRAY, { "FilterArray", FILTER("cs\\\\.[^\\\\u0000]*|" IS_NULL, "cs.(c,postgresql)", "`cs.(a,b)`: has all of these. is.null, is.not_null.") } },
    { FIELD_JSON, { "FilterJson", FILTER("cs\\\\.[^\\\\u0000]+|" IS_NULL, "cs.{}", "`cs.` and a JSON value: contains it, as in `cs.` followed by an object. is.null, is.not_null.") } },
    { FIELD_BYTES, { "FilterBytes", FILTER(IS_NULL, "is.not_null", "is.null, is.not_null.") } },
};

const char *openapi_filter(enum field_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        if (filters[i].kind == kind)
            return filters[i].piece.name;
    return NULL;
}

static bool filtered(const struct model *m, enum field_kind kind)
{
    const char *operators;

    for (int i = 0; i < m->nresources; i++)
        for (int k = 0; k < m->resources[i].nfields; k++)
            if (m->resources[i].fields[k].kind == kind && describe_filter(&m->resources[i].fields[k], &operators))
                return true;
    return false;
}

/* ---- parameters ---- */

#define QUERY(name, doc, schema) "{'name':'" name "','in':'query','description':'" doc "','schema':" schema "}"
#define HEADER(name, required, doc, schema) "{'name':'" name "','in':'header','required':" required ",'description':'" doc "','schema':" schema "}"
#define TAG_LIST "'^(\\\\*|(W/)?\\\"[^\\\"]*\\\"( *, *(W/)?\\\"[^\\\"]*\\\")*)$'"
#define MATCH_SCHEMA  "{'type':'string','pattern':" TAG_LIST ",'examples':['\\\"v7\\\"']}"
#define MEMORY_SCHEMA "{'type':'string','pattern':'^(\\\\*|\\\"m[0-9]{1,18}(-[0-9]{1,18})?\\\")$','examples':['\\\"m3\\\"']}"
#define SEQ(least) "{'type':'integer','format':'int64','minimum':" least "}"

static const struct openapi_piece parameters[] = {
    { "limit",      QUERY("limit", "How many at most.", "{'type':'integer','minimum':1,'maximum':200,'default':50}") },
    { "cursor",     QUERY("cursor", "`next` or `prev` of a page that was read in the same order.", "{'type':'string'}") },
    { "count",      QUERY("count", "How many there are in all: exact counts them, estimated asks the planner.",
                          "{'type':'string','enum':['none','estimated','exact'],'default':'none'}") },
    { "include",    QUERY("include", "Also what is in the trash.", "{'const':'trash'}") },
    { "after_seq",  QUERY("after_seq", "Only messages after this one.", SEQ("0")) },
    { "before_seq", QUERY("before_seq", "Only messages before this one, the nearest to it.", SEQ("1")) },
    { "tail",       QUERY("tail", "The newest so many.", "{'type':'integer','minimum':1,'maximum':200}") },
    { "windowCursor", QUERY("cursor", "`next` or `prev` of another window; instead of after_seq, before_seq and tail.", "{'type':'string','pattern':'^[ab][0-9]+$'}") },
    { "through_seq", QUERY("through_seq", "Sequence number of the last message the memory covers.", SEQ("0")) },
    { "format",     QUERY("format", "Whose spelling the messages have.",
                          "{'type':'string','enum':['keelson','langchain-js','langchain-py','lc-serializable','openai','ai-sdk'],'default':'keelson'}") },
    { "memoryFormat", QUERY("format", "Whose spelling the messages have, when the memory is read or sent as an array of them.",
                            "{'type':'string','enum':['keelson','langchain-js','langchain-py','lc-serializable','openai','ai-sdk']}") },
    { "name",       QUERY("name", "Name of the file.", "{'type':'string','minLength':1,'maxLength':255}") },
    { "match",      HEADER("If-Match", "false", "ETag of the version this is based on, or `*`.", MATCH_SCHEMA) },
    { "mustMatch",  HEADER("If-Match", "true", "ETag of the version this is based on, or `*`.", MATCH_SCHEMA) },
    { "memoryMatch", HEADER("If-Match", "false", "ETag of the memory this is based on, or `*`.", MEMORY_SCHEMA) },
    { "memoryMustMatch", HEADER("If-Match", "true", "ETag of the memory this is based on, or `*`.", MEMORY_SCHEMA) },
    { "noneMatch",  HEADER("If-None-Match", "false", "ETag that is known already: answers 304 when it still holds.", "{'type':'string'}") },
    { "idempotencyKey", HEADER("Idempotency-Key", "false", "Makes repeating safe: the first answer is given again for 24 hours.",
                               "{'type':'string','minLength':1,'maxLength':255,'pattern':'^[!-~]([ -~]*[!-~])?$'}") },
    { "range",      HEADER("Range", "false", "One range of bytes; anything else gets the whole.", "{'type':'string','examples':['bytes=0-499']}") },
};

/* ---- headers of answers ---- */

#define SENT(doc, schema) "{'description':'" doc "','schema':" schema "}"
#define TEXT "{'type':'string'}"

static const struct openapi_piece headers[] = {
    { "Request-Id",                 SENT("The Request-Id of the request when it had a valid one, else a new one.", TEXT) },
    { "ETag",                       SENT("Names this version; send it back as If-Match.", TEXT) },
    { "Location",                   SENT("Path of what was created, when it was one object.", TEXT) },
    { "Keelson-Memory-Through-Seq", SENT("The memory covers the messages up to this one.", "{'type':'integer','format':'int64','minimum':0}") },
    { "Idempotent-Replayed",        SENT("true: this is the answer to the first request with this Idempotency-Key.", "{'const':'true'}") },
    { "Retry-After",                SENT("Seconds after which to try again.", "{'type':'integer','minimum':1}") },
    { "WWW-Authenticate",           SENT("Bearer.", TEXT) },
    { "Content-Range",              SENT("Which bytes these are, of how many.", TEXT) },
    { "Accept-Ranges",              SENT("bytes", TEXT) },
    { "Content-Disposition",        SENT("Always an attachment, with the name of the file.", TEXT) },
    { "Repr-Digest",                SENT("SHA-256 of the whole file.", TEXT) },
    { "Content-Security-Policy",    SENT("Pages load nothing from elsewhere.", TEXT) },
};

/* ---- of a resource ---- */

static void described(struct openapi *d, const char *name, void (*write)(struct json_out *o, const struct resource *r), const struct resource *r)
{
    json_key(&d->o, name);
    write(&d->o, r);
}

static void page(struct openapi *d, const char *name, const char *item, const char *more)
{
    json_key(&d->o, name);
    openapi_json(&d->o, arena_printf(d->arena, "{'type':'object','required':['items','next','prev'%s],'properties':{"
        "'items':{'type':'array','items':{'$ref':'#/components/schemas/%s'}},"
        "'next':{'type':['string','null'],'description':'cursor of the next page'},'prev':{'type':['string','null'],'description':'cursor of the page before'},"
        "%s}}", more[1] == 'l' ? ",'last_seq'" : "", item, more));
}

static bool is_target(const struct catalog *c, const struct resource *r, int i)
{
    const struct transition *t = &c->transitions[i];

    if (strcmp(t->entity, r->name) != 0 || !t->from[0])
        return false;
    for (int k = 0; k < i; k++)
        if (strcmp(c->transitions[k].entity, r->name) == 0 && c->transitions[k].from[0] && strcmp(c->transitions[k].to, t->to) == 0)
            return false;
    return true;
}

static const struct column *reason_of(const struct resource *r)
{
    for (int i = 0; i < r->nfields; i++)
        if (r->fields[i].column && r->fields[i].column->reason)
            return r->fields[i].column;
    return NULL;
}

/* "submitted to overridden, ...": the moves that need a reason. */
static const char *reasons(struct openapi *d, const struct resource *r)
{
    const struct catalog *c = d->model->catalog;
    const char *moves = NULL;

    for (int i = 0; i < c->ntransitions; i++)
        if (strcmp(c->transitions[i].entity, r->name) == 0 && c->transitions[i].needs_reason)
            moves = arena_printf(d->arena, "%s%s%s to %s", moves ? moves : "", moves ? ", " : "", c->transitions[i].from, c->transitions[i].to);
    return moves ? arena_printf(d->arena, "Why. Required from %s.", moves) : "Why.";
}

static void transition(struct openapi *d, const struct resource *r)
{
    const struct catalog *c = d->model->catalog;
    const struct column *reason = reason_of(r);

    json_key(&d->o, arena_printf(d->arena, "%sTransition", openapi_type(d, r)));
    openapi_json(&d->o, "{'type':'object','required':['to'],'additionalProperties':false,'properties':{'to':{'type':'string','enum':[");
    for (int i = 0; i < c->ntransitions; i++)
        if (is_target(c, r, i))
            json_cstring(&d->o, c->transitions[i].to);
    openapi_append(&d->o, "]},'reason':{'type':['string','null']");
    if (reason && reason->max != INT64_MAX) {
        json_key(&d->o, "maxLength");
        json_int(&d->o, reason->max);
    }
    openapi_member(&d->o, "description", reasons(d, r));
    openapi_append(&d->o, "}}}");
}

static void conversation(struct openapi *d, const char *type)
{
    page(d, arena_printf(d->arena, "%sWindow", type), arena_printf(d->arena, "%sSpelled", type), "'last_seq':{'type':'integer','format':'int64','description':'the newest message of the session'}");
    json_key(&d->o, arena_printf(d->arena, "%sAppended", type));
    openapi_json(&d->o, arena_printf(d->arena, "{'type':'object','required':['items','last_seq'],'properties':{"
        "'items':{'type':'array','items':{'$ref':'#/components/schemas/%s'}},'last_seq':{'type':'integer','format':'int64'}}}", type));
    json_key(&d->o, arena_printf(d->arena, "%sAppend", type));
    openapi_json(&d->o, arena_printf(d->arena, "{'type':'object','required':['messages'],'additionalProperties':false,'properties':{"
        "'messages':{'type':'array','minItems':1,'maxItems':100,'items':{'$ref':'#/components/schemas/%sCreate'}},"
        "'expect_last_seq':{'type':'integer','format':'int64','minimum':0,'description':'seq of the newest message the writer has seen'}}}", type));
    json_key(&d->o, arena_printf(d->arena, "%sSpelled", type));
    openapi_json(&d->o, arena_printf(d->arena, "{'anyOf':[{'$ref':'#/components/schemas/%s'},{'type':'object','description':'With another format.'}]}", type));
    json_key(&d->o, arena_printf(d->arena, "%sExtension", type));
    openapi_json(&d->o, arena_printf(d->arena, "{'anyOf':[{'$ref':'#/components/schemas/%sPatch'},{'type':'object','required':['content_append','content_at'],"
        "'properties':{'content_append':{'type':'string','description':'Text that is added to content.'},'content_at':{'type':'integer','format':'int64','minimum':0,"
        "'description':'How many characters of content come before it.'}}}],'examples':[{'content_append':' and so on.','content_at':17,'status':'complete'}]}", type));
}

static void resource(struct openapi *d, const struct resource *r)
{
    const char *type = openapi_type(d, r);
    bool messages = d->model->conversation && r == d->model->conversation->messages;

    described(d, type, describe_read, r);
    page(d, arena_printf(d->arena, "%sList", type), type, "'count':{'type':'integer','format':'int64','minimum':0,'description':'when asked for'}");
    if (!r->created_elsewhere || messages)
        described(d, arena_printf(d->arena, "%sCreate", type), describe_create, r);
    if (!r->created_elsewhere || messages)
        described(d, arena_printf(d->arena, "%sPatch", type), describe_patch, r);
    if (r->has_status)
        transition(d, r);
    if (messages)
        conversation(d, type);
}

void openapi_components(struct openapi *d)
{
    json_key(&d->o, "components");
    json_open(&d->o, '{');
    if (d->keys) {
        json_key(&d->o, "securitySchemes");
        openapi_json(&d->o, "{'key':{'type':'http','scheme':'bearer','description':"
                            "'An API key, as `keelson key create` shows it once. Its scopes say what it may do.'}}");
    }
    json_key(&d->o, "schemas");
    json_open(&d->o, '{');
    for (int i = 0; i < d->model->nresources; i++)
        resource(d, d->order[i]);
    openapi_pieces(d, schemas, ARRAY_LEN(schemas));
    openapi_langgraph_schemas(d);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        if (filtered(d->model, filters[i].kind))
            openapi_pieces(d, &filters[i].piece, 1);
    problem(d);
    json_close(&d->o, '}');
    json_key(&d->o, "parameters");
    json_open(&d->o, '{');
    openapi_pieces(d, parameters, ARRAY_LEN(parameters));
    openapi_langgraph_parameters(d);
    json_close(&d->o, '}');
    json_key(&d->o, "headers");
    json_open(&d->o, '{');
    openapi_pieces(d, headers, ARRAY_LEN(headers));
    json_close(&d->o, '}');
    openapi_answers_common(d);
    json_close(&d->o, '}');
}
