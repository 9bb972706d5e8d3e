// Every page in light and dark, on a desk and on a phone: nothing broken, nothing fetched from elsewhere, nobody kept out.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { BASE, DESK, PHONE, barriers, open, overflow } from "./browser.js";

const PAGES = [
  { path: "/", ready: "#verdict[data-state=pass]", text: ["All is well", "Writing to the database", "Connections to the database", "Quick start"] },
  { path: "/docs", ready: "main:not([aria-busy])", text: ["Keelson API", "/v1/candidates", "/v1/sessions/{id}/messages", "errors"] },
  { path: "/docs#createAssessment", ready: "#createAssessment .body", text: ["scores", "required", "curl -X POST"] },
  { path: "/docs#listCandidates", ready: "#listCandidates .body", text: ["fields to filter by"] },
  { path: "/problems/stale-version", ready: "main h1", text: ["Resource changed", "412", "The way out"] },
];

for (const { path, ready, text } of PAGES)
  for (const colorScheme of ["light", "dark"])
    for (const viewport of [DESK, PHONE])
      test(`${path} ${colorScheme} ${viewport.width} wide`, async () => {
        const page = await open(path, { colorScheme, viewport });

        await page.waitForSelector(ready);
        const shown = (await page.locator("body").innerText()).toLowerCase();
        for (const words of text) assert.ok(shown.includes(words.toLowerCase()), `${words} is shown`);
        assert.deepEqual(await barriers(page), []);
        assert.ok(await overflow(page) <= 0, "nothing sticks out sideways");
        assert.deepEqual(page.complaints, []);
        await page.close();
      });

test("pages may load nothing from elsewhere and run nothing inline", async () => {
  for (const path of ["/", "/docs", "/problems/validation", "/web/docs.js"]) {
    const answer = await fetch(BASE + path, { headers: { Accept: "text/html" } });
    const policy = answer.headers.get("content-security-policy");

    assert.match(policy, /default-src 'self'/, path);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/, path);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
  }
});

test("the policy is enforced: an inline script does not run", async () => {
  const page = await open("/docs");

  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
  });
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.ok(page.complaints.some((complaint) => complaint.startsWith("policy:")), "and it was noticed");
  await page.close();
});

test("a problem is a page for browsers and JSON for programs", async () => {
  const ask = async (accept) => (await fetch(`${BASE}/problems/validation`, { headers: accept ? { Accept: accept } : {} })).headers.get("content-type");

  assert.match(await ask("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), /^text\/html/);
  assert.match(await ask("*/*"), /^application\/json/);
  assert.match(await ask("application/json, text/html;q=0.5"), /^application\/json/);
  assert.equal((await fetch(`${BASE}/problems/no-such`)).status, 404);
});
