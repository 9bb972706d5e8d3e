"""What is sent, what is repeated, and how errors read: against a server that answers from a script."""
# SPDX-License-Identifier: Apache-2.0
import asyncio
import json
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from keelson import AsyncClient, Client, KeelsonError
from keelson.calls import filters
from keelson.errors import retry_after_of
from keelson.transport import wait_seconds


def problem(status, code, headers=None, **more):
    return status, {"status": status, "code": code, "title": code, **more}, headers or {}


def overloaded(seconds="0"):
    return problem(503, "overloaded", {"Retry-After": seconds}, retryable=True)


CUT = "the connection ends without an answer"
SILENCE = "no answer comes"


class Script:
    """Answers one after the other; the last one again and again."""

    def __init__(self, *answers):
        self.answers, self.calls, self.connections = answers, [], 0
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                script.connections += 1
                super().setup()

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = script.answers[min(len(script.calls), len(script.answers) - 1)]
                script.calls.append({"method": self.command, "path": self.path, "headers": self.headers,
                                     "json": json.loads(body) if body else None, "raw": body})
                if answer == CUT:
                    self.close_connection = True
                    return
                if answer == SILENCE:
                    script.silent.wait(5)
                    self.close_connection = True
                    return
                status, value, headers = answer
                data = json.dumps(value).encode()
                self.send_response(status)
                for name, text in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do

            def log_message(self, *_):
                pass

        self.silent = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.silent.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def scripted(*answers, **options):
    script = Script(*answers)
    client = Client(script.url, "kls_live_secret", **options)
    try:
        yield client, script
    finally:
        client.close()
        script.close()


def ok(value=None, status=200, **headers):
    return status, {"id": "x", "items": [], "last_seq": 0} if value is None else value, headers


REPEATED = [
    ("a read is repeated", lambda c: c.candidates.get("x"), overloaded(), 2),
    ("an append is repeated: its identifiers make it safe", lambda c: c.sessions.append("s", {"role": "user"}), overloaded(), 2),
    ("a create is not", lambda c: c.candidates.create({}), overloaded(), 1),
    ("a create with a key is", lambda c: c.candidates.create({}, idempotency_key="k"), overloaded(), 2),
    ("an update is not", lambda c: c.candidates.update({"id": "x", "version": 1}, {}), overloaded(), 1),
    ("a delete is not", lambda c: c.candidates.delete("x"), overloaded(), 1),
    ("too many requests", lambda c: c.candidates.get("x"), problem(429, "rate-limited", {"Retry-After": "0"}, retryable=True), 2),
    ("an unknown outcome is for the caller to look into", lambda c: c.candidates.get("x"),
     problem(503, "outcome-unknown", retryable=False), 1),
    ("a refusal stays one", lambda c: c.candidates.get("x"), problem(404, "not-found"), 1),
    ("a lost connection of a read", lambda c: c.candidates.get("x"), CUT, 2),
    ("a lost connection of a create: nobody knows what happened", lambda c: c.candidates.create({}), CUT, 1),
    ("a wait longer than anybody would", lambda c: c.candidates.get("x"), overloaded("3600"), 1),
]


@pytest.mark.parametrize("run, first, calls", [r[1:] for r in REPEATED], ids=[r[0] for r in REPEATED])
def test_repeated(run, first, calls):
    with scripted(first, ok()) as (client, script):
        if calls == 2:
            run(client)
        else:
            with pytest.raises(KeelsonError):
                run(client)
        assert len(script.calls) == calls


def test_repetition_ends():
    with scripted(overloaded()) as (client, script):
        with pytest.raises(KeelsonError) as caught:
            client.candidates.get("x")
        assert (caught.value.status, caught.value.code, caught.value.retryable, caught.value.retry_after) == (503, "overloaded", True, 0)
        assert len(script.calls) == 5


def test_a_repeated_append_carries_the_same_identifiers():
    with scripted(overloaded(), ok(status=201)) as (client, script):
        client.sessions.append("s", [{"role": "user"}, {"role": "user", "client_message_id": "mine"}])
        first, second = (call["json"] for call in script.calls)
        assert first == second and len(first[0]["client_message_id"]) == 36 and first[1]["client_message_id"] == "mine"


def test_expect_last_seq_wraps_the_messages():
    with scripted(ok()) as (client, script):
        client.sessions.append("s", {"role": "user", "client_message_id": "m"}, expect_last_seq=0)
        assert script.calls[0]["json"] == {"messages": [{"role": "user", "client_message_id": "m"}], "expect_last_seq": 0}


def test_an_error_says_everything_the_server_said():
    errors = [{"pointer": "/email", "code": "format.email", "message": "is not an email address"}]
    with scripted(problem(422, "validation", detail="Input is not valid", errors=errors, request_id="r1")) as (client, _):
        with pytest.raises(KeelsonError, match="/email: is not an email address") as caught:
            client.candidates.create({})
    assert (caught.value.status, caught.value.errors, caught.value.request_id) == (422, errors, "r1")


def test_the_version_of_the_object_becomes_if_match():
    with scripted(ok()) as (client, script):
        client.candidates.update({"id": "x", "version": 7}, {"headline": None})
        client.candidates.update("x", {}, if_match="*")
        with pytest.raises(TypeError):
            client.candidates.update("x", {})
        first, second = script.calls
        assert (first["headers"]["If-Match"], second["headers"]["If-Match"]) == ('"v7"', "*")
        assert first["headers"]["Content-Type"] == "application/merge-patch+json" and first["json"] == {"headline": None}


def test_a_list_is_a_page_or_everything():
    with scripted(ok({"items": [1, 2], "next": "c1"}), ok({"items": [3], "next": None})) as (client, script):
        assert list(client.candidates.list(where={"status": "new"}, limit=2)) == [1, 2, 3]
        assert [c["path"] for c in script.calls] == ["/v1/candidates?status=eq.new&limit=2",
                                                     "/v1/candidates?status=eq.new&limit=2&cursor=c1"]
        assert client.candidates.list().page() == {"items": [3], "next": None}


def test_messages_continue_after_the_last_one_and_a_tail_is_one_page():
    first = ok({"items": [{"seq": 1}, {"seq": 2}], "next": "a2"})
    with scripted(first, ok({"items": [{"seq": 3}], "next": None})) as (client, script):
        assert len(list(client.sessions.messages("s", after_seq=0, before_seq=9))) == 3
        assert script.calls[1]["path"] == "/v1/sessions/s/messages?after_seq=2&before_seq=9"
    with scripted(first) as (client, script):
        assert len(list(client.sessions.messages("s", tail=2))) == 2 and len(script.calls) == 1


def test_filters():
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    where = {"a": "x", "b": 1, "c": None, "d": ["p", "q"], "e": {"gte": when, "lt": "2027"}, "f": {"cs": {"k": [1]}}, "h": True,
             "i": ["a,b", 'say "hi"', "", "(c)"]}
    assert filters(where) == {
        "a": ["eq.x"], "b": ["eq.1"], "c": ["is.null"], "d": ["in.(p,q)"], "e": ["gte.2026-01-02T03:04:05+00:00", "lt.2027"],
        "f": ['cs.{"k":[1]}'], "h": ["eq.true"], "i": ['in.("a,b","say \\"hi\\"","","(c)")']}


def test_two_operators_of_a_field_are_two_parameters():
    with scripted(ok()) as (client, script):
        client.candidates.list(where={"version": {"gte": 1, "lt": 3}}).page()
        assert script.calls[0]["path"] == "/v1/candidates?version=gte.1&version=lt.3"


def test_lone_surrogates_and_nul_leave_as_escapes_and_nan_does_not_leave():
    with scripted(ok()) as (client, script):
        client.sessions.append("s", {"role": "user", "content": "\0\ud800"})
        assert b'"\\u0000\\ud800"' in script.calls[0]["raw"]
        with pytest.raises(ValueError):
            client.sessions.append("s", {"role": "user", "metadata": {"x": float("nan")}})


def test_connections_are_kept_and_shared_by_threads():
    with scripted(ok()) as (client, script):
        for _ in range(20):
            client.candidates.get("x")
        assert script.connections == 1
        threads = [threading.Thread(target=lambda: [client.candidates.get("x") for _ in range(25)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(script.calls) == 120 and script.connections <= 5


def test_a_connection_the_server_closed_meanwhile_is_not_used():
    with scripted(ok(Connection="close")) as (client, script):
        client.candidates.create({})
        client.candidates.create({})    # not repeatable: would fail on a dead connection
        assert script.connections == 2


def test_no_answer_in_time():
    with scripted(SILENCE, timeout=0.1, max_retries=0) as (client, _):
        with pytest.raises(KeelsonError, match="no answer within 0.1 s") as caught:
            client.candidates.get("x")
        assert (caught.value.status, caught.value.code) == (0, "timeout")


def test_nobody_listens():
    with pytest.raises(KeelsonError, match="127.0.0.1:1 cannot be reached") as caught:
        Client("http://127.0.0.1:1", max_retries=0).candidates.get("x")
    assert caught.value.code == "network"
    with pytest.raises(ValueError):
        Client("127.0.0.1:8080")


def test_the_key_is_sent_and_not_printed():
    with scripted(ok()) as (client, script):
        client.candidates.get("x")
        assert script.calls[0]["headers"]["Authorization"] == "Bearer kls_live_secret"
        assert "secret" not in repr(client) + repr(client.transport)


def test_many_awaited_at_once():
    script = Script(ok())

    async def main():
        async with AsyncClient(script.url, max_concurrent=16) as client:
            await asyncio.gather(*(client.candidates.get(str(n)) for n in range(100)))
            return [item async for item in client.candidates.list()], await client.candidates.list().page()

    assert asyncio.run(main())[0] == []
    assert len(script.calls) == 102 and script.connections <= 16
    script.close()


def test_retry_after_in_both_forms_and_backing_off_without_it():
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert retry_after_of("7") == 7 and retry_after_of("soon") is None and retry_after_of(None) is None
    assert retry_after_of("Thu, 01 Jan 2026 00:00:06 GMT", now) == 6
    assert retry_after_of("Thu, 01 Jan 2026 00:00:06 GMT", now + timedelta(hours=1)) == 0
    error = KeelsonError("x", code="overloaded", status=503, retryable=True)
    assert 0.05 <= wait_seconds(error, 0) <= 0.15 and 0.2 <= wait_seconds(error, 2) <= 0.6
