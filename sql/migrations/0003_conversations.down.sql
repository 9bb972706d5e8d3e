DROP FUNCTION keelson.find_interview_messages_metadata(uuid, jsonb, integer);
DROP TABLE keelson.interview_messages;
DROP FUNCTION keelson.find_interview_sessions_metadata(uuid, jsonb, integer);
DROP FUNCTION keelson.find_interview_sessions_conversation_memory(uuid, jsonb, integer);
DROP TABLE keelson.interview_sessions;
DROP DOMAIN keelson.memory_document;
DROP FUNCTION keelson.find_interviews_metadata(uuid, jsonb, integer);
DROP TABLE keelson.interviews;
DELETE FROM keelson.state_transitions WHERE entity IN ('interviews', 'sessions');
