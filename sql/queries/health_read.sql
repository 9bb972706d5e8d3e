-- The read of the health probe: the table can be read, and may it be written?
SELECT pg_catalog.current_setting('transaction_read_only')::pg_catalog.bool, (SELECT count(*) FROM keelson.health_probe);
