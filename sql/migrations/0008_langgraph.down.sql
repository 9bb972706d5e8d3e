-- Statistics are not part of the schema: what there is now replaces them.
ANALYZE keelson.checkpoints, keelson.checkpoint_blobs, keelson.checkpoint_channels, keelson.checkpoint_writes, keelson.store_items;
