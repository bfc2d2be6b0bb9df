// Uses the explorer as a visitor does, and tells what is seen: node look.mjs CHROMIUM < {"page": address, "views": [...]}
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const asked = JSON.parse(readFileSync(0, "utf8"));
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox", "--disable-gpu"] });
const seen = { complaints: [], requests: [], barriers: [], views: [] };

async function open(options, view = "") {
  const page = await browser.newPage(options);
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) seen.complaints.push(message.text()); });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) seen.requests.push(request.url()); });
  await page.goto(asked.page + view);
  await page.waitForSelector("body[data-ready]");
  return page;
}

async function go(page, view) {
  await page.evaluate((hash) => { delete document.body.dataset.ready; location.hash = hash; }, view);
  await page.waitForSelector("body[data-ready]");
}

/** Texts of the page: what stands first, and its tables. */
const texts = (page) => page.evaluate(() => {
  const rows = (id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((row) => [row.querySelector("a").getAttribute("href"), ...[...row.cells].slice(1).map((cell) => cell.textContent)]);
  return {
    statesUnit: document.querySelector("#states thead th:nth-child(2)")?.textContent,
    address: document.body.dataset.ready, title: document.querySelector("#title").textContent,
    headlines: [...document.querySelectorAll(".headline")].map((element) => element.innerText),
    unit: document.querySelector("#interval thead th:nth-child(2)")?.textContent,
    answer: document.querySelector("#answer").innerText, told: document.querySelector("#told").innerText,
    interval: rows("interval"), trend: rows("trend"), breakdown: rows("breakdown"), states: rows("states"),
  };
});

async function barriers(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  seen.barriers.push(...found.violations.map((each) => `${name}: ${each.id}: ${each.nodes[0].html}`));
}

const desk = await open({ viewport: { width: 1280, height: 900 } });
seen.first = await texts(desk);
await barriers(desk, "desk");
for (const view of asked.views) {
  await go(desk, view);
  seen.views.push(await texts(desk));
}

// By keyboard: another place, then a square of the map.
await go(desk, asked.start);
await desk.focus("#place");
await desk.keyboard.press("End");
await desk.keyboard.press("Enter");
await desk.waitForFunction((before) => location.hash !== before, asked.start);
seen.byKeyboard = await desk.evaluate(() => location.hash);
await desk.waitForSelector("body[data-ready]");
await desk.locator("#states svg a").first().focus();
const before = await desk.evaluate(() => location.hash);
await desk.keyboard.press("Enter");
await desk.waitForFunction((hash) => location.hash !== hash, before);
seen.bySquare = await desk.evaluate(() => location.hash);
await go(desk, asked.start);
await desk.fill("#find", "motor theft");
seen.found = await desk.evaluate(() => [...document.querySelectorAll("#crime option")].map((option) => option.textContent));

const [csv] = await Promise.all([desk.waitForEvent("download"), desk.click("#csv")]);
seen.csv = readFileSync(await csv.path(), "utf8");
const [png] = await Promise.all([desk.waitForEvent("download"), desk.locator("#states button").last().click()]);
seen.png = readFileSync(await png.path()).subarray(1, 4).toString("latin1");

await desk.emulateMedia({ media: "print" });
seen.printed = await desk.evaluate(() => [...document.querySelectorAll("#form, button, #states svg, .card")]
  .filter((element) => element.offsetParent !== null || element.getClientRects().length).map((element) => element.localName));
await desk.close();

const phone = await open({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: "dark" }, asked.compared);
seen.phone = await phone.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: innerWidth }));
await barriers(phone, "phone, dark");
await browser.close();
process.stdout.write(JSON.stringify(seen));
