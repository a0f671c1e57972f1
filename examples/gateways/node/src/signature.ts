/** DSSE envelopes signed with Ed25519 (docs/table-format.md, "Signature"; the encoding is that of the DSSE protocol, v1). */

import { createPublicKey, verify, type KeyObject } from "node:crypto";

const PAYLOAD_TYPE = "application/vnd.policyc.table+json";
/** A public key: PEM text (SubjectPublicKeyInfo), or a KeyObject. */
export type Key = string | Buffer | KeyObject;

/** Whether an envelope's payload is the table's first line and a signature in it is by one of the keys. Throws for what is not a key. */
export function verifies(firstLine: Buffer, envelope: string | undefined, keys: readonly Key[]): boolean {
  const known = keys.map(publicKey);
  try {
    const { payload, payloadType, signatures } = JSON.parse(envelope ?? "null");
    if (payloadType !== PAYLOAD_TYPE || !Buffer.from(payload, "base64").equals(firstLine)) return false;
    const signed = Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${firstLine.length} `), firstLine]);
    return signatures.some((s: { sig: string }) => known.some((key) => verify(null, signed, key, Buffer.from(s.sig, "base64"))));
  } catch {
    return false; // no envelope, or none that fits
  }
}

function publicKey(key: Key): KeyObject {
  const found = typeof key === "string" || Buffer.isBuffer(key) ? createPublicKey(key) : key;
  if (found.type !== "public" || found.asymmetricKeyType !== "ed25519") throw new TypeError("a key is a public key of Ed25519");
  return found;
}
