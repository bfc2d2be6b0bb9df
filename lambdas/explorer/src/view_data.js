// What a view shows, as plain data: the same goes into pictures, tables and the CSV file.

import { addressOf } from "./address.js";
import { figureName, placeName, unitOf } from "./words.js";

/**
 * @typedef {object} Row a number with what it is of
 * @property {string} label
 * @property {import("./numbers.js").Number} number
 * @property {string} href address of the view that it leads to
 * @property {boolean} other whether it is of the geography that is compared with
 */

/** All that pictures need of a view, from what was read. */
export class ViewData {
  constructor(view, numbers, years) {
    this.view = view;
    this.numbers = numbers;
    this.years = years;
    this.catalog = numbers.catalogs.get(view.year);
    this.figure = this.catalog.figure(view.figure);
    this.total = this.catalog.totalOf(this.figure);
    this.places = [view.place, view.other].filter(Boolean).map((id) => this.catalog.places.get(id));
  }

  get unit() {
    return unitOf(this.figure, this.view.kind);
  }

  get title() {
    return `${figureName(this.figure)}, ${this.places.map(placeName).join(" and ")}, ${this.view.year}`;
  }

  /** The sections that a figure can be broken down by. */
  get sections() {
    return this.figure.table && this.total.row === "" ? this.figure.table.sections : [];
  }

  get section() {
    const { by } = this.view;
    return this.sections.find((each) => each.id === by) ?? this.figure.section ?? this.sections[0] ?? null;
  }

  at(change) {
    return addressOf({ ...this.view, ...change });
  }

  #row(place, year, figure, kind, label, change) {
    const number = this.numbers.number(year, place.id, figure.name, kind);
    if (!number?.applies) return null;
    // A link of the other geography leads to it, compared with the first.
    const turned = place.id === this.view.other ? { place: this.view.other, other: this.view.place } : {};
    return { label, number, place, year, figure, kind, href: this.at({ ...turned, ...change }), other: place.id !== this.view.place };
  }

  answers() {
    const { kind, year } = this.view;
    return this.places.map((place) => this.#row(place, year, this.figure, kind, placeName(place), { place: place.id, other: "" }))
      .filter(Boolean);
  }

  /** The same number in another kind: a rate beside a number. */
  otherKinds(place) {
    return this.catalog.kindsOf(this.figure).filter((kind) => kind !== this.view.kind)
      .map((kind) => this.#row(place, this.view.year, this.figure, kind, placeName(place), { kind })).filter(Boolean);
  }

  trend() {
    return this.years.flatMap((year) => this.places.map((place) => this.#row(place, year, this.figure, this.view.kind,
      `${placeName(place)} ${year}`, { year }))).filter(Boolean);
  }

  /** The rows of the section, of each geography in turn. */
  breakdown() {
    if (!this.section) return [];
    const { kind: asked } = this.view;
    const kind = asked === "percentage" || (asked === "rate" && this.section.rates) ? asked : "count";
    return this.catalog.rowsOf(this.figure, this.section).flatMap((figure) => this.places.map((place) => this.#row(place,
      this.view.year, figure, kind, this.places.length > 1 ? `${figure.row}, ${placeName(place)}` : figure.row,
      { figure: figure.name, kind }))).filter(Boolean);
  }

  /** States of different sizes are compared by rates, where there are any. */
  get kindOfStates() {
    return this.figure.section ? this.view.kind : this.figure.over ? "rate" : "count";
  }

  /** The states of the union, in the order of their names. */
  states() {
    return this.catalog.grid.map((tile) => {
      const place = this.catalog.places.get(tile.id);
      const row = place && this.#row(place, this.view.year, this.figure, this.kindOfStates, tile.name, { place: tile.id });
      return { number: null, href: null, ...row, id: tile.id, label: tile.name, row: tile.row, column: tile.column,
        chosen: this.places.some((each) => each?.id === tile.id), other: false };
    }).sort((a, b) => a.label.localeCompare(b.label));
  }

  /** What may be quoted from the highest to the lowest, and then the rest. */
  ranked() {
    const rank = (row) => (row.number.released ? 1e15 : 0) + row.number.value;
    return this.states().filter((row) => row.number).sort((a, b) => rank(b) - rank(a));
  }

  /** Every number of the view, as lines of a CSV file. */
  lines() {
    const parts = { answer: this.answers(), trend: this.trend(), breakdown: this.breakdown(), states: this.ranked() };
    return Object.entries(parts).flatMap(([part, rows]) => rows.map(({ number, place, year, figure, kind }) => ({
      part, year, geography: place.id, geography_name: place.name, figure: figure.name, name: figureName(figure),
      unit: unitOf(figure, kind), statistic: kind, estimate: number.value, lower_95: number.lower, upper_95: number.upper,
      for_release: number.released ? "yes" : "no", reason: number.reason,
    })));
  }
}
