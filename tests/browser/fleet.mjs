// A fleet in which most things that a person must see are so at once.

import { NAMESPACE } from "./world.mjs";

const server = (alias, more = {}) => ({ mode: "client-server", namespace: NAMESPACE, alias, ...more });
const client = (more = {}) => ({ mode: "client", namespace: NAMESPACE, ...more });
const BREAKER = { deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } } };

// How many services wait for consent, more than BRAKE allows.
export const WAITING = 6;
export const BRAKE = ["--mass-change", "4"];

export const trouble = async (sim) => {
  await sim.namespace(NAMESPACE);
  await sim.namespace("batch.myapp");
  await sim.cluster("prod");
  await sim.service("catalog", { port: 8080, tag: server("catalog:80") });
  await sim.service("web", { port: 8080, tag: client({ needs: "catalog orders" }), environment: { CATALOG: "http://catalog:80" } });
  await sim.service("orders", { port: 8080, tag: server("orders:80"), ...BREAKER });
  await sim.service("twin", { port: 8080, tag: server("catalog:80", { "discovery-name": "catalog" }) });
  await sim.service("typo", { port: 8080, tag: { mode: "clinet", namespace: NAMESPACE } });
  await sim.service("lost", { port: 8080, tag: client({ needs: "nowhere" }) });
  await sim.service("paused", { port: 8080, tag: client({ pause: "true" }) });
  await sim.service("job", { port: 8080 });
  for (let n = 1; n <= WAITING; n += 1) {
    await sim.service(`batch-${n}`, { port: 8080, tag: { mode: "client", namespace: "batch.myapp" } });
  }
  await sim.advance(120);
  await sim.control("rollout", { service: "prod/orders", seconds: 5, outcome: "fail" });
};

// Until nothing moves any more but what a person must do.
export const settled = async (eastwest) => {
  await eastwest.service("prod/catalog", { standing: "inOrder" });
  await eastwest.service("prod/orders", { reason: "RolledBack" });
  await eastwest.service("prod/twin", { reason: "Conflict" });
  await eastwest.service("prod/typo", { standing: "broken" });
  await eastwest.service("prod/batch-1", { reason: "MassChange" });
};
