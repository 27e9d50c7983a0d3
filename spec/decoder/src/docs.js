// What a field is for, as the neutral form says it.

// Return the doc of the field at a path of a message; "" for what the application put there.
export function docOf(form, message, path) {
  const structural = path.match(/^(.*):(\w+)$/);
  const names = (structural?.[1] ?? path).replaceAll(/\[[^\]]*\]/g, "[]").split(/\.|(?=\[\])/).filter(Boolean);
  let piece = form.messages[message];
  let doc = "";
  for (const name of names) {
    piece = resolved(form, piece, name === "[]");
    if (!piece) return "";
    if (name === "[]") continue;
    const members = piece.fields ?? piece.value?.keys ?? piece.keys ?? [];
    const found = Array.isArray(members) ? members.find((member) => member.name === name) : null;
    doc = found?.doc ?? piece.value?.others?.doc ?? "";
    piece = found;
  }
  if (structural?.[2] === "length") return lengthDoc(form, piece) || doc;
  return structural?.[2] === "key" ? "" : doc;
}

function resolved(form, piece, item) {
  let found = piece;
  while (found && ["message", "block"].includes(found.type)) {
    found = found.type === "message" ? form.messages[found.message] : found.content;
  }
  if (item && found?.type === "until-end") return found.items;
  return found;
}

function lengthDoc(form, piece) {
  const found = piece?.type === "until-end" ? piece.items : piece;
  return found?.length?.doc ?? "";
}
