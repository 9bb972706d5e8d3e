DROP TABLE keelson.assessment_scores;
DROP FUNCTION keelson.find_assessments_details(uuid, jsonb, integer);
DROP TABLE keelson.assessments;
DELETE FROM keelson.state_transitions WHERE entity = 'assessments';
