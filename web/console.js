// The status page: asks /health and /metrics every two seconds and shows what they say. It stores nothing and asks for no data of
// candidates. SPDX-License-Identifier: Apache-2.0

import { copyButtons, h, svg } from '/web/dom.js';
import { buckets, parse, quantile, since, sum } from '/web/prometheus.js';

const EVERY = 2000;          // milliseconds
const KEPT = 61;             // readings: two minutes
const OVER = 5;              // readings that a quantile is taken over: ten seconds

const readings = [];         // { at, metrics }, oldest first
const points = { requests: [], latency: [], errors: [], pool: [] };

const $ = (id) => document.getElementById(id);
const api = ({ route }) => route.startsWith('/v1');
const failed = (labels) => api(labels) && labels.code >= '500';
const refused = (labels) => api(labels) && labels.code >= '400' && labels.code < '500';

/* ---- words for numbers ---- */

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

function amount(value) {
  if (value >= 100 || value === 0) return number.format(value);
  return value.toLocaleString('en', { maximumSignificantDigits: 2 });
}

function duration(seconds) {
  if (seconds == null) return '–';
  if (seconds < 1) return `${amount(seconds * 1000)} ms`;
  return `${amount(seconds)} s`;
}

function bytes(n) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;

  for (; n >= 1000 && at < units.length - 1; at++) n /= 1000;
  return `${n < 10 && at > 0 ? n.toFixed(1) : Math.round(n)} ${units[at]}`;
}

/* ---- what the readings say ---- */

/** Growth of a counter per second between the last two readings; null at first and when the server was started anew. */
function rate(name, passes) {
  const [before, now] = readings.slice(-2);

  if (!now) return null;
  const grown = sum(now.metrics, name, passes) - sum(before.metrics, name, passes);
  return grown < 0 ? null : grown / (now.at - before.at) * 1000;
}

function recent(q) {
  const now = readings.at(-1), before = readings.at(-1 - OVER) ?? readings[0];
  const name = 'keelson_http_request_seconds';

  return quantile(since(buckets(now.metrics, name, api), now === before ? null : buckets(before.metrics, name, api)), q);
}

const exclusive = ({ class: kind }) => kind === 'exclusive';
const lane = ({ class: kind }) => kind === 'lane';

/** The fuller of the two ways into the pool, as a share. */
function poolUse() {
  const metrics = readings.at(-1).metrics;
  const shares = [exclusive, lane].map((passes) => {
    const busy = rate('keelson_pool_busy_seconds_total', passes), capacity = sum(metrics, 'keelson_pool_capacity', passes);
    return busy == null || !capacity ? null : Math.min(1, busy / capacity);
  });

  return shares.every((share) => share == null) ? null : Math.max(...shares.map((share) => share ?? 0));
}

/* ---- tiles ---- */

const tiles = [
  { id: 'requests', title: 'Requests a second', unit: '',
    value: () => rate('keelson_http_requests_total', api),
    note: () => `${amount(rate('keelson_http_received_bytes_total') / 1000)} kB a second in, ${amount(rate('keelson_http_sent_bytes_total') / 1000)} out` },
  { id: 'latency', title: 'Answered within', unit: 'ms', empty: 'no requests',
    value: () => { const seconds = recent(0.95); return seconds == null ? null : seconds * 1000; },
    note: () => `95 of 100; half within ${duration(recent(0.5))}`, state: (ms) => (ms > 1000 ? 'warn' : 'pass') },
  { id: 'errors', title: 'Failing a second', unit: '',
    value: () => rate('keelson_http_requests_total', failed),
    note: () => `${amount(rate('keelson_http_requests_total', refused) ?? 0)} refused a second`, state: (n) => (n > 0 ? 'fail' : 'pass') },
  { id: 'pool', title: 'Database pool in use', unit: '%',
    value: () => { const share = poolUse(); return share == null ? null : share * 100; },
    note: (m) => `${number.format(sum(m, 'keelson_pool_waiters'))} waiting`, state: (percent) => (percent > 80 ? 'warn' : 'pass') },
];

function tileMake({ id, title }) {
  return h('div', { class: 'card tile', id: `tile-${id}` },
    h('h3', null, title), h('p', { class: 'value' }, '–'), h('p', { class: 'note' }),
    svg('svg', { class: 'spark', viewBox: '0 0 120 40', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      svg('path', { class: 'area' }), svg('path', { class: 'line' })));
}

function spark(element, values) {
  const known = values.filter((value) => value != null), most = Math.max(...known, 1e-9);
  const first = KEPT - values.length;
  const at = values.map((value, i) => [(first + i) * 120 / (KEPT - 1), 38 - (value ?? 0) / most * 32]);
  const line = at.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

  element.querySelector('.line').setAttribute('d', line);
  element.querySelector('.area').setAttribute('d', at.length > 1 ? `${line}L120 40L${at[0][0].toFixed(1)} 40Z` : '');
}

function tileShow(tile, metrics) {
  const element = $(`tile-${tile.id}`), value = tile.value(metrics), values = points[tile.id];

  values.push(value);
  if (values.length > KEPT) values.shift();
  element.dataset.state = value != null && tile.state ? tile.state(value) : 'pass';
  element.querySelector('.value').replaceChildren(value == null ? '–' : amount(value), value != null && tile.unit ? h('small', null, tile.unit) : '');
  element.querySelector('.note').textContent = value == null && tile.empty ? tile.empty : tile.note(metrics);
  spark(element, values);
}

/* ---- checks ---- */

const NAMES = {
  'database:write': 'Writing to the database', 'database:read': 'Reading from it', 'pool:connections': 'Connections',
  'database:storage': 'Its size', 'database:disk': 'Its disk', 'database:migrations': 'Migrations',
};
const FINE = {
  'database:write': 'A row was written, committed and removed', 'database:read': 'It was read', 'pool:connections': 'Connections are to be had',
  'database:storage': 'There is room', 'database:disk': 'No request found it full', 'database:migrations': 'None has failed',
};

function checkShow(name, { status, output, age_ms: age, observedValue, observedUnit }) {
  const took = observedUnit === 'ms' ? ` in ${amount(observedValue)} ms` : observedUnit === 'bytes' ? ` (${bytes(observedValue)})` : '';
  const seen = age > 0 ? `, ${duration(age / 1000)} ago` : '';

  return h('li', null,
    h('span', { class: `mark ${status}`, 'aria-hidden': 'true' }), h('span', { class: 'what' }, NAMES[name] ?? name),
    h('span', { class: `word ${status}` }, status),
    h('span', { class: 'why' }, output ?? `${FINE[name] ?? 'Fine'}${took}${seen}.`));
}

const VERDICTS = {
  pass: ['All is well', 'Requests are answered, and what is written is kept.'],
  warn: ['Worth a look', ''],
  fail: ['Something fails', ''],
};

/** Only what has changed is written, so that a screen reader speaks once. */
function say(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function verdict(state, title, detail) {
  $('verdict').dataset.state = state;
  say('verdict-title', title);
  say('verdict-detail', detail);
  document.title = `${state === 'pass' ? '' : '● '}Keelson: ${title.toLowerCase()}`;
}

function healthShow(health) {
  const checks = Object.entries(health.checks).flatMap(([name, list]) => list.map((check) => [name, check]));
  const causes = checks.filter(([, { status }]) => status !== 'pass').map(([name, { output }]) => `${NAMES[name] ?? name}: ${output ?? 'no reason given'}.`);
  const [title, detail] = VERDICTS[health.status] ?? VERDICTS.fail;

  verdict(health.status, title, causes.join(' ') || detail);
  $('checks').replaceChildren(...checks.map(([name, check]) => checkShow(name, check)));
}

/* ---- the pool ---- */

const STATES = [['in_use', 'in use'], ['idle', 'idle'], ['connecting', 'opening or closing'], ['free', 'not open']];

function poolShow(metrics) {
  const open = sum(metrics, 'keelson_pool_connections');
  const of = (state) => sum(metrics, 'keelson_pool_connections', (labels) => labels.state === state);
  const most = sum(metrics, 'keelson_pool_connections_max');
  const count = { in_use: of('in_use'), idle: of('idle') };
  const outcomes = (passes) => sum(metrics, 'keelson_pool_acquires_total', ({ outcome }) => passes(outcome));
  const late = outcomes((outcome) => outcome === 'timeout'), away = outcomes((outcome) => outcome.startsWith('rejected'));
  const unreached = sum(metrics, 'keelson_pool_connects_total', ({ outcome }) => outcome !== 'ok');
  const groups = sum(metrics, 'keelson_pool_groups_total'), grouped = sum(metrics, 'keelson_pool_grouped_requests_total');

  count.connecting = open - count.in_use - count.idle;
  count.free = Math.max(0, most - open);
  $('pool-open').textContent = number.format(open);
  $('pool-max').textContent = number.format(most);
  if (!$('pool-bar').children.length) $('pool-bar').append(...STATES.map(([state]) => h('span', { class: state })));
  STATES.forEach(([state], i) => { $('pool-bar').children[i].style.flexGrow = count[state]; });
  $('pool-legend').replaceChildren(...STATES.map(([state, word]) =>
    h('div', null, h('i', { class: state, 'aria-hidden': 'true' }), h('dt', null, word), h('dd', null, number.format(count[state])))));
  pairs('pool-facts', [
    ['Waiting now', number.format(sum(metrics, 'keelson_pool_waiters'))],
    ['Oldest waits', duration(sum(metrics, 'keelson_pool_oldest_waiter_seconds'))],
    ['Requests a group', groups ? (grouped / groups).toFixed(1) : '–'],
    ['Timed out', number.format(late), late],
    ['Turned away', number.format(away), away],
    ['Could not connect', number.format(unreached)],
  ]);
}

function pairs(id, list) {
  $(id).replaceChildren(...list.map(([name, value, bad]) => h('div', { class: bad ? 'bad' : null }, h('dt', null, name), h('dd', null, value))));
}

/* ---- requests ---- */

const SHOWN = 10;

function routesOf(metrics) {
  const rows = new Map();

  for (const { labels, value } of metrics.get('keelson_http_requests_total') ?? []) {
    if (!api(labels) || !value) continue;
    const key = `${labels.method} ${labels.route}`;
    const row = rows.get(key) ?? { method: labels.method, route: labels.route, all: 0, refused: 0, failed: 0 };

    row.all += value;
    if (failed(labels)) row.failed += value;
    else if (refused(labels)) row.refused += value;
    rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => b.all - a.all);
}

function routeShow(metrics, row) {
  const same = ({ route, method }) => route === row.route && method === row.method;
  const counts = buckets(metrics, 'keelson_http_request_seconds', same);

  return h('tr', null,
    h('td', { class: 'where' }, h('span', { class: 'method' }, row.method), h('code', null, row.route)),
    h('td', { class: 'number' }, number.format(row.all)),
    h('td', { class: 'number' }, number.format(row.refused)),
    h('td', { class: row.failed ? 'number bad' : 'number' }, number.format(row.failed)),
    h('td', { class: 'number' }, duration(quantile(counts, 0.5))), h('td', { class: 'number' }, duration(quantile(counts, 0.95))));
}

function routesShow(metrics) {
  const rows = routesOf(metrics), total = (name, passes) => number.format(sum(metrics, name, passes));
  const rejects = sum(metrics, 'keelson_http_rejects_total');

  if (rows.length) $('routes').replaceChildren(...rows.slice(0, SHOWN).map((row) => routeShow(metrics, row)));
  $('routes-note').textContent = rows.length > SHOWN ? `the ${SHOWN} busiest of ${rows.length} routes, since the start of this server` : 'since the start of this server';
  pairs('totals', [
    ['In all', number.format(rows.reduce((n, row) => n + row.all, 0))],
    ['Received', bytes(sum(metrics, 'keelson_http_received_bytes_total'))],
    ['Sent', bytes(sum(metrics, 'keelson_http_sent_bytes_total'))],
    ['Turned away', number.format(rejects), rejects],
    ['Database errors', total('keelson_db_errors_total')],
    ['Done again', total('keelson_db_retries_total')],
  ]);
}

function lifeShow(metrics) {
  const lost = sum(metrics, 'keelson_log_dropped_total');

  pairs('life', [
    ['Clients', number.format(sum(metrics, 'keelson_http_connections'))],
    ['Being answered', number.format(sum(metrics, 'keelson_http_inflight'))],
    ['Pauses, 99 %', duration(quantile(buckets(metrics, 'keelson_eventloop_lag_seconds'), 0.99))],
    ['Log lines lost', number.format(lost), lost],
  ]);
}

function factsShow(metrics) {
  const [info] = metrics.get('keelson_build_info') ?? [{ labels: {} }];
  const pg = Number(info.labels.pg_server_version), cpu = rate('process_cpu_seconds_total');

  $('fact-version').textContent = info.labels.version ?? '–';
  $('fact-postgres').textContent = pg ? `${Math.floor(pg / 10000)}.${pg % 10000}` : '–';
  $('fact-memory').textContent = bytes(sum(metrics, 'process_resident_memory_bytes'));
  $('fact-cpu').textContent = cpu == null ? '–' : `${amount(cpu * 100)} %`;
}

/* ---- asking ---- */

async function ask(path, read) {
  const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(5000) });

  return read(answer);
}

async function look() {
  try {
    const [health, text] = await Promise.all([
      ask('/health', (answer) => answer.json()),
      ask('/metrics', (answer) => answer.text()),
    ]);
    const metrics = parse(text);

    readings.push({ at: performance.now(), metrics });
    if (readings.length > KEPT) readings.shift();
    healthShow(health);
    factsShow(metrics);
    for (const tile of tiles) tileShow(tile, metrics);
    lifeShow(metrics);
    poolShow(metrics);
    routesShow(metrics);
    $('updated').textContent = `updated ${new Date().toLocaleTimeString()}`;
  } catch {
    verdict('fail', 'No answer', 'The server does not answer. This page keeps asking.');
  }
}

/** Nobody looks at a hidden page, so it does not ask either. */
async function watch() {
  if (!document.hidden) await look();
  setTimeout(watch, EVERY);
}

/* ---- quick start ---- */

function quickStart(base) {
  return `B=${base}/v1 J='Content-Type: application/json'
id() { sed 's/.*"id":"\\([^"]*\\)".*/\\1/'; }

# a candidate, an interview, a session
C=$(curl -s $B/candidates -H "$J" -d '{"full_name":"Ada Example","email":"ada@example.org"}' | id)
I=$(curl -s $B/interviews -H "$J" -d '{"candidate_id":"'$C'","title":"First conversation"}' | id)
S=$(curl -s $B/sessions   -H "$J" -d '{"interview_id":"'$I'"}' | id)

# what is said, and the newest of it
curl -s $B/sessions/$S/messages -H "$J" -d '[
  {"role":"assistant","content":"Welcome. What did you build last?"},
  {"role":"user","content":"A compiler for a small language."}]'
curl -s "$B/sessions/$S/messages?tail=2"`;
}

$('tiles').append(...tiles.map(tileMake));
$('quick-start').textContent = quickStart(location.origin);
copyButtons();
document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
watch();
