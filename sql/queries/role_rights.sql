-- What the role we logged in as may do beyond what the service should.
SELECT r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n WHERE n.nspname = 'keelson' AND pg_catalog.pg_has_role(r.oid, n.nspowner, 'MEMBER')),
       pg_catalog.to_regclass('keelson.organizations') IS NOT NULL,
       pg_catalog.current_setting('server_version_num')::int4,
       r.rolname::text, pg_catalog.pg_is_in_recovery()
  FROM pg_catalog.pg_roles r
 WHERE r.rolname = current_user;
