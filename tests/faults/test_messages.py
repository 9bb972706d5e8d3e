"""Every message of a request's conversation with the server, times every way to lose it (F3, F5, F19, F20, F23, F24 in full):
whatever happens, one answer, no success for an absent write, no failure for one that is there.  The server stays reachable, so "unknown" is no answer either."""
# SPDX-License-Identifier: Apache-2.0

import pytest
from conftest import LONG, Service
from proxy import CLIENT, CLOSE, DROP, GARBAGE, HALF_CLOSE, OVERSIZED, RST, TRUNCATE, Proxy

ACTIONS = [RST, CLOSE, HALF_CLOSE, TRUNCATE, GARBAGE]
if LONG:
    ACTIONS += [OVERSIZED, DROP]        # these end only with query.timeout and its grace
STEP = 1 if LONG else 3


def create(service, session, nonce):
    return service.create(nonce)


def keyed(service, session, nonce):
    return service.create(nonce, **{"Idempotency-Key": nonce})


def append(service, session, nonce):
    return service.append(session, nonce)


WRITES = {"create": (create, lambda s, session, n: s.there(n)),
          "keyed": (keyed, lambda s, session, n: s.there(n)),
          "append": (append, lambda s, session, n: s.messages_there(n))}


def golden(service, session, make):
    """How many messages the server sends in one such request."""
    nonce, seen = service.nonce(), []
    count = service.proxy.after(nonce.encode(), lambda connection, message: seen.append(message[:1]), times=0)
    assert make(service, session, nonce).status_code == 201
    count.remove()
    return len(seen)


def judge(answer, present):
    """The one thing that must hold."""
    if answer.status_code in (200, 201):
        assert present == 1, f"reported {answer.status_code}, and it is there {present} times"
        return
    assert answer.status_code in (503, 504), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] != "outcome-unknown", "the server can be asked, and these kinds of writes can be looked for"
    assert present == 0, f"reported {answer.json()['code']}, and it is there"


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("action", ACTIONS)
def test_answers_lost_at_every_message(faults, kind, action):
    make, there = WRITES[kind]
    service, session = faults
    n = golden(service, session, make)
    for k in range(0, n, STEP):
        nonce = service.nonce()
        fault = service.proxy.after(nonce.encode(), action, skip=k)
        answer = make(service, session, nonce)
        fault.remove()
        assert fault.hit.is_set() or answer.status_code == 201         # fewer messages when nothing is to be prepared
        judge(answer, there(service, session, nonce))
    assert service.create().status_code == 201


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("action", ACTIONS)
def test_questions_lost(faults, kind, action):
    """The message that carries the request does not arrive whole."""
    make, there = WRITES[kind]
    service, session = faults
    nonce = service.nonce()
    fault = service.proxy.on(CLIENT, nonce.encode(), action)
    answer = make(service, session, nonce)
    fault.remove()
    judge(answer, there(service, session, nonce))
    assert service.create().status_code == 201


@pytest.fixture(scope="module")
def faults(postgres):
    """One service for all cases: what one leaves behind would show in the next."""
    with Proxy(postgres.port) as proxy:
        service = Service(postgres, proxy, "--pool-size", "4", "--pool-overflow", "2", "--query-timeout", "1s")
        try:
            yield service, service.session()
        finally:
            proxy.restore()
            service.close()
