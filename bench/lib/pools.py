"""Other connection pools on the same work: each is a small program of ours in peers/, made on demand and run once a round.

One that cannot be made or run here is named and left out; nothing else fails because of it.
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Callable

import machine
from postgres import DATABASE, Postgres

MADE = machine.BENCH / ".pools"
PEERS = machine.BENCH / "peers"
CLIENTS = 300                # ten times the 10 + 20 connections


def _made(command: list, dir: Path) -> None:
    done = subprocess.run(command, cwd=dir, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise machine.Unable(f"{Path(str(command[0])).name} failed: {said[-1][:200] if said else done.returncode}")


def _sqlalchemy() -> list:
    return [machine.peer_python(), PEERS / "sqlalchemy/pool.py"]


def _pgx() -> list:
    _made([machine.need("go", "golang"), "build", "-o", MADE / "pgx", "."], PEERS / "pgx")
    return [MADE / "pgx"]


def _hikaricp() -> list:
    dir = MADE / "hikaricp"
    _made([machine.need("mvn", "maven"), "-q", "-B", f"-Ddir={dir}", "package", "dependency:copy-dependencies", f"-DoutputDirectory={dir}/lib"],
          PEERS / "hikaricp")
    version = next((jar.stem.split("-", 1)[1] for jar in dir.glob("lib/HikariCP-*.jar")), "unknown")
    return [machine.need("java", "default-jdk"), f"-Dbench.version={version}", "-cp", f"{dir}/classes:{dir}/lib/*", "bench.Pool"]


def _pgbouncer() -> list:
    os.environ["PATH"] += ":/usr/sbin"
    machine.need("pgbouncer", "pgbouncer")
    return [sys.executable, PEERS / "pgbouncer/pool.py"]


MAKERS: dict[str, Callable[[], list]] = {"SQLAlchemy": _sqlalchemy, "pgx": _pgx, "HikariCP": _hikaricp, "PgBouncer": _pgbouncer}


@dataclass
class Pools:
    """What they said, round by round.  `wanted` false: nobody is asked."""
    pg: Postgres
    org: str
    wanted: bool
    said: dict[str, list[dict]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    commands: dict[str, list] = field(default_factory=dict)

    def make(self) -> None:
        """Before anything is timed."""
        MADE.mkdir(exist_ok=True)
        for name in MAKERS if self.wanted else ():
            machine.say(f"bench: making {name}'s program")
            try:
                self.commands[name] = MAKERS[name]()
            except (machine.Unable, OSError, subprocess.CalledProcessError) as problem:
                self._leave_out(name, str(problem))

    def one_round(self, seconds: int) -> None:
        for name in list(self.commands):
            machine.say(f"bench: pool of {name}")
            try:
                self.said.setdefault(name, []).append(self._run(name, seconds))
            except (machine.Unable, OSError, ValueError, subprocess.TimeoutExpired) as problem:
                self._leave_out(name, str(problem))

    def _run(self, name: str, seconds: int) -> dict:
        scheme = "postgresql+asyncpg" if name == "SQLAlchemy" else "postgresql"
        environment = os.environ | {
            "PEER_DATABASE_URL": self.pg.url(self.pg.superuser, scheme=scheme), "PEER_ORG": self.org, "PEER_SOCKET": str(self.pg.dir),
            "PEER_DATABASE": DATABASE, "PEER_USER": self.pg.superuser, "PEER_PGBENCH": machine.pgbench(),
        }
        done = subprocess.run([*self.commands[name], "1", str(seconds), str(CLIENTS)], env=environment, capture_output=True, text=True,
                              timeout=300, check=False)
        if done.returncode:
            raise machine.Unable((done.stderr.strip().splitlines() or ["failed"])[-1][:200])
        return json.loads(done.stdout)

    def _leave_out(self, name: str, why: str) -> None:
        machine.say(f"bench: {name} is left out: {why}")
        self.left_out[name] = why
        self.commands.pop(name, None)
        self.said.pop(name, None)

    def beside(self, show: Callable[[list[dict]], str | None]) -> str:
        """The others' figures for the line below a row: show() makes one from the rounds of one of them, or None."""
        parts = [f"{name} {rounds[0]['version']}: {text}" for name, rounds in self.said.items() if (text := show(rounds))]
        parts += [f"{name}: not measured" for name in self.left_out]
        return ", ".join(parts)


def loan_text(rounds: list[dict]) -> str | None:
    values = [v for r in rounds for v in r["loan_ns"]]
    return f"{median(values):,.0f} ns" if values else None


def crowd_text(rounds: list[dict]) -> str:
    crowds = [c for r in rounds for c in r["crowd"]]
    return (f"{median(c['p99_ms'] / c['p50_ms'] for c in crowds):.2f} (p50 {median(c['p50_ms'] for c in crowds):.2f} ms, "
            f"{median(c['rate'] for c in crowds):,.0f}/s)")


def refuse_text(rounds: list[dict]) -> str:
    patience = rounds[0]["patience_ms"]
    after = f" after the {patience} ms it must be given" if patience else ""
    return f"{median(r['refuse_ms'] for r in rounds):.2f} ms{after}"
