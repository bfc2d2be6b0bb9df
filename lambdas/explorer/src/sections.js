// The parts of the page below the form, made from a view's data.

import * as charts from "./charts.js";
import { savePng } from "./download.js";
import { h, table } from "./dom.js";
import {
  certainty, countedAs, figureName, interval, percentageOf, placeName, shown, signed, unitOf, warningOf, withUnit,
} from "./words.js";

const release = (number) => (number.released ? "yes" : "no");
const width = (element) => Math.max(280, Math.min(element.clientWidth, 900));

/** What it is, of each geography: the number, how certain it is, whether it may be quoted, how much is covered. */
export function answer(data) {
  const rows = data.answers();
  const cards = data.places.map((place) => card(data, place, rows.find((row) => row.place === place)));
  return [h("div", { class: "cards" }, ...cards), comparison(data, rows), h("p", { class: "note" }, warningOf(data.figure),
    data.figure.section && data.view.kind === "percentage" ? ` ${percentageOf(data.figure)}` : "")];
}

function card(data, place, row) {
  const head = h("h2", { class: "place" }, placeName(place));
  if (!row) return h("section", { class: "card" }, head, h("p", {}, "There is no such number here."), coverage(place));
  const { number } = row;
  const more = data.otherKinds(place).filter((each) => each.number.released)
    .map((each) => h("p", {}, `${withUnit(each.number, data.figure, each.kind)} (${interval(each.number, each.kind)}).`));
  const change = moved(data, place);
  if (!number.released) {
    return h("section", { class: "card withheld" }, head,
      h("p", { class: "headline" }, "Not for release"), h("p", {}, `Reason: ${number.reason}.`),
      h("details", {}, h("summary", {}, "The number all the same"),
        h("p", { "data-number": place.id }, `${withUnit(number, data.figure, data.view.kind)}. ${certainty(number, data.view.kind)} `
          + "Do not quote it as a finding.")), coverage(place));
  }
  return h("section", { class: "card" }, head,
    h("p", { class: "headline", "data-number": place.id }, h("b", {}, shown(number.value, data.view.kind, number.small)), " ",
      h("span", {}, unitOf(data.figure, data.view.kind))),
    h("p", { "data-interval": place.id }, certainty(number, data.view.kind)), ...more, change,
    h("p", {}, `For release: ${number.reason}.`), coverage(place));
}

function moved(data, place) {
  const change = data.numbers.change(data.view.year, place.id, data.figure.name);
  if (!change?.released || change.value === null) return null;
  const sure = change.lower > 0 || change.upper < 0 ? "" : "; it may as well not have changed";
  return h("p", {}, `Since ${data.view.year - 1}: ${signed(change.value)} in ${data.figure.unit} (${signed(change.lower)} to `
    + `${signed(change.upper)}${sure}).`);
}

function coverage(place) {
  const share = place.covered === null || place.covered === undefined ? null : place.covered / 10;
  return h("div", { class: "coverage" },
    h("p", {}, `${shown(place.respondents, "count")} of ${shown(place.agencies, "count")} agencies report incidents`
      + `${share === null ? "." : `; ${shown(share, "percentage")} % of residents live there.`}`
      + `${place.basis === "estimate" ? "" : " The numbers are no estimates: nothing is known of the others."}`),
    share === null ? null : h("meter", { min: 0, max: 100, value: share, "aria-label": `Residents covered in ${place.name}` },
      `${share} %`));
}

function comparison(data, rows) {
  if (rows.length < 2 || rows.some((row) => !row.number.released || row.number.lower === null)) return null;
  const [one, two] = rows.map((row) => row.number);
  const apart = one.lower > two.upper || two.lower > one.upper;
  const [high, low] = one.value >= two.value ? [0, 1] : [1, 0];
  return h("p", { class: "compared" }, apart
    ? `The intervals lie apart: ${placeName(data.places[high])} has more than ${placeName(data.places[low])}, and chance does `
      + "not explain it."
    : "The intervals overlap: the difference may be chance.",
  data.view.kind === "count" ? " These are numbers, not rates: places with more residents have more." : "");
}

/** A part of the page with a picture, the same as a table, and the picture as a file. */
function part({ id, title, notes, picture, rows, data, caption, heads, unit }) {
  const holder = h("div", { class: "picture" });
  const element = h("section", { class: "part", id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title), ...notes.map((note) => h("p", { class: "note" }, note)), holder);
  if (rows.length === 0) {
    holder.append(h("p", {}, "There is nothing to show."));
    return element;
  }
  element.append(h("div", { class: "under" },
    h("details", {}, h("summary", {}, "The same as a table"), h("div", { class: "wide" }, table(caption, heads, rows))),
    h("button", { type: "button", onclick: () => savePng(`nibrs-${id}.png`, holder.querySelector("svg"),
      [title, `${data.title}. Unit: ${unit}.`, ...notes], [citation(data)]) }, "Picture as PNG")));
  element.draw = () => holder.replaceChildren(picture(width(holder)));
  return element;
}

const HOLLOW = "Hollow and grey, or *: not for release. Arrows: beyond the edge.";

export function pictures(data) {
  const rows = data.answers();
  if (rows.length === 0) return null;
  const { kind } = data.view;
  return part({
    id: "interval", title: "How certain it is", notes: [`Dots: estimates; lines: 95 % intervals, in ${data.unit}. ${HOLLOW}`],
    picture: (room) => charts.intervals(rows, { kind, width: room, label: data.unit, fromZero: false, title: "Estimate and interval" }),
    rows, data, unit: data.unit, caption: `${figureName(data.figure)}, ${data.view.year}`,
    heads: ["Place", `Estimate, ${data.unit}`, "95 % interval", "For release", "Reason"], ...tabled(rows),
  });
}

/** The rows of a table of a part. */
function tabled(rows) {
  return {
    rows: rows.map(({ label, href, number, kind }) => [h("a", { href }, label), shown(number.value, kind, number.small), interval(number, kind),
      release(number), number.reason]),
  };
}

export function trend(data) {
  const rows = data.trend();
  const { kind } = data.view;
  const notes = [`Estimates of each year with 95 % intervals, in ${data.unit}. ${HOLLOW}`];
  if (new Set(rows.map((row) => row.year)).size < 2) notes.push("Only one year is published.");
  return part({
    id: "trend", title: "Over the years", notes, data, unit: data.unit, caption: `${figureName(data.figure)} by year`,
    picture: (room) => charts.trend(rows, { kind, width: room, label: data.unit, title: "Estimates by year" }),
    heads: ["Place and year", `Estimate, ${data.unit}`, "95 % interval", "For release", "Reason"], ...tabled(rows),
  });
}

/** The rows of one section; before they are read, `null` rows. */
export function breakdown(data, choose) {
  const { section } = data;
  if (!section) return null;
  const rows = data.breakdown();
  const kind = rows[0]?.kind ?? "count";
  const unit = unitOf(rows[0]?.figure ?? data.figure, kind);
  const by = ` by ${section.label.charAt(0).toLowerCase()}${section.label.slice(1)}`;
  const made = part({
    id: "breakdown", title: data.figure.crime.endsWith(by) ? data.figure.crime : `${data.figure.crime}${by}`, data, unit,
    notes: [`95 % intervals, in ${unit}. ${HOLLOW}`], caption: `${data.figure.crime}: ${section.label}`,
    picture: (room) => charts.intervals(rows, { kind, width: room, label: unit, title: section.label }),
    heads: [section.label, `Estimate, ${unit}`, "95 % interval", "For release", "Reason"], ...tabled(rows),
  });
  const select = h("select", { id: "by", onchange: (event) => choose({ by: event.target.value }) },
    ...data.sections.map((each) => h("option", { value: each.id, selected: each === section }, each.label)));
  made.querySelector("h2").after(h("div", { class: "control" }, h("label", { for: "by" }, "Break down by"), select));
  return made;
}

/** The states side by side; `ask` reads them where they have not been read. */
export function states(data, read, ask) {
  const title = `${figureName(data.figure)} by state`;
  if (!read) {
    return [h("section", { class: "part", id: "states", "aria-labelledby": "states-title" }, h("h2", { id: "states-title" }, title),
      h("p", { class: "note" }, "Of one row of a table the states are read one by one, some 40 to 90 kB each over the web."),
      h("button", { type: "button", onclick: ask }, "Show the states"))];
  }
  const kind = data.kindOfStates;
  const unit = unitOf(data.figure, kind);
  const all = data.states();
  const ranked = data.ranked();
  const heads = ["State", `Estimate, ${unit}`, "95 % interval", "For release", "Reason"];
  const own = `From each state's own respondents; they do not add up to the nation's.${
    kind === "count" ? " These are numbers, not rates: states with more residents have more." : ""}`;
  return [
    part({
      id: "states", title, data, unit, caption: title, heads, ...tabled(all.filter((row) => row.number)),
      notes: [`In ${unit}; the darker, the more. Dashed, *: not for release. –: no estimate. ${own} A click leads to the state.`],
      picture: (room) => charts.tiles(all, { kind, width: room, title: "The states as squares" }),
    }),
    part({
      id: "ranking", title: "The states in order", data, unit, caption: title, heads, ...tabled(ranked),
      notes: [`With 95 % intervals, in ${unit}. Where intervals overlap the order may be chance. ${HOLLOW}`],
      picture: (room) => charts.intervals(ranked, { kind, width: room, label: unit, title: "The states with intervals" }),
    }),
  ];
}

export function citation(data) {
  const warning = data.catalog.notices.length ? "SIMULATED, NOT REAL. " : "";
  return `${warning}NIBRS estimates ${data.view.year}, nibrs-estimates-${data.view.year}.zip; figure ${data.figure.name}, counted as `
    + `${countedAs(data.figure)}.`;
}

/** Where the numbers stand in the published files. */
export function source(data, folder) {
  const { year } = data.view;
  const home = `${folder}${year}/`;
  const where = data.figure.table
    ? `tables.csv, der_variable_name ${data.figure.name}, PERMUTATION_NUMBER ${data.places.map((place) => place.permutation).join(" and ")}`
    : `offenses.csv, cell ${data.figure.name}, geography ${data.places.map((place) => place.id).join(" and ")}, agency_group “all agencies”`;
  return h("section", { class: "part", id: "source" }, h("h2", {}, "Where this is from"),
    h("p", {}, `In the zip: ${where}.`),
    h("p", {}, h("a", { href: `${home}report.html` }, `Report of ${year}`), ", ",
      h("a", { href: `${home}nibrs-estimates-${year}.zip` }, `nibrs-estimates-${year}.zip`),
      ": its README says how the estimates are made and how to cite them."));
}
