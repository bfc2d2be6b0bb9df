// The page: a view is read from the address, its numbers are read, and the parts are drawn anew.

import { addressOf, viewOf } from "./address.js";
import { Controls } from "./controls.js";
import { h } from "./dom.js";
import { saveCsv } from "./download.js";
import { filesRead } from "./loading.js";
import { Numbers } from "./numbers.js";
import * as sections from "./sections.js";
import { ViewData } from "./view_data.js";

const FIRST_FIGURE = "t_2a_1_1_17";
const settings = JSON.parse(document.querySelector("#settings").textContent);
const years = [...settings.years].sort();
const numbers = new Numbers(settings.estimates);
const place = (id) => document.querySelector(`#${id}`);
const controls = new Controls((change) => go({ ...shown.view, ...change }), [...years].reverse());
const shown = { view: null, parts: [], withStates: false };
let newest = 0;

function go(view) {
  const address = addressOf(view);
  if (address === location.hash) render();
  else location.hash = address;
}

/** A whole view from what an address says, and what had to be changed. */
function completed(asked, catalog, year) {
  const told = [];
  const known = (what, value, there, instead) => {
    if (value === undefined || there) return value ?? instead;
    told.push(`This address asks for the ${what} “${value}”, which is not here.`);
    return instead;
  };
  const figure = known("figure", asked.figure, catalog.figure(asked.figure ?? ""),
    catalog.figure(FIRST_FIGURE) ? FIRST_FIGURE : [...catalog.totals.keys()][0]);
  const first = catalog.geographies[0].id;
  const where = known("place", asked.place, catalog.places.has(asked.place), first);
  const other = known("place", asked.other, !asked.other || catalog.places.has(asked.other), "");
  const kinds = catalog.kindsOf(catalog.figure(figure));
  if (asked.year !== undefined && asked.year !== year) told.push(`There are no estimates of ${asked.year}.`);
  return {
    view: { figure, kind: kinds.includes(asked.kind) ? asked.kind : kinds[0], place: where,
      other: other === where ? "" : other, year, by: asked.by || "" },
    told,
  };
}

async function render({ focus = false } = {}) {
  const mine = ++newest;
  const asked = viewOf(location.hash);
  const year = years.includes(asked.year) ? asked.year : years.at(-1);
  try {
    const catalog = await numbers.readYear(year);
    const { view, told } = completed(asked, catalog, year);
    const figure = catalog.figure(view.figure);
    const places = [view.place, view.other].filter(Boolean);
    await Promise.all(places.map((id) => numbers.readFigure(year, id, figure)));
    if (mine !== newest) return;
    shown.view = view;
    controls.show(view, catalog);
    draw(told);
    if (focus) place("title").focus();
    const before = filesRead();
    await readRest(view, figure, places);
    if (mine !== newest) return;
    if (filesRead() > before) draw(told);
    document.body.dataset.ready = addressOf(view);
  } catch (error) {
    // What stands there already, such as that nothing of it is real, stays.
    place("told").append(h("p", { class: "warning", role: "alert" }, `${error.message}. Try again, or open the index page.`));
  }
}

/** What is read after the answer stands there: the other years, the rows of the section, and the states. */
async function readRest(view, figure, places) {
  const catalog = numbers.catalogs.get(view.year);
  const { section } = new ViewData(view, numbers, years);
  const earlier = years.filter((year) => year !== view.year).map(async (year) => {
    const known = await numbers.readYear(year);
    const same = known.figure(view.figure);
    if (same) await Promise.all(places.map((id) => numbers.readFigure(year, id, same)));
  });
  const rows = section ? places.map((id) => numbers.readFigure(view.year, id, catalog.rowsOf(figure, section)[0])) : [];
  const states = figure.section && shown.withStates
    ? catalog.grid.map((tile) => numbers.readFigure(view.year, tile.id, figure)) : [];
  await Promise.all([...earlier, ...rows, ...states]);
}

function draw(told) {
  const data = new ViewData(shown.view, numbers, years);
  const haveStates = !data.figure.section || shown.withStates;
  document.title = `${data.title}: NIBRS estimates`;
  place("told").replaceChildren(...data.catalog.notices.map((notice) => h("p", { class: "warning", role: "note" }, notice)),
    ...told.map((text) => h("p", { class: "warning", role: "alert" }, text)));
  place("title").textContent = data.title;
  place("answer").replaceChildren(...sections.answer(data).filter(Boolean));
  shown.parts = [
    sections.pictures(data), sections.trend(data), sections.breakdown(data, (change) => go({ ...shown.view, ...change })),
    ...sections.states(data, haveStates, () => { shown.withStates = true; render(); }), sections.source(data, settings.estimates),
  ].filter(Boolean);
  const held = document.activeElement?.id;
  place("parts").replaceChildren(...shown.parts);
  if (held === "by") place("by")?.focus();
  drawPictures();
}

const drawPictures = () => shown.parts.forEach((part) => part.draw?.());

function begin() {
  place("form").replaceChildren(controls.element);
  place("csv").addEventListener("click", () => {
    const data = new ViewData(shown.view, numbers, years);
    saveCsv(`nibrs-${data.figure.name}-${shown.view.place}-${shown.view.year}.csv`, data.lines());
  });
  place("link").addEventListener("click", async (event) => {
    history.replaceState(null, "", addressOf(shown.view));
    await navigator.clipboard?.writeText(location.href).catch(() => undefined);
    event.target.textContent = "Address is in the address bar";
  });
  addEventListener("hashchange", () => render({ focus: document.activeElement?.closest?.("#parts") || document.activeElement === document.body }));
  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawPictures, 150);
  });
  render();
}

begin();
