// A lecture's one video on the page of its replay; and what was watched of either, told while it plays.
import { useEffect, useRef, useState } from "preact/hooks";
import { airSay } from "./air-words";
import * as lectures from "./lectures";
import type { Captions } from "./captions";
import { Icon } from "./parts";
import type { LectureFilm, Span } from "./protocol";
import { playOn, useSteady } from "./steady";
import { Watched } from "./tape";
import { Rendering } from "./video";
import { sentence } from "./words";

const REPORT_MS = 10_000; // of what was watched
const LOOK_MS = 5_000; // how far the video is made
const JUMP_MS = 1_500; // more between two looks at the clock of a player is no playing

/** A moment to go to; the same one twice is two wishes. */
export interface Start {
  at: number; // ms
}

interface Played {
  watched(): Span[];
  unwatched(spans: readonly Span[]): void;
}

export function useReports(id: string, played: Played, at: { current: number }): void {
  useEffect(() => {
    const report = (): void => {
      const spans = played.watched();
      if (spans.length > 0) void lectures.watched(id, spans, Math.max(0, Math.round(at.current))).catch(() => played.unwatched(spans));
    };
    const timer = setInterval(report, REPORT_MS);
    document.addEventListener("visibilitychange", report);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", report);
      report();
    };
  }, [played]);
}

interface Known {
  film: LectureFilm | null;
  look: () => void;
  put: (film: LectureFilm) => void;
}

/** The video as it is now; looked at while it is made. */
export function useFilm(id: string, first: LectureFilm | null): Known {
  const [film, put] = useState(first);
  useEffect(() => put(first), [first]);
  const look = (): void => void lectures.film(id).then(put, () => undefined);
  const making = film?.state === "making";
  useEffect(() => {
    if (!making) return;
    const timer = setInterval(() => document.visibilityState === "visible" && look(), LOOK_MS);
    return () => clearInterval(timer);
  }, [making]);
  return { film, look, put };
}

export function Screen({ id, film, lasts, start, at, captions, onbroken }: { id: string; film: LectureFilm; lasts: number; start: Start | null; at: { current: number }; captions: Captions; onbroken: () => void }) {
  const [address, renew] = useSteady(film.url);
  const [poster] = useSteady(film.poster_url);
  const screen = useRef<HTMLVideoElement>(null);
  const [played] = useState(() => {
    const spans = new Watched();
    return { spans, watched: () => spans.taken(), unwatched: (told: readonly Span[]) => spans.back(told) };
  });
  useReports(id, played, at);
  useEffect(() => {
    if (start !== null && screen.current !== null) screen.current.currentTime = start.at / 1_000;
  }, [start]);
  useEffect(() => void renew(), [film.url]);
  const passed = (): void => {
    const now = Math.min(lasts, screen.current!.currentTime * 1_000); // the film ends a breath later than the lecture
    if (now > at.current && now - at.current < JUMP_MS * screen.current!.playbackRate) played.spans.add(at.current, now);
    at.current = now;
  };
  return (
    <video
      class="screen" ref={screen} controls playsInline preload="metadata" src={address ?? undefined} poster={poster ?? undefined} aria-label={airSay.value.filmMade} onTimeUpdate={passed}
      onError={(event) => { playOn(event.currentTarget); if (!renew()) onbroken(); }}
    >
      {captions.has && <track kind="captions" srcLang="zh" label={airSay.value.captions} src={lectures.captionsFile(id)} default={captions.on} />}
    </video>
  );
}

/** Below what plays: the other way to watch it, how far the video is made, and taking it along. */
export function FilmRow({ id, keeper, known: { film, put }, asFilm, onchange }: { id: string; keeper: boolean; known: Known; asFilm: boolean; onchange: () => void }) {
  const words = airSay.value;
  const [no, setNo] = useState<string | null>(null);
  if (film === null) return null;
  const again = (): void => void lectures.filmAgain(id).then((fresh) => { put(fresh); setNo(null); }, (error: unknown) => setNo(sentence(error)));
  return (
    <div class="film-row">
      {film.state === "making" && <Rendering progress={film.progress} />}
      {film.state === "failed" && keeper && <p class="warn small" role="status">{words.filmFailed}</p>}
      <div class="row wrap">
        {film.url !== null && <button class="button small" onClick={onchange}><Icon name={asFilm ? "pen" : "video"} />{asFilm ? words.asInk : words.asFilm}</button>}
        {film.download_url !== null && <a class="button small" href={film.download_url} download>{words.download(((film.size ?? 0) / 1_048_576).toFixed(1))}</a>}
        {film.state === "failed" && keeper && <button class="button small" onClick={again}>{words.makeAgain}</button>}
        {no && <span role="alert" class="warn">{no}</span>}
      </div>
    </div>
  );
}
