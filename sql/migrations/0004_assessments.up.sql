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
