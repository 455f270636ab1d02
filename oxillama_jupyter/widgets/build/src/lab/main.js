// Our extension of JupyterLab and Notebook 7, as the container that they load extensions from. It is
// written by hand, as it needs nothing of what the usual build brings: a few dozen lines that find
// Lab's own modules in the scope that it shares with extensions.

import { plugin } from "./plugin.js";
import { renderers } from "./renderer.js";

let scope = {};

async function shared(name) {
  const versions = Object.values(scope[name] ?? {});
  const found = versions.find((version) => version.loaded) ?? versions.at(-1);
  return found && (await found.get())();
}

const MODULES = {
  "./extension": async () => plugin(await shared("@jupyterlab/notebook"), await shared("@lumino/widgets")),
  "./mimeExtension": async () => renderers(await shared("@lumino/widgets")),
};

(globalThis._JUPYTERLAB ??= {})["oxillama-jupyter"] = {
  init: (given) => {
    scope = given;
  },
  get: async (name) => {
    const made = await MODULES[name]();
    return () => ({ __esModule: true, default: made });
  },
};
