-- One message by its identifier.  Identifiers end in twelve decimal digits, so that pgbench can make them.
\set m random(100000000000, :last_message)
SELECT session_id, seq, id, event_no, interview_id, role, name, content, content_parts, tool_calls, tool_call_id, status,
       client_message_id, in_reply_to, supersedes, superseded_by, redacted_at, redaction_reason, source_format, provider, model,
       prompt_version, input_tokens, output_tokens, metadata, occurred_at, created_at
FROM keelson.interview_messages
WHERE org_id = :org AND id = ('0198c001-0000-7000-8000-' || :m::text)::uuid;
