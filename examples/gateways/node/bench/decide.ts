/** `decide` beside hand-composed closures, and the time to load: `npm run bench FOLDER`, with what `bench/export.py FOLDER` wrote.
 *
 * CPU time, medians and 99th percentiles of interleaved rounds. The closures only say whether a call is allowed; `decide` tells the
 * rule, its reason and its limits too. All decisions of both are compared first.
 */

import { readFileSync } from "node:fs";
import { Table } from "../src/index.js";
import { closures, type Args } from "./closures.js";

const ROUNDS = 200;
const WARM_UP = 20;
const CALLS = 20_000; // in a round
const LOADS = 30;

const folder = process.argv[2];
if (folder === undefined) throw new Error("say where the files are that bench/export.py wrote");

console.log(`Node ${process.version}\n`);
console.log("| tools | closures, ns a call (p99) | decide, ns a call (p99) | ratio of medians |");
console.log("| ---: | ---: | ---: | ---: |");
for (const size of [20, 500, 10_000]) {
  const { plan, calls, allowed } = JSON.parse(readFileSync(`${folder}/${size}.json`, "utf8"));
  const table = new Table(readFileSync(`${folder}/${size}.table`));
  const byHand = closures(plan);
  (calls as [string, Args][]).forEach(([tool, args], i) => {
    if (byHand(tool, args) !== allowed[i] || (table.decide(tool, args).effect === "allow") !== allowed[i]) {
      throw new Error(`they do not agree on ${tool} ${JSON.stringify(args)}`);
    }
  });
  const [one, other] = interleaved(
    () => pass(calls, (tool, args) => byHand(tool, args)),
    () => pass(calls, (tool, args) => table.decide(tool, args).effect === "allow"),
  );
  const ratio = median(other) / median(one);
  console.log(`| ${size.toLocaleString("en")} | ${shown(one)} | ${shown(other)} | ${ratio.toFixed(2)} |`);
}

const bytes = readFileSync(`${folder}/load.table`);
const tool = Object.keys(JSON.parse(bytes.toString("utf8").split("\n", 3)[2]!).policies[0].call)[0]!;
const loads: number[] = [];
for (let i = 0; i < LOADS; i++) {
  loads.push(cpu(() => new Table(bytes).decide(tool, { amount: 5, currency: "usd" }, { grant: "g" })) / 1e6);
}
const rules = new Table(bytes).header.rules.toLocaleString("en");
console.log(`\nload to the first decision, ${rules} rules: ${median(loads).toFixed(1)} ms CPU, the first time ${loads[0]!.toFixed(1)} ms`);

function pass(calls: [string, Args][], decide: (tool: string, args: Args) => boolean): void {
  let yes = 0;
  for (let i = 0; i < CALLS; i++) {
    const [tool, args] = calls[i % calls.length]!;
    if (decide(tool, args)) yes++;
  }
  if (yes === 0) throw new Error("nothing was allowed");
}

function interleaved(...ways: (() => void)[]): [number[], number[]] {
  const taken: number[][] = ways.map(() => []);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const order = round % 2 ? [0, 1] : [1, 0];
    for (const i of order) {
      const nanoseconds = cpu(ways[i]!) / CALLS;
      if (round >= 0) taken[i]!.push(nanoseconds);
    }
  }
  return taken as [number[], number[]];
}

/** Nanoseconds of this process's CPU time. */
function cpu(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

function median(values: number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)]!;
}

function shown(values: number[]): string {
  return `${median(values).toFixed(0)} (${quantile(values, 0.99).toFixed(0)})`;
}
