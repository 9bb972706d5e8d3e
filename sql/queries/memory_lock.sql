-- The memory of one session, locked for change.  $2 session
SELECT s.conversation_memory::pg_catalog.jsonb, s.memory_version, s.memory_through_seq, s.last_seq, s.last_event_no
  FROM keelson.interview_sessions AS s
 WHERE s.org_id = $1::uuid AND s.id = $2::uuid AND s.deleted_at IS NULL
   FOR NO KEY UPDATE;
