// Builds `../static` from `src` and the packages of the lock file: `npm ci && npm run build`.
// What it writes is committed; users need neither Node nor a network.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = `${here}../static/`;

/** A sum over everything that the result depends on; a test compares it. */
function sum() {
  const hash = createHash("sha256");
  const sources = readdirSync(`${here}src`).sort().map((name) => `src/${name}`);
  for (const name of ["build.mjs", "package-lock.json", "package.json", ...sources]) {
    hash.update(`${name}\n`).update(readFileSync(here + name));
  }
  return hash.digest("hex");
}

/** The licences of the packages that are part of what is built. */
function licences(inputs) {
  const names = new Set();
  for (const path of Object.keys(inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) names.add(found[1]);
  }
  const texts = [...names].sort().map((name) => {
    const folder = `${here}node_modules/${name}/`;
    const { version } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version}\n\n${readFileSync(folder + file, "utf8").trim()}\n`;
  });
  return `Part of run_cell_view.js:\n\n${texts.join("\n\n")}`;
}

const banner = { js: `// Made by widgets/build from ${sum()}; see LICENSES.txt.` };
const options = { bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none" };
mkdirSync(target, { recursive: true });
await build({ ...options, entryPoints: [`${here}src/loader.js`], outfile: `${target}run_cell.js` });
const { metafile } = await build({
  ...options,
  banner,
  entryPoints: [`${here}src/view.js`],
  loader: { ".css": "text" },
  metafile: true,
  outfile: `${target}run_cell_view.js`,
});
writeFileSync(`${target}LICENSES.txt`, licences(metafile.inputs));
