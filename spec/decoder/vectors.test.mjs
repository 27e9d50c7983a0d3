// Every vector of every book: the valid ones are read, and the others refused for their reason.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { dissect } from "./src/decode.js";

const SPEC = new URL("../wirebook/spec/", import.meta.url);

for (const book of ["pygase", "packetmq", "pgnet"]) {
  const form = JSON.parse(readFileSync(new URL(`${book}/wire.json`, SPEC)));
  const folder = new URL(`${book}/vectors/`, SPEC);
  for (const file of readdirSync(folder)) {
    const groups = JSON.parse(readFileSync(new URL(file, folder))).groups;
    for (const group of groups.filter(({ type }) => ["decode", "encode", "reject"].includes(type))) {
      for (const vector of group.tests.filter(({ hex }) => hex !== undefined)) {
        test(`${book} ${file} ${vector.id}`, () => {
          const { error, fields } = dissect(form, group.message, Buffer.from(vector.hex, "hex"));
          if (vector.result === "invalid") {
            assert.ok(error);
            assert.ok(vector.requirements.includes(error.requirement), `${error.requirement} ${error.reason}`);
          } else {
            assert.equal(error, null);
            for (const [offset, length, path] of vector.spans ?? []) {
              const inside = fields.filter((field) => field.path === path);
              if (inside.length) assert.deepEqual([inside[0].offset, inside[0].length], [offset, length]);
            }
          }
        });
      }
    }
  }
}
