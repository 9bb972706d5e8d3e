// The status page tells what happens: requests are counted, causes are named, silence is noticed.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { BASE, open } from "./browser.js";

const json = (body, status = 200) => ({ status, contentType: "application/health+json", body: JSON.stringify(body) });

test("requests appear with their route", async () => {
  await fetch(`${BASE}/v1/candidates?limit=1`);
  const page = await open("/");

  await page.getByRole("row", { name: /GET\s*\/v1\/\{r\}/ }).first().waitFor();
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test("a failing check is named with its cause, and recovery is seen", async () => {
  let failing = true;
  const page = await open("/", { before: (p) => p.route("**/health", (route) => (failing ? route.fulfill(json({
    status: "fail", checks: { "database:write": [{ status: "fail", age_ms: 120, output: "database-read-only: the server is read-only" }] } }, 503)) : route.continue())) });

  await page.waitForSelector("#verdict[data-state=fail]");
  assert.match(await page.locator("#verdict-detail").innerText(), /Writing to the database: database-read-only: the server is read-only/);
  assert.match(await page.title(), /something fails/);
  failing = false;
  await page.waitForSelector("#verdict[data-state=pass]");
  await page.close();
});

test("a server that does not answer is not called well", async () => {
  let gone = false;
  const page = await open("/", { before: (p) => p.route(/health|metrics/, (route) => (gone ? route.abort() : route.continue())) });

  await page.waitForSelector("#verdict[data-state=pass]");
  gone = true;
  await page.getByRole("heading", { name: "No answer" }).waitFor();
  await page.close();
});

test("the page asks for nothing but health and metrics", async () => {
  const asked = new Set();
  const page = await open("/", { before: (p) => p.on("request", (request) => asked.add(new URL(request.url()).pathname)) });

  await page.waitForSelector("#verdict[data-state=pass]");
  await page.waitForTimeout(2500);
  assert.deepEqual([...asked].filter((path) => path !== "/" && !path.startsWith("/web/")).sort(), ["/health", "/metrics"]);
  await page.close();
});

test("the quick start does what it says", async () => {
  const page = await open("/");
  const commands = (await page.locator("#quick-start").innerText()).replaceAll("ada@example.org", `ada-${Date.now()}@example.org`);
  const said = execFileSync("sh", ["-c", commands], { encoding: "utf8" });

  assert.match(said, /"last_seq":2/);
  assert.match(said, /A compiler for a small language/);
  await page.close();
});
