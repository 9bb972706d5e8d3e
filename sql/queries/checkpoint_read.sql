-- Checkpoints with their channels and pending writes, as rows of three kinds; one statement, so that they belong together.
-- $2 int4[] task, $3 threads, $4 namespaces, $5 checkpoints (NULL: the newest)
WITH wanted AS (
    SELECT a.idx, a.thread_id, a.checkpoint_ns,
           coalesce(a.checkpoint_id, (SELECT n.checkpoint_id
                                        FROM keelson.checkpoints AS n
                                       WHERE n.org_id = $1::uuid AND n.thread_id = a.thread_id AND n.checkpoint_ns = a.checkpoint_ns
                                       ORDER BY n.checkpoint_id DESC LIMIT 1)) AS checkpoint_id
      FROM unnest($2::int4[], $3::text[], $4::text[], $5::text[]) AS a (idx, thread_id, checkpoint_ns, checkpoint_id)
), found AS (
    SELECT w.idx, c.*, NOT EXISTS (SELECT FROM keelson.checkpoints AS n
                                    WHERE n.org_id = $1::uuid AND n.thread_id = c.thread_id AND n.checkpoint_ns = c.checkpoint_ns
                                      AND n.checkpoint_id > c.checkpoint_id) AS newest
      FROM wanted AS w
      JOIN keelson.checkpoints AS c
        ON c.org_id = $1::uuid AND c.thread_id = w.thread_id AND c.checkpoint_ns = w.checkpoint_ns AND c.checkpoint_id = w.checkpoint_id
), parts AS (
    SELECT f.idx, 0 AS kind, NULL::text AS a, NULL::text AS b, NULL::int4 AS n, f.thread_id, f.checkpoint_ns, f.checkpoint_id,
           f.parent_checkpoint_id, f.type, f.checkpoint AS content, f.channel_versions, f.metadata_type, f.metadata_bytes, f.metadata,
           f.created_at, NULL::text AS channel, f.newest
      FROM found AS f
    UNION ALL
    SELECT f.idx, 1, NULL, k.version, NULL, NULL, NULL, NULL, NULL, k.type, b.content, NULL, NULL, NULL, NULL, NULL, k.channel, NULL
      FROM found AS f
     CROSS JOIN LATERAL jsonb_each_text(f.channel_versions) AS v (channel, version)
      JOIN keelson.checkpoint_channels AS k
        ON k.org_id = $1::uuid AND k.thread_id = f.thread_id AND k.checkpoint_ns = f.checkpoint_ns AND k.channel = v.channel
       AND k.version = v.version
      LEFT JOIN keelson.checkpoint_blobs AS b ON b.org_id = $1::uuid AND b.sha256 = k.sha256
    UNION ALL
    SELECT f.idx, 2, w.task_path, w.task_id, w.idx, NULL, NULL, NULL, NULL, w.type, w.content, NULL, NULL, NULL, NULL, NULL, w.channel, NULL
      FROM found AS f
      JOIN keelson.checkpoint_writes AS w
        ON w.org_id = $1::uuid AND w.thread_id = f.thread_id AND w.checkpoint_ns = f.checkpoint_ns AND w.checkpoint_id = f.checkpoint_id
)
SELECT p.idx, p.kind, p.a, p.b, p.n, p.thread_id, p.checkpoint_ns, p.checkpoint_id, p.parent_checkpoint_id, p.type, p.content,
       p.channel_versions, p.metadata_type, p.metadata_bytes, p.metadata, p.created_at, p.channel, p.newest
  FROM parts AS p
 ORDER BY p.idx, p.kind, p.a COLLATE "C", p.b COLLATE "C", p.n, p.channel COLLATE "C";
