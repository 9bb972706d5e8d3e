// The API as a page: /openapi.json by resource, each operation opened when it is wanted. SPDX-License-Identifier: Apache-2.0

import { copyButtons, h, prose } from '/web/dom.js';
import { codes, operationBody } from '/web/docs_operation.js';
import { fieldList, setDocument } from '/web/docs_schema.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const $ = (id) => document.getElementById(id);

/* ---- reading ---- */

/** [{ name, description, operations: [{ method, path, operation, secured }] }] in the order of the document's tags. */
function group(openapi) {
  const tags = openapi.tags.map(({ name, description }) => ({ name, description, operations: [] }));

  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      const secured = (operation.security ?? openapi.security ?? []).length > 0;

      tags.find(({ name }) => name === operation.tags[0])?.operations.push({ method, path, operation, secured });
    }
  }
  return tags.filter(({ operations }) => operations.length);
}

/* ---- contents ---- */

function methodMark(method) {
  return h('span', { class: `method ${method}` }, method.toUpperCase());
}

/** What the operation does, without the resource that the heading names: "list", "append". */
function brief({ operation }) {
  return operation.summary.replace(/[:;,.].*$/, '');
}

function contents(tags) {
  return [...tags.map(({ name, operations }) => h('section', { 'data-tag': name },
    h('h2', null, h('a', { href: `#${name}` }, name)),
    h('ul', null, operations.map((each) => h('li', { 'data-words': `${each.method} ${each.path} ${each.operation.operationId} ${each.operation.summary}`.toLowerCase() },
      h('a', { href: `#${each.operation.operationId}` }, methodMark(each.method), h('span', null, brief(each)))))))),
  h('section', { 'data-tag': 'errors' }, h('h2', null, h('a', { href: '#errors' }, 'errors')))];
}

function find(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;

  for (const section of $('contents').children) {
    const items = [...section.querySelectorAll('li')];

    for (const item of items) {
      item.hidden = !words.every((word) => item.dataset.words.includes(word) || section.dataset.tag.includes(word));
      shown += !item.hidden;
    }
    section.hidden = words.length > 0 && items.every((item) => item.hidden);
  }
  $('found').textContent = words.length ? `${shown} operations` : '';
}

/* ---- the page ---- */

function pathWords(path) {
  return path.split(/(\{\w+\})/).map((piece) => (piece.startsWith('{') ? h('span', { class: 'capture' }, piece) : piece));
}

function operationElement(each) {
  const element = h('details', { class: 'operation', id: each.operation.operationId },
    h('summary', null, methodMark(each.method), h('h3', null, pathWords(each.path)), h('span', { class: 'brief' }, each.operation.summary)));

  element.addEventListener('toggle', () => {
    if (element.open && !element.querySelector('.body')) element.append(operationBody(each));
  });
  return element;
}

/** The schema a resource is read as: what its getter answers. */
function resourceFields({ operations }, openapi) {
  const getter = operations.find(({ method, operation }) => method === 'get' && operation.operationId.startsWith('get') && operation.responses['200']?.content?.['application/json']);
  const reference = getter?.operation.responses['200'].content['application/json'].schema.$ref;
  const name = reference?.split('/').at(-1);

  if (!name || !openapi.components.schemas[name]?.properties) return null;
  return h('details', { class: 'operation fields-of', id: `fields-${name}` },
    h('summary', null, h('span', { class: 'method' }, 'JSON'), h('h3', null, name), h('span', { class: 'brief' }, 'Its fields, as they are read.')),
    h('div', { class: 'body' }, h('div', { class: 'wide' }, fieldList({ $ref: reference }))));
}

function tagElement(tag, openapi) {
  return h('section', { class: 'tag', 'aria-labelledby': tag.name },
    h('h2', { id: tag.name }, tag.name), tag.description ? h('p', null, prose(tag.description)) : null,
    tag.operations.map(operationElement), resourceFields(tag, openapi));
}

/** Every code there is, from all answers. */
function errorsElement(openapi) {
  const rows = new Map();
  const take = (responses) => {
    for (const [status, response] of responses)
      for (const { code, title } of codes(response)) rows.set(code, { status: status.replace('Any', ''), title });
  };

  take(Object.entries(openapi.components.responses));
  for (const item of Object.values(openapi.paths)) for (const method of METHODS) take(Object.entries(item[method]?.responses ?? {}));
  const sorted = [...rows].sort(([a, x], [b, y]) => x.status - y.status || a.localeCompare(b));

  return h('section', { class: 'tag', 'aria-labelledby': 'errors' }, h('h2', { id: 'errors' }, 'errors'),
    h('p', null, 'Every error is ', h('code', null, 'application/problem+json'), '. What each means, and the way out:'),
    h('div', { class: 'table', tabindex: '0', role: 'region', 'aria-labelledby': 'errors' }, h('table', null,
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Status'), h('th', { scope: 'col' }, 'Code'), h('th', { scope: 'col' }, 'Title'))),
      h('tbody', null, sorted.map(([code, { status, title }]) => h('tr', null,
        h('td', null, h('span', { class: 'status no' }, status)), h('td', null, h('a', { href: `/problems/${code}` }, h('code', null, code))), h('td', null, title)))))));
}

function intro(openapi) {
  const { title, summary, description, version } = openapi.info;

  return h('section', { class: 'intro' }, h('h1', null, `${title} API`), h('p', { class: 'version' }, `${summary}. Version ${version}, `, h('a', { href: '/openapi.json' }, 'OpenAPI 3.1'), '.'),
    (openapi.security ?? []).length
      ? h('p', { class: 'notice' }, 'Requests need an API key: ', h('code', null, 'Authorization: Bearer kls_live_…'), '. ', h('code', null, 'keelson key create'), ' makes one.')
      : h('p', { class: 'notice' }, 'This server runs its own database on this machine, so no key is needed: everybody here acts for the one local organization.'),
    description.split('\n\n').map((paragraph) => h('p', null, prose(paragraph))));
}

/* ---- moving about ---- */

/** An address such as #createCandidate opens the operation and marks it in the contents. */
function follow() {
  const id = decodeURIComponent(location.hash.slice(1)), element = id && $(id);

  for (const link of document.querySelectorAll('#contents a')) {
    if (link.getAttribute('href') === `#${id}`) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  if (!element) return;
  if (element.tagName === 'DETAILS') {
    element.open = true;
    element.querySelector('summary').focus({ preventScroll: true });
  }
  element.scrollIntoView();
}

function keys(event) {
  const typing = event.target.closest('input, textarea');

  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    $('find').focus();
  } else if (event.key === 'Escape' && typing) {
    typing.value = '';
    find('');
    typing.blur();
  }
}

async function start() {
  const main = $('main');

  try {
    const openapi = await (await fetch('/openapi.json')).json(), tags = group(openapi);

    setDocument(openapi);
    $('contents').replaceChildren(...contents(tags));
    main.replaceChildren(intro(openapi), ...tags.map((tag) => tagElement(tag, openapi)), errorsElement(openapi));
  } catch (reason) {
    main.replaceChildren(h('p', { class: 'notice' }, `The description could not be read: ${reason.message}`));
  }
  main.removeAttribute('aria-busy');
  follow();
}

$('find').addEventListener('input', (event) => find(event.target.value));
addEventListener('hashchange', follow);
document.addEventListener('keydown', keys);
copyButtons();
start();
