// A real Chromium that notes whatever a page should not do.  KEELSON_URL is the server; CHROMIUM another browser than /usr/bin/chromium.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const BASE = process.env.KEELSON_URL;
if (!BASE) throw new Error("KEELSON_URL is not set: run this beside tests/integration/harness.py");

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 900 };

let browser;
after(() => browser?.close());

/** An opened page; `page.complaints` collects console errors, exceptions, policy violations and requests to other places. */
export async function open(path, { colorScheme = "light", viewport = DESK, before } = {}) {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage({ colorScheme, viewport, reducedMotion: "reduce" });

  page.complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => page.complaints.push(`exception: ${error.message}`));
  page.on("request", (request) => new URL(request.url()).origin === new URL(BASE).origin || page.complaints.push(`asked ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && page.complaints.push(`${response.status()} ${response.url()}`));
  await page.exposeFunction("complain", (text) => { page.complaints.push(text); });
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => complain(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  await before?.(page);
  await page.goto(BASE + path);
  return page;
}

/** What axe finds that keeps somebody from using the page, as text. */
export async function barriers(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));

  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ target }) => target).join(", ")}`);
}

/** Content wider than the window would have to be scrolled sideways. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}
