// A check of the book's form that failed: which one, where, and the requirement that it serves.

export class Breach extends Error {
  constructor(check, reason, offset) {
    super(reason);
    this.check = check;
    this.offset = offset;
    this.requirement = "";
  }

  // Name the requirement, if `rules` have one and nobody further inside had.
  attribute(rules) {
    this.requirement ||= rules?.[this.check] ?? "";
  }
}

// Run `read`, and let what it finds wrong serve the requirement that `rules` name for it.
export function under(rules, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Breach) error.attribute(rules);
    throw error;
  }
}
