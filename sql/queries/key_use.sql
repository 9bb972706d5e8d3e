-- A key was used; about once a minute is often enough, also when several nodes say so.
-- $1 organization, $2 key
UPDATE keelson.api_keys SET last_used_at = pg_catalog.now()
 WHERE org_id = $1::uuid AND id = $2::uuid AND (last_used_at IS NULL OR last_used_at < pg_catalog.now() - interval '30 seconds');
