// Cutting an answer after it was taught: what comes before, what comes after, a pause; taking it down.
import { useState } from "preact/hooks";
import * as api from "./api";
import { Dialog, Notice } from "./parts";
import type { AnswerView, Span } from "./protocol";
import { Replay } from "./replay";
import { clock, say, sentence } from "./words";

interface Props {
  answer: AnswerView;
  onchange: (answer: AnswerView) => void;
}

export function Editing({ answer, onchange }: Props) {
  const words = say.value;
  const [open, setOpen] = useState<"no" | "cut" | "take down">("no");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const close = (): void => setOpen("no");
  const during = async (work: () => Promise<AnswerView>): Promise<void> => {
    setBusy(true);
    setWrong(null);
    await work().then((fresh) => { onchange(fresh); close(); }, (error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  if (answer.state !== "published") return null;
  if (answer.remaking) return <p class="muted small" role="status">{words.remaking(answer.progress)}</p>;
  return (
    <div class="row wrap editing">
      <button class="button small" onClick={() => setOpen("cut")}>{words.cutAnswer}</button>
      {answer.is_cut && <button class="button small" disabled={busy} onClick={() => void during(() => api.edit(answer.id, { cuts: [], whole: true }))}>{words.wholeAgain}</button>}
      <button class="button small" onClick={() => setOpen("take down")}>{words.takeDown}</button>
      {wrong && open === "no" && <Notice kind="error">{wrong}</Notice>}
      {open === "cut" && <Cutting answer={answer} busy={busy} wrong={wrong} onclose={close} onsave={(cuts) => void during(() => api.edit(answer.id, { cuts, whole: false }))} />}
      {open === "take down" && (
        <Dialog title={words.takeDownSure} onclose={close} actions={
          <>
            <button class="button" disabled={busy} onClick={close}>{words.no}</button>
            <button class="button danger" disabled={busy} onClick={() => void during(() => api.takeDown(answer.id))}>{words.takeDown}</button>
          </>
        }>
          <p>{words.takeDownMore}</p>
          {wrong && <Notice kind="error">{wrong}</Notice>}
        </Dialog>
      )}
    </div>
  );
}

interface CuttingProps {
  answer: AnswerView;
  busy: boolean;
  wrong: string | null;
  onclose: () => void;
  onsave: (cuts: Span[]) => void;
}

/** Go to a moment, and leave out what lies before it, after it, or between two. */
function Cutting({ answer, busy, wrong, onclose, onsave }: CuttingProps) {
  const words = say.value;
  const length = answer.duration_ms ?? 0;
  const [at, setAt] = useState(0);
  const [from, setFrom] = useState<number | null>(null);
  const [cuts, setCuts] = useState<Span[]>([]);
  const add = (from_ms: number, to_ms: number): void => {
    if (to_ms > from_ms) setCuts([...cuts, { from_ms, to_ms }].sort((a, b) => a.from_ms - b.from_ms));
    setFrom(null);
  };
  return (
    <Dialog title={words.cutAnswer} onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{words.cancel}</button>
        <button class="button primary" disabled={busy || cuts.length === 0} onClick={() => onsave(cuts)}>{words.saveCut}</button>
      </>
    }>
      <Replay answer={answer} onmove={setAt} />
      <div class="row wrap editing">
        <button class="button small" disabled={at <= 0} onClick={() => add(0, at)}>{words.cutBefore(clock(at))}</button>
        {from === null ? <button class="button small" onClick={() => setFrom(at)}>{words.cutFrom(clock(at))}</button> : <button class="button small primary" disabled={at <= from} onClick={() => add(from, at)}>{words.cutTo(clock(from), clock(at))}</button>}
        <button class="button small" disabled={at >= length} onClick={() => add(at, length)}>{words.cutAfter(clock(at))}</button>
      </div>
      {cuts.length > 0 && (
        <ul class="cuts" aria-label={words.cutList}>
          {cuts.map((cut, n) => (
            <li key={`${cut.from_ms} ${cut.to_ms}`}><span class="digits">{clock(cut.from_ms)} – {clock(cut.to_ms)}</span><button class="button small" onClick={() => setCuts(cuts.filter((_, other) => other !== n))}>{words.keepIt}</button></li>
          ))}
        </ul>
      )}
      {wrong && <Notice kind="error">{wrong}</Notice>}
    </Dialog>
  );
}
