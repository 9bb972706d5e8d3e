"""The blocking client.  Threads may share one."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import uuid
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Type, TypeVar, Union

from . import calls
from .calls import JSON, Call, Conversation, File, MemoryDocument, Object
from .transport import Transport

T = TypeVar("T")
After = Callable[[Mapping[str, Any], Mapping[str, Any]], Optional[Mapping[str, Any]]]


class Listing:
    """Iterate for everything, page after page; page() for one."""

    def __init__(self, fetch: Callable[[Mapping[str, Any]], JSON], query: Mapping[str, Any], after: After) -> None:
        self._fetch, self._query, self._after = fetch, query, after

    def page(self) -> JSON:
        """{"items", "next", "prev"}"""
        return self._fetch(self._query)

    def pages(self) -> Iterator[JSON]:
        query: Optional[Mapping[str, Any]] = self._query
        while query is not None:
            page = self._fetch(query)
            yield page
            query = self._after(query, page)

    def __iter__(self) -> Iterator[JSON]:
        for page in self.pages():
            yield from page["items"]


class Resource:
    def __init__(self, transport: Transport, name: str) -> None:
        self._transport = transport
        self.name = name

    def _run(self, call: Call[T]) -> T:
        return call.read(self._transport.send(call.request))

    def _list(self, path: str, query: Mapping[str, Any], after: After = calls.after_page) -> Listing:
        return Listing(lambda query: self._run(calls.page(path, query)), query, after)

    def get(self, id: str, *, fields: Optional[Sequence[str]] = None, include: Optional[str] = None) -> JSON:
        return self._run(calls.get(self.name, id, fields, include))

    def list(self, *, where: Optional[Mapping[str, Any]] = None, order: Optional[str] = None, limit: Optional[int] = None,
             cursor: Optional[str] = None, fields: Optional[Sequence[str]] = None, include: Optional[str] = None,
             count: Optional[str] = None) -> Listing:
        """where: {"status": "new"} is equality, {"created_at": {"gte": ..., "lt": ...}} names operators, a list is `in`.

        order: "created_at.desc,id"
        """
        return self._list(calls.path_of(self.name), calls.list_query(where, order, limit, cursor, fields, include, count))


class WritableResource(Resource):
    def create(self, value: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> JSON:
        return self._run(calls.create(self.name, value, idempotency_key))

    def create_many(self, values: Sequence[Mapping[str, Any]], *, idempotency_key: Optional[str] = None) -> List[JSON]:
        """All or none of up to 1,000 objects; they come back in the order given."""
        return self._run(calls.create_many(self.name, values, idempotency_key))

    def update(self, object: Object, patch: Mapping[str, Any], *, if_match: Optional[str] = None,
               idempotency_key: Optional[str] = None) -> JSON:
        """Merge patch: None removes a member.  Refused (412) when somebody changed the object since it was read."""
        return self._run(calls.update(self.name, object, patch, if_match, idempotency_key))

    def delete(self, object: Object, *, if_match: Optional[str] = None) -> None:
        """To the trash, with everything below it."""
        self._run(calls.delete(self.name, object, if_match))

    def restore(self, object: Object, *, idempotency_key: Optional[str] = None) -> JSON:
        return self._run(calls.restore(self.name, object, idempotency_key))

    def transition(self, object: Object, to: str, *, reason: Optional[str] = None,
                   idempotency_key: Optional[str] = None) -> JSON:
        return self._run(calls.transition(self.name, object, to, reason, idempotency_key))


class Resumes(WritableResource):
    def put_file(self, resume: Object, data: bytes, *, type: str = "application/octet-stream",
                 file_name: Optional[str] = None) -> JSON:
        return self._run(calls.put_file(resume, data, type, file_name))

    def get_file(self, resume: Object, *, range: Optional[str] = None) -> File:
        """range: like "bytes=0-99", for a part."""
        return self._run(calls.get_file(resume, range))


class Memory:
    def __init__(self, run: Callable[[Call[MemoryDocument]], MemoryDocument]) -> None:
        self._run = run

    def get(self, session: Object) -> MemoryDocument:
        return self._run(calls.memory("GET", session, None, None, None))

    def put(self, session: Object, document: Mapping[str, Any], *, if_match: Optional[str] = None,
            through_seq: Optional[int] = None) -> MemoryDocument:
        """Without if_match only where nothing was written before; "*" overwrites.  through_seq: the messages it covers."""
        return self._run(calls.memory("PUT", session, document, if_match, through_seq))

    def patch(self, session: Object, patch: Mapping[str, Any], *, if_match: str,
              through_seq: Optional[int] = None) -> MemoryDocument:
        """Merge patch; if_match is needed."""
        return self._run(calls.memory("PATCH", session, patch, if_match, through_seq))


class Sessions(WritableResource):
    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "sessions")
        self.memory = Memory(self._run)

    def append(self, session: Object, messages: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]], *,
               expect_last_seq: Optional[int] = None) -> JSON:
        """One message or up to 100, all or none; {"items", "last_seq"}.

        Each gets a client_message_id if it has none, so that a repetition after a lost answer stores nothing twice.
        expect_last_seq: refused (409) when there are newer messages than that.
        """
        return self._run(calls.append(session, messages, expect_last_seq))

    def messages(self, session: Object, *, after_seq: Optional[int] = None, before_seq: Optional[int] = None,
                 tail: Optional[int] = None, role: Optional[str] = None, max_tokens: Optional[int] = None,
                 format: Optional[str] = None, limit: Optional[int] = None) -> Listing:
        query: Dict[str, Any] = {"after_seq": after_seq, "before_seq": before_seq, "tail": tail, "role": role,
                                 "max_tokens": max_tokens, "format": format, "limit": limit}
        return self._list(calls.path_of("sessions", calls.id_of(session), "messages"), query, calls.after_messages)


class Client:
    def __init__(self, base_url: str = "http://127.0.0.1:8080", api_key: Optional[str] = None, *, timeout: float = 30.0,
                 max_retries: int = 4, transport: Optional[Transport] = None) -> None:
        self.transport = transport or Transport(base_url, api_key, timeout=timeout, max_retries=max_retries)
        self.candidates = WritableResource(self.transport, "candidates")
        self.resumes = Resumes(self.transport, "resumes")
        self.interviews = WritableResource(self.transport, "interviews")
        self.sessions = Sessions(self.transport)
        self.messages = Resource(self.transport, "messages")
        self.assessments = WritableResource(self.transport, "assessments")

    def resource(self, name: str) -> WritableResource:
        """A resource of your own tables: one that a migration tagged @resource(name)."""
        return WritableResource(self.transport, name)

    def start_conversation(self, candidate: Mapping[str, Any], interview: Optional[Mapping[str, Any]] = None,
                           session: Optional[Mapping[str, Any]] = None) -> Conversation:
        """Everything a first message needs, in three calls.  An object with an "id" is used as it is."""
        key = str(uuid.uuid4())

        def make(resource: WritableResource, value: Mapping[str, Any]) -> JSON:
            return dict(value) if "id" in value else resource.create(value, idempotency_key=f"{key}-{resource.name}")

        person = make(self.candidates, candidate)
        meeting = make(self.interviews, {"title": "Interview", "candidate_id": person["id"], **(interview or {})})
        talk = make(self.sessions, {"interview_id": meeting["id"], **(session or {})})
        return Conversation(person, meeting, talk)

    def request(self, method: str, path: str, body: Any = None, *, query: Optional[Mapping[str, Any]] = None, safe: Optional[bool] = None) -> Any:
        """Any other call: the parsed body of the answer.  safe: repeating it cannot act twice."""
        call = calls.call(method, path, calls.as_json, query=query, body=body, safe=safe)
        return call.read(self.transport.send(call.request))

    def close(self) -> None:
        self.transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()
