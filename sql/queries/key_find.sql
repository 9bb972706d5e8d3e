-- API keys by their public ids, before any organization is known (keelson.find_key is the owner's).
-- $1 int4[] places of the asking tasks, $2 text[] ids
SELECT k.i, f.org_id, f.id, f.hash, pg_catalog.array_to_string(f.scopes, ' '),
       f.revoked_at IS NULL AND (f.expires_at IS NULL OR f.expires_at > pg_catalog.now()),
       f.org_status = 'active'
  FROM unnest($1::int4[], $2::text[]) AS k(i, key_id)
 CROSS JOIN LATERAL keelson.find_key(k.key_id) AS f
 ORDER BY k.i;
