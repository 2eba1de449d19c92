// Two problems side by side: which of their words the other one has not. Pure; what counts is what a reader would see.
export interface Piece {
  text: string;
  differs: boolean;
}

const MOST = 400; // words of each side that are compared; a longer problem is compared by its beginning
const WORD = /\d+(?:[./]\d+)*%?|[a-zA-Zα-ωΑ-Ω]+|[\s\S]/gu;
const SILENT = /^(?:\s|(?![-/*%])\p{P})$/u; // spaces and punctuation, but no operator: a photo loses them first

/** Both texts in pieces, with what the other side has not marked. */
export function sideBySide(mine: string, theirs: string): [Piece[], Piece[]] {
  const [left, right] = [wordsOf(mine), wordsOf(theirs)];
  const [a, b] = [left.filter(speaks).slice(0, MOST), right.filter(speaks).slice(0, MOST)];
  const [foundA, foundB] = common(a.map(plain), b.map(plain));
  return [pieces(left, foundA), pieces(right, foundB)];
}

const wordsOf = (text: string): string[] => text.normalize("NFC").match(WORD) ?? [];
const speaks = (word: string): boolean => !SILENT.test(word.normalize("NFKC"));
const plain = (word: string): string => word.normalize("NFKC").toLowerCase().replace("−", "-");

/** Which words of each side belong to the longest common row. */
function common(a: readonly string[], b: readonly string[]): [boolean[], boolean[]] {
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width); // of the longest common row from (i, j) on
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j] ? length[(i + 1) * width + j + 1]! + 1 : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  const [foundA, foundB] = [a.map(() => false), b.map(() => false)];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) foundA[i++] = foundB[j++] = true;
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return [foundA, foundB];
}

function pieces(words: readonly string[], found: readonly boolean[]): Piece[] {
  const made: Piece[] = [];
  let n = 0;
  for (const text of words) {
    const differs = speaks(text) && found[n++] === false; // beyond what was compared nothing is said to differ
    const last = made[made.length - 1];
    if (last !== undefined && last.differs === differs) last.text += text;
    else made.push({ text, differs });
  }
  return made;
}

/** What the first list has more often than the second, in order. */
export function without(these: readonly string[], those: readonly string[]): string[] {
  const spare = [...those];
  return these.filter((each) => {
    const at = spare.indexOf(each);
    if (at >= 0) spare.splice(at, 1);
    return at < 0;
  });
}
