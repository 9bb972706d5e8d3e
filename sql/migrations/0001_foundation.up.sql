-- Organizations, their keys, and the function every policy asks.

CREATE SCHEMA keelson;
COMMENT ON SCHEMA keelson IS 'Keelson: interviews, their conversations and what was concluded from them.';

GRANT USAGE ON SCHEMA keelson TO keelson_api, keelson_readonly;

-- After a SET LOCAL ends the setting is the empty string and not NULL, hence nullif(): no organization means no rows.
CREATE FUNCTION keelson.org() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('keelson.org_id', true), '')::uuid;
COMMENT ON FUNCTION keelson.org() IS 'The organization this transaction acts for, NULL when none was entered.';

REVOKE ALL ON FUNCTION keelson.org() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.org() TO keelson_api, keelson_readonly;

-- ---------------------------------------------------------------- organizations

CREATE TABLE keelson.organizations (
    id          uuid        NOT NULL,
    slug        text        NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    status      text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
    settings    jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object') CHECK (pg_column_size(settings) <= 65536),
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT organizations_pkey PRIMARY KEY (id),
    CONSTRAINT organizations_slug_key UNIQUE (slug)
);

COMMENT ON TABLE  keelson.organizations            IS 'Tenants: every other row belongs to exactly one.';
COMMENT ON COLUMN keelson.organizations.id         IS '@readonly Identifier of the organization.';
COMMENT ON COLUMN keelson.organizations.slug       IS 'Short name for people and commands, unique.';
COMMENT ON COLUMN keelson.organizations.name       IS 'Display name.';
COMMENT ON COLUMN keelson.organizations.status     IS 'Requests are served while it is active.';
COMMENT ON COLUMN keelson.organizations.settings   IS 'Settings of this organization.';
COMMENT ON COLUMN keelson.organizations.version    IS '@readonly Grows by one with every change; the ETag.';
COMMENT ON COLUMN keelson.organizations.created_at IS '@readonly When it was created.';
COMMENT ON COLUMN keelson.organizations.updated_at IS '@readonly When it was last changed.';

ALTER TABLE keelson.organizations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.organizations TO keelson_api, keelson_readonly
    USING (id = keelson.org()) WITH CHECK (id = keelson.org());
CREATE POLICY owner ON keelson.organizations TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON keelson.organizations TO keelson_api;
GRANT SELECT ON keelson.organizations TO keelson_readonly;

-- ---------------------------------------------------------------- API keys

CREATE TABLE keelson.api_keys (
    org_id        uuid        NOT NULL,
    id            uuid        NOT NULL,
    name          text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    key_id        text        NOT NULL CHECK (key_id ~ '^[0-9A-Za-z]{8}$'),
    hash          bytea       NOT NULL CHECK (octet_length(hash) = 32),
    scopes        text[]      NOT NULL DEFAULT '{}',
    expires_at    timestamptz,
    last_used_at  timestamptz,
    revoked_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT api_keys_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT api_keys_key_id_key UNIQUE (org_id, key_id)
);
ALTER TABLE keelson.api_keys ADD CONSTRAINT api_keys_org_fkey
    FOREIGN KEY (org_id) REFERENCES keelson.organizations (id) ON DELETE RESTRICT;

COMMENT ON TABLE  keelson.api_keys              IS 'Credentials of programs. A key is revoked, never deleted: what it did stays attributable.';
COMMENT ON COLUMN keelson.api_keys.org_id       IS '@hidden The organization the key acts for.';
COMMENT ON COLUMN keelson.api_keys.id           IS '@readonly Identifier of the key.';
COMMENT ON COLUMN keelson.api_keys.name         IS 'What the key is for.';
COMMENT ON COLUMN keelson.api_keys.key_id       IS '@readonly Public part of the key, fit for logs.';
COMMENT ON COLUMN keelson.api_keys.hash         IS '@hidden SHA-256 of the whole key; the key itself is stored nowhere.';
COMMENT ON COLUMN keelson.api_keys.scopes       IS 'What the key may do, as resource:action; * stands for any.';
COMMENT ON COLUMN keelson.api_keys.expires_at   IS 'When the key stops working, null for never.';
COMMENT ON COLUMN keelson.api_keys.last_used_at IS '@readonly About when the key was last used.';
COMMENT ON COLUMN keelson.api_keys.revoked_at   IS '@readonly When the key was revoked.';
COMMENT ON COLUMN keelson.api_keys.created_at   IS '@readonly When the key was made.';

ALTER TABLE keelson.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.api_keys TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.api_keys TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON keelson.api_keys TO keelson_api;
GRANT UPDATE (name, scopes, expires_at, last_used_at, revoked_at) ON keelson.api_keys TO keelson_api;
GRANT SELECT (org_id, id, name, key_id, scopes, expires_at, last_used_at, revoked_at, created_at)
    ON keelson.api_keys TO keelson_readonly;

-- A key is presented before its organization is known, so its public part leads to it from a small table of its own.
-- No foreign key to api_keys: this table is global, and a sharded database cannot check a reference from there.
CREATE TABLE keelson.key_lookup (
    key_id      text NOT NULL,
    org_id      uuid NOT NULL,
    api_key_id  uuid NOT NULL,
    CONSTRAINT key_lookup_pkey PRIMARY KEY (key_id)
);

COMMENT ON TABLE  keelson.key_lookup            IS 'Leads from the public part of an API key to its organization; read through find_key().';
COMMENT ON COLUMN keelson.key_lookup.key_id     IS 'Public part of the key, unique over all organizations.';
COMMENT ON COLUMN keelson.key_lookup.org_id     IS '@hidden The organization of the key.';
COMMENT ON COLUMN keelson.key_lookup.api_key_id IS 'The key in api_keys.';

ALTER TABLE keelson.key_lookup ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.key_lookup TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.key_lookup TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON keelson.key_lookup TO keelson_api;
GRANT SELECT ON keelson.key_lookup TO keelson_readonly;

CREATE FUNCTION keelson.find_key(key_id text)
RETURNS TABLE (org_id uuid, id uuid, hash bytea, scopes text[], expires_at timestamptz, revoked_at timestamptz, org_status text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.org_id, k.id, k.hash, k.scopes, k.expires_at, k.revoked_at, o.status
    FROM keelson.key_lookup l
    JOIN keelson.api_keys k ON k.org_id = l.org_id AND k.id = l.api_key_id
    JOIN keelson.organizations o ON o.id = l.org_id
    WHERE l.key_id = $1
$$;
COMMENT ON FUNCTION keelson.find_key(text) IS 'What is needed to check an API key, before an organization was entered.';

REVOKE ALL ON FUNCTION keelson.find_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.find_key(text) TO keelson_api;

-- ---------------------------------------------------------------- lifecycles

CREATE TABLE keelson.state_transitions (
    entity        text    NOT NULL,
    from_status   text    NOT NULL,
    to_status     text    NOT NULL,
    needs_reason  boolean NOT NULL DEFAULT false,
    CONSTRAINT state_transitions_pkey PRIMARY KEY (entity, from_status, to_status)
);

COMMENT ON TABLE  keelson.state_transitions              IS 'Which status may follow which; the same for all organizations.';
COMMENT ON COLUMN keelson.state_transitions.entity       IS 'Name of the resource.';
COMMENT ON COLUMN keelson.state_transitions.from_status  IS 'The status left; empty: the object may be created in to_status.';
COMMENT ON COLUMN keelson.state_transitions.to_status    IS 'The status entered.';
COMMENT ON COLUMN keelson.state_transitions.needs_reason IS 'The move is refused without a reason.';

GRANT SELECT ON keelson.state_transitions TO keelson_api, keelson_readonly;
