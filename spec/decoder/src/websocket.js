// Streams of WebSocket: the messages behind the opening handshake, unmasked and joined.

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;

// Return the messages of a stream with where each ends; null if it is no WebSocket.
export function messagesOf(data) {
  const head = String.fromCharCode(...data.subarray(0, 8192));
  const end = head.indexOf("\r\n\r\n");
  if (end < 0 || !/^(?:GET |HTTP\/1\.1 101)/.test(head) || !/\r\nupgrade: *websocket/i.test(head.slice(0, end))) {
    return null;
  }
  const messages = [];
  let parts = [];
  for (let at = end + 4; at + 2 <= data.length; ) {
    const [first, second] = [data[at], data[at + 1]];
    let length = second & 127;
    at += 2;
    if (length >= 126) {
      const size = length === 126 ? 2 : 8;
      length = data.subarray(at, at + size).reduce((value, octet) => value * 256 + octet, 0);
      at += size;
    }
    const mask = second & 128 ? data.subarray(at, at + 4) : null;
    at += mask ? 4 : 0;
    if (at + length > data.length) break;
    const payload = data.slice(at, at + length).map((octet, index) => (mask ? octet ^ mask[index % 4] : octet));
    at += length;
    const opcode = first & 15;
    if (opcode === TEXT || opcode === BINARY) parts = [payload];
    else if (opcode === CONTINUATION) parts.push(payload);
    else continue;
    if (first & 128) messages.push({ data: Uint8Array.from(parts.flatMap((part) => [...part])), end: at });
  }
  return messages;
}
