// What a question was about, in a tap: what is likely, and whatever else the taxonomy has, found by name or area.
import { useState } from "preact/hooks";
import * as api from "./api";
import type { FoundPoint, Subject } from "./protocol";
import { research } from "./research-words";
import { say, sentence } from "./words";

const SHOWN = 8;
const MOST = 5; // of one answer

interface Props {
  subject: Subject;
  grade: number;
  likely: readonly string[];
  chosen: ReadonlySet<string>;
  onchoose: (chosen: ReadonlySet<string>) => void;
}

/** Those whose name or area has every word, names that begin with the first one before others. */
export function matching(points: readonly FoundPoint[], typed: string): readonly FoundPoint[] {
  const words = typed.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found = points.filter(({ name, area }) => words.every((word) => `${name} ${area}`.toLowerCase().includes(word)));
  return [...found].sort((a, b) => Number(b.name.toLowerCase().startsWith(words[0]!)) - Number(a.name.toLowerCase().startsWith(words[0]!))).slice(0, SHOWN);
}

export function Points({ subject, grade, likely, chosen, onchoose }: Props) {
  const words = research.value;
  const [known, setKnown] = useState<readonly FoundPoint[] | null>(null);
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const others = [...chosen].filter((point) => !likely.includes(point));
  const full = chosen.size >= MOST;
  const toggle = (point: string): void => {
    const next = new Set(chosen);
    if (!next.delete(point)) next.add(point);
    onchoose(next);
    setTyped("");
  };
  const load = (): void => {
    if (known === null) void api.points(subject, grade).then(({ points }) => { setKnown(points); setWrong(null); }, (error: unknown) => setWrong(sentence(error)));
  };
  const found = matching(known ?? [], typed).filter(({ name }) => !chosen.has(name));
  return (
    <div class="points" role="group" aria-label={say.value.whatAbout}>
      <p class="small muted">{say.value.whatAbout}</p>
      {[...likely, ...others].map((point) => <button key={point} class="button small" aria-pressed={chosen.has(point)} disabled={full && !chosen.has(point)} onClick={() => toggle(point)}>{point}</button>)}
      <label class="field points-find"><span class="visually-hidden">{words.findPoint}</span><input type="search" value={typed} maxLength={60} placeholder={words.findPoint} disabled={full} onFocus={load} onInput={({ currentTarget }) => { load(); setTyped(currentTarget.value); }} /></label>
      {wrong !== null && <p class="small warn">{wrong}</p>}
      {found.map(({ name, area }) => <button key={name} class="button small quiet" onClick={() => toggle(name)}>{name}{area !== "" && <span class="muted"> · {area}</span>}</button>)}
      {typed.trim() !== "" && known !== null && found.length === 0 && <p class="small muted" role="status">{words.noSuchPoint}</p>}
    </div>
  );
}
