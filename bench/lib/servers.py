"""The contenders that speak HTTP: Keelson as it ships, and the peer."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import data
import machine
from load import Target
from postgres import Postgres

KEELSON = Path(os.environ.get("KEELSON_BIN", machine.ROOT / "build/keelson"))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def keelson_binary() -> str:
    if not KEELSON.exists():
        raise machine.Unable(f"{KEELSON} is not built: ./run build")
    return str(KEELSON)


def request(target: Target, method: str, path: str, body: object = None) -> tuple[int, dict]:
    connection = http.client.HTTPConnection(target.url.removeprefix("http://"), timeout=30)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if target.key:
        headers["Authorization"] = "Bearer " + target.key
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}
    finally:
        connection.close()


class Server:
    """One running process; its output goes to a file in `dir`."""

    def __init__(self, name: str, command: list, environment: dict, dir: Path, port: int, ready: str,
                 key: str | None = None) -> None:
        self.log = dir / f"{name}.log"
        self.started = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=dir, env=os.environ | environment)
        self.target = Target(name, f"http://127.0.0.1:{port}", key, self.process.pid)
        try:
            self.ready_after = self._wait(ready)
        except BaseException:
            self.stop()
            raise

    def _wait(self, ready: str) -> float:
        while time.monotonic() - self.started < 60:
            if self.process.poll() is not None:
                raise machine.Unable(f"{self.target.name} stopped at start:\n{self.log.read_text()[-2000:]}")
            try:
                if request(self.target, "GET", ready)[0] < 500:
                    return time.monotonic() - self.started
            except (OSError, http.client.HTTPException, ValueError):
                pass
            time.sleep(0.005)
        raise machine.Unable(f"{self.target.name} did not get ready in 60 s:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def peer(pg: Postgres, org: str, workers: int, dir: Path) -> Server:
    port = free_port()
    command = [machine.peer_python(), "-m", "uvicorn", "app:app", "--app-dir", machine.BENCH / "peer", "--host", "127.0.0.1",
               "--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
               "--workers", str(workers)]
    environment = {"PEER_ORG": org, "PEER_DATABASE_URL": pg.url(pg.superuser, scheme="postgresql+asyncpg"),
                   "PYTHONOPTIMIZE": "1"}
    return Server("peer", command, environment, dir, port, f"/v1/messages/{data.message_id(0)}")


def keelson(database_url: str, key: str, dir: Path, **settings: str) -> Server:
    """As it ships, apart from `settings` (KEELSON_...)."""
    port = free_port()
    command = [keelson_binary(), "serve", "--listen", f"127.0.0.1:{port}"]
    return Server("keelson", command, {"DATABASE_URL": database_url, **settings}, dir, port, "/health/ready", key)


def keelson_embedded(data_dir: Path, dir: Path) -> Server:
    port = free_port()
    command = [keelson_binary(), "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", data_dir]
    environment = {"DATABASE_URL": "", "KEELSON_OWNER_URL": ""}
    return Server("keelson-embedded", command, environment, dir, port, "/health/ready")
