// Who may import whom. The rules are in docs/architecture.md; each test names the one it keeps.
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** One import of a file. */
interface Import {
  /** The file that imports, relative to the repository. */
  readonly from: string;
  /** What it imports: a file relative to the repository, or a bare specifier. */
  readonly to: string;
  readonly isBare: boolean;
  /** When it is loaded: with the importer, when the importer asks for it, or never, since the compiler erases it. */
  readonly when: "at once" | "later" | "never";
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
};

const isTest = (file: string): boolean => file.endsWith(".test.ts");

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name))
    .sort();
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const add = (specifier: ts.Expression | undefined, when: Import["when"]): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const isBare = !specifier.text.startsWith(".");
    found.push({ from: file, to: isBare ? specifier.text : resolve(file, specifier.text), isBare, when });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.isTypeOnly ? "never" : "at once");
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly ? "never" : "at once");
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, "never");
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], "later");
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The file that a relative specifier means: in dist/ as it says, elsewhere the source of that. */
function resolve(from: string, specifier: string): string {
  const path = normalize(join(dirname(from), specifier));
  return from.startsWith("dist/") ? path : `${path.replace(/\.js$/, "")}.ts`;
}

const folders = ["assembly", "src", "backends", "properties", "examples", "bench"];
const sources = folders.flatMap(sourcesIn).filter((file) => !isTest(file));
const all = sources.flatMap(importsOf);
const within = (folder: string): Import[] => all.filter(({ from }) => from.startsWith(`${folder}/`));
const shown = (imports: readonly Import[]): string[] => imports.map(({ from, to }) => `${from} -> ${to}`);

function expectNone(imports: readonly Import[]): void {
  expect(shown(imports)).toEqual([]);
}

describe("imports", () => {
  it("assembly/ imports nothing outside itself", () => {
    expectNone(within("assembly").filter(({ to }) => !to.startsWith("assembly/")));
  });

  it("assembly/abi/ imports nothing, and is only numbers that both compilers read", () => {
    expectNone(within("assembly/abi"));
    for (const file of sourcesIn("assembly/abi")) {
      const source = ts.createSourceFile(
        file,
        readFileSync(join(root, file), "utf8"),
        ts.ScriptTarget.Latest,
      );
      for (const statement of source.statements) {
        const text = statement.getText(source);
        expect(text, file).toMatch(/^export const [A-Z][A-Z0-9_]* = [^:]+;$/);
      }
    }
  });

  it("assembly/core/ imports core and abi only", () => {
    expectNone(within("assembly/core").filter(({ to }) => !/^assembly\/(core|abi)\//.test(to)));
  });

  it("nothing outside assembly/ imports more of it than abi", () => {
    expectNone(
      all.filter(
        ({ from, to }) =>
          !from.startsWith("assembly/") && to.startsWith("assembly/") && !to.startsWith("assembly/abi/"),
      ),
    );
  });

  it("backends import of src/ what both share, and never each other", () => {
    const shared = new Set(
      "arguments byte-length call call-place calls constants errors futex linux mapping program refusals signals syscalls sysv-queue sysv-semaphore sysv-shared-memory waiting"
        .split(" ")
        .map((name) => `src/${name}.ts`),
    );
    for (const name of readdirSync(join(root, "backends"))) {
      const foreign = within(`backends/${name}`).filter(
        ({ to, isBare }) =>
          !isBare &&
          !to.startsWith(`backends/${name}/`) &&
          !to.startsWith("assembly/abi/") &&
          !shared.has(to),
      );
      expectNone(foreign);
    }
  });

  it("only backends/linux/ffi.ts imports ffi-rs", () => {
    expectNone(all.filter(({ from, to }) => to === "ffi-rs" && from !== "backends/linux/ffi.ts"));
  });

  it("src/ imports the model's backend from the simulator only, and the real one from the command only", () => {
    expectNone(
      within("src").filter(
        ({ from, to }) =>
          (to.startsWith("backends/wasm/") && !/^src\/(simulation|cli)\//.test(from)) ||
          (to.startsWith("backends/linux/") && !from.startsWith("src/cli/")),
      ),
    );
  });

  it("src/ and backends/ import nothing of properties, examples or bench, but the command its examples", () => {
    expectNone(
      [...within("src"), ...within("backends")].filter(
        ({ from, to }) =>
          /^(properties|bench)\//.test(to) || (to.startsWith("examples/") && !from.startsWith("src/cli/")),
      ),
    );
  });

  it("the public faces only re-export", () => {
    for (const file of ["src/index.ts"]) {
      const source = ts.createSourceFile(
        file,
        readFileSync(join(root, file), "utf8"),
        ts.ScriptTarget.Latest,
      );
      for (const statement of source.statements) {
        expect(ts.isExportDeclaration(statement), statement.getText(source)).toBe(true);
      }
    }
  });

  it("no modules load each other in a circle", () => {
    expect(circles()).toEqual([]);
  });
});

/** Circles of modules that load each other, each as the path round it. */
function circles(): string[] {
  const graph = new Map<string, string[]>();
  for (const { from, to, isBare, when } of all) {
    if (isBare || when !== "at once") continue;
    const list = graph.get(from) ?? [];
    list.push(to);
    graph.set(from, list);
  }
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(" -> "));
    if (start >= 0 || finished.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

describe("the built package", () => {
  const builtins = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
  const entry = (name: string): string => {
    const target = manifest.exports[name];
    if (typeof target !== "object") throw new Error(`no entry ${name}`);
    return relative(".", target.default);
  };
  /** All that a file of dist/ imports, through any number of others: bare specifiers, each with its importer. */
  const reached = (start: string): Import[] => {
    const seen = new Set([start]);
    const bare: Import[] = [];
    for (const file of seen) {
      for (const found of importsOf(file)) {
        // The examples import the package by its own name, as a user's programs do.
        if (/^linux-ipc(\/|$)/.test(found.to)) seen.add(entry(found.to.replace(/^linux-ipc/, ".")));
        else if (found.isBare) bare.push(found);
        else seen.add(found.to);
      }
    }
    return bare;
  };

  for (const name of [".", "./simulation"]) {
    it(`linux-ipc${name.slice(1)} never reaches ffi-rs or a module of node`, () => {
      const bare = reached(entry(name));
      expectNone(bare.filter(({ to }) => to.startsWith("node:") || builtins.has(to) || to === "ffi-rs"));
    });
  }

  it("imports only packages that an install brings along", () => {
    const starts = [
      ...["./native", ".", "./simulation", "./streams", "./regions"].map(entry),
      "dist/src/cli/main.js",
    ];
    const packages = new Set(Object.keys(manifest.dependencies));
    expectNone(
      starts.flatMap(reached).filter(({ to }) => {
        const name = to.split("/", to.startsWith("@") ? 2 : 1).join("/");
        return !builtins.has(to) && !packages.has(name);
      }),
    );
  });
});
