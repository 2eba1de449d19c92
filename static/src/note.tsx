// A voice note: recorded with its level in sight, five minutes at most.
import { useEffect, useRef, useState } from "preact/hooks";
import { addPart } from "./draft";
import { Icon, Notice } from "./parts";
import { LONGEST_NOTE_MS, Microphone, Recorder } from "./voice";
import { clock, say } from "./words";

export function VoiceNote({ startNow }: { startNow: boolean }) {
  const words = say.value;
  const [running, setRunning] = useState<{ microphone: Microphone; recorder: Recorder; since: number } | null>(null);
  const [refused, setRefused] = useState(false);
  const [now, setNow] = useState(0);
  const slices = useRef<Blob[]>([]);
  const bar = useRef<HTMLSpanElement>(null);

  const begin = async (): Promise<void> => {
    const microphone = await Microphone.open();
    setRefused(microphone === null);
    if (microphone === null) return;
    slices.current = [];
    setNow(Date.now());
    setRunning({ microphone, recorder: new Recorder(microphone, (slice) => slices.current.push(slice)), since: Date.now() });
  };
  const end = async (): Promise<void> => {
    if (!running) return;
    setRunning(null);
    await running.recorder.stop();
    running.microphone.close();
    addPart("voice", new Blob(slices.current, { type: running.recorder.type }), running.recorder.type);
  };
  useEffect(() => {
    if (startNow) void begin();
  }, []);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (bar.current) bar.current.style.transform = `scaleX(${running.microphone.level()})`;
      if (Date.now() - running.since >= LONGEST_NOTE_MS) void end();
    }, 100);
    return () => clearInterval(timer);
  }, [running]);
  useEffect(() => () => running?.microphone.close(), [running]);

  if (running) {
    return (
      <div class="recording">
        <span class="recording-dot" aria-hidden="true" />
        <span role="status">{words.recording}</span> <span class="digits">{clock(now - running.since)}</span>
        <span class="meter" aria-hidden="true"><span class="meter-bar" ref={bar} /></span>
        <button class="button danger" onClick={() => void end()}>{words.stopRecord}</button>
      </div>
    );
  }
  return (
    <>
      <button class="way" onClick={() => void begin()} aria-label={words.record}><Icon name="mic" />{words.voice}</button>
      {refused && <div class="way-note"><Notice kind="warning">{words.noMic}</Notice></div>}
    </>
  );
}
