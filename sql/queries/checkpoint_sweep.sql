-- Values that no version of a channel has any more, of those whose hashes are $2.
DELETE FROM keelson.checkpoint_blobs AS b
 WHERE b.org_id = $1::uuid AND b.sha256 = ANY ($2::bytea[])
   AND NOT EXISTS (SELECT FROM keelson.checkpoint_channels AS k WHERE k.org_id = $1::uuid AND k.sha256 = b.sha256);
