// Changing an answer after it was taught: cut it, hide a region, split it, teach it anew from a moment on, go back to an
// earlier edition, take it down.
import { useEffect, useMemo, useState } from "preact/hooks";
import * as api from "./api";
import { Dialog, Notice } from "./parts";
import type { AnswerView, EditionView, Mask, Span } from "./protocol";
import { Replay, type Veiling } from "./replay";
import { studio } from "./studio-words";
import { clock, moment, say, sentence } from "./words";

interface Props {
  answer: AnswerView;
  onchange: (answer: AnswerView) => void;
  onsession: (id: string) => void; // a recording began
}

type Open = "nothing" | "cut" | "mask" | "split" | "retake" | "editions" | "take down";

export function Editing({ answer, onchange, onsession }: Props) {
  const [words, more] = [say.value, studio.value];
  const [open, setOpen] = useState<Open>("nothing");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const show = (what: Open) => (): void => {
    setWrong(null);
    setOpen(what);
  };
  const close = show("nothing");
  const during = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setWrong(null);
    await work().then(close, (error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  const change = (work: () => Promise<AnswerView>): void => void during(async () => onchange(await work()));
  if (answer.state !== "published") return null;
  if (answer.remaking) return <p class="muted small" role="status">{words.remaking(answer.progress)}</p>;
  const common = { answer, busy, wrong, onclose: close };
  const { id } = answer;
  return (
    <div class="editing">
      {answer.review === "waiting" && <p class="muted small">{more.waitsForReview}</p>}
      {answer.review === "sent_back" && <Notice kind="warning">{more.sentBack}{answer.review_words} {more.sentBackMore}</Notice>}
      <div class="row wrap">
        <button class="button small" onClick={show("cut")}>{words.cutAnswer}</button>
        <button class="button small" onClick={show("mask")}>{more.mask}</button>
        <button class="button small" onClick={show("split")}>{more.split}</button>
        <button class="button small" onClick={show("retake")}>{more.retake}</button>
        {(answer.is_cut || answer.is_masked) && <button class="button small" disabled={busy} onClick={() => change(() => api.edit(id, { cuts: [], masks: [], whole: true }))}>{words.wholeAgain}</button>}
        <button class="button small" onClick={show("editions")}>{more.editions}</button>
        <button class="button small" onClick={show("take down")}>{words.takeDown}</button>
      </div>
      {wrong && open === "nothing" && <Notice kind="error">{wrong}</Notice>}
      {open === "cut" && <Cutting {...common} onsave={(cuts) => change(() => api.edit(id, { cuts, masks: [], whole: false }))} />}
      {open === "mask" && <Masking {...common} onsave={(masks) => change(() => api.edit(id, { cuts: [], masks, whole: false }))} />}
      {open === "split" && <Splitting {...common} onsave={(at_ms, problem_text) => change(async () => {
        await api.split(id, { at_ms, problem_text });
        return api.answer(id);
      })} />}
      {open === "retake" && <Retaking {...common} onsave={(at_ms) => void during(async () => onsession((await api.retake(id, { at_ms })).id))} />}
      {open === "editions" && <Editions {...common} onrestore={(number) => change(() => api.restore(id, number))} />}
      {open === "take down" && (
        <Dialog title={words.takeDownSure} onclose={close} actions={
          <>
            <button class="button" disabled={busy} onClick={close}>{words.no}</button>
            <button class="button danger" disabled={busy} onClick={() => change(() => api.takeDown(id))}>{words.takeDown}</button>
          </>
        }>
          <p>{words.takeDownMore}</p>
          {wrong && <Notice kind="error">{wrong}</Notice>}
        </Dialog>
      )}
    </div>
  );
}

interface Common {
  answer: AnswerView;
  busy: boolean;
  wrong: string | null;
  onclose: () => void;
}

/** Go to a moment, and leave out what lies before it, after it, or between two. */
function Cutting({ answer, busy, wrong, onclose, onsave }: Common & { onsave: (cuts: Span[]) => void }) {
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
    <Dialog wide title={words.cutAnswer} onclose={onclose} actions={
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

const EDGES = ["left", "top", "right", "bottom"] as const;

/** Drag over a region, or give its edges; it is hidden all the time, or from one moment to another. */
function Masking({ answer, busy, wrong, onclose, onsave }: Common & { onsave: (masks: Mask[]) => void }) {
  const [words, more] = [say.value, studio.value];
  const length = answer.duration_ms ?? 0;
  const [at, setAt] = useState(0);
  const [masks, setMasks] = useState<Mask[]>([]);
  const [from, setFrom] = useState<number | null>(null); // of the last one
  const [page, setPage] = useState<{ name: string; number: number; aspect: number } | null>(null);
  const [edges, setEdges] = useState({ left: 0, top: 0, right: 30, bottom: 10 });
  const add = (mask: Omit<Mask, "from_ms" | "to_ms">): void => {
    setFrom(null);
    setMasks((known) => [...known, { ...mask, from_ms: null, to_ms: null }]);
  };
  const veiling = useMemo<Veiling>(() => ({ masks, onpage: setPage, onmask: add }), [masks]);
  const last = masks[masks.length - 1];
  const span = (from_ms: number, to_ms: number): void => {
    setMasks(masks.map((mask) => (mask === last ? { ...mask, from_ms, to_ms } : mask)));
    setFrom(null);
  };
  const byNumbers = (event: SubmitEvent): void => {
    event.preventDefault();
    if (page === null || edges.right <= edges.left || edges.bottom <= edges.top) return;
    const down = page.aspect / 100;
    add({ page: page.name, left: edges.left * 100, right: edges.right * 100, top: Math.round(edges.top * down), bottom: Math.round(edges.bottom * down) });
  };
  return (
    <Dialog wide title={more.mask} onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{words.cancel}</button>
        <button class="button primary" disabled={busy || masks.length === 0} onClick={() => onsave(masks)}>{more.saveMask}</button>
      </>
    }>
      <p class="muted small">{more.maskHint}</p>
      <Replay answer={answer} onmove={setAt} veiling={veiling} />
      {last !== undefined && (
        <div class="row wrap editing">
          <button class="button small" aria-pressed={last.from_ms === null && from === null} onClick={() => { setMasks(masks.map((mask) => (mask === last ? { ...mask, from_ms: null, to_ms: null } : mask))); setFrom(null); }}>{more.maskWhole}</button>
          {from === null ? <button class="button small" disabled={at >= length} onClick={() => setFrom(at)}>{more.maskFrom(clock(at))}</button> : <button class="button small primary" disabled={at <= from} onClick={() => span(from, at)}>{more.maskUntil(clock(from), clock(at))}</button>}
        </div>
      )}
      {masks.length > 0 && (
        <ul class="cuts" aria-label={more.maskList}>
          {masks.map((mask, n) => (
            <li key={n}><span>{n + 1}. {mask.from_ms == null || mask.to_ms == null ? more.always : `${clock(mask.from_ms)} – ${clock(mask.to_ms)}`}</span><button class="button small" onClick={() => setMasks(masks.filter((_, other) => other !== n))}>{more.noMask}</button></li>
          ))}
        </ul>
      )}
      <details>
        <summary class="small">{more.maskByNumbers}</summary>
        <form class="row wrap edges" onSubmit={byNumbers}>
          {EDGES.map((edge) => (
            <label key={edge}>{more.edges[edge]} <input type="number" min={0} max={100} value={edges[edge]} onInput={(event) => setEdges({ ...edges, [edge]: Number(event.currentTarget.value) })} /> {more.percent}</label>
          ))}
          <button class="button small" disabled={page === null}>{more.addMask}</button>
        </form>
      </details>
      {wrong && <Notice kind="error">{wrong}</Notice>}
    </Dialog>
  );
}

function Splitting({ answer, busy, wrong, onclose, onsave }: Common & { onsave: (at: number, problem: string) => void }) {
  const [words, more] = [say.value, studio.value];
  const length = answer.duration_ms ?? 0;
  const [at, setAt] = useState(0);
  const [problem, setProblem] = useState("");
  const here = at >= 1_000 && at <= length - 1_000;
  return (
    <Dialog wide title={more.split} onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{words.cancel}</button>
        <button class="button primary" disabled={busy || !here || problem.trim() === ""} onClick={() => onsave(at, problem)}>{here ? more.splitHere(clock(at)) : more.saveSplit}</button>
      </>
    }>
      <p class="muted small">{more.splitHint}</p>
      <Replay answer={answer} onmove={setAt} />
      <label class="field"><span>{more.secondProblem}</span><textarea rows={2} maxLength={500} value={problem} onInput={(event) => setProblem(event.currentTarget.value)} /></label>
      {wrong && <Notice kind="error">{wrong}</Notice>}
    </Dialog>
  );
}

function Retaking({ answer, busy, wrong, onclose, onsave }: Common & { onsave: (at: number) => void }) {
  const [words, more] = [say.value, studio.value];
  const [at, setAt] = useState(0);
  return (
    <Dialog wide title={more.retake} onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{words.cancel}</button>
        <button class="button primary" disabled={busy || at < 1_000} onClick={() => onsave(at)}>{more.retakeHere(clock(at))}</button>
      </>
    }>
      <p class="muted small">{more.retakeHint}</p>
      <Replay answer={answer} onmove={setAt} />
      {wrong && <Notice kind="error">{wrong}</Notice>}
    </Dialog>
  );
}

function Editions({ answer, busy, wrong, onclose, onrestore }: Common & { onrestore: (number: number) => void }) {
  const [words, more] = [say.value, studio.value];
  const [known, setKnown] = useState<readonly EditionView[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => void api.editions(answer.id).then(({ editions }) => setKnown(editions), (error: unknown) => setFailed(sentence(error))), [answer.id]);
  return (
    <Dialog title={more.editions} onclose={onclose} actions={<button class="button" onClick={onclose}>{words.close}</button>}>
      {known === null && !failed && <span class="spinner" role="status" aria-label={words.loading} />}
      <ul class="cuts">
        {known?.map((edition) => (
          <li key={edition.number}>
            <span>{more.editionN(edition.number)} · {more.why[edition.why]}<br /><span class="muted small">{moment(edition.made_at)} · {clock(edition.duration_ms)}</span></span>
            {edition.is_shown ? <span class="tag">{more.editionShown}</span> : <button class="button small" disabled={busy} onClick={() => onrestore(edition.number)}>{more.editionBack}</button>}
          </li>
        ))}
      </ul>
      {(wrong ?? failed) && <Notice kind="error">{wrong ?? failed}</Notice>}
    </Dialog>
  );
}
