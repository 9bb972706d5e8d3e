// The mapping of LangChain's messages, against the rules both clients share and the real @langchain/core.
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mapStoredMessagesToChatMessages } from "@langchain/core/messages";
import { fromRow, storedFrom, toRow } from "../src/messages.js";

const vectors = JSON.parse(readFileSync(new URL("../../vectors/langchain.json", import.meta.url), "utf8"));
const real = (stored) => mapStoredMessagesToChatMessages([structuredClone(stored)])[0];
const plain = (value) => JSON.parse(JSON.stringify(value));

/** The row as the vectors write it: identifiers made on the way are random. */
function comparable({ source_format, ...row }) {
  if (row.client_message_id.startsWith("kls-")) delete row.client_message_id;
  return row;
}

for (const { why, stored, python, row, written_by } of vectors.written) {
  if (written_by !== "python")
    test(`stored: ${why}`, () => {
      const message = real(stored);
      assert.deepEqual(plain(comparable(toRow(storedFrom(message)))), row);
    });

  if (python) test(`stored as Python writes it: ${why}`, () => assert.deepEqual(comparable(toRow(python, "langchain-py")), row));

  test(`read back: ${why}`, () => {
    const again = real(fromRow(row));
    assert.deepEqual(plain(storedFrom(again)), stored);
    assert.deepEqual(plain(again.toDict()), plain(real(stored).toDict()));
  });
}

for (const { why, stored } of vectors.refused) test(`refused: ${why}`, () => assert.throws(() => toRow(stored), TypeError));

for (const { why, row, stored } of vectors.foreign)
  test(`written by others: ${why}`, () => {
    assert.deepEqual(fromRow(row), stored);
    assert.equal(real(fromRow(row)).toDict().type, stored.type);
  });
