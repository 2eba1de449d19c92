// What a photo was read as, for reading: its lines flow on where the paper broke them, and stay where something begins.
const BEGINS = /^\s*(?:[(（\[]?(?:[A-H]|\d{1,2}|[①-⑳一二三四五六七八九十])[)）\]]?\s*[.．、:：)）]|[①-⑳]|[(（]\d{1,2}[)）])/;
const ENDS = /[。？！?!；;：:]\s*$/;
const LETTER = /[a-zA-Z0-9,.]$/;

export function flowed(text: string): string {
  return text.split("\n").reduce((all, line) => {
    if (all === "" || ENDS.test(all) || BEGINS.test(line) || line.trim() === "") return all === "" ? line : `${all}\n${line}`;
    return LETTER.test(all) && /^[a-zA-Z0-9(]/.test(line) ? `${all} ${line}` : all + line;
  }, "");
}
