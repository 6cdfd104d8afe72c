// How the playground becomes a folder of files that the server carries inside itself.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Where `npm run dev` finds a running server. */
const server = process.env.PHOTOGRAPH_URL ?? "http://localhost:8080";

export default defineConfig({
  base: "/playground/",
  build: {
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4096,
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // "use client" and the like, which mean nothing here.
    rolldownOptions: { checks: { moduleLevelDirective: false }, input: ["index.html", "studio.html"] },
  },
  plugins: [compressed()],
  // For `npm run dev`: these import workers in Vite's own way, and one worker needs modules that are not ESM yet.
  optimizeDeps: {
    exclude: ["graphiql/setup-workers/vite", "@graphiql/react/setup-workers/vite"],
    include: ["graphql-language-service", "monaco-graphql > picomatch-browser"],
  },
  server: {
    proxy: {
      "/graphql": { target: server, ws: true },
      "/playground/people.json": server,
    },
  },
});

/** Leaves each asset only in its compressed form: the program carries 2 MB instead of 7, and sends them as they are. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle).filter((name) => name.startsWith("assets/"))) {
        const file = join(dir!, name);
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
        rmSync(file);
      }
    },
  };
}
