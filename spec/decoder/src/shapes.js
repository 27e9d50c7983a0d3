// Shapes of values: the first thing that is wrong with one is a breach.

import { Breach, under } from "./breach.js";

const KINDS = { any: null, nil: "nil", bool: "bool", str: "str", int: "int", array: "array", map: "map", record: "map" };

// Check a value that was read; tell `ignores` of each member that a receiver ignores.
export function check(shape, value, ignores) {
  const wanted = KINDS[shape.type];
  if (wanted === null || (shape.nullable && value.kind === "nil")) return;
  if (value.kind !== wanted) throw new Breach("TYPE", `${value.kind} instead of ${wanted}`, value.offset);
  if (shape.type === "int") checkRange(shape, value);
  if (shape.type === "array") for (const { value: item } of value.members) check(shape.items, item, ignores);
  if (shape.type === "map") checkMap(shape, value, ignores);
  if (shape.type === "record") checkRecord(shape, value, ignores);
}

function checkRange({ least, most }, { number, offset }) {
  if ((least !== null && number < least) || (most !== null && number > most)) {
    throw new Breach("RANGE", `${number} is not within ${least} to ${most}`, offset);
  }
}

function checkKey(key) {
  if (key.kind !== "str") throw new Breach("TYPE", "a key that is not a str", key.offset);
}

function checkMap(shape, { members }, ignores) {
  for (const { key, value } of members) {
    checkKey(key);
    check(shape.values, value, ignores);
  }
}

function checkRecord(shape, { members, offset }, ignores) {
  const known = new Map(shape.keys.map((key) => [key.name, key]));
  const found = new Map();
  for (const { key, value } of members) {
    if (!shape.any_keys) checkKey(key);
    if (key.kind === "str" && known.has(key.str)) found.set(key.str, value);
    else if (!shape.others) throw new Breach("UNKNOWN", `unknown key ${key.text ?? key.str}`, key.offset);
    else if (shape.others.ignored) ignores();
  }
  for (const [name, key] of known) {
    under(key.rules, () => {
      if (found.has(name)) check(key, found.get(name), ignores);
      else if (key.required) throw new Breach("MISSING", `no key ${name}`, offset);
    });
  }
  for (const { key, value } of shape.others ? members : []) {
    if (key.kind !== "str" || !known.has(key.str)) check(shape.others, value, ignores);
  }
}
