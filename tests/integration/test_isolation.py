"""Two organizations on one connection: 10,000 requests of both in any order, on each other's identifiers too, with clients that vanish and
statements that fail.  Nobody ever sees, changes or learns of anything of the other.

One lane and one other connection is the least the service runs with, so every request of either organization follows on some of the other.
"""
# SPDX-License-Identifier: Apache-2.0

import itertools
import json
import os
import random
import socket
import struct
import threading
from collections import Counter

import pytest
from bare import Bare
from harness import Keelson

REQUESTS = 100_000 if os.environ.get("KEELSON_LONG") else 10_000
CLIENTS, SEED = 6, 20260115
ABORTED = 0.06                          # of all requests: the client goes before it has its answer
SMALLEST = ["--pool-size", "2", "--pool-overflow", "0", "--pool-lanes", "1"]


class Client:
    """HTTP/1.1 on one connection, quick rather than complete."""

    def __init__(self, port):
        self.port, self.sock = port, None

    def send(self, method, path, key, body=None, headers=()):
        if not self.sock:
            self.sock = socket.create_connection(("127.0.0.1", self.port), 30)
            self.file = self.sock.makefile("rb")
        data = b"" if body is None else json.dumps(body).encode()
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key}", *headers]
        if body is not None:
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
        return "\r\n".join([*lines, "", ""]).encode() + data

    def ask(self, *request, **more):
        self.sock_send(self.send(*request, **more))
        status = int(self.file.readline().split()[1])
        length = 0
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self.file.read(length).decode()

    def sock_send(self, data):
        self.sock.sendall(data)

    def vanish(self, share, *request, **more):
        """Send a part of it and reset the connection."""
        data = self.send(*request, **more)
        self.sock_send(data[:max(1, int(len(data) * share))])
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        if self.sock:
            self.file.close()
            self.sock.close()
            self.sock = None


class Organization:
    """What one side has, as it knows it; `mark` is in everything it writes."""

    def __init__(self, place, name, mark):
        place.run("org", "create", name)
        self.name, self.mark, self.key = name, mark, place.key("--org", name)
        self.candidates, self.interviews, self.sessions = [], [], []
        self.acknowledged = []          # (session, content)
        self.numbers = itertools.count(1)

    def text(self):
        return f"{self.mark} {next(self.numbers)}"

    def plant(self, client):
        def made(path, body):
            status, answer = client.ask("POST", path, self.key, body)
            assert status == 201, answer
            return json.loads(answer)["id"]

        for i in range(12):
            # The same address in both organizations: uniqueness ends at the border too.
            person = {"full_name": self.text(), "email": f"same{i}@example.org", "metadata": {"owner": self.mark}, "tags": [self.mark]}
            self.candidates.append(made("/v1/candidates", person))
        for candidate in self.candidates[:6]:
            self.interviews.append(made("/v1/interviews", {"candidate_id": candidate, "title": self.text()}))
        for interview in self.interviews:
            self.sessions.append(made("/v1/sessions", {"interview_id": interview}))


def own(rng, org):
    """Something the organization may do with what it has: (request, allowed answers)."""
    candidate, session = rng.choice(org.candidates), rng.choice(org.sessions)
    return rng.choice([
        lambda: (("GET", f"/v1/candidates/{candidate}"), {200}),
        lambda: (("GET", f"/v1/sessions/{session}"), {200}),
        lambda: (("GET", f"/v1/candidates?limit={rng.randint(1, 40)}"), {200}),
        lambda: (("GET", f"/v1/candidates?full_name=like.*{rng.randint(1, 9)}*&limit=20"), {200}),
        lambda: (("GET", f"/v1/candidates?metadata=cs.%7B%22owner%22%3A%22{org.mark}%22%7D&limit=20"), {200}),
        lambda: (("GET", "/v1/interviews?count=exact&limit=20"), {200}),
        lambda: (("GET", f"/v1/sessions/{session}/messages?tail={rng.randint(1, 30)}"), {200}),
        lambda: (("GET", f"/v1/sessions/{session}/messages?tail={rng.randint(1, 30)}"), {200}),
        lambda: (("POST", f"/v1/sessions/{session}/messages", {"role": "user", "content": org.text()}), {201}),
        lambda: (("POST", f"/v1/sessions/{session}/messages", [{"role": "user", "content": org.text()} for _ in range(3)]), {201}),
        lambda: (("GET", f"/v1/sessions/{session}/memory"), {200}),
        lambda: (("GET", f"/v1/sessions/{session}/memory?format=langchain-js"), {200}),
        lambda: (("PATCH", f"/v1/candidates/{candidate}", {"headline": org.text()}), {200}),
        lambda: (("POST", "/v1/candidates", {"full_name": org.text(), "metadata": {"owner": org.mark}}), {201}),
    ])()


def failing(rng, org):
    """Statements that fail in the database, and leave the transaction they are in to be undone."""
    candidate, session = rng.choice(org.candidates[1:]), rng.choice(org.sessions)
    return rng.choice([
        lambda: (("POST", "/v1/candidates", {"full_name": org.text(), "email": "same0@example.org"}), {409}),
        lambda: (("POST", "/v1/candidates", [{"full_name": org.text()}, {"full_name": org.text(), "email": "Same0@example.org"}]), {409}),
        lambda: (("PATCH", f"/v1/candidates/{candidate}", {"email": "same0@example.org"}), {409}),
        lambda: (("POST", f"/v1/sessions/{session}/messages", {"expect_last_seq": 99999, "messages": [{"role": "user", "content": org.text()}]}), {409}),
        lambda: (("POST", "/v1/interviews", {"candidate_id": "01980000-0000-7000-8000-000000000000", "title": org.text()}), {404, 409, 422}),
        lambda: (("POST", "/v1/candidates", {"full_name": org.text(), "metadata": {"x": "y" * 70000}}), {413, 422}),
    ])()


def foreign(rng, org, other):
    """The other's identifiers: not there, whatever one tries with them."""
    candidate, interview, session = rng.choice(other.candidates), rng.choice(other.interviews), rng.choice(other.sessions)
    message = {"role": "user", "content": org.text()}
    return rng.choice([
        lambda: (("GET", f"/v1/candidates/{candidate}"), {404}),
        lambda: (("GET", f"/v1/interviews/{interview}"), {404}),
        lambda: (("GET", f"/v1/sessions/{session}"), {404}),
        lambda: (("PATCH", f"/v1/candidates/{candidate}", {"headline": org.text()}), {404}),
        lambda: (("DELETE", f"/v1/candidates/{candidate}"), {404}),
        lambda: (("DELETE", f"/v1/sessions/{session}"), {404}),
        lambda: (("POST", f"/v1/candidates/{candidate}/restore"), {404}),
        lambda: (("POST", f"/v1/candidates/{candidate}/transitions", {"to": "screening"}), {404}),
        lambda: (("GET", f"/v1/candidates/{candidate}/interviews"), {404}),
        lambda: (("GET", f"/v1/interviews/{interview}/sessions"), {404}),
        lambda: (("GET", f"/v1/sessions/{session}/messages?tail=20"), {404}),
        lambda: (("GET", f"/v1/sessions/{session}/messages/1"), {404}),
        lambda: (("POST", f"/v1/sessions/{session}/messages", message), {404}),
        lambda: (("POST", f"/v1/sessions/{session}/messages", [message, message]), {404}),
        lambda: (("GET", f"/v1/sessions/{session}/memory"), {404}),
        lambda: (("GET", f"/v1/sessions/{session}/memory?format=langchain-js"), {404}),
        lambda: (("POST", f"/v1/sessions/{session}/fork", {}), {404}),
        lambda: (("PATCH", f"/v1/sessions/{session}/memory", {"summary": org.text()}), {404}),
        lambda: (("GET", f"/v1/interviews?candidate_id=eq.{candidate}"), {200}),
        lambda: (("GET", f"/v1/candidates?metadata=cs.%7B%22owner%22%3A%22{other.mark[::-1]}%22%7D"), {200}),
        lambda: (("POST", "/v1/interviews", {"candidate_id": candidate, "title": org.text()}), {404, 409, 422}),
        lambda: (("POST", "/v1/sessions", {"interview_id": interview}), {404, 409, 422}),
    ])()


class Storm:
    def __init__(self, port, organizations):
        self.port, self.organizations = port, organizations
        self.counts, self.wrong, self.lock = Counter(), [], threading.Lock()

    def check(self, org, other, kind, request, allowed, status, answer):
        """The answer to a filter on the other's rows is an empty list; no other answer may hold a trace of them either."""
        empty = kind != "foreign" or status != 200 or json.loads(answer)["items"] == []
        if status not in allowed or other.mark in answer or not empty:
            self.wrong.append((org.name, kind, request[:2], status, answer[:400]))
        if status == 200 and request[1].startswith("/v1/candidates?"):
            self.wrong += [(org.name, "list", item) for item in json.loads(answer)["items"] if org.mark not in item["full_name"]]

    def acknowledge(self, org, request, status):
        if status == 201 and request[1].endswith("/messages"):
            sent = request[2] if isinstance(request[2], list) else [request[2]]
            with self.lock:
                org.acknowledged += [(request[1].split("/")[3], m["content"]) for m in sent]

    def one(self, rng, client):
        org, other = rng.sample(self.organizations, 2)
        kind = rng.choices(["own", "failing", "foreign"], [6, 1, 3])[0]
        request, allowed = {"own": own, "failing": failing}[kind](rng, org) if kind != "foreign" else foreign(rng, org, other)
        headers = ["If-Match: *"] if request[0] == "PATCH" else []
        request, body = request[:2], request[2] if len(request) > 2 else None
        if rng.random() < ABORTED:
            client.vanish(rng.choice([0.5, 1, 1, 1]), *request, org.key, body, headers=headers)
            return "aborted"
        status, answer = client.ask(*request, org.key, body, headers=headers)
        self.check(org, other, kind, request, allowed, status, answer)
        self.acknowledge(org, (*request, body), status)
        return kind

    def client(self, number):
        rng, client = random.Random(SEED + number), Client(self.port)
        for _ in range(REQUESTS // CLIENTS + 1):
            try:
                kind = self.one(rng, client)
            except Exception as reason:
                kind = "broken"
                self.wrong.append(("client", number, repr(reason)))
                client.close()
            with self.lock:
                self.counts[kind] += 1
            if len(self.wrong) > 20:
                break
        client.close()

    def run(self):
        threads = [threading.Thread(target=self.client, args=(i,)) for i in range(CLIENTS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()


@pytest.fixture(scope="module")
def place():
    with Bare() as pg:
        place = pg.place()
        place.init()
        yield place


def test_two_organizations_on_one_connection(place):
    organizations = [Organization(place, "alpha", "ALFAMARK"), Organization(place, "bravo", "BRAVOMARK")]
    with Keelson(*SMALLEST, folder=place.folder, env={"DATABASE_URL": place.env()["DATABASE_URL"]}) as k:
        client = Client(k.port)
        for org in organizations:
            org.plant(client)
        storm = Storm(k.port, organizations)
        storm.run()
        assert not storm.wrong, "\n".join(map(str, storm.wrong[:10]))
        assert sum(storm.counts.values()) >= REQUESTS and all(storm.counts[kind] > 300 for kind in ("own", "failing", "foreign", "aborted"))
        used = place.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'keelson_api' AND datname = current_database()")
        assert used[0][0] <= 2
        # Nothing hangs behind what vanished.
        for org in organizations:
            assert client.ask("GET", f"/v1/candidates/{org.candidates[0]}", org.key)[0] == 200
        client.close()
    nothing_of_the_other(place, organizations)
    everything_acknowledged(place, organizations)


def nothing_of_the_other(place, organizations):
    """Every row of every table, as a superuser sees it."""
    tables = [name for (name,) in place.query("SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'"
                                              " WHERE c.relnamespace = 'keelson'::regnamespace AND c.relkind = 'r' ORDER BY 1")]
    assert {"candidates", "interviews", "interview_sessions", "interview_messages"} <= set(tables)
    for org, other in itertools.permutations(organizations):
        for table in tables:
            found = place.query(f"SELECT t.* FROM keelson.{table} t JOIN keelson.organizations o ON o.id = t.org_id"
                                f" WHERE o.slug = %s AND t::text LIKE '%%' || %s || '%%'", org.name, other.mark)
            assert found == [], (table, found[:2])
    # The one request that was refused everywhere: a row of mine that hangs below one of yours.
    for child, parent, column in ("interviews", "candidates", "candidate_id"), ("interview_sessions", "interviews", "interview_id"):
        assert place.query(f"SELECT count(*) FROM keelson.{child} x JOIN keelson.{parent} y ON y.id = x.{column} AND y.org_id <> x.org_id") == [(0,)]
    assert place.query("SELECT count(*) FROM keelson.candidates WHERE deleted_at IS NOT NULL") == [(0,)]


def everything_acknowledged(place, organizations):
    """Each message that was answered with 201 is there once, and no session has a gap."""
    stored = Counter((str(s), c) for s, c in place.query("SELECT session_id, content FROM keelson.interview_messages"))
    for org in organizations:
        assert len(org.acknowledged) > 500
        missing = [m for m in org.acknowledged if stored[m] != 1]
        assert not missing, missing[:3]
    gaps = place.query("SELECT session_id FROM keelson.interview_messages GROUP BY org_id, session_id HAVING count(*) <> max(seq) OR min(seq) <> 1")
    assert gaps == []
