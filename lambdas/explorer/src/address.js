// A view of the page, and its address: what follows the # says all of it, so that a view can be kept and passed on.

/**
 * @typedef {object} View
 * @property {string} figure name of the figure in the published files: t_2a_1_1_15, or an offense code such as 120
 * @property {"count" | "rate" | "percentage"} kind
 * @property {string} place a geography, such as US or OH
 * @property {string} other the geography that it is compared with; empty for none
 * @property {number} year
 * @property {string} by which section breaks the figure down; empty for the first
 */

const KEYS = { figure: "figure", kind: "kind", place: "place", other: "with", year: "year", by: "by" };

/**
 * @param {string} hash
 * @returns {Partial<View>} what the address says
 */
export function viewOf(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const view = {};
  for (const [name, key] of Object.entries(KEYS)) {
    const value = given.get(key);
    if (value !== null) view[name] = name === "year" ? Number(value) : value;
  }
  return view;
}

/**
 * @param {View} view
 * @returns {string} its address, beginning with #
 */
export function addressOf(view) {
  const said = new URLSearchParams();
  for (const [name, key] of Object.entries(KEYS)) {
    if (view[name]) said.set(key, String(view[name]));
  }
  return `#${said}`;
}
