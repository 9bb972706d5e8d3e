"""Whatever is wrong with a request has its status, its place, and changes nothing."""
# SPDX-License-Identifier: Apache-2.0

import json
import uuid

import pytest

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def candidate(shared_server):
    return shared_server.http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).json()["id"]


def state(server):
    """Everything a client can see."""
    return {r: server.http.get(f"/v1/{r}", params={"count": "exact", "limit": 200, "include": "trash"}).json()
            for r in ("candidates", "resumes", "interviews", "sessions", "assessments")}


def problem(answer, status, code=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = json.loads(answer.text, object_pairs_hook=no_duplicates)
    assert document["status"] == status and document["type"] == f"/problems/{document['code']}"
    assert document["request_id"] == answer.headers["Request-Id"]
    assert code is None or document["code"] == code, document
    return document


def no_duplicates(pairs):
    assert len({k for k, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


BODIES = [
    # body, status, code, pointer
    (b"", 400, "invalid-json", None),
    (b"{", 400, "invalid-json", None),
    (b"{}x", 400, "invalid-json", None),
    (b'{"full_name": "A",}', 400, "invalid-json", None),
    (b"\xef\xbb\xbf{}", 400, "invalid-json", None),
    (b'{"full_name": "\xff"}', 400, "invalid-json", None),
    (b'{"full_name": "\xed\xa0\x80"}', 400, "invalid-json", None),
    (b'{"full_name": "A", "full_name": "B"}', 400, "invalid-json", "/full_name"),
    (b'{"full_name": "A", "full\\u005fname": "B"}', 400, "invalid-json", "/full_name"),
    (b'{"full_name": NaN}', 400, "invalid-json", None),
    (b'{"full_name": 01}', 400, "invalid-json", None),
    (b'{"metadata": ' + b"[" * 64 + b"]" * 64 + b"}", 400, "invalid-json", None),
    (b"[]", 422, "validation", ""),
    (b"null", 422, "validation", ""),
    (b'"text"', 422, "validation", ""),
    (b"{}", 422, "validation", "/full_name"),
    (b'{"full_name": 1}', 422, "validation", "/full_name"),
    (b'{"full_name": null}', 422, "validation", "/full_name"),
    (b'{"full_name": "a\\u0000b"}', 422, "validation", "/full_name"),
    (b'{"full_name": "\\ud800"}', 422, "validation", "/full_name"),
    (b'{"full_name": "A", "metadata": {"a/b": {"~": "\\udc00"}}}', 422, "validation", "/metadata/a~1b/~0"),
    (b'{"full_name": "A", "metadata": {"\\u0000": 1}}', 422, "validation", "/metadata/\ufffd"),
    (b'{"full_name": "A", "metadata": []}', 422, "validation", "/metadata"),
    (b'{"full_name": "A", "metadata": {"n": 1e131071}}', 422, "validation", "/metadata/n"),
    (b'{"full_name": "A", "tags": "x"}', 422, "validation", "/tags"),
    (b'{"full_name": "A", "tags": ["x", 1]}', 422, "validation", "/tags/1"),
    (b'{"full_name": "A", "email": "nonsense"}', 422, "validation", "/email"),
    (b'{"full_name": "A", "status": "hired"}', 422, "validation", "/status"),
    (b'{"full_name": "A", "version": 7}', 422, "validation", "/version"),
    (b'{"full_name": "A", "org_id": "00000000-0000-7000-8000-000000000001"}', 422, "validation", "/org_id"),
    (b'{"full_name": "A", "id": "x"}', 422, "validation", "/id"),
    (b'{"full_name": "A", "fullname": "x"}', 422, "validation", "/fullname"),
    (b'{"full_name": "A", "__proto__": {}}', 422, "validation", "/__proto__"),
    (b'[{"full_name": "A"}, {"full_name": 2}, {"colour": "red"}]', 422, "validation", "/1/full_name"),
]


@pytest.mark.parametrize("body, status, code, pointer", BODIES)
def test_a_body_that_is_wrong(server, candidate, body, status, code, pointer):
    before = state(server)
    document = problem(server.http.post("/v1/candidates", content=body, headers=JSON), status, code)
    if pointer is not None:
        assert pointer in [f["pointer"] for f in document["errors"]], document
    assert state(server) == before


def test_all_faults_of_a_body_at_once(server):
    body = {"full_name": 1, "email": "x", "tags": [1, "a"], "metadata": "m", "status": "hired", "colour": 1}
    found = {f["pointer"] for f in problem(server.http.post("/v1/candidates", json=body), 422)["errors"]}
    assert found >= {"/full_name", "/email", "/tags/0", "/metadata", "/status", "/colour"}


def test_a_misspelled_field_is_told_the_right_one(server):
    document = problem(server.http.post("/v1/candidates", json={"full_nmae": "A"}), 422)
    fault = next(f for f in document["errors"] if f["pointer"] == "/full_nmae")
    assert "full_name" in fault["message"]


def test_depth_64_is_taken_and_65_is_not(server):
    def nested(depth):              # the object itself is one level
        return '{"full_name":"D","metadata":{"d":' + "[" * (depth - 2) + "]" * (depth - 2) + "}}"

    assert server.http.post("/v1/candidates", content=nested(64), headers=JSON).status_code == 201
    problem(server.http.post("/v1/candidates", content=nested(65), headers=JSON), 400, "invalid-json")


@pytest.mark.parametrize("number", ["9007199254740993", "1e400", "-0", "1.10", "123456789012345678901234567890"])
def test_numbers_beyond_doubles_are_kept(server, number):
    made = server.http.post("/v1/candidates", content='{"full_name":"N","metadata":{"n":%s}}' % number, headers=JSON)
    assert made.status_code == 201
    written = {"1e400": "1" + "0" * 400, "-0": "0"}.get(number, number)
    assert f'"n": {written}' in server.http.get(f"/v1/candidates/{made.json()['id']}").text


def test_bodies_over_the_limit(server):
    big = b'{"full_name":"' + b"x" * (1 << 20) + b'"}'
    problem(server.http.post("/v1/candidates", content=big, headers=JSON), 413, "too-large")
    chunked = (big[i:i + 65536] for i in range(0, len(big), 65536))
    problem(server.http.post("/v1/candidates", content=chunked, headers=JSON), 413, "too-large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""])
def test_other_content_types(server, kind):
    problem(server.http.post("/v1/candidates", content=b'{"full_name":"A"}', headers={"Content-Type": kind}), 415, "unsupported-media-type")


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/nowhere", 404), ("GET", "/v1", 404), ("GET", "/v1/unicorns", 404), ("GET", "/v1/organizations", 404), ("GET", "/v1/api_keys", 404),
    ("GET", "/v1/candidates/", 404), ("GET", "/v1//candidates", 400), ("GET", "/v1/candidates/%2e%2e", 400), ("GET", "/v1/candidates/a%2Fb", 400),
    ("GET", "/v1/candidates/%00", 400), ("GET", "/v1/candidates/%zz", 400), ("GET", "/v1/candidates/%ff", 400),
    ("PUT", "/v1/candidates", 405), ("DELETE", "/v1/candidates", 405), ("POST", "/health", 405), ("BREW", "/v1/candidates", 501),
])
def test_paths_and_methods_that_are_not_there(server, method, path, status):
    import http.client          # httpx would tidy the path
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest(method, path)
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    assert (answer.status, document["status"]) == (status, status), document
    assert status != 405 or answer.headers["Allow"]


@pytest.mark.parametrize("bad", ["x", "00000000", "g0000000-0000-7000-8000-000000000000", "{00000000-0000-7000-8000-000000000000}",
                                 "00000000-0000-7000-8000-0000000000000", "urn:uuid:00000000-0000-7000-8000-000000000000"])
def test_identifiers_that_are_none(server, bad):
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore"), ("GET", "/resumes"), ("GET", "/interviews")):
        problem(server.http.request(method, f"/v1/candidates/{bad}{path}"), 404, "not-found")
    document = problem(server.http.post("/v1/interviews", json={"candidate_id": bad, "title": "T"}), 422)
    assert document["errors"][0]["pointer"] == "/candidate_id"


def test_identifiers_in_any_spelling(server, candidate):
    for spelled in (candidate.upper(), candidate):
        assert server.http.get(f"/v1/candidates/{spelled}").json()["id"] == candidate


def test_references_to_what_is_not_there(server):
    for missing in (str(uuid.uuid4()), "00000000-0000-0000-0000-000000000000"):
        document = problem(server.http.post("/v1/interviews", json={"candidate_id": missing, "title": "T"}), 422)
        assert document["errors"] == [{"pointer": "/candidate_id", "code": "reference", "message": document["errors"][0]["message"]}]
        problem(server.http.post("/v1/sessions", json={"interview_id": missing}), 422)


@pytest.mark.parametrize("query", [
    "colour=eq.red", "full_name=~.x", "full_name=Ada", "limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=nonsense", "order=colour",
    "order=full_name.sideways", "fields=colour", "include=everything", "count=maybe", "created_at=gt.yesterday", "id=eq.x", "metadata=cs.{", "metadata=eq.1",
    "tags=cs.{", "%00=eq.1", "full_name=eq.%ff", "phone=eq.1",
])
def test_queries_that_are_wrong_name_what(server, query):
    document = problem(server.http.get(f"/v1/candidates?{query}"), 400, "invalid-parameter")
    name = query.partition("=")[0]
    assert "%" in query or name in document["detail"] or query.split("=")[1].split(".")[0] in document["detail"], document


@pytest.mark.parametrize("headers, status", [
    ({}, 428), ({"If-Match": '"v99"'}, 412), ({"If-Match": "v1"}, 400), ({"If-Match": 'W/"v1"'}, 412), ({"If-Match": ""}, 400),
])
def test_preconditions(server, candidate, headers, status):
    before = server.http.get(f"/v1/candidates/{candidate}").json()
    answer = server.http.patch(f"/v1/candidates/{candidate}", json={"phone": "1"}, headers=headers)
    document = problem(answer, status)
    assert status != 412 or document["current_version"] == before["version"]
    assert server.http.get(f"/v1/candidates/{candidate}").json() == before


def test_nothing_of_the_database_is_told(server):
    taken = f"{uuid.uuid4()}@example.org"
    server.http.post("/v1/candidates", json={"full_name": "First", "email": taken})
    document = problem(server.http.post("/v1/candidates", json={"full_name": "Second", "email": taken.upper()}), 409, "duplicate")
    assert document["errors"][0]["pointer"] == "/email"
    for word in ("candidates_email", "keelson.", "DETAIL", "Key (", taken):
        assert word not in json.dumps(document)
