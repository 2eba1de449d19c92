// The question that is being made: its parts, subject and grade, and how photos and videos get into it.
import { effect, signal } from "@preact/signals";
import { newId } from "./ids";
import { recall, remember } from "./memory";
import { discard, keepDraft, keptDraft, post, type Draft, type Letter, type Part } from "./outbox";
import { WHOLE, finished, load, sniffed, type Picture } from "./photo";
import type { Subject } from "./protocol";
import { say } from "./words";

const MB = 1024 * 1024;
const PHOTO_MAX = 20 * MB;
const VIDEO_MAX = 100 * MB;
const VIDEO_MAX_S = 60;
const PARTS_MAX = 9;
const TEXT_MAX = 2_000;
const KEEP_AFTER_MS = 300; // of rest, so that typing doesn't write at each letter

const EMPTY: Draft = { parts: [], text: "" };
export const draft = signal<Draft>(EMPTY);
export const composing = signal(false);
export const editing = signal<{ picture: Picture; replaces: string | null } | null>(null);
export const complaint = signal<string | null>(null);
export const busy = signal(false);

export const subject = signal<Subject | null>(recall("subject") as Subject | null);
export const grade = signal(Number(recall("grade")) || 0);

/** The grade that the school says, until the pupil chose another. */
export function suggestGrade(known: number | null): void {
  if (grade.value === 0 && known !== null) grade.value = known;
}

export const isEmpty = (): boolean => draft.value.parts.length === 0 && draft.value.text.trim() === "";

/** The form is a place of its own in the browser's history: the phone's back button leaves it, and what was begun stays. */
const PLACE = "#ask";

export function compose(): void {
  if (composing.value) return;
  composing.value = true;
  if (location.hash !== PLACE) history.pushState({ inside: true }, "", PLACE);
}

/** Back to the list; `draft` keeps what was begun. */
export function leaveForm(): void {
  composing.value = false;
  editing.value = null;
  if (location.hash !== PLACE) return;
  if ((history.state as { inside?: boolean } | null)?.inside) history.back();
  else history.replaceState(null, "", location.pathname);
}

/** Follows the browser's back and forward. */
function follow(): void {
  composing.value = location.hash === PLACE;
  if (!composing.value) editing.value = null;
}

/** Takes up what this person had begun before the page was closed or ended, and keeps it from now on. */
export async function resume(person: string): Promise<void> {
  const kept = await keptDraft(person);
  if (kept !== null && isEmpty()) draft.value = kept;
  follow();
  addEventListener("popstate", follow);
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const now = draft.value;
    clearTimeout(timer);
    timer = setTimeout(() => void keepDraft(person, now), KEEP_AFTER_MS);
  });
}

/** A letter that was refused, once more in hand. */
export async function revise(letter: Letter): Promise<void> {
  draft.value = { text: letter.text, parts: letter.parts.map((part) => ({ ...part, upload: null, media: null })) };
  subject.value = letter.subject;
  grade.value = letter.grade;
  compose();
  await discard(letter.id);
}

/** Takes what fits, and says so when there was more. */
export function write(text: string): void {
  complaint.value = text.length > TEXT_MAX ? say.value.tooLong(TEXT_MAX) : null;
  draft.value = { ...draft.value, text: text.slice(0, TEXT_MAX) };
}

export function addPart(kind: Part["kind"], blob: Blob, type: string): void {
  if (draft.value.parts.length >= PARTS_MAX) return void (complaint.value = say.value.tooManyParts);
  draft.value = { ...draft.value, parts: [...draft.value.parts, { id: newId(), kind, blob, type, upload: null, media: null }] };
  compose();
}

export function removePart(id: string): void {
  draft.value = { ...draft.value, parts: draft.value.parts.filter((part) => part.id !== id) };
}

async function takePhotos(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  complaint.value = null;
  busy.value = true;
  for (const file of files) {
    const picture = await load(file);
    const kind = picture === null ? await sniffed(file) : "photo";
    if (kind === "other") complaint.value = say.value.notPhoto;
    else if (kind === "broken") complaint.value = say.value.brokenPhoto;
    else if (picture === null && file.size > PHOTO_MAX) complaint.value = say.value.photoTooBig;
    else if (picture === null) addPart("photo", file, file.type || "image/heic"); // the server reads what this phone can't
    else if (files.length === 1) {
      compose();
      editing.value = { picture, replaces: null };
    }
    else addPart("photo", await finished(picture, 0, WHOLE), "image/jpeg");
  }
  busy.value = false;
}

async function takeVideo(file: File): Promise<void> {
  complaint.value = null;
  if ((await sniffed(file)) !== "video") complaint.value = say.value.notVideo;
  else if (file.size > VIDEO_MAX) complaint.value = say.value.videoTooBig;
  else if ((await lengthOf(file)) > VIDEO_MAX_S + 0.5) complaint.value = say.value.videoTooLong;
  else addPart("video", file, file.type || "video/mp4");
}

/** Seconds; 0 when this phone can't tell, then the server will. */
function lengthOf(file: File): Promise<number> {
  return new Promise((resolve) => {
    const video = document.createElement("video");
    const tell = (seconds: number): void => {
      URL.revokeObjectURL(video.src);
      resolve(Number.isFinite(seconds) ? seconds : 0);
    };
    video.preload = "metadata";
    video.onloadedmetadata = () => tell(video.duration);
    video.onerror = () => tell(0);
    video.src = URL.createObjectURL(file);
  });
}

function pick(accept: string, camera: boolean, many: boolean, taken: (files: File[]) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  input.multiple = many;
  if (camera) input.setAttribute("capture", "environment");
  input.className = "away";
  input.onchange = () => {
    taken([...(input.files ?? [])]);
    input.remove();
  };
  document.body.append(input); // some web views open nothing for an input outside the page
  input.click();
}

export const shoot = (): void => pick("image/*", true, false, (files) => void takePhotos(files));
export const gallery = (): void => pick("image/*,.heic,.heif", false, true, (files) => void takePhotos(files));
export const film = (): void => pick("video/*", true, false, ([file]) => file && void takeVideo(file));

/** Gives up what was begun. */
export function drop(): void {
  draft.value = EMPTY;
  complaint.value = null;
  leaveForm();
}

/** Into the outbox, once something is asked about something. */
export async function sendDraft(): Promise<void> {
  const words = say.value;
  const { parts, text } = draft.value;
  complaint.value = parts.length === 0 && text.trim() === "" ? words.nothingYet
    : subject.value === null ? words.chooseSubject : grade.value === 0 ? words.chooseGrade : null;
  if (complaint.value !== null || subject.value === null) return;
  remember("subject", subject.value);
  remember("grade", String(grade.value));
  busy.value = true;
  await post({ subject: subject.value, grade: grade.value, text: text.trim(), parts });
  busy.value = false;
  drop();
}
