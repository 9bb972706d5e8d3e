-- Of each migration, in force or tried in vain, whether its last attempt succeeded; and how many attempts have failed in all.
SELECT v.project, v.version, bool_and(v.ok), bool_or(v.in_force),
       (SELECT count(*) FROM keelson_ledger.attempts f WHERE f.outcome = 'failed')
FROM (SELECT m.project, m.version, true AS ok, true AS in_force FROM keelson_ledger.migrations m
      UNION ALL
      SELECT l.project, l.version, l.outcome <> 'failed', false
      FROM (SELECT DISTINCT ON (a.project, a.version) a.project, a.version, a.outcome
            FROM keelson_ledger.attempts a ORDER BY a.project, a.version, a.started_at DESC) l
      WHERE l.outcome = 'failed') v
GROUP BY v.project, v.version ORDER BY v.project, v.version;
