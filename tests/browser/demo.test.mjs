// The demo story in which things go wrong on purpose, as a person meets it: the printed address, then each page.

import assert from "node:assert/strict";
import test from "node:test";
import { judge, open } from "./browser.mjs";
import { demo, until } from "./world.mjs";

// What must be on the pages once the story has come to rest: each thing that the demo has go wrong.
const GOES_WRONG = ["Conflict", "RolledBack", "Contended", "MassChange", "Ambiguous"];

test("the story of a fleet in trouble", { timeout: 600_000 }, async (t) => {
  const eastwest = await demo(t, "--fleet", "chaos");
  const reasons = async () => new Set((await eastwest.services()).map(({ reason }) => reason).filter(Boolean));
  await until(
    () => `all of ${GOES_WRONG}:\n${eastwest.run.output.slice(-3000)}`,
    async () => {
      const there = await reasons().catch(() => new Set());
      return GOES_WRONG.every((reason) => there.has(reason));
    },
    400_000,
  );
  const services = await eastwest.services();
  const of = (reason) => services.find((service) => service.reason === reason).service;
  const { namespaces } = await (await fetch(`${eastwest.url}/api/v1/namespaces`)).json();
  const pages = {
    fleet: "/",
    plan: "/plan",
    events: "/events",
    namespace: `/namespaces/${namespaces[0].name}`,
    ...Object.fromEntries(GOES_WRONG.map((reason) => [reason.toLowerCase(), `/services/${of(reason)}`])),
  };
  for (const look of ["light", "narrow-dark"]) {
    const { page, errors } = await open(t, look);
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(eastwest.url + path);
      await judge(page, errors, `demo-${name}-${look}`);
      if (name === "namespace") continue;
      const text = await page.locator("main").innerText();
      assert.ok(!/\bns-[a-z0-9]{8,}/.test(text), `${path} names a namespace by its id:\n${text}`);
    }
    await page.goto(eastwest.url);
    const rows = await page.locator("table.services tbody tr").allInnerTexts();
    assert.match(rows[0], /broken/, "what needs a person comes first");
    assert.match(await page.locator("#summary").innerText(), /services? needs? a person/);
  }
});
