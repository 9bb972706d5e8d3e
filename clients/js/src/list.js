// A list that is awaited for one page or iterated for everything:
//   const page = await client.candidates.list();            // { items, next, prev }
//   for await (const c of client.candidates.list()) ...     // all of them, page after page
//   for await (const page of client.candidates.list().pages()) ...
// SPDX-License-Identifier: Apache-2.0

export class List {
  #fetchPage;
  #query;
  #after;

  /**
   * @param {(query: object) => Promise<{items: any[], next?: string|null}>} fetchPage
   * @param {object} query  of the first page
   * @param {(page: object) => object|undefined} after  the query of the page after this one; undefined: it was the last
   */
  constructor(fetchPage, query, after = (page) => (page.next ? { ...query, cursor: page.next } : undefined)) {
    this.#fetchPage = fetchPage;
    this.#query = query;
    this.#after = after;
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
    for (let query = this.#query; query; ) {
      const page = await this.#fetchPage(query);
      yield page;
      query = this.#after(page);
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
