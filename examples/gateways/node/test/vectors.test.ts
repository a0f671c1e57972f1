/** The conformance vectors: every call, list and refusal of tests/conformance/vectors, and how many are left out and why. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { CAPABILITIES, Table, TableError, type Decision } from "../src/index.js";

const HERE = fileURLToPath(new URL("../../../../../tests/conformance/vectors/", import.meta.url));
const read = (name: string): any => JSON.parse(readFileSync(HERE + name, "utf8"));
const index = read("index.json");
const ran = { calls: 0, lists: 0, refused: 0 };
const leftOut = new Map<string, number>();

for (const name of index.tables as string[]) {
  const vectors = read(name);
  const lacking = vectors.capabilities.filter((capability: string) => !CAPABILITIES.has(capability));
  if (lacking.length) {
    test(`${name} needs ${lacking} and is refused`, () => {
      assert.throws(() => Table.load(HERE + vectors.table), refusedFor("capability"));
      leave(`calls on tables that need ${lacking}`, vectors.calls.length);
      leave(`lists of tables that need ${lacking}`, vectors.lists.length);
    });
    continue;
  }
  test(name, () => {
    const table = Table.load(HERE + vectors.table);
    for (const { call, expect, needs = [] } of vectors.calls) {
      if (needs.includes("integer.big")) {
        leave("calls with integer.big", 1);
        continue;
      }
      const decision = table.decide(call.tool, call.arguments, call.context, { server: call.server, policy: call.policy });
      assert.deepEqual(told(decision, call), expect, JSON.stringify(call));
      ran.calls++;
    }
    for (const { policy, server, tools, shown } of vectors.lists) {
      assert.deepEqual(table.visible(tools, { server, policy }), shown, JSON.stringify({ policy, server }));
      ran.lists++;
    }
  });
}

for (const { table, refusal } of index.refused) {
  test(`${table} is refused: ${refusal}`, () => {
    assert.throws(() => Table.load(HERE + table), refusedFor(refusal));
    ran.refused++;
  });
}

after(() => {
  console.log(`vectors: ran ${ran.calls} calls, ${ran.lists} lists and ${ran.refused} tables to refuse`);
  for (const [why, count] of leftOut) console.log(`vectors: left out ${count} ${why}`);
});

function leave(why: string, count: number): void {
  leftOut.set(why, (leftOut.get(why) ?? 0) + count);
}

function refusedFor(refusal: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TableError, String(error));
    assert.equal(error.refusal, refusal, error.message);
    return true;
  };
}

function told({ policy: _, ...decision }: Decision, call: any): unknown {
  const limits = decision.limits.map((limit) => {
    const answer = limit.reservation(call.arguments, call.context, call.server);
    return { id: limit.id, ...answer };
  });
  return { ...decision, limits };
}
