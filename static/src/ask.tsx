// Asking: photo, voice, text or a short video, in any mix; subject and grade are remembered.
import { useEffect, useRef, useState } from "preact/hooks";
import { CropPhoto } from "./crop";
import { addPart, busy, complaint, compose, composing, draft, drop, editing, film, gallery, grade, isEmpty, leaveForm, removePart, sendDraft, shoot, subject, write } from "./draft";
import { VoiceNote } from "./note";
import type { Part } from "./outbox";
import { Icon, Notice, linkState } from "./parts";
import { load } from "./photo";
import type { Subject } from "./protocol";
import { say } from "./words";

/** `small` once there are questions to look after. */
export function AskPanel({ small }: { small: boolean }) {
  const words = say.value;
  const [recording, setRecording] = useState(false);
  if (composing.value) {
    return (
      <>
        <Compose startRecording={recording} />
        {editing.value && <Editor />}
      </>
    );
  }
  const begin = (withVoice: boolean): void => {
    complaint.value = null;
    setRecording(withVoice);
    compose();
  };
  return (
    <section class={small ? "ask-hero ask-small" : "ask-hero"} aria-labelledby="ask-title">
      <h1 id="ask-title" class={small ? "visually-hidden" : ""}>{words.haveProblem}</h1>
      {!small && <p>{words.haveProblemMore}</p>}
      <button class="shoot" onClick={shoot}><Icon name="camera" />{words.shoot}</button>
      <div class="ask-ways">
        <button class="way" onClick={gallery}><Icon name="image" />{words.gallery}</button>
        <button class="way" onClick={() => begin(true)}><Icon name="mic" />{words.voice}</button>
        <button class="way" onClick={() => begin(false)}><Icon name="write" />{words.write}</button>
        <button class="way" onClick={film}><Icon name="video" />{words.video}</button>
      </div>
      {complaint.value && <Notice kind="warning">{complaint.value}</Notice>}
      {!isEmpty() && (
        <div class="begun">
          <span>{words.resume}</span>
          <button class="button small" onClick={drop}>{words.resumeDrop}</button>
          <button class="button small primary" onClick={() => begin(false)}>{words.resumeNow}</button>
        </div>
      )}
    </section>
  );
}

function Editor() {
  const { picture, replaces } = editing.value!;
  const close = (): void => {
    editing.value = null;
    if (isEmpty()) leaveForm();
  };
  return (
    <CropPhoto
      picture={picture}
      ondone={(photo) => {
        if (replaces !== null) removePart(replaces);
        addPart("photo", photo, "image/jpeg");
        editing.value = null;
      }}
      onretake={() => { close(); shoot(); }}
      oncancel={close}
    />
  );
}

function Compose({ startRecording }: { startRecording: boolean }) {
  const words = say.value;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const { text } = draft.value;
  const offline = linkState.value === "offline";

  return (
    <section class="card compose" aria-labelledby="compose-title">
      <h1 id="compose-title" ref={title} tabIndex={-1}>{words.newQuestion}</h1>
      <DraftParts />
      <Additions startRecording={startRecording} />
      <label class="field">
        <span>{words.textLabel}</span>
        <textarea rows={3} placeholder={words.textPlaceholder} value={text} onInput={(event) => write(event.currentTarget.value)} />
      </label>
      <Subjects />
      <Grades />
      <div class="compose-foot">
        {complaint.value && <Notice kind="warning">{complaint.value}</Notice>}
        <div class="compose-send">
          <button class="button" onClick={drop}>{words.cancelAsk}</button>
          <button class="button primary grow" disabled={busy.value} onClick={() => void sendDraft()}>
            {busy.value ? words.preparing : offline ? words.sendLater : words.send}
          </button>
        </div>
      </div>
    </section>
  );
}

function DraftParts() {
  const words = say.value;
  const { parts } = draft.value;
  if (parts.length === 0) return null;
  return (
    <ul class="draft-parts" aria-label={words.draftPhotos}>
      {parts.map((part, n) => <DraftPart key={part.id} part={part} n={n + 1} />)}
    </ul>
  );
}

function DraftPart({ part, n }: { part: Part; n: number }) {
  const words = say.value;
  const [address, setAddress] = useState<string | null>(null);
  const [shown, setShown] = useState(true);
  useEffect(() => {
    const url = URL.createObjectURL(part.blob);
    setAddress(url);
    return () => URL.revokeObjectURL(url);
  }, [part.blob]);
  const edit = async (): Promise<void> => {
    const picture = await load(part.blob);
    if (picture !== null) editing.value = { picture, replaces: part.id };
  };
  return (
    <li class={`draft-part draft-${part.kind}`}>
      {part.kind === "photo" && shown && address && (
        <button class="draft-photo" aria-label={`${words.photoN(n)}: ${words.editPhoto}`} onClick={() => void edit()}>
          <img src={address} alt={words.photoN(n)} onError={() => setShown(false)} />
        </button>
      )}
      {part.kind === "photo" && !shown && <p class="draft-unseen">{words.cannotOpenHere}</p>}
      {part.kind === "voice" && address && <audio controls src={address} aria-label={words.playVoice} onLoadedMetadata={(event) => findLength(event.currentTarget)} />}
      {part.kind === "video" && address && <video controls playsInline preload="metadata" src={address} aria-label={words.video} />}
      <button class="draft-remove" aria-label={`${words.remove}: ${part.kind === "voice" ? words.voiceNote : part.kind === "video" ? words.video : words.photoN(n)}`} onClick={() => removePart(part.id)}>
        <Icon name="cross" />
      </button>
    </li>
  );
}

/** A recording knows its length only after it was played to its end: go there and come back. */
function findLength(player: HTMLMediaElement): void {
  if (player.duration !== Infinity) return;
  player.addEventListener("timeupdate", () => (player.currentTime = 0), { once: true });
  player.currentTime = 1e6;
}

/** What else can be added: while a voice note is recorded, only that. */
function Additions({ startRecording }: { startRecording: boolean }) {
  const words = say.value;
  const hasVoice = draft.value.parts.some(({ kind }) => kind === "voice");
  return (
    <div class="ask-ways">
      <button class="way" onClick={shoot}><Icon name="camera" />{words.camera}</button>
      <button class="way" onClick={gallery}><Icon name="image" />{words.gallery}</button>
      <button class="way" onClick={film}><Icon name="video" />{words.video}</button>
      {!hasVoice && <VoiceNote startNow={startRecording} />}
    </div>
  );
}

function Subjects() {
  const words = say.value;
  return (
    <fieldset class="chips">
      <legend>{words.subject}</legend>
      <div class="chips-all">
        {(Object.keys(words.subjects) as Subject[]).map((each) => (
          <label key={each} class="chip">
            <input type="radio" name="subject" checked={subject.value === each} onChange={() => (subject.value = each)} />
            <span>{words.subjects[each]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Grades() {
  const words = say.value;
  return (
    <div class="field field-inline">
      <label for="grade">{words.grade}</label>
      <select id="grade" value={String(grade.value)} onChange={(event) => (grade.value = Number(event.currentTarget.value))}>
        {grade.value === 0 && <option value="0">{words.chooseGrade}</option>}
        {words.grades.map((name, n) => <option key={name} value={String(n + 1)}>{name}</option>)}
      </select>
    </div>
  );
}
