// Numbers as the data files pack them (publish_explorer.R writes them): differences, and runs of letters.

/**
 * @typedef {object} Pack
 * @property {string} e estimates, divided by commas: nothing is exactly 0, - is not known
 * @property {string} d how far the lower limit lies below
 * @property {string} x how much more the upper limit lies above
 * @property {string} r letters of reasons, each followed by how often it comes
 */

/**
 * @typedef {object} Estimate
 * @property {number | null} value rounded: to whole numbers for counts, to one decimal else
 * @property {boolean} small it is not 0, but rounds to 0
 * @property {number | null} lower limit of the 95 % interval; null where it has none
 * @property {number | null} upper
 * @property {string} letter of the reason why it is for release or not; a full stop where it has no meaning
 */

const opened = new WeakMap();

/** @param {Pack} pack */
function open(pack) {
  let columns = opened.get(pack);
  if (!columns) {
    const letters = [...pack.r.matchAll(/(\D)(\d*)/g)].flatMap(([, letter, times]) => Array(Number(times || 1)).fill(letter));
    columns = { e: pack.e.split(","), d: pack.d.split(","), x: pack.x.split(","), letters };
    opened.set(pack, columns);
  }
  return columns;
}

const number = (text) => (text === "-" ? null : Number(text));

/**
 * @param {Pack} pack
 * @param {number} at
 * @param {number} scale by what the numbers were multiplied: 1 for counts, 10 for what has a decimal
 * @returns {Estimate}
 */
export function estimateAt(pack, at, scale) {
  const { e, d, x, letters } = open(pack);
  const value = number(e[at]);
  const below = number(d[at]);
  const more = number(x[at]);
  const certain = value !== null && below !== null && more !== null;
  return {
    value: value === null ? null : value / scale,
    small: e[at] === "0",
    lower: certain ? (value - below) / scale : null,
    upper: certain ? (value + below + more) / scale : null,
    letter: letters[at],
  };
}
