-- One checkpoint with the channels that changed, unless the thread has moved on.  Under its lock, so that the newest one is the newest.
-- $2 thread, $3 namespace, $4 checkpoint, $5 parent, $6 type, $7 bytes, $8 versions of channels, $9 and $10 metadata as given, $11 the same to
-- filter by, $12 run, $13 must the parent be the newest?, $14 channels, $15 their versions as JSON, $16 types, $17 contents (NULL: empty), $18 epoch of
-- the writer
WITH given AS (
    SELECT g.channel, g.version #>> '{}' AS version, g.type, g.content, sha256(g.content) AS sha256
      FROM unnest($14::text[], $15::jsonb[], $16::text[], $17::bytea[]) AS g (channel, version, type, content)
), newest AS (
    SELECT c.checkpoint_id, c.writer_epoch
      FROM keelson.checkpoints AS c
     WHERE c.org_id = $1::uuid AND c.thread_id = $2::text AND c.checkpoint_ns = $3::text
     ORDER BY c.checkpoint_id DESC LIMIT 1
), repeated AS (    -- the answer to the first one may have been lost
    SELECT c.checkpoint_id
      FROM keelson.checkpoints AS c
     WHERE c.org_id = $1::uuid AND c.thread_id = $2::text AND c.checkpoint_ns = $3::text AND c.checkpoint_id = $4::text
       AND c.parent_checkpoint_id IS NOT DISTINCT FROM $5::text AND c.checkpoint = $7::bytea AND c.channel_versions = $8::jsonb
), moved_on AS (
    SELECT NOT EXISTS (SELECT FROM repeated)
           AND (EXISTS (SELECT FROM newest AS n WHERE n.writer_epoch > $18::int8)
                OR ($13::bool AND ((SELECT n.checkpoint_id FROM newest AS n) IS DISTINCT FROM $5::text
                                   OR EXISTS (SELECT FROM newest AS n WHERE n.checkpoint_id >= $4::text COLLATE "C")))) AS yes
), goes AS (
    SELECT FROM moved_on AS m WHERE NOT m.yes
), blobs AS (
    INSERT INTO keelson.checkpoint_blobs (org_id, sha256, content)
    SELECT DISTINCT ON (g.sha256) $1::uuid, g.sha256, g.content FROM given AS g CROSS JOIN goes WHERE g.content IS NOT NULL ORDER BY g.sha256
    ON CONFLICT ON CONSTRAINT checkpoint_blobs_pkey DO NOTHING
), channels AS (    -- who gives a version twice means the later value
    INSERT INTO keelson.checkpoint_channels AS k (org_id, thread_id, checkpoint_ns, channel, version, type, sha256)
    SELECT $1::uuid, $2::text, $3::text, g.channel, g.version, g.type, g.sha256 FROM given AS g CROSS JOIN goes
    ON CONFLICT ON CONSTRAINT checkpoint_channels_pkey
    DO UPDATE SET type = excluded.type, sha256 = excluded.sha256 WHERE k.sha256 IS DISTINCT FROM excluded.sha256 OR k.type <> excluded.type
), stored AS (
    INSERT INTO keelson.checkpoints AS c (org_id, thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint,
                                          channel_versions, metadata_type, metadata_bytes, metadata, run_id, writer_epoch)
    SELECT $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::bytea, $8::jsonb, $9::text, $10::bytea, $11::jsonb, $12::text, $18::int8
      FROM goes
    ON CONFLICT ON CONSTRAINT checkpoints_pkey
    DO UPDATE SET parent_checkpoint_id = excluded.parent_checkpoint_id, type = excluded.type, checkpoint = excluded.checkpoint,
                  channel_versions = excluded.channel_versions, metadata_type = excluded.metadata_type,
                  metadata_bytes = excluded.metadata_bytes, metadata = excluded.metadata, run_id = excluded.run_id,
                  writer_epoch = excluded.writer_epoch
    RETURNING c.xmax = 0 AS is_new
)
SELECT m.yes, (SELECT n.checkpoint_id FROM newest AS n), (SELECT s.is_new FROM stored AS s),
       EXISTS (SELECT FROM newest AS n WHERE n.writer_epoch > $18::int8)
  FROM moved_on AS m;
