-- One message by its identifier.  Identifiers end in twelve decimal digits, so that pgbench can make them.
\set m random(100000000000, :last_message)
SELECT * FROM keelson.interview_messages WHERE org_id = :'org' AND id = ('0198c001-0000-7000-8000-' || :m::text)::uuid;
