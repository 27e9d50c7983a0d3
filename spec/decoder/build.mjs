// Make the bundle that the site loads; the same sources make the same octets.

import { build } from "esbuild";

await build({
  entryPoints: ["src/page.js"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "inline",
  outfile: process.argv[2] ?? "../assets/decoder.js",
});
