// What docs/langgraph.md prints is run as it is printed. SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { keelson } from "./keelson.js";

test("the quick start for LangGraph does what it says", async () => {
  const { baseUrl, apiKey } = await keelson();
  const text = readFileSync(new URL("../../../docs/langgraph.md", import.meta.url), "utf8");
  const code = /^```js\n(.*?)^```/ms.exec(text)[1];
  const env = { ...process.env, KEELSON_URL: baseUrl, ...(apiKey ? { KEELSON_KEY: apiKey } : {}) };
  delete env.NODE_TEST_CONTEXT;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd, env, encoding: "utf8" });
  assert.equal(said, "hello You said hello. good bye You said good bye.\n");
});
