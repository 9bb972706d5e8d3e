-- All of a thread under another name, unless that one has checkpoints.  Values are shared, not copied.  $2 from, $3 to
WITH taken AS (
    SELECT EXISTS (SELECT FROM keelson.checkpoints AS c WHERE c.org_id = $1::uuid AND c.thread_id = $3::text) AS yes
), goes AS (
    SELECT FROM taken AS t WHERE NOT t.yes
), channels AS (
    INSERT INTO keelson.checkpoint_channels (org_id, thread_id, checkpoint_ns, channel, version, type, sha256)
    SELECT k.org_id, $3::text, k.checkpoint_ns, k.channel, k.version, k.type, k.sha256
      FROM keelson.checkpoint_channels AS k CROSS JOIN goes
     WHERE k.org_id = $1::uuid AND k.thread_id = $2::text
    ON CONFLICT ON CONSTRAINT checkpoint_channels_pkey DO NOTHING
), writes AS (
    INSERT INTO keelson.checkpoint_writes (org_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel, type, content)
    SELECT w.org_id, $3::text, w.checkpoint_ns, w.checkpoint_id, w.task_id, w.idx, w.task_path, w.channel, w.type, w.content
      FROM keelson.checkpoint_writes AS w CROSS JOIN goes
     WHERE w.org_id = $1::uuid AND w.thread_id = $2::text
    ON CONFLICT ON CONSTRAINT checkpoint_writes_pkey DO NOTHING
), copied AS (
    INSERT INTO keelson.checkpoints (org_id, thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint,
                                     channel_versions, metadata_type, metadata_bytes, metadata, run_id)
    SELECT c.org_id, $3::text, c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, c.type, c.checkpoint,
           c.channel_versions, c.metadata_type, c.metadata_bytes, c.metadata, c.run_id
      FROM keelson.checkpoints AS c CROSS JOIN goes
     WHERE c.org_id = $1::uuid AND c.thread_id = $2::text
    RETURNING checkpoint_id
)
SELECT t.yes, (SELECT count(*) FROM copied) FROM taken AS t;
