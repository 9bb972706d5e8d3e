"""The awaited client: the same calls, each run by a thread of its own pool over the same transport.

Cancelling an awaiting task returns at once; the request itself ends in its thread, so a write that was cancelled may still
have happened.  `max_concurrent` requests are under way at a time, more wait for a thread.
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, List, Mapping, Optional, Sequence, Type, TypeVar, Union

from . import calls
from .calls import JSON, Call, Conversation, File, MemoryDocument, Object
from .transport import Transport

T = TypeVar("T")
After = Callable[[Mapping[str, Any], Mapping[str, Any]], Optional[Mapping[str, Any]]]


class Runner:
    def __init__(self, transport: Transport, max_concurrent: int) -> None:
        self.transport = transport
        self.threads = ThreadPoolExecutor(max_concurrent, thread_name_prefix="keelson")

    async def run(self, call: Call[T]) -> T:
        answer = await asyncio.get_running_loop().run_in_executor(self.threads, self.transport.send, call.request)
        return call.read(answer)


class AsyncListing:
    """`async for` for everything, page after page; await page() for one."""

    def __init__(self, fetch: Callable[[Mapping[str, Any]], Awaitable[JSON]], query: Mapping[str, Any], after: After) -> None:
        self._fetch, self._query, self._after = fetch, query, after

    async def page(self) -> JSON:
        """{"items", "next", "prev"}"""
        return await self._fetch(self._query)

    async def pages(self) -> AsyncIterator[JSON]:
        query: Optional[Mapping[str, Any]] = self._query
        while query is not None:
            page = await self._fetch(query)
            yield page
            query = self._after(query, page)

    async def __aiter__(self) -> AsyncIterator[JSON]:
        async for page in self.pages():
            for item in page["items"]:
                yield item


class AsyncResource:
    def __init__(self, runner: Runner, name: str) -> None:
        self._run = runner.run
        self.name = name

    def _list(self, path: str, query: Mapping[str, Any], after: After = calls.after_page) -> AsyncListing:
        return AsyncListing(lambda query: self._run(calls.page(path, query)), query, after)

    async def get(self, id: str, *, fields: Optional[Sequence[str]] = None, include: Optional[str] = None) -> JSON:
        return await self._run(calls.get(self.name, id, fields, include))

    def list(self, *, where: Optional[Mapping[str, Any]] = None, order: Optional[str] = None, limit: Optional[int] = None,
             cursor: Optional[str] = None, fields: Optional[Sequence[str]] = None, include: Optional[str] = None,
             count: Optional[str] = None) -> AsyncListing:
        return self._list(calls.path_of(self.name), calls.list_query(where, order, limit, cursor, fields, include, count))


class AsyncWritableResource(AsyncResource):
    async def create(self, value: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> JSON:
        return await self._run(calls.create(self.name, value, idempotency_key))

    async def create_many(self, values: Sequence[Mapping[str, Any]], *, idempotency_key: Optional[str] = None) -> List[JSON]:
        return await self._run(calls.create_many(self.name, values, idempotency_key))

    async def update(self, object: Object, patch: Mapping[str, Any], *, if_match: Optional[str] = None,
                     idempotency_key: Optional[str] = None) -> JSON:
        return await self._run(calls.update(self.name, object, patch, if_match, idempotency_key))

    async def delete(self, object: Object, *, if_match: Optional[str] = None) -> None:
        await self._run(calls.delete(self.name, object, if_match))

    async def restore(self, object: Object, *, idempotency_key: Optional[str] = None) -> JSON:
        return await self._run(calls.restore(self.name, object, idempotency_key))

    async def transition(self, object: Object, to: str, *, reason: Optional[str] = None,
                         idempotency_key: Optional[str] = None) -> JSON:
        return await self._run(calls.transition(self.name, object, to, reason, idempotency_key))


class AsyncResumes(AsyncWritableResource):
    async def put_file(self, resume: Object, data: bytes, *, type: str = "application/octet-stream",
                       file_name: Optional[str] = None) -> JSON:
        return await self._run(calls.put_file(resume, data, type, file_name))

    async def get_file(self, resume: Object, *, range: Optional[str] = None) -> File:
        return await self._run(calls.get_file(resume, range))


class AsyncMemory:
    def __init__(self, run: Callable[[Call[MemoryDocument]], Awaitable[MemoryDocument]]) -> None:
        self._run = run

    async def get(self, session: Object) -> MemoryDocument:
        return await self._run(calls.memory("GET", session, None, None, None))

    async def put(self, session: Object, document: Mapping[str, Any], *, if_match: Optional[str] = None,
            through_seq: Optional[int] = None) -> MemoryDocument:
        return await self._run(calls.memory("PUT", session, document, if_match, through_seq))

    async def patch(self, session: Object, patch: Mapping[str, Any], *, if_match: str,
              through_seq: Optional[int] = None) -> MemoryDocument:
        return await self._run(calls.memory("PATCH", session, patch, if_match, through_seq))


class AsyncSessions(AsyncWritableResource):
    def __init__(self, runner: Runner) -> None:
        super().__init__(runner, "sessions")
        self.memory = AsyncMemory(runner.run)

    async def append(self, session: Object, messages: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]], *,
                     expect_last_seq: Optional[int] = None) -> JSON:
        return await self._run(calls.append(session, messages, expect_last_seq))

    def messages(self, session: Object, *, after_seq: Optional[int] = None, before_seq: Optional[int] = None,
                 tail: Optional[int] = None, role: Optional[str] = None, max_tokens: Optional[int] = None,
                 format: Optional[str] = None, limit: Optional[int] = None) -> AsyncListing:
        query: Dict[str, Any] = {"after_seq": after_seq, "before_seq": before_seq, "tail": tail, "role": role,
                                 "max_tokens": max_tokens, "format": format, "limit": limit}
        return self._list(calls.path_of("sessions", calls.id_of(session), "messages"), query, calls.after_messages)


class AsyncClient:
    def __init__(self, base_url: str = "http://127.0.0.1:8080", api_key: Optional[str] = None, *, timeout: float = 30.0,
                 max_retries: int = 4, max_concurrent: int = 64, transport: Optional[Transport] = None) -> None:
        self.transport = transport or Transport(base_url, api_key, timeout=timeout, max_retries=max_retries,
                                                max_idle=max_concurrent)
        runner = Runner(self.transport, max_concurrent)
        self._runner = runner
        self.candidates = AsyncWritableResource(runner, "candidates")
        self.resumes = AsyncResumes(runner, "resumes")
        self.interviews = AsyncWritableResource(runner, "interviews")
        self.sessions = AsyncSessions(runner)
        self.messages = AsyncResource(runner, "messages")
        self.assessments = AsyncWritableResource(runner, "assessments")

    def resource(self, name: str) -> AsyncWritableResource:
        return AsyncWritableResource(self._runner, name)

    async def start_conversation(self, candidate: Mapping[str, Any], interview: Optional[Mapping[str, Any]] = None,
                                 session: Optional[Mapping[str, Any]] = None) -> Conversation:
        key = str(uuid.uuid4())

        async def make(resource: AsyncWritableResource, value: Mapping[str, Any]) -> JSON:
            return dict(value) if "id" in value else await resource.create(value, idempotency_key=f"{key}-{resource.name}")

        person = await make(self.candidates, candidate)
        meeting = await make(self.interviews, {"title": "Interview", "candidate_id": person["id"], **(interview or {})})
        talk = await make(self.sessions, {"interview_id": meeting["id"], **(session or {})})
        return Conversation(person, meeting, talk)

    async def request(self, method: str, path: str, body: Any = None, *, query: Optional[Mapping[str, Any]] = None,
                      safe: Optional[bool] = None) -> Any:
        return await self._runner.run(calls.call(method, path, calls.as_json, query=query, body=body, safe=safe))

    async def close(self) -> None:
        self.transport.close()
        self._runner.threads.shutdown(wait=False)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        await self.close()
