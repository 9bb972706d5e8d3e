// One operation: what it takes, what it answers, how to call it with curl. SPDX-License-Identifier: Apache-2.0

import { h, prose } from '/web/dom.js';
import { fieldList, refName, resolve, sample, typeWords } from '/web/docs_schema.js';

const CAPTURES = { id: '$ID', seq: '1', slug: 'validation', file: 'keelson.css' };

/* ---- parameters ---- */

const isFilter = (parameter) => refName(parameter.schema)?.startsWith('Filter');

function parameterRow(parameter) {
  const schema = resolve(parameter.schema), values = schema.enum?.filter((value) => !String(value).startsWith('eq.'));

  return h('div', null,
    h('dt', null, h('code', null, parameter.name), h('span', { class: 'type' }, values ? 'one of' : typeWords(schema)),
      parameter.in !== 'query' && h('span', { class: 'mark-only' }, parameter.in), parameter.required && h('span', { class: 'must' }, 'required')),
    h('dd', null, prose(parameter.description ?? ''), values && h('p', { class: 'values' }, values.map((value) => [h('code', null, value), ' '])),
      schema.default !== undefined && h('p', null, 'Default: ', h('code', null, String(schema.default)))));
}

function filterTable(filters) {
  return h('details', { class: 'more' }, h('summary', null, `${filters.length} fields to filter by`),
    h('p', null, 'Each as ', h('code', null, 'field=operator.value'), ', for example ', h('code', null, `${filters[0].name}=${resolve(filters[0].schema).examples[0]}`), '.'),
    h('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Filters' }, h('table', null,
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Field'), h('th', { scope: 'col' }, 'Operators'), h('th', { scope: 'col' }, 'About'))),
      h('tbody', null, filters.map((filter) => h('tr', null,
        h('td', null, h('code', null, filter.name)), h('td', null, h('code', null, filter['x-operators'] ?? '')), h('td', null, prose(filter.description ?? ''))))))));
}

function parameters(operation) {
  const all = (operation.parameters ?? []).map(resolve), filters = all.filter(isFilter), others = all.filter((parameter) => !isFilter(parameter));

  if (!all.length) return null;
  return [h('h4', null, 'Parameters'), others.length ? h('dl', { class: 'fields' }, others.map(parameterRow)) : null, filters.length ? filterTable(filters) : null];
}

/* ---- bodies ---- */

function formName(node) {
  const schema = resolve(node);

  if (schema.type === 'array') return `an array of ${schema.minItems ?? 0} to ${(schema.maxItems ?? 0).toLocaleString('en')}`;
  return schema.properties?.messages ? 'messages with an expectation' : 'one object';
}

function bodySchema(node) {
  const schema = resolve(node), forms = schema.oneOf ?? schema.anyOf;

  if (forms) {
    return [h('p', null, 'One of: ', forms.map(formName).join('; '), '.'), fieldList(forms[0]),
      forms.filter((form) => resolve(form).properties && form !== forms[0]).map((form) => [h('h5', null, formName(form)), fieldList(form)])];
  }
  return [fieldList(node), schema.type === 'array' && h('p', null, typeWords(schema)), !schema.properties && schema.description && h('p', null, schema.description)];
}

/** Content types that take the same are told together. */
function body(operation) {
  const content = Object.entries(operation.requestBody?.content ?? {}), groups = new Map();

  for (const [type, { schema }] of content) {
    const key = JSON.stringify(schema);
    groups.set(key, { schema, types: [...(groups.get(key)?.types ?? []), type] });
  }
  return content.length ? [h('h4', null, 'Body'), [...groups.values()].map(({ schema, types }) => [
    h('p', null, types.map((type) => [h('code', null, type), ' '])), bodySchema(schema)])] : null;
}

/* ---- answers ---- */

/** Problem codes of an answer with their titles, which its description spells as `code`: Title. */
export function codes(response) {
  return [...(resolve(response).description ?? '').matchAll(/`([a-z-]+)`: ([^`]+?)\.(?= `|$)/g)].map(([, code, title]) => ({ code, title }));
}

function statusMark(status) {
  return h('span', { class: `status ${status < 300 ? 'ok' : status < 400 ? 'other' : 'no'}` }, status);
}

function success([status, node]) {
  const response = resolve(node), types = Object.entries(response.content ?? {}).filter(([type]) => type !== 'application/problem+json');
  const headers = Object.keys(response.headers ?? {}).filter((name) => name !== 'Request-Id');

  return h('li', null, statusMark(status), h('div', null, prose(response.description), ' ',
    types.map(([type, { schema }]) => [h('code', null, refName(schema) ?? type), ' ']), headers.length ? h('p', { class: 'headers' }, 'Headers: ', headers.join(', ')) : null));
}

function refusal([status, node]) {
  return h('li', null, statusMark(status), h('ul', null, codes(node).map(({ code, title }) =>
    h('li', null, h('a', { href: `/problems/${code}` }, h('code', null, code)), ' ', title))));
}

/** What this operation in particular may refuse, apart from what can happen to any request. */
function answers(operation) {
  const all = Object.entries(operation.responses), good = all.filter(([status, node]) => status < 400 || !codes(node).length);
  const bad = all.filter((entry) => !good.includes(entry)), own = bad.filter(([, node]) => !node.$ref), common = bad.filter(([, node]) => node.$ref);

  return [h('h4', null, 'Answers'), h('ul', { class: 'answers' }, good.map(success)),
    own.length ? h('details', { class: 'more', open: own.length < 4 }, h('summary', null, 'Refusals'), h('ul', { class: 'answers' }, own.map(refusal))) : null,
    h('p', { class: 'type' }, 'Any request may also meet ', common.map(([status]) => status).join(', '), '; see ', h('a', { href: '#errors' }, 'errors'), '.')];
}

/* ---- examples ---- */

function shell(text) {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

function bodyExample(operation) {
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];

  if (!type) return null;
  if (type === '*/*') return { type: 'application/pdf', flag: '--data-binary @resume.pdf' };
  return { type, flag: `-d ${shell(JSON.stringify(sample(media.schema, { brief: true }), null, 2))}` };
}

/** What the example asks for, by the first of these parameters that there is. */
const QUERIES = [['tail', '?tail=20'], ['q', '?q=compiler'], ['order', '?limit=20&order=created_at.desc'], ['name', '?name=resume.pdf']];

function curl(method, path, operation, secured) {
  const given = (operation.parameters ?? []).map(resolve), example = bodyExample(operation);
  const query = QUERIES.find(([name]) => given.some((parameter) => parameter.in === 'query' && parameter.name === name))?.[1] ?? '';
  const url = location.origin + path.replace(/\{(\w+)\}/g, (_, name) => CAPTURES[name] ?? 'x') + query;
  const lines = [`curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${query ? `"${url}"` : url}`];

  if (secured) lines.push("-H 'Authorization: Bearer kls_live_…'");
  for (const { name, in: place, required, schema } of given)
    if (place === 'header' && required) lines.push(`-H ${shell(`${name}: ${resolve(schema).examples?.[0] ?? '*'}`)}`);
  if (example) lines.push(`-H 'Content-Type: ${example.type}'`, example.flag);
  return lines.join(' \\\n  ');
}

function snippet(label, text) {
  return h('div', { class: 'sample' }, h('h5', null, label), h('div', { class: 'snippet' },
    h('button', { class: 'copy', type: 'button' }, 'Copy'), h('pre', { tabindex: '0', 'aria-label': label }, h('code', null, text))));
}

function answerExample(operation) {
  const [status, node] = Object.entries(operation.responses).find(([code]) => code < 300) ?? [];
  const [type, media] = Object.entries(resolve(node).content ?? {})[0] ?? [];

  if (!type?.endsWith('json') || !media.schema || media.schema.type === 'object') return null;
  return snippet(`Answer ${status}`, JSON.stringify(sample(media.schema), null, 2));
}

/** What is inside an opened operation. */
export function operationBody({ method, path, operation, secured }) {
  return h('div', { class: 'body' },
    h('div', { class: 'wide' }, operation.description === operation.summary ? null : h('p', null, prose(operation.description)),
      operation['x-scope'] && secured ? h('p', { class: 'type' }, 'Scope of the key: ', h('code', null, operation['x-scope'])) : null),
    h('div', null, parameters(operation), body(operation), answers(operation)),
    h('div', null, h('div', { class: 'beside' }, snippet('Request', curl(method, path, operation, secured)), answerExample(operation))));
}
