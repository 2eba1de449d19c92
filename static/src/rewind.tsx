// Stepping back in a lecture that goes on: the board and the sound of a moment ago, and the way back to what is live.
import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { airSay } from "./air-words";
import { Refusal } from "./api";
import type { Auditorium } from "./auditorium";
import { Sheet } from "./ink";
import * as lectures from "./lectures";
import { remember } from "./memory";
import { Icon, Notice } from "./parts";
import { Corner } from "./picture";
import type { LectureRewind } from "./protocol";
import { Reel, screen } from "./reel";
import { DEAF, STILL, step } from "./replay";
import { Score } from "./score";
import { Tape } from "./tape";
import { clock, say } from "./words";

const BACK_MS = 10_000;
const NEAR_MS = 6_000; // to what is live: there is nothing between that could be heard
const SOON_MS = 15_000; // before what is known ends: what came since is asked for
const LOOK_MS = 1_000;
const AGAIN_MS = 4_000;

/** Where in its replay somebody stopped who was stepping back when the lecture ended. */
export const placeOf = (id: string): string => `rewound ${id}`;

interface Line {
  now: number;
  live: number;
  ongo: (to: number) => void;
}

/** The line of time itself. Who drags it to its end is live again. */
function Bar({ now, live, ongo }: Line) {
  const words = airSay.value;
  const ends = Math.max(1_000, Math.round(live));
  return <input type="range" min={0} max={ends} step={100} value={Math.min(Math.round(now), ends)} aria-label={words.timeLine} aria-valuetext={`${clock(now)} / ${clock(ends)}`} onInput={(event) => ongo(Number(event.currentTarget.value))} onKeyDown={(event) => step(event, (by) => ongo(now + by))} />;
}

function Steps({ now, ongo }: Omit<Line, "live">) {
  const words = airSay.value;
  return (
    <>
      <button class="button small" disabled={now < 1_000} onClick={() => ongo(Math.max(0, now - BACK_MS))} aria-label={words.back10}>{words.minus10}</button>
      <button class="button small" disabled={now < 1_000} onClick={() => ongo(0)}>{words.fromStart}</button>
    </>
  );
}

/** Below the board while it is live. */
export function TimeLine({ hall, ongo }: { hall: Auditorium; ongo: (to: number) => void }) {
  const words = airSay.value;
  const live = useLive(hall);
  const go = (to: number): void => {
    if (to < live - NEAR_MS) ongo(Math.max(0, to));
  };
  return (
    <section class="time-line" aria-label={words.timeLine}>
      <div class="time-line-row"><Bar now={live} live={live} ongo={go} /></div>
      <div class="time-line-row">
        <Steps now={live} ongo={go} />
        <span class="bar-gap" />
        <span class="at-live small"><i aria-hidden="true" />{words.atLive}</span>
      </div>
    </section>
  );
}

/** Instead of the live board, from this moment on. */
export function Rewound({ hall, from, onlive }: { hall: Auditorium; from: number; onlive: () => void }) {
  const words = airSay.value;
  const live = useLive(hall);
  const [known, setKnown] = useState<Known | null>(null);
  const [wrong, setWrong] = useState(false);
  const [now, setNow] = useState(from);
  const latest = useRef(known);
  latest.current = known;
  const at = useRef(from);
  useEffect(() => {
    let gone = false;
    let askedAt = -Infinity;
    const ask = (): void => {
      askedAt = performance.now();
      lectures.rewind(hall.id, latest.current?.score.seq ?? 0).then(
        (fresh) => {
          if (gone) return;
          setWrong(false);
          if (latest.current === null) return setKnown((latest.current = opened(fresh, at.current)));
          const { score, tape, reel, voices, media } = latest.current;
          score.grow(fresh.log);
          tape.renew(fresh.sound);
          tape.grow(fresh.lasts_ms);
          for (const each of [reel, voices]) each?.grow();
          if (fresh.sound.picture !== null) reel?.renew(fresh.sound.picture.playlist);
          if (fresh.sound.voices !== null) voices?.renew(fresh.sound.voices);
          setKnown((latest.current = { ...latest.current, media: { ...media, ...fresh.media } }));
        },
        (error: unknown) => {
          if (gone) return;
          setWrong(true);
          if (error instanceof Refusal && !error.passing) onlive(); // the room says why
        },
      );
    };
    ask();
    const timer = setInterval(() => {
      const { current } = latest;
      if (performance.now() - askedAt > AGAIN_MS && (current === null || current.tape.ends - at.current < SOON_MS)) ask();
    }, LOOK_MS);
    let frame = requestAnimationFrame(function tick() {
      const { current } = latest;
      if (current !== null) {
        const { tape, reel, voices } = current;
        setNow((at.current = tape.tick()));
        const goesOn = tape.playing.value && !tape.waits.value;
        if (hall.sight.wants.peek()) reel?.follow(at.current, goesOn, tape.speed);
        else reel?.rest();
        voices?.follow(at.current, goesOn, tape.speed);
      }
      frame = requestAnimationFrame(tick);
    });
    return () => {
      gone = true;
      clearInterval(timer);
      cancelAnimationFrame(frame);
      latest.current?.tape.close();
      latest.current?.reel?.close();
      latest.current?.voices?.close();
      remember(placeOf(hall.id), hall.state.value?.state === "over" ? String(Math.round(at.current)) : null);
    };
  }, [hall]);
  const go = (to: number): void => {
    if (to >= live - NEAR_MS) return onlive();
    at.current = Math.max(0, to);
    setNow(known === null ? at.current : known.tape.seek(at.current));
  };
  return (
    <>
      <section class="desk" aria-label={words.rewound}>
        {known === null ? <p class="room-wait muted" role="status">{wrong ? words.noRewind : words.rewinding}</p> : <Past score={known.score} media={known.media} now={now} />}
        {known?.reel?.shows.value && <Corner element={known.reel.element} label={words.picture} onhide={() => hall.sight.want(false)} />}
      </section>
      <section class="time-line time-line-back" aria-label={words.timeLine}>
        {wrong && known !== null && <Notice kind="warning">{words.noRewind}</Notice>}
        <div class="time-line-row">
          <Bar now={now} live={live} ongo={go} />
          {known?.tape.playing.value && known.tape.waits.value && <span class="muted small" role="status">{say.value.loading}</span>}
          <span class="digits small">{words.behind(clock(Math.max(0, live - now)))}</span>
        </div>
        <div class="time-line-row">
          {known !== null && <Play tape={known.tape} />}
          <Steps now={now} ongo={go} />
          <span class="bar-gap" />
          <button class="button small primary" onClick={onlive}>{words.toLive}</button>
        </div>
      </section>
    </>
  );
}

/** What is played: the sound, and in step with it the camera and pupils' voices. */
interface Known {
  score: Score;
  tape: Tape;
  reel: Reel | null;
  voices: Reel<HTMLAudioElement> | null;
  media: LectureRewind["media"];
}

function opened(fresh: LectureRewind, from: number): Known {
  const { picture, voices, type } = fresh.sound;
  const startedAt = Date.parse(fresh.started_at);
  const tape = new Tape(fresh, true);
  tape.seek(from);
  tape.play();
  return {
    score: new Score(fresh.log),
    tape,
    reel: picture === null ? null : new Reel(picture.type, picture.playlist, startedAt, screen()),
    voices: voices === null ? null : new Reel(type, voices, startedAt, new Audio()),
    media: fresh.media,
  };
}

function Past({ score, media, now }: { score: Score; media: LectureRewind["media"]; now: number }) {
  const { board, live } = score.at(Math.max(now, score.chapters[0]?.at ?? 0));
  const shown = useSignal(live);
  useEffect(() => void (shown.value = live), [live]);
  const page = (board.current === null ? null : board.pages.get(board.current)) ?? null;
  const photo = page?.media === undefined ? null : (media[page.media]?.url ?? null);
  return <div class="stage"><Sheet board={board} page={page} address={photo} nib={STILL} author="" locked live={shown} follow={null} fit={0} hearer={DEAF} /></div>;
}

function Play({ tape }: { tape: Tape }) {
  const words = say.value;
  const playing = tape.playing.value;
  return <button class="button small" onClick={() => (playing ? tape.pause() : tape.play())} aria-label={playing ? words.pause : words.play}><Icon name={playing ? "pause" : "play"} /></button>;
}

/** How far the lecture is, in ms; looked at twice a second. */
function useLive(hall: Auditorium): number {
  const [now, setNow] = useState(hall.board.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(hall.board.now()), 500);
    return () => clearInterval(timer);
  }, [hall]);
  return now;
}
