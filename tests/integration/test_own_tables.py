"""An application's own columns and tables are served like Keelson's, after a migration and a restart, without a change in C."""
# SPDX-License-Identifier: Apache-2.0

COLUMN_UP = """
ALTER TABLE keelson.candidates ADD COLUMN shoe_size numeric(4,1) CHECK (shoe_size BETWEEN 1 AND 60);
COMMENT ON COLUMN keelson.candidates.shoe_size IS '@filter Size of the shoes.';
"""

TABLE_UP = """
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO keelson_api;
CREATE TYPE app.mood AS ENUM ('calm', 'tense');
CREATE TABLE app.notes (
    org_id        uuid        NOT NULL,
    id            uuid        NOT NULL,
    candidate_id  uuid        NOT NULL,
    "order"       integer     NOT NULL DEFAULT 3,
    mood          app.mood,
    spent         interval,
    place         inet,
    drawing       bytea,
    weights       numeric[],
    body          text        NOT NULL CHECK (length(body) BETWEEN 1 AND 100),
    version       bigint      NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    deleted_at    timestamptz,
    purge_after   timestamptz,
    trash_op      uuid,
    PRIMARY KEY (org_id, id)
);
ALTER TABLE app.notes ADD CONSTRAINT notes_candidate_fkey
    FOREIGN KEY (org_id, candidate_id) REFERENCES keelson.candidates (org_id, id) ON DELETE RESTRICT;
CREATE INDEX notes_candidate ON app.notes (org_id, candidate_id);
COMMENT ON TABLE app.notes IS '@resource(notes) Notes about a candidate.';
COMMENT ON COLUMN app.notes.mood IS '@filter How it went.';
ALTER TABLE app.notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.notes TO keelson_api USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON app.notes TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.notes TO keelson_api;
"""

STAR = {"If-Match": "*"}


def migration(k, number, name, up, down):
    folder = k.folder / "migrations"
    folder.mkdir(exist_ok=True)
    (folder / f"{number:04}_{name}.up.sql").write_text(up)
    (folder / f"{number:04}_{name}.down.sql").write_text(down)


def restart(k):
    assert k.stop() == 0
    k.start()
    return k.http.get("/openapi.json").json()


def test_a_column(keelson):
    k = keelson()
    assert k.http.post("/v1/candidates", json={"full_name": "A", "shoe_size": 42.5}).status_code == 422
    migration(k, 1, "shoes", COLUMN_UP, "ALTER TABLE keelson.candidates DROP COLUMN shoe_size;")
    assert '"shoe_size"' in str(restart(k)).replace("'", '"')
    made = k.http.post("/v1/candidates", json={"full_name": "A", "shoe_size": 42.5})
    assert made.status_code == 201 and '"shoe_size":42.5' in made.text
    wrong = k.http.post("/v1/candidates", json={"full_name": "A", "shoe_size": 99})
    assert wrong.json()["errors"] == [{"pointer": "/shoe_size", "code": "maximum", "message": "must be at most 60"}]
    found = k.http.get("/v1/candidates", params={"shoe_size": "gt.42"}).json()["items"]
    assert [c["id"] for c in found] == [made.json()["id"]]
    changed = k.http.patch(f"/v1/candidates/{made.json()['id']}", json={"shoe_size": None}, headers=STAR)
    assert changed.json()["shoe_size"] is None and changed.json()["version"] == 2


def test_a_table(keelson):
    k = keelson(start=False)
    migration(k, 1, "notes", TABLE_UP, "DROP SCHEMA app CASCADE;")
    k.start()
    assert "/v1/notes" in str(k.http.get("/openapi.json").json())
    candidate = k.http.post("/v1/candidates", json={"full_name": "A"}).json()["id"]
    body = {"candidate_id": candidate, "body": "fine", "mood": "calm", "spent": "PT90M", "place": "10.0.0.7", "drawing": "aGk=", "weights": [1.5, 2]}
    made = k.http.post("/v1/notes", json=body)
    assert made.status_code == 201, made.text
    note, path = made.json(), made.headers["Location"]
    assert (note["order"], note["mood"], note["spent"], note["drawing"], note["weights"]) == (3, "calm", "PT1H30M", "aGk=", [1.5, 2])
    wrong = k.http.post("/v1/notes", json={"candidate_id": candidate, "body": "", "mood": "angry", "weights": ["x"]})
    assert {e["pointer"]: e["code"] for e in wrong.json()["errors"]} == {"/body": "min-length", "/mood": "enum", "/weights/0": "type"}
    assert k.http.get("/v1/notes", params={"mood": "eq.calm"}).json()["items"] == [note]
    assert k.http.get("/v1/notes", params={"mood": "eq.angry"}).status_code == 400
    assert k.http.patch(path, json={"order": 7}, headers=STAR).json()["order"] == 7
    assert k.http.delete(f"/v1/candidates/{candidate}").status_code == 204
    assert k.http.get(path).status_code == 404, "it went to the trash with its candidate"
    k.http.post(f"/v1/candidates/{candidate}/restore").raise_for_status()
    assert k.http.get(path).status_code == 200


def test_a_table_without_row_level_security_is_not_served(keelson):
    k = keelson(start=False)
    migration(k, 1, "notes", TABLE_UP.replace(", FORCE ROW LEVEL SECURITY", ""), "DROP SCHEMA app CASCADE;")
    k.launch()
    assert k.wait_exit(60) == 3
    assert "row level security" in k.tail()
