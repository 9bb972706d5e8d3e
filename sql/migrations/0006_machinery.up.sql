-- What the service keeps for itself: answers to repeat, changes to report, and a row to prove that writing works.

CREATE TABLE keelson.idempotency_keys (
    org_id       uuid        NOT NULL,
    key_id       uuid        NOT NULL,
    method       text        NOT NULL,
    path         text        NOT NULL CHECK (octet_length(path) <= 1024),
    key          text        NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 1024),
    fingerprint  bytea       NOT NULL,
    status       smallint,
    headers      jsonb,
    body         bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (org_id, key_id, method, path, key)
);
CREATE INDEX idempotency_keys_expiry ON keelson.idempotency_keys (expires_at);

COMMENT ON TABLE  keelson.idempotency_keys             IS 'Answers to requests that carried an Idempotency-Key, stored in the transaction of the write they answer.';
COMMENT ON COLUMN keelson.idempotency_keys.org_id      IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.idempotency_keys.key_id      IS 'The API key of the request, all zero for the local one.';
COMMENT ON COLUMN keelson.idempotency_keys.method      IS 'Method of the request.';
COMMENT ON COLUMN keelson.idempotency_keys.path        IS 'Path of the request.';
COMMENT ON COLUMN keelson.idempotency_keys.key         IS 'The Idempotency-Key.';
COMMENT ON COLUMN keelson.idempotency_keys.fingerprint IS 'Hash of the body: the same key with another body is refused.';
COMMENT ON COLUMN keelson.idempotency_keys.status      IS 'Status of the answer.';
COMMENT ON COLUMN keelson.idempotency_keys.headers     IS 'Headers of the answer.';
COMMENT ON COLUMN keelson.idempotency_keys.body        IS '@hidden @pii Body of the answer.';
COMMENT ON COLUMN keelson.idempotency_keys.created_at  IS 'When the request was answered.';
COMMENT ON COLUMN keelson.idempotency_keys.expires_at  IS 'When the answer is forgotten.';

ALTER TABLE keelson.idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.idempotency_keys TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.idempotency_keys TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.idempotency_keys TO keelson_api;
GRANT SELECT (org_id, key_id, method, path, key, fingerprint, status, created_at, expires_at)
    ON keelson.idempotency_keys TO keelson_readonly;

-- Ordered by transaction: readers stop at pg_snapshot_xmin(), so that no lock has to order the writers.
CREATE TABLE keelson.change_feed (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
    at         timestamptz NOT NULL DEFAULT now(),
    op         text        NOT NULL CHECK (op IN ('create', 'update', 'transition', 'delete', 'restore', 'purge')),
    entity     text        NOT NULL,
    entity_id  uuid        NOT NULL,
    version    bigint,
    CONSTRAINT change_feed_pkey PRIMARY KEY (org_id, id)
);
CREATE INDEX change_feed_order ON keelson.change_feed (org_id, xid, id);

COMMENT ON TABLE  keelson.change_feed           IS 'What changed, written with the change. Appended messages are not here: their session is their feed.';
COMMENT ON COLUMN keelson.change_feed.org_id    IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.change_feed.id        IS 'Identifier of the change.';
COMMENT ON COLUMN keelson.change_feed.xid       IS 'The transaction that made it.';
COMMENT ON COLUMN keelson.change_feed.at        IS 'When that transaction began.';
COMMENT ON COLUMN keelson.change_feed.op        IS 'What was done.';
COMMENT ON COLUMN keelson.change_feed.entity    IS 'Name of the resource.';
COMMENT ON COLUMN keelson.change_feed.entity_id IS 'Identifier of the object.';
COMMENT ON COLUMN keelson.change_feed.version   IS 'Version of the object afterwards.';

ALTER TABLE keelson.change_feed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.change_feed TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.change_feed TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON keelson.change_feed TO keelson_api;
GRANT SELECT ON keelson.change_feed TO keelson_readonly;

CREATE TABLE keelson.health_probe (
    node  uuid        NOT NULL,
    at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT health_probe_pkey PRIMARY KEY (node)
);

COMMENT ON TABLE  keelson.health_probe      IS 'Written, committed and deleted by each node to prove that it can write.';
COMMENT ON COLUMN keelson.health_probe.node IS 'The node.';
COMMENT ON COLUMN keelson.health_probe.at   IS 'When it wrote.';

GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.health_probe TO keelson_api;
GRANT SELECT ON keelson.health_probe TO keelson_readonly;
