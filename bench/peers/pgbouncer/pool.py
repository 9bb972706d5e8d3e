"""PgBouncer in transaction mode, 30 connections: a crowd (pgbench's) and refusing.  It lends nothing without a network between.

usage: pool.py ROUNDS SECONDS CLIENTS      directory of the server's socket in PEER_SOCKET, database and user in PEER_DATABASE and
                                           PEER_USER, the organization in PEER_ORG, pgbench in PEER_PGBENCH; one JSON object
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PORT = 6432
USER, DATABASE = os.environ["PEER_USER"], os.environ["PEER_DATABASE"]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def start(dir: Path, clients: int) -> subprocess.Popen:
    text = (HERE / "pool.ini").read_text()
    for name, value in {"SERVER": os.environ["PEER_SOCKET"], "USER": USER, "HERE": dir, "CLIENTS": clients}.items():
        text = text.replace(f"@{name}@", str(value))
    (dir / "pool.ini").write_text(text)
    as_other: dict = {}
    if os.geteuid() == 0:               # which PgBouncer refuses to run as
        user = pwd.getpwnam("postgres")
        os.chown(dir, user.pw_uid, user.pw_gid)
        as_other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    process = subprocess.Popen([shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", "-q", dir / "pool.ini"], cwd=dir, **as_other)
    until = time.monotonic() + 10
    while not (dir / f".s.PGSQL.{PORT}").exists():
        if time.monotonic() > until or process.poll() is not None:
            raise SystemExit("PgBouncer did not start")
        time.sleep(0.01)
    return process


def crowd(dir: Path, seconds: float, clients: int) -> dict:
    """Latency of every transaction, as pgbench logs it."""
    for old in dir.glob("crowd*"):
        old.unlink()
    subprocess.run([os.environ["PEER_PGBENCH"], "-n", "-M", "extended", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds))), "-l",
                    "--log-prefix", dir / "crowd", "-f", HERE / "first.sql", "-D", "org=" + os.environ["PEER_ORG"], "-h", dir,
                    "-p", str(PORT), "-U", USER, DATABASE], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took = [int(line.split()[2]) / 1000 for log in dir.glob("crowd*") for line in log.read_text().splitlines()]
    return {"p50_ms": percentile(took, 0.5), "p99_ms": percentile(took, 0.99), "rate": len(took) / seconds}


def connect(dir: Path) -> tuple[socket.socket, bytes]:
    """A connection after its startup message, and the first byte of the answer: E means refused."""
    body = struct.pack("!i", 196608) + f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(str(dir / f".s.PGSQL.{PORT}"))
    try:
        s.sendall(struct.pack("!i", len(body) + 4) + body)
    except BrokenPipeError:
        pass                            # refused before it was asked; why is still there to be read
    return s, s.recv(4096)[:1]


def refusing(dir: Path, clients: int) -> float:
    """It has as many clients as it may: milliseconds until the next one knows, p99."""
    held, took = [connect(dir)[0] for _ in range(clients)], []
    for _ in range(2000):
        begun = time.perf_counter()
        s, answer = connect(dir)
        if answer == b"E":
            took.append((time.perf_counter() - begun) * 1000)
        s.close()
    for s in held:
        s.close()
    if len(took) < 1000:
        raise SystemExit(f"PgBouncer refused only {len(took)} of 2000")
    return percentile(took, 0.99)


def main(rounds: int, seconds: float, clients: int) -> None:
    version = subprocess.run([shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", "--version"], capture_output=True, text=True, check=True)
    dir = Path(tempfile.mkdtemp(prefix="keelson-bench-pgbouncer-"))
    process = start(dir, clients)
    try:
        crowd(dir, 1, clients)
        print(json.dumps({"version": version.stdout.split()[1], "loan_ns": [], "crowd": [crowd(dir, seconds, clients) for _ in range(rounds)],
                          "refuse_ms": refusing(dir, clients), "patience_ms": 0}))
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(dir, ignore_errors=True)


main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
