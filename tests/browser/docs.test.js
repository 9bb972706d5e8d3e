// The page of the API: all of it is there, it can be found and reached by keyboard, and its examples work.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { BASE, open } from "./browser.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const ready = async (path = "/docs") => {
  const page = await open(path);
  await page.waitForSelector("main:not([aria-busy])");
  return page;
};

test("every operation can be opened and shows an example", async () => {
  const openapi = await (await fetch(`${BASE}/openapi.json`)).json();
  const ids = Object.values(openapi.paths).flatMap((item) => METHODS.flatMap((method) => item[method]?.operationId ?? []));
  const page = await ready();
  const shown = await page.$$eval("details.operation:not(.fields-of)", (all) => all.map((one) => one.id));

  assert.deepEqual(shown.sort(), ids.sort());
  const empty = await page.evaluate(async () => {
    const missing = [];
    for (const one of document.querySelectorAll("details.operation")) {
      one.open = true;
      await new Promise((resolve) => setTimeout(resolve));
      if (!one.querySelector(".body")?.textContent || (!one.matches(".fields-of") && !one.querySelector("pre")?.textContent.startsWith("curl "))) missing.push(one.id);
    }
    return missing;
  });
  assert.deepEqual(empty, []);
  assert.doesNotMatch(await page.locator("main").innerText(), /undefined|\[object|NaN/);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test("the contents are searched", async () => {
  const page = await ready();

  await page.keyboard.press("/");
  await page.keyboard.type("redact");
  assert.deepEqual(await page.$$eval("#contents li:not([hidden]) a", (all) => all.map((one) => one.getAttribute("href"))), ["#redactMessage"]);
  assert.equal(await page.locator("#found").textContent(), "1 operations");
  await page.keyboard.press("Escape");
  assert.ok(await page.$$eval("#contents li:not([hidden])", (all) => all.length) > 20);
  await page.close();
});

test("an operation is reached and opened by keyboard alone", async () => {
  const page = await ready();

  await page.keyboard.press("/");
  await page.keyboard.type("memory put");
  await page.keyboard.press("Tab");
  for (let i = 0; i < 12 && await page.evaluate(() => document.activeElement.getAttribute("href")) !== "#putMemory"; i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#putMemory[open] .body");
  assert.equal(await page.evaluate(() => document.activeElement.closest("details")?.id), "putMemory");
  await page.close();
});

test("the example of an operation works as it is", async () => {
  const page = await ready("/docs#createCandidate");
  const command = await page.locator("#createCandidate pre").first().innerText();
  const answer = JSON.parse(execFileSync("sh", ["-c", command.replace("ada@example.org", `docs-${Date.now()}@example.org`).replace(/"ats-4711"/, "null")], { encoding: "utf8" }));

  assert.match(answer.id, /^[0-9a-f-]{36}$/, JSON.stringify(answer));
  await page.close();
});

test("where keys are needed, the page and its examples say so", async () => {
  const openapi = await (await fetch(`${BASE}/openapi.json`)).json();
  const secured = JSON.stringify({ ...openapi, security: [{ key: [] }] });
  const page = await open("/docs#listCandidates", { before: (p) => p.route("**/openapi.json", (route) => route.fulfill({ contentType: "application/json", body: secured })) });

  await page.waitForSelector("#listCandidates .body");
  assert.match(await page.locator(".notice").innerText(), /need an API key/);
  assert.match(await page.locator("#listCandidates pre").first().innerText(), /Authorization: Bearer/);
  assert.match(await page.locator("#listCandidates .body").innerText(), /candidates:read/);
  await page.evaluate(() => { document.getElementById("health").open = true; });
  await page.waitForSelector("#health .body");
  assert.doesNotMatch(await page.locator("#health pre").first().innerText(), /Authorization/);
  await page.close();
});

test("a description that cannot be read is said to be so", async () => {
  const page = await open("/docs", { before: (p) => p.route("**/openapi.json", (route) => route.fulfill({ contentType: "application/json", body: "{" })) });

  await page.waitForSelector("main:not([aria-busy])");
  assert.match(await page.locator("main").innerText(), /could not be read/);
  await page.close();
});
