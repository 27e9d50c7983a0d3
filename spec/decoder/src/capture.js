// Captures: pcap and pcapng to datagrams and streams. What they carry is not known here.

const ETHERNET_TYPES = { 0x0800: 4, 0x86dd: 6 };
const UDP = 17;
const TCP = 6;

// Tell whether octets are a capture.
export function isCapture(data) {
  return data.length >= 24 && ["a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a"].includes(first4(data));
}

const first4 = (data) => Array.from(data.subarray(0, 4), (octet) => octet.toString(16).padStart(2, "0")).join("");

// Return the datagrams and the streams of a capture, each with the number of its packet.
export function readCapture(data) {
  const datagrams = [];
  const segments = new Map();
  let number = 0;
  for (const { octets, link } of first4(data) === "0a0d0d0a" ? ofPcapng(data) : ofPcap(data)) {
    number += 1;
    const packet = internet(octets, link);
    if (!packet) continue;
    const { view, source, destination } = packet;
    if (packet.protocol === UDP && view.byteLength >= 8) {
      const ports = [view.getUint16(0), view.getUint16(2)];
      const payload = octetsOf(view).subarray(8, view.getUint16(4));
      datagrams.push({ number, data: payload, source: `${source}:${ports[0]}`, destination: `${destination}:${ports[1]}` });
    } else if (packet.protocol === TCP && view.byteLength >= 20) {
      const [from, to] = [`${source}:${view.getUint16(0)}`, `${destination}:${view.getUint16(2)}`];
      const syn = (view.getUint8(13) & 2) !== 0;
      const key = `${from} ${to}`;
      if (syn || !segments.has(key)) {
        const known = segments.get(key);
        if (known) segments.set(`${key} ${number}`, known);
        segments.set(key, { source: from, destination: to, begin: view.getUint32(4) + (syn ? 1 : 0), parts: [] });
      }
      const payload = octetsOf(view).subarray((view.getUint8(12) >> 4) * 4);
      if (payload.length) segments.get(key).parts.push({ number, at: view.getUint32(4), data: payload });
    }
  }
  return { datagrams, streams: [...segments.values()].map(inOrder).filter((stream) => stream.data.length) };
}

const octetsOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const viewOf = (octets) => new DataView(octets.buffer, octets.byteOffset, octets.byteLength);

function* ofPcap(data) {
  const view = viewOf(data);
  const little = data[0] === 0xd4 || data[0] === 0x4d;
  const link = view.getUint32(20, little) & 0xffff;
  for (let at = 24; at + 16 <= data.length; ) {
    const length = view.getUint32(at + 8, little);
    yield { link, octets: data.subarray(at + 16, at + 16 + length) };
    at += 16 + length;
  }
}

function* ofPcapng(data) {
  const view = viewOf(data);
  let little = true;
  let links = [];
  for (let at = 0; at + 12 <= data.length; ) {
    if (view.getUint32(at) === 0x0a0d0d0a) {
      little = view.getUint32(at + 8) === 0x4d3c2b1a;
      links = [];
    }
    const [type, length] = [view.getUint32(at, little), view.getUint32(at + 4, little)];
    if (length < 12) return;
    if (type === 1) links.push(view.getUint16(at + 8, little));
    if (type === 6) {
      const size = view.getUint32(at + 20, little);
      yield { link: links[view.getUint32(at + 8, little)], octets: data.subarray(at + 28, at + 28 + size) };
    }
    if (type === 3) yield { link: links[0], octets: data.subarray(at + 12, at + length - 4) };
    at += length;
  }
}

// Return what an Internet packet carries, by the type of its link; null for anything else.
function internet(octets, link) {
  const view = viewOf(octets);
  let at;
  try {
    if (link === 1) {
      at = 12;
      while (view.getUint16(at) === 0x8100) at += 4;
      if (!(view.getUint16(at) in ETHERNET_TYPES)) return null;
      at += 2;
    } else {
      at = { 0: 4, 108: 4, 12: 0, 14: 0, 101: 0, 113: 16, 276: 20 }[link];
      if (at === undefined) return null;
    }
    const version = view.getUint8(at) >> 4;
    if (version === 4) return ofIPv4(octets, view, at);
    if (version === 6) return ofIPv6(octets, view, at);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // cut off
  }
  return null;
}

function ofIPv4(octets, view, at) {
  if (view.getUint16(at + 6) & 0x3fff) return null; // a fragment
  const begin = at + (view.getUint8(at) & 15) * 4;
  const address = (from) => octets.subarray(from, from + 4).join(".");
  return {
    protocol: view.getUint8(at + 9),
    source: address(at + 12),
    destination: address(at + 16),
    view: viewOf(octets.subarray(begin, at + view.getUint16(at + 2))),
  };
}

function ofIPv6(octets, view, at) {
  const address = (from) => {
    const parts = Array.from({ length: 8 }, (_, index) => view.getUint16(from + 2 * index).toString(16));
    return `[${parts.join(":").replace(/\b0(?::0)+\b/, "").replace(/^$/, "::")}]`;
  };
  return {
    protocol: view.getUint8(at + 6),
    source: address(at + 8),
    destination: address(at + 24),
    view: viewOf(octets.subarray(at + 40, at + 40 + view.getUint16(at + 4))),
  };
}

// Return a stream with its octets in order, up to the first that is missing.
function inOrder({ source, destination, begin, parts }) {
  const placed = parts.map((part) => ({ ...part, at: (part.at - begin) | 0 })).sort((a, b) => a.at - b.at);
  const data = [];
  const ends = [];
  for (const part of placed) {
    if (part.at > data.length) break;
    for (const octet of part.data.subarray(data.length - part.at)) data.push(octet);
    ends.push({ end: data.length, number: part.number });
  }
  const numberAt = (end) => ends.find((one) => one.end >= end)?.number ?? 0;
  return { source, destination, data: Uint8Array.from(data), numberAt };
}
