-- Roles of Keelson and their rights on the current database.
--
-- Run by a role that may create roles: the bootstrap superuser of the embedded server, or whoever KEELSON_OWNER_URL names
-- (before any SET ROLE).  Changes nothing the second time.  Nothing here needs a superuser: managed servers give none.
-- Passwords and LOGIN of the owner are the caller's business; the schema comes from the migrations.
-- SPDX-License-Identifier: Apache-2.0

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('keelson_owner',    'NOLOGIN', 'Owns the Keelson schema and migrates it'),
            ('keelson_api',      'LOGIN',   'The Keelson service; sees one organization at a time'),
            ('keelson_readonly', 'NOLOGIN', 'Reads one organization at a time')
        ) AS roles(name, login, purpose)
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name);
        BEGIN
            -- Attributes that are not named default to "no"; naming them would need a superuser on some servers.
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.login);
            EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.purpose);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;       -- somebody else made it at the same moment
        END;
    END LOOP;
END
$$;

-- Whoever prepares the database must be able to act as its owner.  From 16 on, creating a role no longer gives that.
DO $$
BEGIN
    IF NOT pg_has_role(session_user, 'keelson_owner',
                       CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
        EXECUTE format('GRANT keelson_owner TO %I', session_user);
    END IF;
END
$$;

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('keelson_owner',    'CONNECT'),
            ('keelson_owner',    'CREATE'),
            ('keelson_owner',    'TEMPORARY'),
            ('keelson_api',      'CONNECT'),
            ('keelson_readonly', 'CONNECT')
        ) AS rights(role, right_name)
    LOOP
        -- What PUBLIC may does not count: it is taken away from the embedded database, and perhaps from others.
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_catalog.pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) given
            WHERE d.datname = current_database() AND given.grantee = wanted.role::regrole AND given.privilege_type = wanted.right_name);
        EXECUTE format('GRANT %s ON DATABASE %I TO %I', wanted.right_name, current_database(), wanted.role);
        -- Without the right to grant it PostgreSQL only warns.
        IF NOT has_database_privilege(wanted.role, current_database(), wanted.right_name) THEN
            RAISE EXCEPTION 'role % has no % right on database %; its owner can give it: GRANT % ON DATABASE % TO %',
                wanted.role, wanted.right_name, current_database(),
                wanted.right_name, quote_ident(current_database()), wanted.role
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
END
$$;
