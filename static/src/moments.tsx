// Finding a moment of a lecture that is over, and what was said in writing: shown, brought, taken away.
import { useEffect, useState } from "preact/hooks";
import { airSay } from "./air-words";
import * as lectures from "./lectures";
import { Notice } from "./parts";
import type { LectureReplay, Moments as Found } from "./protocol";
import { clock, sentence } from "./words";

const TYPING_MS = 350;
const MOST_BYTES = 1024 * 1024;

export function Moments({ id, onmove }: { id: string; onmove: (ms: number) => void }) {
  const words = airSay.value;
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => {
    if (typed.trim() === "") return setFound(null);
    let gone = false;
    const timer = setTimeout(() => void lectures.moments(id, typed.trim()).then((fresh) => !gone && (setFound(fresh), setWrong(null)), (error: unknown) => !gone && setWrong(sentence(error))), TYPING_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [typed]);
  return (
    <section class="moments" role="search" aria-label={words.findIn}>
      <label class="field"><span class="visually-hidden">{words.findIn}</span><input type="search" value={typed} placeholder={words.findIn} maxLength={60} onInput={(event) => setTyped(event.currentTarget.value)} /></label>
      {wrong && <Notice kind="error">{wrong}</Notice>}
      {found !== null && wrong === null && <p class="muted small" role="status">{words.hits(found.moments.length, found.more)}</p>}
      {found !== null && <ul class="hits">{found.moments.map((each, n) => <li key={n}><button class="hit" onClick={() => onmove(each.at_ms)}><span class="digits">{clock(each.at_ms)}</span><span class="tag">{words.hitKinds[each.kind]}</span><span class="hit-text">{each.text}</span></button></li>)}</ul>}
    </section>
  );
}

/** For who keeps the lecture: bring captions, take them away, or say whether pupils see them. */
export function CaptionsRow({ view, onchange }: { view: LectureReplay; onchange: () => void }) {
  const words = airSay.value;
  const id = view.lecture.id;
  const { captions } = view;
  const [note, setNote] = useState<{ kind: "info" | "error"; lines: string[] } | null>(null);
  const [busy, setBusy] = useState(false);
  const failed = (error: unknown): void => setNote({ kind: "error", lines: [sentence(error)] });
  const bring = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > MOST_BYTES) return setNote({ kind: "error", lines: [words.vttTooLarge] });
    setBusy(true);
    try {
      const brought = await lectures.bringCaptions(id, await file.text());
      setNote(brought.mistakes.length > 0 ? { kind: "error", lines: brought.mistakes } : { kind: "info", lines: [words.cuesBrought(brought.cues)] });
      if (brought.mistakes.length === 0) onchange();
    } catch (error) {
      failed(error);
    }
    setBusy(false);
  };
  const act = (work: Promise<unknown>): void => void work.then(onchange, failed);
  if (view.me === "pupil") return null;
  return (
    <section class="captions-row" aria-label={words.captions}>
      <p class="small"><b>{words.captions}</b> <span class="muted">{captions === null ? words.noCaptions : `${words.captionSources[captions.source]} · ${words.captionStates[captions.state]}`}</span></p>
      {note && <Notice kind={note.kind}>{note.lines.map((line) => <span key={line} class="fault">{line}</span>)}</Notice>}
      <div class="row wrap">
        {view.me === "lecturer" && <label class={busy ? "button small file disabled" : "button small file"}>{words.bringVtt}<input type="file" accept=".vtt,text/vtt" disabled={busy} onChange={(event) => { void bring(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} /></label>}
        {captions !== null && <a class="button small" href={lectures.captionsFile(id)} download>{words.saveVtt}</a>}
        {captions !== null && view.me === "lecturer" && <button class="button small" onClick={() => act(lectures.removeCaptions(id))}>{words.dropCaptions}</button>}
        {captions !== null && view.me === "reviewer" && captions.state !== "shown" && <button class="button small primary" onClick={() => act(lectures.showCaptions(id, true))}>{words.showCaptions}</button>}
        {captions !== null && view.me === "reviewer" && captions.state !== "refused" && <button class="button small" onClick={() => act(lectures.showCaptions(id, false))}>{words.refuseCaptions}</button>}
      </div>
    </section>
  );
}
