// What was read of a question, and its pupil's word on it: put right in one tap, or "this one" of a page of problems.
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { flowed } from "./flow";
import { Icon } from "./parts";
import type { MediaView, ProblemView, QuestionView } from "./protocol";
import { useSteady } from "./steady";
import { say } from "./words";

const MOST = 5_000; // characters of a problem, as the server takes them
const CORRECTABLE: readonly string[] = ["suggested", "following", "waiting", "offered", "answering"];
const FOLDED: readonly string[] = ["answered", "resolved"];
const UNREAD: readonly string[] = ["received", "reading", "matched", "withdrawn"];

interface Props {
  question: QuestionView;
  busy: boolean;
  act: (command: () => Promise<QuestionView>) => Promise<void>;
}

/** The problem as it was understood. Where it stands beside a video's problem, only the way to put it right. */
export function ReadBack({ question, busy, act }: Props) {
  const words = say.value;
  const [editing, setEditing] = useState(false);
  const { state, text, read_text, media, corrected, problems } = question;
  const mine = read_text || text;
  const correctable = CORRECTABLE.includes(state) && mine !== "";
  if (needsChoice(question)) return null;
  const save = (said: string): void => {
    setEditing(false);
    if (said !== mine) void act(() => api.correct(question.id, { text: said }));
  };
  if (editing) return <Correcting text={flowed(mine)} oncancel={() => setEditing(false)} onsave={save} />;
  const fix = correctable && (
    <div class="row wrap read-ways">
      <button class="button small" disabled={busy} onClick={() => setEditing(true)}><Icon name="write" />{corrected ? words.correctAgain : media.length === 0 ? words.correctTyped : words.correct}</button>
      {problems.length > 1 && <Others question={question} busy={busy} act={act} />}
    </div>
  );
  if (state === "suggested" || read_text === "") {
    const unread = read_text === "" && media.length > 0 && !UNREAD.includes(state);
    return <>{unread && <p class="muted">{words.unread}</p>}{(read_text !== "" || media.length === 0) && fix}</>;
  }
  return (
    <>
      <details class="read" open={!FOLDED.includes(state)}>
        <summary>{corrected ? words.readCorrected : words.readAs}</summary>
        <p class="read-text">{flowed(read_text)}</p>
      </details>
      {fix}
    </>
  );
}

function Correcting({ text, oncancel, onsave }: { text: string; oncancel: () => void; onsave: (text: string) => void }) {
  const words = say.value;
  const [said, setSaid] = useState(text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form class="correcting" onSubmit={(event) => { event.preventDefault(); onsave(said.trim()); }}>
      <label class="field">
        <span>{words.correctLabel}</span>
        <textarea ref={field} rows={5} maxLength={MOST} value={said} onInput={(event) => setSaid(event.currentTarget.value)} />
      </label>
      <p class="muted small">{words.correctNote}</p>
      <div class="row wrap">
        <button class="button primary grow" type="submit" disabled={said.trim() === ""}>{words.correctDone}</button>
        <button class="button" type="button" onClick={oncancel}>{words.cancel}</button>
      </div>
    </form>
  );
}

/** Whether the pupil is yet to say which problem of the photo is meant. */
export const needsChoice = ({ problems, chosen, corrected, state }: QuestionView): boolean =>
  problems.length > 1 && chosen === null && !corrected && (state === "reading" || CORRECTABLE.includes(state));

/** The photo with its problems to tap, and the same problems in words below it. */
export function WhichOne({ question, busy, act }: Props) {
  const words = say.value;
  const { id, problems, chosen, media } = question;
  const choose = (number: number): void => void act(() => api.choose(id, { number }));
  const photos = media.filter(({ id: photo }) => problems.some(({ media_id }) => media_id === photo));
  return (
    <section class="which" aria-label={words.which}>
      <h2>{words.which}</h2>
      <p class="muted">{words.whichMore}</p>
      {photos.map((photo) => (
        <Page key={photo.id} photo={photo} problems={problems.filter(({ media_id }) => media_id === photo.id)} chosen={chosen} busy={busy} choose={choose} />
      ))}
      <ol class="which-list">
        {problems.map(({ number, text }) => (
          <li key={number}>
            <button class="line" aria-pressed={number === chosen} disabled={busy} onClick={() => choose(number)}>
              <span class="which-number" aria-hidden="true">{number}</span>
              <span class="clipped which-text">{flowed(text)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

const share = (part: number): string => `${(Math.min(1, Math.max(0, part)) * 100).toFixed(2)}%`;

function Page({ photo, problems, chosen, busy, choose }: { photo: MediaView; problems: readonly ProblemView[]; chosen: number | null; busy: boolean; choose: (number: number) => void }) {
  const [address, renew] = useSteady(photo.url);
  return (
    <div class="which-page">
      <img src={address ?? undefined} alt={say.value.whichPhoto} onError={() => renew()} />
      {problems.map(({ number, box: [left = 0, top = 0, right = 1, bottom = 1] }) => (
        <button
          key={number} class="which-box" tabIndex={-1} aria-hidden="true" disabled={busy} data-chosen={number === chosen}
          style={{ left: share(left), top: share(top), width: share(right - left), height: share(bottom - top) }} onClick={() => choose(number)}
        >
          <span class="which-number">{number}</span>
        </button>
      ))}
    </div>
  );
}

/** Another problem of the same photo, after one was chosen. */
function Others({ question, busy, act }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button class="button small" aria-expanded={open} onClick={() => setOpen(!open)}>{say.value.whichOther}</button>
      {open && <WhichOne question={question} busy={busy} act={(command) => { setOpen(false); return act(command); }} />}
    </>
  );
}
