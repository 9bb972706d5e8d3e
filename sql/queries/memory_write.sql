-- A new memory.  $2 session, $3 document, $4 the seq it covers (NULL: as before)
UPDATE keelson.interview_sessions AS s
   SET conversation_memory = $3::pg_catalog.jsonb, memory_version = s.memory_version + 1,
       memory_through_seq = coalesce($4::int8, s.memory_through_seq)
 WHERE s.org_id = $1::uuid AND s.id = $2::uuid
RETURNING s.conversation_memory::pg_catalog.jsonb, s.memory_version, s.memory_through_seq, s.last_seq;
