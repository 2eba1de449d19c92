// The microphone buttons of a session: on, off, and how loud one is.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Lesson } from "./lesson";
import { Icon, Notice } from "./parts";
import type { Room } from "./room";
import { studio } from "./studio-words";
import { LessonVoice, Microphone } from "./voice";
import { say } from "./words";

const METER_MS = 80;

/** The teacher is heard while the lesson is open and goes on. */
export function useSpeaking(lesson: Lesson, open: boolean, paused: boolean): void {
  useEffect(() => {
    if (!open) return;
    void lesson.enter();
    return () => void lesson.leave();
  }, [lesson, open]);
  useEffect(() => {
    if (open) void (paused ? lesson.stop() : lesson.start());
  }, [lesson, open, paused]);
}

export function TeacherMic({ lesson }: { lesson: Lesson }) {
  const words = say.value;
  if (lesson.state.value === "elsewhere") return null;
  const on = lesson.state.value === "on" || lesson.state.value === "held";
  return (
    <button class={on ? "mic mic-on" : "mic"} aria-pressed={on} aria-label={on ? `${words.micOn}${words.list}${words.micStop}` : `${words.micOff}${words.list}${words.micStart}`} onClick={() => void (on ? lesson.stop() : lesson.start())}>
      <Icon name="mic" />
      <span class="mic-words">{on ? words.micOn : words.micOff}</span>
      {on && <Meter level={() => lesson.level()} />}
    </button>
  );
}

/** What keeps the teacher from being heard in this tab. */
export function MicNotice({ lesson }: { lesson: Lesson }) {
  const words = say.value;
  switch (lesson.state.value) {
    case "refused":
      return <Notice kind="warning">{words.micRefused}</Notice>;
    case "unplugged":
      return <Notice kind="warning">{words.micUnplugged}</Notice>;
    case "held":
      return <Notice kind="warning">{words.micHeld}</Notice>;
    case "elsewhere":
      return (
        <div class="notice notice-acts" role="status">
          <span><Icon name="mic" />{words.micElsewhere}</span>
          <button class="button small" onClick={() => void lesson.take()}>{words.micTake}</button>
        </div>
      );
    default:
      return null;
  }
}

/** The pupil may speak once there is a line; what is said is kept only where the guardian agreed to it. */
export function PupilMic({ room, kept }: { room: Room; kept: boolean }) {
  const words = say.value;
  const call = room.call.value;
  const [microphone, setMicrophone] = useState<Microphone | null>(null);
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    if (microphone === null) return;
    const voice = kept ? new LessonVoice(microphone, room.id) : null;
    return () => {
      if (voice === null) return microphone.close();
      void voice.finish().catch(() => undefined).then(() => microphone.close()); // what has not arrived is salvaged
    };
  }, [microphone]);
  if (call === null) return null;
  const speak = async (): Promise<void> => {
    setRefused(false);
    if (microphone !== null) {
      await call.speak(null);
      return setMicrophone(null);
    }
    const mine = await Microphone.open();
    if (mine === null) return setRefused(true);
    mine.onlost = () => {
      void call.speak(null);
      setMicrophone(null);
    };
    await call.speak(mine.stream.getAudioTracks()[0] ?? null);
    setMicrophone(mine);
  };
  const on = microphone !== null;
  const reached = call.state.value === "talking" || call.state.value === "relayed";
  return (
    <>
      {call.silenced.value && <button class="button small primary" onClick={() => call.listen()}><Icon name="sound" />{words.hear}</button>}
      {reached && (
        <button class={on ? "mic mic-on" : "mic"} aria-pressed={on} aria-label={on ? words.speakStop : words.speak} title={kept ? studio.value.voiceKept : studio.value.voiceNotKept} onClick={() => void speak()}>
          <Icon name="mic" /><span class="mic-words">{refused ? words.noMicShort : on ? words.speakStop : words.speak}</span>
          {on && <Meter level={() => microphone.level()} />}
        </button>
      )}
    </>
  );
}

export function Meter({ level }: { level: () => number }) {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      if (bar.current) bar.current.style.transform = `scaleX(${Math.max(0.02, level())})`;
    }, METER_MS);
    return () => clearInterval(timer);
  });
  return <span class="meter" aria-hidden="true"><span class="meter-bar" ref={bar} /></span>;
}
