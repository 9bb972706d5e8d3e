-- The memory of sessions.  $2 int4[] task, $3 uuid[] session
SELECT i.idx, s.conversation_memory::pg_catalog.jsonb, s.memory_version, s.memory_through_seq, s.last_seq
  FROM unnest($2::int4[], $3::uuid[]) AS i (idx, id)
  JOIN keelson.interview_sessions AS s ON s.org_id = $1::uuid AND s.id = i.id AND s.deleted_at IS NULL
 ORDER BY i.idx;
