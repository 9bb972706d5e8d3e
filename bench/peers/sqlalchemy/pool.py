"""SQLAlchemy's AsyncAdaptedQueuePool on asyncpg and uvloop, 10 + 20: borrow and return, a crowd, and refusing.

usage: pool.py ROUNDS SECONDS CLIENTS      the database in PEER_DATABASE_URL, the organization in PEER_ORG; one JSON object
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json
import os
import sys
import time

import sqlalchemy as sa
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool
from sqlalchemy.util import greenlet_spawn

SIZE, OVERFLOW, LOANS = 10, 20, 20_000
FIRST = sa.text("SELECT id, full_name, status, created_at FROM keelson.candidates WHERE org_id = CAST(:org AS uuid) "
                "AND deleted_at IS NULL "
                "ORDER BY created_at, id LIMIT 1")


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def engine(**more: object) -> AsyncEngine:
    made = create_async_engine(os.environ["PEER_DATABASE_URL"], pool_size=SIZE, max_overflow=OVERFLOW, **more)
    return made.execution_options(isolation_level="AUTOCOMMIT")


def loan(pool: Pool) -> float:
    """Nanoseconds of borrowing and returning a connection that is idle.  Nothing was done on it, so the reset sends nothing."""
    begun = time.perf_counter_ns()
    for _ in range(LOANS):
        pool.connect().close()
    return (time.perf_counter_ns() - begun) / LOANS


async def client(db: AsyncEngine, until: float, took: list[float]) -> None:
    while (begun := time.perf_counter()) < until:
        async with db.connect() as connection:
            (await connection.execute(FIRST, {"org": os.environ["PEER_ORG"]})).one()
        took.append((time.perf_counter() - begun) * 1000)


async def crowd(seconds: float, clients: int) -> dict:
    db, took = engine(pool_timeout=30), []
    await asyncio.gather(*(client(db, time.perf_counter() + 1, []) for _ in range(clients)))
    await asyncio.gather(*(client(db, time.perf_counter() + seconds, took) for _ in range(clients)))
    await db.dispose()
    return {"p50_ms": percentile(took, 0.5), "p99_ms": percentile(took, 0.99), "rate": len(took) / seconds}


async def refusing() -> float:
    """All are lent and nobody may wait: milliseconds until the caller knows, p99."""
    db, took = engine(pool_timeout=0), []
    held = [await db.connect() for _ in range(SIZE + OVERFLOW)]
    for _ in range(2000):
        begun = time.perf_counter()
        try:
            await db.connect()
        except sa.exc.TimeoutError:
            took.append((time.perf_counter() - begun) * 1000)
    for connection in held:
        await connection.close()
    await db.dispose()
    return percentile(took, 0.99)


async def main(rounds: int, seconds: float, clients: int) -> None:
    db = engine()
    loans = [await greenlet_spawn(loan, db.sync_engine.pool) for _ in range(rounds)]
    await db.dispose()
    print(json.dumps({"version": sa.__version__, "loan_ns": loans, "crowd": [await crowd(seconds, clients) for _ in range(rounds)],
                      "refuse_ms": await refusing(), "patience_ms": 0}))


uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
