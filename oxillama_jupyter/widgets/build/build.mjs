// Builds `../static` and Lab's extension from `src` and the packages of the lock file:
// `npm ci && npm run build`. What it writes is committed; users need neither Node nor a network.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = `${here}../static/`;
const lab = `${here}../../labextension/static/`;

/** A sum over everything that the result depends on; a test compares it. */
function sum() {
  const hash = createHash("sha256");
  const sources = readdirSync(`${here}src`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(here.length))
    .sort();
  for (const name of ["build.mjs", "package-lock.json", "package.json", ...sources]) {
    hash.update(`${name}\n`).update(readFileSync(here + name));
  }
  return hash.digest("hex");
}

/** The licences of the packages that are part of what is built. */
function licences(inputs) {
  const names = new Set();
  for (const path of inputs) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) names.add(found[1]);
  }
  const texts = [...names].sort().map((name) => {
    const folder = `${here}node_modules/${name}/`;
    const { version } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version}\n\n${readFileSync(folder + file, "utf8").trim()}\n`;
  });
  return `Parts of what is in this folder:\n\n${texts.join("\n\n")}`;
}

/** What the highlighter would print to the console names addresses of elsewhere. */
const withoutAddresses = {
  name: "without-addresses",
  setup: (work) =>
    work.onLoad({ filter: /highlight\.js.lib.*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/https:\/\/github\.com[^\s"'`)]*/g, ""),
    })),
};

const options = {
  plugins: [withoutAddresses],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  loader: { ".css": "text" },
  jsx: "automatic",
  jsxImportSource: "preact",
  metafile: true,
};
const banner = { js: `// Made by widgets/build from ${sum()}; see LICENSES.txt.` };
mkdirSync(target, { recursive: true });
mkdirSync(lab, { recursive: true });
// What travels with each comm is small, and has no banner.
await build({ ...options, entryPoints: [`${here}src/run_cell.js`, `${here}src/panel.js`], outdir: target });
const panels = readdirSync(`${here}src/panels`)
  .filter((name) => /\.jsx?$/.test(name))
  .map((name) => `${here}src/panels/${name}`);
const built = await build({ ...options, banner, entryPoints: panels, outdir: target });
await build({ ...options, banner, format: "iife", entryPoints: [`${here}src/lab/main.js`], outfile: `${lab}remoteEntry.js` });
writeFileSync(`${target}LICENSES.txt`, licences(Object.keys(built.metafile.inputs)));
