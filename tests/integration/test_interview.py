"""What a user would do: two agents in two languages hold an interview, everything is killed, everything is back."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import signal
import subprocess
import sys

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage, messages_to_dict

import harness

JS = harness.ROOT / "clients" / "js"
NODE = harness.ROOT / "tests" / "node_modules" / ".bin" / "node"
sys.path.insert(0, str(harness.ROOT / "clients" / "python" / "src"))

RESUME = {
    "basics": {"name": "Ada Lovelace", "label": "Programmer", "email": "ada@example.org", "summary": "Zoë 语言 🧭",
               "location": {"city": "London", "countryCode": "GB"}, "profiles": [{"network": "notes", "url": "https://example.org/g"}]},
    "work": [{"name": "Analytical Engine", "position": "Author", "startDate": "1842-10", "highlights": ["Note G", "a loop"]}],
    "education": [], "skills": [{"name": "Mathematics", "level": "Master", "keywords": ["Bernoulli numbers"]}],
    "meta": {"version": "v1.0.0", "lastModified": "1843-09-01T00:00:00Z"},
}
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 64


def javascript(verb, k, session):
    done = subprocess.run([NODE, harness.ROOT / "tests" / "integration" / "interview.mjs", verb, k.url, session, JS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def everything(k, ids):
    """Every answer a client can get about this interview, as bytes."""
    paths = [f"/v1/candidates/{ids['candidate']}", f"/v1/candidates/{ids['candidate']}/resumes", f"/v1/resumes/{ids['resume']}",
             f"/v1/resumes/{ids['resume']}/file", f"/v1/interviews/{ids['interview']}", f"/v1/sessions/{ids['session']}",
             f"/v1/sessions/{ids['session']}/messages?limit=200", f"/v1/sessions/{ids['session']}/memory",
             f"/v1/interviews/{ids['interview']}/assessments"]
    answers = {path: k.http.get(path) for path in paths}
    assert all(a.status_code == 200 for a in answers.values()), {p: a.text[:200] for p, a in answers.items() if a.status_code != 200}
    return {path: (a.content, a.headers.get("ETag")) for path, a in answers.items()}


@pytest.fixture
def interview(keelson):
    from keelson import Client
    k = keelson()
    client = Client(k.url)
    talk = client.start_conversation({"full_name": "Ada Lovelace", "email": "ada@example.org", "tags": ["engines"]}, {"title": "Notes"})
    resume = client.resumes.create({"candidate_id": talk.candidate["id"], "parsed": RESUME, "skills": ["Mathematics"], "raw_text": "Note G\n语言"})
    client.resumes.put_file(resume["id"], PDF, type="application/pdf", file_name="Lebenslauf Zoë.pdf")
    yield k, {"candidate": talk.candidate["id"], "interview": talk.interview["id"], "session": talk.session_id, "resume": resume["id"]}
    client.close()


def test_an_interview_in_two_languages_survives_everything(interview):
    from keelson import Client
    from keelson.langchain import KeelsonChatMessageHistory
    k, ids = interview
    written = javascript("write", k, ids["session"])
    assert len(written) == 5 and written[2]["data"]["tool_calls"][0]["args"]["weights"] == [0.1, 1e-7, 12345678901]

    history = KeelsonChatMessageHistory(k.url, session_id=ids["session"])
    assert [m.type for m in history.messages] == ["system", "human", "ai", "tool", "ai"]
    history.add_messages([
        HumanMessage(content="It saves the heap."),
        AIMessage(content=[{"type": "text", "text": "And when not?"}], tool_calls=[{"id": "call_2", "name": "score", "args": {"sql": 4}}]),
        ToolMessage(content="stored", tool_call_id="call_2"),
    ])
    python = messages_to_dict(history.messages)
    both = javascript("read", k, ids["session"])
    assert both[:5] == written and len(both) == len(python) == 8

    k.http.put(f"/v1/sessions/{ids['session']}/memory", params={"through_seq": 8}, json={"summary": "covering indexes", "score": 4.50})
    assessment = k.http.post("/v1/assessments", json={
        "interview_id": ids["interview"], "session_id": ids["session"], "assessor_kind": "ai", "overall_score": 80,
        "scores": [{"criterion": "SQL", "score": 4, "max_score": 5, "evidence_seq": [6]}]})
    assert assessment.status_code == 201, assessment.text

    before = everything(k, ids)
    assert before[f"/v1/resumes/{ids['resume']}/file"][0] == PDF
    assert json.loads(before[f"/v1/resumes/{ids['resume']}"][0])["parsed"] == RESUME
    for victim in ("keelson", "postgres", "both"):
        if victim == "postgres":
            os.kill(int((k.data_dir / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            k.wait_log("event=database-up")
        else:
            (k.kill if victim == "keelson" else k.kill_all)()
            k.start()
        assert everything(k, ids) == before, victim
    with_new_address = KeelsonChatMessageHistory(k.url, session_id=ids["session"], client=Client(k.url))
    assert messages_to_dict(with_new_address.messages) == python
    assert javascript("read", k, ids["session"]) == both
