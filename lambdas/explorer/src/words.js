// Numbers and views in words.

import { OFFENSE_RECORDS } from "./catalog.js";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

/** A number as people read it; kind: count, rate, percentage. */
export function shown(value, kind, small = false) {
  if (value === null || value === undefined) return "n/a";
  if (small) return kind === "count" ? "under 1" : "under 0.1";
  return kind === "count" ? whole.format(value) : decimal.format(value);
}

/** The same in the room of a tile. */
export function brief(value, kind) {
  if (value === null) return "";
  return value >= 100000 ? short.format(value) : shown(value, kind);
}

/** A number with its sign: +4.1 %. */
export const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${decimal.format(Math.abs(value))} %`;

/** What a number counts: victims; victims per 100,000 residents; % of victims. */
export function unitOf(figure, kind) {
  if (kind === "rate") return `${figure.unit} per 100,000 ${figure.over}`;
  if (kind === "percentage") return `% of ${figure.unit}`;
  return figure.unit;
}

/** A number with its unit: 1,234 victims; 45.2 % of victims. */
export function withUnit(number, figure, kind) {
  return `${shown(number.value, kind, number.small)} ${unitOf(figure, kind)}`;
}

export function interval(number, kind) {
  if (number.lower === null) return "no interval";
  return `${shown(number.lower, kind)} to ${shown(number.upper, kind)}`;
}

/** What a figure is called: Robbery, Weapon involved: Yes. */
export function figureName(figure) {
  const crime = figure.table ? figure.crime : `${figure.crime}${/^[a-z]/.test(figure.name) ? "" : ` (${figure.name})`}`;
  if (figure.section) return `${crime}: ${figure.section.label}: ${figure.row}`;
  return figure.row ? `${crime}: ${figure.row}` : crime;
}

/** What it is counted as, and where it stands in the published files. */
export function countedAs(figure) {
  if (!figure.table) return `${OFFENSE_RECORDS}, by offense code`;
  const row = figure.row && !figure.section ? `, ${figure.row}` : "";
  return `${figure.unit}${row} (table ${figure.table.table})`;
}

export const placeName = (place) => (place.kind === "national" ? "United States" : place.name.replace(/^Region /, ""));

/** What a percentage is of. */
export function percentageOf(figure) {
  const { of, label } = figure.section;
  if (of === "all") return `Percentages are of all ${figure.unit} of ${figure.crime}.`;
  if (of) return `Percentages are of the ${figure.unit} of ${figure.crime} with ${of}.`;
  return `Percentages are of all rows of “${label}” together, of ${figure.crime}.`;
}

/** What stands in the way of taking one count for another. */
export function warningOf(figure) {
  if (!figure.table) {
    return "Counts offense records, as in offenses.csv: one record for each kind of offense in an incident, however many "
      + "victims it had. The tables count victims, offenses or incidents: do not compare one with the other.";
  }
  return `Counts ${figure.unit}, as table ${figure.table.table} (${figure.table.title}) does. Figures by offense code count `
    + "offense records: do not compare one with the other.";
}

/** How certain it is, in a sentence. */
export function certainty(number, kind) {
  if (number.lower === null) return "Its error is not known.";
  if (number.lower === number.upper) return "Its 95 % interval is not wider than the last digit.";
  const half = Math.max(number.upper - number.value, number.value - number.lower);
  const giveOrTake = kind !== "percentage" && number.value ? `, give or take ${shown((100 * half) / number.value, "rate")} %` : "";
  return `95 % interval: ${interval(number, kind)}${kind === "percentage" ? " %" : ""}${giveOrTake}.`;
}
