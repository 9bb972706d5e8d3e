"""The pool's policy under faults: what becomes of a write whose answer was lost, who is served when there is not enough for all."""
# SPDX-License-Identifier: Apache-2.0

import os
import signal

import harness
import pytest
from conftest import until
from proxy import CLIENT, RST

COMMIT = b"commit\0"        # the prepared statement's name, as it is bound


# ---- a COMMIT without an answer (F5) -----------------------------------------------------------------

def candidate(s):
    return s.create().json()


def patch(s, key=None):
    id, name = candidate(s)["id"], s.nonce()
    headers = {"If-Match": s.read(id).headers["etag"]} | ({"Idempotency-Key": key} if key else {})
    return lambda: s.http.patch(f"/v1/candidates/{id}", json={"full_name": name}, headers=headers), \
        lambda: s.read(id).json()["full_name"] == name, lambda: s.read(id).json()["version"]


def delete(s, key=None):
    id = candidate(s)["id"]
    return lambda: s.http.delete(f"/v1/candidates/{id}"), lambda: s.read(id).status_code == 404, lambda: 2


def transition(s, key=None):
    made = s.http.post("/v1/interviews", json={"candidate_id": candidate(s)["id"], "title": "t"}).json()
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/v1/interviews/{made['id']}"
    return lambda: s.http.post(f"{path}/transitions", json={"to": "cancelled", "reason": "r"}, headers=headers), \
        lambda: s.http.get(path).json()["status"] == "cancelled", lambda: s.http.get(path).json()["version"]


WRITES = [patch, delete, transition]


@pytest.mark.parametrize("write", WRITES)
def test_committed_and_not_answered(fault, write):
    """The server has done it and says so when asked: the client gets the answer it would have had, and it is done once."""
    s = fault("--pool-size", "4", "--pool-overflow", "2")
    send, done, version = write(s)
    lost = s.proxy.after(COMMIT, RST)
    answer = send()
    lost.remove()
    assert answer.status_code in (200, 204), answer.text
    assert lost.hit.is_set()
    assert done() and version() == 2
    assert s.metric("keelson_commit_unknown_total", resolution="committed") == 1
    assert s.metric("keelson_commit_unknown_total", resolution="unresolved") == 0


@pytest.mark.parametrize("write", WRITES)
def test_commit_that_never_arrived(fault, write):
    """The server has not done it: the client hears that nothing was written."""
    s = fault("--pool-size", "4", "--pool-overflow", "2")
    send, done, _ = write(s)
    lost = s.proxy.on(CLIENT, COMMIT, RST)
    answer = send()
    lost.remove()
    assert lost.hit.is_set()
    assert answer.status_code == 503 and answer.json()["code"] == "database-unavailable", answer.text
    assert not done()
    assert s.metric("keelson_commit_unknown_total", resolution="aborted") == 1
    assert send().status_code in (200, 204) and done()


@pytest.mark.parametrize("write", [patch, transition])
def test_commit_that_never_arrived_is_repeated_with_a_key(fault, write):
    s = fault("--pool-size", "4", "--pool-overflow", "2")
    send, done, version = write(s, s.nonce())
    lost = s.proxy.on(CLIENT, COMMIT, RST)
    answer = send()
    lost.remove()
    assert lost.hit.is_set()
    assert answer.status_code == 200, answer.text
    assert done() and version() == 2
    assert s.metric("keelson_db_retries_total", sqlstate="none", outcome="succeeded") >= 1


def crash(server):
    """Like a power cut for the server's memory: every backend dies, what was known of numbers not written to disk is forgotten."""
    def act(connection, message):
        pids = server.pids()
        os.kill(pids[0], signal.SIGKILL)
        assert not harness.await_exit(pids, 10)
        connection.end(reset=True)
        return False
    return act


def test_committed_before_a_crash(broken, fault):
    """A number that was given out may have been given out again, so the server's word on it is not enough; nor is there a lie."""
    s = fault("--pool-size", "4", "--pool-overflow", "2", server=broken)
    send, done, version = patch(s)
    lost = s.proxy.after(COMMIT, crash(broken))
    answer = send()
    lost.remove()
    assert answer.status_code == 503 and answer.json()["code"] == "outcome-unknown", answer.text
    assert answer.json()["request_id"] == answer.headers["request-id"]
    until(lambda: s.create().status_code == 201)
    assert done() and version() == 2
    assert s.metric("keelson_commit_unknown_total", resolution="unresolved") == 1


def test_committed_before_a_crash_with_a_key(broken, fault):
    """The stored answer is in the rows, and it tells."""
    s = fault("--pool-size", "4", "--pool-overflow", "2", server=broken)
    send, done, version = patch(s, s.nonce())
    lost = s.proxy.after(COMMIT, crash(broken))
    answer = send()
    lost.remove()
    assert answer.status_code == 200, answer.text
    assert done() and version() == 2
