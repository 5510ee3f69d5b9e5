// A real Chromium, and what must hold of every page in it: no findings of axe, no sideways scroll, no error of a script.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM_HOME, PICTURES } from "./world.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// The three looks in which every page is judged.
export const LOOKS = {
  light: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  narrow: { viewport: { width: 360, height: 740 }, colorScheme: "light" },
  "narrow-dark": { viewport: { width: 360, height: 740 }, colorScheme: "dark" },
};

// The browser that `cargo xtask test` names, else the one that it has unpacked.
const executable = () => {
  const named = process.env.EASTWEST_CHROMIUM;
  if (named) return { executablePath: named, env: process.env };
  const executablePath = path.join(CHROMIUM_HOME, "usr/lib/chromium/chromium");
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: run cargo xtask test --only browser, or name a Chromium in EASTWEST_CHROMIUM`);
  }
  const libraries = path.join(CHROMIUM_HOME, "usr/lib");
  const own = readdirSync(libraries).filter((name) => name.endsWith("-linux-gnu"));
  const folders = own.flatMap((name) => [path.join(libraries, name), path.join(libraries, name, "pulseaudio")]);
  return { executablePath, env: { ...process.env, LD_LIBRARY_PATH: folders.join(":") } };
};

// A context of its own in a browser with an empty folder of its own; both end with the test.
export const open = async (t, look = "light", more = {}) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "eastwest-browser-"));
  const options = { ...executable(), ...LOOKS[look], ...more, args: FLAGS };
  const context = await chromium.launchPersistentContext(folder, options);
  t.after(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    // What a page of status 401 or 404 logs by itself is no error of ours.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) errors.push(message.text());
  });
  page.on("dialog", (dialog) => {
    errors.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  return { context, page, errors };
};

// A page as it is now, judged and kept as a picture.
export const judge = async (page, errors, name) => {
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });
  assert.deepEqual(errors, [], `${name}: errors in the browser`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name}: the page scrolls sideways by ${wide} px`);
  // Through the debugger, so that the page's own policy stays as strict as it is.
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join("\n  ")}`);
  assert.deepEqual(told, [], `${name}: findings of axe`);
};
