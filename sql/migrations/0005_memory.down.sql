DROP FUNCTION keelson.search_store_items(uuid, jsonb, integer);
DROP TABLE keelson.store_items;
DROP TABLE keelson.checkpoint_writes;
DROP TABLE keelson.checkpoint_channels;
DROP TABLE keelson.checkpoint_blobs;
DROP FUNCTION keelson.search_checkpoints(uuid, jsonb, integer);
DROP TABLE keelson.checkpoints;
