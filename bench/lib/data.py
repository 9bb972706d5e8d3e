"""The generated data set and its identifiers.  Loaded by the server itself, as the owner; the same for every contender."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import dataclass

BASE = 100_000_000_000      # identifiers end in twelve decimal digits: pgbench, Lua and SQL can all make them


@dataclass(frozen=True)
class Scale:
    """`messages` of one organization, in sessions of 60."""
    messages: int
    per_session: int = 60

    @property
    def sessions(self) -> int:
        return self.messages // self.per_session


def session_id(n: int) -> str:
    return f"0198c000-0000-7000-8000-{BASE + n}"


def message_id(n: int) -> str:
    return f"0198c001-0000-7000-8000-{BASE + n}"


PARTS = """
CREATE TEMP TABLE phrase AS SELECT row_number() OVER () - 1 AS n, t FROM unnest(ARRAY[
    'Could you walk me through the last incident you handled, from the first alert to the final report?',
    'The first thing I did was to write down what I knew and what I only believed, because the two had been mixed up.',
    'We had a queue that was longer than its deadline, so every answer came too late and the clients asked again.',
    'I measured it on the same data with the same number of clients, and the difference was the index on the foreign key.',
    'What would you do differently today, and which of those decisions would you make in the same way again?',
    'I would keep the small steps: each one could be undone, and two of them had to be.',
    'That is a fair answer. Let us go one level deeper: how did you know that no message had been lost?',
    'Every message carried a number, and a gap in the numbers would have stopped the reader at once.']) AS t;
CREATE INDEX ON phrase (n);
CREATE FUNCTION pg_temp.phrase(k bigint) RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT string_agg(t, ' ' ORDER BY n) FROM phrase WHERE n IN (k % 8, k * 3 % 8, k * 5 % 8) $$;
"""

ROWS = """
INSERT INTO keelson.candidates (org_id, id, full_name, email, email_norm)
SELECT '{org}', ('0198c002-0000-7000-8000-' || {base} + n)::uuid, 'Candidate ' || n, 'candidate' || n || '@example.com',
       'candidate' || n || '@example.com'
FROM generate_series(0, {sessions} - 1) n;
INSERT INTO keelson.interviews (org_id, id, candidate_id, title, status)
SELECT '{org}', ('0198c003-0000-7000-8000-' || {base} + n)::uuid, ('0198c002-0000-7000-8000-' || {base} + n)::uuid,
       'Interview ' || n, 'in_progress'
FROM generate_series(0, {sessions} - 1) n;
INSERT INTO keelson.interview_sessions
    (org_id, id, interview_id, attempt, status, last_seq, last_event_no, message_count, last_activity_at)
SELECT '{org}', ('0198c000-0000-7000-8000-' || {base} + n)::uuid, ('0198c003-0000-7000-8000-' || {base} + n)::uuid, 1,
       'active', {per}, {per}, {per}, now()
FROM generate_series(0, {sessions} - 1) n;
INSERT INTO keelson.interview_messages (org_id, session_id, seq, id, event_no, interview_id, role, content, metadata)
SELECT '{org}', ('0198c000-0000-7000-8000-' || {base} + n)::uuid, seq,
       ('0198c001-0000-7000-8000-' || {base} + n * {per} + seq - 1)::uuid, seq,
       ('0198c003-0000-7000-8000-' || {base} + n)::uuid, CASE seq % 2 WHEN 1 THEN 'assistant' ELSE 'user' END,
       pg_temp.phrase(n * 7 + seq), jsonb_build_object('topic', 'topic-' || n % 40, 'turn', seq / 2)
FROM generate_series(0, {sessions}::bigint - 1) n, generate_series(1, {per}) seq;
VACUUM (ANALYZE) keelson.candidates, keelson.interviews, keelson.interview_sessions, keelson.interview_messages;
CHECKPOINT;
"""


def load_sql(scale: Scale, org: str) -> str:
    return PARTS + ROWS.format(org=org, base=BASE, sessions=scale.sessions, per=scale.per_session)
