// The programs under test as child processes, and hands that make a fleet through ordinary AWS calls.
//
// Nothing here sleeps for a fixed time: a wait polls until its condition holds or its time is over.

import { execFileSync, spawn } from "node:child_process";
import http from "node:http";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");
export const TOKEN = "a-token-of-the-browser-tests";
export const NAMESPACE = "internal.myapp";
const PATIENCE = 120_000;
const APIS = { ecs: "AmazonEC2ContainerServiceV20141113", servicediscovery: "Route53AutoNaming_v20170314" };

const target = JSON.parse(
  execFileSync("cargo", ["metadata", "--format-version=1", "--no-deps", "--offline"], { cwd: ROOT, encoding: "utf8" }),
).target_directory;

export const PICTURES = path.join(target, "pictures");
export const CHROMIUM_HOME = path.join(target, "chromium");
mkdirSync(PICTURES, { recursive: true });

const program = (name) => {
  const file = path.join(target, "debug", name);
  if (!existsSync(file)) throw new Error(`${file} is missing; run: cargo build --workspace`);
  return file;
};

export const until = async (what, condition, patience = PATIENCE) => {
  const end = Date.now() + patience;
  for (let pause = 20; ; pause = Math.min(2 * pause, 250)) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${patience / 1000} s: ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
};

// A program until the test is over. Its output is kept, so that a failure can show it.
class Program {
  constructor(t, command, environment, port) {
    const clean = Object.entries(process.env).filter(([name]) => !/^(AWS|EASTWEST)_/.test(name));
    this.output = "";
    this.child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...Object.fromEntries(clean), NO_PROXY: "127.0.0.1,localhost", ...environment },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on("data", (text) => (this.output += text));
    }
    t.after(() => this.child.kill("SIGKILL"));
    this.port = until(() => this.output, () => port.exec(this.output)?.[1]);
  }
}

// The pretend AWS.
export class Sim {
  static async start(t, ...flags) {
    const run = new Program(t, [program("eastwest-sim"), "--listen", "127.0.0.1:0", ...flags], {}, /127\.0\.0\.1:(\d+)/);
    const sim = new Sim();
    sim.url = `http://127.0.0.1:${await run.port}`;
    return sim;
  }

  async call(api, operation, body) {
    const answer = await fetch(this.url, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": `${APIS[api]}.${operation}`,
        Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/${api}/aws4_request, SignedHeaders=host, Signature=00`,
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  async control(name, body) {
    const answer = await fetch(`${this.url}/_sim/${name}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
  }

  advance(seconds) {
    return this.control("clock", { advance_s: seconds });
  }

  async namespace(name) {
    const request = { Name: name, Vpc: "vpc-0a1b2c3d", CreatorRequestId: name };
    const { OperationId } = await this.call("servicediscovery", "CreatePrivateDnsNamespace", request);
    await until(`namespace ${name}`, async () => {
      const { Operation } = await this.call("servicediscovery", "GetOperation", { OperationId });
      if (Operation.Status !== "SUCCESS") await this.advance(1);
      return Operation.Status === "SUCCESS";
    });
  }

  cluster(name) {
    return this.call("ecs", "CreateCluster", { clusterName: name });
  }

  // A service with a task definition of its own. `tag` holds eastwest tags by their short names.
  async service(name, { cluster = "prod", port, tag = {}, connect, environment = {}, ...more } = {}) {
    const container = {
      name: "app",
      image: "example/app:1",
      essential: true,
      portMappings: port ? [{ name: "http", containerPort: port, protocol: "tcp", appProtocol: "http" }] : [],
      environment: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
    };
    const { taskDefinition } = await this.call("ecs", "RegisterTaskDefinition", {
      family: name,
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu: "512",
      memory: "1024",
      containerDefinitions: [container],
    });
    return this.call("ecs", "CreateService", {
      cluster,
      serviceName: name,
      taskDefinition: taskDefinition.taskDefinitionArn,
      launchType: "FARGATE",
      desiredCount: 2,
      enableECSManagedTags: true,
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-0a1b2c3d"] } },
      tags: Object.entries(tag).map(([key, value]) => ({ key: `eastwest/${key}`, value })),
      ...(connect ? { serviceConnectConfiguration: connect } : {}),
      ...more,
    });
  }

  tag(arn, tag) {
    const tags = Object.entries(tag).map(([key, value]) => ({ key: `eastwest/${key}`, value }));
    return this.call("ecs", "TagResource", { resourceArn: arn, tags });
  }
}

// A proxy in front of the pretend AWS that changes answers, as a hostile or strange AWS would, and requests before.
export const between = async (t, sim, change, before = (text) => text) => {
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const { host, connection, "content-length": length, ...headers } = request.headers;
      const body = request.method === "GET" ? undefined : before(Buffer.concat(chunks).toString());
      const answer = await fetch(sim.url + request.url, { method: request.method, headers, body });
      const text = change(headers["x-amz-target"] ?? "", await answer.text());
      response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "text/plain" });
      response.end(text);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}` };
};

// A port of this machine that nobody uses now.
const freePort = async () => {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
};

// The demo, as a person starts it: its dashboard's address is the first thing that it prints.
export const demo = async (t, ...flags) => {
  const places = ["--sim", `127.0.0.1:${await freePort()}`, "--listen", `127.0.0.1:${await freePort()}`];
  const run = new Program(t, [program("eastwest-demo"), ...places, ...flags], {}, /Open the dashboard: (http:\/\/127\.0\.0\.1:\d+)\//);
  const eastwest = new Eastwest();
  eastwest.run = run;
  eastwest.url = await run.port;
  return eastwest;
};

// `eastwest run` against an AWS at this address.
export class Eastwest {
  static async start(t, endpoint, ...flags) {
    const policy = flags.includes("--policy") ? [] : ["--policy", "sync"];
    const command = [program("eastwest"), "run", ...policy, "--interval", "1s", "--start-up-pause", "0s"];
    const environment = {
      AWS_ENDPOINT_URL: endpoint.url,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "eu-west-1",
      AWS_EC2_METADATA_DISABLED: "true",
      EASTWEST_TOKEN: TOKEN,
    };
    const listen = ["--listen", "127.0.0.1:0", "--log-format", "json"];
    const run = new Program(t, [...command, ...listen, ...flags], environment, /"listen":"127\.0\.0\.1:(\d+)"/);
    const eastwest = new Eastwest();
    eastwest.run = run;
    eastwest.url = `http://127.0.0.1:${await run.port}`;
    return eastwest;
  }

  // Once the first complete view is there. An account without a cluster never has one.
  async ready() {
    await until(() => this.run.output, async () => (await fetch(`${this.url}/readyz`)).ok);
    return this;
  }

  async services() {
    return (await (await fetch(`${this.url}/api/v1/services`)).json()).services;
  }

  // Waits until a service has these members.
  service(name, members) {
    const is = (found) => Object.entries(members).every(([key, value]) => found[key] === value);
    let last;
    return until(
      () => `${name} as ${JSON.stringify(members)}, but ${JSON.stringify(last)}\n${this.run.output.slice(-2000)}`,
      async () => {
        last = (await this.services()).find((each) => each.service === name);
        return last && is(last) && last;
      },
    );
  }
}
