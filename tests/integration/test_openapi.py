"""The description: valid to two validators that know nothing of each other, and true of what the program answers."""
# SPDX-License-Identifier: Apache-2.0

import json
import os
import subprocess
import sys
import uuid

import jsonschema
import pytest
import referencing
import referencing.jsonschema
from harness import ROOT, run
from test_own_tables import COLUMN_UP, TABLE_UP, migration

TESTS = ROOT / "tests"
LONG = bool(os.environ.get("KEELSON_LONG"))
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
METHODS = {"get", "post", "put", "patch", "delete"}


def linted(document, tmp_path):
    """What each validator has to say about a document; both are held to warnings too."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    bin = TESTS / "node_modules" / ".bin"
    commands = {
        "redocly": ["redocly", "lint", "--config", TESTS / "redocly.yaml", path],
        "spectral": ["spectral", "lint", "--fail-severity=hint", "-r", TESTS / "spectral.yaml", path],
    }
    env = os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
    complaints = {}
    for name, (program, *args) in commands.items():
        done = subprocess.run([bin / "node", bin / program, *args], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=120)
        if done.returncode != 0:
            complaints[name] = done.stdout[-6000:] + done.stderr[-3000:]
    return complaints


@pytest.fixture
def document(server):
    return server.http.get("/openapi.json").json()


# ---- valid ----

def test_valid_to_both_validators(document, tmp_path):
    assert linted(document, tmp_path) == {}


def test_valid_with_keys_and_tables_of_an_application(keelson, tmp_path):
    k = keelson(start=False)
    migration(k, 1, "shoes", COLUMN_UP, "ALTER TABLE keelson.candidates DROP COLUMN shoe_size;")
    migration(k, 2, "notes", TABLE_UP, "DROP SCHEMA app CASCADE;")
    k.start()
    served = k.http.get("/openapi.json").json()
    shoe = served["components"]["schemas"]["CandidateCreate"]["properties"]["shoe_size"]
    assert shoe == {"type": ["number", "null"], "minimum": 1, "maximum": 60, "description": "Size of the shoes."}
    assert "shoe_size" in {p.get("name") for p in served["paths"]["/v1/candidates"]["get"]["parameters"]}
    assert set(served["paths"]["/v1/notes/{id}"]) == {"get", "patch", "delete"}
    assert served["components"]["schemas"]["NoteCreate"]["required"] == ["candidate_id", "body"]
    assert {"name": "notes", "description": "Notes about a candidate."} in served["tags"]
    assert served["security"] == [] and "securitySchemes" not in served["components"], "this server takes everybody on its machine"

    printed = k.cli("openapi")
    assert printed.returncode == 0 and json.loads(printed.stdout) == served, "the command says what the server says"
    assert printed.stdout == json.dumps(served, indent=2, ensure_ascii=False) + "\n", "laid out for reading"
    assert json.loads(k.cli("openapi", "--format", "json").stdout) == served

    public = json.loads(k.cli("openapi", "--listen", "0.0.0.0:8080").stdout)
    assert public["security"] == [{"key": []}] and public["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert public["paths"]["/health"]["get"]["security"] == [] and "security" not in public["paths"]["/v1/candidates"]["get"]
    assert public["paths"]["/v1/candidates"]["get"]["responses"].keys() >= {"401", "403", "429"}
    assert linted(public, tmp_path) == {}


def test_a_database_that_is_not_there():
    done = run("openapi", env={"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"})
    assert done.returncode == 3 and done.stdout == "" and "secret" not in done.stderr


# ---- true: what the program answers is looked up in the description ----

class Described:
    """Requests whose answers must be what the description says of them: status, content type, headers, body, code."""

    def __init__(self, server):
        self.http = server.http
        self.document = self.http.get("/openapi.json").json()
        resource = referencing.jsonschema.DRAFT202012.create_resource(self.document)
        self.registry = referencing.Registry().with_resource("urn:api", resource)
        self.seen = set()

    def resolve(self, node):
        while "$ref" in node:
            at = self.document
            for key in node["$ref"].removeprefix("#/").split("/"):
                at = at[key]
            node = at
        return node

    def pointer(self, *keys):
        return "urn:api#/" + "/".join(str(k).replace("~", "~0").replace("/", "~1") for k in keys)

    def operation(self, method, path):
        """Template and operation of a path: literal segments before captures."""
        parts = path.split("?")[0].split("/")
        for template in sorted(self.document["paths"], key=lambda t: t.count("{")):
            pattern = template.split("/")
            if len(pattern) == len(parts) and all(a == b or a.startswith("{") for a, b in zip(pattern, parts)):
                return template, self.document["paths"][template][method]
        raise AssertionError(f"{path} is not described")

    def ask(self, method, path, *expected, **options):
        answer = self.http.request(method, path, **options)
        status = answer.status_code
        assert status in expected, f"{method} {path}: {status} {answer.text[:500]}"
        template, operation = self.operation(method.lower(), path)
        assert str(status) in operation["responses"], f"{method} {template} may answer {status}"
        place = ["paths", template, method.lower(), "responses", str(status)]
        response = operation["responses"][str(status)]
        if "$ref" in response:
            place, response = response["$ref"].removeprefix("#/").split("/"), self.resolve(response)
        self.check_headers(answer, response)
        if status not in (204, 304):
            self.check_body(answer, response, place)
        self.seen.add((operation["operationId"], status))
        return answer

    def check_headers(self, answer, response):
        ours = {"date", "content-length", "content-type", "cache-control", "x-content-type-options", "connection", "referrer-policy", "vary"}
        described = {name.lower() for name in response.get("headers", {})}
        assert answer.headers.keys() - ours <= described, "every header is described"

    def check_body(self, answer, response, place):
        content_type = answer.headers["content-type"].split(";")[0]
        described = content_type if content_type in response["content"] else "*/*"
        assert described in response["content"], f"{content_type} is described"
        if not content_type.endswith("json"):
            return
        schema = {"$ref": self.pointer(*place, "content", described, "schema")}
        jsonschema.Draft202012Validator(schema, registry=self.registry, format_checker=jsonschema.FormatChecker()).validate(answer.json())
        if content_type == "application/json":
            self.check_known(answer.json(), response["content"][described]["schema"])

    def check_known(self, value, schema):
        """Nothing is answered that is not described."""
        schema = self.resolve(schema)
        if "anyOf" in schema:
            another = "items" in value or (isinstance(value, dict) and "session_id" not in value and "properties" not in schema["anyOf"][1])
            schema = self.resolve(schema["anyOf"][another])
        if isinstance(value, list):
            for item in value:
                self.check_known(item, schema.get("items", {}))
        elif isinstance(value, dict) and "properties" in schema:
            assert value.keys() <= schema["properties"].keys()
            for key, inner in value.items():
                self.check_known(inner, schema["properties"][key])


def examples(http, trees):
    """Candidates with everything below; for each resource its identifiers."""
    out = {name: [] for name in ("candidates", "interviews", "sessions", "resumes", "assessments", "messages")}

    def create(path, body):
        answer = http.post(f"/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    for n in range(trees):
        candidate = create("candidates", {"full_name": f"Number {n}"})["id"]
        interview = create("interviews", {"candidate_id": candidate, "title": "First"})["id"]
        session = create("sessions", {"interview_id": interview})["id"]
        made = {
            "candidates": candidate, "interviews": interview, "sessions": session,
            "resumes": create("resumes", {"candidate_id": candidate})["id"],
            "assessments": create("assessments", {"interview_id": interview, "assessor_kind": "ai"})["id"],
            "messages": create(f"sessions/{session}/messages", [{"role": "user", "content": "x"}] * 3)["items"][0]["id"],
        }
        for name, id in made.items():
            out[name].append(id)
    return out


@pytest.fixture(scope="module")
def api(shared_server):
    return Described(shared_server)


STAR = {"If-Match": "*"}
NOBODY = "00000000-0000-4000-8000-000000000000"


def test_resources_answer_as_described(api):
    email = f"{uuid.uuid4()}@example.org"
    made = api.ask("POST", "/v1/candidates", 201, json={"full_name": "Ada", "email": email, "tags": ["c"], "metadata": {"a": 1.10}},
                   headers={"Idempotency-Key": email})
    path, etag = made.headers["Location"], made.headers["ETag"]
    api.ask("POST", "/v1/candidates", 201, json={"full_name": "Ada", "email": email, "tags": ["c"], "metadata": {"a": 1.10}},
            headers={"Idempotency-Key": email})
    api.ask("POST", "/v1/candidates", 422, json={"full_name": "Eva"}, headers={"Idempotency-Key": email})
    api.ask("POST", "/v1/candidates", 201, json=[{"full_name": "One"}, {"full_name": "Two"}])
    api.ask("POST", "/v1/candidates", 409, json={"full_name": "Ada", "email": email.upper()})
    api.ask("POST", "/v1/candidates", 422, json=[{"full_name": ""}, {"nome": 1}])
    api.ask("POST", "/v1/candidates", 400, content="{", headers={"Content-Type": "application/json"})
    api.ask("POST", "/v1/candidates", 415, content="x", headers={"Content-Type": "text/plain"})
    api.ask("POST", "/v1/candidates", 400, json={"full_name": "A"}, params={"x": "1"})
    api.ask("GET", path, 200)
    api.ask("GET", path, 304, headers={"If-None-Match": etag})
    api.ask("GET", path, 200, params={"fields": "id,email"})
    api.ask("GET", path, 400, params={"fields": "nome"})
    api.ask("GET", f"/v1/candidates/{NOBODY}", 404)
    api.ask("PATCH", path, 428, json={"headline": "x"})
    api.ask("PATCH", path, 200, json={"headline": "x"}, headers={"If-Match": etag})
    api.ask("PATCH", path, 412, json={"headline": "y"}, headers={"If-Match": etag})
    api.ask("PATCH", path, 409, json=[{"op": "test", "path": "/headline", "value": "no"}], headers=STAR | JSON_PATCH)
    api.ask("PATCH", path, 422, json={"version": 9}, headers=STAR)
    api.ask("POST", f"{path}/transitions", 200, json={"to": "screening"})
    api.ask("POST", f"{path}/transitions", 409, json={"to": "archived"})
    api.ask("POST", f"{path}/transitions", 422, json={"to": "nowhere"})
    api.ask("POST", f"{path}/restore", 409)
    api.ask("DELETE", path, 412, headers={"If-Match": etag})
    api.ask("DELETE", path, 204)
    api.ask("DELETE", path, 404)
    api.ask("GET", path, 200, params={"include": "trash"})
    api.ask("POST", "/v1/interviews", 409, json={"candidate_id": path.rpartition("/")[2], "title": "x"})
    api.ask("POST", f"{path}/restore", 200)


def test_lists_answer_as_described(api):
    for resource in ("candidates", "resumes", "interviews", "sessions", "messages", "assessments"):
        first = api.ask("GET", f"/v1/{resource}", 200, params={"limit": 1, "count": "exact"}).json()
        if first["next"]:
            api.ask("GET", f"/v1/{resource}", 200, params={"cursor": first["next"], "count": "estimated"})
        api.ask("GET", f"/v1/{resource}", 400, params={"limit": 0})
        api.ask("GET", f"/v1/{resource}", 400, params={"nothing": "eq.1"})
    api.ask("GET", "/v1/candidates", 200, params={"status": "in.(new,screening)", "metadata": 'cs.{"a":1.1}', "order": "created_at.desc"})
    api.ask("GET", f"/v1/candidates/{NOBODY}/resumes", 404)


@pytest.mark.parametrize("name, value", [("fields", "{}"), ("order", "{}"), ("created_at", "eq.{}"), ("{}", "eq.1")])
def test_what_is_shown_of_a_long_name_is_whole_characters(api, name, value):
    for pad in range(4):
        long = "x" * pad + "\U0001D57F" * 40
        api.ask("GET", "/v1/candidates", 400, params={name.format(long): value.format(long)})


def every_filter(document):
    for name in ("candidates", "resumes", "interviews", "sessions", "messages", "assessments"):
        for parameter in document["paths"][f"/v1/{name}"]["get"]["parameters"]:
            if "x-operators" in parameter:
                for operator in parameter["x-operators"].split():
                    yield name, parameter, operator


def test_every_described_filter_is_understood(api):
    values = {"FilterText": "x", "FilterInteger": "1", "FilterNumber": "0.5", "FilterBoolean": "true", "FilterUuid": NOBODY,
              "FilterTime": "2026-01-31T09:30:00Z", "FilterDate": "2026-01-31", "FilterArray": "(a,b)", "FilterJson": "{}"}
    n = 0
    for resource, parameter, operator in every_filter(api.document):
        schema = api.resolve(parameter["schema"])
        value = "null" if operator == "is" else schema["enum"][0] if "enum" in schema else values[parameter["schema"]["$ref"].rpartition("/")[2]]
        given = f"{operator}.{value}"
        assert "pattern" not in schema or jsonschema.Draft202012Validator(schema).is_valid(given), f"{given} is described"
        api.ask("GET", f"/v1/{resource}", 200, params={parameter["name"]: given, "limit": 1})
        n += 1
    assert n > 200


def test_a_conversation_answers_as_described(api):
    candidate = api.ask("POST", "/v1/candidates", 201, json={"full_name": "Ada"}).json()["id"]
    interview = api.ask("POST", "/v1/interviews", 201, json={"candidate_id": candidate, "title": "First"}).json()["id"]
    session = api.ask("POST", "/v1/sessions", 201, json={"interview_id": interview}).json()["id"]
    messages, memory = f"/v1/sessions/{session}/messages", f"/v1/sessions/{session}/memory"
    turn = {"role": "user", "content": "a\0b", "client_message_id": "m1", "tool_calls": [{"id": "c"}]}

    api.ask("POST", messages, 201, content=json.dumps(turn), headers={"Content-Type": "application/json"})
    api.ask("POST", messages, 200, json=[turn])
    api.ask("POST", messages, 201, json={"messages": [{"role": "assistant", "content": "x"}], "expect_last_seq": 1}, headers={"Idempotency-Key": session})
    api.ask("POST", messages, 201, json={"messages": [{"role": "assistant", "content": "x"}], "expect_last_seq": 1}, headers={"Idempotency-Key": session})
    stale = api.ask("POST", messages, 409, json={"messages": [{"role": "user", "content": "y"}], "expect_last_seq": 1}).json()
    assert stale["code"] == "stale-seq" and [m["seq"] for m in stale["missed"]] == [2]
    api.ask("POST", messages, 422, json=[{"role": "nobody"}])
    api.ask("POST", f"/v1/sessions/{NOBODY}/messages", 404, json=turn)
    api.ask("GET", messages, 200, params={"tail": 1})
    api.ask("GET", messages, 200, params={"after_seq": 1, "role": "assistant"})
    api.ask("GET", messages, 400, params={"tail": 0})
    api.ask("GET", f"{messages}/1", 200)
    api.ask("GET", f"{messages}/9", 404)
    for dialect in ("langchain-js", "langchain-py", "lc-serializable", "openai", "ai-sdk"):
        api.ask("GET", messages, 200, params={"format": dialect})
    api.ask("POST", messages, 201, params={"format": "openai"}, json={"role": "user", "content": "z"})
    api.ask("GET", messages, 400, params={"format": "x"})
    spoken = f"{messages}/{api.ask('POST', messages, 201, json={'role': 'assistant', 'status': 'streaming'}).json()['last_seq']}"
    api.ask("PATCH", spoken, 200, json={"content_append": "a", "content_at": 0})
    api.ask("PATCH", spoken, 409, json={"content_append": "a", "content_at": 9})
    api.ask("PATCH", spoken, 422, json={"content_append": "a"})
    api.ask("PATCH", spoken, 200, json={"status": "complete"})
    api.ask("PATCH", spoken, 409, json={"content": "b"})
    api.ask("POST", f"{spoken}/supersede", 201, json=(better := {"role": "assistant", "content": "b", "client_message_id": "better"}))
    api.ask("POST", f"{spoken}/supersede", 200, json=better)
    api.ask("POST", f"{spoken}/supersede", 409, json=turn)
    api.ask("POST", f"{spoken}/redact", 200, json={"reason": "why"})
    api.ask("POST", f"{spoken}/redact", 422, json={})
    for path, body in ((f"{messages}/99", {}), (f"{messages}/99/redact", {"reason": "x"}), (f"{messages}/99/supersede", turn)):
        api.ask("POST" if path[-1] != "9" else "PATCH", path, 404, json=body)
    api.ask("GET", f"/v1/interviews/{interview}/messages", 200)
    api.ask("GET", memory, 200)
    put = api.ask("PUT", memory, 200, json={"facts": ["C"]}, params={"through_seq": 2})
    api.ask("GET", memory, 304, headers={"If-None-Match": put.headers["ETag"]})
    api.ask("PUT", memory, 428, json={"facts": []})
    api.ask("PUT", memory, 412, json={"facts": []}, headers={"If-Match": '"m99"'})
    api.ask("PATCH", memory, 200, json={"facts": None}, headers={"If-Match": put.headers["ETag"]})
    api.ask("PATCH", memory, 409, json=[{"op": "test", "path": "", "value": 1}], headers=STAR | JSON_PATCH)
    api.ask("PUT", memory, 422, json=[1], headers=STAR)
    api.ask("GET", memory, 200, params={"format": "langchain-js"})
    api.ask("PUT", memory, 428, json=[])
    api.ask("POST", f"/v1/sessions/{session}/fork", 201, json={"through_seq": 1})
    api.ask("POST", f"/v1/sessions/{session}/fork", 422, json={"through_seq": 99})
    rewritten = api.ask("PUT", memory, 409, json=[{"type": "human", "data": {"content": "b"}}], headers=STAR).json()
    assert rewritten["code"] == "stale-seq" and rewritten["index"] == 0
    api.ask("PUT", memory, 200, json=api.ask("GET", memory, 200, params={"format": "langchain-py"}).json(), headers=STAR)
    api.ask("POST", f"/v1/sessions/{session}/transitions", 200, json={"to": "completed"})
    assert api.ask("POST", messages, 409, json=turn | {"client_message_id": "m2"}).json()["code"] == "session-closed"
    made = api.ask("POST", "/v1/assessments", 201, json={"interview_id": interview, "assessor_kind": "ai", "scores": [{"criterion": "C", "score": 4}]})
    api.ask("POST", f"{made.headers['Location']}/transitions", 200, json={"to": "submitted"})
    api.ask("POST", f"{made.headers['Location']}/transitions", 422, json={"to": "overridden"})
    for path in (f"candidates/{candidate}/interviews", f"candidates/{candidate}/resumes", f"interviews/{interview}/sessions", f"interviews/{interview}/assessments"):
        api.ask("GET", f"/v1/{path}", 200)


def test_every_resource_answers_as_described(api):
    for resource, ids in examples(api.http, 1).items():
        path = f"/v1/{resource}/{ids[0]}"
        has = api.document["paths"][f"/v1/{resource}/{{id}}"]
        api.ask("GET", path, 200)
        if "patch" in has:
            api.ask("PATCH", path, 200, json={}, headers=STAR)
        if f"/v1/{resource}/{{id}}/transitions" in api.document["paths"]:
            name = has["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            states = api.document["components"]["schemas"][f"{name}Transition"]["properties"]["to"]["enum"]
            assert 200 in [api.ask("POST", f"{path}/transitions", 200, 409, 422, json={"to": to}).status_code for to in states]
            last = api.http.get(path).json()["status"]
            api.ask("POST", f"{path}/transitions", 409, json={"to": last})
        if "delete" in has:
            api.ask("DELETE", path, 204)
            api.ask("POST", f"{path}/restore", 200)


def test_a_file_answers_as_described(api):
    candidate = api.ask("POST", "/v1/candidates", 201, json={"full_name": "Ada"}).json()["id"]
    file = api.ask("POST", "/v1/resumes", 201, json={"candidate_id": candidate}).headers["Location"] + "/file"
    api.ask("GET", file, 404)
    api.ask("PUT", file, 422, content=b"", headers={"Content-Type": "application/pdf"})
    api.ask("PUT", file, 415, content=b"x", headers={"Content-Type": "nonsense"})
    api.ask("PUT", file, 201, content=b"%PDF", headers={"Content-Type": "application/pdf"}, params={"name": "cv.pdf"})
    api.ask("PUT", file, 200, content=b"%PDF-2", headers={"Content-Type": "application/pdf"})
    whole = api.ask("GET", file, 200)
    api.ask("GET", file, 206, headers={"Range": "bytes=0-1"})
    api.ask("GET", file, 416, headers={"Range": "bytes=99-"})
    api.ask("GET", file, 304, headers={"If-None-Match": whole.headers["ETag"]})


def test_checkpoints_answer_as_described(api):
    key = {"thread_id": "described", "checkpoint_id": "1"}
    whole = key | {"checkpoint": "e30=", "channel_versions": {"a": 1}, "channels": {"a": {"type": "json", "content": "MQ=="}}, "metadata": {"step": 1}}
    api.ask("POST", "/v1/checkpoints", 201, json=whole)
    api.ask("POST", "/v1/checkpoints", 200, json=whole)
    api.ask("POST", "/v1/checkpoints", 422, json={})
    api.ask("POST", "/v1/checkpoints", 409, json=whole | {"checkpoint_id": "2", "expect_newest": True})
    api.ask("POST", "/v1/checkpoints/writes", 204, json=key | {"task_id": "t", "writes": [{"channel": "a", "type": "json", "content": "MQ=="}]})
    api.ask("GET", "/v1/checkpoints/tuple", 200, params=key)
    api.ask("GET", "/v1/checkpoints/tuple", 404, params={"thread_id": "nothing"})
    api.ask("GET", "/v1/checkpoints", 200, params={"thread_id": "described", "limit": "1", "metadata": '{"step":1}'})
    api.ask("GET", "/v1/checkpoints", 400, params={"limit": "0"})
    api.ask("POST", "/v1/checkpoints/copy", 201, json={"from": "described", "to": "described too"})
    api.ask("POST", "/v1/checkpoints/copy", 409, json={"from": "described", "to": "described too"})
    api.ask("POST", "/v1/checkpoints/prune", 200, json={"thread_ids": ["described too"], "strategy": "delete"})
    api.ask("POST", "/v1/checkpoints/prune", 422, json={"thread_ids": []})
    api.ask("DELETE", "/v1/checkpoints", 204, params={"thread_id": "described"})


def test_the_service_answers_as_described(api):
    for path in ("/health", "/health/live", "/health/ready", "/health/startup", "/metrics", "/openapi.json", "/docs", "/", "/web/icon.svg", "/problems/validation"):
        api.ask("GET", path, 200)
        api.ask("GET", path, 400, params={"x": "1"})
    api.ask("GET", "/problems/validation", 200, headers={"Accept": "text/html"})
    api.ask("GET", "/problems/nothing", 404)
    api.ask("GET", "/web/nothing", 404)


def test_every_operation_was_seen(api):
    """The tests above leave no operation out: one that is added wants a line there."""
    described = {operation["operationId"] for item in api.document["paths"].values() for method, operation in item.items() if method in METHODS}
    answered = {operation for operation, status in api.seen if status < 400}
    assert len(described) == sum(len(item) for item in api.document["paths"].values()), "no two operations share an id"
    assert described - answered == set()


def test_problem_texts(server, document):
    for code in document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]:
        text = server.http.get(f"/problems/{code}").json()
        assert text["code"] == code and text["meaning"].endswith(".") and text["way_out"].endswith(".")


# ---- explored ----

@pytest.mark.timeout(1800 if LONG else 300)
def test_schemathesis_finds_no_violation(keelson, tmp_path):
    k = keelson()
    known = tmp_path / "examples.json"
    known.write_text(json.dumps(examples(k.http, 20)))
    config = (TESTS / "schemathesis.toml").read_text()
    amount = ["--max-examples", "5"]
    if LONG:
        config = config.replace("deterministic = true", "deterministic = false")
        amount = ["--max-examples", "100", "--max-time", "900"]
    (tmp_path / "schemathesis.toml").write_text(config)
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", tmp_path / "schemathesis.toml", "run", f"{k.url}/openapi.json", *amount],
        env=os.environ | {"KEELSON_EXAMPLES": str(known), "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(TESTS), "NO_COLOR": "1"},
        cwd=tmp_path, capture_output=True, text=True, timeout=1500 if LONG else 280)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "passed" in done.stdout.lower()
    assert k.running()
