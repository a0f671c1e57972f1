/** Signed tables: envelopes as docs/table-format.md says, made here with node:crypto. */

import assert from "node:assert/strict";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Table, TableError } from "../src/index.js";

const TYPE = "application/vnd.policyc.table+json";
const bytes = readFileSync(fileURLToPath(new URL("../../../../../tests/conformance/vectors/basics.table", import.meta.url)));
const line = bytes.subarray(0, bytes.indexOf(10));
const ours = generateKeyPairSync("ed25519");
const theirs = generateKeyPairSync("ed25519");
const pem = ours.publicKey.export({ type: "spki", format: "pem" });

function envelope(payload: Buffer, key: KeyObject, type = TYPE): any {
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const signatures = [{ keyid: "any", sig: sign(null, signed, key).toString("base64") }];
  return { payload: payload.toString("base64"), payloadType: type, signatures };
}

function accepts(signature: unknown, keys: any[] = [pem]): boolean {
  try {
    new Table(bytes, { keys, signature: signature === undefined ? undefined : JSON.stringify(signature) });
    return true;
  } catch (error) {
    assert.ok(error instanceof TableError && error.refusal === "signature", String(error));
    return false;
  }
}

test("a signature by one of the keys", () => {
  const good = envelope(line, ours.privateKey);
  assert.ok(accepts(good));
  assert.ok(accepts(good, [theirs.publicKey, ours.publicKey]));
  assert.ok(accepts({ ...good, signatures: [...envelope(line, theirs.privateKey).signatures, ...good.signatures] }));
});

test("anything else is refused", () => {
  const good = envelope(line, ours.privateKey);
  assert.ok(!accepts(undefined));
  assert.ok(!accepts(good, []));
  assert.ok(!accepts(envelope(line, theirs.privateKey)));
  assert.ok(!accepts(envelope(line, ours.privateKey, "text/plain")));
  assert.ok(!accepts({ ...envelope(line, ours.privateKey, "text/plain"), payloadType: TYPE }));
  assert.ok(!accepts(envelope(Buffer.concat([line, Buffer.from("\n")]), ours.privateKey)));
  assert.ok(!accepts({ ...envelope(Buffer.from("{}"), ours.privateKey), payload: good.payload }));
  assert.ok(!accepts({ ...good, payloadType: "text/plain" }));
  for (const bad of [null, 5, [], {}, { ...good, signatures: [] }, { ...good, signatures: [{ sig: 5 }] }, { ...good, payload: null }]) {
    assert.ok(!accepts(bad), JSON.stringify(bad));
  }
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
  for (const key of [rsa, ours.privateKey, "no key"]) {
    assert.throws(() => new Table(bytes, { keys: [key], signature: JSON.stringify(good) }), (error) => !(error instanceof TableError));
  }
});

test("a file's signature stands beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "table-"));
  try {
    const path = join(folder, "a.table");
    writeFileSync(path, bytes);
    assert.throws(() => Table.load(path, { keys: [pem] }), TableError);
    writeFileSync(`${path}.sig`, JSON.stringify(envelope(line, ours.privateKey)));
    assert.deepEqual(Table.load(path, { keys: [pem] }).header.policies, ["basics"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
