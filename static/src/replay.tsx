// The replay of an answer: ink and voice in the page, there as soon as the session ends, while the video is still made.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "./api";
import type { Board, Mark } from "./board";
import { useCaptions } from "./captions";
import { Sheet, type Hearer } from "./ink";
import { recall, remember } from "./memory";
import { Icon, Notice } from "./parts";
import type { AnswerView, Mask, ReplayView } from "./protocol";
import { Score, type Chapter } from "./score";
import { useSteady } from "./steady";
import { FIRST, nibOf } from "./toolbar";
import { clock, say, sentence } from "./words";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;
const LOOK_AGAIN_MS = 1_500; // for the voice, which is put together within seconds
const STEP_MS = 5_000; // of the arrow keys
const MARK_NEAR_MS = 3_000; // before a mark of "I'm lost here": what was said just then is what was not understood

/** Regions that are to be hidden: they are shown, and a new one is dragged on the page that is on top. */
export interface Veiling {
  masks: readonly Mask[];
  onpage: (page: { name: string; number: number; aspect: number } | null) => void;
  onmask: (mask: Omit<Mask, "from_ms" | "to_ms">) => void;
}

interface Props {
  answer: AnswerView;
  onmove?: (ms: number) => void; // where it stands, from its beginning
  veiling?: Veiling;
}

export function Replay({ answer, onmove, veiling }: Props) {
  const words = say.value;
  const [view, setView] = useState<ReplayView | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const waits = view === null || (view.voice_url === null && view.answer.state === "rendering");
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = (): void => {
      api.replay(answer.id).then(
        (fresh) => {
          if (gone) return;
          setView(fresh);
          setWrong(null);
          if (fresh.voice_url === null && fresh.answer.state === "rendering") timer = setTimeout(load, LOOK_AGAIN_MS);
        },
        (error: unknown) => {
          if (gone) return;
          setWrong(sentence(error));
          timer = setTimeout(load, 4 * LOOK_AGAIN_MS);
        },
      );
    };
    if (waits) load();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [answer.id, waits]);
  if (view === null) return wrong ? <Notice kind="error">{wrong}</Notice> : <div class="video-wait" role="status"><span class="spinner" aria-hidden="true" />{words.loadingReplay}</div>;
  return <Stage view={view} onmove={onmove} veiling={veiling} />;
}

/** Where the replay stands, in ms of the session: the voice's clock where there is a voice, else the page's own. */
class Player {
  speed = 1;
  playing = false;
  #at: number;
  #since = 0;
  #voice: HTMLAudioElement | null = null;
  #voiceFrom = 0; // ms of the session at which the voice's file begins

  constructor(
    private begins: number,
    public ends: number,
  ) {
    this.#at = begins;
  }

  /** The voice may begin before the ink, and end after it. */
  bound(begins: number, ends: number): void {
    this.#at = Math.max(begins, this.now === this.begins ? begins : this.now);
    this.#since = performance.now();
    [this.begins, this.ends] = [begins, ends];
  }

  get now(): number {
    if (this.#voice !== null && this.#voice.readyState > 0) return Math.min(this.ends, this.#voiceFrom + this.#voice.currentTime * 1_000);
    const run = this.playing ? (performance.now() - this.#since) * this.speed : 0;
    return Math.min(this.ends, this.#at + run);
  }

  /** From now on the voice is the clock; it takes over where the ink was. */
  hear(voice: HTMLAudioElement, from: number): void {
    const at = this.now;
    this.#voice = voice;
    this.#voiceFrom = from;
    voice.playbackRate = this.speed;
    voice.currentTime = Math.max(0, at - from) / 1_000;
    if (this.playing) void voice.play().catch(() => (this.playing = false));
  }

  play(): void {
    if (this.now >= this.ends - 50) this.seek(this.begins);
    this.playing = true;
    this.#since = performance.now();
    if (this.#voice !== null) void this.#voice.play().catch(() => (this.playing = false)); // the browser wants another touch
  }

  pause(): void {
    this.#at = this.now;
    this.playing = false;
    this.#voice?.pause();
  }

  seek(to: number): void {
    this.#at = Math.max(this.begins, Math.min(this.ends, to));
    this.#since = performance.now();
    if (this.#voice !== null) this.#voice.currentTime = Math.max(0, this.#at - this.#voiceFrom) / 1_000;
  }

  hurry(speed: number): void {
    this.#at = this.now;
    this.#since = performance.now();
    this.speed = speed;
    if (this.#voice !== null) this.#voice.playbackRate = speed;
  }
}

function Stage({ view, onmove, veiling }: { view: ReplayView; onmove: Props["onmove"]; veiling: Props["veiling"] }) {
  const words = say.value;
  const score = useMemo(() => new Score(view.log), [view.answer.id]);
  const begins = view.voice_url === null ? score.begins : view.start_ms;
  const ends = view.voice_url === null || view.answer.duration_ms === null ? score.ends : view.start_ms + view.answer.duration_ms;
  const player = useMemo(() => new Player(begins, ends), [view.answer.id]);
  useEffect(() => player.bound(begins, ends), [player, begins, ends]);
  const voice = useRef<HTMLAudioElement>(null);
  const [address, renew] = useSteady(view.voice_url);
  const [written] = useSteady(view.answer.captions_url);
  const captions = useCaptions(written, written);
  const [now, setNow] = useState(begins);
  const [speed, setSpeed] = useState(Number(recall("speed") ?? 1) || 1);
  const [, redraw] = useState(0);

  useEffect(() => player.hurry(speed), [player, speed]);
  useEffect(() => {
    let frame = requestAnimationFrame(function tick() {
      setNow(player.now);
      if (player.playing && player.now >= player.ends) player.pause();
      frame = requestAnimationFrame(tick);
    });
    return () => {
      cancelAnimationFrame(frame);
      player.pause();
    };
  }, [player]);

  const seconds = Math.round((now - begins) / 100) * 100;
  useEffect(() => onmove?.(seconds), [seconds]);

  const { board, live } = score.at(now);
  const shown = useSignal(live);
  useEffect(() => void (shown.value = live), [live]);
  const page = (board.current === null ? null : board.pages.get(board.current)) ?? null;
  const photo = page?.media === undefined ? null : (view.media[page.media]?.url ?? null);
  useEffect(() => veiling?.onpage(page === null ? null : { name: page.page, number: [...board.pages.keys()].indexOf(page.page) + 1, aspect: page.aspect }), [page?.page]);
  const veiled = useMemo(() => (veiling === undefined ? board : withMasks(board, veiling.masks, now - begins)), [board, veiling, veiling && Math.round(now / 250)]);
  const hearer = useMemo<Hearer>(() => ({
    ...DEAF,
    shape: ({ points }) => {
      if (page === null) return;
      const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
      veiling?.onmask({ page: page.page, left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) });
    },
  }), [veiling, page?.page]);
  const go = (to: number): void => {
    player.seek(to);
    setNow(player.now);
  };
  const toggle = (): void => {
    if (player.playing) player.pause();
    else player.play();
    redraw((n) => n + 1);
  };
  const choose = (value: number): void => {
    setSpeed(value);
    remember("speed", String(value));
  };
  const chapters = score.chapters.filter(({ at }) => at < ends);
  const chapter = chapters.reduce<Chapter | null>((last, each) => (each.at <= now ? each : last), null);
  return (
    <section class="replay" aria-label={words.replay}>
      {address !== null && (
        <audio ref={voice} src={address} preload="auto" onLoadedMetadata={(event) => player.hear(event.currentTarget, view.start_ms)} onEnded={() => player.pause()} onError={() => renew()} />
      )}
      <div class="replay-board" style={{ "--aspect": String(Math.min(1.3, Math.max(0.5, (page?.aspect ?? 6_000) / 10_000))) }}>
        <Sheet board={veiled} page={page} address={photo} nib={veiling ? VEIL : STILL} author="" locked={!veiling} live={shown} follow={null} fit={0} hearer={hearer} />
        {captions.at(now - begins) !== "" && <p class="caption-line">{captions.at(now - begins)}</p>}
        {!player.playing && !veiling && (
          <button class="replay-start" onClick={toggle} aria-label={words.play} tabIndex={-1}><Icon name="play" /></button>
        )}
      </div>
      <div class="replay-line">
        <input
          type="range" min={begins} max={ends} step={100} value={now} aria-label={words.position} aria-valuetext={`${clock(now - begins)} / ${clock(ends - begins)}`}
          onInput={(event) => go(Number(event.currentTarget.value))}
          onKeyDown={(event) => step(event, (by) => go(now + by))}
        />
        {score.lost.map((at, n) => (
          <button key={n} class="replay-lost" style={{ "--at": String(part(at, begins, ends)) }} aria-label={words.lostAt(clock(at - begins))} title={words.lostAt(clock(at - begins))} onClick={() => go(at - MARK_NEAR_MS)} />
        ))}
      </div>
      <div class="replay-bar">
        <button class="button primary replay-play" onClick={toggle} aria-label={player.playing ? words.pause : words.play}><Icon name={player.playing ? "pause" : "play"} /></button>
        <span class="digits replay-clock">{clock(now - begins)} / {clock(ends - begins)}</span>
        <span class="bar-gap" />
        {captions.has && <button class="button small" aria-pressed={captions.on} onClick={captions.turn}>{words.captions}</button>}
        <label class="replay-speed"><span class="visually-hidden">{words.speed}</span>
          <select value={speed} onChange={(event) => choose(Number(event.currentTarget.value))}>
            {SPEEDS.map((each) => <option key={each} value={each}>{words.times(each)}</option>)}
          </select>
        </label>
      </div>
      {(chapters.length > 1 || score.lost.length > 0) && (
        <div class="replay-chapters" role="group" aria-label={words.chapters}>
          {chapters.length > 1 && chapters.map((each) => (
            <button key={each.at} class="button small" aria-current={each === chapter ? "true" : undefined} onClick={() => go(each.at)}>{words.chapterN(each.number)} <span class="digits muted">{clock(Math.max(0, each.at - begins))}</span></button>
          ))}
          {score.lost.map((at, n) => (
            <button key={`lost ${n}`} class="button small lost-chip" onClick={() => go(at - MARK_NEAR_MS)}><Icon name="lost" />{words.lostShort} <span class="digits">{clock(at - begins)}</span></button>
          ))}
        </div>
      )}
      {view.voice_url === null && view.answer.state === "rendering" && <p class="muted small" role="status">{words.voiceComing}</p>}
    </section>
  );
}

// A board that is only looked at.
export const STILL = nibOf({ ...FIRST, choice: "hand" });
const VEIL = nibOf({ ...FIRST, choice: "mask" });
const nothing = (): void => {};
export const DEAF: Hearer = { ink: () => true, stroke: nothing, shape: nothing, erase: nothing, tap: nothing, look: nothing, roam: nothing };

/** The board with what is to be hidden at this moment of the answer. */
function withMasks(board: Board, masks: readonly Mask[], at: number): Board {
  const veiled = board.copy();
  for (const [n, { page, left, top, right, bottom, from_ms, to_ms }] of masks.entries()) {
    if (from_ms != null && to_ms != null && (at < from_ms || at >= to_ms)) continue;
    const mark: Mark = { kind: "shape", author: "teacher", id: `veil ${n}`, page, shape: "mask", color: VEIL.color, width: 5, dashed: false, points: [[left, top], [right, bottom]] };
    veiled.marks.set(mark.id, mark);
  }
  return veiled;
}

const part = (at: number, begins: number, ends: number): number => Math.min(1, Math.max(0, (at - begins) / Math.max(1, ends - begins)));

export function step(event: KeyboardEvent, by: (ms: number) => void): void {
  const way = ({ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 } as Record<string, number>)[event.key];
  if (way === undefined) return;
  event.preventDefault();
  by(way * STEP_MS);
}
