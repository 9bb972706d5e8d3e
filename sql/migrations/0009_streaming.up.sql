-- Messages that are written while they are spoken: what may be changed then, and who stops in the middle is found.

-- Who spoke, where and when is said once; so is which message another replaces.
COMMENT ON COLUMN keelson.interview_messages.supersedes IS '@readonly Sequence number of the message it replaces.';
COMMENT ON COLUMN keelson.interview_messages.role IS '@create @filter Who speaks.';
COMMENT ON COLUMN keelson.interview_messages.tool_call_id IS '@create The call a tool answers.';
COMMENT ON COLUMN keelson.interview_messages.client_message_id IS '@create @filter Identifier given by the client, unique within the session: repeating it returns the first result.';
COMMENT ON COLUMN keelson.interview_messages.in_reply_to IS '@create Sequence number of the message it answers.';
COMMENT ON COLUMN keelson.interview_messages.source_format IS '@create @filter The form it was sent in.';
COMMENT ON COLUMN keelson.interview_messages.occurred_at IS '@create @filter When it was said; when it arrived unless the client says otherwise.';

-- Few rows, and only while somebody speaks.
CREATE INDEX interview_messages_streaming ON keelson.interview_messages (created_at) WHERE status = 'streaming';

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
