-- What LangGraph keeps: checkpoints of threads, their channel values and pending writes, and items of its store.
-- Order among identifiers is the order of their code points, hence COLLATE "C".
-- Rows hang on no organization row: a lock on that one row in every turn of every thread would queue them all.

CREATE TABLE keelson.checkpoints (
    org_id                uuid        NOT NULL,
    thread_id             text        COLLATE "C" NOT NULL CHECK (octet_length(thread_id) BETWEEN 1 AND 512),
    checkpoint_ns         text        COLLATE "C" NOT NULL DEFAULT '' CHECK (octet_length(checkpoint_ns) <= 1024),
    checkpoint_id         text        COLLATE "C" NOT NULL CHECK (octet_length(checkpoint_id) BETWEEN 1 AND 256),
    parent_checkpoint_id  text        COLLATE "C" CHECK (octet_length(parent_checkpoint_id) BETWEEN 1 AND 256),
    type                  text        NOT NULL,
    checkpoint            bytea       NOT NULL,
    channel_versions      jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(channel_versions) = 'object'),
    metadata_type         text,
    metadata_bytes        bytea,
    metadata              jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    run_id                text,
    writer_epoch          bigint      NOT NULL DEFAULT 0,
    created_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoints_pkey PRIMARY KEY (org_id, thread_id, checkpoint_ns, checkpoint_id)
);
CREATE INDEX checkpoints_list ON keelson.checkpoints (org_id, checkpoint_id);
CREATE INDEX checkpoints_run ON keelson.checkpoints (org_id, run_id) WHERE run_id IS NOT NULL;
CREATE INDEX idx_checkpoint_metadata_gin ON keelson.checkpoints USING gin (metadata jsonb_path_ops);

COMMENT ON TABLE  keelson.checkpoints                      IS 'Checkpoints of LangGraph threads.';
COMMENT ON COLUMN keelson.checkpoints.org_id               IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.checkpoints.thread_id            IS 'The thread.';
COMMENT ON COLUMN keelson.checkpoints.checkpoint_ns        IS 'The namespace within the thread: empty, or the path of a subgraph.';
COMMENT ON COLUMN keelson.checkpoints.checkpoint_id        IS 'Identifier; a greater one is newer.';
COMMENT ON COLUMN keelson.checkpoints.parent_checkpoint_id IS 'The checkpoint it follows.';
COMMENT ON COLUMN keelson.checkpoints.type                 IS 'Tag of the serializer that made the bytes.';
COMMENT ON COLUMN keelson.checkpoints.checkpoint           IS '@pii The checkpoint without its channel values, as bytes nobody here reads.';
COMMENT ON COLUMN keelson.checkpoints.channel_versions     IS 'Which version of each channel belongs to it.';
COMMENT ON COLUMN keelson.checkpoints.metadata_type        IS 'Tag of the serializer that made metadata_bytes.';
COMMENT ON COLUMN keelson.checkpoints.metadata_bytes       IS 'The metadata as it was given.';
COMMENT ON COLUMN keelson.checkpoints.metadata             IS 'The metadata in the form that is filtered by.';
COMMENT ON COLUMN keelson.checkpoints.run_id               IS 'The run that wrote it.';
COMMENT ON COLUMN keelson.checkpoints.writer_epoch         IS 'The lease of the writer; an older one is refused.';
COMMENT ON COLUMN keelson.checkpoints.created_at           IS 'When it was stored.';

ALTER TABLE keelson.checkpoints ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.checkpoints TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.checkpoints TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.checkpoints TO keelson_api;
GRANT SELECT ON keelson.checkpoints TO keelson_readonly;

CREATE FUNCTION keelson.search_checkpoints(org uuid, q jsonb, lim integer)
RETURNS TABLE (thread_id text, checkpoint_ns text, checkpoint_id text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.thread_id, t.checkpoint_ns, t.checkpoint_id
                 FROM keelson.checkpoints t WHERE t.org_id = org AND t.metadata @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.search_checkpoints(uuid, jsonb, integer) IS 'Checkpoints whose metadata contains q.';
REVOKE ALL ON FUNCTION keelson.search_checkpoints(uuid, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.search_checkpoints(uuid, jsonb, integer) TO keelson_api, keelson_readonly;

-- Content-addressed: a value that many checkpoints share is stored once per organization.
CREATE TABLE keelson.checkpoint_blobs (
    org_id      uuid        NOT NULL,
    sha256      bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    content     bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoint_blobs_pkey PRIMARY KEY (org_id, sha256)
);

COMMENT ON TABLE  keelson.checkpoint_blobs            IS 'Values of channels, by the hash of their bytes.';
COMMENT ON COLUMN keelson.checkpoint_blobs.org_id     IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.checkpoint_blobs.sha256     IS 'SHA-256 of the bytes.';
COMMENT ON COLUMN keelson.checkpoint_blobs.content    IS '@pii The bytes.';
COMMENT ON COLUMN keelson.checkpoint_blobs.created_at IS 'When they were first stored.';

ALTER TABLE keelson.checkpoint_blobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.checkpoint_blobs TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.checkpoint_blobs TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON keelson.checkpoint_blobs TO keelson_api;
GRANT SELECT ON keelson.checkpoint_blobs TO keelson_readonly;

CREATE TABLE keelson.checkpoint_channels (
    org_id         uuid  NOT NULL,
    thread_id      text  COLLATE "C" NOT NULL CHECK (octet_length(thread_id) BETWEEN 1 AND 512),
    checkpoint_ns  text  COLLATE "C" NOT NULL DEFAULT '' CHECK (octet_length(checkpoint_ns) <= 1024),
    channel        text  COLLATE "C" NOT NULL CHECK (octet_length(channel) <= 512),
    version        text  COLLATE "C" NOT NULL CHECK (octet_length(version) <= 256),
    type           text  NOT NULL,
    sha256         bytea,
    CONSTRAINT checkpoint_channels_pkey PRIMARY KEY (org_id, thread_id, checkpoint_ns, channel, version)
);
ALTER TABLE keelson.checkpoint_channels ADD CONSTRAINT checkpoint_channels_blob_fkey
    FOREIGN KEY (org_id, sha256) REFERENCES keelson.checkpoint_blobs (org_id, sha256) ON DELETE RESTRICT;
CREATE INDEX checkpoint_channels_blob ON keelson.checkpoint_channels (org_id, sha256);

COMMENT ON TABLE  keelson.checkpoint_channels               IS 'Which value each version of a channel has. A value is purged when no version has it any more.';
COMMENT ON COLUMN keelson.checkpoint_channels.org_id        IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.checkpoint_channels.thread_id     IS 'The thread.';
COMMENT ON COLUMN keelson.checkpoint_channels.checkpoint_ns IS 'The namespace within the thread.';
COMMENT ON COLUMN keelson.checkpoint_channels.channel       IS 'The channel.';
COMMENT ON COLUMN keelson.checkpoint_channels.version       IS 'Its version, as text.';
COMMENT ON COLUMN keelson.checkpoint_channels.type          IS 'Tag of the serializer that made the bytes.';
COMMENT ON COLUMN keelson.checkpoint_channels.sha256        IS 'The value in checkpoint_blobs, null for a channel that is empty.';

ALTER TABLE keelson.checkpoint_channels ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.checkpoint_channels TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.checkpoint_channels TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.checkpoint_channels TO keelson_api;
GRANT SELECT ON keelson.checkpoint_channels TO keelson_readonly;

-- No foreign key to checkpoints: writes may arrive before the checkpoint they belong to.
CREATE TABLE keelson.checkpoint_writes (
    org_id         uuid        NOT NULL,
    thread_id      text        COLLATE "C" NOT NULL CHECK (octet_length(thread_id) BETWEEN 1 AND 512),
    checkpoint_ns  text        COLLATE "C" NOT NULL DEFAULT '' CHECK (octet_length(checkpoint_ns) <= 1024),
    checkpoint_id  text        COLLATE "C" NOT NULL CHECK (octet_length(checkpoint_id) BETWEEN 1 AND 256),
    task_id        text        COLLATE "C" NOT NULL CHECK (octet_length(task_id) <= 256),
    idx            integer     NOT NULL,
    task_path      text        COLLATE "C" NOT NULL DEFAULT '',
    channel        text        COLLATE "C" NOT NULL,
    type           text        NOT NULL,
    content        bytea       NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoint_writes_pkey PRIMARY KEY (org_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
);

COMMENT ON TABLE  keelson.checkpoint_writes               IS 'What tasks wrote after a checkpoint and before the next one.';
COMMENT ON COLUMN keelson.checkpoint_writes.org_id        IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.checkpoint_writes.thread_id     IS 'The thread.';
COMMENT ON COLUMN keelson.checkpoint_writes.checkpoint_ns IS 'The namespace within the thread.';
COMMENT ON COLUMN keelson.checkpoint_writes.checkpoint_id IS 'The checkpoint written after.';
COMMENT ON COLUMN keelson.checkpoint_writes.task_id       IS 'The task that wrote.';
COMMENT ON COLUMN keelson.checkpoint_writes.idx           IS 'Position among the writes of the task; negative for special channels.';
COMMENT ON COLUMN keelson.checkpoint_writes.task_path     IS 'Path of the task, first in the order of writes.';
COMMENT ON COLUMN keelson.checkpoint_writes.channel       IS 'The channel written to.';
COMMENT ON COLUMN keelson.checkpoint_writes.type          IS 'Tag of the serializer that made the bytes.';
COMMENT ON COLUMN keelson.checkpoint_writes.content       IS '@pii The bytes.';
COMMENT ON COLUMN keelson.checkpoint_writes.created_at    IS 'When it was stored.';

ALTER TABLE keelson.checkpoint_writes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.checkpoint_writes TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.checkpoint_writes TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.checkpoint_writes TO keelson_api;
GRANT SELECT ON keelson.checkpoint_writes TO keelson_readonly;

-- ---------------------------------------------------------------- store

-- Equality of arrays is not leakproof and could not be an index condition under row level security; equality of text can.
CREATE TABLE keelson.store_items (
    org_id         uuid        NOT NULL,
    namespace_key  text        COLLATE "C" NOT NULL CHECK (octet_length(namespace_key) BETWEEN 1 AND 1024),
    key            text        COLLATE "C" NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 1024),
    namespace      text[]      NOT NULL CHECK (cardinality(namespace) BETWEEN 1 AND 64),
    value          jsonb       NOT NULL CHECK (jsonb_typeof(value) = 'object'),
    original       bytea,
    ttl_minutes    numeric     CHECK (ttl_minutes > 0),
    expires_at     timestamptz,
    version        bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT store_items_pkey PRIMARY KEY (org_id, namespace_key, key)
);
CREATE INDEX store_items_expiry ON keelson.store_items (org_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX idx_store_item_value_gin ON keelson.store_items USING gin (value jsonb_path_ops);

COMMENT ON TABLE  keelson.store_items               IS 'Long-term memory of agents: LangGraph''s store.';
COMMENT ON COLUMN keelson.store_items.org_id        IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.store_items.namespace_key IS 'The namespace as one text: each label followed by U+001F, so that a prefix of labels is a prefix of text.';
COMMENT ON COLUMN keelson.store_items.key           IS 'Key within the namespace.';
COMMENT ON COLUMN keelson.store_items.namespace     IS 'The labels of the namespace.';
COMMENT ON COLUMN keelson.store_items.value         IS '@pii The value.';
COMMENT ON COLUMN keelson.store_items.original      IS '@hidden @pii The bytes as they were sent, kept when value cannot give them back exactly.';
COMMENT ON COLUMN keelson.store_items.ttl_minutes   IS 'How long it lives after it was last written or, if asked, read.';
COMMENT ON COLUMN keelson.store_items.expires_at    IS 'When it disappears, null for never.';
COMMENT ON COLUMN keelson.store_items.version       IS 'Grows by one with every change.';
COMMENT ON COLUMN keelson.store_items.created_at    IS 'When it was first stored.';
COMMENT ON COLUMN keelson.store_items.updated_at    IS 'When it was last written.';

ALTER TABLE keelson.store_items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.store_items TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.store_items TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.store_items TO keelson_api;
GRANT SELECT ON keelson.store_items TO keelson_readonly;

CREATE FUNCTION keelson.search_store_items(org uuid, q jsonb, lim integer) RETURNS TABLE (namespace_key text, key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.namespace_key, t.key FROM keelson.store_items t WHERE t.org_id = org AND t.value @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.search_store_items(uuid, jsonb, integer) IS 'Items whose value contains q.';
REVOKE ALL ON FUNCTION keelson.search_store_items(uuid, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.search_store_items(uuid, jsonb, integer) TO keelson_api, keelson_readonly;
