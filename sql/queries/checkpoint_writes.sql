-- What a task wrote after a checkpoint.  $2 thread, $3 namespace, $4 checkpoint, $5 task, $6 its path, $7 int4[] places, $8 channels,
-- $9 types, $10 contents, $11 do they replace what is there?
INSERT INTO keelson.checkpoint_writes (org_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel, type, content)
SELECT $1::uuid, $2::text, $3::text, $4::text, $5::text, w.idx, $6::text, w.channel, w.type, w.content
  FROM unnest($7::int4[], $8::text[], $9::text[], $10::bytea[]) AS w (idx, channel, type, content)
 ORDER BY w.idx
ON CONFLICT ON CONSTRAINT checkpoint_writes_pkey
DO UPDATE SET task_path = excluded.task_path, channel = excluded.channel, type = excluded.type, content = excluded.content
 WHERE $11::bool;
