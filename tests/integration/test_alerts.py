"""Alert rules: the file for Prometheus is the program's own table; each rule fires when it should and clears; the evaluator in the
program and Prometheus' promtool say the same of the same series, at every sample."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import harness
import pytest
from harness import BIN, ROOT

RULES = ROOT / "packaging" / "prometheus" / "keelson.rules.yml"
DRIVER = BIN.parent / "tests/unit/ops/alerts-driver"
PROMTOOL = os.environ.get("KEELSON_PROMTOOL") or shutil.which("promtool") or ROOT / "build-promtool" / "usr" / "bin" / "promtool"
EVERY = 15

POOL = 'pool="primary"'
EXCLUSIVE = POOL + ',class="exclusive"'
QUERY = 'route="/v1/{r}",kind="read"'


def steps(*pieces):
    """(value, samples) or (from, step, samples) after each other; None stands for going on from the last value."""
    values = []
    for first, *rest in pieces:
        step, n = rest if len(rest) == 2 else (0, rest[0])
        start = (values[-1] + step if step else values[-1]) if first is None else first
        values += [start + step * i for i in range(n)]
    return values


# name: the rule, its series, and between which minutes it fires (None: never).  promtool is asked about every sample as well.
CASES = {
    "saturated for long": ("KeelsonPoolSaturated", {
        f"keelson_pool_busy_seconds_total{{{EXCLUSIVE}}}": steps((0, 135, 41), (None, 20)),
        f"keelson_pool_capacity{{{EXCLUSIVE}}}": steps((10, 61))}, (6, 12.25)),
    "saturated for a short time": ("KeelsonPoolSaturated", {
        f"keelson_pool_busy_seconds_total{{{EXCLUSIVE}}}": steps((0, 135, 17), (None, 0, 30)),
        f"keelson_pool_capacity{{{EXCLUSIVE}}}": steps((10, 47))}, None),
    "busy is not saturated": ("KeelsonPoolSaturated", {
        f"keelson_pool_busy_seconds_total{{{EXCLUSIVE}}}": steps((0, 105, 41)),
        f"keelson_pool_capacity{{{EXCLUSIVE}}}": steps((10, 41))}, None),
    "saturated lanes": ("KeelsonPoolSaturated", {
        f'keelson_pool_busy_seconds_total{{{POOL},class="lane"}}': steps((0, 1800, 41)),
        f'keelson_pool_capacity{{{POOL},class="lane"}}': steps((128, 41))}, (6, None)),
    "a standing queue": ("KeelsonPoolWaitersStanding", {
        f"keelson_pool_oldest_waiter_seconds{{{POOL}}}": steps((0, 4), (0.5, 20), (0, 10))}, (4, 6)),
    "bursts": ("KeelsonPoolWaitersStanding", {
        f"keelson_pool_oldest_waiter_seconds{{{POOL}}}": steps(*[(0.5, 3), (0, 1)] * 8)}, None),
    "one timeout": ("KeelsonAcquireTimeouts", {
        f'keelson_pool_acquires_total{{{POOL},outcome="timeout"}}': steps((0, 8), (1, 40)),
        f'keelson_pool_acquires_total{{{POOL},outcome="waited"}}': steps((0, 5, 48))}, (2, 7)),
    "a timeout, and a restart": ("KeelsonAcquireTimeouts", {
        f'keelson_pool_acquires_total{{{POOL},outcome="timeout"}}': steps((3, 8), (0, 40))}, None),
    "a migration that failed and was repaired": ("KeelsonMigrationFailed", {
        "keelson_migrations_failed_total": steps((0, 4), (1, 80)),
        'keelson_migration_status{project="app",version="0001"}': steps((1, 4), (0, 20), (1, 60))}, (1, 16)),
    "a migration that was not repaired": ("KeelsonMigrationFailed", {
        "keelson_migrations_failed_total": steps((0, 4), (1, 80)),
        'keelson_migration_status{project="app",version="0001"}': steps((1, 4), (0, 80))}, (1, None)),
    "slow queries": ("KeelsonSlowQueries", {
        f"keelson_db_query_seconds_count{{{QUERY}}}": steps((0, 10, 41)),
        f'keelson_db_query_seconds_bucket{{{QUERY},le="1"}}': steps((0, 10, 8), (None, 9, 4), (None, 10, 29))}, (2, 7.75)),
    "fast queries": ("KeelsonSlowQueries", {
        f"keelson_db_query_seconds_count{{{QUERY}}}": steps((0, 10, 30)),
        f'keelson_db_query_seconds_bucket{{{QUERY},le="1"}}': steps((0, 10, 30))}, None),
    "writing fails": ("KeelsonWriteProbeFailing", {
        'keelson_health_status{check="db_write"}': steps((1, 4), (0, 10), (1, 10)),
        'keelson_health_status{check="db_read"}': steps((1, 24))}, (1.5, 3.5)),
    "writing is slow": ("KeelsonWriteProbeFailing", {'keelson_health_status{check="db_write"}': steps((0.5, 20))}, None),
    "only another check fails": ("KeelsonWriteProbeFailing", {'keelson_health_status{check="storage"}': steps((0, 20))}, None),
    "the probe died": ("KeelsonHealthStale", {
        'keelson_health_status{check="db_write"}': steps((1, 30)),
        'keelson_health_probe_age_seconds{check="db_write"}': steps((5, 4), (20, 15, 16), (1, 10))}, (2.75, 5)),
    "the service is not there": ("KeelsonHealthStale", {"keelson_build_info": steps((1, 20))}, (1, None)),
    "one connection too many": ("KeelsonCapViolated", {
        f"keelson_pool_cap_violations_total{{{POOL}}}": steps((0, 4), (1, 60))}, (1, 11)),
    "a leak": ("KeelsonLeakSuspected", {f"keelson_pool_leaks_suspected{{{POOL}}}": steps((0, 4), (2, 30), (0, 10))}, (6, 8.5)),
    "leaks that come back": ("KeelsonLeakSuspected", {f"keelson_pool_leaks_suspected{{{POOL}}}": steps(*[(1, 15), (0, 1)] * 3)}, None),
    "a full quota": ("KeelsonStorageFillsSoon", {
        "keelson_storage_used_bytes": steps((850, 70), (500, 10)), "keelson_storage_quota_bytes": steps((1000, 80))}, (15, 17.5)),
    "on its way": ("KeelsonStorageFillsSoon", {
        "keelson_storage_used_bytes": steps((0, 1e6, 80)), "keelson_storage_quota_bytes": steps((15e9, 80))}, (15.25, None)),
    "no quota": ("KeelsonStorageFillsSoon", {
        "keelson_storage_used_bytes": steps((0, 1e6, 80)), "keelson_storage_quota_bytes": steps((float("inf"), 80))}, None),
    "an unknown outcome": ("KeelsonCommitUnknown", {
        'keelson_commit_unknown_total{resolution="unresolved"}': steps((0, 4), (1, 80)),
        'keelson_commit_unknown_total{resolution="committed"}': steps((0, 1, 84))}, (1, 16)),
}


RULE = re.compile(r'- alert: (\w+)\n.*?severity: (\w+)\n +annotations:\n +summary: "(.*)"', re.DOTALL)


def rules():
    """By name: severity and summary of each rule, from the file."""
    return {name: (severity, summary) for block in re.split(r"(?=  - alert)", RULES.read_text()) for name, severity, summary in RULE.findall(block)}


def evaluated(series):
    """What our evaluator says at each sample: a list of lists."""
    n = max(map(len, series.values()))
    samples = [f"@ {i * EVERY}\n" + "".join(f"{name} {v[i]}\n" for name, v in series.items() if i < len(v)) for i in range(n)]
    done = subprocess.run([DRIVER], input="".join(samples), text=True, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def labels_of(rule, text):
    """Those that the rule's aggregation leaves."""
    pairs = dict(pair.split("=", 1) for pair in text.split('",') if pair) if text else {}
    pairs = {k: v.strip('"') for k, v in pairs.items()}
    kept = {"KeelsonSlowQueries": ["route"]}.get(rule, list(pairs))
    return {k: pairs[k] for k in kept}


def test_the_file_is_what_the_program_prints():
    assert RULES.read_text() == harness.run("alerts").stdout, "run: build/keelson alerts > packaging/prometheus/keelson.rules.yml"


def test_every_rule_fires_in_some_case_and_is_documented():
    assert {rule for rule, _, fires in CASES.values() if fires} == set(rules())
    text = (ROOT / "docs" / "alerts.md").read_text()
    assert [name for name in rules() if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("case", CASES)
def test_a_rule_fires_and_clears(case):
    rule, series, fires = CASES[case]
    at = [i * EVERY / 60 for i, active in enumerate(evaluated(series)) if any(a["alert"] == rule for a in active)]
    if fires is None:
        assert at == []
        return
    first, last = fires
    end = max(map(len, series.values())) * EVERY / 60
    assert at and at[0] == first and at[-1] + EVERY / 60 == (last or end), (at[:1], at[-1:])
    assert len(at) == round((at[-1] - at[0]) * 60 / EVERY) + 1, "it clears once"


def test_promtool_agrees_at_every_sample(tmp_path):
    """All cases in one file; at each sample promtool expects exactly what our evaluator said."""
    assert Path(PROMTOOL).exists(), "promtool is missing: ./test fetches it"
    known = rules()
    tests = []
    for case, (rule, series, _) in CASES.items():
        checks = []
        for i, active in enumerate(evaluated(series)):
            firing = [labels_of(rule, a["labels"]) for a in active if a["alert"] == rule]
            wanted = [{"exp_labels": labels | {"severity": known[rule][0]}, "exp_annotations": {"summary": known[rule][1]}} for labels in firing]
            checks.append({"eval_time": f"{i * EVERY}s", "alertname": rule, "exp_alerts": wanted})
        tests.append({"name": case, "interval": f"{EVERY}s", "alert_rule_test": checks,
                      "input_series": [{"series": name, "values": " ".join("+Inf" if v == float("inf") else f"{v:.10g}" for v in values)}
                                       for name, values in series.items()]})
    file = tmp_path / "rules.test.json"         # JSON is YAML
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": f"{EVERY}s", "tests": tests}))
    done = subprocess.run([PROMTOOL, "test", "rules", file], text=True, capture_output=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[:4000]
    assert subprocess.run([PROMTOOL, "check", "rules", RULES], capture_output=True).returncode == 0
