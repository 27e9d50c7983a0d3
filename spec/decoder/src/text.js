// Texts: what is valid UTF-8, and how paths and values are shown.

const SHOWN = 60;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Return the text of octets, or null if they are not UTF-8.
export function utf8(octets) {
  try {
    return strict.decode(octets);
  } catch {
    return null;
  }
}

export function hex(octets) {
  const digits = Array.from(octets.slice(0, SHOWN), (octet) => octet.toString(16).padStart(2, "0"));
  return digits.join(" ") || "(empty)";
}

export function short(text) {
  const letters = [...text];
  return letters.length <= SHOWN ? text : `${letters.slice(0, SHOWN - 1).join("")}…`;
}

// Return a path extended by the name of a member or the index of an item.
export function joined(path, key) {
  if (typeof key === "string" && /^[\p{XID_Start}_][\p{XID_Continue}]*$/u.test(key)) {
    return path ? `${path}.${key}` : key;
  }
  if (typeof key !== "string") return `${path}[${key}]`;
  const quote = key.includes("'") && !key.includes('"') ? '"' : "'";
  return `${path}[${quote}${key.replaceAll("\\", "\\\\")}${quote}]`;
}

// Return a float as Python and the books write it.
export function float(value) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [, sign, digits, exponent] = value.toExponential().match(/^(-?)([\d.]+)e([-+]\d+)$/);
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${sign}${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const plain = digits.replace(".", "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${plain}`;
  const padded = plain.padEnd(power + 1, "0");
  return `${sign}${padded.slice(0, power + 1)}.${padded.slice(power + 1) || "0"}`;
}
