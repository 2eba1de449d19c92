// Questions that wait on the phone until a network takes them: kept in IndexedDB, sent once, by one tab at a time. The
// one that is still being made is kept beside them: a phone with little memory ends the page while its camera is open.
import { signal } from "@preact/signals";
import * as api from "./api";
import { Refusal } from "./api";
import { newId } from "./ids";
import type { Problem, QuestionView, StartUpload, Subject } from "./protocol";
import { send } from "./upload";

export interface Part {
  id: string;
  kind: "photo" | "voice" | "video";
  blob: Blob;
  type: string;
  upload: string | null; // begun, perhaps half sent
  media: string | null; // arrived
}

/** A question on the phone; its id is the idempotency key, so that sending it twice asks once. */
export interface Letter {
  id: string;
  person: string;
  subject: Subject;
  grade: number;
  text: string;
  parts: Part[];
  at: number;
  refused: Problem | null;
}

/** The signed-in person's letters, oldest first; and how much of each is out, from 0 to 1. */
export const letters = signal<readonly Letter[]>([]);
export const progress = signal<Readonly<Record<string, number>>>({});
export const flushing = signal(false);

const RETRY_MS = 15_000; // the network said nothing, yet a try may find it back

let person = "";
let sent: (question: QuestionView) => void = () => {};
let retry: ReturnType<typeof setTimeout> | undefined;

/** Begins to send this person's letters, now and whenever the network may be back. */
export async function open(who: string, onsent: (question: QuestionView) => void): Promise<void> {
  person = who;
  sent = onsent;
  await refresh();
  addEventListener("online", () => void flush());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void flush());
  await flush();
}

export async function post(letter: Omit<Letter, "id" | "person" | "at" | "refused">): Promise<void> {
  await store.put({ ...letter, id: newId(), person, at: Date.now(), refused: null });
  await refresh();
  void flush();
}

/** What somebody had begun to ask. */
export interface Draft {
  parts: Part[];
  text: string;
}

export const keepDraft = (who: string, draft: Draft): Promise<void> => store.keep(who, draft.parts.length === 0 && draft.text === "" ? null : draft);
export const keptDraft = (who: string): Promise<Draft | null> => store.kept(who);

export async function discard(id: string): Promise<void> {
  await store.remove(id);
  await refresh();
}

/** Sends what waits, oldest first. Another tab that does so already makes this a wait for nothing. */
export async function flush(): Promise<void> {
  if (flushing.value || person === "") return;
  clearTimeout(retry);
  flushing.value = true;
  try {
    await alone(sendAll);
  } finally {
    flushing.value = false;
    await refresh();
  }
  if (letters.value.some(({ refused }) => refused === null)) retry = setTimeout(() => void flush(), RETRY_MS);
}

async function sendAll(): Promise<void> {
  for (const letter of await store.all(person)) {
    if (letter.refused !== null) continue;
    try {
      const question = await sendOne(letter);
      await store.remove(letter.id);
      sent(question);
    } catch (error) {
      if (!(error instanceof Refusal) || error.passing || error.status === 401 || error.status === 403) return; // later
      await store.put({ ...letter, refused: error.problem });
    }
    await refresh();
  }
}

async function sendOne(letter: Letter): Promise<QuestionView> {
  await api.me(); // a fresh CSRF token, and the right person, before anything is sent
  const of = letter.parts.reduce((sum, { blob }) => sum + blob.size, 0);
  let before = 0;
  for (const part of letter.parts) {
    const tell = (done: number): void => {
      progress.value = { ...progress.value, [letter.id]: of === 0 ? 0 : Math.min(1, (before + done) / of) };
    };
    if (part.media === null) await sendPart(letter, part, tell);
    before += part.blob.size;
    tell(0);
  }
  const media = letter.parts.flatMap((part) => part.media ?? []);
  return api.ask({ subject: letter.subject, grade: letter.grade, text: letter.text, media }, letter.id);
}

async function sendPart(letter: Letter, part: Part, tell: (done: number) => void): Promise<void> {
  const body: StartUpload = { kind: part.kind, content_type: part.type };
  const remember = async (id: string): Promise<void> => {
    part.upload = id;
    await store.put(letter);
  };
  part.media = (await send(part.blob, body, part.upload, remember, tell)).id;
  await store.put(letter);
}

async function alone(work: () => Promise<void>): Promise<void> {
  if (!("locks" in navigator)) return work(); // two tabs may both send then; the key makes it one question
  await navigator.locks.request("dayi-outbox", { ifAvailable: true }, (lock) => (lock === null ? undefined : work()));
}

/** Another tab may have sent what is shown here as waiting. */
export function lookAgain(): void {
  if (letters.value.length > 0 && !flushing.value) void refresh();
}

async function refresh(): Promise<void> {
  letters.value = await store.all(person);
}

interface Store {
  put(letter: Letter): Promise<void>;
  remove(id: string): Promise<void>;
  all(who: string): Promise<Letter[]>;
  keep(who: string, draft: Draft | null): Promise<void>;
  kept(who: string): Promise<Draft | null>;
}

/** IndexedDB, or memory where a browser forbids it (private windows): then a letter lives as long as its page. */
const store: Store = memoryBehind(databaseStore());

function databaseStore(): Store {
  let opened: Promise<IDBDatabase> | undefined;
  const database = (): Promise<IDBDatabase> =>
    (opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open("dayi", 2);
      request.onupgradeneeded = () => {
        const known = request.result.objectStoreNames;
        if (!known.contains("letters")) request.result.createObjectStore("letters", { keyPath: "id" });
        if (!known.contains("drafts")) request.result.createObjectStore("drafts");
      };
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close(); // a newer page in another tab needs the way free
        resolve(request.result);
      };
      request.onblocked = () => reject(new Error("an older page holds the database"));
      request.onerror = () => reject(request.error ?? new Error("no database"));
    }));
  const run = async <T>(mode: IDBTransactionMode, work: (rows: IDBObjectStore) => IDBRequest<T>, name = "letters"): Promise<T> => {
    const transaction = (await database()).transaction(name, mode);
    const request = work(transaction.objectStore(name));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("not kept"));
    });
  };
  return {
    put: async (letter) => void (await run("readwrite", (s) => s.put(letter))),
    remove: async (id) => void (await run("readwrite", (s) => s.delete(id))),
    all: async (who) => {
      const found = (await run("readonly", (s) => s.getAll())) as Letter[];
      return found.filter((letter) => letter.person === who).sort((a, b) => a.at - b.at);
    },
    keep: async (who, draft) => void (await run("readwrite", (s): IDBRequest => (draft === null ? s.delete(who) : s.put(draft, who)), "drafts")),
    kept: async (who) => ((await run("readonly", (s) => s.get(who), "drafts")) as Draft | undefined) ?? null,
  };
}

function memoryBehind(database: Store): Store {
  const memory = new Map<string, Letter>();
  return {
    async put(letter) {
      await database.put(letter).catch(() => memory.set(letter.id, letter));
    },
    async remove(id) {
      memory.delete(id);
      await database.remove(id).catch(() => undefined);
    },
    async all(who) {
      const kept = await database.all(who).catch((): Letter[] => []);
      return [...kept, ...[...memory.values()].filter((letter) => letter.person === who)];
    },
    keep: (who, draft) => database.keep(who, draft).catch(() => undefined),
    kept: (who) => database.kept(who).catch(() => null),
  };
}
