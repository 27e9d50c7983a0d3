// What the pages can do beyond being read: copy the ID of a requirement, and filter their lists.
"use strict";

function addCopyButtons() {
  for (const requirement of document.querySelectorAll(".req[id]")) {
    const button = document.createElement("button");
    button.className = "req-copy";
    button.type = "button";
    button.textContent = "copy ID";
    button.setAttribute("aria-label", `Copy ${requirement.id}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(requirement.id);
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy ID"; }, 1500);
    });
    requirement.prepend(button);
  }
}

function choice(name, values, apply) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
  select.addEventListener("change", apply);
  label.append(`${name} `, select);
  return { label, select };
}

function addFilters(holder) {
  const rows = [...holder.querySelectorAll("tbody tr")];
  const text = (row, column) => row.cells[column].textContent.trim();
  const values = (column) => [...new Set(rows.flatMap((row) => text(row, column).split(", ")))].sort();
  const shown = document.createElement("output");
  const apply = () => {
    let count = 0;
    for (const row of rows) {
      const fits = (!level.select.value || text(row, 1) === level.select.value)
        && (!role.select.value || text(row, 2).split(", ").includes(role.select.value))
        && row.textContent.toLowerCase().includes(words.value.trim().toLowerCase());
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${rows.length}`;
  };
  const level = choice("level", values(1), apply);
  const role = choice("binds", values(2), apply);
  const search = document.createElement("label");
  const words = document.createElement("input");
  words.type = "search";
  words.addEventListener("input", apply);
  search.append("with ", words);
  const bar = document.createElement("form");
  bar.className = "req-filters";
  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.append(level.label, role.label, search, shown);
  holder.prepend(bar);
  apply();
}

addCopyButtons();
for (const holder of document.querySelectorAll(".req-index")) addFilters(holder);
