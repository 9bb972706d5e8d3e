// A Keelson for the tests: the one KEELSON_URL and KEELSON_KEY name, or one of our own from the built program.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { after } from "node:test";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** { baseUrl, apiKey }; what was started for it ends with the tests of the file. */
export async function keelson() {
  if (process.env.KEELSON_URL) return { baseUrl: process.env.KEELSON_URL, apiKey: process.env.KEELSON_KEY };
  const program = [process.env.KEELSON_BIN, join(ROOT, "build-asan/keelson"), join(ROOT, "build/keelson")].find((p) => p && existsSync(p));
  if (!program) throw new Error("set KEELSON_URL, or build the program: ./run build");
  const dir = mkdtempSync("/var/tmp/keelson-js-");
  chmodSync(dir, 0o755);
  const child = spawn(program, ["serve", "--listen", "127.0.0.1:0", "--data-dir", join(dir, "data")], { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  after(async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const address = /event=listening.* addr=(\S+)/.exec(line)?.[1];
    if (address) {
      child.stderr.resume();
      return { baseUrl: `http://${address}` };
    }
  }
  throw new Error(`${program} ended before it listened`);
}
