"use strict";
(() => {
  const body = document.querySelector("#list tbody");
  const rows = [...body.rows];
  const search = document.querySelector("#search");
  const shown = document.querySelector("#shown");
  document.querySelector("#controls").style.display = "flex";

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = `${count} of ${rows.length}`;
  };
  search.addEventListener("input", filter);
  filter();

  const value = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  document.querySelectorAll("#list thead th").forEach((head, column, heads) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      rows.sort((a, b) => sign * compare(value(a, column), value(b, column)));
      body.append(...rows);
    });
  });
})();
