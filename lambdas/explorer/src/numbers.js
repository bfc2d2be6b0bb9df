// The numbers of a view: looked up in what was read, with whether each may be quoted.

import { load } from "./loading.js";
import { Catalog } from "./catalog.js";
import { estimateAt } from "./packed.js";

/**
 * @typedef {import("./packed.js").Estimate & { released: boolean, reason: string, applies: boolean }} Number
 */

/** All that is published for the explorer, read when it is needed. */
export class Numbers {
  /** @param {string} folder of the estimates, relative to the page */
  constructor(folder) {
    this.folder = folder;
    this.catalogs = new Map();
    this.totals = new Map();
    this.details = new Map();
  }

  async readYear(year) {
    const [labels, totals] = await Promise.all([this.#load(year, "year.js"), this.#load(year, "totals.js")]);
    if (!this.catalogs.has(year)) this.catalogs.set(year, new Catalog(labels));
    this.totals.set(year, totals.totals);
    return this.catalogs.get(year);
  }

  /** Read what a figure of a geography needs. */
  async readFigure(year, placeId, figure) {
    const place = this.catalogs.get(year)?.places.get(placeId);
    if (!place || !figure.section) return;
    const file = `${place.file}-${figure.table.group}.js`;
    const content = await this.#load(year, file);
    this.details.set(`${year}/${placeId}/${figure.table.group}`, content.tables);
  }

  #load(year, file) {
    return load(`${this.folder}${year}/explorer/${file}`);
  }

  /**
   * @returns {Number | null} null where the year has no such figure or geography, or it was not read
   */
  number(year, placeId, name, kind) {
    const catalog = this.catalogs.get(year);
    const figure = catalog?.figure(name);
    const packs = figure && this.#packs(year, placeId, figure);
    const pack = packs?.[kind];
    if (!pack) return null;
    const found = estimateAt(pack, figure.at, kind === "count" ? 1 : 10);
    const reason = catalog.reason(found.letter);
    return {
      ...found, applies: found.letter !== "." && found.value !== null, released: reason?.released ?? false,
      reason: reason?.text ?? "not applicable",
    };
  }

  #packs(year, placeId, figure) {
    if (!figure.section) return this.totals.get(year)?.[placeId];
    return this.details.get(`${year}/${placeId}/${figure.table.group}`)?.[figure.table.table];
  }

  /** How much a total changed against the year before, in per cent; null where that is not known. */
  change(year, placeId, name) {
    const figure = this.catalogs.get(year)?.figure(name);
    const pack = figure && !figure.section && this.totals.get(year)?.[placeId]?.change;
    if (!pack) return null;
    const found = estimateAt(pack, figure.at, 10);
    return found.letter === "." ? null : { ...found, released: found.letter === "R" };
  }
}
