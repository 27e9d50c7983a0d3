// Messages of a book, read by its neutral form: octets in, fields out, and what is wrong if anything.

import { Breach, under } from "./breach.js";
import { readJson } from "./json.js";
import { readMessagePack } from "./messagepack.js";
import { check } from "./shapes.js";
import { hex, joined, short } from "./text.js";

class Reader {
  constructor(form, data) {
    this.form = form;
    this.data = data;
    this.fields = [];
    this.ignored = 0;
  }

  note(offset, length, path, text, number) {
    this.fields.push({ offset, length, path, text, number });
  }

  number(at, size, end) {
    if (at + size > end) throw new Breach("SHORT", `${Math.max(0, end - at)} of ${size} octets`, end);
    return this.data.subarray(at, at + size).reduce((value, octet) => value * 256 + octet, 0);
  }

  // Read a piece from `at`, within octets that end at `end`; return where what follows begins.
  piece(piece, at, end, path) {
    return this[piece.type](piece, at, end, path);
  }

  message(piece, at, end, path) {
    return this.piece(this.form.messages[piece.message], at, end, path);
  }

  layout(piece, at, end, path) {
    return under(piece.rules, () =>
      piece.fields.reduce(
        (from, field) => under(field.own_rules, () => this.piece(field, from, end, joined(path, field.name))),
        at,
      ),
    );
  }

  uint(piece, at, end, path, shown = String) {
    const value = this.number(at, piece.size, end);
    if (value < piece.least || value > piece.most) {
      throw new Breach("RANGE", `${value} is not within ${piece.least} to ${piece.most}`, at);
    }
    this.note(at, piece.size, path, shown(value), value);
    return at + piece.size;
  }

  bits(piece, at, end, path) {
    return this.uint(piece, at, end, path, (value) => value.toString(2).padStart(8 * piece.size, "0"));
  }

  magic(piece, at, end, path) {
    this.number(at, piece.size, end);
    const found = this.data.subarray(at, at + piece.size);
    if (hex(found).replaceAll(" ", "") !== piece.hex) throw new Breach("CONSTANT", `${hex(found)} is not the constant`, at);
    this.note(at, piece.size, path, hex(found));
    return at + piece.size;
  }

  word(piece, at, end, path) {
    const found = String.fromCharCode(...this.data.subarray(at, Math.min(end, at + 64)));
    if (end - at > 64 || !piece.words.includes(found)) {
      throw new Breach("CONSTANT", `none of ${piece.words.join(", ")}`, at);
    }
    this.note(at, end - at, path, JSON.stringify(found));
    return end;
  }

  base64(piece, at, end, path) {
    const last = piece.size === null ? end : Math.min(end, at + piece.size);
    const text = String.fromCharCode(...this.data.subarray(at, last));
    const valid = text.match(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/)[0];
    if (valid.length < text.length) throw new Breach("BASE64", "no base64 with padding", at + valid.length);
    const octets = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const least = piece.octets ?? piece.least;
    if (octets.length < least) throw new Breach("SHORT", `${octets.length} octets instead of ${least}`, at);
    if (piece.octets !== null && octets.length > least) throw new Breach("LONG", `${octets.length} octets instead of ${least}`, at);
    this.note(at, last - at, path, short(hex(octets)));
    return last;
  }

  block(piece, at, end, path) {
    const { size, least, most } = piece.length;
    const length = this.number(at, size, end);
    this.note(at, size, `${path}:length`, String(length), length);
    if (length < least) throw new Breach("UNDERRUN", `${length} octets announced instead of at least ${least}`, at);
    if (length > most) throw new Breach("LONG", `${length} octets announced instead of at most ${most}`, at);
    const begin = at + size;
    if (begin + length > end) throw new Breach("OVERRUN", `${length} octets announced, ${end - begin} there`, at);
    this.piece(piece.content, begin, begin + length, path);
    return begin + length;
  }

  "until-end"(piece, at, end, path) {
    let from = at;
    for (let index = 0; from < end; index += 1) from = this.piece(piece.items, from, end, `${path}[${index}]`);
    return from;
  }

  messagepack(piece, at, end, path) {
    return this.value(piece, readMessagePack, piece.taken ?? piece.value, at, end, path);
  }

  json(piece, at, end, path) {
    return this.value(piece, readJson, piece.value, at, end, path);
  }

  value(piece, read, shape, at, end, path) {
    under(piece.rules, () => check(shape, read(this, piece, at, end, path), () => { this.ignored += 1; }));
    return end;
  }
}

// Return the fields of a message, and `error` if it is not a whole one.
export function dissect(form, name, data) {
  const message = form.messages[name];
  const reader = new Reader(form, data);
  try {
    under(message.own_rules, () => {
      if (data.length < message.least) {
        throw new Breach("SHORT", `${data.length} octets instead of at least ${message.least}`, data.length);
      }
      if (message.most !== null && data.length > message.most) {
        throw new Breach("LONG", `${data.length} octets instead of at most ${message.most}`, message.most);
      }
      const end = reader.piece(message, 0, data.length, "");
      if (end < data.length) throw new Breach("LEFT_OVER", `${data.length - end} octets left over`, end);
    });
  } catch (error) {
    if (!(error instanceof Breach)) throw error;
    const { requirement, offset, message: reason } = error;
    return { message: name, fields: reader.fields, ignored: reader.ignored, error: { requirement, reason, offset } };
  }
  return { message: name, fields: reader.fields, ignored: reader.ignored, error: null };
}

// Return the reading that makes most of the octets; of whole ones, that which ignores least.
export function guess(form, data) {
  const names = Object.keys(form.messages).filter((name) => form.messages[name].datagram);
  const read = names.map((name) => dissect(form, name, data));
  const extent = ({ error }) => (error ? error.offset : Infinity);
  return read.reduce((best, next) => {
    const further = extent(next) - extent(best);
    if (Number.isNaN(further)) return next.ignored < best.ignored ? next : best;
    return further > 0 ? next : best;
  });
}
