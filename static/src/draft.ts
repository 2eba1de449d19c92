// The question that is being made: its parts, subject and grade, and how photos and videos get into it.
import { signal } from "@preact/signals";
import { newId } from "./ids";
import { recall, remember } from "./memory";
import { post, type Part } from "./outbox";
import { WHOLE, finished, load, type Picture } from "./photo";
import type { Subject } from "./protocol";
import { say } from "./words";

const MB = 1024 * 1024;
const PHOTO_MAX = 20 * MB;
const VIDEO_MAX = 100 * MB;
const VIDEO_MAX_S = 60;
const PARTS_MAX = 9;

interface Draft {
  parts: Part[];
  text: string;
}

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

export function addPart(kind: Part["kind"], blob: Blob, type: string): void {
  if (draft.value.parts.length >= PARTS_MAX) return void (complaint.value = say.value.tooManyParts);
  draft.value = { ...draft.value, parts: [...draft.value.parts, { id: newId(), kind, blob, type, upload: null, media: null }] };
  composing.value = true;
}

export function removePart(id: string): void {
  draft.value = { ...draft.value, parts: draft.value.parts.filter((part) => part.id !== id) };
}

async function takePhotos(files: readonly File[]): Promise<void> {
  complaint.value = null;
  composing.value = true;
  busy.value = true;
  for (const file of files) {
    const picture = await load(file);
    if (picture === null && file.size > PHOTO_MAX) complaint.value = say.value.photoTooBig;
    else if (picture === null) addPart("photo", file, file.type || "image/heic"); // the server reads what this phone can't
    else if (files.length === 1) editing.value = { picture, replaces: null };
    else addPart("photo", await finished(picture, 0, WHOLE), "image/jpeg");
  }
  busy.value = false;
}

async function takeVideo(file: File): Promise<void> {
  complaint.value = null;
  if (file.size > VIDEO_MAX) complaint.value = say.value.videoTooBig;
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
  composing.value = false;
  complaint.value = null;
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
