-- One message appended under the session's next number: the fastest form that is right for one message without a retry
-- identifier (the row lock of UPDATE orders the writers).
\set s random(100000000000, :last_session)
WITH s AS (
    UPDATE keelson.interview_sessions
    SET last_seq = last_seq + 1, last_event_no = last_event_no + 1, message_count = message_count + 1, last_activity_at = now()
    WHERE org_id = :org AND id = ('0198c000-0000-7000-8000-' || :s::text)::uuid AND deleted_at IS NULL AND status IN ('created', 'active', 'paused')
    RETURNING org_id, id, interview_id, last_seq, last_event_no
)
INSERT INTO keelson.interview_messages (org_id, session_id, seq, id, event_no, interview_id, role, content, metadata)
SELECT org_id, id, last_seq, gen_random_uuid(), last_event_no, interview_id, 'user',
       'I started with the query plan, because the index existed and was still not used. The policy on the table turned a containment operator into a filter, so I moved it into a function that returns keys, and then I measured it again: twenty-four milliseconds became one and a half, on the same forty thousand rows.',
       '{"topic":"databases","turn":12}'
FROM s
RETURNING seq, id, created_at;
