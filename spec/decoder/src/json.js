// JSON as the books restrict it, token by token, so that every octet has an owner.

import { Breach } from "./breach.js";
import { float, joined, short, utf8 } from "./text.js";

const STRING = /"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const LETTERS = /[A-Za-z]+/y;

// Read exactly one text; offsets are those of the octets, which are taken one a character.
export function readJson(reader, piece, begin, end, path) {
  const octets = reader.data.subarray(begin, end);
  if (utf8(octets) === null) throw new Breach("UTF8", "invalid UTF-8", begin);
  const text = Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
  let at = 0;

  const wrong = (what) => new Breach("VALUE", `no JSON: ${at >= text.length ? "the text ends early" : what}`, begin + at);
  const skip = () => { while (at < text.length && " \t\n\r".includes(text[at])) at += 1; };
  const match = (pattern) => { pattern.lastIndex = at; return pattern.exec(text); };
  const note = (from, where, shown, number) => reader.note(begin + from, at - from, where, shown, number);

  function string() {
    const found = match(STRING);
    if (!found) throw wrong("no string");
    const raw = Uint8Array.from(found[0], (letter) => letter.charCodeAt(0));
    const value = JSON.parse(utf8(raw));
    if (/\p{Surrogate}/u.test(value)) throw new Breach("SURROGATE", "an unpaired surrogate", begin + at);
    at += found[0].length;
    return value;
  }

  function container(where, depth, kind, close) {
    const from = at;
    if (depth >= piece.depth) throw new Breach("DEPTH", `deeper than ${piece.depth}`, begin + at);
    at += 1;
    skip();
    note(from, `${where}:${kind}`, kind);
    const found = { kind: kind === "object" ? "map" : "array", offset: begin + from, members: [] };
    const seen = new Set();
    for (;;) {
      if (text[at] === close) {
        at += 1;
        return found;
      }
      if (found.members.length) {
        if (text[at] !== ",") throw wrong("neither a comma nor the end");
        at += 1;
        skip();
      }
      if (kind === "array") {
        found.members.push({ value: value(`${where}[${found.members.length}]`, depth + 1) });
      } else {
        const keyAt = at;
        const name = string();
        if (seen.has(name)) throw new Breach("DUPLICATE", "the same member twice", begin + keyAt);
        seen.add(name);
        skip();
        if (text[at] !== ":") throw wrong("no colon");
        at += 1;
        skip();
        const inside = joined(where, name);
        note(keyAt, `${inside}:key`, short(JSON.stringify(name)));
        const key = { kind: "str", str: name, offset: begin + keyAt };
        found.members.push({ key, value: value(inside, depth + 1) });
      }
      skip();
    }
  }

  function value(where, depth) {
    const from = at;
    if (text[at] === "{") return container(where, depth, "object", "}");
    if (text[at] === "[") return container(where, depth, "array", "]");
    const found = scalar();
    note(from, where, short(found.text), found.kind === "int" ? found.number : undefined);
    return { ...found, offset: begin + from };
  }

  function scalar() {
    if (text[at] === '"') {
      const read = string();
      return { kind: "str", str: read, text: JSON.stringify(read) };
    }
    const number = match(NUMBER);
    if (number) {
      const read = Number(number[0]);
      if (!Number.isFinite(read)) throw new Breach("MAGNITUDE", "a number beyond binary64", begin + at);
      at += number[0].length;
      if (number[1] || number[2]) return { kind: "float", text: float(read) };
      const whole = BigInt(number[0]);
      return { kind: "int", number: whole, text: String(whole) };
    }
    const word = match(LETTERS);
    if (!word || !/^(?:true|false|null)$/.test(word[0])) throw wrong("no value");
    at += word[0].length;
    return { kind: word[0] === "null" ? "nil" : "bool", text: word[0] };
  }

  skip();
  const found = value(path, 0);
  skip();
  if (at < text.length) throw wrong("something behind the value");
  return found;
}
