// Bundles what the pages run in a browser into the package, each file named by its content, and lists them.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "icrc_korea", "pages", "static", "web");
const entries = ["query", "explore", "engine"].map((name) => join(here, "src", `${name}.ts`)).filter(existsSync);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const made = await build({
  absWorkingDir: here,
  entryPoints: entries,
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  logLevel: "warning",
  define: { "import.meta.url": '"."' }, // only oxigraph asks where it lies, and is told what to load
  loader: { ".svg": "file", ".woff": "file", ".woff2": "file", ".png": "file" },
});

const files = {};
for (const [path, output] of Object.entries(made.metafile.outputs)) {
  if (!output.entryPoint) continue;
  const name = basename(output.entryPoint, ".ts");
  files[`${name}.js`] = basename(path);
  if (output.cssBundle) files[`${name}.css`] = basename(output.cssBundle);
}
const wasm = readFileSync(join(here, "node_modules", "oxigraph", "web_bg.wasm"));
const digest = createHash("sha256").update(wasm).digest("hex").slice(0, 12);
files["oxigraph.wasm.gz"] = `oxigraph-${digest}.wasm.gz`;
writeFileSync(join(out, files["oxigraph.wasm.gz"]), gzipSync(wasm, { level: 9 }));
writeFileSync(join(out, "licences.txt"), licences(made.metafile.inputs));
const sizes = Object.fromEntries(Object.values(files).map((name) => [name, statSync(join(out, name)).size]));
writeFileSync(join(out, "manifest.json"), JSON.stringify({ files, sizes }, null, 1) + "\n");

// The licence of each package that a bundle holds a part of.
function licences(inputs) {
  const folders = new Set(Object.keys(inputs).map((path) => path.match(/node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]));
  const texts = [...folders].filter(Boolean).sort().map((folder) => {
    const about = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const file = readdirSync(join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(join(here, folder, file), "utf8") : `Licence: ${about.license}\n`;
    return `${about.name} ${about.version} (${about.license})\n\n${text}`;
  });
  return texts.join(`\n${"-".repeat(79)}\n`);
}
