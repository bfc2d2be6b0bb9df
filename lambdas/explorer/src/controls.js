// The form in which a view is chosen. Its elements stay when a view changes, so that the keyboard stays where it is.

import { h } from "./dom.js";
import { countedAs, figureName, placeName } from "./words.js";

const KINDS = { count: () => "Number", rate: (figure) => `Per 100,000 ${figure.over}`, percentage: () => "Per cent" };
const KINDS_OF_PLACES = [["national", "Nation"], ["region", "Regions"], ["state", "States"], ["", "Kinds of agencies"]];

/** Incidents tell less of a crime than its victims and offenses, which come first. */
const order = (figure) => (figure.unit === "incidents" ? 1 : 0);

/** The crimes of a year by name, each with the figures that count it. */
function crimesOf(catalog) {
  const crimes = new Map();
  for (const figure of [...catalog.totals.values()].sort((a, b) => order(a) - order(b))) {
    const name = figure.table ? figureName(figure) : figure.name;
    const key = figure.table ? name : `code ${name}`;
    const label = figure.table ? name : figureName(figure);
    if (!crimes.has(key)) crimes.set(key, { label, figures: [] });
    crimes.get(key).figures.push(figure);
  }
  return [...crimes.values()];
}

const groupOf = (crime) => crime.figures[0].table?.title ?? "By offense code, counted as offense records";

export class Controls {
  /** @param {(change: object) => void} choose is told what was chosen */
  constructor(choose, years) {
    this.choose = choose;
    this.find = h("input", { type: "search", id: "find", autocomplete: "off", placeholder: "such as theft", 
      oninput: () => this.#fillCrimes(), onkeydown: (event) => event.key === "Enter" && this.#chooseFound() });
    this.crime = this.#select("crime", (name) => this.#chooseCrime(name));
    this.counted = this.#select("counted", (name) => this.#chooseCrime(name));
    this.row = this.#select("row", (figure) => choose({ figure, by: "" }));
    this.place = this.#select("place", (place) => choose({ place }));
    this.other = this.#select("other", (other) => choose({ other }));
    this.year = this.#select("year", (year) => choose({ year: Number(year) }));
    this.year.replaceChildren(...years.map((year) => h("option", { value: year }, String(year))));
    this.kinds = h("fieldset", { class: "kinds" }, h("legend", {}, "Show"));
    this.element = h("form", { class: "controls", onsubmit: (event) => event.preventDefault(), "aria-label": "What to show" },
      this.#labelled("find", "Find a crime", this.find), this.#labelled("crime", "Crime", this.crime),
      this.#labelled("counted", "Counted as", this.counted), this.#labelled("row", "Only those with", this.row),
      this.#labelled("place", "Place", this.place), this.#labelled("other", "Compare with", this.other),
      this.#labelled("year", "Year", this.year), this.kinds);
  }

  #select(id, chosen) {
    return h("select", { id, onchange: (event) => chosen(event.target.value) });
  }

  #labelled(id, text, control) {
    return h("div", { class: `control ${id}` }, h("label", { for: id }, text), control);
  }

  /** Show what a view is. */
  show(view, catalog) {
    if (this.catalog !== catalog) {
      this.catalog = catalog;
      this.crimes = crimesOf(catalog);
      this.#fillPlaces(this.place, []);
      this.#fillPlaces(this.other, [h("option", { value: "" }, "nowhere else")]);
    }
    this.view = view;
    this.figure = catalog.figure(view.figure);
    this.total = catalog.totalOf(this.figure);
    this.mine = this.crimes.find((crime) => crime.figures.includes(this.total));
    this.#fillCrimes();
    this.counted.replaceChildren(...this.mine.figures.map((figure) => h("option", { value: figure.name }, countedAs(figure))));
    this.counted.value = this.total.name;
    this.counted.disabled = this.mine.figures.length < 2;
    this.#fillRows();
    this.place.value = view.place;
    this.other.value = view.other;
    this.year.value = String(view.year);
    this.#fillKinds();
  }

  #fillCrimes() {
    const found = this.crimes.filter((crime) => crime === this.mine || this.#isAskedFor(crime));
    const groups = Map.groupBy ? Map.groupBy(found, groupOf) : grouped(found, groupOf);
    this.crime.replaceChildren(...[...groups].map(([label, crimes]) => h("optgroup", { label },
      ...crimes.map((crime) => h("option", { value: crime.figures[0].name }, crime.label)))));
    this.crime.value = this.mine.figures[0].name;
  }

  #isAskedFor(crime) {
    const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    return words.every((word) => crime.label.toLowerCase().includes(word));
  }

  /** The first crime that is asked for in words. */
  #chooseFound() {
    const first = this.crimes.find((crime) => this.#isAskedFor(crime));
    if (first) this.#chooseCrime(first.figures[0].name);
  }

  #fillRows() {
    const { table } = this.figure;
    const all = h("option", { value: this.total.name }, "all of them");
    const sections = table && this.total.row === "" ? table.sections : [];
    this.row.replaceChildren(all, ...sections.map((section) => h("optgroup", { label: section.label },
      ...this.catalog.rowsOf(this.figure, section).map((figure) => h("option", { value: figure.name }, figure.row)))));
    this.row.value = this.figure.name;
    this.row.disabled = sections.length === 0;
  }

  #fillPlaces(select, before) {
    const known = KINDS_OF_PLACES.map(([kind]) => kind);
    const groups = KINDS_OF_PLACES.map(([kind, label]) => h("optgroup", { label },
      ...this.catalog.geographies.filter((place) => (kind ? place.kind === kind : !known.includes(place.kind)))
        .map((place) => ({ place, name: placeName(place) })).sort((a, b) => a.name.localeCompare(b.name))
        .map(({ place, name }) => h("option", { value: place.id }, name))));
    select.replaceChildren(...before, ...groups.filter((group) => group.children.length));
  }

  #fillKinds() {
    const kinds = this.catalog.kindsOf(this.figure);
    const choices = kinds.map((kind) => h("label", {},
      h("input", { type: "radio", name: "kind", value: kind, checked: kind === this.view.kind,
        onchange: () => this.choose({ kind }) }), ` ${KINDS[kind](this.figure)}`));
    const held = document.activeElement?.name === "kind";
    this.kinds.replaceChildren(this.kinds.firstChild, ...choices);
    if (held) this.kinds.querySelector(":checked")?.focus();
  }

  /** Another crime, of the same row where its table has that. */
  #chooseCrime(name) {
    const total = this.catalog.figure(name);
    const { section, row } = this.figure;
    const same = section && total.table === this.figure.table
      ? this.catalog.rowsOf(total, section).find((figure) => figure.row === row) : null;
    this.choose({ figure: (same ?? total).name, by: same ? this.view.by : "" });
  }
}

function grouped(values, keyOf) {
  const groups = new Map();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}
