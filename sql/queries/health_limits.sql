-- The health probe waits for less than others do.  $1 milliseconds for a statement, $2 for a lock
SELECT pg_catalog.set_config('statement_timeout', $1::pg_catalog.text, true), pg_catalog.set_config('lock_timeout', $2::pg_catalog.text, true);
