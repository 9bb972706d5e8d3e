// A list that is awaited for one page or iterated for everything:
//   const page = await client.candidates.list();            // { items, next, prev }
//   for await (const c of client.candidates.list()) ...     // all of them, page after page
//   for await (const page of client.candidates.list().pages()) ...
// SPDX-License-Identifier: Apache-2.0

export class List {
  #fetchPage;
  #query;

  /** @param {(query: object) => Promise<{items: any[], next?: string|null}>} fetchPage */
  constructor(fetchPage, query) {
    this.#fetchPage = fetchPage;
    this.#query = query;
  }

  then(resolve, reject) {
    return this.#fetchPage(this.#query).then(resolve, reject);
  }

  catch(reject) {
    return this.then(undefined, reject);
  }

  finally(done) {
    return this.#fetchPage(this.#query).finally(done);
  }

  async *pages() {
    let page = await this.#fetchPage(this.#query);
    yield page;
    while (page.next) {
      page = await this.#fetchPage({ ...this.#query, cursor: page.next });
      yield page;
    }
  }

  async *[Symbol.asyncIterator]() {
    for await (const page of this.pages()) yield* page.items;
  }

  async all() {
    const items = [];
    for await (const item of this) items.push(item);
    return items;
  }
}
