"""Chat history for langchain-core.  The session must exist: Client.start_conversation() makes one."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from typing import Any, List, Mapping, Optional, Sequence

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage, message_to_dict, messages_from_dict

from .aio import AsyncClient
from .client import Client
from .mapping import from_row, to_row

MOST_IN_ONE_APPEND = 100
MOST_IN_ONE_PAGE = 200


class KeelsonChatMessageHistory(BaseChatMessageHistory):
    """Messages come back equal to what was added; histories may share a client."""

    def __init__(self, base_url: str = "http://127.0.0.1:8080", api_key: Optional[str] = None, session_id: Optional[str] = None, *,
                 client: Optional[Client] = None) -> None:
        if not session_id:
            raise ValueError("session_id is missing: Client.start_conversation() makes a session")
        self.session_id = session_id
        self.client = client or Client(base_url, api_key)
        self._async_client: Optional[AsyncClient] = None

    @property
    def _aclient(self) -> AsyncClient:
        if self._async_client is None:
            self._async_client = AsyncClient(transport=self.client.transport)
        return self._async_client

    @property
    def messages(self) -> List[BaseMessage]:    # type: ignore[override]
        """Everything since the last clear(); replaced messages are left out, redacted ones are empty."""
        session = self.client.sessions.get(self.session_id, fields=["metadata"])
        rows = list(self.client.sessions.messages(self.session_id, limit=MOST_IN_ONE_PAGE))
        return _shown(session, rows)

    async def aget_messages(self) -> List[BaseMessage]:
        async def rows() -> List[Mapping[str, Any]]:
            return [row async for row in self._aclient.sessions.messages(self.session_id, limit=MOST_IN_ONE_PAGE)]

        return _shown(*await asyncio.gather(self._aclient.sessions.get(self.session_id, fields=["metadata"]), rows()))

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """All or none, for up to 100 messages; more are stored in several steps."""
        for part in _parts(messages):
            self.client.sessions.append(self.session_id, part)

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        for part in _parts(messages):
            await self._aclient.sessions.append(self.session_id, part)

    def clear(self) -> None:
        """Begin anew: messages answers what is added from here on.

        Nothing is deleted, because an interview is a record; the transcript stays readable through
        client.sessions.messages().  To remove it, delete the session.
        """
        session = self.client.sessions.get(self.session_id, fields=["last_seq"])
        self.client.sessions.update(self.session_id, _begin_after(session), if_match="*")

    async def aclear(self) -> None:
        session = await self._aclient.sessions.get(self.session_id, fields=["last_seq"])
        await self._aclient.sessions.update(self.session_id, _begin_after(session), if_match="*")


def _parts(messages: Sequence[BaseMessage]) -> List[List[Mapping[str, Any]]]:
    rows: List[Mapping[str, Any]] = [to_row(message_to_dict(m)) for m in messages]
    return [rows[i:i + MOST_IN_ONE_APPEND] for i in range(0, len(rows), MOST_IN_ONE_APPEND)]


def _begin_after(session: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"metadata": {"langchain": {"from_seq": session["last_seq"] + 1}}}


def _shown(session: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> List[BaseMessage]:
    first = ((session.get("metadata") or {}).get("langchain") or {}).get("from_seq", 1)
    return messages_from_dict([from_row(row) for row in rows if row["seq"] >= first and not row.get("superseded_by")])
