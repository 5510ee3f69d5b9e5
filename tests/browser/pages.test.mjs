// Every page in every look, with a fleet in trouble: pictures, axe, no sideways scroll; and what a person does on them.

import assert from "node:assert/strict";
import test from "node:test";
import { judge, LOOKS, open } from "./browser.mjs";
import { BRAKE, settled, trouble, WAITING } from "./fleet.mjs";
import { Eastwest, NAMESPACE, Sim, TOKEN, until } from "./world.mjs";

const PAGES = {
  fleet: "/",
  "fleet-filtered": "/?q=catalog&standing=broken",
  "service-in-order": "/services/prod/catalog",
  "service-rolled-back": "/services/prod/orders",
  "service-conflict": "/services/prod/twin",
  "service-invalid": "/services/prod/typo",
  "service-not-opted-in": "/services/prod/job",
  namespace: `/namespaces/${NAMESPACE}`,
  plan: "/plan",
  events: "/events",
  "events-none": "/events?q=nothing-has-this-word",
  login: "/login",
  "not-there": "/services/prod/nobody",
};

const start = async (t) => {
  const sim = await Sim.start(t, "--speed", "20");
  await trouble(sim);
  const eastwest = await (await Eastwest.start(t, sim, "--cluster", "prod", ...BRAKE)).ready();
  await settled(eastwest);
  return { sim, eastwest };
};

const signIn = async (page, eastwest) => {
  await page.goto(`${eastwest.url}/login`);
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("status").filter({ hasText: "signed in" }).waitFor();
};

test("every page of a fleet in trouble", async (t) => {
  const { sim, eastwest } = await start(t);

  for (const look of Object.keys(LOOKS)) {
    await t.test(`has no findings in ${look}`, async (t) => {
      const { page, errors } = await open(t, look);
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(eastwest.url + path);
        await judge(page, errors, `${name}-${look}`);
      }
      await signIn(page, eastwest);
      for (const name of ["fleet", "service-rolled-back", "plan"]) {
        await page.goto(eastwest.url + PAGES[name]);
        await judge(page, errors, `${name}-signed-in-${look}`);
      }
    });
  }

  await t.test("says first what needs a person, and why", async (t) => {
    const { page } = await open(t);
    await page.goto(eastwest.url);
    const rows = await page.locator("table.services tbody tr").allInnerTexts();
    const standings = await page.locator("table.services tbody .standing").allInnerTexts();
    const broken = standings.filter((standing) => standing === "broken").length;
    assert.ok(broken >= 4, standings.join());
    assert.ok(standings.slice(0, broken).every((standing) => standing === "broken"), standings.join());
    assert.match(await page.locator("#summary").innerText(), new RegExp(`${broken} services need a person`));
    const twin = rows.find((row) => row.includes("twin"));
    assert.match(twin, /Conflict.*catalog/s);
  });

  await t.test("tells how old it is, and refuses in its own look what it does not understand", async (t) => {
    const { page, errors } = await open(t);
    await page.goto(eastwest.url);
    const clusters = page.getByRole("region", { name: "Clusters" });
    assert.match(await clusters.innerText(), /prod.*Read whole \d+ (s|min) ago/s);
    for (const path of ["/plan?done=a&done=b", "/services/prod/catalog?done=a&done=b", "/assets/style-0.css"]) {
      const answer = await page.goto(eastwest.url + path);
      assert.equal(answer.status(), path.startsWith("/assets/") ? 404 : 400, path);
      assert.match(answer.headers()["content-security-policy"], /^default-src 'self'/, path);
      assert.equal(await page.getByRole("navigation", { name: "Pages" }).count(), 1, path);
    }
    await judge(page, errors, "asset-not-there");
  });

  await t.test("shows what is wrong with a declaration where the plan holds it", async (t) => {
    const { page } = await open(t);
    await page.goto(`${eastwest.url}/plan`);
    assert.match(await page.locator("#hold-Ambiguous").innerText(), /eastwest\/mode=.*clinet.*did you mean "client"/s);
  });

  await t.test("reads fine without scripts", async (t) => {
    const { page } = await open(t, "light", { javaScriptEnabled: false });
    await page.goto(eastwest.url);
    await page.getByLabel("Search").first().fill("orders");
    await page.getByRole("button", { name: "Filter" }).click();
    // Its client is found too: the reason why that waits names it.
    const found = await page.locator("table.services tbody tr").allInnerTexts();
    assert.match(found[0], /prod\/orders/);
    assert.ok(found.length <= 2 && found.every((row) => row.includes("orders")), found.join("\n"));
    await page.locator("#list").getByRole("link", { name: /orders/ }).first().click();
    await page.getByRole("heading", { name: "orders" }).waitFor();
    assert.match(await page.locator("#fields").innerText(), /alias host/);
  });

  await t.test("is worked by the keyboard alone", async (t) => {
    const { page } = await open(t);
    await page.goto(eastwest.url);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "the focus is seen");
  });

  await t.test("shows wanted beside what is in force, with the source", async (t) => {
    const { page } = await open(t);
    await page.goto(`${eastwest.url}/services/prod/orders`);
    const row = page.locator("table.fields tr", { hasText: "alias host" });
    assert.deepEqual(await row.locator("td").allInnerTexts(), [
      "orders",
      "–",
      "tag eastwest/alias\nover orders.internal.myapp (built in)",
    ]);
    assert.match(await row.locator("th").innerText(), /differs/);
    assert.match(await page.locator("#now").innerText(), /RolledBack.*It ends/s);
    assert.match(await page.locator("#deployments").innerText(), /failed|rolled back/);
  });

  await t.test("draws who calls whom, and says the same in a table", async (t) => {
    const { page } = await open(t);
    await page.goto(`${eastwest.url}/namespaces/${NAMESPACE}`);
    const drawn = await page.locator("svg.graph .call title").allTextContents();
    const rows = await page.locator("#calls tbody tr").count();
    assert.equal(drawn.length, rows);
    assert.ok(drawn.some((title) => /prod\/web calls prod\/catalog at catalog:80/.test(title)), drawn.join("\n"));
    assert.ok(drawn.some((title) => /prod\/lost calls nowhere .*: missing/.test(title)), drawn.join("\n"));
  });

  await t.test("follows what happens, and leaves focus and what is typed alone", async (t) => {
    const { page, errors } = await open(t);
    await page.goto(eastwest.url);
    await page.locator("#live.on").waitFor();
    await page.getByLabel("Search").first().fill("half a wo");
    const before = await page.evaluate(() => performance.getEntriesByType("navigation").length);
    const { services } = await sim.call("ecs", "DescribeServices", { cluster: "prod", services: ["typo"] });
    await sim.tag(services[0].serviceArn, { mode: "client" });
    await page.locator("tr:not(.broken)", { hasText: "typo" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "q");
    assert.equal(await page.getByLabel("Search").first().inputValue(), "half a wo");
    assert.equal(await page.evaluate(() => performance.getEntriesByType("navigation").length), before);
    assert.deepEqual(errors, []);
  });

  await t.test("has buttons for who shows the token: acknowledge, retry, sign out", async (t) => {
    const { page, context, errors } = await open(t);
    await page.goto(`${eastwest.url}/plan`);
    assert.equal(await page.getByRole("button", { name: /Acknowledge/ }).count(), 0);
    await page.goto(`${eastwest.url}/login`);
    await page.getByLabel("Token").fill("not-the-token-at-all");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "not the token" }).waitFor();
    assert.deepEqual(await context.cookies(), []);
    await signIn(page, eastwest);
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, "Strict", "/"]);
    assert.equal(await page.evaluate(() => document.cookie), "");
    await page.goto(`${eastwest.url}/plan`);
    await page.getByRole("button", { name: `Acknowledge these ${WAITING} changes` }).click();
    await page.getByRole("status").filter({ hasText: "acknowledged" }).waitFor();
    for (let n = 1; n <= WAITING; n += 1) await eastwest.service(`prod/batch-${n}`, { standing: "inOrder" });
    await page.goto(`${eastwest.url}/services/prod/orders`);
    await page.getByRole("button", { name: /Retry/ }).click();
    // What failed has stopped the wave of its namespace, so that the retry waits for the next one.
    await eastwest.service("prod/orders", { standing: "held", reason: "Budget" });
    await page.goto(`${eastwest.url}/events?kind=request`);
    const asked = await page.locator(".event").allInnerTexts();
    assert.match(asked[0], /prod\/orders.*a person asked for a retry/s);
    assert.match(asked[1], /a person acknowledged plan [0-9a-f]{12}: 6 changes/);
    await page.goto(`${eastwest.url}/services/prod/catalog`);
    await page.getByRole("button", { name: "Look now" }).click();
    await page.getByRole("status").filter({ hasText: "looks now" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/services/prod/catalog");
    await page.goto(`${eastwest.url}/plan`);
    await page.getByRole("button", { name: "Look now at everything" }).click();
    await page.getByRole("status").filter({ hasText: "looks now" }).waitFor();
    await page.goto(`${eastwest.url}/events?kind=request`);
    const looks = (await page.locator(".event").allInnerTexts()).filter((text) => /a person asked for a look/.test(text));
    assert.equal(looks.length, 2, looks.join("\n"));
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("status").filter({ hasText: "signed out" }).waitFor();
    await page.goto(`${eastwest.url}/services/prod/orders`);
    assert.equal(await page.getByRole("button", { name: "Look now" }).count(), 0);
    assert.deepEqual(errors, []);
    await judge(page, errors, "service-after-retry-light");
  });

  await t.test("pauses a service and a cluster for a time, and lets them go on", async (t) => {
    const { page, errors } = await open(t);
    const pauses = page.locator("#pauses");
    await page.goto(`${eastwest.url}/services/prod/catalog`);
    assert.equal(await page.getByRole("button", { name: "Pause" }).count(), 0, "only with the token");
    await signIn(page, eastwest);
    await page.goto(`${eastwest.url}/services/prod/catalog`);
    await page.locator("#minutes").selectOption("15 minutes");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByRole("status").filter({ hasText: "Paused." }).waitFor();
    await pauses.getByText("Paused on the dashboard: prod/catalog, until ").waitFor();
    await judge(page, errors, "service-paused-light");
    await page.goto(eastwest.url);
    await page.locator("#paused-cluster").selectOption("cluster prod");
    await page.locator("#minutes").selectOption("4 hours");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await pauses.getByText("Paused on the dashboard: cluster prod, until ").waitFor();
    await judge(page, errors, "fleet-paused-light");
    await page.getByRole("button", { name: /^Go on: .*cluster prod/ }).click();
    await page.getByRole("status").filter({ hasText: "The pause is ended." }).waitFor();
    await page.goto(`${eastwest.url}/services/prod/catalog`);
    await pauses.getByRole("button", { name: /^Go on: .*prod\/catalog/ }).click();
    await page.getByRole("status").filter({ hasText: "The pause is ended." }).waitFor();
    await pauses.getByText("Paused").waitFor({ state: "detached" });
    await page.goto(`${eastwest.url}/events?kind=request`);
    const asked = await page.locator(".event").allInnerTexts();
    assert.match(asked[0], /prod\/catalog.*a person ended the pause of prod\/catalog/s);
    assert.match(asked[2], /a person paused cluster prod on the dashboard, until /);
    assert.deepEqual(errors, []);
  });

  await t.test("does nothing for a form of another site, nor without a session", async (t) => {
    const { page, context } = await open(t);
    await signIn(page, eastwest);
    const [{ name, value }] = await context.cookies();
    const send = async (headers) => {
      const all = { "Content-Type": "application/x-www-form-urlencoded", ...headers };
      const body = "service=prod%2Fcatalog&minutes=15";
      const request = { method: "POST", headers: all, body, redirect: "manual" };
      const statuses = [];
      for (const action of ["look", "pause", "resume"]) {
        statuses.push((await fetch(`${eastwest.url}/actions/${action}`, request)).status);
      }
      // Only what is paused goes on, and a pause that was asked for a moment ago may not be in force yet.
      assert.equal(statuses[0], statuses[1]);
      assert.ok(statuses[2] === statuses[0] || statuses[2] === 404, statuses.join());
      return statuses[0];
    };
    const cookie = { Cookie: `${name}=${value}` };
    assert.equal(await send({ ...cookie, Origin: "http://evil.example" }), 403);
    assert.equal(await send({ ...cookie, Origin: "null" }), 403);
    assert.equal(await send({ ...cookie, "Sec-Fetch-Site": "cross-site" }), 403);
    assert.equal(await send({ ...cookie, "Sec-Fetch-Site": "same-site", Origin: eastwest.url }), 403);
    assert.equal(await send(cookie), 403, "a browser always says where a form comes from");
    assert.equal(await send({ Origin: eastwest.url }), 401);
    assert.equal(await send({ Cookie: `${name}=${"0".repeat(64)}`, Origin: eastwest.url }), 401);
    assert.equal(await send({ ...cookie, Origin: eastwest.url }), 303);
    // The same from a page of another site in this very browser: the cookie does not go with it.
    const host = new URL(eastwest.url).host;
    await page.route("http://evil.example/", (route) => {
      const form = `<form method=post action="http://${host}/actions/look"><input name=service value=prod/web></form>`;
      route.fulfill({ contentType: "text/html", body: `${form}<script>document.forms[0].submit()</script>` });
    });
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().endsWith("/actions/look")),
      page.goto("http://evil.example/").catch(() => {}),
    ]);
    assert.equal(answer.status(), 403);
    const asked = await (await fetch(`${eastwest.url}/api/v1/events?kind=request&limit=1000`)).json();
    assert.ok(asked.events.every((event) => event.service !== "prod/web"), JSON.stringify(asked));
  });
});

test("a fleet of nothing says so", async (t) => {
  const sim = await Sim.start(t);
  const eastwest = await Eastwest.start(t, sim);
  const { page, errors } = await open(t);
  await page.goto(eastwest.url);
  assert.match(await page.locator("#list").innerText(), /No service was read yet/);
  await judge(page, errors, "fleet-empty-light");
  await until("live", () => page.locator("#live.on").count());
});

test("who leads a cluster is told beside it, also where nobody can know", async (t) => {
  const sim = await Sim.start(t, "--speed", "20");
  await sim.cluster("prod");
  await sim.service("job", { port: 8080 });
  // The pretend AWS has no DynamoDB, so that no lease can be read.
  const eastwest = await Eastwest.start(t, sim, "--cluster", "prod", "--lease-table", "nowhere");
  await eastwest.service("prod/job", { standing: "notOptedIn" });
  const { page, errors } = await open(t);
  await page.goto(eastwest.url);
  await page.getByRole("region", { name: "Clusters" }).getByText(/the lease of cluster prod cannot be read: /).waitFor();
  await judge(page, errors, "fleet-without-lease-light");
});
