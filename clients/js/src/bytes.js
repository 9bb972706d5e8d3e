// Bytes as base64 and back, where there is a Buffer and where there is none.
// SPDX-License-Identifier: Apache-2.0

const CHUNK = 0x8000;           // arguments of one call

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  if (globalThis.Buffer) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

export function fromBase64(text) {
  if (globalThis.Buffer) return new Uint8Array(Buffer.from(text, "base64"));
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
