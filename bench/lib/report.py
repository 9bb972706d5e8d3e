"""The table for people and the object for programs."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import platform
from statistics import mean

from rows import Bench, Result


def amount(value: float | None, unit: str) -> str:
    if value is None or not unit:
        return "-"
    if unit == "x":
        return f"{value:.2f}" if value < 10 else f"{value:.0f}"
    return f"{value:.2f} {unit}"


def others(b: Bench) -> float:
    """Share of the machine that other programs took while something was timed."""
    return mean([s.others for taken in b.samples.values() for s in taken] or [0])


def text(b: Bench, results: list[Result]) -> str:
    head = ("work", "measured", "floor", "goal", "")
    lines = [(f"{r.what}{': ' + r.against if r.against else ''}", amount(r.measured, r.unit), amount(r.floor, r.unit),
              amount(r.goal, r.unit), r.verdict) for r in results]
    width = [max(len(line[i]) for line in [head, *lines]) for i in range(5)]
    out = []
    for line, detail in zip([head, *lines], ["", *(r.detail for r in results)]):
        out.append(f"{line[0]:<{width[0]}}  {line[1]:>{width[1]}}  {line[2]:>{width[2]}}  {line[3]:>{width[3]}}  {line[4]}".rstrip())
        if detail:
            out.append("    " + detail)
    below = [r for r in results if r.verdict == "BELOW FLOOR"]
    out.append(f"{len(results)} rows, {len(below)} below the floor" + "".join(f"\n  below: {r.what}, {r.against}" for r in below))
    if others(b) > 0.05:
        out.append(f"Other programs took {others(b):.0%} of the CPU during the timed runs: rates are too low, and ratios uncertain; "
                   "CPU per operation still holds.")
    return "\n".join(out)


def as_json(b: Bench, results: list[Result]) -> str:
    rows = [{"row": r.row, "what": r.what, "against": r.against, "measured": r.measured, "rounds": r.rounds, "unit": r.unit,
             "floor": r.floor, "goal": r.goal, "higher_is_better": r.higher_is_better, "verdict": r.verdict, "detail": r.detail}
            for r in results]
    samples = [{"contender": c, "work": w, "clients": n, "rate": s.rate, "p99_ms": s.p99_ms, "refused": s.refused,
                "resident_bytes": s.resident, "cpu_us_per_operation": s.cpu_us,
                "cpu_share_of_others": s.others}
               for (c, w, n), taken in b.samples.items() for s in taken]
    machine = {"cores": os.cpu_count(), "kernel": platform.release(), "postgres": b.world.pg.sql("SHOW server_version")}
    summary = {"rows": len(results), "below_floor": sum(r.verdict == "BELOW FLOOR" for r in results)}
    return json.dumps({"rows": rows, "samples": samples, "machine": machine, "messages": b.world.scale.messages,
                       "seconds": b.seconds, "cpu_share_of_others": others(b), "summary": summary}, indent=1)
