"""The HTTP edge of the running program against hostile and broken clients: what is one request stays one request, nobody
slow holds up anybody, and who cannot be served is told so."""
# SPDX-License-Identifier: Apache-2.0

import json
import random
import resource
import re
import socket
import threading
import time

import pytest

from harness import Keelson

HOST = b"Host: localhost\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /health/live HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def edge():
    with Keelson("--http-header-timeout", "1s", "--http-body-timeout", "1s", "--http-write-timeout", "1s") as k:
        yield k


def statuses(answers):
    """The status codes of a connection's answers, told apart by their lengths."""
    found = []
    while answers:
        head, separator, rest = answers.partition(b"\r\n\r\n")
        assert separator and head.startswith(b"HTTP/1.1 "), answers[:200]
        found.append(int(head[9:12]))
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        answers = rest[int(lengths[0]) if lengths else 0:]
    return found


def problem(answer, status):
    """Exactly one answer, which is that problem and says the connection ends."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert statuses(answer) == [status], answer
    assert b"\r\nContent-Type: application/problem+json\r\n" in head and b"\r\nConnection: close" in head
    document = json.loads(body)
    assert document["status"] == status and document["type"] == "/problems/" + document["code"] and document["detail"]
    assert f"Request-Id: {document['request_id']}".encode() in head
    return document


def alive(k):
    assert k.http.get("/health/live").status_code == 200


def serves_again(k):
    """Clients that have just left are noticed in the order of events, so the first try may still be refused."""
    while statuses(k.raw(LAST)) != [200]:
        time.sleep(0.01)


# ---- what is one request stays one request ------------------------------------------------------------

def post(*lines, body=b""):
    return b"\r\n".join([b"POST /v1/candidates HTTP/1.1", b"Host: localhost", *lines, b"", body])


SMUGGLED = b"0\r\n\r\n" + LIVE

PAIRS = {
    "CL.TE": post(b"Content-Length: %d" % len(SMUGGLED), b"Transfer-Encoding: chunked", body=SMUGGLED),
    "TE.CL": post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"5c\r\n" + SMUGGLED),
    "TE.0": post(b"Transfer-Encoding: chunked", b"Content-Length: 0", body=SMUGGLED),
    "two lengths": post(b"Content-Length: 0", b"Content-Length: %d" % len(LIVE), body=LIVE),
    "same length twice": post(b"Content-Length: 0", b"Content-Length: 0", body=LIVE),
    "length list": post(b"Content-Length: 0, 0", body=LIVE),
    "signed length": post(b"Content-Length: +5", body=b"hello"),
    "hexadecimal length": post(b"Content-Length: 0x5", body=b"hello"),
    "length with blank": post(b"Content-Length: 5 ", body=b"hello"),
    "octal length": post(b"Content-Length: 05", body=b"hello"),
    "length over 64 bits": post(b"Content-Length: 18446744073709551621", body=b"hello"),
    "TE list": post(b"Transfer-Encoding: identity, chunked", body=SMUGGLED),
    "TE twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=SMUGGLED),
    "TE in 1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED,
    "blank before colon": post(b"Content-Length : 5", body=b"hello"),
    "folded field": post(b"Content-Length: 0", b"X: a", b" Transfer-Encoding: chunked", body=LIVE),
    "bare LF": post(b"X: a\nContent-Length: 5", body=b"hello"),
    "bare CR": post(b"X: a\rContent-Length: 5", body=b"hello"),
    "NUL": post(b"X: a\0b"),
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Host": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "absolute form": b"GET http://localhost/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "blank in the target": b"GET /health/live HTTP/1.1\r\nX: y HTTP/1.1\r\n" + HOST.replace(b":", b" :") + b"\r\n",
    "chunk size with 0x": post(b"Transfer-Encoding: chunked", body=b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk size overflow": post(b"Transfer-Encoding: chunked", body=b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk longer than said": post(b"Transfer-Encoding: chunked", body=b"4\r\nhello\r\n0\r\n\r\n"),
    "chunk line with LF": post(b"Transfer-Encoding: chunked", body=b"5\nhello\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_ambiguous_framing_is_refused(edge, name):
    assert problem(edge.raw(PAIRS[name] + LIVE), 400)["code"] == "malformed-request"


def test_no_spelling_of_the_coding_hides_it(edge):
    """A length that covers everything, and a coding that would end the body early if some spelling of it were understood."""
    odd = [bytes([c]) for c in [*range(0x00, 0x21), 0x22, 0x2c, 0x3a, 0x3b, 0x7f, 0x80, 0x85, 0xa0, 0xad, 0xff]]
    forms = [b"%sTransfer-Encoding: chunked", b"Transfer-Encoding%s: chunked", b"Transfer-Encoding:%schunked",
             b"Transfer-Encoding: chunked%s", b"Transfer%sEncoding: chunked", b"X: y%sTransfer-Encoding: chunked"]
    for form in forms:
        for c in odd:
            request = post(b"Content-Length: %d" % len(SMUGGLED), form % c, b"Connection: close", body=SMUGGLED)
            assert len(statuses(edge.raw(request))) == 1, (form, c)


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 100 + b"\r\n", 431),
    (post(b"Content-Length: 99999999999"), 413),
    (post(b"Expect: 100-continue", b"Content-Length: 99999999999"), 413),
    (post(b"Expect: something"), 417),
    (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    (b"PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
])
def test_limits_and_versions(edge, request_bytes, status):
    problem(edge.raw(request_bytes), status)


@pytest.mark.parametrize("path", [b"/%00", b"/v1%2fcandidates", b"/a/../v1", b"/%2e%2e/etc", b"//v1", b"/%c0%af", b"/%zz"])
def test_paths_that_could_mean_two_things(edge, path):
    assert statuses(edge.raw(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")) == [400]


def test_pipeline_in_pieces(edge):
    dice = random.Random(7)
    stream = LIVE * 50 + LAST
    for _ in range(5):
        with edge.connect() as sock:
            at = 0
            while at < len(stream):
                n = dice.choice([1, 2, 7, 60, 500])
                sock.sendall(stream[at:at + n])
                at += n
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        assert statuses(answer) == [200] * 51


def test_half_closed_client_gets_its_answer(edge):
    assert statuses(edge.raw(LIVE, half_close=True)) == [200]


def test_continue(edge):
    with edge.connect() as sock:
        sock.sendall(post(b"Content-Type: application/json", b"Expect: 100-continue", b"Content-Length: 2"))
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        assert statuses(sock.recv(65536)) == [422]


# ---- nobody slow holds up anybody ----------------------------------------------------------------------

def trickle(sock, start):
    """Bytes now and then until the server has had enough: how long that took, and what it said."""
    began = time.monotonic()
    sock.sendall(start)
    sock.settimeout(0.1)
    while time.monotonic() - began < 20:
        try:
            sock.send(b"x")
            return time.monotonic() - began, sock.recv(65536)
        except TimeoutError:
            pass
    raise AssertionError("still listening after 20 s")


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\n" + HOST + b"X: ", post(b"Content-Length: 100000")])
def test_slow_senders_are_ended(edge, start):
    socks = [edge.connect() for _ in range(20)]
    for sock in socks[1:]:
        sock.sendall(start or b"G")
    took, answer = trickle(socks[0], start)
    assert 0.9 < took < 15
    problem(answer, 408)
    alive(edge)
    for sock in socks:
        sock.close()


def connections(edge):
    text = edge.http.get("/metrics").text
    return int(float(re.search(r"^keelson_http_connections (\S+)$", text, re.M)[1]))


def test_who_does_not_read_is_ended(edge):
    size = len(edge.http.get("/openapi.json").content)
    request = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n"
    before = connections(edge)
    with edge.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            sock.sendall(request * (40_000_000 // size))
        except ConnectionError:
            pass                        # ended while we were still asking
        while connections(edge) > before:
            alive(edge)


# ---- who cannot be served is told so --------------------------------------------------------------------

def test_connection_limit(keelson):
    k = keelson("--http-connections", "3")
    with k.connect() as one, k.connect() as two, k.connect() as three:
        for sock in (one, two, three):
            sock.sendall(LIVE)
            assert statuses(sock.recv(65536)) == [200]
        refused = k.raw(LIVE)
        assert problem(refused, 503)["retryable"] is True and b"\r\nRetry-After: " in refused
    serves_again(k)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_no_descriptors(keelson):
    k = keelson()
    pid = k.process.pid
    was = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    socks = [k.connect()]
    socks[0].sendall(LIVE)
    assert statuses(socks[0].recv(65536)) == [200]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, was[1]))
    while len(socks) < 100:             # until those below the limit are taken
        socks.append(k.connect())
        socks[-1].sendall(LIVE)
        if statuses(socks[-1].recv(65536)) == [503]:
            break
    assert [problem(k.raw(LIVE), 503)["code"] for _ in range(5)] == ["overloaded"] * 5
    cpu = cpu_seconds(pid)
    time.sleep(1)
    assert cpu_seconds(pid) - cpu < 0.5
    socks[0].sendall(LIVE)              # who is in stays in
    assert statuses(socks[0].recv(65536)) == [200]
    for sock in socks:
        sock.close()
    serves_again(k)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, was)


def test_drain_cuts_no_answer(keelson):
    k = keelson()
    broken, count, lock = [], [0], threading.Lock()
    stop = threading.Event()

    def client():
        while not stop.is_set():
            try:
                with k.connect(5) as sock:
                    while not stop.is_set():
                        sock.sendall(LIVE)
                        answer = sock.recv(65536)
                        if not answer:
                            break
                        with lock:
                            count[0] += 1
                        if not set(statuses(answer)) <= {200, 503}:
                            broken.append(answer)
            except ConnectionError:
                if k.process.poll() is not None:
                    return
            except AssertionError as e:
                broken.append(e)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    while count[0] < 200:
        time.sleep(0.01)
    assert k.stop() == 0
    stop.set()
    for thread in threads:
        thread.join()
    assert not broken, broken[:3]
