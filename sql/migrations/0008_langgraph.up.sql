-- What the planner should believe of these tables before there is anything in them, for the reason given in 0007.
INSERT INTO keelson.checkpoints (org_id, thread_id, checkpoint_id, parent_checkpoint_id, type, checkpoint, channel_versions)
SELECT '00000000-0000-7000-8000-00000000ffff', 'thread ' || t, lpad(i::text, 6, '0'), lpad((i - 1)::text, 6, '0'), 'json', '\x7b7d',
       jsonb_build_object('a', i, 'b', 1)
  FROM generate_series(1, 100) AS t CROSS JOIN generate_series(1, 20) AS i;

INSERT INTO keelson.checkpoint_blobs (org_id, sha256, content)
SELECT '00000000-0000-7000-8000-00000000ffff', sha256(i::text::bytea), i::text::bytea FROM generate_series(1, 2000) AS i;

INSERT INTO keelson.checkpoint_channels (org_id, thread_id, channel, version, type, sha256)
SELECT '00000000-0000-7000-8000-00000000ffff', 'thread ' || t, 'a', i::text, 'json', sha256(((t - 1) * 20 + i)::text::bytea)
  FROM generate_series(1, 100) AS t CROSS JOIN generate_series(1, 20) AS i;

INSERT INTO keelson.checkpoint_writes (org_id, thread_id, checkpoint_id, task_id, idx, channel, type, content)
SELECT c.org_id, c.thread_id, c.checkpoint_id, 'task ' || c.checkpoint_id, n, 'a', 'json', '\x31'
  FROM keelson.checkpoints AS c CROSS JOIN generate_series(0, 1) AS n
 WHERE c.org_id = '00000000-0000-7000-8000-00000000ffff';

INSERT INTO keelson.store_items (org_id, namespace_key, key, namespace, value)
SELECT '00000000-0000-7000-8000-00000000ffff', 'label ' || n || E'\x1f', 'key ' || i, ARRAY['label ' || n], jsonb_build_object('n', i)
  FROM generate_series(1, 100) AS n CROSS JOIN generate_series(1, 20) AS i;

ANALYZE keelson.checkpoints, keelson.checkpoint_blobs, keelson.checkpoint_channels, keelson.checkpoint_writes, keelson.store_items;

DELETE FROM keelson.checkpoints         WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.checkpoint_writes   WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.checkpoint_channels WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.checkpoint_blobs    WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.store_items         WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
