#!/usr/bin/env python3
"""Writes the generated parts of docs/: what stands between `<!-- generated: NAME -->` and `<!-- end -->`.

    tools/docs.py                             all but the metrics, for which a running server is asked:
    tests/integration/harness.py tools/docs.py

    KEELSON_BIN   the program that is asked for its settings (default: build-asan/keelson)
    KEELSON_URL   the server whose metrics are listed (the harness sets it)

A test compares what is there with what would be written.
"""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import re
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTION = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
KIND = re.compile(r'^ +X\((E_\w+), +(\d+), (\d), "([\w-]+)", +(true|false), +"(.*)"\)', re.MULTILINE)
TRANSITION = re.compile(r"\('(\w+)', +'(\w*)', +'(\w+)'(?:, +(true|false))?\)")
COMMANDS_ONLY = {"none", "usage", "answer-is-no"}       # exit statuses of commands, never sent by the service


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n" + "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines) + "\n"


def settings():
    """What the program says of itself."""
    program = os.environ.get("KEELSON_BIN", ROOT / "build-asan" / "keelson")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("KEELSON_") and k != "DATABASE_URL"}
    said = subprocess.run([program, "config", "--format", "json", "--config", "/dev/null"], check=True, capture_output=True, env=clean)
    rows = [[f"`{s['name']}`", f"`{s['default']}`" if s["default"] else "", s["allowed"], f"`{s['env']}`", s["doc"]]
            for s in json.loads(said.stdout)["settings"]]
    return table(["setting", "default", "allowed", "environment", "what it is"], rows)


def problems():
    kinds = KIND.findall((ROOT / "src/base/err.h").read_text())
    rows = [[status, f"`{slug}`", title, "yes" if retry == "true" else ""]
            for _, status, _, slug, retry, title in kinds if slug not in COMMANDS_ONLY]
    return table(["status", "code", "title", "retryable"], rows)


def lifecycles():
    """One row per status: where it may go; from the model."""
    moves, reasons = {}, set()
    for entity, before, after, reason in TRANSITION.findall((ROOT / "sql/schema.sql").read_text()):
        moves.setdefault(entity, {}).setdefault(before, []).append(after)
        if reason == "true":
            reasons.add((entity, before, after))
    rows = []
    for entity, lifecycle in moves.items():
        for before, after in lifecycle.items():
            names = [f"`{to}`" + (" (with a reason)" if (entity, before, to) in reasons else "") for to in after]
            rows.append([entity, f"`{before}`" if before else "*created as*", ", ".join(names)])
    return table(["resource", "from", "to"], rows)


def metrics():
    """Some labels are known once the first survey of the database has ended."""
    for _ in range(100):
        with urllib.request.urlopen(os.environ["KEELSON_URL"] + "/metrics") as answer:
            text = answer.read().decode()
        if "keelson_schema_version{" in text:
            break
        time.sleep(0.1)
    return metrics_table(text)


def metrics_table(text):
    """HELP and TYPE give name, kind and meaning; the samples give the labels."""
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    labels = {}
    for name, pairs in re.findall(r"^(\w+?)(?:_bucket|_sum|_count)?\{(.*)\} ", text, re.MULTILINE):
        for label in re.findall(r'(\w+)="', pairs):
            if label != "le":
                labels.setdefault(name, {})[label] = True
    rows = [[f"`{name}`", kinds[name], ", ".join(labels.get(name, {})), doc] for name, doc in helps.items()]
    return table(["metric", "kind", "labels", "what it is"], rows)


MAKERS = {"settings": settings, "problems": problems, "lifecycles": lifecycles, "metrics": metrics}


def rewritten(text):
    """The document with its sections made anew; metrics stay as they are when there is no server to ask."""
    def make(match):
        skip = match[2] == "metrics" and "KEELSON_URL" not in os.environ
        return match[0] if skip else match[1] + MAKERS[match[2]]() + match[4]
    return SECTION.sub(make, text)


def main():
    for path in sorted((ROOT / "docs").glob("*.md")):
        before = path.read_text()
        after = rewritten(before)
        if after != before:
            path.write_text(after)
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
