// Pictures of the explorer for docs/which-file.md: node docs/images/explorer.mjs CHROMIUM EXPLORER_PAGE FOLDER
import { join } from "node:path";
import { chromium } from "../../tests/explorer_browser/node_modules/playwright-core/index.mjs";

const [, , chromiumPath, page, folder] = process.argv;
/** The view of each question, the first and last part of the page that answer it, and what the answer has to say. */
const QUESTIONS = [
  ["#figure=t_2a_1_1_15&kind=count&place=OH&year=2023", "#form", "#trend", "For release"],
  ["#figure=t_2a_1_1_17&kind=rate&place=US&year=2023", "#states", "#states", "by state"],
  ["#figure=t_2a_3_6_15&kind=percentage&place=OH&with=US&year=2023", "#title", "#interval", "The intervals overlap"],
  ["#figure=t_2b_1_1_4&kind=count&place=CA&year=2023", "#title", "#answer", "Not for release"],
  ["#figure=t_2a_1_1_2&kind=count&place=US&year=2023&by=7", "#breakdown", "#breakdown", "Intimate partner"],
];

const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
const shown = await browser.newPage({ viewport: { width: 900, height: 900 } });
for (const [at, [view, first, last, said]] of QUESTIONS.entries()) {
  await shown.goto("about:blank");
  await shown.goto(page + view);
  await shown.waitForSelector("body[data-ready]");
  if (!(await shown.innerText("body")).includes(said)) {
    throw new Error(`question ${at + 1}: the page of ${view} does not say "${said}"; choose another place`);
  }
  const [begin, end] = await Promise.all([first, last].map((part) => shown.locator(part).boundingBox()));
  await shown.screenshot({
    path: join(folder, `explorer-${at + 1}.png`), fullPage: true,
    clip: { x: 0, y: begin.y - 10, width: 900, height: end.y + end.height - begin.y + 20 },
  });
}
await browser.close();
