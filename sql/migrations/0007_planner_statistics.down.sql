-- Statistics are not part of the schema: what there is now replaces them.
ANALYZE keelson.candidates, keelson.resumes, keelson.interviews, keelson.interview_sessions, keelson.interview_messages, keelson.assessments;
