/*
 * Schemas and parameters of the endpoints for LangGraph: checkpoints and the store.  Spelled as in openapi_schemas.c.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi_parts.h"

#include "base/attr.h"

#define BASE64       "'type':'string','contentEncoding':'base64'"
#define BASE64_OR_NULL "'type':['string','null'],'contentEncoding':'base64'"
#define THREAD       "{'type':'string','minLength':1,'maxLength':512,'pattern':'^[^\\\\u0000]*$','description':'The thread.'}"
#define SPACE        "{'type':'string','maxLength':1024,'pattern':'^[^\\\\u0000]*$','description':'Namespace within the thread: empty, or the path of a subgraph.'}"
#define ID           "{'type':'string','minLength':1,'maxLength':256,'pattern':'^[^\\\\u0000]*$','description':'Identifier; a greater one, by code points, is newer.'}"
#define TYPE         "{'type':'string','maxLength':256,'pattern':'^[^\\\\u0000]*$','description':'Tag of the serializer that made the bytes; any text.'}"
#define TYPE_OR_NULL "{'type':['string','null'],'maxLength':256,'pattern':'^[^\\\\u0000]*$'}"
#define VERSIONS     "{'type':'object','additionalProperties':{'type':['string','number']},'description':'Which version of each channel belongs to it.'}"
#define CHANNELS     "'type':'object','additionalProperties':{'$ref':'#/components/schemas/CheckpointChannel'}"
#define NAMES(least) "{'type':'array','minItems':1,'maxItems':1000,'items':{'type':'string','minLength':" least ",'pattern':'^[^\\\\u0000]*$'}}"

static const struct openapi_piece schemas[] = {
    { "CheckpointChannel", "{'type':'object','properties':{'type':" TYPE ",'version':{'type':'string','readOnly':true},"
      "'content':{" BASE64_OR_NULL ",'description':'The bytes of its value; null or absent: the channel is empty.'}}}" },
    { "CheckpointKey", "{'type':'object','required':['thread_id','checkpoint_ns','checkpoint_id'],'properties':{"
      "'thread_id':" THREAD ",'checkpoint_ns':" SPACE ",'checkpoint_id':" ID "}}" },
    { "CheckpointPut", "{'type':'object','required':['thread_id','checkpoint_id','checkpoint'],'additionalProperties':false,'properties':{"
      "'thread_id':" THREAD ",'checkpoint_ns':" SPACE ",'checkpoint_id':" ID ","
      "'parent_checkpoint_id':{'type':['string','null'],'maxLength':256,'pattern':'^[^\\\\u0000]*$','description':'The checkpoint it follows.'},"
      "'type':" TYPE ",'checkpoint':{" BASE64 ",'description':'The checkpoint without its channel values, as bytes.'},"
      "'channel_versions':" VERSIONS ",'channels':{" CHANNELS ",'description':'The channels that changed; each has its version in channel_versions.'},"
      "'metadata':{'type':'object','description':'What lists are filtered by.'},'metadata_type':" TYPE_OR_NULL ","
      "'metadata_bytes':{" BASE64_OR_NULL ",'description':'The metadata as it is given back.'},"
      "'run_id':{'type':['string','null'],'maxLength':256,'pattern':'^[^\\\\u0000]*$'},"
      "'expect_newest':{'type':'boolean','default':false,'description':'Refuse it unless the parent is the newest checkpoint (null: there is none).'},"
      "'writer_epoch':{'type':'integer','format':'int64','minimum':0,'default':0,'description':'Of a writer that holds a lease: refused when the newest "
      "checkpoint has a greater one.'}}}" },
    { "CheckpointWrite", "{'type':'object','required':['channel','content'],'properties':{'channel':{'type':'string','minLength':1,'maxLength':512,"
      "'pattern':'^[^\\\\u0000]*$'},'type':" TYPE ",'content':{" BASE64 "},'task_id':{'type':'string','readOnly':true},"
      "'task_path':{'type':'string','readOnly':true},'idx':{'type':'integer','readOnly':true,'description':'Position; negative for special channels.'}}}" },
    { "CheckpointWrites", "{'type':'object','required':['thread_id','checkpoint_id','task_id','writes'],'additionalProperties':false,'properties':{"
      "'thread_id':" THREAD ",'checkpoint_ns':" SPACE ",'checkpoint_id':" ID ",'task_id':{'type':'string','minLength':1,'maxLength':256,"
      "'pattern':'^[^\\\\u0000]*$'},'task_path':{'type':'string','maxLength':4096,'pattern':'^[^\\\\u0000]*$'},"
      "'writes':{'type':'array','minItems':1,'maxItems':10000,'items':{'$ref':'#/components/schemas/CheckpointWrite'}}}}" },
    { "Checkpoint", "{'type':'object','required':['thread_id','checkpoint_ns','checkpoint_id','type','checkpoint','channels','writes'],"
      "'properties':{'thread_id':" THREAD ",'checkpoint_ns':" SPACE ",'checkpoint_id':" ID ",'parent_checkpoint_id':{'type':['string','null']},'type':" TYPE ",'checkpoint':{" BASE64 "},'metadata':{'type':'object'},"
      "'metadata_type':" TYPE_OR_NULL ",'metadata_bytes':{" BASE64_OR_NULL "},'channel_versions':" VERSIONS ","
      "'created_at':{'type':'string','format':'date-time'},'newest':{'type':'boolean','description':'Its namespace has no greater one.'},'channels':{" CHANNELS ",'description':'Every channel of channel_versions that has a value, "
      "also those that only an ancestor wrote.'},'writes':{'type':'array','items':{'$ref':'#/components/schemas/CheckpointWrite'},"
      "'description':'Pending writes by task_path, task_id and idx.'}}}" },
    { "CheckpointList", "{'type':'object','required':['items','next'],'properties':{'items':{'type':'array','items':"
      "{'$ref':'#/components/schemas/Checkpoint'}},'next':{'type':['string','null'],'description':'cursor of the next page'}}}" },
    { "CheckpointPrune", "{'type':'object','additionalProperties':false,'anyOf':[{'required':['thread_ids']},{'required':['run_ids']}],'properties':{"
      "'thread_ids':" NAMES("1") ",'run_ids':" NAMES("1") ",'strategy':{'enum':['keep_latest','delete'],'default':'keep_latest',"
      "'description':'Of the threads: all but the newest checkpoint of each namespace, or everything.'}}}" },
    { "CheckpointCopy", "{'type':'object','required':['from','to'],'additionalProperties':false,'properties':{'from':" THREAD ",'to':" THREAD "}}" },
    { "CheckpointCount", "{'type':'object','required':['checkpoints'],'properties':{'checkpoints':{'type':'integer','format':'int64','minimum':0}}}" },
};

#define QUERY(name, required, doc, schema) "{'name':'" name "','in':'query','required':" required ",'description':'" doc "','schema':" schema "}"
#define NAME(least, most) "{'type':'string','minLength':" least ",'maxLength':" most ",'pattern':'^[^\\\\u0000]*$'}"

static const struct openapi_piece parameters[] = {
    { "thread",             QUERY("thread_id", "true", "The thread.", NAME("1", "512")) },
    { "anyThread",          QUERY("thread_id", "false", "Only of this thread.", NAME("1", "512")) },
    { "checkpointNs",       QUERY("checkpoint_ns", "false", "Namespace within the thread; empty when not given.", NAME("0", "1024")) },
    { "anyCheckpointNs",    QUERY("checkpoint_ns", "false", "Only of this namespace.", NAME("0", "1024")) },
    { "checkpointId",       QUERY("checkpoint_id", "false", "Which one; the newest when not given.", NAME("1", "256")) },
    { "anyCheckpointId",    QUERY("checkpoint_id", "false", "Only with this identifier.", NAME("1", "256")) },
    { "before",             QUERY("before", "false", "Only checkpoints with a smaller identifier.", NAME("1", "256")) },
    { "checkpointMetadata", QUERY("metadata", "false", "A JSON object: only checkpoints whose metadata has all of these values.",
                                  "{'type':'string','examples':['{}'],'contentMediaType':'application/json'}") },
    { "checkpointCursor",   QUERY("cursor", "false", "`next` of a page.", "{'type':'string'}") },
};

void openapi_langgraph_schemas(struct openapi *d)
{
    openapi_pieces(d, schemas, ARRAY_LEN(schemas));
}

void openapi_langgraph_parameters(struct openapi *d)
{
    openapi_pieces(d, parameters, ARRAY_LEN(parameters));
}
