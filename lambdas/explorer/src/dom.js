// Making elements of a page.

/**
 * @param {string} tag
 * @param {Record<string, any>} [given] attributes, and listeners by names such as onclick
 * @param {...(Node | string | null | undefined)} children
 */
export function h(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A table of figures: heads are texts, rows have a text or element per head; the first names the row. */
export function table(caption, heads, rows) {
  const cell = (content, at) => h(at ? "td" : "th", at ? {} : { scope: "row" }, content);
  return h("table", {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map(cell)))));
}
