-- What the planner should believe of tables that have never been analyzed.
--
-- Statements are prepared once and planned for any parameter.  On a new table the planner takes every column for equally selective,
-- so that an index on (org_id) alone looks as good as one on (org_id, session_id, seq), and with one column less to compare even better:
-- appending then reads the whole organization, until autovacuum has come by.  So some rows of a plausible shape are analyzed and taken away
-- again; their statistics stay until there are real ones.

INSERT INTO keelson.organizations (id, slug, name) VALUES ('00000000-0000-7000-8000-00000000ffff', 'planner-statistics', 'Planner statistics');

INSERT INTO keelson.candidates (org_id, id, full_name, email, email_norm)
SELECT '00000000-0000-7000-8000-00000000ffff', ('00000000-0000-7000-8001-' || lpad(i::text, 12, '0'))::uuid, 'Candidate ' || i,
       i || '@example.invalid', i || '@example.invalid'
  FROM generate_series(1, 300) AS i;

INSERT INTO keelson.resumes (org_id, id, candidate_id, version_no)
SELECT c.org_id, c.id, c.id, 1 FROM keelson.candidates AS c WHERE c.org_id = '00000000-0000-7000-8000-00000000ffff';

INSERT INTO keelson.interviews (org_id, id, candidate_id, title)
SELECT c.org_id, c.id, c.id, 'Interview' FROM keelson.candidates AS c WHERE c.org_id = '00000000-0000-7000-8000-00000000ffff';

INSERT INTO keelson.interview_sessions (org_id, id, interview_id, attempt)
SELECT i.org_id, i.id, i.id, 1 FROM keelson.interviews AS i WHERE i.org_id = '00000000-0000-7000-8000-00000000ffff';

INSERT INTO keelson.interview_messages (org_id, session_id, seq, id, event_no, interview_id, role, content, client_message_id)
SELECT s.org_id, s.id, n, gen_random_uuid(), n, s.interview_id, 'user', 'Message ' || n, 'm' || n
  FROM keelson.interview_sessions AS s CROSS JOIN generate_series(1, 10) AS n
 WHERE s.org_id = '00000000-0000-7000-8000-00000000ffff';

INSERT INTO keelson.assessments (org_id, id, interview_id, assessor_kind)
SELECT i.org_id, i.id, i.id, 'human' FROM keelson.interviews AS i WHERE i.org_id = '00000000-0000-7000-8000-00000000ffff';

ANALYZE keelson.candidates, keelson.resumes, keelson.interviews, keelson.interview_sessions, keelson.interview_messages, keelson.assessments;

DELETE FROM keelson.assessments        WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.interview_messages WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.interview_sessions WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.interviews         WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.resumes            WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.candidates         WHERE org_id = '00000000-0000-7000-8000-00000000ffff';
DELETE FROM keelson.organizations      WHERE id     = '00000000-0000-7000-8000-00000000ffff';
