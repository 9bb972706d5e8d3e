-- Nobody else writes checkpoints of the organization.
SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 1));
