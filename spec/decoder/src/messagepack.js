// MessagePack, value by value, so that every octet has an owner. Scalars are decoded by the library.

import { decode } from "@msgpack/msgpack";
import { Breach } from "./breach.js";
import { float, hex, joined, short, utf8 } from "./text.js";

const EXTENSION_LENGTHS = { 0xc7: 1, 0xc8: 2, 0xc9: 4 };
const FIXED_EXTENSIONS = { 0xd4: 1, 0xd5: 2, 0xd6: 4, 0xd7: 8, 0xd8: 16 };
const SIZES = { 0xca: 4, 0xcb: 8, 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8, 0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8 };
const TEXT_LENGTHS = { 0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4 };

// Read exactly one value from `begin` to `end` of the reader's octets.
export function readMessagePack(reader, piece, begin, end, path) {
  const { data } = reader;
  const { profile } = piece;
  let at = begin;

  const incomplete = (offset) => new Breach("VALUE", "the value is incomplete", offset);

  function take(size, from) {
    if (at + size > end) throw incomplete(from);
    at += size;
    return data.subarray(at - size, at);
  }

  const uint = (size, from) => take(size, from).reduce((value, octet) => value * 256 + octet, 0);

  function open(depth) {
    if (at >= end) throw incomplete(at);
    const head = data[at];
    if (head === 0xc1) throw new Breach("RESERVED", "reserved octet c1", at);
    const extension = head in EXTENSION_LENGTHS || head in FIXED_EXTENSIONS;
    if (extension && !profile.extensions) throw new Breach("EXTENSION", "an extension type", at);
    const container = (head >= 0x80 && head < 0xa0) || (head >= 0xdc && head <= 0xdf);
    if ((profile.scalars_deep || container) && depth >= piece.depth) {
      throw new Breach("DEPTH", `deeper than ${piece.depth}`, at);
    }
    return { head, container, extension };
  }

  function scalar(head) {
    const from = at;
    if (head in EXTENSION_LENGTHS || head in FIXED_EXTENSIONS) {
      take(1, from);
      const size = FIXED_EXTENSIONS[head] ?? uint(EXTENSION_LENGTHS[head], from);
      const code = (take(1, from)[0] << 24) >> 24;
      const octets = take(size, from);
      return { kind: "extension", id: `x${code}:${hex(octets)}`, text: `extension ${code}: ${short(hex(octets))}` };
    }
    take(1, from);
    if (head in SIZES) take(SIZES[head], from);
    else if (head in TEXT_LENGTHS) take(uint(TEXT_LENGTHS[head], from), from);
    else if (head >= 0xa0 && head < 0xc0) take(head - 0xa0, from);
    if (head >= 0xc4 && head <= 0xc6) {
      const octets = data.subarray(from + 1 + TEXT_LENGTHS[head], at);
      const text = profile.bin_as_text ? utf8(octets) : null;
      return text === null
        ? { kind: "bin", id: `b${hex(octets)}`, text: hex(octets) }
        : { kind: "str", str: text, id: `s${text}`, text: JSON.stringify(text) };
    }
    const isText = (head >= 0xa0 && head < 0xc0) || head in TEXT_LENGTHS;
    if (isText) {
      const text = utf8(data.subarray(from + 1 + (TEXT_LENGTHS[head] ?? 0), at));
      if (text === null) throw new Breach("UTF8", "invalid UTF-8", from);
      return { kind: "str", str: text, id: `s${text}`, text: JSON.stringify(text) };
    }
    const value = decode(data.subarray(from, at), { useBigInt64: true });
    if (value === null) return { kind: "nil", id: "nil", text: "nil" };
    // As keys, 1, 1.0 and true are one.
    if (typeof value === "boolean") return { kind: "bool", id: `n${Number(value)}`, text: String(value) };
    const isFloat = head === 0xca || head === 0xcb;
    const id = Number.isNaN(value) ? `nan${from}` : `n${isFloat && Number.isInteger(value) ? BigInt(value) : value}`;
    return { kind: isFloat ? "float" : "int", number: value, id, text: isFloat ? float(value) : String(value) };
  }

  function count(head) {
    const from = at;
    take(1, from);
    if (head < 0xa0) return head % 16;
    return uint(head % 2 ? 4 : 2, from);
  }

  function value(where, depth) {
    const from = at;
    const { head, container } = open(depth);
    if (!container) {
      const found = { ...scalar(head), offset: from };
      reader.note(from, at - from, where, short(found.text), found.number);
      return found;
    }
    const kind = (head >= 0x80 && head < 0x90) || head >= 0xde ? "map" : "array";
    const items = count(head);
    if (items) reader.note(from, at - from, `${where}:${kind}`, `${kind} of ${items}`);
    else reader.note(from, at - from, where, kind === "map" ? "{}" : "[]");
    const found = { kind, offset: from, members: [] };
    const seen = new Set();
    for (let index = 0; index < items; index += 1) {
      if (kind === "array") {
        found.members.push({ value: value(`${where}[${index}]`, depth + 1) });
        continue;
      }
      const keyAt = at;
      const opened = open(depth);
      if (opened.container || opened.extension) {
        throw new Breach("CONTAINER_KEY", "an array, a map or an extension value as a key", keyAt);
      }
      const key = { ...scalar(opened.head), offset: keyAt };
      const keyPath = key.kind === "str" ? joined(where, key.str) : `${where}[${key.text}]`;
      reader.note(keyAt, at - keyAt, `${keyPath}:key`, short(key.text));
      if (seen.has(key.id)) throw new Breach("DUPLICATE", "the same key twice", keyAt);
      seen.add(key.id);
      found.members.push({ key, value: value(keyPath, depth + 1) });
    }
    return found;
  }

  const found = value(path, 0);
  if (at < end) throw new Breach("VALUE", `${end - at} octets left over`, at);
  return found;
}
