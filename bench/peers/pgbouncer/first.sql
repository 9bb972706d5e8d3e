-- The first candidate, as the other pools are asked.
SELECT id, full_name, status, created_at FROM keelson.candidates WHERE org_id = :org AND deleted_at IS NULL ORDER BY created_at, id LIMIT 1;
