-- The write of the health probe; committed together with its deletion, so that only a durable commit answers it.  $1 the node
INSERT INTO keelson.health_probe (node) VALUES ($1::uuid) ON CONFLICT (node) DO UPDATE SET at = pg_catalog.clock_timestamp();
