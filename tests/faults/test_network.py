"""What lies between: resets, silence in one or both directions, slowness, connections that come to nothing (F5, F17 to F24)."""
# SPDX-License-Identifier: Apache-2.0

import time

import pytest
from conftest import until
from proxy import CLIENT, CLOSE, DROP, GARBAGE, RST, SERVER, STALL

SHORT = ["--query-timeout", "300ms", "--pool-timeout", "20s", "--pool-lanes", "1"]


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed"])
def test_f5_an_answer_lost_after_the_commit_is_found_again(fault, keyed):
    """At every ReadyForQuery of the request: what was committed is told as if nothing had happened, what was not, as not done."""
    s = fault("--pool-size", "6")
    said = []
    for k in range(4):
        nonce = s.nonce()
        fault_ = s.proxy.after(b"commit" if keyed and k == 3 else nonce.encode(), RST, kind=b"Z", skip=0 if k == 3 else k)
        answer = s.create(nonce, **({"Idempotency-Key": nonce} if keyed else {}))
        fault_.remove()
        said.append((fault_.hit.is_set(), answer.status_code))
        assert s.there(nonce) == (answer.status_code == 201), answer.text
        assert answer.status_code in (201, 503)
    assert (True, 201) in said, said
    assert s.metric("keelson_commit_unknown_total", resolution="committed") >= 1
    assert s.metric("keelson_commit_unknown_total", resolution="unresolved") == 0


def test_f5_what_cannot_be_found_out_is_said(broken, fault):
    """No server to ask: unknown, with a reference, and never a success."""
    s = fault("--pool-timeout", "2s", server=broken)
    nonce = s.nonce()
    fault_ = s.proxy.on(SERVER, nonce.encode(), s.proxy.vanish, kind=b"Z")
    answer = s.create(nonce)
    assert fault_.hit.is_set()
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown"), answer.text
    assert answer.json()["request_id"] and not answer.json()["retryable"]
    assert s.there(nonce) == 1
    said = s.keelson.events("outcome-unknown")
    assert [e["request_id"] for e in said] == [answer.json()["request_id"]]
    s.proxy.restore()
    s.recovered()


@pytest.mark.parametrize("sides", [(CLIENT, SERVER), (SERVER,)], ids=["f17-both", "f20-from-the-server"])
def test_f17_f20_silence_ends_with_the_deadline(fault, sides):
    s = fault(*SHORT)
    s.list()
    s.proxy.blackhole(*sides)
    began = time.monotonic()
    answer = s.list()
    assert answer.status_code in (503, 504) and "pg://" not in answer.text, answer.text
    assert time.monotonic() - began < 15
    s.proxy.restore()
    s.proxy.reset_all()
    s.recovered()


def test_f19_resets_under_load(fault, together):
    s = fault("--pool-size", "6", "--pool-overflow", "6")
    written = []

    def writer():
        for _ in range(20):
            nonce = s.nonce()
            written.append((nonce, s.create(nonce)))

    running = together(*[writer] * 8, wait=False)
    while not all(r.done() for r in running):
        s.proxy.reset_all()
        at = len(written)
        until(lambda: len(written) >= min(at + 10, 160) or all(r.done() for r in running))
    for nonce, answer in written:
        present = s.there(nonce)
        assert present == 1 if answer.status_code == 201 else present == 0 or answer.json()["code"] == "outcome-unknown", answer.text
    assert len(written) == 160
    s.recovered()


def test_f21_one_byte_at_a_time(fault, together):
    s = fault("--pool-size", "4")
    session = s.session()
    s.proxy.split = True
    answers = together(*[lambda: s.append(session, s.nonce())] * 6, *[s.create] * 6)
    assert {a.status_code for a in answers} == {201}
    before = s.metric("process_cpu_seconds_total")
    s.create()
    assert s.metric("process_cpu_seconds_total") - before < 0.5


def test_f22_a_request_costs_one_round_trip_not_ten(fault):
    s = fault("--pool-lanes", "1")
    session = s.session()
    s.append(session, "first")
    s.list()
    s.proxy.latency = 0.2                   # each way
    took = []
    for ask in (s.list, lambda: s.append(session, "second")):
        began = time.monotonic()
        assert ask().status_code in (200, 201)
        took.append(time.monotonic() - began)
    assert all(t < 2.5 * 0.4 for t in took), took          # one for the key, one for the statements


@pytest.mark.parametrize("action", [RST, CLOSE, STALL], ids=["rst", "close", "never-answered"])
def test_f23_connections_that_come_to_nothing(fault, action):
    s = fault("--connect-timeout", "200ms", *SHORT)
    s.proxy.refuse(action)
    s.proxy.reset_all()
    until(lambda: s.list().status_code == 503)
    attempts, began = s.proxy.accepted, time.monotonic()
    until(lambda: time.monotonic() - began > 1)
    assert s.proxy.accepted - attempts <= 20
    s.proxy.restore()
    s.recovered(1.5)


def test_f24_a_server_that_speaks_something_else(fault):
    s = fault(*SHORT)
    fault_ = s.proxy.on(SERVER, b"", GARBAGE, times=0)
    s.proxy.reset_all()
    until(lambda: s.list().status_code == 503)
    fault_.remove()
    s.recovered(1.5)


def test_f24_a_direction_that_falls_silent_in_the_middle(fault):
    s = fault(*SHORT)
    nonce = s.nonce()
    s.create()
    fault_ = s.proxy.after(nonce.encode(), DROP)
    answer = s.create(nonce)
    assert fault_.hit.is_set()
    assert answer.status_code == 201 if s.there(nonce) else answer.status_code == 503, answer.text
