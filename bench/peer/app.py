"""The stack Keelson replaces, written to be fast: FastAPI, SQLAlchemy 2 Core on asyncpg, orjson, uvicorn.

It has every advantage a careful team would give it, and some that Keelson does not take: no credentials to check, no row
level security (it connects as the owner of the tables), no metrics, no access log, answers that skip response validation,
AUTOCOMMIT for reads (no BEGIN and ROLLBACK round trips), statements compiled once and cached.
The pool is what the team ran: 10 connections and 20 more, pinged before use.
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa
from fastapi import FastAPI, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.ext.asyncio import create_async_engine

ORG = UUID(os.environ["PEER_ORG"])
engine = create_async_engine(
    os.environ["PEER_DATABASE_URL"], pool_size=10, max_overflow=20, pool_pre_ping=True,
    json_deserializer=orjson.loads, json_serializer=lambda v: orjson.dumps(v).decode(),
)
reads = engine.execution_options(isolation_level="AUTOCOMMIT")

meta = sa.MetaData(schema="keelson")
uuid = PGUUID(as_uuid=True)
moment = sa.DateTime(timezone=True)
sessions = sa.Table(
    "interview_sessions", meta, sa.Column("org_id", uuid, primary_key=True), sa.Column("id", uuid, primary_key=True),
    sa.Column("interview_id", uuid), sa.Column("status", sa.Text), sa.Column("last_seq", sa.BigInteger),
    sa.Column("last_event_no", sa.BigInteger), sa.Column("message_count", sa.Integer), sa.Column("last_activity_at", moment),
    sa.Column("deleted_at", moment),
)
messages = sa.Table(
    "interview_messages", meta, sa.Column("org_id", uuid, primary_key=True), sa.Column("session_id", uuid, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True), sa.Column("id", uuid), sa.Column("event_no", sa.BigInteger),
    sa.Column("interview_id", uuid), sa.Column("role", sa.Text), sa.Column("name", sa.Text), sa.Column("content", sa.Text),
    sa.Column("content_parts", JSONB), sa.Column("tool_calls", JSONB), sa.Column("tool_call_id", sa.Text),
    sa.Column("status", sa.Text), sa.Column("client_message_id", sa.Text), sa.Column("in_reply_to", sa.BigInteger),
    sa.Column("supersedes", sa.BigInteger), sa.Column("superseded_by", sa.BigInteger), sa.Column("redacted_at", moment),
    sa.Column("redaction_reason", sa.Text), sa.Column("source_format", sa.Text), sa.Column("provider", sa.Text),
    sa.Column("model", sa.Text), sa.Column("prompt_version", sa.Text), sa.Column("input_tokens", sa.Integer),
    sa.Column("output_tokens", sa.Integer), sa.Column("metadata", JSONB), sa.Column("occurred_at", moment),
    sa.Column("created_at", moment),
)
shown = [c for c in messages.c if c.name != "org_id"]
names = tuple(str(c.name) for c in shown)


class NewMessage(BaseModel):
    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "developer", "user", "assistant", "tool", "function", "observer"]
    content: str | None = None
    content_parts: list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    client_message_id: str | None = None
    metadata: dict[str, Any] = {}


app = FastAPI(openapi_url=None)


def as_object(row: sa.Row[Any]) -> dict[str, Any]:
    return dict(zip(names, row))


def answer(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value, default=str), status, media_type="application/json")


one = sa.select(*shown).where(messages.c.org_id == ORG, messages.c.id == sa.bindparam("id"))
newest = (
    sa.select(*shown).where(messages.c.org_id == ORG, messages.c.session_id == sa.bindparam("id"))
    .order_by(messages.c.seq.desc()).limit(sa.bindparam("tail"))
)
# The row lock of UPDATE orders the writers of a session, so lock, check and next number are one round trip.
advance = (
    sa.update(sessions)
    .where(sessions.c.org_id == ORG, sessions.c.id == sa.bindparam("key"), sessions.c.deleted_at.is_(None),
           sessions.c.status.in_(["created", "active", "paused"]))
    .values(last_seq=sessions.c.last_seq + 1, last_event_no=sessions.c.last_event_no + 1,
            message_count=sessions.c.message_count + 1, last_activity_at=sa.func.now())
    .returning(sessions.c.interview_id, sessions.c.last_seq, sessions.c.last_event_no)
)
known = sa.select(sa.literal(1)).where(
    sessions.c.org_id == ORG, sessions.c.id == sa.bindparam("key"), sessions.c.deleted_at.is_(None))
insert = sa.insert(messages).returning(*shown)


@app.get("/v1/messages/{id}")
async def read(id: UUID) -> Response:
    async with reads.connect() as db:
        row = (await db.execute(one, {"id": id})).first()
    if row is None:
        raise HTTPException(404)
    return answer(as_object(row))


@app.get("/v1/sessions/{id}/messages")
async def tail(id: UUID, tail: int = Query(20, ge=1, le=200)) -> Response:
    async with reads.connect() as db:
        rows = (await db.execute(newest, {"id": id, "tail": tail})).all()
    return answer({"items": [as_object(r) for r in reversed(rows)], "next": None, "prev": None})


@app.post("/v1/sessions/{id}/messages")
async def append(id: UUID, message: NewMessage) -> Response:
    async with engine.begin() as db:
        session = (await db.execute(advance, {"key": id})).first()
        if session is None:
            raise HTTPException(409 if (await db.execute(known, {"key": id})).first() else 404)
        values = message.model_dump(exclude_unset=True) | {
            "org_id": ORG, "session_id": id, "seq": session.last_seq, "id": uuid4(),
            "event_no": session.last_event_no, "interview_id": session.interview_id,
        }
        row = (await db.execute(insert, values)).one()
    return answer({"items": [as_object(row)], "last_seq": row.seq}, 201)
