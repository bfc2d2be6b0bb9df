// What a view can be taken away as: a CSV file of its numbers, and pictures.

/** Offer a file to the browser. */
function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * @param {Record<string, string | number | null>[]} rows with the same names in all
 * @returns {string} CSV, with empty fields for what is not known
 */
export function csvOf(rows) {
  const field = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => line.map(field).join(",")).join("\n") + "\n";
}

export function saveCsv(name, rows) {
  save(name, new Blob([csvOf(rows)], { type: "text/csv;charset=utf-8" }));
}

const SCALE = 2;
const MARGIN = 20;

/**
 * A picture as a PNG file in light colours, with what it shows above and where it is from below.
 *
 * @param {string} name of the file
 * @param {SVGElement} picture
 * @param {string[]} above
 * @param {string[]} below
 */
export async function savePng(name, picture, above, below) {
  const canvas = await drawn(picture, above, below);
  canvas.toBlob((blob) => save(name, blob), "image/png");
}

/** @returns {Promise<HTMLCanvasElement>} */
export async function drawn(picture, above, below) {
  const { width, height } = picture.viewBox.baseVal;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const heads = above.flatMap((line, at) => wrapped(context, line, font(at), Math.max(width, 520)));
  const feet = below.flatMap((line) => wrapped(context, line, "12px system-ui, sans-serif", Math.max(width, 520)));
  const top = MARGIN + 24 * heads.length;
  canvas.width = SCALE * (Math.max(width, 520) + 2 * MARGIN);
  canvas.height = SCALE * (top + height + 18 * feet.length + 2 * MARGIN);
  context.scale(SCALE, SCALE);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(await image(picture), MARGIN, top);
  context.fillStyle = "#1a1a1a";
  heads.forEach(([line, style], at) => { context.font = style; context.fillText(line, MARGIN, MARGIN + 24 * at + 6); });
  feet.forEach(([line, style], at) => {
    context.font = style;
    context.fillText(line, MARGIN, top + height + MARGIN + 18 * at);
  });
  return canvas;
}

const font = (at) => (at ? "14px system-ui, sans-serif" : "bold 17px system-ui, sans-serif");

function wrapped(context, text, style, width) {
  context.font = style;
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => [line, style]);
}

/** The picture by itself: a picture in a picture knows nothing of the page's variables. */
function image(picture) {
  const copy = picture.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.fontFamily = "system-ui, sans-serif";
  const light = lightColours();
  const text = new XMLSerializer().serializeToString(copy)
    .replace(/var\((--[a-z0-9-]+)\)/g, (whole, name) => light[name] ?? whole);
  return new Promise((resolve, reject) => {
    const made = new Image();
    made.onload = () => resolve(made);
    made.onerror = () => reject(new Error("the picture could not be drawn"));
    made.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}

/** The page's colours in the light, whatever they are now. */
function lightColours() {
  const found = {};
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule.selectorText !== ":root") continue;
      for (const name of rule.style) if (name.startsWith("--")) found[name] = rule.style.getPropertyValue(name).trim();
    }
  }
  return found;
}
