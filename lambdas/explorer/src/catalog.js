// What a year has: geographies, figures and where each lies in the packed files.

/**
 * @typedef {object} Figure
 * @property {string} name of the figure in the published files
 * @property {string} crime what the column of the table, or the offense, is called
 * @property {string} unit what it counts, such as victims
 * @property {object | null} table that it is a cell of; null for an offense code
 * @property {object | null} section that breaks its total down; null for a total
 * @property {string} row what the row is called; empty where it counts everything
 * @property {string} over what its rates are over, such as residents; empty where it has none
 * @property {number} at its place among the totals, or in its table
 */

export const OFFENSE_RECORDS = "offense records";

/** A section of a year that was published when rows of sections had no numbers yet; they follow one another there. */
function numbered(section) {
  return section.numbers ? section
    : { ...section, id: String(section.section), numbers: section.rows.map((_, at) => section.first + at), rates: "" };
}

/** What is known of one year; see explorer_labels() in R. */
export class Catalog {
  constructor(content) {
    Object.assign(this, content);
    this.tables = content.tables.map((table) => ({ ...table, sections: table.sections.map(numbered) }));
    this.places = new Map(this.geographies.map((place) => [place.id, place]));
    this.tableOf = new Map(this.tables.map((table) => [table.table, table]));
    /** @type {Map<string, Figure>} */
    this.totals = new Map();
    for (const table of this.tables) {
      for (const total of table.totals) {
        for (const column of table.columns) {
          this.#addTotal(`t_${table.table}_${total.section}_${total.row}_${column.column}`, {
            crime: column.name, unit: column.unit, table, row: total.label, column, over: total.rates ?? "residents",
          });
        }
      }
    }
    for (const offense of this.offenses) {
      this.#addTotal(offense.cell, { crime: offense.label, unit: OFFENSE_RECORDS, table: null, row: "", column: null,
        over: "residents" });
    }
  }

  #addTotal(name, figure) {
    this.totals.set(name, { name, section: null, at: this.totals.size, ...figure });
  }

  /**
   * @param {string} name
   * @returns {Figure | undefined}
   */
  figure(name) {
    const total = this.totals.get(name);
    if (total) return total;
    const parts = name.match(/^t_(.+)_(\d+)_(\d+)_(\d+)$/);
    const table = parts && this.tableOf.get(parts[1]);
    const row = Number(parts?.[3]);
    const section = table?.sections.find((each) => each.section === Number(parts[2]) && each.numbers.includes(row));
    const column = table?.columns.find((each) => each.column === Number(parts[4]));
    return section && column ? this.#detail(table, section, row, column) : undefined;
  }

  #detail(table, section, row, column) {
    const before = table.sections.flatMap((each) => each.numbers).filter((each) => each < row).length;
    return {
      name: `t_${table.table}_${section.section}_${row}_${column.column}`,
      crime: column.name, unit: column.unit, table, section, column, row: section.rows[section.numbers.indexOf(row)],
      over: section.rates,
      at: before * table.columns.length + table.columns.indexOf(column),
    };
  }

  /** The total that a figure is a part of; itself if it is one. */
  totalOf(figure) {
    if (!figure.section) return figure;
    const first = figure.table.totals[0];
    return this.totals.get(`t_${figure.table.table}_${first.section}_${first.row}_${figure.column.column}`);
  }

  /** The figures of a section, of the same crime. */
  rowsOf(figure, section) {
    return section.numbers.map((row) => this.#detail(figure.table, section, row, figure.column));
  }

  /** The kinds of numbers that a figure has. */
  kindsOf(figure) {
    return ["count", ...(figure.section ? ["percentage"] : []), ...(figure.over ? ["rate"] : [])];
  }

  reason(letter) {
    const at = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".indexOf(letter);
    return this.reasons[at] ?? null;
  }
}
