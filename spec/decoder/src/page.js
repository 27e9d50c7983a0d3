// The decoder in the page: what a person gives it stays there.

import { key } from "./boxes.js";
import { docOf } from "./docs.js";
import { octetsOf } from "./input.js";
import { read } from "./reading.js";
import { hex } from "./text.js";

const MESSAGES_SHOWN = 200;
const SAMPLES = {
  pygase: "ffd0fab9 0001 0000 00000000 0000 0025 83a474797065a4504f5359ac68616e646c65725f6172677390ae68616e646c65725f6b776172677380",
  packetmq: "0000000c 0000 81 a776657273696f6e 01",
  pgnet: '{"message": "lobby.create_game", "payload": {"name": "chess"}}',
};

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function start(root, { forms, pages }) {
  let file = null;
  const book = element("select", { id: "decoder-book" }, ...Object.values(forms).map(({ book: name, title }) => new Option(title, name)));
  const message = element("select", { id: "decoder-message" });
  const input = element("textarea", { id: "decoder-input", rows: "5", spellcheck: "false", autocomplete: "off" });
  const picker = element("input", { id: "decoder-file", type: "file" });
  const secret = element("input", { id: "decoder-secret", type: "text", autocomplete: "off", spellcheck: "false" });
  const shared = element("input", { id: "decoder-public", type: "text", autocomplete: "off", spellcheck: "false" });
  const keys = element(
    "div",
    { class: "decoder-keys" },
    label("private key of either side, in base64", secret),
    label("public key of the other side, unless a message offers it", shared),
    element("p", {}, "Keys stay in this page: nothing that you paste or drop here is sent anywhere."),
  );
  const output = element("div", { id: "decoder-output", "aria-live": "polite" });

  function label(text, field) {
    return element("label", { for: field.id }, text, field);
  }

  function chosen() {
    const names = Object.entries(forms[book.value].messages).filter(([, { datagram }]) => datagram);
    message.replaceChildren(new Option("find out", ""), ...names.map(([name]) => new Option(name, name)));
    keys.hidden = forms[book.value].carrier !== "WebSocket";
    input.placeholder = `hex, base64 or text, as ${SAMPLES[book.value] ?? ""}`;
    show();
  }

  function show() {
    const text = input.value;
    const form = forms[book.value];
    // The messages of a text protocol are text, also where they look like something else.
    const octets = file ?? (form.carrier === "WebSocket" && text.trim() && !/^[0-9a-fA-F\s]+$/.test(text)
      ? new TextEncoder().encode(text.trim()) : octetsOf(text));
    if (!octets) {
      output.replaceChildren(element("p", {}, text.trim() ? "This is neither hex nor base64." : "Nothing to decode yet."));
      return;
    }
    const given = (field) => [key(field.value)].filter(Boolean);
    const found = read(form, octets, { message: message.value, privates: given(secret), publics: given(shared) });
    const shown = found.slice(0, MESSAGES_SHOWN).map((one) => section(form, one));
    const more = found.length - shown.length;
    if (more > 0) shown.push(element("p", {}, `${more} more messages are not shown.`));
    output.replaceChildren(...(shown.length ? shown : [element("p", {}, `There is nothing of ${form.title} in it.`)]));
  }

  function section(form, { title, data, sealed, opened, reading }) {
    const heading = element("h3", {}, `${reading.message}, ${data.length} octets`);
    const parts = [heading];
    if (title) parts.unshift(element("p", { class: "decoder-title" }, title));
    if (opened) parts.push(element("p", {}, "decrypted with the given key"));
    if (sealed) parts.push(element("p", {}, "encrypted: give a private key to open it"));
    parts.push(table(form, data, reading));
    if (reading.error) parts.push(problem(reading.error));
    return element("section", { "data-message": reading.message, "data-valid": String(!reading.error) }, ...parts);
  }

  function table(form, data, { message: name, fields }) {
    const head = element("tr", {}, ...["octets", "hex", "field", "value", "meaning"].map((text) => element("th", { scope: "col" }, text)));
    const rows = fields
      .filter(({ path }) => !/:(?:comma|end|space)$/.test(path))
      .map(({ offset, length, path, text }) => {
        const cells = [
          length === 1 ? offset : `${offset}–${offset + length - 1}`,
          element("code", {}, hex(data.subarray(offset, offset + Math.min(length, 16))) + (length > 16 ? " …" : "")),
          element("code", {}, path),
          text,
          docOf(form, name, path),
        ];
        return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
      });
    const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
    return element("div", { class: "decoder-scroll", tabindex: "0", role: "group", "aria-label": `fields of ${name}` }, made);
  }

  function problem({ requirement, reason, offset }) {
    const link = requirement && pages[requirement]
      ? element("a", { href: pages[requirement] }, requirement)
      : requirement || "malformed";
    return element("p", { class: "decoder-problem" }, link, `: ${reason}, at octet ${offset}`);
  }

  async function take(given) {
    if (!given) return;
    file = new Uint8Array(await given.arrayBuffer());
    input.value = "";
    show();
  }

  book.addEventListener("change", chosen);
  message.addEventListener("change", show);
  for (const field of [input, secret, shared]) {
    field.addEventListener("input", () => {
      if (field === input) file = null;
      show();
    });
  }
  picker.addEventListener("change", () => take(picker.files[0]));
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  const example = element("button", { type: "button", class: "md-button" }, "an example");
  example.addEventListener("click", () => {
    file = null;
    input.value = SAMPLES[book.value] ?? "";
    show();
  });
  root.replaceChildren(
    element("div", { class: "decoder-choices" }, label("book", book), label("message", message)),
    label("octets", input),
    element("div", { class: "decoder-choices" }, label("or a file, or a capture (pcap, pcapng)", picker), example),
    keys,
    output,
  );
  const named = new URLSearchParams(location.search).get("book");
  if (named in forms) book.value = named;
  chosen();
}

const root = document.getElementById("message-decoder");
if (root && globalThis.WIREBOOK) start(root, globalThis.WIREBOOK);
