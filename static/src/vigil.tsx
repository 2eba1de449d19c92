// The clock of a session: a gentle warning before its end, "are you still there?" into silence, a pause.
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import type { Lesson } from "./lesson";
import { Icon, Notice } from "./parts";
import type { SessionView } from "./protocol";
import type { Room } from "./room";
import { clock, say } from "./words";

const WARNED_MS = 5 * 60_000;
const ASKED_MS = [2 * 60_000, 4 * 60_000] as const; // as server/domain/session.py says
const SILENT_ENDS_MS = 7 * 60_000;
const LOUD = 0.12; // of a microphone's level: somebody speaks
const TOLD_EVERY_MS = 60_000;

interface Props {
  room: Room;
  session: SessionView;
  lesson: Lesson;
}

/** What the clock asks for, if anything: "warning", "ask", "ask again". */
export function due(session: SessionView, now: number, active: number): "nothing" | "warning" | "ask" | "ask again" {
  if (session.paused_at !== null) return "nothing";
  const silent = now - active;
  if (silent >= ASKED_MS[1]) return "ask again";
  if (silent >= ASKED_MS[0]) return "ask";
  return now >= Date.parse(session.ends_at) - WARNED_MS ? "warning" : "nothing";
}

export function Vigil({ room, session, lesson }: Props) {
  const words = say.value;
  const [now, setNow] = useState(room.link.now());
  useEffect(() => {
    let told = 0;
    const timer = setInterval(() => {
      const time = room.link.now();
      setNow(time);
      if (lesson.level() < LOUD) return;
      room.stir();
      if (time - told < TOLD_EVERY_MS) return;
      told = time; // who only speaks draws nothing, and is there all the same
      void api.here(room.id).catch(() => undefined);
    }, 1_000);
    return () => clearInterval(timer);
  }, [room, lesson]);
  const active = Math.max(Date.parse(session.active_at), room.activeAt.value);
  const answer = (): void => {
    room.stir();
    setNow(room.link.now());
    void api.here(room.id).catch(() => undefined);
  };
  const left = Math.max(0, Date.parse(session.ends_at) - now);
  switch (due(session, now, active)) {
    case "nothing":
      return session.paused_at === null ? null : <Notice>{session.me === "teacher" ? words.pausedMine : words.pausedTheirs}</Notice>;
    case "warning":
      return <Notice kind="warning">{words.endsSoon(clock(left))}</Notice>;
    case "ask":
    case "ask again":
      return (
        <div class="notice notice-warning notice-acts" role="alert">
          <span>{words.stillThere(clock(Math.max(0, SILENT_ENDS_MS - (now - active))))}</span>
          <button class="button small" onClick={answer}>{words.iAmHere}</button>
        </div>
      );
  }
}

/** The teacher stops for a moment: nothing is recorded, and nobody is asked whether they are there. */
export function PauseButton({ room, session }: Omit<Props, "lesson">) {
  const words = say.value;
  const paused = session.paused_at !== null;
  const [busy, setBusy] = useState(false);
  const toggle = async (): Promise<void> => {
    setBusy(true);
    try {
      room.take(await api.pause(room.id, { on: !paused }));
    } catch {
      // the link says so itself; the button can be pressed again
    }
    setBusy(false);
  };
  return (
    <button class="bar-button" disabled={busy} aria-pressed={paused} aria-label={paused ? words.goOn : words.pauseLesson} title={paused ? words.goOn : words.pauseLesson} onClick={() => void toggle()}>
      <Icon name={paused ? "play" : "pause"} />
    </button>
  );
}

/** What the city reminds teachers of, until it is put away. */
export function Reminder({ session }: { session: SessionView }) {
  const words = say.value;
  const key = `reminded ${session.id}`;
  const [gone, setGone] = useState(sessionStorage.getItem(key) !== null);
  if (gone) return null;
  return (
    <div class="notice notice-acts">
      <span>{session.reminder || words.reminder}</span>
      <button class="button small" onClick={() => { sessionStorage.setItem(key, "1"); setGone(true); }}>{words.understood}</button>
    </div>
  );
}
