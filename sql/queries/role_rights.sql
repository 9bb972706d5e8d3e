-- What the role we logged in as may do beyond what the service should.
SELECT r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n WHERE n.nspname = 'keelson' AND pg_catalog.pg_has_role(r.oid, n.nspowner, 'MEMBER')),
       EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'keelson' AND c.relname = 'organizations'),
       EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n WHERE n.nspname = 'keelson' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')),
       r.rolname::text, pg_catalog.pg_is_in_recovery()
  FROM pg_catalog.pg_roles r
 WHERE r.rolname = current_user;
