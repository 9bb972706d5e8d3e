DROP TABLE keelson.state_transitions;
DROP FUNCTION keelson.find_key(text);
DROP TABLE keelson.key_lookup;
DROP TABLE keelson.api_keys;
DROP TABLE keelson.organizations;
DROP FUNCTION keelson.org();
DROP SCHEMA keelson;
