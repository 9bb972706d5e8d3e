"""Acknowledged is kept: 50 interviewers write 200 sessions of 60 turns while everything is killed, five times."""
# SPDX-License-Identifier: Apache-2.0

import asyncio
import json
import os
import signal

INTERVIEWERS, SESSIONS, TURNS, KILLS = 50, 200, 60, 5


class Client:
    """The least HTTP client that can lose its connection at any byte."""

    def __init__(self, server):
        self.server = server
        self.reader = self.writer = None

    async def request(self, method, path, body=None):
        """(status, document), or None when no whole answer came."""
        try:
            if self.writer is None:
                host, _, port = self.server.addr.rpartition(":")
                self.reader, self.writer = await asyncio.open_connection(host, int(port))
            data = b"" if body is None else json.dumps(body).encode()
            self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                              f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
            return int(head.split()[1]), json.loads(await self.reader.readexactly(length))
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return None

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def until(self, method, path, body, accepted):
        """Repeat as an interviewing agent would, until it is acknowledged."""
        while True:
            answer = await self.request(method, path, body)
            if answer and answer[0] in accepted:
                return answer[1]
            assert answer is None or answer[0] >= 500, f"{path}: {answer}"
            await asyncio.sleep(0.02)       # what Retry-After asks for, hastened


class Run:
    def __init__(self, server):
        self.server = server
        self.acknowledged = 0
        self.progress = asyncio.Condition()
        self.seqs = {}                      # session: [seq of turn 0, 1, ...] as they were answered

    async def interviewer(self, sessions):
        client = Client(self.server)
        for turn in range(TURNS):
            for session in sessions:
                body = {"role": "user" if turn % 2 == 0 else "assistant", "content": f"{session} turn {turn}",
                        "client_message_id": f"turn-{turn}"}
                answer = await client.until("POST", f"/v1/sessions/{session}/messages", body, (200, 201))
                assert answer["items"][0]["content"] == body["content"]
                self.seqs[session].append(answer["items"][0]["seq"])
                async with self.progress:
                    self.acknowledged += 1
                    self.progress.notify_all()
        client.close()

    async def killer(self):
        for kill in range(1, KILLS + 1):
            async with self.progress:
                await self.progress.wait_for(lambda: self.acknowledged >= kill * SESSIONS * TURNS // (KILLS + 1))
            await asyncio.to_thread(self.server.kill_all)
            await asyncio.to_thread(self.server.start)

    async def all(self, sessions):
        self.seqs = {session: [] for session in sessions}
        shares = [sessions[i::INTERVIEWERS] for i in range(INTERVIEWERS)]
        await asyncio.gather(self.killer(), *(self.interviewer(share) for share in shares))


def test_acknowledged_turns_survive_being_killed(keelson):
    k = keelson()
    candidate = k.http.post("/v1/candidates", json={"full_name": "Grace Hopper"}).json()["id"]
    interview = k.http.post("/v1/interviews", json={"candidate_id": candidate, "title": "Compilers"}).json()["id"]
    made = k.http.post("/v1/sessions", json=[{"interview_id": interview} for _ in range(SESSIONS)])
    assert made.status_code == 201, made.text
    sessions = [s["id"] for s in made.json()["items"]]

    run = Run(k)
    asyncio.run(run.all(sessions))

    for session in sessions:
        kept = k.http.get(f"/v1/sessions/{session}/messages", params={"limit": 200}).json()
        assert [m["seq"] for m in kept["items"]] == list(range(1, TURNS + 1)), session
        assert [m["content"] for m in kept["items"]] == [f"{session} turn {t}" for t in range(TURNS)], session
        assert run.seqs[session] == list(range(1, TURNS + 1)), session
        assert kept["last_seq"] == TURNS


def test_the_server_comes_back_when_its_postgresql_is_killed(keelson):
    k = keelson()
    candidate = k.http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).json()
    postmaster = int((k.data_dir / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    k.wait_log("event=postgres-restarted")
    k.wait_log("event=database-up")
    assert k.http.get(f"/v1/candidates/{candidate['id']}").json() == candidate
    k.kill()
    k.start()
    assert k.http.get(f"/v1/candidates/{candidate['id']}").json() == candidate
