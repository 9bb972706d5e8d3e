-- The last 20 messages of a session, oldest first.
\set s random(100000000000, :last_session)
SELECT * FROM (
    SELECT m.*
    FROM keelson.interview_messages m
    WHERE m.org_id = :'org' AND m.session_id = ('0198c000-0000-7000-8000-' || :s::text)::uuid
    ORDER BY m.seq DESC
    LIMIT 20
) newest ORDER BY seq;
