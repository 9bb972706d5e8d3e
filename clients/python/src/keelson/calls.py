"""What each call sends and how its answer is read: pure, shared by the blocking and the awaited client."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Dict, Generic, List, Mapping, Optional, Sequence, TypeVar, Union
from urllib.parse import quote, urlencode

from .transport import Answer, Request

JSON = Dict[str, Any]
Object = Union[str, Mapping[str, Any]]      # an identifier, or the object as it was read
T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    request: Request
    read: Callable[[Answer], T]


@dataclass(frozen=True)
class MemoryDocument:
    document: Any
    etag: Optional[str]             # pass it back as if_match
    through_seq: Optional[int]      # it covers the messages up to this one


@dataclass(frozen=True)
class File:
    bytes: bytes
    type: Optional[str]
    digest: Optional[str]
    etag: Optional[str]


@dataclass(frozen=True)
class Conversation:
    candidate: JSON
    interview: JSON
    session: JSON

    @property
    def session_id(self) -> str:
        return str(self.session["id"])


def call(method: str, path: str, read: Callable[[Answer], T], *, query: Optional[Mapping[str, Any]] = None, body: Any = None,
         raw: Optional[bytes] = None, headers: Optional[Mapping[str, Optional[str]]] = None, safe: Optional[bool] = None) -> Call[T]:
    pairs = {k: v for k, v in (query or {}).items() if v is not None}
    target = path + ("?" + urlencode(pairs, doseq=True) if pairs else "")
    sent = {k: v for k, v in (headers or {}).items() if v is not None}
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
        raw = dumps(body)
    return Call(Request(method, target, sent, raw, method == "GET" if safe is None else safe), read)


def dumps(value: Any) -> bytes:
    """Escapes all but ASCII, so that lone surrogates have a spelling; NaN and infinities have none: ValueError."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def as_json(answer: Answer) -> Any:
    return json.loads(answer.body) if answer.body else None


def as_object(answer: Answer) -> JSON:
    found: JSON = json.loads(answer.body)
    return found


def as_objects(answer: Answer) -> List[JSON]:
    found = json.loads(answer.body)
    items: List[JSON] = found["items"] if isinstance(found, dict) else found
    return items


def as_nothing(answer: Answer) -> None:
    return None


def as_memory(answer: Answer) -> MemoryDocument:
    covered = answer.headers.get("keelson-memory-through-seq")
    return MemoryDocument(as_json(answer), answer.headers.get("etag"), None if covered is None else int(covered))


def as_file(answer: Answer) -> File:
    h = answer.headers
    return File(answer.body, h.get("content-type"), h.get("repr-digest"), h.get("etag"))


def path_of(resource: str, *parts: str) -> str:
    return "/".join(["/v1", quote(resource, safe=""), *(quote(p, safe="") for p in parts)])


def id_of(found: Object) -> str:
    return found if isinstance(found, str) else str(found["id"])


def condition(found: Object, if_match: Optional[str]) -> Optional[str]:
    """If-Match for a change: the version the object was read at, unless the caller says otherwise."""
    if if_match is None and not isinstance(found, str) and "version" in found:
        return f'"v{found["version"]}"'
    return if_match


def filters(where: Optional[Mapping[str, Any]]) -> Dict[str, List[str]]:
    """{"status": "new"} is equality, {"created_at": {"gte": ..., "lt": ...}} names operators, a list is `in`, None is `is`."""
    query = {}
    for field, wanted in (where or {}).items():
        operators = wanted if isinstance(wanted, Mapping) else {_operator(wanted): wanted}
        query[field] = [f"{name}.{_operand(name, value)}" for name, value in operators.items()]
    return query


def _operator(wanted: Any) -> str:
    return "is" if wanted is None else "in" if isinstance(wanted, (list, tuple)) else "eq"


def _operand(name: str, value: Any) -> str:
    if name == "cs":
        return dumps(value).decode()
    if isinstance(value, (list, tuple)):
        return "(" + ",".join(_quoted(_operand("eq", v)) for v in value) + ")"
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)


def _quoted(text: str) -> str:
    """An item of a list: in quotes where commas and the like would be taken for the list's own."""
    if re.fullmatch(r'[^,"\\(){}\[\]]+', text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def get(resource: str, found: str, fields: Optional[Sequence[str]], include: Optional[str]) -> Call[JSON]:
    query = {"fields": ",".join(fields) if fields else None, "include": include}
    return call("GET", path_of(resource, found), as_object, query=query)


def page(path: str, query: Mapping[str, Any]) -> Call[JSON]:
    return call("GET", path, as_object, query=query)


def after_page(query: Mapping[str, Any], page: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    """The query of the page after this one; None: it was the last."""
    return {**query, "cursor": page["next"]} if page.get("next") else None


def after_messages(query: Mapping[str, Any], page: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    """With tail, or before_seq alone, the newest are asked for, and one page is all of it."""
    newest = query["tail"] is not None or (query["before_seq"] is not None and query["after_seq"] is None)
    if newest or not page.get("next") or not page["items"]:
        return None
    return {**query, "after_seq": page["items"][-1]["seq"]}


def list_query(where: Optional[Mapping[str, Any]], order: Optional[str], limit: Optional[int], cursor: Optional[str],
               fields: Optional[Sequence[str]], include: Optional[str], count: Optional[str]) -> Dict[str, Any]:
    return {**filters(where), "order": order, "limit": limit, "cursor": cursor,
            "fields": ",".join(fields) if fields else None, "include": include, "count": count}


def create(resource: str, value: Mapping[str, Any], idempotency_key: Optional[str]) -> Call[JSON]:
    return call("POST", path_of(resource), as_object, body=value, headers={"Idempotency-Key": idempotency_key},
                safe=idempotency_key is not None)


def create_many(resource: str, values: Sequence[Mapping[str, Any]], idempotency_key: Optional[str]) -> Call[List[JSON]]:
    return call("POST", path_of(resource), as_objects, body=list(values), headers={"Idempotency-Key": idempotency_key},
                safe=idempotency_key is not None)


def update(resource: str, found: Object, patch: Mapping[str, Any], if_match: Optional[str], idempotency_key: Optional[str]) -> Call[JSON]:
    match = condition(found, if_match)
    if match is None:
        raise TypeError("update() needs the object as it was read, or if_match ('*' to overwrite whatever is there)")
    headers = {"Content-Type": "application/merge-patch+json", "If-Match": match, "Idempotency-Key": idempotency_key}
    return call("PATCH", path_of(resource, id_of(found)), as_object, body=patch, headers=headers, safe=idempotency_key is not None)


def delete(resource: str, found: Object, if_match: Optional[str]) -> Call[None]:
    return call("DELETE", path_of(resource, id_of(found)), as_nothing, headers={"If-Match": condition(found, if_match)})


def restore(resource: str, found: Object, idempotency_key: Optional[str]) -> Call[JSON]:
    return call("POST", path_of(resource, id_of(found), "restore"), as_json, headers={"Idempotency-Key": idempotency_key},
                safe=idempotency_key is not None)


def transition(resource: str, found: Object, to: str, reason: Optional[str], idempotency_key: Optional[str]) -> Call[JSON]:
    body = {"to": to} if reason is None else {"to": to, "reason": reason}
    return call("POST", path_of(resource, id_of(found), "transitions"), as_object, body=body,
                headers={"Idempotency-Key": idempotency_key}, safe=idempotency_key is not None)


def put_file(found: Object, data: bytes, media_type: str, file_name: Optional[str]) -> Call[JSON]:
    return call("PUT", path_of("resumes", id_of(found), "file"), as_json, query={"name": file_name}, raw=data,
                headers={"Content-Type": media_type})


def get_file(found: Object, range: Optional[str]) -> Call[File]:
    return call("GET", path_of("resumes", id_of(found), "file"), as_file, headers={"Accept": "*/*", "Range": range})


def append(found: Object, messages: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]], expect_last_seq: Optional[int]) -> Call[JSON]:
    given = [messages] if isinstance(messages, Mapping) else messages
    named = [m if m.get("client_message_id") else {**m, "client_message_id": str(uuid.uuid4())} for m in given]
    body: Any = named if expect_last_seq is None else {"messages": named, "expect_last_seq": expect_last_seq}
    return call("POST", path_of("sessions", id_of(found), "messages"), as_object, body=body, safe=True)


def memory(method: str, found: Object, body: Any, if_match: Optional[str], through_seq: Optional[int]) -> Call[MemoryDocument]:
    headers = {"If-Match": if_match}
    if method == "PATCH":
        headers["Content-Type"] = "application/merge-patch+json"
    return call(method, path_of("sessions", id_of(found), "memory"), as_memory, query={"through_seq": through_seq},
                body=body, headers=headers)
