/** Calls that JSON does not have, names that objects inherit, text beyond UTF-16 units: a call is decided or denied, and nothing throws. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Table, TableError, type Decision } from "../src/index.js";

type Line = unknown;

/** A table with one policy of default deny, whose tools have these bodies; the rules are `allow`, and a limit by grant. */
function table(bodies: Record<string, Line>, paths: Line[], tests: Line[] = [], capabilities: string[] = [], listOther = 0): Table {
  return new Table(sealed(lines(bodies, paths, tests, capabilities, listOther)));
}

function lines(bodies: Record<string, Line>, paths: Line[], tests: Line[], capabilities: string[], listOther: number): any[] {
  const names = Object.keys(bodies);
  const amount = { sum: ["args", "n"], optional: false, whole: true, step: 1 };
  const limit = { counter: "c", max: 9, window: "day", sliding: false, scope: ["grant"], ...amount };
  const call = Object.fromEntries(names.map((name, i) => [name, i + 1]));
  const header = {
    policyc: "0", revision: 3, policies: ["p"], capabilities, catalog: null, sources: [], logic: "", tests: tests.length, rules: 2,
    bodies: names.length + 1,
  };
  const entry = { name: "p", default: "deny", rules: [0, 2], call, call_other: 0, list: {}, list_other: listOther };
  const rules = [["allow", "allow", null, null, null, null], ["cap", "limit", null, null, null, limit]];
  const places = [{ files: ["a.policy"] }, [0, 1, 1, 1, 2], null];
  return [header, { policies: [entry] }, paths, ...tests, ...rules, DENY, ...Object.values(bodies), ...places];
}

function sealed(content: Line[]): Buffer {
  return headed(Buffer.from(content.map((line) => `${JSON.stringify(line)}\n`).join("")));
}

function headed(content: Buffer, first: object = {}): Buffer {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return Buffer.concat([Buffer.from(`${JSON.stringify({ format: "policyc-table", version: 1, sha256, ...first })}\n`), content]);
}

const DENY = [[["deny", -1, []]], -1];
const LEAVES = [["deny", -1, []], ["allow", 0, [1]]];
const ONE = [["args", "n"]];
/** A body of one node: no is -1, yes is -2. */
const body = (...node: unknown[]): Line => [LEAVES, 0, node];
function judged(op: string, value: unknown, length = false, quantifier: string | null = null): Line {
  return [op, value, 0, 0, length, quantifier, []];
}

/** Whether a test is true of an operand; null where it is refused because it is not JSON. */
function truth(test: Line, operand: unknown): boolean | null {
  const decision = table({ t: body("t", 0, 0, -1, -1, -2) }, ONE, [test]).decide("t", operand === undefined ? {} : { n: operand });
  return refused(decision) ? null : decision.effect === "allow";
}

const refused = (decision: Decision): boolean => decision.reason === "an argument or a part of the context is not JSON";

class Point { n = 1; }
const NOT_JSON: [string, unknown][] = [
  ["NaN", NaN], ["infinity", -Infinity], ["a BigInt", 5n], ["a function", () => 1], ["a symbol", Symbol()], ["a date", new Date()],
  ["a map", new Map()], ["an instance", new Point()], ["a boxed number", new Number(5)], ["a typed array", new Uint8Array(2)],
  ["an array's subclass", new (class extends Array {})()],
];

for (const [name, value] of [...NOT_JSON, ["undefined that is there", undefined] as [string, unknown]]) {
  test(`${name} denies wherever it is looked at`, () => {
    const nodes: Record<string, Line> = {
      k: body("k", 0, -2, -2, -2, -2, -2, -2, -2, -2),
      b: body("b", 0, -2, -2, -2),
      n: body("n", 0, [5], [-2, -2, -2], -2),
      most: body("n", 0, [5], [-2, -2, -1], -2),
      below: body("n", 0, [5], [-2, -1, -1], -2),
      s: body("s", 0, [["x", -2]], -2, -2),
      rules: { default: "allow", rules: [[], [], [], [[1, ["?", 0, 0, 7]]]] },
    };
    const tests = [
      judged("exists", true), judged("is", "string"), judged("==", 5), judged("in", [5]), judged("like", "*"), judged("contains", 5),
      judged("prints", "5"), judged("==", 0, true), judged("exists", true, false, "every"), judged("lookup", [["x", 2]]),
      ["starts_with", "", 1, 1, false, null, []],
    ];
    tests.forEach((_, i) => (nodes[`test ${i}`] = body("t", 0, i, -2, -2, -2)));
    const all = table(nodes, ONE, tests, ["rules", "prints", "quantifier"]);
    for (const tool of Object.keys(nodes)) {
      const decision = all.decide(tool, { n: value });
      assert.ok(decision.effect === "deny" && refused(decision), tool);
    }
    assert.equal(truth(judged("contains", 5), [5, value]), null);
    assert.equal(truth(judged("is", "string", false, "some"), ["a", value]), null);
    assert.equal(truth(judged("is", "string", false, "every"), ["a", value]), null);
    assert.equal(truth(judged("prints", "[1]"), [1, value]), null);
  });
}

test("arguments and contexts that are no objects", () => {
  const looks = { args: body("n", 0, [5], [-2, -2, -2], -2), context: body("k", 1, -2, -2, -2, -2, -2, -2, -2, -2) };
  const both = table(looks, [["args", "n"], ["context", "role"]]);
  for (const value of ["text", 5, [], new Point(), new Map(), () => 1]) {
    assert.equal(both.decide("args", value).effect, "deny", String(value));
  }
  for (const value of ["text", 5, [], new Point(), new Map(), () => 1]) assert.ok(refused(both.decide("context", {}, value)));
  assert.equal(both.decide("context", {}, {}).effect, "allow");
  assert.equal(both.decide("args").effect, "allow");
  assert.equal(both.decide("args", null, null).effect, "allow");
  assert.equal(both.decide("args", Object.assign(Object.create(null), { n: 5 })).effect, "allow");
});

test("what throws inside of a call denies it", () => {
  const one = table({ t: body("n", 0, [5], [-2, -2, -2], -2) }, ONE);
  const getter = Object.defineProperty({}, "n", { get: () => { throw Symbol("trap"); } });
  const proxy = new Proxy({}, { getOwnPropertyDescriptor: () => { throw new Error("trap"); } });
  for (const args of [getter, proxy]) assert.equal(one.decide("t", args).effect, "deny");
  let deep: unknown[] = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.equal(truth(judged("prints", "x"), deep), false);
  assert.equal(one.decide("t", {}, {}, { policy: "other" }).effect, "deny");
  assert.equal(one.decide(5 as unknown as string).effect, "deny");
  assert.deepEqual(one.visible([5, Symbol()] as unknown as string[]), []);
});

test("nothing is inherited", () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty", "polluted"]) {
    (Object.prototype as any).polluted = "x";
    try {
      const node = (path: number): Line => body("t", path, 0, -1, -1, -2);
      const paths = [["args", name], ["args", "a", name], ["args", "a", 0, name], ["context", name]];
      const there = table({ one: node(0), two: node(1), far: node(2), context: node(3) }, paths, [judged("exists", true)]);
      const own = JSON.parse(`{"${name}": 1}`);
      const effects = (value: unknown): string[] => [
        there.decide("one", value), there.decide("two", { a: value }), there.decide("far", { a: [value] }),
        there.decide("context", {}, value),
      ].map((decision) => decision.effect);
      assert.deepEqual(effects({}), ["deny", "deny", "deny", "deny"], name);
      assert.deepEqual(effects(own), ["allow", "allow", "allow", "allow"], name);
      assert.equal(there.decide(name, own).effect, "deny", "no tool of that name");
    } finally {
      delete (Object.prototype as any).polluted;
    }
  }
  const allow = JSON.stringify([LEAVES, -2]);
  const named = table(JSON.parse(`{"__proto__": ${allow}, "constructor": ${allow}}`), []);
  assert.deepEqual(["__proto__", "constructor", "toString"].map((tool) => named.decide(tool).effect), ["allow", "allow", "deny"]);
  assert.equal(named.decide("toString").reason, null);
  const listed = table({ t: [LEAVES, -2] }, [], [], [], 1);
  assert.deepEqual(listed.visible(["t", "toString", "__proto__"]), ["t", "toString", "__proto__"]);
});

test("numbers and booleans", () => {
  assert.equal(truth(judged("==", 1), true), false);
  assert.equal(truth(judged("==", true), 1), false);
  assert.equal(truth(judged("in", [1]), true), false);
  assert.equal(truth(judged("==", 0), -0), true);
  assert.equal(truth(judged("in", [0]), -0), true);
  assert.equal(truth(judged("is", "integer"), 1e300), true);
  assert.equal(truth(judged("is", "integer"), 1.5), false);
  const bounds = table({ t: body("n", 0, [0, 10], [-1, -2, -1, -2, -1], -1) }, ONE);
  assert.deepEqual([-1, -0, 5, 10, 11].map((n) => bounds.decide("t", { n }).effect), ["deny", "allow", "deny", "allow", "deny"]);
});

test("text is code points", () => {
  const high = "\ud83d", low = "\ude00", face = high + low;
  assert.equal(truth(judged("<", face), "\uffff"), true); // by UTF-16 units it would be the other way
  assert.equal(truth(judged("<", face), high), true);
  assert.equal(truth(judged("<", face), `${high}\uffff`), true); // a lone surrogate is before a pair, whatever comes next
  assert.equal(truth(judged("<", "ab"), "a"), true);
  assert.equal(truth(judged("==", 1, true), face), true);
  assert.equal(truth(judged("==", 2, true), low + high), true);
  assert.equal(truth(judged("like", "?"), face), true);
  assert.equal(truth(judged("like", "??"), face), false);
  assert.equal(truth(judged("like", "*?b?*"), `${face}b${face}`), true);
  assert.equal(truth(judged("like", "a*a"), "a"), false);
  assert.equal(truth(judged("like", "a*ab*b"), "aab"), false);
  assert.equal(truth(judged("like", "*a*"), "ba\nb"), true);
  assert.equal(truth(judged("like", `${high}*`), face), false);
  assert.equal(truth(judged("starts_with", high), face), false);
  assert.equal(truth(judged("starts_with", high), `${high}x`), true);
  assert.equal(truth(judged("ends_with", low), face), false);
  assert.equal(truth(judged("contains", low), face), false);
  assert.equal(truth(judged("contains", low), face + low), true);
  assert.equal(truth(judged("matches", "^.$"), face), true);
  assert.equal(truth(["matches", ".", 0, 0, false, null, []], high), false);
  const undefinedIsYes = table({ t: body("t", 0, 0, -1, -2, -1) }, ONE, [judged("matches", ".")], ["regex"]);
  assert.equal(undefinedIsYes.decide("t", { n: `x${low}` }).effect, "allow");
});

test("what Go prints", () => {
  const printed: [unknown, string][] = [
    [null, "<nil>"], [true, "true"], ["a b", "a b"], [-0, "0"], [1.5, "1.5"], [100000, "100000"], [1000000, "1e+06"],
    [123456789, "1.23456789e+08"], [0.0001, "0.0001"], [0.00001, "1e-05"], [1e21, "1e+21"], [-1e-7, "-1e-07"], [1e300, "1e+300"],
    [[1, "a", []], "[1 a []]"], [{ b: 1, a: { "\u{1f600}": 1, "\uffff": 2 } }, "map[a:map[\uffff:2 \u{1f600}:1] b:1]"],
  ];
  for (const [value, text] of printed) assert.equal(truth(judged("prints", text), value), true, text);
});

test("a quantifier over what is no array", () => {
  for (const quantifier of ["every", "some"]) {
    for (const value of [undefined, null, "text", {}]) {
      assert.equal(truth(["exists", true, 2, 2, false, quantifier, []], value), false);
      assert.equal(truth(["==", 1, 2, 2, false, quantifier, []], value), true);
    }
  }
});

test("limits", () => {
  const [limit] = table({ t: [LEAVES, -2] }, []).decide("t").limits;
  const key = ["p", "c", "day", "grant=g"];
  const reserved = { key, max: 9, window: "day", sliding: false };
  assert.deepEqual(limit!.reservation({ n: 2.5 }, { grant: "g" }), { ...reserved, amount: 2 });
  assert.deepEqual(limit!.reservation({ n: -0.5 }, { grant: "g" }), { ...reserved, amount: 0 });
  for (const n of [undefined, null, "1", true, NaN, 5n, new Number(1)]) {
    assert.deepEqual(limit!.reservation({ n }, { grant: "g" }), { refused: "amount" });
  }
  for (const context of [undefined, {}, { grant: "" }, { grant: 5 }, Object.create({ grant: "g" }), [], "g"]) {
    assert.deepEqual(limit!.reservation({ n: 1 }, context), { refused: "scope" });
  }
});

test("a body that does not fit the format denies its calls, and no others", () => {
  const bad: Line[] = [
    5, null, [], [LEAVES], [LEAVES, 0], [LEAVES, -3], [LEAVES, "x"], [LEAVES, 0.5], [LEAVES, null], [[["maybe", -1, []]], -1],
    [[["allow", 2, []]], -1], [[["allow", -2, []]], -1], [[["allow", -1, [0]]], -1], [[["allow", -1, [9]]], -1], body("x", 0),
    body("k", 0, -2), body("b", 9, -2, -2, -2),
    body("b", 0, 0, 0, 0), body("b", 0, -2, -2, 5), body("n", 0, [5], [-2], -2),
    body("n", 0, [5, 5], [-2, -2, -2, -2, -2], -2),
    body("n", 0, ["5"], [-2, -2, -2], -2), body("s", 0, [["x"]], -2, -2), body("t", 0, 0, -2, -2, -2), body("b", 0, null, null, null),
    { default: "maybe", rules: [[], [], [], []] }, { default: "allow", rules: [[]] },
    ...[["?", 0, 5, 4], ["?", 9, 0, 4], ["^"], null, 1].map((guard) => ({ default: "allow", rules: [[[0, guard]], [], [], []] })),
    { default: "allow", rules: [[[-1, true]], [], [], []] },
  ];
  const all = table({ ...bad, good: [LEAVES, -2] }, ONE);
  bad.forEach((line, i) => assert.equal(all.decide(String(i), { n: 7 }).effect, "deny", JSON.stringify(line)));
  assert.equal(all.decide("good").effect, "allow");
  const badTests = [
    5, [], ["=="], ["~", 1, 0, 0, false, null, []], ["toString", 1, 2, 2, false, null, []], ["==", null, 2, 2, false, null, []],
    ["==", 1, 3, 0, false, null, []], ["==", 1, 2, 2, 0, null, []], ["==", 1, 2, 2, false, "most", []],
    ["==", 1, 2, 2, false, "every", [{}]], ["in", 5, 2, 2, false, null, []], ["is", "thing", 2, 2, false, null, []],
    ["matches", "(", 2, 2, false, null, []], ["like", 5, 2, 2, false, null, []], ["starts_with", 5, 1, 1, false, null, []],
  ];
  for (const line of badTests) {
    assert.equal(table({ t: body("t", 0, 0, -2, -2, -2) }, ONE, [line]).decide("t", { n: 1 }).effect, "deny", JSON.stringify(line));
  }
});

test("what is refused when loading", () => {
  const good = (): any[] => lines({ t: [LEAVES, -2] }, ONE, [], [], 0);
  const refusal = (change: (all: any[]) => void, options = {}): string => {
    const all = good();
    change(all);
    try {
      new Table(sealed(all), options);
      return "none";
    } catch (error) {
      assert.ok(error instanceof TableError, String(error));
      return error.refusal;
    }
  };
  assert.equal(refusal(() => {}), "none");
  assert.equal(refusal(() => {}, { revision: 3 }), "none");
  assert.equal(refusal(() => {}, { revision: 4 }), "revision");
  assert.equal(refusal((all) => all[0].capabilities.push("integer.big")), "capability");
  const changes: ((all: any[]) => unknown)[] = [
    (all) => (all[0] = null), (all) => (all[0] = []), (all) => (all[1] = null), (all) => (all[1].policies = {}), (all) => (all[2] = {}),
    (all) => (all[1].policies[0].call = []), (all) => (all[1].policies[0].call = { t: "1" }),
    (all) => (all[1].policies[0].rules = [1, 0]), (all) => (all[2] = [["call", "other"]]), (all) => (all[2] = [["args", -1]]),
    (all) => (all[2] = [["args", null]]), (all) => (all[0].revision = "3"), (all) => (all[0].capabilities = "regex"),
    (all) => (all[0].policies = ["p", "p"]),
  ];
  for (const change of changes) assert.equal(refusal(change), "malformed", String(change));
  const content = sealed(good()).subarray(sealed(good()).indexOf(10) + 1);
  const refused = (bytes: Buffer, why: string): void =>
    assert.throws(() => new Table(bytes), (error) => error instanceof TableError && error.refusal === why, why);
  new Table(headed(content, { more: "x".repeat(800) }));
  refused(headed(content, { more: "x".repeat(1000) }), "no table");
  refused(headed(Buffer.concat([content.subarray(0, -5), Buffer.from("5")])), "malformed");
  refused(headed(Buffer.concat([content.subarray(0, -1), Buffer.from("\xff\n", "latin1")])), "malformed");
  const bytes = sealed(good());
  const kept = new Table(bytes);
  bytes.fill(0);
  assert.equal(kept.decide("t").effect, "allow", "the bytes were changed after they were checked");
});
