"""Keelson's schema on the throwaway server, an organization, a key; and the proof that both servers answer the same."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import data
import machine
import servers
from load import Target
from postgres import Postgres


@dataclass(frozen=True)
class Access:
    org: str
    key: str
    database_url: str


def prepare(pg: Postgres, dir: Path) -> Access:
    """As a user prepares a database: `keelson init`, with an owner that is no superuser."""
    pg.sql("CREATE ROLE keelson_setup LOGIN CREATEROLE")
    pg.sql("ALTER DATABASE keelson OWNER TO keelson_setup")
    done = subprocess.run([servers.keelson_binary(), "init"], cwd=dir, capture_output=True, text=True, check=False,
                          env=os.environ | {"KEELSON_OWNER_URL": pg.url("keelson_setup")})
    if done.returncode:
        raise machine.Unable(f"keelson init: {done.stderr.strip() or done.stdout.strip()}")
    settings = dict(re.findall(r"^(?:export )?(\w+)=[\"']?(.*?)[\"']?$", (dir / ".env").read_text(), re.M))
    key = re.search(r"kls_live_\w+", done.stdout + (dir / ".env").read_text())
    if not key or "DATABASE_URL" not in settings:
        raise machine.Unable("keelson init wrote no DATABASE_URL or no key")
    return Access(pg.sql("SELECT id FROM keelson.organizations"), key[0], settings["DATABASE_URL"])


def same_answers(keelson: Target, peer: Target) -> None:
    """A comparison means something only between servers that do the same work."""
    paths = (f"/v1/messages/{data.message_id(7)}", f"/v1/sessions/{data.session_id(3)}/messages?tail=20")
    for path in paths:
        answers = [servers.request(target, "GET", path) for target in (keelson, peer)]
        if [status for status, _ in answers] != [200, 200]:
            raise machine.Unable(f"GET {path}: Keelson says {answers[0]}, the peer {answers[1]}")
        mine, theirs = (members(body) for _, body in answers)
        if mine != theirs:
            raise machine.Unable(f"GET {path}: members differ: {sorted(set(mine) ^ set(theirs)) or 'values'}")


def members(body: dict) -> dict:
    """The message itself, or the newest of a list, without times, which the two write differently."""
    message = body["items"][-1] if "items" in body else body
    return {name: value for name, value in message.items() if not name.endswith("_at")}
