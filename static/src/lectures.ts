// The doors of lectures (server/web/lectures.py), and what a page knows of them.
import { call } from "./api";
import { newId } from "./ids";
import { newer } from "./state";
import type { AddMaterial, Attendance, CaptionsBrought, JudgeLine, LectureFilm, LectureReplay, LectureRewind, LectureFigures, LectureSnapshot, LectureView, LecturerState, Lectures, LineView, MaterialView, Moments, MyLectures, OnAir, PlaceView, PlanLecture, RoomSnapshot, RuleAuthor, SayInRoom, Span, Stage, Subject } from "./protocol";

const post = <T>(path: string, body: object = {}, key: string = newId()): Promise<T> => call<T>("POST", path, body, key);

export const GRADES: Record<Stage, readonly number[]> = { primary: [1, 2, 3, 4, 5, 6], junior: [7, 8, 9], senior: [10, 11, 12] };

/** What a pupil looks for; empty means that it does not matter. */
export interface Search {
  subject: Subject | "";
  grade: number; // 0: any
  words: string;
  day: string; // YYYY-MM-DD, with the free hours of that day
  from: string; // HH:MM
  until: string;
}

export const NOTHING: Search = { subject: "", grade: 0, words: "", day: "", from: "", until: "" };

export function queryOf(search: Search, after: LectureView | null = null, over = false): string {
  const query = new URLSearchParams();
  if (over) query.set("over", "1");
  if (search.subject !== "") query.set("subject", search.subject);
  if (search.grade > 0) query.set("grade", String(search.grade));
  if (search.words.trim() !== "") query.set("words", search.words.trim());
  if (search.day !== "") {
    query.set("free_from", new Date(`${search.day}T${search.from || "00:00"}`).toISOString());
    query.set("free_until", new Date(`${search.day}T${search.until || "23:59"}`).toISOString());
  }
  if (after !== null) query.set("after", `${after.starts_at}/${after.id}`);
  return query.toString();
}

/** The hours asked for make sense: an end after its beginning, on a day. */
export const hoursFit = ({ day, from, until }: Search): boolean => day === "" || (from || "00:00") < (until || "23:59");

export const find = (search: Search, after: LectureView | null = null, over = false): Promise<Lectures> => call("GET", `/api/lectures?${queryOf(search, after, over)}`);
export const mine = (): Promise<MyLectures> => call("GET", "/api/lectures/mine");
export const show = (id: string): Promise<LectureSnapshot> => call("GET", `/api/lectures/${id}`);
export const enrol = (id: string): Promise<PlaceView> => post(`/api/lectures/${id}/enrol`);
export const leave = (id: string): Promise<LectureView> => post(`/api/lectures/${id}/leave`);
export const calendar = (id: string): string => `/api/lectures/${id}/calendar`;

export const lecturer = (): Promise<LecturerState> => call("GET", "/api/lecturer");
export const plan = (body: PlanLecture, key: string): Promise<LectureView> => post("/api/lectures", body, key);
export const change = (id: string, body: PlanLecture): Promise<LectureView> => post(`/api/lectures/${id}/change`, body);
export const openUp = (id: string): Promise<LectureView> => post(`/api/lectures/${id}/open`);
export const cancel = (id: string, why: string): Promise<LectureView> => post(`/api/lectures/${id}/cancel`, { why });
export const materials = (id: string): Promise<MaterialView[]> => call("GET", `/api/lectures/${id}/materials`);
export const addMaterial = (id: string, body: AddMaterial): Promise<LectureView> => post(`/api/lectures/${id}/materials`, body);
export const removeMaterial = (id: string, material: string): Promise<LectureView> => post(`/api/lectures/${id}/materials/${material}/remove`);

export const start = (id: string): Promise<RoomSnapshot> => post(`/api/lectures/${id}/start`);
export const end = (id: string): Promise<LectureView> => post(`/api/lectures/${id}/end`);
export const room = (id: string): Promise<RoomSnapshot> => call("GET", `/api/lectures/${id}/room`);
export const sayIn = (id: string, body: SayInRoom): Promise<LineView> => post(`/api/lectures/${id}/say`, body);
export const vote = (id: string, number: number): Promise<unknown> => post(`/api/lectures/${id}/lines/${number}/vote`);
export const judge = (id: string, number: number, becomes: JudgeLine["becomes"]): Promise<LineView> => post(`/api/lectures/${id}/lines/${number}/judge`, { becomes });
export const rule = (id: string, number: number, rule: RuleAuthor["rule"]): Promise<unknown> => post(`/api/lectures/${id}/lines/${number}/author`, { rule });
export const slow = (id: string, slow_s: number): Promise<unknown> => post(`/api/lectures/${id}/slow`, { slow_s });
export const rewind = (id: string, after: number): Promise<LectureRewind> => call("GET", `/api/lectures/${id}/rewind?after=${after}`);
export const replay = (id: string): Promise<LectureReplay> => call("GET", `/api/lectures/${id}/replay`);
export const showReplay = (id: string, shown: boolean): Promise<unknown> => post(`/api/lectures/${id}/replay`, { shown });
export const watched = (id: string, spans: readonly Span[], at_ms: number): Promise<unknown> => post(`/api/lectures/${id}/watched`, { spans, at_ms });
export const film = (id: string): Promise<LectureFilm> => call("GET", `/api/lectures/${id}/film`);
export const filmAgain = (id: string): Promise<LectureFilm> => post(`/api/lectures/${id}/film`);
export const moments = (id: string, words: string): Promise<Moments> => call("GET", `/api/lectures/${id}/moments?${new URLSearchParams({ words }).toString()}`);
export const packageOf = (id: string): string => `/api/lectures/${id}/package`;
export const captionsFile = (id: string): string => `/api/lectures/${id}/captions`;
export const bringCaptions = (id: string, text: string): Promise<CaptionsBrought> => post(`/api/lectures/${id}/captions`, { text });
export const removeCaptions = (id: string): Promise<unknown> => post(`/api/lectures/${id}/captions/remove`);
export const showCaptions = (id: string, shown: boolean): Promise<unknown> => post(`/api/lectures/${id}/captions/show`, { shown });
export const figures = (id: string): Promise<LectureFigures> => call("GET", `/api/lectures/${id}/figures`);
export const onAir = (): Promise<OnAir> => call("GET", "/api/on-air");
export const attendance = (id: string): Promise<Attendance> => call("GET", `/api/lectures/${id}/attendance`);

/** Lines with one as it is now; what is hidden stays for those who keep the room, and goes for the others. */
export function withLine(lines: readonly LineView[], heard: LineView, keeper: boolean): LineView[] {
  const others = lines.filter(({ number }) => number !== heard.number);
  if (heard.state === "hidden" && !keeper) return others;
  const known = lines.find(({ number }) => number === heard.number);
  const whole = heard.text === "" && known ? { ...heard, text: known.text, author_name: known.author_name, why_held: known.why_held } : heard;
  if (whole.text === "") return others; // what was never seen need not be told that it is gone
  return [...others, { ...whole, votes: Math.max(whole.votes, known?.votes ?? 0) }].sort((a, b) => a.number - b.number);
}

/** Questions that wait first, those of most pupils at the top; then what was answered. */
export function byVotes(lines: readonly LineView[]): LineView[] {
  const rank = ({ state }: LineView): number => (state === "held" ? 0 : state === "shown" ? 1 : state === "answered" ? 2 : 3);
  return lines.filter(({ kind }) => kind === "question").sort((a, b) => rank(a) - rank(b) || b.votes - a.votes || a.number - b.number);
}

/** A lecture as it was told to everybody; one's own place in it stays as it is known. */
export function told(known: LectureView | null, heard: LectureView): LectureView {
  const next = newer(known, heard);
  return known === null || next === known ? next : { ...next, place: known.place, schools: known.schools, materials: known.materials };
}

/** Lectures with one of them as it is now. */
export const withLecture = (lectures: readonly LectureView[], heard: LectureView): LectureView[] => lectures.map((each) => (each.id === heard.id ? told(each, heard) : each));

const SOON_MS = 30 * 60_000;
const AHEAD_STATES: readonly LectureView["state"][] = ["planned", "open", "live"];

export const isAhead = ({ state, ends_at }: LectureView, now: number): boolean => AHEAD_STATES.includes(state) && Date.parse(ends_at) > now;

const DOORS_OPEN_MS = 15 * 60_000;
export const opensAt = ({ starts_at }: LectureView): number => Date.parse(starts_at) - DOORS_OPEN_MS;
export const isOpenNow = (lecture: LectureView, now: number): boolean => lecture.state === "live" || (lecture.state === "open" && opensAt(lecture) <= now && Date.parse(lecture.ends_at) > now);

/** The one to be reminded of: a seat in what is on air, or begins within half an hour. */
export function dueSoon(lectures: readonly LectureView[], now: number): LectureView | null {
  const due = lectures.filter((each) => each.place?.state === "seated" && isAhead(each, now) && (each.state === "live" || Date.parse(each.starts_at) - now <= SOON_MS));
  return due.sort((a, b) => Number(b.state === "live") - Number(a.state === "live") || Date.parse(a.starts_at) - Date.parse(b.starts_at))[0] ?? null;
}
