// What happened + what we knew -> what we know: pure, for the pupil's list, the teacher's duty and a session.
import type { AnyEvent, BoardLine, DutyView, EarningsView, MediaView, QuestionView, SessionSnapshot, SessionView, State } from "./protocol";

/** Of two views of one thing the one that was made later; what comes twice or late does no harm. */
export function newer<T extends { version: number }>(known: T | null, heard: T): T {
  return known !== null && known.version > heard.version ? known : heard;
}

/** A pupil's questions, newest first. */
export type Questions = readonly QuestionView[];

export function withQuestion(questions: Questions, heard: QuestionView): Questions {
  const known = questions.find(({ id }) => id === heard.id) ?? null;
  const rest = questions.filter(({ id }) => id !== heard.id);
  return [newer(known, heard), ...rest].sort((a, b) => Date.parse(b.received_at) - Date.parse(a.received_at));
}

/** A fresh snapshot replaces the list, but never takes a question back to an older version. */
export function withSnapshot(known: Questions, fresh: Questions): Questions {
  return fresh.reduce(withQuestion, known.filter(({ id }) => fresh.some((question) => question.id === id)));
}

export function studentHears(questions: Questions, event: AnyEvent): Questions {
  return event.type === "question" ? withQuestion(questions, event.question) : questions;
}

export interface TeacherKnows {
  duty: DutyView | null;
  earnings: EarningsView | null;
}

export function teacherHears(known: TeacherKnows, event: AnyEvent): TeacherKnows {
  switch (event.type) {
    case "duty":
      return { ...known, duty: newer(known.duty, event.duty) };
    case "earned":
      return { ...known, earnings: earned(known.earnings, event) };
    default:
      return known;
  }
}

function earned(known: EarningsView | null, { line, total_fen }: Extract<AnyEvent, { type: "earned" }>): EarningsView {
  const lines = known?.lines ?? [];
  if (lines.some(({ id }) => id === line.id)) return known!;
  return { total_fen, month_fen: (known?.month_fen ?? 0) + line.amount_fen, lines: [line, ...lines] };
}

/** A session without its board, which `board.ts` keeps. */
export interface SessionKnows {
  session: SessionView | null;
  media: Record<string, MediaView>;
}

export function sessionSnapshot(known: SessionKnows, fresh: SessionSnapshot): SessionKnows {
  return { session: newer(known.session, fresh.session), media: { ...known.media, ...fresh.media } };
}

/** The event is told to both sides alike: what is only one's own stays as the snapshot said. */
function asSeenBefore(known: SessionView | null, heard: SessionView): SessionView {
  if (known === null || known === heard) return heard;
  const { me, peer_online, related, knowledge_points, doubts, difficulty, reminder } = known;
  return { ...heard, me, peer_online, related, knowledge_points, doubts, difficulty, reminder };
}

/** The session after an event, and the board's new line if the event brought one. */
export function sessionHears(known: SessionKnows, event: AnyEvent): { knows: SessionKnows; line: BoardLine | null } {
  switch (event.type) {
    case "session":
      return { knows: { ...known, session: asSeenBefore(known.session, newer(known.session, event.session)) }, line: null };
    case "board": {
      const media = event.media === null ? known.media : { ...known.media, [event.media.id]: event.media };
      return { knows: media === known.media ? known : { ...known, media }, line: event.line };
    }
    default:
      return { knows: known, line: null };
  }
}

const OVER: readonly State[] = ["resolved", "withdrawn"];

export const isOver = (question: QuestionView): boolean => OVER.includes(question.state);
export const isTheirTurn = (question: QuestionView): boolean => question.state === "answering" && question.session_id !== null;

/** The one whose teacher waits comes first; the rest newest first, as they came. */
export function byUrgency(questions: Questions): Questions {
  return [...questions.filter(isTheirTurn), ...questions.filter((question) => !isTheirTurn(question))];
}

/** The turns that a pupil should be called for: those that were not there before. */
export function newTurns(before: Questions, after: Questions): QuestionView[] {
  return after.filter((now) => isTheirTurn(now) && !before.some((then) => then.id === now.id && isTheirTurn(then)));
}

/** What an offer still has, 1 at its making and 0 at its end, by the server's clock. */
export function offerLeft(offer: { made_at: string; expires_at: string }, serverNow: number): number {
  const from = Date.parse(offer.made_at);
  const to = Date.parse(offer.expires_at);
  return Math.min(1, Math.max(0, (to - serverNow) / Math.max(1, to - from)));
}
