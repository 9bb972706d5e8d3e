"""Against a running Keelson: every call once, and what a user would notice if it were wrong."""
# SPDX-License-Identifier: Apache-2.0
import asyncio
import base64
import hashlib
import uuid

import pytest

from keelson import AsyncClient, Client, KeelsonError


@pytest.fixture
def client(server):
    with Client(*server) as client:
        yield client


def someone(client):
    return client.candidates.create({"full_name": "Ada Lovelace", "email": f"{uuid.uuid4()}@example.com"})


def conversation(client):
    return client.start_conversation({"full_name": "Ada Lovelace"})


def refused(status, code=None):
    return pytest.raises(KeelsonError, match=f"^{status} {code or ''}")


def test_five_minutes_to_a_first_stored_conversation(client):
    talk = client.start_conversation({"full_name": "Ada Lovelace"}, {"title": "Systems"})
    client.sessions.append(talk.session_id, [{"role": "assistant", "content": "What is a lock?"},
                                             {"role": "user", "content": "A promise to wait."}])
    items = client.sessions.messages(talk.session_id, tail=20).page()["items"]
    assert [(m["seq"], m["role"], m["content"]) for m in items] == [
        (1, "assistant", "What is a lock?"), (2, "user", "A promise to wait.")]
    again = client.start_conversation({"id": talk.candidate["id"]})
    assert again.interview["candidate_id"] == talk.candidate["id"]


def test_create_read_change_lose_a_race_delete_restore(client):
    ada = someone(client)
    assert client.candidates.get(ada["id"]) == ada
    changed = client.candidates.update(ada, {"headline": "Analyst", "metadata": {"level": 3}})
    assert (changed["version"], changed["headline"], changed["metadata"]) == (2, "Analyst", {"level": 3})
    with refused(412, "stale-version"):
        client.candidates.update(ada, {"headline": "Countess"})
    client.candidates.delete(changed)
    with refused(404):
        client.candidates.get(ada["id"])
    client.candidates.restore(ada["id"])
    assert client.candidates.get(ada["id"])["headline"] == "Analyst"


def test_many_at_once_all_or_none_in_the_order_given(client):
    made = client.candidates.create_many([{"full_name": name} for name in "abc"])
    assert [c["full_name"] for c in made] == ["a", "b", "c"]
    with refused(422) as caught:
        client.candidates.create_many([{"full_name": "fine"}, {"full_name": 7}, {"nobody": 1}])
    assert "/1/full_name" in [fault["pointer"] for fault in caught.value.errors]


def test_a_key_makes_a_create_safe_to_repeat(client):
    key = str(uuid.uuid4())
    first = client.candidates.create({"full_name": "Once"}, idempotency_key=key)
    assert client.candidates.create({"full_name": "Once"}, idempotency_key=key) == first
    with refused(422):
        client.candidates.create({"full_name": "Other"}, idempotency_key=key)


def test_lists(client):
    mark = str(uuid.uuid4())
    client.candidates.create_many([{"full_name": f"N{n}", "metadata": {"mark": mark, "n": n}} for n in range(1, 6)])
    where = {"metadata": {"cs": {"mark": mark}}}
    assert len(client.candidates.list(where=where, limit=2).page()["items"]) == 2
    assert [c["full_name"] for c in client.candidates.list(where=where, limit=2)] == ["N1", "N2", "N3", "N4", "N5"]
    assert len(list(client.candidates.list(where={**where, "full_name": "N4"}))) == 1
    assert len(list(client.candidates.list(where={**where, "full_name": ["N1", "N2"]}))) == 2
    with refused(400):
        client.candidates.list(where={"nonsense": 1}).page()


def test_transitions(client):
    ada = someone(client)
    assert client.candidates.transition(ada, "screening")["status"] == "screening"
    with refused(409, "illegal-transition"):
        client.candidates.transition(ada, "hired")


def test_files_come_back_byte_for_byte(client):
    resume = client.resumes.create({"candidate_id": someone(client)["id"], "parsed": {"basics": {"name": "Ada"}}})
    data = bytes(n * 31 % 256 for n in range(70_000))
    client.resumes.put_file(resume, data, type="application/pdf", file_name="Lebenslauf Ä.pdf")
    file = client.resumes.get_file(resume)
    assert (file.type, file.bytes) == ("application/pdf", data)
    assert client.resumes.get_file(resume, range="bytes=10-19").bytes == data[10:20]
    stored = client.resumes.get(resume["id"])
    assert (stored["file_bytes"], stored["file_name"]) == (len(data), "Lebenslauf Ä.pdf")
    assert base64.b64decode(stored["file_sha256"]) == hashlib.sha256(data).digest()


def test_messages(client):
    session = conversation(client).session_id
    turn = {"role": "user", "content": "Hello", "client_message_id": "m1"}
    first = client.sessions.append(session, turn)
    assert client.sessions.append(session, turn)["items"][0]["id"] == first["items"][0]["id"]
    client.sessions.append(session, [{"role": "user", "content": str(n)} for n in range(20)])
    assert [m["seq"] for m in client.sessions.messages(session, limit=7)] == list(range(1, 22))
    with refused(409, "stale-seq") as caught:
        client.sessions.append(session, {"role": "user", "content": "late"}, expect_last_seq=1)
    assert caught.value.problem["missed"]
    assert [m["seq"] for m in client.sessions.messages(session, after_seq=3, before_seq=9, limit=2)] == [4, 5, 6, 7, 8]


def test_memory_has_a_version_of_its_own(client):
    session, memory = conversation(client).session_id, client.sessions.memory
    made = memory.put(session, {"facts": ["likes C"]})
    with refused(428):
        memory.put(session, {"facts": []})
    patched = memory.patch(session, {"summary": "short"}, if_match=made.etag)
    assert memory.get(session) == patched and patched.document == {"facts": ["likes C"], "summary": "short"}
    with refused(412):
        memory.put(session, {}, if_match=made.etag)


def test_assessments(client):
    talk = conversation(client)
    made = client.assessments.create({"interview_id": talk.interview["id"], "session_id": talk.session_id,
                                      "assessor_kind": "ai", "overall_score": 71.5, "recommendation": "yes"})
    assert client.assessments.get(made["id"])["overall_score"] == 71.5


def test_awaited_with_many_interviews_at_once(server):
    async def interview(client, n):
        talk = await client.start_conversation({"full_name": f"Candidate {n}"})
        for turn in range(5):
            await client.sessions.append(talk.session_id, {"role": "user", "content": f"{n}-{turn}"})
        return [m["content"] async for m in client.sessions.messages(talk.session_id)]

    async def main():
        async with AsyncClient(*server) as client:
            return await asyncio.gather(*(interview(client, n) for n in range(20)))

    assert asyncio.run(main()) == [[f"{n}-{turn}" for turn in range(5)] for n in range(20)]
