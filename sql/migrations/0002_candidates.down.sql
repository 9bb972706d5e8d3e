DROP TABLE keelson.resume_files;
DROP FUNCTION keelson.find_resumes_skills(uuid, text[], integer);
DROP FUNCTION keelson.find_resumes_parsed(uuid, jsonb, integer);
DROP TABLE keelson.resumes;
DROP FUNCTION keelson.find_candidates_tags(uuid, text[], integer);
DROP FUNCTION keelson.find_candidates_metadata(uuid, jsonb, integer);
DROP TABLE keelson.candidates;
DELETE FROM keelson.state_transitions WHERE entity = 'candidates';
