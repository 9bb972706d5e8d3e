"""The demonstration: a data set worth looking at, made through the interface, and interviews that go on by themselves."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import harness
import pytest

SMALL = ("--candidates", "12", "--seed", "7")
LIFECYCLES = {
    "candidates": {"new", "screening", "interviewing", "assessed", "offer", "hired", "rejected", "withdrawn", "archived"},
    "interviews": {"draft", "scheduled", "invited", "in_progress", "awaiting_review", "completed", "cancelled", "no_show", "expired"},
    "sessions": {"created", "active", "paused", "completed", "abandoned", "failed", "terminated"},
    "assessments": {"draft", "submitted", "under_review", "approved", "overridden", "rejected", "voided"},
}


def listed(k, path, **params):
    """All pages."""
    items, cursor = [], None
    while True:
        answer = k.http.get(path, params=params | {"limit": 200} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        if not cursor:
            return items


def demo(k, *args, **options):
    return harness.run("demo", "--url", k.url, *args, folder=k.folder, **options)


# ---- serve --demo --------------------------------------------------------------------------------------------------


def check_sizes(k, counts):
    """What is promised, and what the log says: the trash is part of that."""
    resources = ("candidates", "resumes", "interviews", "sessions", "assessments")
    everything = {r: listed(k, f"/v1/{r}", include="trash") for r in resources}
    visible = {r: [x for x in everything[r] if not x["deleted_at"]] for r in resources}
    for resource in resources:
        assert len(everything[resource]) >= int(counts[resource]) > len(visible[resource]) * 0.9
    assert len(visible["candidates"]) >= 200 and len(visible["interviews"]) >= 300
    # Interviewers are at work already: one of them may have made its candidate and not yet the resume.
    loaded = sorted(c["id"] for c in everything["candidates"])[:int(counts["candidates"])]
    assert {c["id"] for c in visible["candidates"]} & set(loaded) <= {r["candidate_id"] for r in visible["resumes"]}
    for resource, states in LIFECYCLES.items():
        assert {x["status"] for x in everything[resource]} == states, resource
    return visible


def check_conversations(k, sessions):
    messages = {}
    for message in listed(k, "/v1/messages"):
        messages.setdefault(message["session_id"], []).append(message)
    assert sum(map(len, messages.values())) >= 20000
    for session in sessions:
        if not session["metadata"].get("live"):
            assert [m["seq"] for m in messages.get(session["id"], [])] == list(range(1, session["message_count"] + 1))
    said = [m for conversation in messages.values() for m in conversation]
    assert {m["role"] for m in said} == {"system", "user", "assistant", "tool", "observer"}
    assert {c["name"] for m in said for c in m["tool_calls"] or ()} == {"get_rubric", "record_note", "run_code"}
    assert len({m["content"] for m in said if m["role"] == "user" and len(m["content"]) > 100}) > 1500
    # Nothing was left unfilled, and time runs forward over weeks.
    assert not [m for m in said if any("{%s}" % name in (m["content"] or "") for name in ("name", "company", "product", "ask"))]
    assert len({m["occurred_at"][:10] for m in said}) > 20
    for conversation in messages.values():
        times = [m["occurred_at"] for m in conversation]
        assert times == sorted(times)
    return messages


def check_tools(messages):
    """Each call is answered by the next message."""
    for conversation in messages.values():
        for call, answer in zip(conversation, conversation[1:] + [None]):
            if call["tool_calls"] and answer:
                assert (answer["role"], answer["tool_call_id"]) == ("tool", call["tool_calls"][0]["id"])
                json.loads(answer["content"])


def check_evidence(assessments, messages):
    quotes = 0
    for assessment in assessments:
        conversation = messages[assessment["session_id"]]
        for evidence in assessment["evidence"]:
            assert evidence["session_id"] == assessment["session_id"] and evidence["seqs"]
            for seq in evidence["seqs"]:
                assert conversation[seq - 1]["role"] == "user" and evidence["quote"] in conversation[seq - 1]["content"]
                quotes += 1
        assert {s for score in assessment["scores"] for s in score["evidence_seq"]} <= {m["seq"] for m in conversation}
        assert {e["criterion"] for e in assessment["evidence"]} == {s["criterion"] for s in assessment["scores"]}
    assert quotes > len(assessments)


def await_turns(k, n, seconds=60):
    """Until live sessions have had n turns; each of these sessions."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sessions = listed(k, "/v1/sessions", metadata='cs.{"live":true}')
        if sum(s["message_count"] for s in sessions) >= n:
            return sessions
        time.sleep(0.3)
    raise AssertionError(f"no {n} live turns within {seconds} s\n{k.tail()}")


def helper(k, seconds=20):
    """The process that holds the interviews; it is started once the service listens."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for pid, line in k.processes().items():
            if " demo --live" in line:
                return pid
        time.sleep(0.05)
    raise AssertionError(f"there are no interviewers\n{k.tail()}")


@pytest.mark.timeout(300)
def test_a_service_with_a_demonstration(keelson):
    k = keelson("--demo")
    counts = harness.logfmt(k.wait_log("event=demo-loaded", 120))
    visible = check_sizes(k, counts)
    messages = check_conversations(k, visible["sessions"])
    check_tools(messages)
    check_evidence(visible["assessments"], messages)

    first = await_turns(k, 20)
    assert len({s["interview_id"] for s in first if s["status"] == "active"}) >= 2
    assert k.http.get("/health/ready").status_code == 200
    assert k.stop() == 0 and not k.processes()
    assert k.events("demo-ended") and not k.events("demo-gone")

    k.start()                                   # again on the same data: nothing twice, what was interrupted has ended
    k.wait_log("event=demo-live")
    assert len(k.events("demo-loaded")) == 1
    later = await_turns(k, sum(s["message_count"] for s in first) + 5)
    assert {s["status"] for s in later if s["id"] in {f["id"] for f in first}} <= {"abandoned", "completed", "terminated"}
    child = helper(k)
    k.kill()                                    # not even SIGKILL leaves the interviewers behind
    assert harness.await_exit([child], 10) == []


def test_the_service_goes_on_when_its_demonstration_dies(keelson):
    k = keelson("--demo")
    child = helper(k)
    os.kill(child, signal.SIGKILL)
    assert harness.logfmt(k.wait_log("event=demo-gone"))["status"] == "137"
    assert k.http.get("/v1/candidates").status_code == 200


@pytest.mark.parametrize("args, env, words", [
    (("--demo",), {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "embedded"),
    (("--demo", "--listen", "0.0.0.0:0"), {}, "KEELSON_API_KEY"),
])
def test_where_a_demonstration_does_not_belong(cli, args, env, words):
    done = cli("serve", *args, env=env)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1


# ---- keelson demo --------------------------------------------------------------------------------------------------


def story(k):
    """What the people and conversations are, without times and identifiers."""
    told = []
    for candidate in listed(k, "/v1/candidates", order="external_ref"):
        told.append([candidate[field] for field in ("full_name", "email", "headline", "status", "tags", "metadata")])
        interviews = listed(k, f"/v1/candidates/{candidate['id']}/interviews", order="round")
        told += [[i["title"], i["kind"], i["status"], i["plan"]] for i in interviews]
        for interview in interviews:
            said = listed(k, f"/v1/interviews/{interview['id']}/messages")
            judged = listed(k, f"/v1/interviews/{interview['id']}/assessments")
            told += [[m["seq"], m["role"], m["content"], m["input_tokens"], m["metadata"]] for m in said]
            told += sorted([a["status"], a["assessor_name"], a["overall_score"], a["summary"]] for a in judged)
    return told


def test_the_same_seed_tells_the_same_story(keelson):
    told = []
    for args in (SMALL, SMALL, ("--candidates", "12", "--seed", "8")):
        k = keelson()
        done = demo(k, *args)
        assert done.returncode == 0, done.stderr
        told.append(story(k))
        k.stop()
    assert len(told[0]) > 300
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_what_is_there_is_not_touched_unless_told(keelson):
    k = keelson()
    first = demo(k, *SMALL, "--format", "json")
    (made,) = json.loads(first.stdout)["demo"]
    assert made["candidates"] == 12 and made["messages"] > 200

    refused = demo(k, *SMALL)
    assert refused.returncode == 1 and "--again" in refused.stderr and not refused.stdout
    assert len(listed(k, "/v1/candidates", include="trash")) == 12

    assert demo(k, *SMALL, "--again").returncode == 0
    people = listed(k, "/v1/candidates", include="trash")
    assert len(people) == 24 and max(Counter(p["email"] for p in people).values()) == 1


def test_the_file_of_a_resume_is_its_text(keelson):
    k = keelson()
    assert demo(k, *SMALL).returncode == 0
    (resume,) = [r for r in listed(k, "/v1/resumes") if r["file_media_type"]]
    assert resume["parse_status"] == "parsed" and resume["parsed"]["basics"]["name"] in resume["raw_text"]
    assert k.http.get(f"/v1/resumes/{resume['id']}/file").text == resume["raw_text"]


def test_a_service_of_two_connections_is_filled_too(keelson):
    k = keelson("--pool-size", "2", "--pool-overflow", "0", "--pool-queue", "1")
    done = demo(k, "--candidates", "3", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert 'code="503"' in k.http.get("/metrics").text          # it had to wait
    sessions = listed(k, "/v1/sessions", include="trash")
    assert sum(s["message_count"] for s in sessions) == json.loads(done.stdout)["demo"][0]["messages"]


@pytest.mark.parametrize("args, env, status, words", [
    (("--candidates", "0"), {}, 2, "--candidates"),
    (("--interviewers", "1000"), {}, 2, "--interviewers"),
    (("--url", "https://example.org"), {}, 2, "--url"),
    (("--url", "http://127.0.0.1:1"), {}, 3, "refused"),
    ((), {"DATABASE_URL": "postgresql://somebody@db.example/app"}, 2, "--url"),
])
def test_mistakes_are_named(cli, args, env, status, words):
    done = cli("demo", *args, env=env, timeout=20)
    assert done.returncode == status and words in done.stderr and done.stderr.count("\n") == 1


# ---- manners -------------------------------------------------------------------------------------------------------


class Overloaded(BaseHTTPRequestHandler):
    """Reads are answered, writes are refused for two seconds each time."""
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, b'{"items":[],"next":null,"prev":null,"count":3}')

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.refused.append(time.monotonic())
        self.answer(503, b'{"code":"overloaded","detail":"busy","retryable":true}', ("Retry-After", "2"))

    def log_message(self, *_):
        pass


def test_interviewers_stand_back_from_a_busy_service():
    service = ThreadingHTTPServer(("127.0.0.1", 0), Overloaded)
    service.refused = []
    threading.Thread(target=service.serve_forever, daemon=True).start()
    folder = harness.workspace()
    live = subprocess.Popen([str(harness.BIN), "demo", "--live", "--url", f"http://127.0.0.1:{service.server_port}"], cwd=folder,
                            env=harness.environment(folder), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(service.refused) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    live.send_signal(signal.SIGTERM)
    complaints = live.communicate(timeout=20)[1].decode()
    service.shutdown()
    assert live.returncode == 0, complaints
    assert not harness.SANITIZER.search(complaints), complaints
    assert all(b - a > 1.8 for a, b in zip(service.refused, service.refused[1:]))       # all five together, not each
