DROP FUNCTION keelson.finish_abandoned_messages(interval, integer);
DROP INDEX keelson.interview_messages_streaming;
COMMENT ON COLUMN keelson.interview_messages.supersedes IS 'Sequence number of the message it replaces.';
COMMENT ON COLUMN keelson.interview_messages.role IS '@filter Who speaks.';
COMMENT ON COLUMN keelson.interview_messages.tool_call_id IS 'The call a tool answers.';
COMMENT ON COLUMN keelson.interview_messages.client_message_id IS '@filter Identifier given by the client, unique within the session: repeating it returns the first result.';
COMMENT ON COLUMN keelson.interview_messages.in_reply_to IS 'Sequence number of the message it answers.';
COMMENT ON COLUMN keelson.interview_messages.source_format IS '@filter The form it was sent in.';
COMMENT ON COLUMN keelson.interview_messages.occurred_at IS '@filter When it was said; when it arrived unless the client says otherwise.';
