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
