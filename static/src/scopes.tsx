// What the parts of the research pages share: one subject and stage at a time, and what is asked of the server.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Notice } from "./parts";
import type { Stage, Subject } from "./protocol";
import { research } from "./research-words";
import { say, sentence } from "./words";

export interface Scope {
  subject: Subject;
  stage: Stage;
}

const STAGES: readonly Stage[] = ["primary", "junior", "senior"];

export function Scopes({ scope, subjects, onchoose }: { scope: Scope; subjects: readonly Subject[]; onchoose: (scope: Scope) => void }) {
  const words = research.value;
  return (
    <div class="scopes">
      <label>{words.subject}<select value={scope.subject} onChange={({ currentTarget }) => onchoose({ ...scope, subject: currentTarget.value as Subject })}>{subjects.map((each) => <option key={each} value={each}>{say.value.subjects[each]}</option>)}</select></label>
      <label>{words.stage}<select value={scope.stage} onChange={({ currentTarget }) => onchoose({ ...scope, stage: currentTarget.value as Stage })}>{STAGES.map((each) => <option key={each} value={each}>{words.stages[each]}</option>)}</select></label>
    </div>
  );
}

interface Found<T> {
  found: T | null;
  /** Why there is nothing, in words for the person. */
  wrong: JSX.Element | null;
  set: (found: T) => void;
  again: () => void;
}

/** Asks once, and again when told to. */
export function useFound<T>(ask: () => Promise<T>, ...on: readonly unknown[]): Found<T> {
  const [found, set] = useState<T | null>(null);
  const [why, setWhy] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    setWhy(null);
    ask().then((value) => current && set(() => value), (error: unknown) => current && setWhy(sentence(error)));
    return () => void (current = false);
  }, [turn, ...on]);
  return { found, wrong: why === null ? null : <Notice kind="error">{why}</Notice>, set: (value) => set(() => value), again: () => setTurn(turn + 1) };
}
