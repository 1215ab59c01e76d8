// What in README.md and docs/ is made by the code itself: the tables of calls, and what the examples print. Every TypeScript
// example in them is compiled and run on the way, in a folder where linux-ipc is installed as a user has it.
//
//   node scripts/docs.mjs           writes them anew
//   node scripts/docs.mjs --check   tells what is stale or broken, and writes nothing
//
// In a Markdown file,
//   ```ts NAME          is a file of that name: run by vitest if it is NAME.test.ts, by node otherwise
//   ```ts NAME fails    is one that fails
//   ```ts               is a piece of a program: run on the model, with what it uses of linux-ipc imported
//   ```text NAME        is what the file of that name prints; of a test that fails, its error
//   ```sh NAME          replays the failure of the test of that name: LINUX_IPC_REPLAY is filled in, and tried
//   <!-- made: NAME --> … <!-- /made -->   is the table of that name
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The Markdown files that are kept here, relative to the repository. */
export function documents() {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.map((name) => `docs/${name}`)];
}

/** Brings documents up to date. @returns each with its text as it is and as it should be, and what is wrong in it */
export async function refresh(names) {
  const project = makeProject();
  try {
    const results = [];
    const tables = await makeTables();
    for (const name of names) {
      const text = readFileSync(join(root, name), "utf8");
      const problems = [];
      const withTables = fillTables(text, tables, problems);
      problems.push(...brokenLinks(name, text));
      results.push({ name, text, fresh: await runSnippets(withTables, project, problems), problems });
    }
    return results;
  } finally {
    rmSync(project, { recursive: true });
  }
}

// Tables

async function makeTables() {
  const { syscallList } = await import(join(root, "dist/src/syscalls.js"));
  return { support: supportTable(syscallList), errors: errorTables(syscallList) };
}

const cell = (text) => text.replaceAll("|", "\\|");
const table = (heads, rows) =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");

const manualPage = (manual) => {
  const [, name, section] = /^(.*)\((.*)\)$/.exec(manual);
  return `[${manual}](https://man7.org/linux/man-pages/man${section}/${name}.${section}.html)`;
};

function supportTable(calls) {
  const rows = calls.map((call) => [
    `\`${call.name}\``,
    manualPage(call.manual),
    call.support,
    call.missing ?? "",
  ]);
  return table(["Call", "Manual", "Support", "What is missing, and what is answered instead"], rows);
}

const waits = {
  none: "It does not wait.",
  retry: "It can wait: with `{ signal }`.",
  lane: "It can wait: with `{ signal }`.",
  timer: "It waits for a time: with `{ signal }`.",
};

function errorTables(calls) {
  return calls
    .map((call) => {
      const head = `### \`${call.name}(${call.parameters.join(", ")})\`\n\n${manualPage(call.manual)}. ${waits[call.wait]}`;
      const missing = call.missing === undefined ? "" : ` Missing: ${call.missing}.`;
      if (call.errors.length === 0) return `${head}${missing} It does not fail.`;
      const rows = call.errors.map(({ errno, when, unreachable }) => [
        `\`${errno}\``,
        when,
        unreachable === undefined ? "yes" : `no: ${unreachable}`,
      ]);
      return `${head}${missing}\n\n${table(["Error", "When", "Can be seen"], rows)}`;
    })
    .join("\n\n");
}

function fillTables(text, tables, problems) {
  return text.replace(/(<!-- made: (\w+) -->\n)[\s\S]*?(<!-- \/made -->)/g, (all, start, name, end) => {
    if (tables[name] !== undefined) return `${start}\n${tables[name]}\n\n${end}`;
    problems.push(`no table is called ${name}`);
    return all;
  });
}

// Links

/** The links of a document to files and headings of the repository that are not there. */
function brokenLinks(name, text) {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
    .filter(([, path, anchor]) => {
      const file = path === "" ? join(root, name) : join(root, dirname(name), path);
      return !existsSync(file) || (anchor !== undefined && !headingsOf(file).includes(anchor));
    })
    .map(([link]) => `nothing is where this link leads: ${link.slice(1)}`);
}

/** The headings of a file, as GitHub makes anchors of them. */
function headingsOf(file) {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

// Snippets

/** A folder with the package and the tools of a user installed. */
function makeProject() {
  const project = mkdtempSync(join(tmpdir(), "linux-ipc-docs-"));
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  symlinkSync(root, join(modules, "linux-ipc"));
  for (const name of ["vitest", "@types/node"])
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", private: true }));
  return project;
}

const fence = /^```(ts|text|sh)(?: (\S+))?( fails)?\n([\s\S]*?)^```$/gm;

async function runSnippets(text, project, problems) {
  const files = new Map();
  const pieces = [];
  for (const [, language, name, fails, code] of text.matchAll(fence)) {
    if (language !== "ts") continue;
    if (name !== undefined) files.set(name, { code, fails: fails !== undefined });
    else pieces.push(code);
  }
  for (const [index, code] of pieces.entries()) {
    files.set(`piece-${index + 1}.ts`, { code: await wholeProgram(code), fails: false });
  }
  problems.push(...compile(project, files));
  const outputs = new Map();
  for (const [name, { fails, code }] of files) {
    const { status, output } = run(project, name);
    const isPiece = name.startsWith("piece-");
    // console.assert only prints.
    if (fails !== (status !== 0) || (isPiece && output !== "")) {
      problems.push(`${name} ended with status ${status}:\n${code}\n${output}`);
    }
    outputs.set(name, output);
  }
  return text.replace(fence, (all, language, name, _fails, code) => {
    if (language === "ts" || name === undefined) return all;
    const output = outputs.get(name);
    if (output === undefined) {
      problems.push(`no example is called ${name}`);
      return all;
    }
    if (language === "text") return `\`\`\`text ${name}\n${output.trimEnd()}\n\`\`\``;
    const setting = /LINUX_IPC_REPLAY=\S+/;
    const replay = setting.exec(output)?.[0] ?? "";
    const replayed = run(project, name, { LINUX_IPC_REPLAY: replay.split("=")[1] });
    if (withoutCount(replayed.output) !== withoutCount(output)) {
      problems.push(`${name} replayed is another failure:\n${replayed.output}`);
    }
    return `\`\`\`sh ${name}\n${code.replace(setting, replay)}\`\`\``;
  });
}

const withoutCount = (message) => message.replace(/\(found in schedule [\d,]+\)|\(replayed\)/, "");

/** Makes a program of a piece: the main function of a simulated process. */
async function wholeProgram(piece) {
  const imports = [];
  for (const entry of ["linux-ipc", "linux-ipc/simulation"]) {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const target = exports[entry.replace("linux-ipc", ".")].default;
    const names = Object.keys(await import(pathToFileURL(join(root, target)).href));
    const used = names.filter((name) => name === "simulate" || new RegExp(`\\b${name}\\b`).test(piece));
    if (used.length > 0) imports.push(`import { ${used.join(", ")} } from "${entry}";`);
  }
  // What a piece makes at the top level of a module stays there.
  const [, top, body] = /^((?:(?:const \w+ = program\([\s\S]*?^\}\);|\/\/.*)\n+)*)([\s\S]*)$/m.exec(piece);
  return `${imports.join("\n")}\n${top}await simulate({}, async (linux) => {\n${body}});\n`;
}

function compile(project, files) {
  const paths = [...files].map(([name, { code }]) => {
    const path = join(project, name);
    writeFileSync(path, code);
    return path;
  });
  const options = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
    types: ["node"],
    typeRoots: [join(project, "node_modules/@types")],
    strict: true,
    skipLibCheck: true,
    noEmitOnError: false,
  };
  const made = ts.createProgram(paths, options);
  const { diagnostics } = made.emit();
  return [...ts.getPreEmitDiagnostics(made), ...diagnostics]
    .filter(({ file }) => file === undefined || paths.includes(file.fileName))
    .map(({ file, start, messageText }) => {
      const where = file && `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}`;
      return `${where}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
}

function run(project, name, env = {}) {
  if (name.endsWith(".test.ts")) return runTest(project, name, env);
  return runNode(project, [join(project, name.replace(/ts$/, "js"))]);
}

function runTest(project, name, env) {
  const report = join(project, `${name}.json`);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", name, "--root", project, "--reporter", "json", "--outputFile", report];
  const { status, output } = runNode(project, args, env);
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  const messages = testResults.flatMap(({ assertionResults, message }) =>
    assertionResults.flatMap(({ failureMessages }) => failureMessages).concat(message || []),
  );
  return { status, output: messages.length > 0 ? withoutStack(messages[0]) : output };
}

function runNode(project, args, env = {}) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status: status ?? signal, output: stdout + stderr };
}

// Where vitest and node lie is not the same everywhere.
const withoutStack = (message) => message.replaceAll(/^ +at .*\n?/gm, "").trimEnd();

// The command

async function main(isCheck) {
  let isGood = true;
  for (const { name, text, fresh, problems } of await refresh(documents())) {
    for (const problem of problems) console.error(`${name}: ${problem}`);
    const isStale = fresh !== text;
    if (isStale && isCheck) console.error(`${name} is stale: node scripts/docs.mjs`);
    if (isStale && !isCheck) {
      writeFileSync(join(root, name), fresh);
      console.log(`${name} written`);
    }
    if (problems.length > 0 || (isStale && isCheck)) isGood = false;
  }
  process.exitCode = isGood ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes("--check"));
