// JSON Schema as words and as examples. SPDX-License-Identifier: Apache-2.0

import { h, prose } from '/web/dom.js';

let document_ = {};

/** The OpenAPI document that references are looked up in. */
export function setDocument(openapi) {
  document_ = openapi;
}

export function resolve(node) {
  while (node?.$ref) node = node.$ref.slice(2).split('/').reduce((at, key) => at?.[key.replace(/~1/g, '/').replace(/~0/g, '~')], document_);
  return node ?? {};
}

export function refName(node) {
  return node?.$ref?.split('/').at(-1) ?? null;
}

/* ---- words ---- */

function typesOf(schema) {
  return [schema.type ?? []].flat().filter((type) => type !== 'null');
}

export function nullable(schema) {
  return [schema.type ?? []].flat().includes('null');
}

/** "array of uuid", "text, 1 to 300 characters". */
export function typeWords(node) {
  const schema = resolve(node), [type] = typesOf(schema);

  if (schema.const !== undefined) return `always ${JSON.stringify(schema.const)}`;
  if (schema.oneOf ?? schema.anyOf) return 'one of several forms';
  if (type === 'array' && schema.items?.pattern) return 'names, separated by commas';
  if (type === 'array') return `array of ${refName(schema.items) ?? (typeWords(schema.items ?? {}) || 'anything')}`;
  return [schema.format ?? type ?? (schema.enum ? 'text' : 'any JSON'), bounds(schema)].filter(Boolean).join(', ');
}

function bounds(schema) {
  const { minLength: shortest, maxLength: longest, minimum: least, maximum: most } = schema;
  const whole = ['int32', 'int64'].includes(schema.format);

  if (longest != null) return `${shortest ? `${shortest} to ${longest.toLocaleString('en')}` : `at most ${longest.toLocaleString('en')}`} characters`;
  if (shortest != null) return `at least ${shortest} characters`;
  if (whole && Math.abs(most ?? 0) > 2e9 && (least ?? 0) < -2e9) return '';
  if (whole && Math.abs(most ?? 0) > 2e9) return least != null ? `from ${least}` : '';
  if (least != null && most != null) return `${least} to ${most}`;
  return least != null ? `from ${least}` : most != null ? `up to ${most}` : '';
}

function valuesOf(schema) {
  const values = (schema.enum ?? []).filter((value) => value !== null);

  return values.length ? h('p', { class: 'values' }, values.map((value) => [h('code', null, String(value)), ' '])) : null;
}

/** Fields below: of an object, of the objects in an array. */
function inner(node, depth) {
  const schema = resolve(node), [type] = typesOf(schema);

  if (depth > 3) return null;
  if (type === 'object' && schema.properties) return fieldList(schema, depth + 1);
  if (type === 'array' && schema.items && !refName(schema.items)) return inner(schema.items, depth);
  return null;
}

function field(name, node, required, depth) {
  const schema = resolve(node), type = refName(node) && !schema.type ? refName(node) : typeWords(node);

  return h('div', null,
    h('dt', null, h('code', null, name), h('span', { class: 'type' }, type), required && h('span', { class: 'must' }, 'required'),
      nullable(schema) && h('span', { class: 'mark-only' }, 'may be null'), schema.readOnly && h('span', { class: 'mark-only' }, 'read only'),
      schema['x-pii'] && h('span', { class: 'mark-only' }, 'personal')),
    (schema.description || schema.enum || inner(node, depth)) && h('dd', null, schema.description && prose(schema.description), valuesOf(schema),
      schema.default !== undefined && schema.default !== null && h('p', null, 'Default: ', h('code', null, JSON.stringify(schema.default))), inner(node, depth)));
}

/** The properties of an object as a description list; what is required comes first. */
export function fieldList(node, depth = 0) {
  const schema = resolve(node), required = new Set(schema.required ?? []);
  const names = Object.keys(schema.properties ?? {});

  names.sort((a, b) => required.has(b) - required.has(a));
  return names.length ? h('dl', { class: 'fields' }, names.map((name) => field(name, schema.properties[name], required.has(name), depth))) : null;
}

/* ---- examples ---- */

const UUID = '0198c0de-7a00-7000-8000-000000000001';
const TIME = '2026-01-31T09:30:00.000000Z';

const SAMPLES = {
  full_name: 'Ada Example', given_name: 'Ada', family_name: 'Example', email: 'ada@example.org', phone: '+43 1 5550100', locale: 'en-GB', language: 'en',
  timezone: 'Europe/Vienna', country: 'AT', title: 'First conversation', content: 'What did you build last?', role: 'assistant', headline: 'Compiler engineer',
  file_name: 'resume.pdf', file_media_type: 'application/pdf', criterion: 'Systems programming', summary: 'Clear, precise, curious.', reason: 'agreed with the candidate',
  source: 'referral', assessor_name: 'Grace Example', recommendation: 'yes', external_ref: 'ats-4711', thread_id: 'thread-1', client_message_id: 'turn-1',
  pointer: '/email', message: 'is not an email address', request_id: UUID, path: '/full_name', tags: ['c', 'databases'], skills: ['c', 'postgresql'],
};

/** Shown in short examples although nothing requires it. */
const TELLING = new Set(['email', 'content', 'title', 'reason', 'assessor_name', 'recommendation', 'source']);

const FORMATS = { uuid: UUID, 'date-time': TIME, date: '2026-01-31' };

function sampleText(name, schema) {
  if (SAMPLES[name] !== undefined) return SAMPLES[name];
  if (schema.format) return FORMATS[schema.format] ?? 'text';
  if (schema.contentEncoding === 'base64') return 'q83vEjRWeJA=';
  return 'text';
}

function sampleNumber(schema, whole) {
  const least = schema.minimum ?? 0, low = least < -1e6 ? 0 : least;

  return whole ? Math.max(low, 1) : Math.min(Math.max(low, 0.8), schema.maximum ?? 1);
}

function sampleObject(schema, { brief, depth }) {
  const required = schema.required ?? [], all = Object.keys(schema.properties ?? {});
  const telling = all.filter((name) => required.includes(name) || TELLING.has(name));
  const names = brief ? (telling.length ? telling : all.slice(0, 1)) : all;

  return Object.fromEntries(names.map((name) => [name, sample(schema.properties[name], { name, brief, depth: depth + 1 })]));
}

/** A value the schema takes.  `brief`: only what is required, and a little that shows what it is about. */
export function sample(node, { name = '', brief = false, depth = 0 } = {}) {
  const schema = resolve(node), [type] = typesOf(schema);

  if (schema.const !== undefined) return schema.const;
  if (schema.examples?.length) return schema.examples[0];
  if (SAMPLES[name] !== undefined && type === (Array.isArray(SAMPLES[name]) ? 'array' : 'string') && (schema.enum?.includes(SAMPLES[name]) ?? true))
    return SAMPLES[name];
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.enum) return schema.enum.find((value) => value !== null);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sample(part, { brief, depth })));
  if (schema.oneOf ?? schema.anyOf) return sample((schema.oneOf ?? schema.anyOf)[0], { name, brief, depth });
  if (type === 'object' || schema.properties) return depth > 4 ? {} : sampleObject(schema, { brief, depth });
  if (type === 'array') return !schema.items || !Object.keys(schema.items).length || depth > 4 ? [] : [sample(schema.items, { brief, depth: depth + 1 })];
  if (type === 'integer' || type === 'number') return sampleNumber(schema, type === 'integer');
  if (type === 'boolean') return true;
  return type === 'string' ? sampleText(name, schema) : {};
}
