"""LangChain's stored messages to Keelson's message rows and back.

Pure, without LangChain; the same rules as clients/js/src/messages.js, both tested against clients/vectors/langchain.json.

What Keelson has a column for goes there; everything else stays, unchanged, in metadata.langchain = {type, data}.
Left out are only values that mean the same as their absence (None, empty additional_kwargs and the like).
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import uuid
from typing import Any, Dict, List, Mapping, Optional

JSON = Dict[str, Any]

ROLE_OF_TYPE = {
    "human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "function", "generic": "observer",
    "HumanMessageChunk": "user", "AIMessageChunk": "assistant", "SystemMessageChunk": "system", "ToolMessageChunk": "tool",
    "FunctionMessageChunk": "function", "ChatMessageChunk": "observer",
}
TYPE_OF_ROLE = {
    "user": "human", "assistant": "ai", "system": "system", "developer": "system", "tool": "tool", "function": "function",
    "observer": "generic",
}
# JavaScript's name first: what is stored does not depend on who stored it.
JS_TYPE = {"chat": "generic"}
PYTHON_TYPE = {"generic": "chat"}
# None means the same as absence for these.
NULL_IS_ABSENT = frozenset((
    "content", "id", "name", "tool_calls", "invalid_tool_calls", "tool_call_chunks", "chunk_position", "usage_metadata",
    "additional_kwargs", "response_metadata", "artifact",
))
# Begins a client_message_id that was made for a message without an id of its own.
MADE = "kls-"


def to_row(stored: Mapping[str, Any], source_format: str = "langchain-py") -> JSON:
    """`stored` as message_to_dict() gives it.  TypeError: messages of this type cannot be stored."""
    kind = JS_TYPE.get(stored["type"], stored["type"])
    role = ROLE_OF_TYPE.get(kind)
    if kind == "remove":
        raise TypeError("a RemoveMessage cannot be stored: messages of a session are never deleted")
    if role is None:
        raise TypeError(f"messages of type {kind} cannot be stored")
    rest = _without_absent(stored["data"])
    row: JSON = {"role": role, "source_format": source_format}
    _move_content(rest, row)
    _move_identifier(rest, row)
    for key, longest in (("name", 200), ("tool_call_id", 500)):
        if _text(rest.get(key), longest):
            row[key] = rest.pop(key)
    if isinstance(rest.get("tool_calls"), list) and rest["tool_calls"]:
        row["tool_calls"] = rest.pop("tool_calls")
    _copy_provenance(rest, row)
    row["metadata"] = {"langchain": {"type": kind, "data": rest}}
    return row


def _text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= longest


def _without_absent(data: Mapping[str, Any]) -> JSON:
    rest = {k: v for k, v in data.items() if k != "type" and not (v is None and k in NULL_IS_ABSENT)}
    if rest.get("example") is False:    # a member older versions always write
        del rest["example"]
    for key in ("additional_kwargs", "response_metadata"):
        if rest.get(key) == {}:
            del rest[key]
    # An empty list next to the raw calls of old integrations says: do not parse those.
    if "tool_calls" not in rest.get("additional_kwargs", {}):
        for key in ("tool_calls", "invalid_tool_calls"):
            if rest.get(key) == []:
                del rest[key]
    return rest


def _move_content(rest: JSON, row: JSON) -> None:
    content = rest.pop("content", "")
    if not isinstance(content, list):
        row["content"] = content
        return
    row["content_parts"] = content
    readable = [text for text in map(_text_of, content) if text is not None]
    if readable:
        row["content"] = "\n".join(readable)


def _text_of(block: Any) -> Optional[str]:
    """What a person or a search would read of a block."""
    if isinstance(block, str):
        return block
    text = block.get("text") if isinstance(block, dict) and block.get("type") == "text" else None
    return text if isinstance(text, str) else None


def _move_identifier(rest: JSON, row: JSON) -> None:
    own = _text(rest.get("id"), 200) and not rest["id"].startswith(MADE)
    row["client_message_id"] = rest.pop("id") if own else MADE + str(uuid.uuid4())


def _copy_provenance(rest: JSON, row: JSON) -> None:
    """Copies, so that the database can answer which model said this and what it cost; the originals stay where they were."""
    response = rest.get("response_metadata") or {}
    model = response.get("model_name", response.get("model"))
    if _text(model, 200):
        row["model"] = model
    if _text(response.get("model_provider"), 200):
        row["provider"] = response["model_provider"]
    usage = rest.get("usage_metadata") or {}
    for key in ("input_tokens", "output_tokens"):
        if type(usage.get(key)) is int and 0 <= usage[key] < 2**31:
            row[key] = usage[key]


def from_row(row: Mapping[str, Any]) -> JSON:
    """A row as the server gives it, whoever wrote it, to the form messages_from_dict() reads."""
    kept = (row.get("metadata") or {}).get("langchain")
    if isinstance(kept, dict) and isinstance(kept.get("type"), str) and isinstance(kept.get("data"), dict):
        return _stored(kept["type"], {**_shared(row), **kept["data"]})
    return _foreign(row)


def _stored(kind: str, data: JSON) -> JSON:
    kind = PYTHON_TYPE.get(kind, kind)
    return {"type": kind, "data": {**data, "type": kind}}


def _shared(row: Mapping[str, Any]) -> JSON:
    parts, content = row.get("content_parts"), row.get("content")
    data: JSON = {"content": parts if parts is not None else content if content is not None else ""}
    for key in ("name", "tool_call_id", "tool_calls"):
        if row.get(key) is not None:
            data[key] = row[key]
    own = row.get("client_message_id")
    if own and not own.startswith(MADE):
        data["id"] = own
    return data


def _foreign(row: Mapping[str, Any]) -> JSON:
    """A message that some other program appended, in Keelson's own terms."""
    kind = TYPE_OF_ROLE[row["role"]]
    data = _shared(row)
    data.setdefault("id", row.get("id"))
    if row["role"] == "developer":
        data["additional_kwargs"] = {"__openai_role__": "developer"}
    if kind == "generic":
        data["role"] = row["role"]
    if kind == "function":
        data.setdefault("name", "")
    if kind == "tool":
        data.setdefault("tool_call_id", "")
    if data.get("tool_calls"):
        data.update(_calls_of(data["tool_calls"]))
    return _stored(kind, data)


def _calls_of(calls: List[Any]) -> JSON:
    """Calls in OpenAI's form become LangChain's."""
    good: List[JSON] = []
    bad: List[JSON] = []
    for call in calls:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            good.append({"type": "tool_call", **call})
            continue
        name, arguments = function.get("name"), function.get("arguments", "")
        try:
            good.append({"type": "tool_call", "id": call.get("id"), "name": name, "args": json.loads(arguments)})
        except (TypeError, ValueError):
            bad.append({"type": "invalid_tool_call", "id": call.get("id"), "name": name, "args": arguments,
                        "error": "Malformed args."})
    return {"tool_calls": good, "invalid_tool_calls": bad} if bad else {"tool_calls": good}
