-- How large the database is, for the quota.
SELECT pg_catalog.pg_database_size(pg_catalog.current_database());
