// The pictures, drawn by Observable Plot. Colours are variables of the page, so that they follow dark and print.

import * as Plot from "@observablehq/plot";
import { brief, interval, shown } from "./words.js";

const INK = "var(--ink)";
const SOFT = "var(--muted)";
const OURS = { fill: "var(--accent)", symbol: "circle" };
const OTHERS = { fill: "var(--second)", symbol: "square" };
const STYLE = { background: "transparent", color: "var(--ink)", fontFamily: "inherit", overflow: "visible" };

/** A picture whose groups have no names: Plot gives them some that stand for nothing, and screen readers would say them. */
function plot(options) {
  const made = Plot.plot(options);
  made.querySelectorAll("g[aria-label]").forEach((group) => group.removeAttribute("aria-label"));
  return made;
}

/** What is not for release is hollow and grey, whatever its colour would be. */
const colour = (row) => (!row.number.released ? SOFT : (row.other ? OTHERS : OURS).fill);
const inside = (row) => (row.number.released ? colour(row) : "var(--paper)");
const symbol = (row) => (row.other ? OTHERS : OURS).symbol;
const tip = (row, kind) => `${row.label}: ${shown(row.number.value, kind, row.number.small)} (${interval(row.number, kind)})`
  + `${row.number.released ? "" : `; not for release: ${row.number.reason}`}`;

/** @param {number} most width in pixels */
const small = (most) => most < 480;

/** Estimates with their intervals, a line each: rows of { label, number, href, other }. */
export function intervals(rows, { kind, width, label, fromZero = true, title }) {
  const drawn = rows.map((row, at) => ({ ...row, at: String(at), low: row.number.lower ?? row.number.value,
    high: row.number.upper ?? row.number.value }));
  const left = small(width) ? 0 : Math.min(270, 20 + 6.8 * Math.max(...rows.map((row) => row.label.length)));
  // Where names have no room beside the lines they stand above them.
  const names = left ? [Plot.text(drawn, { y: "at", text: "label", frameAnchor: "left", textAnchor: "end", dx: -10, fontSize: 12,
    lineWidth: (left - 20) / 12, lineHeight: 0.95, fill: INK })]
    : [Plot.text(drawn, { y: "at", text: "label", dy: -13, frameAnchor: "left", fontSize: 12, fill: INK })];
  // The scale is that of what may be quoted: intervals of the rest would flatten it.
  const quoted = drawn.filter((row) => row.number.released);
  const deciding = quoted.length && fromZero ? quoted : drawn;
  const high = Math.max(...deciding.map((row) => Math.min(row.high, 3 * row.number.value || row.high)), 0);
  const low = Math.min(...deciding.map((row) => row.low));
  const room = Math.max((high - low) * 0.25, high * 0.01);
  const domain = fromZero || low - room < 0 ? [0, high || 1] : [low - room, high + room];
  const beyond = (row) => row.number.value > domain[1];
  const step = left ? 26 : 38;
  return plot({
    width, height: step * rows.length + 48, marginLeft: left + 8, marginRight: 70, marginTop: left ? 6 : 20, style: STYLE,
    ariaLabel: title, x: { domain, clamp: true, grid: true, label, labelAnchor: "right", ticks: width / 110 },
    y: { type: "band", domain: drawn.map((row) => row.at), axis: null },
    marks: [
      ...names,
      Plot.ruleY(drawn, { y: "at", x1: "low", x2: "high", stroke: colour, strokeWidth: 3 }),
      Plot.text(drawn.filter(beyond), { y: "at", x: domain[1], text: () => "▶", fill: colour, dx: 6 }),
      Plot.dot(drawn.filter((row) => !beyond(row)), { y: "at", x: (row) => row.number.value, fill: inside, stroke: colour, strokeWidth: 2, symbol, r: 5,
        href: "href", title: (row) => tip(row, kind) }),
      Plot.text(drawn, { y: "at", frameAnchor: "right", dx: 66, textAnchor: "end", fontSize: 12, fill: INK,
        text: (row) => `${shown(row.number.value, kind, row.number.small)}${row.number.released ? "" : " *"}` }),
    ],
  });
}

/** One number over the years: rows of { year, label, number, href, other }. */
export function trend(rows, { kind, width, label, title }) {
  const drawn = rows.map((row) => ({ ...row, low: row.number.lower ?? row.number.value, high: row.number.upper ?? row.number.value }));
  const quoted = drawn.filter((row) => row.number.released);
  const deciding = quoted.length ? quoted : drawn;
  const most = Math.max(...deciding.map((row) => row.high)) * 1.08 || 1;
  const beyond = (row) => row.number.value > most;
  const aside = (row) => (row.other ? 8 : 0);
  const two = drawn.some((row) => row.other);
  const both = [false, true].map((other) => quoted.filter((row) => Boolean(row.other) === other));
  return plot({
    width, height: 260, marginLeft: 64, marginTop: 26, style: STYLE, ariaLabel: title,
    x: { type: "point", label: null, padding: 0.6, tickFormat: String },
    y: { domain: [0, most], clamp: true, grid: true, label, ticks: 5 },
    marks: [
      ...both.map((line, other) => Plot.line(line, { x: "year", y: (row) => row.number.value, dx: other * 8,
        stroke: (other ? OTHERS : OURS).fill, strokeOpacity: 0.6, strokeDasharray: other ? "5 4" : null })),
      ...[0, 8].flatMap((dx) => {
        const mine = drawn.filter((row) => aside(row) === dx);
        return [
          Plot.ruleX(mine, { x: "year", y1: "low", y2: "high", stroke: colour, strokeWidth: 3, dx }),
          Plot.text(mine.filter(beyond), { x: "year", y: most, text: () => "▲", fill: colour, dx, dy: -6 }),
          Plot.dot(mine.filter((row) => !beyond(row)), { x: "year", y: (row) => row.number.value, fill: inside, stroke: colour, strokeWidth: 2, symbol,
            r: 5, dx, href: "href", title: (row) => tip(row, kind) }),
          // Of two geographies the first has its figures on the left.
          Plot.text(mine, { x: "year", y: (row) => row.number.value, fontSize: 12, fill: INK, dy: two ? 0 : -6,
            dx: two && !dx ? -10 : dx + 10, textAnchor: two && !dx ? "end" : "start",
            text: (row) => `${brief(row.number.value, kind)}${row.number.released ? "" : " *"}` }),
        ];
      }),
      Plot.ruleY([0], { stroke: INK }),
    ],
  });
}

/** The limits between the five shades: fifths of what may be quoted. */
export function shadeLimits(rows) {
  const values = rows.filter((row) => row.number?.released).map((row) => row.number.value).sort((a, b) => a - b);
  if (values.length < 2 || values[0] === values.at(-1)) return [];
  const limits = [0.2, 0.4, 0.6, 0.8].map((part) => values[Math.floor(part * values.length)]);
  return [...new Set(limits)].filter((limit) => limit > values[0]);
}

/** The states as squares: rows of { id, label, row, column, number, href, chosen }; number is null where there is none. */
export function tiles(rows, { kind, width, title }) {
  const limits = shadeLimits(rows);
  const shade = (row) => limits.filter((limit) => limit <= row.number.value).length + (5 - limits.length - 1);
  const quoted = rows.filter((row) => row.number?.released);
  const rest = rows.filter((row) => !row.number?.released);
  const side = Math.min(width, 720) / 11;
  const place = { x: "column", y: "row" };
  const text = (row) => (shade(row) >= 3 ? "var(--on-dark-shade)" : "var(--on-light-shade)");
  const size = Math.max(8, Math.min(13, side / 3.4));
  return plot({
    width: side * 11, height: side * 8, margin: 0, padding: 0.06, style: STYLE, ariaLabel: title,
    x: { type: "band", domain: [...Array(11).keys()], axis: null }, y: { type: "band", domain: [...Array(8).keys()], axis: null },
    marks: [
      Plot.cell(quoted, { ...place, fill: (row) => `var(--shade-${shade(row)})`, stroke: "var(--line)", href: "href",
        title: (row) => tip(row, kind) }),
      Plot.cell(rest, { ...place, fill: "var(--paper)", stroke: SOFT, strokeDasharray: "3 3", href: "href",
        title: (row) => (row.number ? tip(row, kind) : `${row.label}: no estimate`) }),
      Plot.text(rows, { ...place, text: "id", fontWeight: "bold", fontSize: size, dy: -size * 0.6, pointerEvents: "none",
        fill: (row) => (row.number?.released ? text(row) : SOFT) }),
      Plot.text(rows, { ...place, fontSize: size * 0.9, dy: size * 0.7, pointerEvents: "none",
        text: (row) => (row.number?.released ? brief(row.number.value, kind) : row.number ? "*" : "–"),
        fill: (row) => (row.number?.released ? text(row) : SOFT) }),
      Plot.cell(rows.filter((row) => row.chosen), { ...place, fill: "none", stroke: INK, strokeWidth: 3, pointerEvents: "none" }),
    ],
  });
}
