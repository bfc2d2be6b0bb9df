// Bundles the explorer's script into the pipeline's package: node build.mjs
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { build } from "esbuild";

const folder = fileURLToPath(new URL(".", import.meta.url));
const target = join(folder, "..", "nibrs_pipeline", "publish", "explorer.bundle.js");

/** The licences of the packages that are in a bundle, which have to go with it: each text once. */
function licences(inputs) {
  const names = new Set(Object.keys(inputs).flatMap((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
  const byText = new Map();
  for (const name of [...names].sort()) {
    const home = join(folder, "node_modules", name);
    const file = readdirSync(home).find((each) => /^licen[cs]e/i.test(each));
    const { version, license } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
    const text = file ? readFileSync(join(home, file), "utf8").trim() : license;
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  return [...byText].map(([text, packages]) => `${packages.join(", ")}\n\n${text}`).join("\n\n----\n\n");
}

const made = await build({
  entryPoints: [join(folder, "src", "main.js")],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  write: false,
  metafile: true,
  absWorkingDir: folder,
});
// The script stands inside a page: nothing in it may end it, or begin another one.
const script = made.outputFiles[0].text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
const notes = licences(made.metafile.inputs).replaceAll("*/", "* /");
writeFileSync(target, `${script}/*\n${notes}\n*/\n`);
console.log(`${target}: ${script.length} bytes`);
