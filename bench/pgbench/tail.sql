-- The last 20 messages of a session, oldest first.
\set s random(100000000000, :last_session)
SELECT * FROM (
    SELECT session_id, seq, id, event_no, interview_id, role, name, content, content_parts, tool_calls, tool_call_id, status,
           client_message_id, in_reply_to, supersedes, superseded_by, redacted_at, redaction_reason, source_format, provider, model,
           prompt_version, input_tokens, output_tokens, metadata, occurred_at, created_at
    FROM keelson.interview_messages
    WHERE org_id = :org AND session_id = ('0198c000-0000-7000-8000-' || :s::text)::uuid
    ORDER BY seq DESC
    LIMIT 20
) newest ORDER BY seq;
