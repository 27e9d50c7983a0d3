"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const cases = all(".case").map((element) => ({
    element,
    verdict: element.dataset.verdict,
    role: element.dataset.role,
    text: [
      element.querySelector("summary").textContent,
      element.querySelector(".id").textContent,
      element.closest(".chapter").querySelector("h3").textContent,
    ].join(" ").toLowerCase(),
  }));
  const search = document.getElementById("search");
  const pressed = (kind) =>
    all(`.chip[data-${kind}][aria-pressed=true]`).map((chip) => chip.dataset[kind]);

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = pressed("verdict");
    const roles = pressed("role");
    let shown = 0;
    for (const item of cases) {
      const hit =
        (!verdicts.length || verdicts.includes(item.verdict)) &&
        (!roles.length || roles.includes(item.role)) &&
        words.every((word) => item.text.includes(word));
      item.element.hidden = !hit;
      shown += hit;
    }
    for (const chapter of all(".chapter")) {
      chapter.hidden = !chapter.querySelector(".case:not([hidden])");
    }
    document.getElementById("shown").textContent =
      shown === cases.length ? `${shown} cases` : `${shown} of ${cases.length} cases`;
    document.getElementById("nothing").hidden = shown > 0;
    document.getElementById("reset").hidden = shown === cases.length;
  }

  function reset() {
    search.value = "";
    for (const chip of all(".chip")) chip.setAttribute("aria-pressed", "false");
    filter();
  }

  function goToFragment() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]") || target.hidden) reset();
    if (target.matches(".case")) target.open = true;
    target.scrollIntoView();
  }

  function copy(button) {
    const code = button.previousElementSibling;
    const done = () => {
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
    const byHand = () => {
      getSelection().selectAllChildren(code);
      if (document.execCommand("copy")) done();
    };
    if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(done, byHand);
    else byHand();
  }

  // Fields and octets light up together.
  function light(element) {
    const inside = element.closest(".inside");
    const first = Number(element.dataset.o);
    const end = first + Number(element.dataset.l);
    for (const other of all("[data-o]", inside)) {
      const at = Number(other.dataset.o);
      other.classList.toggle("lit", at < end && at + Number(other.dataset.l) > first);
    }
  }
  function dim(inside) {
    for (const element of all(".lit", inside)) element.classList.remove("lit");
  }
  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const element = event.target.closest("[data-o]");
      const inside = event.target.closest(".inside");
      if (element) light(element);
      else if (inside) dim(inside);
    });
  }
  for (const list of all(".exchange")) {
    list.addEventListener("mouseleave", () => dim(list));
    list.addEventListener("focusout", () => dim(list));
  }

  // A message's lines of text become a table and marked octets when it is first opened.
  const meanings = JSON.parse(document.getElementById("meanings").textContent);
  function make(tag, parts = [], properties = {}) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...parts);
    return element;
  }
  function prose(text) {
    return text.split("`").map((part, index) => (index % 2 ? make("code", [part]) : part));
  }
  function place(element, field) {
    element.dataset.o = field.offset;
    element.dataset.l = field.length;
    return element;
  }
  function table(fields, message) {
    const head = ["Octets", "Field", "Value", "Meaning"].map((name) => make("th", [name], { scope: "col" }));
    const rows = fields.map((field, index) => {
      const last = field.offset + field.length - 1;
      const cells = [
        [field.length > 1 ? `${field.offset}–${last}` : field.offset],
        [field.path],
        [field.text],
        prose(meanings[`${message} ${field.path}`] ?? ""),
      ];
      // One stop for the Tab key in each table; the arrow keys go from field to field.
      const row = make("tr", cells.map((cell) => make("td", cell)), { tabIndex: index ? -1 : 0 });
      row.classList.toggle("s", /:[a-z]+$/.test(field.path));
      return place(row, field);
    });
    const whole = [make("thead", [make("tr", head)]), make("tbody", rows)];
    return make("div", [make("table", whole, { className: "fields" })], { className: "scroll" });
  }
  function innermost(fields, length) {
    const owners = new Array(length).fill(undefined);
    const wideFirst = [...fields].sort((one, two) => two.length - one.length);
    for (const field of wideFirst) owners.fill(field, field.offset, field.offset + field.length);
    return owners;
  }
  function markOctets(pre, fields) {
    const lines = pre.textContent.split("\n");
    const owners = innermost(fields, lines.length * 16);
    const order = [...new Set(owners)];
    pre.replaceChildren(...lines.flatMap((line, number) => {
      const octets = line.slice(6, 53).trimEnd().split(" ");
      const runs = [];
      octets.forEach((octet, index) => {
        const offset = number * 16 + index;
        const owner = owners[offset];
        if (index && owner === owners[offset - 1]) {
          runs.at(-1).octets.push(octet);
        } else {
          runs.push({ owner, offset, octets: [octet] });
        }
      });
      const marked = runs.flatMap((run, index) => {
        const element = make("span", [run.octets.join(" ")]);
        if (order.indexOf(run.owner) % 2) element.className = "odd";
        return [index ? " " : "", place(element, { offset: run.offset, length: run.octets.length })];
      });
      const padding = " ".repeat(49 - 3 * octets.length + 1);
      return [
        make("span", [line.slice(0, 6)], { className: "other" }),
        ...marked,
        padding,
        make("span", [line.slice(55), "\n"], { className: "other" }),
      ];
    }));
  }
  document.addEventListener("toggle", (event) => {
    const unit = event.target;
    const rows = unit.matches(".unit[open]") && unit.querySelector(".rows");
    if (!rows) return;
    const fields = rows.textContent.trimEnd().split("\n").map((line) => {
      const [offset, length, path, text] = line.split("\t");
      return { offset: Number(offset), length: Number(length), path, text };
    });
    rows.replaceWith(table(fields, `${unit.closest(".case").dataset.book}/${unit.querySelector(".msg").textContent}`));
    const hex = unit.querySelector(".hex");
    if (hex) markOctets(hex, fields);
  }, true);
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest(".fields tr");
    const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (row && next && row[next]) {
      event.preventDefault();
      row[next].focus();
    } else if (search && event.key === "/" && !event.target.closest("input")) {
      event.preventDefault();
      search.focus();
    }
  });

  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  if (!search) return; // a run without cases
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") reset(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".chip")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    }
    if (button.id === "reset") reset();
    if (button.id === "unfold") {
      const visible = cases.filter((item) => !item.element.hidden);
      const open = !visible.every((item) => item.element.open);
      for (const item of visible) item.element.open = open;
      button.textContent = open ? "Close all" : "Open all";
    }
  });
  // On paper, what a reader should look at is open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all(".case:not([open]):not([hidden]):not([data-verdict=pass])");
    for (const element of opened) element.open = true;
  });
  addEventListener("afterprint", () => { for (const element of opened) element.open = false; });
  addEventListener("hashchange", goToFragment);

  document.querySelector(".tools").hidden = false;
  filter();
  goToFragment();
})();
