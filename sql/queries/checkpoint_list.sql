-- Which checkpoints are on a page, newest first; as many as have room in an answer, at least one.
-- $2 thread, $3 namespace, $4 only older than this one (NULL: any), $5 metadata, $6 $7 $8 the last of the page before (checkpoint, thread,
-- namespace), $9 how many, $10 room in bytes, $11 only this one (NULL: any)
WITH page AS (
    SELECT c.thread_id, c.checkpoint_ns, c.checkpoint_id, c.channel_versions,
           octet_length(c.checkpoint) + coalesce(octet_length(c.metadata_bytes), 0)
           + coalesce((SELECT sum(octet_length(w.content))
                         FROM keelson.checkpoint_writes AS w
                        WHERE w.org_id = $1::uuid AND w.thread_id = c.thread_id AND w.checkpoint_ns = c.checkpoint_ns
                          AND w.checkpoint_id = c.checkpoint_id), 0)
           + coalesce((SELECT sum(octet_length(b.content))
                         FROM jsonb_each_text(c.channel_versions) AS v (channel, version)
                         JOIN keelson.checkpoint_channels AS k
                           ON k.org_id = $1::uuid AND k.thread_id = c.thread_id AND k.checkpoint_ns = c.checkpoint_ns
                          AND k.channel = v.channel AND k.version = v.version
                         JOIN keelson.checkpoint_blobs AS b ON b.org_id = $1::uuid AND b.sha256 = k.sha256), 0) AS size
      FROM keelson.checkpoints AS c
     WHERE c.org_id = $1::uuid
       AND ($2::text IS NULL OR c.thread_id = $2::text)
       AND ($3::text IS NULL OR c.checkpoint_ns = $3::text)
       AND ($4::text IS NULL OR c.checkpoint_id < $4::text)
       AND ($11::text IS NULL OR c.checkpoint_id = $11::text)
       AND ($6::text IS NULL OR (c.checkpoint_id, c.thread_id, c.checkpoint_ns) < ($6::text, $7::text, $8::text))
       AND NOT EXISTS (SELECT FROM jsonb_each($5::jsonb) AS f (name, value) WHERE coalesce(c.metadata -> f.name, 'null') <> f.value)
     ORDER BY c.checkpoint_id DESC, c.thread_id DESC, c.checkpoint_ns DESC
     LIMIT $9::int4
), placed AS (
    SELECT p.thread_id, p.checkpoint_ns, p.checkpoint_id, p.size,
           sum(p.size) OVER (ORDER BY p.checkpoint_id DESC, p.thread_id DESC, p.checkpoint_ns DESC) AS through,
           count(*) OVER () AS found
      FROM page AS p
)
SELECT p.thread_id, p.checkpoint_ns, p.checkpoint_id, p.found
  FROM placed AS p
 WHERE p.through <= $10::int8 OR p.through = p.size
 ORDER BY p.checkpoint_id DESC, p.thread_id DESC, p.checkpoint_ns DESC;
