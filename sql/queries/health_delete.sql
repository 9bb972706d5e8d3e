-- $1 the node
DELETE FROM keelson.health_probe WHERE node = $1::uuid;
