// One signing key a run, as the wizard would make it.
import { generateKeyPairSync, type KeyObject } from "node:crypto";

export interface SigningKey {
  bound: string; // as the Worker gets it
  publicKey: KeyObject;
}

export function newSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const bound = privateKey.export({ type: "pkcs8", format: "der" }).toString("base64url");
  return { bound, publicKey };
}
