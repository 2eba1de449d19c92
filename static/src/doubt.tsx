// Where a model takes a question for one of another subject or stage than its pupil chose: a person says which it is.
import type { Doubt } from "./protocol";
import { research } from "./research-words";
import { say } from "./words";

/** The subject's or stage's name. */
const named = (kind: Doubt["kind"], value: string): string => (kind === "subject" ? (say.value.subjects as Record<string, string>)[value] : research.value.stages[value]) ?? value;

export function DoubtLine({ doubt: { kind, chosen, told, confidence }, said, busy = false, onsay }: { doubt: Doubt; said?: string; busy?: boolean; onsay: (value: string) => void }) {
  const words = research.value;
  return (
    <div class="points" role="group" aria-label={words.doubt}>
      <p class="small muted">{words.doubtOf(named(kind, chosen), named(kind, told), Math.round(confidence * 100))}</p>
      {[chosen, told].map((each) => <button key={each} class="button small" disabled={busy} aria-pressed={said === each} onClick={() => onsay(each)}>{named(kind, each)}</button>)}
    </div>
  );
}
