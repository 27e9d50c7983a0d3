// What a person gives, to octets: hex, base64, a text, or a file.

// Return octets, or null if the text is neither hex nor base64 nor JSON.
export function octetsOf(text) {
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed)) return new TextEncoder().encode(trimmed);
  const digits = trimmed.replaceAll(/0x|[\s:,._-]/g, "");
  if (digits && /^(?:[0-9a-fA-F]{2})+$/.test(digits)) {
    return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
  }
  if (/^[A-Za-z0-9+/\s]+={0,2}$/.test(trimmed)) {
    try {
      return Uint8Array.from(atob(trimmed.replaceAll(/\s/g, "")), (letter) => letter.charCodeAt(0));
    } catch {
      return null;
    }
  }
  return null;
}
