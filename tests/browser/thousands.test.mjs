// Five thousand services: served within 50 ms, and usable.

import assert from "node:assert/strict";
import test from "node:test";
import { judge, open } from "./browser.mjs";
import { Eastwest, Sim, until } from "./world.mjs";

const SERVICES = 5000;
// A first look keeps to eastwest's share of AWS's rates.
const FIRST_LOOK = 600_000;

test("a fleet of thousands is one page at a time", { timeout: FIRST_LOOK + 120_000 }, async (t) => {
  const sim = await Sim.start(t, "--services", String(SERVICES));
  const eastwest = await Eastwest.start(t, sim, "--policy", "observe");
  const all = async () => (await eastwest.services()).length;
  await until("all services", async () => (await all()) === SERVICES, FIRST_LOOK);
  const took = [];
  for (let n = 0; n < 20; n += 1) {
    const began = performance.now();
    await (await fetch(`${eastwest.url}/?page=${n + 1}`)).text();
    took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  t.diagnostic(`a page of ${SERVICES} services: median ${took[10].toFixed(1)} ms, slowest ${took[19].toFixed(1)} ms, debug build`);
  const { page, errors } = await open(t);
  await page.goto(eastwest.url);
  assert.equal(await page.locator("table.services tbody tr").count(), 50);
  await judge(page, errors, "thousands-light");
  await page.getByRole("link", { name: "Next" }).click();
  await page.getByText("Page 2 of 100").waitFor();
  await page.getByLabel("Search").first().fill("4321");
  await page.keyboard.press("Enter");
  await page.getByText(/1 of 5000 services/).waitFor();
  assert.equal(await page.locator("table.services tbody tr").count(), 1);
});
