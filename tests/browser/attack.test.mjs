// What others wrote is shown as text, and is never run: tags, names, aliases, and what ECS says.

import assert from "node:assert/strict";
import test from "node:test";
import { judge, open } from "./browser.mjs";
import { between, Eastwest, NAMESPACE, Sim, until } from "./world.mjs";

const SCRIPT = `"><script>window.broken = 1; alert(1)</script><img src=x onerror="window.broken = 1">`;
const TURNED = "\u202eevil\u200b\u0007";
const FACES = "😀".repeat(256);
const MARKS = { TagWithScript: SCRIPT, TagTurnedAround: TURNED, TagWithFaces: FACES };
// What has one of these names in the pretend AWS has a hostile one in what AWS answers. None has a slash, which would part
// an ARN elsewhere.
const hostile = (kind) => `${kind}"><img src=x onerror=window.broken=1>`;
const RENAMED = {
  "renamed-cluster": hostile("cluster"),
  "renamed-service": hostile("service"),
  "renamed.space": `${hostile("space")}.space`,
  "renamed-alias": hostile("alias"),
};
const inJson = (text) => JSON.stringify(text).slice(1, -1);

const rename = (text) => Object.entries(RENAMED).reduce((all, [from, to]) => all.replaceAll(from, inJson(to)), text);
// Back in what is asked, so that the pretend AWS knows of what it is asked.
const restore = (text) => Object.entries(RENAMED).reduce((all, [from, to]) => all.replaceAll(inJson(to), from), text);

// Puts hostile texts where AWS, or a person with access to it, may have put them.
const poison = (target, text) => {
  if (!target.endsWith(".DescribeServices")) return text;
  const answer = JSON.parse(text);
  for (const service of answer.services ?? []) {
    for (const tag of service.tags ?? []) tag.value = MARKS[tag.value] ?? tag.value;
    if (service.serviceName !== "victim") continue;
    for (const deployment of service.deployments) {
      deployment.rolloutState = "FAILED";
      deployment.rolloutStateReason = `${SCRIPT}${TURNED}`;
    }
    const message = `(service victim) was unable to place a task. ${SCRIPT}${TURNED}`;
    service.events = [{ id: "1", createdAt: Date.now() / 1000 + 3600, message }];
  }
  return JSON.stringify(answer);
};

test("hostile texts are shown and do nothing", async (t) => {
  const sim = await Sim.start(t, "--speed", "20");
  await sim.namespace(NAMESPACE);
  await sim.cluster("prod");
  const tag = (more) => ({ mode: "client-server", namespace: NAMESPACE, ...more });
  await sim.service("scripted", { port: 8080, tag: tag({ alias: "TagWithScript" }) });
  await sim.service("turned", { port: 8080, tag: tag({ "discovery-name": "TagTurnedAround" }) });
  await sim.service("faces", { port: 8080, tag: tag({ needs: "TagWithFaces" }) });
  await sim.service("victim", { port: 8080, tag: tag({}) });
  await sim.advance(60);
  const behind = await between(t, sim, poison);
  const eastwest = await (await Eastwest.start(t, behind, "--cluster", "prod")).ready();
  await eastwest.service("prod/scripted", { standing: "broken" });
  await eastwest.service("prod/victim", { standing: "broken" });
  for (const look of ["light", "narrow"]) {
    const { page, errors } = await open(t, look);
    const paths = ["/", "/services/prod/scripted", "/services/prod/turned", "/services/prod/faces", "/services/prod/victim",
      `/namespaces/${NAMESPACE}`, "/plan", "/events", `/?q=${encodeURIComponent(SCRIPT)}`,
      `/services/prod/${encodeURIComponent(SCRIPT)}`, `/namespaces/${encodeURIComponent(SCRIPT)}`,
      `/events?kind=${encodeURIComponent(SCRIPT)}`, `/?cluster=${encodeURIComponent(SCRIPT)}`];
    for (const [at, path] of paths.entries()) {
      await page.goto(eastwest.url + path);
      assert.equal(await page.evaluate(() => window.broken), undefined, path);
      assert.equal(await page.locator("script").count() + await page.locator("img").count() <= 1, true, path);
      await judge(page, errors, `attack-${at}-${look}`);
      const text = await page.locator("main").innerText();
      assert.ok(!/[\u202a-\u202e\u2066-\u2069\u200b\u0007]/.test(text), `${path} turns what is read`);
    }
    await page.goto(`${eastwest.url}/services/prod/victim`);
    assert.match(await page.locator("#now").innerText(), /<script>window\.broken = 1/, "it is shown as it was written");
  }
});

test("hostile names of what AWS has are shown and do nothing", async (t) => {
  const sim = await Sim.start(t, "--speed", "20");
  await sim.namespace("renamed.space");
  await sim.cluster("renamed-cluster");
  const connect = {
    enabled: true,
    namespace: "renamed.space",
    services: [{ portName: "http", discoveryName: "web", clientAliases: [{ port: 80, dnsName: "renamed-alias" }] }],
  };
  const cluster = "renamed-cluster";
  await sim.service("renamed-service", { cluster, port: 8080, connect, tag: { mode: "client-server" } });
  const inside = { enabled: true, namespace: "renamed.space" };
  await sim.service("rival", { cluster, port: 8080, connect: inside, tag: { mode: "client-server", "discovery-name": "web" } });
  await sim.service("caller", { cluster, port: 8080, connect: inside, tag: { mode: "client", needs: "web" } });
  await sim.advance(60);
  const behind = await between(t, sim, (_, text) => rename(text), restore);
  const eastwest = await (await Eastwest.start(t, behind)).ready();
  const graph = `${eastwest.url}/api/v1/graph?namespace=${encodeURIComponent(RENAMED["renamed.space"])}`;
  const services = await until(() => `all services and a call\n${eastwest.run.output.slice(-2000)}`, async () => {
    const services = await eastwest.services();
    const { edges = [] } = await (await fetch(graph)).json();
    return services.length === 3 && edges.length > 0 && services;
  }, 30_000);
  const told = services.map(({ service }) => service).join(" ");
  assert.ok(told.includes(RENAMED["renamed-service"]) && told.includes(RENAMED["renamed-cluster"]), told);
  const { namespaces } = await (await fetch(`${eastwest.url}/api/v1/namespaces`)).json();
  assert.deepEqual(namespaces.map(({ name }) => name), [RENAMED["renamed.space"]]);
  const paths = ["/", "/plan", "/events", `/namespaces/${encodeURIComponent(RENAMED["renamed.space"])}`,
    `/?cluster=${encodeURIComponent(RENAMED["renamed-cluster"])}`,
    `/services/${encodeURIComponent(RENAMED["renamed-cluster"])}/${encodeURIComponent(RENAMED["renamed-service"])}`];
  for (const look of ["light", "narrow"]) {
    const { page, errors } = await open(t, look);
    for (const [at, path] of paths.entries()) {
      await page.goto(eastwest.url + path);
      await judge(page, errors, `attack-names-${at}-${look}`);
      assert.equal(await page.evaluate(() => window.broken), undefined, path);
      assert.equal(await page.locator("img").count(), 0, path);
    }
    await page.goto(eastwest.url);
    const shown = (kind) => new RegExp(`${kind}"><img src=x onerror=window\\.broken=1>`);
    assert.match(await page.locator("main").innerText(), shown("service"), "it is shown as it was written");
    await page.goto(eastwest.url + paths[3]);
    assert.match(await page.locator("#calls").innerText(), shown("alias"), "a deployed alias, too");
  }
});

test("every answer forbids what the pages do not use", async (t) => {
  const sim = await Sim.start(t);
  const eastwest = await Eastwest.start(t, sim);
  const assets = [...(await (await fetch(eastwest.url)).text()).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.equal(assets.length, 3);
  for (const path of ["/", "/plan", "/events", "/login", "/services/no/body", "/namespaces/none", ...assets]) {
    const { headers } = await fetch(eastwest.url + path);
    const policy = headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]) {
      assert.ok(policy.includes(part), `${path} lacks ${part}`);
    }
    assert.ok(!policy.includes("unsafe"), path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    if (!path.startsWith("/assets/")) {
      assert.equal(headers.get("referrer-policy"), "same-origin", path);
      assert.equal(headers.get("cache-control"), "no-store", path);
    }
  }
});
