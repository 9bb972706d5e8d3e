"""One timed run of one tool against one contender: wrk for both HTTP servers, pgbench for the tables themselves."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass, field

import data
import machine
from postgres import DATABASE, Postgres


@dataclass
class Sample:
    rate: float                  # answered operations per second
    p99_ms: float | None = None
    p50_ms: float | None = None
    refused: int = 0             # answered with an error status
    resident: int = 0            # bytes of the server's process tree, under load
    cpu_us: dict[str, float] = field(default_factory=dict)      # microseconds per operation, by party
    others: float = 0                                           # share of the machine's CPU that other programs took


@dataclass
class Target:
    name: str
    url: str
    key: str | None
    pid: int


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


class Meter:
    """CPU of the parties between enter and exit: user and system time of every process of each."""

    def __init__(self, parties: dict[str, int]) -> None:
        self.parties = parties

    def _now(self) -> dict[str, float]:
        now = {name: machine.cpu_seconds(pid) for name, pid in self.parties.items()}
        return now | {"load": _children_cpu(), "everything": machine.busy_seconds(), "clock": time.monotonic()}

    def __enter__(self) -> Meter:
        self.before = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        after = self._now()
        used = {name: after[name] - before for name, before in self.before.items()}
        available = used.pop("clock") * (os.cpu_count() or 1)
        self.others = max(0.0, used.pop("everything") - sum(used.values())) / available
        self.used = used

    def per(self, operations: int) -> dict[str, float]:
        return {name: used * 1e6 / max(operations, 1) for name, used in self.used.items()}


def http(target: Target, pg: Postgres, work: str, clients: int, seconds: float, scale: data.Scale, seed: int) -> Sample:
    command = [machine.need("wrk", "wrk"), "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "30s", "-s",
               machine.BENCH / "wrk/load.lua", target.url, "--", work, str(scale.sessions), str(scale.per_session),
               target.key or "-", str(seed)]
    with Meter({"server": target.pid, "postgres": pg.pid}) as meter:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            process.wait(seconds * 0.8)
        except subprocess.TimeoutExpired:
            pass
        resident = machine.resident_bytes(target.pid)
        output = process.communicate()[0]
    if process.returncode:
        raise machine.Unable(f"wrk failed against {target.name}:\n{output}")
    result = json.loads(output.strip().splitlines()[-1])
    if result["broken"]:
        raise machine.Unable(f"{target.name}, {work}: {result['broken']} connections broke or timed out")
    return Sample(result["requests"] / result["seconds"], result["p99_us"] / 1000, result["p50_us"] / 1000, result["refused"], resident,
                  meter.per(result["requests"]), meter.others)


def pgbench(pg: Postgres, org: str, work: str, clients: int, seconds: float, scale: data.Scale, seed: int) -> Sample:
    """-M prepared with generic plans over the same socket, as a role that row level security does not apply to."""
    command = [machine.pgbench(), "-n", "-M", "prepared", "-c", str(clients), "-j", "1" if clients == 1 else "2", "-T",
               str(max(1, round(seconds))), "--random-seed", str(seed), "-f", machine.BENCH / f"pgbench/{work}.sql",
               "-D", f"org={org}", "-D", f"last_session={data.BASE + scale.sessions - 1}",
               "-D", f"last_message={data.BASE + scale.messages - 1}", "-h", pg.dir, "-U", pg.superuser, DATABASE]
    environment = dict(os.environ, PGOPTIONS="-c plan_cache_mode=force_generic_plan")
    with Meter({"postgres": pg.pid}) as meter:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)
    count = re.search(r"transactions actually processed: (\d+)", done.stdout)
    if done.returncode or not rate or not count:
        raise machine.Unable(f"pgbench {work}: {done.stderr.strip()[:300]}")
    return Sample(float(rate[1]), cpu_us=meter.per(int(count[1])), others=meter.others)
