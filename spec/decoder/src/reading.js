// From what a person gave to messages that were read. Nothing is shown here.

import { Keyring } from "./boxes.js";
import { isCapture, readCapture } from "./capture.js";
import { dissect, guess } from "./decode.js";
import { messagesOf } from "./websocket.js";

// Return the messages in octets: `{title, data, sealed, reading}` each.
export function read(form, octets, { message = "", privates = [], publics = [] } = {}) {
  const keyring = new Keyring(privates, publics);
  const pieces = isCapture(octets) ? captured(form, octets) : cut(form, octets).map((data) => ({ title: "", data }));
  return pieces.map(({ title, data }) => one(form, title, data, message, keyring));
}

function one(form, title, data, message, keyring) {
  let [shown, sealed] = [data, false];
  if (isBox(form, data)) {
    const opened = keyring.open(data);
    [shown, sealed] = [opened ?? data, !opened];
  } else {
    keyring.learn(data);
  }
  const isOpened = shown !== data;
  const reading = message && !isOpened ? dissect(form, message, shown) : guess(form, shown);
  return { title, data: shown, sealed, opened: isOpened, reading };
}

const isBox = (form, data) => "box" in form.messages && !dissect(form, "box", data).error;

function captured(form, octets) {
  const { datagrams, streams } = readCapture(octets);
  const titled = ({ number, source, destination }) => `packet ${number}: ${source} → ${destination}`;
  if (form.carrier === "UDP") {
    return datagrams.map((datagram) => ({ title: titled(datagram), data: datagram.data }));
  }
  const found = streams.flatMap((stream) => {
    const messages = form.carrier === "WebSocket" ? messagesOf(stream.data) ?? [] : cutWithEnds(form, stream.data);
    return messages.map(({ data, end }) => ({ data, number: stream.numberAt(end), stream }));
  });
  found.sort((a, b) => a.number - b.number);
  return found.map(({ data, number, stream }) => ({ title: titled({ ...stream, number }), data }));
}

const cut = (form, data) => (form.carrier === "TCP" ? cutWithEnds(form, data).map((piece) => piece.data) : [data]);

// Return the frames of a stream; what is no whole one is the last of them.
function cutWithEnds(form, data) {
  const { size, most } = Object.values(form.messages)[0].fields[0].length;
  const found = [];
  for (let at = 0; at < data.length; ) {
    const head = data.subarray(at, at + size);
    const length = head.reduce((value, octet) => value * 256 + octet, 0);
    const end = head.length < size || length > most ? data.length : Math.min(data.length, at + size + length);
    found.push({ data: data.subarray(at, end), end });
    at = end;
  }
  return found;
}
