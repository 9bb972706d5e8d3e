DROP TABLE keelson.health_probe;
DROP TABLE keelson.change_feed;
DROP TABLE keelson.idempotency_keys;
