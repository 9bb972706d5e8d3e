-- The roles that a web gateway beside the database lends to everybody (PostgREST's, as on Supabase) get nothing of Keelson, now or later.
--
-- Run as keelson_owner after the migrations, by `keelson init`.  Changes nothing where there are no such roles, or the second time.
-- SPDX-License-Identifier: Apache-2.0

DO $$
DECLARE
    outsider name;
    place    name;
BEGIN
    FOR outsider IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        FOR place IN SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname IN ('keelson', 'keelson_ledger') LOOP
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', place, outsider);
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', place, outsider);
            EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', place, outsider);
            EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM %I', place, outsider);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM %I', place, outsider);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON SEQUENCES FROM %I', place, outsider);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON ROUTINES FROM %I', place, outsider);
        END LOOP;
        EXECUTE format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM %I', outsider);
        EXECUTE format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM %I', outsider);
        EXECUTE format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON ROUTINES FROM %I', outsider);
        EXECUTE format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM %I', outsider);
        IF has_schema_privilege(outsider, 'keelson', 'USAGE') THEN
            RAISE EXCEPTION 'the role % can still use the schema keelson: PUBLIC or a role it is a member of was given that right', outsider
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
END
$$;
