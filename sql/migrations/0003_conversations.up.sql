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

COMMENT ON TABLE  keelson.interview_messages                   IS '@resource(messages) Messages of a session, numbered without gaps in the order they were accepted. They are appended, extended while streaming, redacted or replaced, and purged only with their session.';
COMMENT ON COLUMN keelson.interview_messages.org_id            IS '@hidden The organization it belongs to.';
COMMENT ON COLUMN keelson.interview_messages.session_id        IS '@readonly @filter The session it was said in.';
COMMENT ON COLUMN keelson.interview_messages.seq               IS '@readonly @filter Place in the session: 1, 2, 3 and so on.';
COMMENT ON COLUMN keelson.interview_messages.id                IS '@readonly Identifier of the message.';
COMMENT ON COLUMN keelson.interview_messages.event_no          IS '@readonly Number of the last event of the session that changed this message.';
COMMENT ON COLUMN keelson.interview_messages.interview_id      IS '@readonly @filter The interview of its session.';
COMMENT ON COLUMN keelson.interview_messages.role              IS '@filter Who speaks.';
COMMENT ON COLUMN keelson.interview_messages.name              IS '@pii Name of the speaker or of the tool.';
COMMENT ON COLUMN keelson.interview_messages.content           IS '@pii The text; of structured content its readable part.';
COMMENT ON COLUMN keelson.interview_messages.content_parts     IS '@pii Structured content as an array of blocks, when it is more than text.';
COMMENT ON COLUMN keelson.interview_messages.tool_calls        IS 'Calls of tools the assistant asks for.';
COMMENT ON COLUMN keelson.interview_messages.tool_call_id      IS 'The call a tool answers.';
COMMENT ON COLUMN keelson.interview_messages.status            IS '@filter Whether the message is whole; one that is streaming may be extended.';
COMMENT ON COLUMN keelson.interview_messages.client_message_id IS '@filter Identifier given by the client, unique within the session: repeating it returns the first result.';
COMMENT ON COLUMN keelson.interview_messages.in_reply_to       IS 'Sequence number of the message it answers.';
COMMENT ON COLUMN keelson.interview_messages.supersedes        IS 'Sequence number of the message it replaces.';
COMMENT ON COLUMN keelson.interview_messages.superseded_by     IS '@readonly Sequence number of the message that replaced it.';
COMMENT ON COLUMN keelson.interview_messages.redacted_at       IS '@readonly When its content was removed.';
COMMENT ON COLUMN keelson.interview_messages.redaction_reason  IS '@readonly Why its content was removed.';
COMMENT ON COLUMN keelson.interview_messages.source_format     IS '@filter The form it was sent in.';
COMMENT ON COLUMN keelson.interview_messages.original          IS '@exact @hidden @pii The bytes as they were sent, kept when the columns cannot give them back exactly.';
COMMENT ON COLUMN keelson.interview_messages.provider          IS '@filter Who runs the model that wrote it.';
COMMENT ON COLUMN keelson.interview_messages.model             IS '@filter The model that wrote it, as exactly as it is known.';
COMMENT ON COLUMN keelson.interview_messages.prompt_version    IS '@filter Version of the prompt it was written under.';
COMMENT ON COLUMN keelson.interview_messages.input_tokens      IS 'Tokens the model read.';
COMMENT ON COLUMN keelson.interview_messages.output_tokens     IS 'Tokens the model wrote.';
COMMENT ON COLUMN keelson.interview_messages.metadata          IS '@filter Anything the application wants to keep beside the message.';
COMMENT ON COLUMN keelson.interview_messages.occurred_at       IS '@filter When it was said; when it arrived unless the client says otherwise.';
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
