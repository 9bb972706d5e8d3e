"""The promise under load (F54): 10 kept and 20 more for a while; everybody is served, in the order in which he came, and equally often."""
# SPDX-License-Identifier: Apache-2.0

import collections
import json
import re
import selectors
import time

import pytest
from conftest import LONG, until
from test_server import locked, waiting

POOL = ["--pool-size", "10", "--pool-overflow", "20", "--pool-idle", "1s"]


@pytest.fixture
def holding(postgres):
    """holding(seconds): from now on whoever creates a candidate holds his connection so long; and the order in which they began is kept."""
    def hold(seconds):
        postgres.execute_there(f"""
            DROP TABLE IF EXISTS public.began; DROP SEQUENCE IF EXISTS public.turn;
            CREATE SEQUENCE public.turn;
            CREATE TABLE public.began (turn bigint, name text);
            GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT ALL ON public.turn, public.began TO PUBLIC;
            CREATE OR REPLACE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO public.began VALUES (nextval('public.turn'), new.full_name);
                    PERFORM pg_sleep({seconds});
                    RETURN new;
                END $$;
            DROP TRIGGER IF EXISTS hold ON keelson.candidates;
            CREATE TRIGGER hold BEFORE INSERT ON keelson.candidates FOR EACH ROW WHEN (new.full_name LIKE 'hold%')
                EXECUTE FUNCTION public.hold()""")
    yield hold
    postgres.execute_there("DROP TRIGGER IF EXISTS hold ON keelson.candidates")


def jain(counts):
    """1 when all had the same, 1/n when one had all."""
    return sum(counts) ** 2 / (len(counts) * sum(n * n for n in counts))


class Crowd:
    """Clients that cost the machine next to nothing: connected, one request each at a time, all in one thread."""

    def __init__(self, s, clients):
        self.key, self.selector, self.codes = s.server.key, selectors.DefaultSelector(), collections.Counter()
        self.socks = [s.keelson.connect() for _ in range(clients)]
        self.served, self.under_way, self.got = [0] * clients, 0, [b""] * clients
        for i, sock in enumerate(self.socks):
            self.selector.register(sock, selectors.EVENT_READ, i)

    def ask(self, i):
        body = json.dumps({"full_name": f"hold-{i}"})
        self.socks[i].sendall(f"POST /v1/candidates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.key}\r\n"
                              f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        self.under_way += 1

    def answered(self, i):
        """Has the whole answer come?"""
        self.got[i] += self.socks[i].recv(65536)
        head, end, body = self.got[i].partition(b"\r\n\r\n")
        if not end or len(body) < int(re.search(rb"(?i)content-length: *(\d+)", head)[1]):
            return False
        self.codes[int(head.split()[1])] += 1
        self.got[i] = b""
        self.served[i] += 1
        self.under_way -= 1
        return True

    def press(self, seconds=0):
        """Everybody at once, and again as soon as he was answered, until the time is up."""
        end = time.monotonic() + seconds
        for i in range(len(self.socks)):
            self.ask(i)
        while self.under_way:
            for ready, _ in self.selector.select(60):
                if self.answered(ready.data) and time.monotonic() < end:
                    self.ask(ready.data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.selector.close()
        for sock in self.socks:
            sock.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("clients", [50, 300])
def test_everybody_is_served_and_equally_often(fault, holding, clients):
    s = fault(*POOL)
    holding(0.03)
    s.list()
    with Crowd(s, clients) as crowd:
        crowd.press(60 if LONG else 6)
    assert set(crowd.codes) == {201}
    assert jain(crowd.served) >= 0.99, sorted(crowd.served)
    assert s.witness.most > 10, "more than are kept were opened"
    assert s.metric("keelson_pool_acquires_total", outcome="timeout") == 0
    assert s.metric("keelson_pool_connections", state="in_use") == 0 and s.metric("keelson_pool_waiters") == 0
    until(lambda: s.open_connections() <= 10)
    assert s.metric("keelson_pool_closes_total", reason="overflow") > 0


@pytest.mark.parametrize("connections", [1, 4])
def test_nobody_is_overtaken(fault, together, holding, connections):
    """One after the other they queue; in this order they begin.  Where several are served at once, these alone may change places."""
    size = connections + 2                                              # a lane, and the one for control
    s = fault("--pool-size", str(size), "--pool-overflow", "0", "--pool-lanes", "1", "--lock-timeout", "60s", "--query-timeout", "60s",
              "--pool-standing", "10s", "--pool-timeout", "5m")         # a queue that stands for so long is what is looked at
    holding(0.01)
    s.list()
    lock = locked(s)
    clients, answers = 60, []
    try:
        for i in range(clients):
            answers += together(lambda i=i: s.create(f"hold-{i:03}"), wait=False)
            until(lambda: len(s.server.pids("wait_event_type = 'Lock'")) + s.metric("keelson_pool_waiters", **{"class": "exclusive"}) > i)
        assert waiting(s, connections)
    finally:
        lock.close()
    assert {a.result(60).status_code for a in answers} == {201}
    order = [int(name[-3:]) for (name,) in s.server.sql("SELECT name FROM public.began ORDER BY turn")]
    assert sorted(order) == list(range(clients))
    assert all(abs(place - number) < 2 * connections - 1 for place, number in enumerate(order)), order


def test_a_spike_opens_no_more_than_it_needs(fault, together, holding):
    """Fifty at once on five idle connections, and a new one takes 150 ms: the five are done before, and one more at most was made."""
    s = fault("--pool-size", "20", "--pool-overflow", "0", "--pool-lanes", "1", "--pool-idle", "10m", "--lock-timeout", "30s")
    lock = locked(s)
    five = together(*[s.create] * 5, wait=False)
    until(lambda: waiting(s, 5))
    lock.close()
    assert {a.result(10).status_code for a in five} == {201}
    until(lambda: s.metric("keelson_pool_connections", state="idle") == 5 + 2)           # a lane, and the one for control
    holding(0.002)
    s.proxy.connect_delay = 0.15
    with Crowd(s, 50) as crowd:
        crowd.press()
    assert crowd.codes == {201: 50}
    until(lambda: s.metric("keelson_pool_connections", state="connecting") == 0)
    assert s.open_connections() - 2 <= 6
