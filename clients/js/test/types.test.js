// The hand-written declarations, by the real compiler.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

test("declarations fit what a TypeScript program writes", () => {
  const here = (path) => fileURLToPath(new URL(path, import.meta.url));
  const done = spawnSync(process.execPath, [here("../node_modules/typescript/bin/tsc"), "-p", here("types")], { encoding: "utf8" });
  assert.equal(done.stdout, "");
  assert.equal(done.status, 0);
});
