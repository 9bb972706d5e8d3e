"""The rows of the table: what each measures, and how far it must and should get.

A ratio is the median over rounds of ratios inside one round, so that a machine that slows down for a while slows all
contenders of that round.
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from statistics import median
from typing import Callable

import data
import load
import machine
import pools
import special
from load import Sample
from pools import Pools


@dataclass
class Result:
    row: str
    what: str
    against: str
    measured: float | None
    floor: float
    goal: float
    unit: str                        # "x" a ratio, or "ms", "s", "ns"
    higher_is_better: bool
    detail: str = ""
    rounds: list[float] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        def reached(mark: float) -> bool:
            return self.measured >= mark if self.higher_is_better else self.measured <= mark
        return "goal" if reached(self.goal) else "ok" if reached(self.floor) else "BELOW FLOOR"


@dataclass
class Bench:
    """Everything a row needs: the servers, the data, the options, and the samples taken so far."""
    world: special.World
    seconds: int
    rounds: int
    pools: Pools
    samples: dict[tuple[str, str, int], list[Sample]] = field(default_factory=dict)
    seed: int = 1

    def take(self, contender: str, work: str, clients: int) -> Sample:
        self.seed += 1
        w = self.world
        if contender == "pgbench":
            sample = load.pgbench(w.pg, w.access.org, work, clients, self.seconds, w.scale, self.seed)
        else:
            target = w.keelson.target if contender == "keelson" else w.peer.target
            sample = load.http(target, w.pg, work, clients, self.seconds, w.scale, self.seed)
        self.samples.setdefault((contender, work, clients), []).append(sample)
        machine.say(f"bench: {work:<11}{clients:>3} clients  {contender:<8}{sample.rate:>9.0f}/s")
        if sample.refused and work != "append-bad":
            raise machine.Unable(f"{contender} refused {sample.refused} requests of {work}")
        return sample

    def interleave(self, contenders: list[str], work: str, clients: int) -> None:
        """Rounds of all contenders, the first one changing, unless an earlier row took these samples already."""
        missing = [c for c in contenders if (c, work, clients) not in self.samples]
        for n in range(self.rounds if missing else 0):
            turn = n % len(missing)
            for contender in missing[turn:] + missing[:turn]:
                self.take(contender, work, clients)

    def ratios(self, a: tuple, b: tuple, value: Callable[[Sample], float] = lambda s: s.rate) -> list[float]:
        return [value(x) / value(y) for x, y in zip(self.samples[a], self.samples[b])]


def detail(b: Bench, *keys: tuple) -> str:
    parts = []
    for key in keys:
        samples = b.samples[key]
        cpu = " + ".join(f"{name} {median(s.cpu_us[name] for s in samples):.0f}" for name in samples[0].cpu_us)
        parts.append(f"{key[0]} {median(s.rate for s in samples):,.0f}/s ({cpu} us)")
    return ", ".join(parts)


def throughput(row: str, what: str, work: str, floors: tuple, goals: tuple) -> Callable[[Bench], list[Result]]:
    def measure(b: Bench) -> list[Result]:
        b.interleave(["keelson", "pgbench", "peer"], work, 64)
        results = []
        for other, floor, goal in zip(("pgbench", "peer"), floors, goals):
            ratios = b.ratios(("keelson", work, 64), (other, work, 64))
            results.append(Result(row, what, f"times {other}", median(ratios), floor, goal, "x", True,
                                  detail(b, ("keelson", work, 64), (other, work, 64)), ratios))
        return results
    return measure


def one_client(b: Bench) -> list[Result]:
    results = []
    for work in ("read", "append", "tail"):
        b.interleave(["keelson", "pgbench"], work, 1)
        ratios = b.ratios(("keelson", work, 1), ("pgbench", work, 1))
        results.append(Result("one-client", f"{work}, one client", "times pgbench", median(ratios), 0.4, 0.9, "x", True,
                              detail(b, ("keelson", work, 1), ("pgbench", work, 1)), ratios))
    return results


def with_invalid(b: Bench) -> list[Result]:
    for n in range(b.rounds):
        for work in ("append", "append-bad") if n % 2 else ("append-bad", "append"):
            if len(b.samples.get(("keelson", work, 64), [])) <= n:
                b.take("keelson", work, 64)
    bad = b.samples[("keelson", "append-bad", 64)]
    if not all(s.refused for s in bad):
        raise machine.Unable("append with 1 % invalid requests: nothing was refused")
    ratios = b.ratios(("keelson", "append-bad", 64), ("keelson", "append", 64))
    return [Result("invalid", "append with 1 % invalid requests", "times the clean rate", median(ratios), 0.8, 0.95, "x", True,
                   detail(b, ("keelson", "append-bad", 64)), ratios)]


def tail_latency(b: Bench) -> list[Result]:
    results = []
    for work in ("read", "append", "tail"):
        b.interleave(["keelson", "peer"], work, 64)
        mine, theirs = ("keelson", work, 64), ("peer", work, 64)
        ratios = b.ratios(mine, theirs, lambda s: s.p99_ms)
        middle = [median(s.p99_ms for s in b.samples[k]) for k in (mine, theirs)]
        results.append(Result("p99", f"p99 of {work}, 64 clients", "times the peer's", median(ratios), 1 / 10, 1 / 30, "x", False,
                              "keelson {:.2f} ms, peer {:.2f} ms".format(*middle), ratios))
    return results


def memory(b: Bench) -> list[Result]:
    works = ("read", "append", "tail")
    for work in works:
        b.interleave(["keelson", "peer"], work, 64)
    most = [max(s.resident for work in works for s in b.samples[(c, work, 64)]) for c in ("keelson", "peer")]
    return [Result("memory", "resident memory under that load", "times the peer's", most[0] / most[1], 1 / 4, 1 / 8, "x", False,
                   "keelson {:.0f} MB, peer {:.0f} MB, largest of all rounds, without PostgreSQL".format(*(m / 1e6 for m in most)))]


def loan(b: Bench) -> list[Result]:
    """The pool without anything around it: see micro/pool.c."""
    program, rounds = machine.micro("bench-pool"), max(b.rounds, 3)
    done = subprocess.run([program, str(rounds), "1000000"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise machine.Unable(done.stderr.strip())
    found = [float(line) for line in done.stdout.split()]
    if b.pools.wanted and not b.pools.said:
        crowd(b)
    return [Result("loan", "borrow and return a pooled connection, no I/O", "", median(found), 100, 30, "ns", False,
                   b.pools.beside(pools.loan_text), found)]


def crowd(b: Bench) -> list[Result]:
    """Ten times as many clients as connections, each request one statement on a connection of its own."""
    key = ("keelson", "first", pools.CLIENTS)
    while len(b.samples.get(key, [])) < b.rounds:
        b.take(*key)
        b.pools.one_round(b.seconds)
    ratios = [s.p99_ms / s.p50_ms for s in b.samples[key]]
    others = b.pools.beside(pools.crowd_text)
    return [Result("crowd", f"p99 over p50, {pools.CLIENTS} clients on 10 + 20", "", median(ratios), 2, 2, "x", False,
                   f"p50 {median(s.p50_ms for s in b.samples[key]):.2f} ms, {detail(b, key)}" + (f"; {others}" if others else ""), ratios)]


def refusing(b: Bench) -> list[Result]:
    if b.pools.wanted and not b.pools.said:
        crowd(b)
    results = from_special("refusing", "refusing", "p99", 5, 1, "ms", special.refusing)(b)
    others = b.pools.beside(pools.refuse_text)
    if others:
        results[0].detail += f"; {others}"
    return results


def from_special(row: str, what: str, against: str, floor: float, goal: float, unit: str,
                 measure: Callable[[special.World, int], special.Finding]) -> Callable[[Bench], list[Result]]:
    def run(b: Bench) -> list[Result]:
        found = measure(b.world, b.rounds)
        return [Result(row, what + suffix, against, value, floor, goal, unit, False, found.detail, rounds)
                for suffix, value, rounds in found.values]
    return run


ROWS: dict[str, Callable[[Bench], list[Result]]] = {
    "read":       throughput("read", "read one message, 64 clients", "read", (1.5, 15), (2.5, 30)),
    "append":     throughput("append", "append one message, commit on, 64 clients", "append", (2.0, 8), (3.5, 15)),
    "tail":       throughput("tail", "last 20 messages, 64 clients", "tail", (1.0, 12), (1.5, 25)),
    "one-client": one_client,
    "invalid":    with_invalid,
    "p99":        tail_latency,
    "memory":     memory,
    "loan":       loan,
    "crowd":      crowd,
    "refusing":   refusing,
    "wal":        from_special("wal", "bytes of WAL per byte of conversation, 100 turns", "", 3, 1.5, "x", special.wal),
    "turn":       from_special("turn", "turn 1,000 of one session", "times turn 10", 1.2, 1.0, "x", special.turn),
    "start":      from_special("start", "start to ready, embedded, existing data directory", "", 1, 0.4, "s", special.start),
}
