-- The declared model: the only place where Keelson's tables are written down. The migrations beside it lead an empty database
-- to exactly this and back, which a test checks. Applied as keelson_owner to a database where the three roles exist.
--
-- Every tenant table starts its keys with org_id and forces row level security with two policies: the service sees the
-- organization it entered, the owner (migrations, backups, finders) sees every row.
--
-- Comments are read by the service. Words with an at-sign are tags (src/schema/catalog.h), the rest describes the table or
-- column in the API.

-- ================================================================
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

-- ================================================================
-- Candidates and their resumes.

CREATE TABLE keelson.candidates (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    full_name      text        NOT NULL CHECK (length(full_name) BETWEEN 1 AND 300),
    given_name     text        CHECK (length(given_name) <= 200),
    family_name    text        CHECK (length(family_name) <= 200),
    email          text        CHECK (length(email) <= 320) CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    email_norm     text,
    phone          text        CHECK (length(phone) BETWEEN 1 AND 50),
    locale         text        CHECK (locale ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'),
    timezone       text        CHECK (length(timezone) BETWEEN 1 AND 64),
    country        text        CHECK (country ~ '^[A-Z]{2}$'),
    headline       text        CHECK (length(headline) <= 500),
    source         text        CHECK (length(source) BETWEEN 1 AND 200),
    external_ref   text        CHECK (length(external_ref) BETWEEN 1 AND 200),
    tags           text[]      NOT NULL DEFAULT '{}',
    status         text        NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'screening', 'interviewing', 'assessed', 'offer',
                                                                       'hired', 'rejected', 'withdrawn', 'archived')),
    status_reason  text        CHECK (length(status_reason) <= 2000),
    metadata       jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object') CHECK (pg_column_size(metadata) <= 65536),
    version        bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    deleted_at     timestamptz,
    deleted_by     uuid,
    purge_after    timestamptz,
    trash_op       uuid,
    CONSTRAINT candidates_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT candidates_trash_check CHECK ((deleted_at IS NULL) = (purge_after IS NULL))
);
ALTER TABLE keelson.candidates ADD CONSTRAINT candidates_org_fkey
    FOREIGN KEY (org_id) REFERENCES keelson.organizations (id) ON DELETE RESTRICT;

-- Plain text equality is leakproof and stays indexable under row level security; lower(email) would not.
CREATE UNIQUE INDEX candidates_email_key ON keelson.candidates (org_id, email_norm)
    WHERE email_norm IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX candidates_external_ref_key ON keelson.candidates (org_id, external_ref)
    WHERE external_ref IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX candidates_list ON keelson.candidates (org_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX candidates_status ON keelson.candidates (org_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX candidates_purge ON keelson.candidates (org_id, purge_after) WHERE purge_after IS NOT NULL;
CREATE INDEX idx_candidate_metadata_gin ON keelson.candidates USING gin (metadata jsonb_path_ops);
CREATE INDEX idx_candidate_tags_gin ON keelson.candidates USING gin (tags);

COMMENT ON TABLE  keelson.candidates               IS '@resource(candidates) People who are interviewed. Deleting one moves it to the trash together with its resumes, interviews and everything below them.';
COMMENT ON COLUMN keelson.candidates.org_id        IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.candidates.id            IS '@readonly Identifier of the candidate.';
COMMENT ON COLUMN keelson.candidates.full_name     IS '@filter @pii Full name as the candidate writes it.';
COMMENT ON COLUMN keelson.candidates.given_name    IS '@pii Given name, where it is known separately.';
COMMENT ON COLUMN keelson.candidates.family_name   IS '@filter @pii Family name, where it is known separately.';
COMMENT ON COLUMN keelson.candidates.email         IS '@filter @pii Email address as it was given; at most one live candidate has it, in any letter case.';
COMMENT ON COLUMN keelson.candidates.email_norm    IS '@hidden @pii @normalized(email) The email address without surrounding blanks, in lower case.';
COMMENT ON COLUMN keelson.candidates.phone         IS '@pii Telephone number, preferably in E.164 form.';
COMMENT ON COLUMN keelson.candidates.locale        IS '@filter Language the candidate prefers, as a BCP 47 tag such as de-AT.';
COMMENT ON COLUMN keelson.candidates.timezone      IS 'Time zone by its IANA name, such as Europe/Vienna.';
COMMENT ON COLUMN keelson.candidates.country       IS '@filter @pii Country as two capital letters (ISO 3166-1).';
COMMENT ON COLUMN keelson.candidates.headline      IS 'One line about the candidate.';
COMMENT ON COLUMN keelson.candidates.source        IS '@filter Where the candidate came from, such as referral or careers-page.';
COMMENT ON COLUMN keelson.candidates.external_ref  IS '@filter Identifier in another system; at most one live candidate has it.';
COMMENT ON COLUMN keelson.candidates.tags          IS '@filter Free labels.';
COMMENT ON COLUMN keelson.candidates.status        IS '@create @filter Where the candidate stands; changed by transitions.';
COMMENT ON COLUMN keelson.candidates.status_reason IS '@reason @readonly The reason given with the last transition.';
COMMENT ON COLUMN keelson.candidates.metadata      IS '@filter Anything the application wants to keep beside the candidate.';
COMMENT ON COLUMN keelson.candidates.version       IS '@readonly Grows by one with every change; the ETag.';
COMMENT ON COLUMN keelson.candidates.created_at    IS '@readonly @filter When it was created.';
COMMENT ON COLUMN keelson.candidates.updated_at    IS '@readonly @filter When it was last changed.';
COMMENT ON COLUMN keelson.candidates.deleted_at    IS '@readonly When it was moved to the trash, null while it is live.';
COMMENT ON COLUMN keelson.candidates.deleted_by    IS '@readonly The API key that moved it to the trash.';
COMMENT ON COLUMN keelson.candidates.purge_after   IS '@readonly It can be restored until then.';
COMMENT ON COLUMN keelson.candidates.trash_op      IS '@hidden The operation that moved it to the trash: restore brings back what went together.';

ALTER TABLE keelson.candidates ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.candidates TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.candidates TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.candidates TO keelson_api;
GRANT SELECT ON keelson.candidates TO keelson_readonly;

INSERT INTO keelson.state_transitions (entity, from_status, to_status) VALUES
    ('candidates', '',             'new'),
    ('candidates', '',             'screening'),
    ('candidates', '',             'interviewing'),
    ('candidates', 'new',          'screening'),
    ('candidates', 'new',          'interviewing'),
    ('candidates', 'new',          'rejected'),
    ('candidates', 'new',          'withdrawn'),
    ('candidates', 'screening',    'interviewing'),
    ('candidates', 'screening',    'rejected'),
    ('candidates', 'screening',    'withdrawn'),
    ('candidates', 'interviewing', 'assessed'),
    ('candidates', 'interviewing', 'rejected'),
    ('candidates', 'interviewing', 'withdrawn'),
    ('candidates', 'assessed',     'interviewing'),
    ('candidates', 'assessed',     'offer'),
    ('candidates', 'assessed',     'rejected'),
    ('candidates', 'assessed',     'withdrawn'),
    ('candidates', 'offer',        'hired'),
    ('candidates', 'offer',        'rejected'),
    ('candidates', 'offer',        'withdrawn'),
    ('candidates', 'hired',        'archived'),
    ('candidates', 'rejected',     'archived'),
    ('candidates', 'withdrawn',    'archived'),
    ('candidates', 'archived',     'new');

-- Containment, array and text search operators are not leakproof: under row level security they are never index conditions.
-- A finder runs as the owner, carries the organization itself and returns keys; who calls it asks for one more than it can
-- use and, when it gets that one, filters in list order instead.
CREATE FUNCTION keelson.find_candidates_metadata(org uuid, q jsonb, lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.candidates t WHERE t.org_id = org AND t.metadata @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_candidates_metadata(uuid, jsonb, integer) IS 'Candidates whose metadata contains q.';

CREATE FUNCTION keelson.find_candidates_tags(org uuid, q text[], lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.candidates t WHERE t.org_id = org AND t.tags @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_candidates_tags(uuid, text[], integer) IS 'Candidates that have all tags of q.';

REVOKE ALL ON FUNCTION keelson.find_candidates_metadata(uuid, jsonb, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION keelson.find_candidates_tags(uuid, text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.find_candidates_metadata(uuid, jsonb, integer) TO keelson_api, keelson_readonly;
GRANT EXECUTE ON FUNCTION keelson.find_candidates_tags(uuid, text[], integer) TO keelson_api, keelson_readonly;

-- ---------------------------------------------------------------- resumes

-- The text is cut before it is parsed: hyphenated words and URLs count twice, and a tsvector holds 1 MiB.
CREATE TABLE keelson.resumes (
    org_id           uuid        NOT NULL,
    id               uuid        NOT NULL,
    candidate_id     uuid        NOT NULL,
    version_no       integer     NOT NULL CHECK (version_no > 0),
    is_current       boolean     NOT NULL DEFAULT true,
    source           text        NOT NULL DEFAULT 'upload' CHECK (source IN ('upload', 'email', 'linkedin', 'ats', 'form', 'generated')),
    file_name        text,
    file_media_type  text,
    file_bytes       bigint,
    file_sha256      bytea,
    parse_status     text        NOT NULL DEFAULT 'pending' CHECK (parse_status IN ('pending', 'parsing', 'parsed', 'failed', 'skipped')),
    parse_error      text        CHECK (length(parse_error) <= 2000),
    parsed           jsonb       CHECK (jsonb_typeof(parsed) = 'object') CHECK (pg_column_size(parsed) <= 1048576),
    raw_text         text        CHECK (length(raw_text) <= 1000000),
    language         text        CHECK (language ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'),
    skills           text[]      NOT NULL DEFAULT '{}',
    version          bigint      NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    deleted_at       timestamptz,
    deleted_by       uuid,
    purge_after      timestamptz,
    trash_op         uuid,
    tsv              tsvector    GENERATED ALWAYS AS (to_tsvector('pg_catalog.simple', left(coalesce(raw_text, ''), 100000))) STORED,
    CONSTRAINT resumes_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT resumes_version_no_key UNIQUE (org_id, candidate_id, version_no),
    CONSTRAINT resumes_file_check CHECK (num_nulls(file_media_type, file_bytes, file_sha256) IN (0, 3)),
    CONSTRAINT resumes_trash_check CHECK ((deleted_at IS NULL) = (purge_after IS NULL))
);
ALTER TABLE keelson.resumes ADD CONSTRAINT resumes_candidate_fkey
    FOREIGN KEY (org_id, candidate_id) REFERENCES keelson.candidates (org_id, id) ON DELETE RESTRICT;

CREATE UNIQUE INDEX resumes_current_key ON keelson.resumes (org_id, candidate_id) WHERE is_current AND deleted_at IS NULL;
CREATE INDEX resumes_list ON keelson.resumes (org_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX resumes_purge ON keelson.resumes (org_id, purge_after) WHERE purge_after IS NOT NULL;
CREATE INDEX idx_resume_parsed_gin ON keelson.resumes USING gin (parsed jsonb_path_ops);
CREATE INDEX idx_resume_skills_gin ON keelson.resumes USING gin (skills);
CREATE INDEX idx_resume_tsv_gin ON keelson.resumes USING gin (tsv);

COMMENT ON TABLE  keelson.resumes                 IS '@resource(resumes) Resumes of a candidate: the file, its text and the parsed document. They go to the trash with their candidate.';
COMMENT ON COLUMN keelson.resumes.org_id          IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.resumes.id              IS '@readonly Identifier of the resume.';
COMMENT ON COLUMN keelson.resumes.candidate_id    IS '@create @filter The candidate it is about.';
COMMENT ON COLUMN keelson.resumes.version_no      IS '@create @filter @number(candidate_id) Number among the resumes of the candidate, given by Keelson when left out.';
COMMENT ON COLUMN keelson.resumes.is_current      IS '@filter @current(candidate_id) The one to use: a new current resume takes this from the one before.';
COMMENT ON COLUMN keelson.resumes.source          IS '@filter How it arrived.';
COMMENT ON COLUMN keelson.resumes.file_name       IS '@readonly @pii Name of the uploaded file.';
COMMENT ON COLUMN keelson.resumes.file_media_type IS '@readonly @filter Media type of the uploaded file, null until there is one.';
COMMENT ON COLUMN keelson.resumes.file_bytes      IS '@readonly Length of the uploaded file in bytes.';
COMMENT ON COLUMN keelson.resumes.file_sha256     IS '@readonly SHA-256 of the uploaded file.';
COMMENT ON COLUMN keelson.resumes.parse_status    IS '@filter How far reading the file has come.';
COMMENT ON COLUMN keelson.resumes.parse_error     IS 'Why the file could not be read.';
COMMENT ON COLUMN keelson.resumes.parsed          IS '@filter @pii The content as a JSON Resume document.';
COMMENT ON COLUMN keelson.resumes.raw_text        IS '@pii The content as plain text; its first 100,000 characters are searched.';
COMMENT ON COLUMN keelson.resumes.language        IS '@filter Language it is written in, as a BCP 47 tag.';
COMMENT ON COLUMN keelson.resumes.skills          IS '@filter Skills found in it.';
COMMENT ON COLUMN keelson.resumes.version         IS '@readonly Grows by one with every change; the ETag.';
COMMENT ON COLUMN keelson.resumes.created_at      IS '@readonly @filter When it was created.';
COMMENT ON COLUMN keelson.resumes.updated_at      IS '@readonly @filter When it was last changed.';
COMMENT ON COLUMN keelson.resumes.deleted_at      IS '@readonly When it was moved to the trash, null while it is live.';
COMMENT ON COLUMN keelson.resumes.deleted_by      IS '@readonly The API key that moved it to the trash.';
COMMENT ON COLUMN keelson.resumes.purge_after     IS '@readonly It can be restored until then.';
COMMENT ON COLUMN keelson.resumes.trash_op        IS '@hidden The operation that moved it to the trash.';
COMMENT ON COLUMN keelson.resumes.tsv             IS '@hidden The searched words of raw_text.';

ALTER TABLE keelson.resumes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.resumes TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.resumes TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.resumes TO keelson_api;
GRANT SELECT ON keelson.resumes TO keelson_readonly;

CREATE FUNCTION keelson.find_resumes_parsed(org uuid, q jsonb, lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.resumes t WHERE t.org_id = org AND t.parsed @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_resumes_parsed(uuid, jsonb, integer) IS 'Resumes whose parsed document contains q.';

CREATE FUNCTION keelson.find_resumes_skills(org uuid, q text[], lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.resumes t WHERE t.org_id = org AND t.skills @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_resumes_skills(uuid, text[], integer) IS 'Resumes that name all skills of q.';

REVOKE ALL ON FUNCTION keelson.find_resumes_parsed(uuid, jsonb, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION keelson.find_resumes_skills(uuid, text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.find_resumes_parsed(uuid, jsonb, integer) TO keelson_api, keelson_readonly;
GRANT EXECUTE ON FUNCTION keelson.find_resumes_skills(uuid, text[], integer) TO keelson_api, keelson_readonly;

-- The bytes live apart from the row that is listed and changed; EXTERNAL because files are compressed already and ranges are read.
CREATE TABLE keelson.resume_files (
    org_id      uuid        NOT NULL,
    resume_id   uuid        NOT NULL,
    content     bytea,
    location    text        CHECK (length(location) BETWEEN 1 AND 2000),
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT resume_files_pkey PRIMARY KEY (org_id, resume_id),
    CONSTRAINT resume_files_place_check CHECK (num_nonnulls(content, location) = 1)
);
ALTER TABLE keelson.resume_files ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE keelson.resume_files ADD CONSTRAINT resume_files_resume_fkey
    FOREIGN KEY (org_id, resume_id) REFERENCES keelson.resumes (org_id, id) ON DELETE RESTRICT;

COMMENT ON TABLE  keelson.resume_files            IS 'The uploaded file of a resume. It is purged with its resume.';
COMMENT ON COLUMN keelson.resume_files.org_id     IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.resume_files.resume_id  IS 'The resume whose file it is.';
COMMENT ON COLUMN keelson.resume_files.content    IS '@hidden @pii The bytes, when they are kept in the database.';
COMMENT ON COLUMN keelson.resume_files.location   IS '@hidden Where the bytes are, when they are kept elsewhere.';
COMMENT ON COLUMN keelson.resume_files.created_at IS '@readonly When the file was uploaded.';

ALTER TABLE keelson.resume_files ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.resume_files TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.resume_files TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.resume_files TO keelson_api;
GRANT SELECT ON keelson.resume_files TO keelson_readonly;

-- ================================================================
-- Interviews, the sessions in which they are held, and the messages of those sessions.

CREATE TABLE keelson.interviews (
    org_id            uuid        NOT NULL,
    id                uuid        NOT NULL,
    candidate_id      uuid        NOT NULL,
    title             text        NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
    kind              text        NOT NULL DEFAULT 'ai_text' CHECK (kind IN ('ai_text', 'ai_voice', 'ai_video', 'human',
                                                                            'human_ai_assisted', 'take_home')),
    round             integer     NOT NULL DEFAULT 1 CHECK (round BETWEEN 1 AND 100),
    language          text        NOT NULL DEFAULT 'en' CHECK (language ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'),
    external_ref      text        CHECK (length(external_ref) BETWEEN 1 AND 200),
    status            text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'scheduled', 'invited', 'in_progress',
                                                                            'awaiting_review', 'completed', 'cancelled', 'no_show', 'expired')),
    status_reason     text        CHECK (length(status_reason) <= 2000),
    scheduled_start   timestamptz,
    scheduled_end     timestamptz,
    expires_at        timestamptz,
    duration_limit_s  integer     CHECK (duration_limit_s BETWEEN 60 AND 86400),
    started_at        timestamptz,
    completed_at      timestamptz,
    plan              jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(plan) = 'object') CHECK (pg_column_size(plan) <= 262144),
    metadata          jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object') CHECK (pg_column_size(metadata) <= 65536),
    version           bigint      NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    deleted_at        timestamptz,
    deleted_by        uuid,
    purge_after       timestamptz,
    trash_op          uuid,
    CONSTRAINT interviews_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT interviews_schedule_check CHECK (scheduled_end > scheduled_start),
    CONSTRAINT interviews_trash_check CHECK ((deleted_at IS NULL) = (purge_after IS NULL))
);
ALTER TABLE keelson.interviews ADD CONSTRAINT interviews_candidate_fkey
    FOREIGN KEY (org_id, candidate_id) REFERENCES keelson.candidates (org_id, id) ON DELETE RESTRICT;

CREATE UNIQUE INDEX interviews_external_ref_key ON keelson.interviews (org_id, external_ref)
    WHERE external_ref IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX interviews_candidate ON keelson.interviews (org_id, candidate_id, created_at, id);
CREATE INDEX interviews_list ON keelson.interviews (org_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX interviews_status ON keelson.interviews (org_id, status, scheduled_start) WHERE deleted_at IS NULL;
CREATE INDEX interviews_purge ON keelson.interviews (org_id, purge_after) WHERE purge_after IS NOT NULL;
CREATE INDEX idx_interview_metadata_gin ON keelson.interviews USING gin (metadata jsonb_path_ops);

COMMENT ON TABLE  keelson.interviews                  IS '@resource(interviews) Interviews of a candidate. Deleting one moves it to the trash together with its sessions and assessments.';
COMMENT ON COLUMN keelson.interviews.org_id           IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.interviews.id               IS '@readonly Identifier of the interview.';
COMMENT ON COLUMN keelson.interviews.candidate_id     IS '@create @filter Who is interviewed.';
COMMENT ON COLUMN keelson.interviews.title            IS '@filter What it is called.';
COMMENT ON COLUMN keelson.interviews.kind             IS '@filter Who interviews, and through which medium.';
COMMENT ON COLUMN keelson.interviews.round            IS '@filter Which round of the process it is.';
COMMENT ON COLUMN keelson.interviews.language         IS '@filter Language it is held in, as a BCP 47 tag.';
COMMENT ON COLUMN keelson.interviews.external_ref     IS '@filter Identifier in another system; at most one live interview has it.';
COMMENT ON COLUMN keelson.interviews.status           IS '@create @filter Where the interview stands; changed by transitions.';
COMMENT ON COLUMN keelson.interviews.status_reason    IS '@reason @readonly The reason given with the last transition.';
COMMENT ON COLUMN keelson.interviews.scheduled_start  IS '@filter When it is to begin.';
COMMENT ON COLUMN keelson.interviews.scheduled_end    IS '@filter When it is to end; after scheduled_start.';
COMMENT ON COLUMN keelson.interviews.expires_at       IS '@filter Until when the invitation can be used.';
COMMENT ON COLUMN keelson.interviews.duration_limit_s IS 'Longest duration of a session in seconds.';
COMMENT ON COLUMN keelson.interviews.started_at       IS '@readonly @filter @on(in_progress) When it first was in progress.';
COMMENT ON COLUMN keelson.interviews.completed_at     IS '@readonly @filter @on(completed) When it was completed.';
COMMENT ON COLUMN keelson.interviews.plan             IS 'What the interviewer is to do: topics, questions, rubric, in the form the application chooses.';
COMMENT ON COLUMN keelson.interviews.metadata         IS '@filter Anything the application wants to keep beside the interview.';
COMMENT ON COLUMN keelson.interviews.version          IS '@readonly Grows by one with every change; the ETag.';
COMMENT ON COLUMN keelson.interviews.created_at       IS '@readonly @filter When it was created.';
COMMENT ON COLUMN keelson.interviews.updated_at       IS '@readonly @filter When it was last changed.';
COMMENT ON COLUMN keelson.interviews.deleted_at       IS '@readonly When it was moved to the trash, null while it is live.';
COMMENT ON COLUMN keelson.interviews.deleted_by       IS '@readonly The API key that moved it to the trash.';
COMMENT ON COLUMN keelson.interviews.purge_after      IS '@readonly It can be restored until then.';
COMMENT ON COLUMN keelson.interviews.trash_op         IS '@hidden The operation that moved it to the trash.';

ALTER TABLE keelson.interviews ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.interviews TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.interviews TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.interviews TO keelson_api;
GRANT SELECT ON keelson.interviews TO keelson_readonly;

INSERT INTO keelson.state_transitions (entity, from_status, to_status) VALUES
    ('interviews', '',                'draft'),
    ('interviews', '',                'scheduled'),
    ('interviews', '',                'invited'),
    ('interviews', 'draft',           'scheduled'),
    ('interviews', 'draft',           'invited'),
    ('interviews', 'draft',           'cancelled'),
    ('interviews', 'scheduled',       'invited'),
    ('interviews', 'scheduled',       'in_progress'),
    ('interviews', 'scheduled',       'cancelled'),
    ('interviews', 'scheduled',       'no_show'),
    ('interviews', 'scheduled',       'expired'),
    ('interviews', 'invited',         'in_progress'),
    ('interviews', 'invited',         'cancelled'),
    ('interviews', 'invited',         'no_show'),
    ('interviews', 'invited',         'expired'),
    ('interviews', 'in_progress',     'awaiting_review'),
    ('interviews', 'in_progress',     'completed'),
    ('interviews', 'in_progress',     'cancelled'),
    ('interviews', 'awaiting_review', 'completed'),
    ('interviews', 'awaiting_review', 'cancelled'),
    ('interviews', 'no_show',         'scheduled'),
    ('interviews', 'no_show',         'cancelled'),
    ('interviews', 'expired',         'scheduled'),
    ('interviews', 'expired',         'cancelled');

CREATE FUNCTION keelson.find_interviews_metadata(org uuid, q jsonb, lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.interviews t WHERE t.org_id = org AND t.metadata @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_interviews_metadata(uuid, jsonb, integer) IS 'Interviews whose metadata contains q.';

REVOKE ALL ON FUNCTION keelson.find_interviews_metadata(uuid, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.find_interviews_metadata(uuid, jsonb, integer) TO keelson_api, keelson_readonly;

-- ---------------------------------------------------------------- sessions

-- A domain and not a CHECK: a CHECK is evaluated whenever the row changes, and would fetch the whole document for every message.
CREATE DOMAIN keelson.memory_document AS jsonb CONSTRAINT memory_document_object CHECK (jsonb_typeof(VALUE) = 'object');
COMMENT ON DOMAIN keelson.memory_document IS 'A JSON object; checked when it is written, not when its row is.';

-- Every message advances the counters: room on the page and no index on what changes keep that update HOT.
CREATE TABLE keelson.interview_sessions (
    org_id               uuid        NOT NULL,
    id                   uuid        NOT NULL,
    interview_id         uuid        NOT NULL,
    attempt              integer     NOT NULL CHECK (attempt > 0),
    status               text        NOT NULL DEFAULT 'created' CHECK (status IN ('created', 'active', 'paused', 'completed',
                                                                                 'abandoned', 'failed', 'terminated')),
    status_reason        text        CHECK (length(status_reason) <= 2000),
    thread_id            text        COLLATE "C" CHECK (length(thread_id) BETWEEN 1 AND 500),
    last_seq             bigint      NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    last_event_no        bigint      NOT NULL DEFAULT 0,
    message_count        bigint      NOT NULL DEFAULT 0,
    token_count          bigint      NOT NULL DEFAULT 0,
    conversation_memory  keelson.memory_document NOT NULL DEFAULT '{}' CHECK (pg_column_size(conversation_memory) <= 262144),
    memory_version       bigint      NOT NULL DEFAULT 0,
    memory_through_seq   bigint      NOT NULL DEFAULT 0,
    writer_lease_owner   text,
    writer_lease_epoch   bigint      NOT NULL DEFAULT 0,
    writer_lease_until   timestamptz,
    started_at           timestamptz,
    ended_at             timestamptz,
    last_activity_at     timestamptz,
    client               jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(client) = 'object') CHECK (pg_column_size(client) <= 16384),
    metadata             jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object') CHECK (pg_column_size(metadata) <= 65536),
    version              bigint      NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    deleted_at           timestamptz,
    deleted_by           uuid,
    purge_after          timestamptz,
    trash_op             uuid,
    CONSTRAINT interview_sessions_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT interview_sessions_attempt_key UNIQUE (org_id, interview_id, attempt),
    CONSTRAINT interview_sessions_memory_seq_check CHECK (memory_through_seq <= last_seq),
    CONSTRAINT interview_sessions_trash_check CHECK ((deleted_at IS NULL) = (purge_after IS NULL))
) WITH (fillfactor = 80);
ALTER TABLE keelson.interview_sessions ADD CONSTRAINT interview_sessions_interview_fkey
    FOREIGN KEY (org_id, interview_id) REFERENCES keelson.interviews (org_id, id) ON DELETE RESTRICT;

CREATE UNIQUE INDEX interview_sessions_thread_key ON keelson.interview_sessions (org_id, thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX interview_sessions_list ON keelson.interview_sessions (org_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX interview_sessions_status ON keelson.interview_sessions (org_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX interview_sessions_purge ON keelson.interview_sessions (org_id, purge_after) WHERE purge_after IS NOT NULL;
CREATE INDEX idx_session_memory_gin ON keelson.interview_sessions USING gin (conversation_memory jsonb_path_ops);
CREATE INDEX idx_session_metadata_gin ON keelson.interview_sessions USING gin (metadata jsonb_path_ops);

COMMENT ON TABLE  keelson.interview_sessions                     IS '@resource(sessions) Sessions in which an interview is held: one attempt, one conversation. Deleting one moves it to the trash; its messages disappear from view with it.';
COMMENT ON COLUMN keelson.interview_sessions.org_id              IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.interview_sessions.id                  IS '@readonly Identifier of the session.';
COMMENT ON COLUMN keelson.interview_sessions.interview_id        IS '@create @filter The interview that is held.';
COMMENT ON COLUMN keelson.interview_sessions.attempt             IS '@create @filter @number(interview_id) Number among the sessions of the interview, given by Keelson when left out.';
COMMENT ON COLUMN keelson.interview_sessions.status              IS '@create @filter Where the session stands; changed by transitions. It takes messages while created, active or paused.';
COMMENT ON COLUMN keelson.interview_sessions.status_reason       IS '@reason @readonly The reason given with the last transition.';
COMMENT ON COLUMN keelson.interview_sessions.thread_id           IS '@filter The LangGraph thread of this session; unique within the organization.';
COMMENT ON COLUMN keelson.interview_sessions.last_seq            IS '@readonly Sequence number of the newest message, 0 while there is none.';
COMMENT ON COLUMN keelson.interview_sessions.last_event_no       IS '@readonly Number of the last event: every append, extension, redaction or replacement is one.';
COMMENT ON COLUMN keelson.interview_sessions.message_count       IS '@readonly How many messages there are.';
COMMENT ON COLUMN keelson.interview_sessions.token_count         IS '@readonly Sum of the tokens its messages report.';
COMMENT ON COLUMN keelson.interview_sessions.conversation_memory IS '@lazy @filter @readonly @pii What the interviewer remembers: a small document derived from the messages, at most 256 KiB. Written through the memory of the session.';
COMMENT ON COLUMN keelson.interview_sessions.memory_version      IS '@readonly Grows by one with every change of the memory; its ETag.';
COMMENT ON COLUMN keelson.interview_sessions.memory_through_seq  IS '@readonly The memory covers the messages up to this sequence number.';
COMMENT ON COLUMN keelson.interview_sessions.writer_lease_owner  IS '@hidden Who holds the lease of the only writer.';
COMMENT ON COLUMN keelson.interview_sessions.writer_lease_epoch  IS '@hidden Grows with every lease; a writer with an older one is refused.';
COMMENT ON COLUMN keelson.interview_sessions.writer_lease_until  IS '@hidden When the lease ends.';
COMMENT ON COLUMN keelson.interview_sessions.started_at          IS '@readonly @on(active) When the session first was active.';
COMMENT ON COLUMN keelson.interview_sessions.ended_at            IS '@readonly @on(completed,abandoned,failed,terminated) When the session ended.';
COMMENT ON COLUMN keelson.interview_sessions.last_activity_at    IS '@readonly When the last message arrived.';
COMMENT ON COLUMN keelson.interview_sessions.client              IS '@pii What the candidate used: browser, device, connection.';
COMMENT ON COLUMN keelson.interview_sessions.metadata            IS '@filter Anything the application wants to keep beside the session.';
COMMENT ON COLUMN keelson.interview_sessions.version             IS '@readonly Grows by one with every change but that of a message; part of the ETag.';
COMMENT ON COLUMN keelson.interview_sessions.created_at          IS '@readonly @filter When it was created.';
COMMENT ON COLUMN keelson.interview_sessions.updated_at          IS '@readonly @filter When it was last changed.';
COMMENT ON COLUMN keelson.interview_sessions.deleted_at          IS '@readonly When it was moved to the trash, null while it is live.';
COMMENT ON COLUMN keelson.interview_sessions.deleted_by          IS '@readonly The API key that moved it to the trash.';
COMMENT ON COLUMN keelson.interview_sessions.purge_after         IS '@readonly It can be restored until then.';
COMMENT ON COLUMN keelson.interview_sessions.trash_op            IS '@hidden The operation that moved it to the trash.';

ALTER TABLE keelson.interview_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.interview_sessions TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.interview_sessions TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.interview_sessions TO keelson_api;
GRANT SELECT ON keelson.interview_sessions TO keelson_readonly;

INSERT INTO keelson.state_transitions (entity, from_status, to_status) VALUES
    ('sessions', '',          'created'),
    ('sessions', '',          'active'),
    ('sessions', 'created',   'active'),
    ('sessions', 'created',   'abandoned'),
    ('sessions', 'created',   'failed'),
    ('sessions', 'created',   'terminated'),
    ('sessions', 'active',    'paused'),
    ('sessions', 'active',    'completed'),
    ('sessions', 'active',    'abandoned'),
    ('sessions', 'active',    'failed'),
    ('sessions', 'active',    'terminated'),
    ('sessions', 'paused',    'active'),
    ('sessions', 'paused',    'completed'),
    ('sessions', 'paused',    'abandoned'),
    ('sessions', 'paused',    'failed'),
    ('sessions', 'paused',    'terminated'),
    ('sessions', 'abandoned', 'active');

CREATE FUNCTION keelson.find_interview_sessions_conversation_memory(org uuid, q jsonb, lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.interview_sessions t WHERE t.org_id = org AND t.conversation_memory @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_interview_sessions_conversation_memory(uuid, jsonb, integer) IS 'Sessions whose memory contains q.';

CREATE FUNCTION keelson.find_interview_sessions_metadata(org uuid, q jsonb, lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.interview_sessions t WHERE t.org_id = org AND t.metadata @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_interview_sessions_metadata(uuid, jsonb, integer) IS 'Sessions whose metadata contains q.';

REVOKE ALL ON FUNCTION keelson.find_interview_sessions_conversation_memory(uuid, jsonb, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION keelson.find_interview_sessions_metadata(uuid, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.find_interview_sessions_conversation_memory(uuid, jsonb, integer) TO keelson_api, keelson_readonly;
GRANT EXECUTE ON FUNCTION keelson.find_interview_sessions_metadata(uuid, jsonb, integer) TO keelson_api, keelson_readonly;

-- ---------------------------------------------------------------- messages

-- The hot path: each index and check below is paid by every message.
-- interview_id is copied from the session by the service; a foreign key would lock and look up the interview for every message,
-- and the session that the message does refer to cannot change its interview.
-- No deleted_at: a message is seen as long as its session is.
-- No index of words either: measured, one written with every message was half of all WAL.  Search indexes conversations, not turns.
CREATE TABLE keelson.interview_messages (
    org_id             uuid        NOT NULL,
    session_id         uuid        NOT NULL,
    seq                bigint      NOT NULL,
    id                 uuid        NOT NULL,
    event_no           bigint      NOT NULL,
    interview_id       uuid        NOT NULL,
    role               text        NOT NULL CHECK (role IN ('system', 'developer', 'user', 'assistant', 'tool', 'function', 'observer')),
    name               text        CHECK (length(name) <= 200),
    content            text,
    content_parts      jsonb       CHECK (jsonb_typeof(content_parts) = 'array'),
    tool_calls         jsonb       CHECK (jsonb_typeof(tool_calls) = 'array'),
    tool_call_id       text        CHECK (length(tool_call_id) BETWEEN 1 AND 500),
    status             text        NOT NULL DEFAULT 'complete' CHECK (status IN ('streaming', 'complete', 'incomplete', 'error')),
    client_message_id  text        CHECK (length(client_message_id) BETWEEN 1 AND 200),
    in_reply_to        bigint      CHECK (in_reply_to > 0),
    supersedes         bigint      CHECK (supersedes > 0),
    superseded_by      bigint,
    redacted_at        timestamptz,
    redaction_reason   text        CHECK (length(redaction_reason) <= 2000),
    source_format      text        NOT NULL DEFAULT 'keelson' CHECK (source_format IN ('keelson', 'langchain-js', 'langchain-py', 'openai', 'ai-sdk')),
    original           bytea,
    provider           text        CHECK (length(provider) <= 200),
    model              text        CHECK (length(model) <= 200),
    prompt_version     text        CHECK (length(prompt_version) <= 200),
    input_tokens       integer     CHECK (input_tokens >= 0),
    output_tokens      integer     CHECK (output_tokens >= 0),
    metadata           jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object') CHECK (pg_column_size(metadata) <= 262144),
    occurred_at        timestamptz NOT NULL DEFAULT now(),
    created_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT interview_messages_pkey PRIMARY KEY (org_id, session_id, seq),
    CONSTRAINT interview_messages_id_key UNIQUE (org_id, id)
);
ALTER TABLE keelson.interview_messages ADD CONSTRAINT interview_messages_session_fkey
    FOREIGN KEY (org_id, session_id) REFERENCES keelson.interview_sessions (org_id, id) ON DELETE RESTRICT;

CREATE UNIQUE INDEX interview_messages_client_id_key ON keelson.interview_messages (org_id, session_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
-- Not of the empty ones: an entry in the pending list for nothing would be a seventh of the WAL of a plain turn.
CREATE INDEX idx_message_metadata_gin ON keelson.interview_messages USING gin (metadata jsonb_path_ops) WHERE metadata <> '{}';
-- Few rows, and only while somebody speaks.
CREATE INDEX interview_messages_streaming ON keelson.interview_messages (created_at) WHERE status = 'streaming';

COMMENT ON TABLE  keelson.interview_messages                   IS '@resource(messages) Messages of a session, numbered without gaps in the order they were accepted. They are appended, extended while streaming, redacted or replaced, and purged only with their session.';
COMMENT ON COLUMN keelson.interview_messages.org_id            IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.interview_messages.session_id        IS '@readonly @filter The session it was said in.';
COMMENT ON COLUMN keelson.interview_messages.seq               IS '@readonly @filter Place in the session: 1, 2, 3 and so on.';
COMMENT ON COLUMN keelson.interview_messages.id                IS '@readonly Identifier of the message.';
COMMENT ON COLUMN keelson.interview_messages.event_no          IS '@readonly Number of the last event of the session that changed this message.';
COMMENT ON COLUMN keelson.interview_messages.interview_id      IS '@readonly @filter The interview of its session.';
COMMENT ON COLUMN keelson.interview_messages.role              IS '@create @filter Who speaks.';
COMMENT ON COLUMN keelson.interview_messages.name              IS '@pii Name of the speaker or of the tool.';
COMMENT ON COLUMN keelson.interview_messages.content           IS '@pii The text; of structured content its readable part.';
COMMENT ON COLUMN keelson.interview_messages.content_parts     IS '@pii Structured content as an array of blocks, when it is more than text.';
COMMENT ON COLUMN keelson.interview_messages.tool_calls        IS 'Calls of tools the assistant asks for.';
COMMENT ON COLUMN keelson.interview_messages.tool_call_id      IS '@create The call a tool answers.';
COMMENT ON COLUMN keelson.interview_messages.status            IS '@filter Whether the message is whole; one that is streaming may be extended.';
COMMENT ON COLUMN keelson.interview_messages.client_message_id IS '@create @filter Identifier given by the client, unique within the session: repeating it returns the first result.';
COMMENT ON COLUMN keelson.interview_messages.in_reply_to       IS '@create Sequence number of the message it answers.';
COMMENT ON COLUMN keelson.interview_messages.supersedes        IS '@readonly Sequence number of the message it replaces.';
COMMENT ON COLUMN keelson.interview_messages.superseded_by     IS '@readonly Sequence number of the message that replaced it.';
COMMENT ON COLUMN keelson.interview_messages.redacted_at       IS '@readonly When its content was removed.';
COMMENT ON COLUMN keelson.interview_messages.redaction_reason  IS '@readonly Why its content was removed.';
COMMENT ON COLUMN keelson.interview_messages.source_format     IS '@create @filter The form it was sent in.';
COMMENT ON COLUMN keelson.interview_messages.original          IS '@exact @hidden @pii The bytes as they were sent, kept when the columns cannot give them back exactly.';
COMMENT ON COLUMN keelson.interview_messages.provider          IS '@filter Who runs the model that wrote it.';
COMMENT ON COLUMN keelson.interview_messages.model             IS '@filter The model that wrote it, as exactly as it is known.';
COMMENT ON COLUMN keelson.interview_messages.prompt_version    IS '@filter Version of the prompt it was written under.';
COMMENT ON COLUMN keelson.interview_messages.input_tokens      IS 'Tokens the model read.';
COMMENT ON COLUMN keelson.interview_messages.output_tokens     IS 'Tokens the model wrote.';
COMMENT ON COLUMN keelson.interview_messages.metadata          IS '@filter Anything the application wants to keep beside the message.';
COMMENT ON COLUMN keelson.interview_messages.occurred_at       IS '@create @filter When it was said; when it arrived unless the client says otherwise.';
COMMENT ON COLUMN keelson.interview_messages.created_at        IS '@readonly @filter When it was stored.';

ALTER TABLE keelson.interview_messages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.interview_messages TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.interview_messages TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON keelson.interview_messages TO keelson_api;
-- Who spoke, where, and when cannot be rewritten.
GRANT UPDATE (event_no, name, content, content_parts, tool_calls, status, superseded_by, redacted_at, redaction_reason, original,
              provider, model, prompt_version, input_tokens, output_tokens, metadata)
    ON keelson.interview_messages TO keelson_api;
GRANT SELECT ON keelson.interview_messages TO keelson_readonly;

CREATE FUNCTION keelson.find_interview_messages_metadata(org uuid, q jsonb, lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    IF q = '{}' THEN        -- every object contains it, the empty ones too, and these are not indexed
        RETURN QUERY SELECT t.id FROM keelson.interview_messages t WHERE t.org_id = org LIMIT lim;
    ELSE
        RETURN QUERY SELECT t.id FROM keelson.interview_messages t WHERE t.org_id = org AND t.metadata @> q AND t.metadata <> '{}' LIMIT lim;
    END IF;
END $$;
COMMENT ON FUNCTION keelson.find_interview_messages_metadata(uuid, jsonb, integer) IS 'Messages whose metadata contains q.';

REVOKE ALL ON FUNCTION keelson.find_interview_messages_metadata(uuid, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.find_interview_messages_metadata(uuid, jsonb, integer) TO keelson_api, keelson_readonly;

CREATE FUNCTION keelson.finish_abandoned_messages(older interval, most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m record;
    event bigint;
    finished bigint := 0;
BEGIN
    FOR m IN SELECT t.org_id, t.session_id, t.seq FROM keelson.interview_messages t
              WHERE t.status = 'streaming' AND t.created_at < now() - older ORDER BY t.org_id, t.session_id, t.seq LIMIT most LOOP
        SELECT s.last_event_no + 1 INTO event FROM keelson.interview_sessions s
         WHERE s.org_id = m.org_id AND s.id = m.session_id FOR NO KEY UPDATE;
        UPDATE keelson.interview_messages t SET status = 'incomplete', event_no = event
         WHERE t.org_id = m.org_id AND t.session_id = m.session_id AND t.seq = m.seq AND t.status = 'streaming';
        IF FOUND THEN       -- its writer may have finished it while we waited for the lock
            UPDATE keelson.interview_sessions s SET last_event_no = event WHERE s.org_id = m.org_id AND s.id = m.session_id;
            finished := finished + 1;
        END IF;
    END LOOP;
    RETURN finished;
END $$;
COMMENT ON FUNCTION keelson.finish_abandoned_messages(interval, integer) IS 'Marks messages incomplete that began to stream so long ago that nobody is still writing them; how many.';

REVOKE ALL ON FUNCTION keelson.finish_abandoned_messages(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.finish_abandoned_messages(interval, integer) TO keelson_api;

-- ================================================================
-- What was concluded from an interview, by whom, and on what evidence.

CREATE TABLE keelson.assessments (
    org_id          uuid        NOT NULL,
    id              uuid        NOT NULL,
    interview_id    uuid        NOT NULL,
    session_id      uuid,
    assessor_kind   text        NOT NULL CHECK (assessor_kind IN ('ai', 'human', 'hybrid')),
    assessor_name   text        CHECK (length(assessor_name) BETWEEN 1 AND 200),
    status          text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'submitted', 'under_review', 'approved',
                                                                          'overridden', 'rejected', 'voided')),
    status_reason   text        CHECK (length(status_reason) <= 2000),
    recommendation  text        CHECK (recommendation IN ('definitely_not', 'no', 'mixed', 'yes', 'strong_yes', 'no_decision')),
    overall_score   numeric     CHECK (overall_score BETWEEN 0 AND 100),
    confidence      numeric     CHECK (confidence BETWEEN 0 AND 1),
    summary         text        CHECK (length(summary) <= 100000),
    evidence        jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(evidence) = 'array') CHECK (pg_column_size(evidence) <= 262144),
    details         jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object') CHECK (pg_column_size(details) <= 262144),
    supersedes_id   uuid,
    submitted_at    timestamptz,
    decided_at      timestamptz,
    version         bigint      NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    deleted_by      uuid,
    purge_after     timestamptz,
    trash_op        uuid,
    CONSTRAINT assessments_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT assessments_supersedes_check CHECK (supersedes_id <> id),
    CONSTRAINT assessments_trash_check CHECK ((deleted_at IS NULL) = (purge_after IS NULL))
);
ALTER TABLE keelson.assessments ADD CONSTRAINT assessments_interview_fkey
    FOREIGN KEY (org_id, interview_id) REFERENCES keelson.interviews (org_id, id) ON DELETE RESTRICT;
ALTER TABLE keelson.assessments ADD CONSTRAINT assessments_session_fkey
    FOREIGN KEY (org_id, session_id) REFERENCES keelson.interview_sessions (org_id, id) ON DELETE RESTRICT;
ALTER TABLE keelson.assessments ADD CONSTRAINT assessments_supersedes_fkey
    FOREIGN KEY (org_id, supersedes_id) REFERENCES keelson.assessments (org_id, id) ON DELETE RESTRICT;

CREATE INDEX assessments_interview ON keelson.assessments (org_id, interview_id, created_at, id);
CREATE INDEX assessments_session ON keelson.assessments (org_id, session_id);
CREATE INDEX assessments_supersedes ON keelson.assessments (org_id, supersedes_id);
CREATE INDEX assessments_list ON keelson.assessments (org_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX assessments_status ON keelson.assessments (org_id, status, submitted_at) WHERE deleted_at IS NULL;
CREATE INDEX assessments_purge ON keelson.assessments (org_id, purge_after) WHERE purge_after IS NOT NULL;
CREATE INDEX idx_assessment_details_gin ON keelson.assessments USING gin (details jsonb_path_ops);

COMMENT ON TABLE  keelson.assessments                IS '@resource(assessments) Assessments of an interview, with scores per criterion and the evidence for them. They go to the trash with their interview or session.';
COMMENT ON COLUMN keelson.assessments.org_id         IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.assessments.id             IS '@readonly Identifier of the assessment.';
COMMENT ON COLUMN keelson.assessments.interview_id   IS '@create @filter The interview that is assessed.';
COMMENT ON COLUMN keelson.assessments.session_id     IS '@create @filter The session that is assessed, when it is about a single one.';
COMMENT ON COLUMN keelson.assessments.assessor_kind  IS '@create @filter Whether a model, a person or both assessed.';
COMMENT ON COLUMN keelson.assessments.assessor_name  IS '@filter @pii Who assessed: a person, or a model and its version.';
COMMENT ON COLUMN keelson.assessments.status         IS '@create @filter Where the assessment stands; changed by transitions. Overriding needs a reason.';
COMMENT ON COLUMN keelson.assessments.status_reason  IS '@reason @readonly The reason given with the last transition.';
COMMENT ON COLUMN keelson.assessments.recommendation IS '@filter What the assessor advises.';
COMMENT ON COLUMN keelson.assessments.overall_score  IS '@filter Overall score, 0 to 100.';
COMMENT ON COLUMN keelson.assessments.confidence     IS '@filter How sure the assessor is, 0 to 1.';
COMMENT ON COLUMN keelson.assessments.summary        IS '@pii The conclusion in words.';
COMMENT ON COLUMN keelson.assessments.evidence       IS '@pii What it rests on: an array of objects that name a criterion, a session, the sequence numbers of messages and a quote.';
COMMENT ON COLUMN keelson.assessments.details        IS '@filter Anything the application wants to keep beside the assessment.';
COMMENT ON COLUMN keelson.assessments.supersedes_id  IS '@create The assessment this one replaces.';
COMMENT ON COLUMN keelson.assessments.submitted_at   IS '@readonly @filter @on(submitted) When it was submitted.';
COMMENT ON COLUMN keelson.assessments.decided_at     IS '@readonly @filter @on(approved,overridden,rejected) When its review ended.';
COMMENT ON COLUMN keelson.assessments.version        IS '@readonly Grows by one with every change; the ETag.';
COMMENT ON COLUMN keelson.assessments.created_at     IS '@readonly @filter When it was created.';
COMMENT ON COLUMN keelson.assessments.updated_at     IS '@readonly @filter When it was last changed.';
COMMENT ON COLUMN keelson.assessments.deleted_at     IS '@readonly When it was moved to the trash, null while it is live.';
COMMENT ON COLUMN keelson.assessments.deleted_by     IS '@readonly The API key that moved it to the trash.';
COMMENT ON COLUMN keelson.assessments.purge_after    IS '@readonly It can be restored until then.';
COMMENT ON COLUMN keelson.assessments.trash_op       IS '@hidden The operation that moved it to the trash.';

ALTER TABLE keelson.assessments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.assessments TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.assessments TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.assessments TO keelson_api;
GRANT SELECT ON keelson.assessments TO keelson_readonly;

INSERT INTO keelson.state_transitions (entity, from_status, to_status, needs_reason) VALUES
    ('assessments', '',             'draft',        false),
    ('assessments', '',             'submitted',    false),
    ('assessments', 'draft',        'submitted',    false),
    ('assessments', 'draft',        'voided',       false),
    ('assessments', 'submitted',    'under_review', false),
    ('assessments', 'submitted',    'approved',     false),
    ('assessments', 'submitted',    'overridden',   true),
    ('assessments', 'submitted',    'rejected',     false),
    ('assessments', 'submitted',    'voided',       false),
    ('assessments', 'under_review', 'approved',     false),
    ('assessments', 'under_review', 'overridden',   true),
    ('assessments', 'under_review', 'rejected',     false),
    ('assessments', 'under_review', 'voided',       false),
    ('assessments', 'approved',     'voided',       false),
    ('assessments', 'overridden',   'voided',       false),
    ('assessments', 'rejected',     'voided',       false);

CREATE FUNCTION keelson.find_assessments_details(org uuid, q jsonb, lim integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF org IS DISTINCT FROM keelson.org() THEN
        RAISE insufficient_privilege USING MESSAGE = 'organization is not the one entered';
    END IF;
    RETURN QUERY SELECT t.id FROM keelson.assessments t WHERE t.org_id = org AND t.details @> q LIMIT lim;
END $$;
COMMENT ON FUNCTION keelson.find_assessments_details(uuid, jsonb, integer) IS 'Assessments whose details contain q.';

REVOKE ALL ON FUNCTION keelson.find_assessments_details(uuid, jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keelson.find_assessments_details(uuid, jsonb, integer) TO keelson_api, keelson_readonly;

-- ---------------------------------------------------------------- scores

CREATE TABLE keelson.assessment_scores (
    org_id         uuid     NOT NULL,
    assessment_id  uuid     NOT NULL,
    criterion      text     NOT NULL CHECK (length(criterion) BETWEEN 1 AND 200),
    score          numeric  NOT NULL CHECK (score >= 0),
    max_score      numeric  NOT NULL DEFAULT 5 CHECK (max_score > 0),
    weight         numeric  NOT NULL DEFAULT 1 CHECK (weight >= 0),
    rationale      text     CHECK (length(rationale) <= 20000),
    evidence_seq   bigint[] NOT NULL DEFAULT '{}',
    CONSTRAINT assessment_scores_pkey PRIMARY KEY (org_id, assessment_id, criterion),
    CONSTRAINT assessment_scores_score_max_check CHECK (score <= max_score)
);
ALTER TABLE keelson.assessment_scores ADD CONSTRAINT assessment_scores_assessment_fkey
    FOREIGN KEY (org_id, assessment_id) REFERENCES keelson.assessments (org_id, id) ON DELETE RESTRICT;

COMMENT ON TABLE  keelson.assessment_scores               IS '@part(assessments,scores) Scores of an assessment, one per criterion.';
COMMENT ON COLUMN keelson.assessment_scores.org_id        IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.assessment_scores.assessment_id IS '@hidden The assessment it is part of.';
COMMENT ON COLUMN keelson.assessment_scores.criterion     IS 'What is scored, once per assessment.';
COMMENT ON COLUMN keelson.assessment_scores.score         IS 'The score, 0 to max_score.';
COMMENT ON COLUMN keelson.assessment_scores.max_score     IS 'The best possible score.';
COMMENT ON COLUMN keelson.assessment_scores.weight        IS 'How much it counts in the overall score.';
COMMENT ON COLUMN keelson.assessment_scores.rationale     IS '@pii Why this score.';
COMMENT ON COLUMN keelson.assessment_scores.evidence_seq  IS 'Sequence numbers of the messages it rests on.';

ALTER TABLE keelson.assessment_scores ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON keelson.assessment_scores TO keelson_api, keelson_readonly
    USING (org_id = keelson.org()) WITH CHECK (org_id = keelson.org());
CREATE POLICY owner ON keelson.assessment_scores TO keelson_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON keelson.assessment_scores TO keelson_api;
GRANT SELECT ON keelson.assessment_scores TO keelson_readonly;

-- ================================================================
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

-- ================================================================
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
