-- Remove checkpoints with their writes, and the versions of channels that no checkpoint of their thread has any more.  Answers with the
-- hashes of values that may now be nobody's.  $2 threads, $3 runs, $4 of the threads all, or all but the newest of each namespace?
WITH doomed AS (
    SELECT c.thread_id, c.checkpoint_ns, c.checkpoint_id
      FROM keelson.checkpoints AS c
     WHERE c.org_id = $1::uuid AND c.thread_id = ANY ($2::text[])
       AND ($4::bool OR EXISTS (SELECT FROM keelson.checkpoints AS n
                                 WHERE n.org_id = $1::uuid AND n.thread_id = c.thread_id AND n.checkpoint_ns = c.checkpoint_ns
                                   AND n.checkpoint_id > c.checkpoint_id))
     UNION
    SELECT c.thread_id, c.checkpoint_ns, c.checkpoint_id
      FROM keelson.checkpoints AS c
     WHERE c.org_id = $1::uuid AND c.run_id = ANY ($3::text[])
), gone AS (
    DELETE FROM keelson.checkpoints AS c
     USING doomed AS d
     WHERE c.org_id = $1::uuid AND c.thread_id = d.thread_id AND c.checkpoint_ns = d.checkpoint_ns AND c.checkpoint_id = d.checkpoint_id
    RETURNING c.checkpoint_id
), unwritten AS (
    DELETE FROM keelson.checkpoint_writes AS w
     WHERE w.org_id = $1::uuid
       AND (($4::bool AND w.thread_id = ANY ($2::text[]))
            OR (w.thread_id, w.checkpoint_ns, w.checkpoint_id) IN (SELECT d.thread_id, d.checkpoint_ns, d.checkpoint_id FROM doomed AS d))
), touched AS (
    SELECT t.thread_id FROM unnest($2::text[]) AS t (thread_id) UNION SELECT d.thread_id FROM doomed AS d
), needed AS (
    SELECT c.thread_id, c.checkpoint_ns, v.channel, v.version
      FROM keelson.checkpoints AS c
     CROSS JOIN LATERAL jsonb_each_text(c.channel_versions) AS v (channel, version)
     WHERE c.org_id = $1::uuid AND c.thread_id IN (SELECT t.thread_id FROM touched AS t)
       AND (c.thread_id, c.checkpoint_ns, c.checkpoint_id) NOT IN (SELECT d.thread_id, d.checkpoint_ns, d.checkpoint_id FROM doomed AS d)
), forgotten AS (
    DELETE FROM keelson.checkpoint_channels AS k
     WHERE k.org_id = $1::uuid AND k.thread_id IN (SELECT t.thread_id FROM touched AS t)
       AND (k.thread_id, k.checkpoint_ns, k.channel, k.version)
           NOT IN (SELECT n.thread_id, n.checkpoint_ns, n.channel, n.version FROM needed AS n)
    RETURNING k.sha256
)
SELECT g.n, f.sha256
  FROM (SELECT count(*) AS n FROM gone) AS g
  LEFT JOIN (SELECT DISTINCT o.sha256 FROM forgotten AS o WHERE o.sha256 IS NOT NULL) AS f ON true;
