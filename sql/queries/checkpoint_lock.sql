-- One writer at a time in a namespace of a thread; removal, which takes values that nobody has any more, waits for all of them.
-- $2 thread, $3 namespace
SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 1)),
       pg_advisory_xact_lock(hashtextextended(concat_ws(E'\x1f', $1::uuid, $2::text, $3::text), 2));
