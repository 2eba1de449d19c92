// What is agreed to for a child, purpose by purpose, as its school notes it or its guardian says it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog, Notice } from "./parts";
import type { PupilView, Purpose } from "./protocol";
import { studio } from "./studio-words";
import { moment, say, sentence } from "./words";

const PURPOSES: readonly Purpose[] = ["service", "recording", "public_video", "lecture", "research"];

/** The words that are agreed to. */
export function Wordings() {
  const words = studio.value;
  return (
    <>
      <dl class="wordings">{PURPOSES.map((purpose) => <div key={purpose}><dt>{words.purposes[purpose]}</dt><dd class="muted small">{words.wordings[purpose]}</dd></div>)}</dl>
      <p class="muted small">{words.bothNeeded}</p>
    </>
  );
}

/** One child; `put` writes a word down, and the page has what it came to when that is done. */
export function Agreed({ pupil, put, children }: { pupil: PupilView; put: (purpose: Purpose, given: boolean) => Promise<void>; children?: ComponentChildren }) {
  const [words, more] = [say.value, studio.value];
  const [sure, setSure] = useState<Purpose | null>(null);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const write = async (purpose: Purpose, given: boolean): Promise<void> => {
    setBusy(true);
    setRefused(null);
    await put(purpose, given).catch((error: unknown) => setRefused(sentence(error)));
    setSure(null);
    setBusy(false);
  };
  const voice = (purpose: Purpose): boolean => purpose === "recording" || purpose === "public_video" || purpose === "lecture";
  return (
    <li class="card pupil">
      <div>
        <p><strong>{pupil.real_name}</strong> <span class="muted small">{pupil.grade !== null && words.grades[pupil.grade - 1]} · {pupil.login}</span></p>
        <p class="muted small">{pupil.said_at === null ? more.never : more.said(moment(pupil.said_at))}</p>
        {children}
      </div>
      <div class="purposes" role="group" aria-label={pupil.real_name}>
        {PURPOSES.map((purpose) => {
          const on = pupil.agreed.includes(purpose);
          return (
            <label key={purpose} class="purpose">
              <input type="checkbox" checked={on} disabled={busy} onChange={(event) => {
                event.currentTarget.checked = on; // until it is written down
                if (on) setSure(purpose);
                else void write(purpose, true);
              }} />
              <span>{more.purposes[purpose]}</span>
            </label>
          );
        })}
      </div>
      {refused && <Notice kind="error">{refused}</Notice>}
      {sure !== null && (
        <Dialog title={more.withdrawSure(more.purposes[sure])} onclose={() => setSure(null)} actions={
          <>
            <button class="button" disabled={busy} onClick={() => setSure(null)}>{words.no}</button>
            <button class="button danger" disabled={busy} onClick={() => void write(sure, false)}>{more.withdraw}</button>
          </>
        }>
          <p>{pupil.real_name}</p>
          <p>{voice(sure) ? more.withdrawMore : more.withdrawPlain}</p>
        </Dialog>
      )}
    </li>
  );
}
