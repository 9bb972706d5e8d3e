-- What `keelson init` finds: who we are, what we may do, what is there already.
SELECT session_user::text, pg_catalog.current_database()::text,
       EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = session_user AND (r.rolsuper OR r.rolcreaterole)),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_roles r WHERE r.rolname IN ('keelson_owner', 'keelson_api', 'keelson_readonly')),
       EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = 'keelson_api'),
       pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only') = 'on',
       EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = 'keelson_api' AND (r.rolsuper OR r.rolbypassrls)),
       EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = 'keelson_api' AND NOT r.rolcanlogin);
