import { expect, test } from "vitest";
import { byVotes, dueSoon, hoursFit, NOTHING, queryOf, told, withLecture, withLine } from "./lectures";
import type { LectureView, LineView } from "./protocol";

const NOW = Date.parse("2026-11-27T11:00:00Z");
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

function lecture(over: Partial<LectureView> = {}): LectureView {
  return {
    id: "a", version: 1, state: "open", title: "函数", about: "", subject: "math", stage: "junior", grades: [8], knowledge_points: [], starts_at: at(20), ends_at: at(80),
    capacity: 2, taken: 1, waiting: 0, lecturer_name: "名师", channel: "lecture:a", cover: null, cancelled_why: null, place: { state: "seated", ahead: null }, schools: [], materials: [], ...over,
  };
}

test("what everybody hears leaves one's own place alone, and what is old is not believed", () => {
  const known = lecture({ version: 5 });
  expect(told(known, lecture({ version: 6, taken: 2, place: null }))).toMatchObject({ taken: 2, place: { state: "seated" } });
  expect(told(known, lecture({ version: 4, taken: 9, place: null }))).toBe(known);
  expect(withLecture([known], lecture({ id: "b" }))).toEqual([known]);
});

test("one is reminded of one's own seat within half an hour, and first of what is on air", () => {
  expect(dueSoon([lecture()], NOW)?.id).toBe("a");
  expect(dueSoon([lecture({ starts_at: at(31), ends_at: at(90) })], NOW)).toBeNull();
  expect(dueSoon([lecture({ place: { state: "waiting", ahead: 0 } })], NOW)).toBeNull();
  expect(dueSoon([lecture({ state: "cancelled" })], NOW)).toBeNull();
  expect(dueSoon([lecture({ starts_at: at(-90), ends_at: at(-30) })], NOW)).toBeNull();
  expect(dueSoon([lecture(), lecture({ id: "b", state: "live", starts_at: at(-5) })], NOW)?.id).toBe("b");
});

test("what does not matter is not asked for", () => {
  expect(queryOf(NOTHING)).toBe("");
  expect(queryOf({ ...NOTHING, subject: "math", grade: 8, words: " 陈 " })).toBe("subject=math&grade=8&words=%E9%99%88");
  const query = new URLSearchParams(queryOf({ ...NOTHING, day: "2026-11-28", from: "18:00" }));
  expect(Date.parse(query.get("free_until")!) - Date.parse(query.get("free_from")!)).toBe(359 * 60_000);
});

test("free hours end after they begin", () => {
  expect(hoursFit({ ...NOTHING, day: "2026-11-28", from: "20:00", until: "19:00" })).toBe(false);
  expect(hoursFit({ ...NOTHING, day: "2026-11-28", from: "20:00" })).toBe(true);
  expect(hoursFit({ ...NOTHING, from: "20:00", until: "19:00" })).toBe(true);
});

const line = (number: number, over: Partial<LineView> = {}): LineView => ({ number, kind: "question", author_name: "小明", text: `第 ${number} 问`, state: "shown", votes: 0, said_at: at(0), by_lecturer: false, why_held: null, by_hand: false, ...over });

test("a line that is hidden goes for pupils and stays, whole, for who keeps the room", () => {
  const lines = [line(1), line(2)];
  const gone = line(1, { state: "hidden", text: "", author_name: "" });
  expect(withLine(lines, gone, false).map(({ number }) => number)).toEqual([2]);
  expect(withLine(lines, gone, true)[0]).toMatchObject({ number: 1, state: "hidden", text: "第 1 问" });
  expect(withLine(lines, line(9, { state: "hidden", text: "" }), true)).toHaveLength(2);
});

test("votes never run back, and what most ask comes first", () => {
  const lines = [line(1, { votes: 3 }), line(2, { votes: 9 }), line(3, { state: "answered", votes: 50 }), line(4, { kind: "chat" }), line(5, { state: "held" })];
  expect(withLine(lines, line(2, { votes: 8 }), false).find(({ number }) => number === 2)?.votes).toBe(9);
  expect(byVotes(lines).map(({ number }) => number)).toEqual([5, 2, 1, 3]);
});
