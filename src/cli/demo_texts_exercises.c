/*
 * Small exercises: a first attempt with a mistake, what running it says, and the corrected one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/attr.h"
#include "cli/demo_texts.h"

const struct demo_exercise demo_texts_exercises[] = {
    { "python", "python-merge-intervals", "the interval exercise", "python",
      "Here is a small exercise. You get a list of meetings as (start, end) in minutes. Write a function that merges the overlapping ones. "
      "Meetings that touch, such as (60, 90) and (90, 120), count as one.",
      "Okay. I'd sort by start and then walk through once, extending the last interval while the next one begins before it ends. That's n log n.",
      "def merge(meetings):\n    result = []\n    for start, end in sorted(meetings):\n        if result and start < result[-1][1]:\n"
      "            result[-1] = (result[-1][0], end)\n        else:\n            result.append((start, end))\n    return result\n",
      "", "AssertionError: merge([(0, 100), (10, 20)]) gave [(0, 20)], expected [(0, 100)]",
      "One of the tests fails. Look at what happens when one meeting lies completely inside another.",
      "Ah, of course: the inner one ends earlier, so I must keep the larger end. And touching ones need <=, I missed that too.",
      "def merge(meetings):\n    result = []\n    for start, end in sorted(meetings):\n        if result and start <= result[-1][1]:\n"
      "            result[-1] = (result[-1][0], max(result[-1][1], end))\n        else:\n            result.append((start, end))\n    return result\n",
      "7 passed in 0.02s\n",
      "All tests pass. What would you change if the list didn't fit into memory?",
      "I'd sort externally, or if they come sorted already I'd make it a generator: it only ever needs the last interval.",
      "I'd use a bigger machine, or maybe pandas." },
    { "python", "python-rate-limit", "the rate limiter exercise", "python",
      "Please write a rate limiter: allow(key) returns True for at most n calls per key within any window of w seconds. You may use time.monotonic().",
      "I'll keep a deque of timestamps per key and drop the old ones from the front.",
      "import time\nfrom collections import defaultdict, deque\n\nclass Limiter:\n    def __init__(self, n, w):\n        self.n, self.w = n, w\n"
      "        self.seen = defaultdict(deque)\n\n    def allow(self, key):\n        now = time.monotonic()\n        q = self.seen[key]\n"
      "        q.append(now)\n        while q[0] <= now - self.w:\n            q.popleft()\n        return len(q) <= self.n\n",
      "", "AssertionError: a caller that keeps trying while refused is never allowed again",
      "Nearly. The test says that refused calls count as well. Is that what you want?",
      "No, that punishes whoever retries. I should append only when the call is allowed.",
      "    def allow(self, key):\n        now = time.monotonic()\n        q = self.seen[key]\n        while q and q[0] <= now - self.w:\n"
      "            q.popleft()\n        if len(q) >= self.n:\n            return False\n        q.append(now)\n        return True\n",
      "5 passed in 0.31s\n",
      "Good. What happens to keys that never come back?",
      "They stay in the dict for ever, so that's a slow leak. I'd delete the key when its deque gets empty, or sweep once in a while.",
      "Nothing, they're just empty then." },
    { "sql", "sql-gaps", "the gaps exercise", "sql",
      "We have a table turns(session_id, seq). Write a query that lists, per session, every seq that is missing between 1 and the highest one.",
      "I'd look at each row's predecessor with lag, and where the difference is larger than one there is a gap.",
      "SELECT session_id, seq - 1 AS missing\nFROM (SELECT session_id, seq, lag(seq) OVER (PARTITION BY session_id ORDER BY seq) AS before FROM turns) t\n"
      "WHERE seq <> before + 1;\n",
      " session_id | missing\n------------+---------\n          7 |      11\n(1 row)\n", "expected 3 rows: (7, 9), (7, 10), (7, 11)",
      "It finds the end of the gap, but the gap is three numbers wide. Also think about a session whose first seq is 2.",
      "Right, I need one row per missing number. generate_series makes that simple, and it handles the beginning too.",
      "SELECT s.session_id, n AS missing\nFROM (SELECT session_id, max(seq) AS last FROM turns GROUP BY session_id) s\n"
      "CROSS JOIN generate_series(1, s.last) AS n\nWHERE NOT EXISTS (SELECT FROM turns t WHERE t.session_id = s.session_id AND t.seq = n);\n",
      " session_id | missing\n------------+---------\n          7 |       9\n          7 |      10\n          7 |      11\n(3 rows)\n",
      "Correct. How would you keep such gaps from happening in the first place?",
      "By not using a sequence, since those have gaps by design. The session's row holds the last number, is locked for the insert, and both commit together.",
      "With a serial column, that counts automatically." },
    { "sql", "sql-top-customers", "the ranking exercise", "sql",
      "Given orders(id, customer_id, region, amount), list the two customers with the highest total per region, ties included.",
      "First the totals per region and customer, then a ranking over them.",
      "SELECT region, customer_id, sum(amount) AS total,\n       row_number() OVER (PARTITION BY region ORDER BY sum(amount) DESC) AS place\n"
      "FROM orders\nGROUP BY region, customer_id\nHAVING place <= 2;\n",
      "", "ERROR:  column \"place\" does not exist\nLINE 5: HAVING place <= 2;",
      "HAVING can't see it. And what does row_number do with ties?",
      "Windows are evaluated after HAVING, so it needs an outer query. And for ties it must be rank.",
      "SELECT region, customer_id, total\nFROM (SELECT region, customer_id, sum(amount) AS total,\n             rank() OVER (PARTITION BY region ORDER BY sum(amount) DESC) AS place\n"
      "      FROM orders GROUP BY region, customer_id) t\nWHERE place <= 2\nORDER BY region, total DESC;\n",
      " region | customer_id | total\n--------+-------------+---------\n north  |          12 | 9120.50\n north  |           4 | 8800.00\n south  |          31 | 7410.10\n"
      " south  |           9 | 5202.00\n south  |          17 | 5202.00\n(5 rows)\n",
      "That's it. The table has 300 million rows. What now?",
      "I'd keep the totals in a summary table, updated per day, since old orders don't change any more.",
      "I would add an index on amount." },
    { "c", "c-ring-buffer", "the ring buffer exercise", "c",
      "Please write push and pop for a ring buffer of bytes with a fixed capacity. One thread only. push returns false when it's full.",
      "I'll keep head and tail as indices, and the size so that full and empty can be told apart.",
      "struct ring { unsigned char *p; size_t cap, head, tail; };\n\nbool push(struct ring *r, unsigned char c)\n{\n    if ((r->tail + 1) % r->cap == r->head)\n"
      "        return false;\n    r->p[r->tail] = c;\n    r->tail = (r->tail + 1) % r->cap;\n    return true;\n}\n",
      "", "test_ring.c:31: a ring of capacity 8 took 7 bytes",
      "It compiles and works, but one place is never used. Can you do without that?",
      "That's the price of telling full from empty by the indices alone. If I let them run freely and only mask on access, tail - head is the size.",
      "struct ring { unsigned char *p; size_t cap, head, tail; };   /* cap is a power of two; head and tail only grow */\n\n"
      "bool push(struct ring *r, unsigned char c)\n{\n    if (r->tail - r->head == r->cap)\n        return false;\n    r->p[r->tail++ & (r->cap - 1)] = c;\n    return true;\n}\n\n"
      "bool pop(struct ring *r, unsigned char *c)\n{\n    if (r->tail == r->head)\n        return false;\n    *c = r->p[r->head++ & (r->cap - 1)];\n    return true;\n}\n",
      "ok 1 - empty\nok 2 - full at 8\nok 3 - wraps around\nok 4 - counters overflow\n",
      "Nice. What happens when head and tail overflow?",
      "They're unsigned, so it's defined and the difference stays right, as long as the capacity is a power of two.",
      "That would take years, so it doesn't matter." },
    { "c", "c-parse-number", "the number parsing exercise", "c",
      "Write a function that parses an unsigned decimal number from a buffer with a length into a uint64_t. It must refuse anything else, including overflow.",
      "I'd go digit by digit and check for overflow before multiplying.",
      "bool parse(const char *p, size_t n, uint64_t *out)\n{\n    uint64_t v = 0;\n\n    for (size_t i = 0; i < n; i++) {\n        if (p[i] < '0' || p[i] > '9')\n"
      "            return false;\n        if (v > UINT64_MAX / 10)\n            return false;\n        v = v * 10 + (p[i] - '0');\n    }\n    *out = v;\n    return true;\n}\n",
      "", "parse(\"\") returned true\nparse(\"18446744073709551616\") returned true, value 0",
      "Two cases are missing: the empty text, and one beyond the largest value. What does your check not see?",
      "The addition can still overflow: 1844674407370955161 times ten is fine, plus six is not. And zero digits aren't a number.",
      "bool parse(const char *p, size_t n, uint64_t *out)\n{\n    uint64_t v = 0;\n\n    if (n == 0)\n        return false;\n    for (size_t i = 0; i < n; i++) {\n"
      "        unsigned digit = (unsigned char)p[i] - '0';\n\n        if (digit > 9 || v > (UINT64_MAX - digit) / 10)\n            return false;\n        v = v * 10 + digit;\n    }\n"
      "    *out = v;\n    return true;\n}\n",
      "23 cases, 0 failures\n",
      "Good. Why not strtoull?",
      "It skips blanks, takes signs, wants a terminating zero and reports overflow through errno; I'd have to check more than I write here.",
      "strtoull would have been easier, yes." },
    { "frontend", "frontend-debounce", "the debounce exercise", "typescript",
      "Please write a debounce in TypeScript: the function is called once, 200 ms after the last call, with the last arguments. It needs a cancel.",
      "A closure with a timer that is reset on each call.",
      "export function debounce<T extends (...args: any[]) => void>(fn: T, ms = 200) {\n  let timer: number;\n  return (...args: any[]) => {\n"
      "    timer = setTimeout(() => fn(args), ms);\n  };\n}\n",
      "", "FAIL debounce.test.ts > called once after a burst\n  expected 1 call, got 5",
      "It's called five times. And have a look at how the arguments are passed.",
      "I never cleared the old timer, and args should be spread. I'll type the arguments properly as well.",
      "export function debounce<A extends unknown[]>(fn: (...args: A) => void, ms = 200) {\n  let timer: ReturnType<typeof setTimeout> | undefined;\n"
      "  const call = (...args: A) => {\n    clearTimeout(timer);\n    timer = setTimeout(() => fn(...args), ms);\n  };\n"
      "  call.cancel = () => clearTimeout(timer);\n  return call;\n}\n",
      "6 tests passed (41 ms)\n",
      "Works. Where in a search field would you still get wrong results?",
      "Answers can arrive out of order: the slow answer to \"key\" after the one to \"keel\". So I'd abort the previous request or ignore what isn't the latest.",
      "I don't think there's a problem left, it only sends one." },
    { "data", "data-dedupe", "the deduplication exercise", "python",
      "You get order events as dicts with id, version and amount, in any order and with duplicates. Return the total amount over the newest version of each order.",
      "I'll keep the best version per id in a dict, then sum.",
      "def total(events):\n    newest = {}\n    for e in events:\n        if e[\"version\"] > newest.get(e[\"id\"], {}).get(\"version\", 0):\n            newest[e[\"id\"]] = e\n"
      "    return sum(e[\"amount\"] for e in newest.values())\n",
      "", "AssertionError: total([{'id': 1, 'version': 0, 'amount': '10.10'}]) raised TypeError: unsupported operand type(s) for +: 'int' and 'str'",
      "Two things: versions may start at zero, and amounts are decimal strings. What would you do with those?",
      "Zero is swallowed by my default, it should be -1 or a check for presence. And Decimal for the amounts, not float.",
      "from decimal import Decimal\n\ndef total(events):\n    newest = {}\n    for e in events:\n        seen = newest.get(e[\"id\"])\n        if seen is None or e[\"version\"] > seen[\"version\"]:\n"
      "            newest[e[\"id\"]] = e\n    return sum((Decimal(e[\"amount\"]) for e in newest.values()), Decimal(0))\n",
      "4 passed in 0.01s\n",
      "Yes. What if the events of a month don't fit into memory?",
      "I'd partition by a hash of the id, so all versions of an order are in one part, and do the parts one after the other. Or let the database do it.",
      "Then float arrays in numpy would be smaller." },
};

const int demo_texts_nexercises = ARRAY_LEN(demo_texts_exercises);
