// A lecture again: its ink and its sound from the very segments of the air, as soon as it is over.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { airSay } from "./air-words";
import { useCaptions, type Captions } from "./captions";
import { Sheet } from "./ink";
import * as lectures from "./lectures";
import { recall, remember } from "./memory";
import { Icon, Notice } from "./parts";
import { Corner } from "./picture";
import type { LectureReplay } from "./protocol";
import { Reel, screen } from "./reel";
import { DEAF, SPEEDS, STILL, step } from "./replay";
import { placeOf } from "./rewind";
import { CaptionsRow, Moments } from "./moments";
import { FilmRow, Screen, type Start, useFilm, useReports } from "./screening";
import { Score, type Chapter } from "./score";
import { Tape } from "./tape";
import { clock, moment, problemIn, say, sentence } from "./words";
import { Refusal } from "./api";

const START_MS = 10_000; // who stopped so near to the beginning or the end is not asked

export function Rerun({ id, onleave }: { id: string; onleave: () => void }) {
  const words = airSay.value;
  const [view, setView] = useState<LectureReplay | null>(null);
  const [wrong, setWrong] = useState<{ text: string; forGood: boolean } | null>(null);
  const load = (): void => {
    setWrong(null);
    lectures.replay(id).then(setView, (error: unknown) => setWrong({ text: error instanceof Refusal ? problemIn(error.problem) : sentence(error), forGood: error instanceof Refusal && !error.passing }));
  };
  useEffect(load, [id]);
  if (view === null) {
    return (
      <section class="rerun" aria-label={words.replay}>
        <a class="to-duty" href="#" onClick={onleave}>‹ {say.value.leave}</a>
        {wrong === null ? <div class="video-wait" role="status"><span class="spinner" aria-hidden="true" />{words.loading}</div> : <><h1>{words.noReplay}</h1><Notice kind="error">{wrong.text}</Notice>{!wrong.forGood && <button class="button" onClick={load}>{words.reload}</button>}</>}
      </section>
    );
  }
  const { lecture } = view;
  return (
    <section class="rerun" aria-label={words.replay}>
      <a class="to-duty" href="#" onClick={onleave}>‹ {say.value.leave}</a>
      <h1>{lecture.title}</h1>
      <p class="muted small">{lecture.lecturer_name} · {moment(lecture.starts_at)} · {words.views(view.views)} · {words.kept(moment(view.kept_until))}</p>
      {!view.shown && <Notice kind="warning">{words.hiddenReplay}</Notice>}
      <Again view={view} onexpired={load} />
      <CaptionsRow view={view} onchange={load} />
      {view.me !== "pupil" && (
        <div class="row wrap">
          {(view.me === "reviewer" || view.shown) && <button class={view.shown ? "button" : "button primary"} onClick={() => void lectures.showReplay(id, !view.shown).then(load, (error: unknown) => setWrong({ text: sentence(error), forGood: false }))}>{view.shown ? words.hideReplay : words.showReplay}</button>}
          {view.me === "lecturer" && <a class="button" href={lectures.packageOf(id)} download>{words.takeAway}</a>}
          {wrong !== null && <span role="alert" class="warn">{wrong.text}</span>}
        </div>
      )}
      {lecture.about && <p class="asked-text">{lecture.about}</p>}
    </section>
  );
}

/** As ink and sound, or as the one video, once it is made; what was watched of both is told alike. */
function Again({ view, onexpired }: { view: LectureReplay; onexpired: () => void }) {
  const words = airSay.value;
  const id = view.lecture.id;
  const film = useFilm(id, view.film);
  const [asFilm, setAsFilm] = useState(false);
  const at = useRef(0); // where it stands, in ms
  const [start, setStart] = useState<Start | null>(() => {
    const place = Number(recall(placeOf(id)) ?? 0); // where the lecture ended for who had stepped back in it
    remember(placeOf(id), null);
    return place > 0 ? { at: place } : null;
  });
  const captions = useCaptions(view.captions === null ? null : lectures.captionsFile(id), view);
  const stopped = view.stopped_ms > START_MS && view.stopped_ms < view.lasts_ms - START_MS ? view.stopped_ms : null;
  const [offered, setOffered] = useState(stopped !== null && start === null);
  const change = (): void => {
    setStart({ at: at.current });
    setAsFilm(!asFilm);
  };
  return (
    <>
      {offered && (
        <div class="notice notice-acts" role="status">
          <span>{words.stoppedAt(clock(stopped!))}</span>
          <button class="button small" onClick={() => { setStart({ at: stopped! }); setOffered(false); }}>{words.goOn}</button>
          <button class="button small" onClick={() => setOffered(false)}>{words.fromStart}</button>
        </div>
      )}
      {asFilm && film.film?.url ? <Screen id={id} film={film.film} lasts={view.lasts_ms} start={start} at={at} captions={captions} onbroken={film.look} /> : <Stage view={view} start={start} at={at} captions={captions} onexpired={onexpired} />}
      <Moments id={id} onmove={(ms) => setStart({ at: ms })} />
      <FilmRow id={id} keeper={view.me !== "pupil"} known={film} asFilm={asFilm} onchange={change} />
    </>
  );
}

function Stage({ view, start, at, captions, onexpired }: { view: LectureReplay; start: Start | null; at: { current: number }; captions: Captions; onexpired: () => void }) {
  const words = say.value;
  const said = airSay.value;
  const id = view.lecture.id;
  const score = useMemo(() => new Score(view.log), [id]);
  const tape = useMemo(() => new Tape(view), [id]);
  const reel = useMemo(() => view.sound.picture && new Reel(view.sound.picture.type, view.sound.picture.playlist, Date.parse(view.started_at), screen()), [id]);
  const voices = useMemo(() => (view.sound.voices === null ? null : new Reel(view.sound.type, view.sound.voices, Date.parse(view.started_at), new Audio())), [id]);
  const [pictures, setPictures] = useState(recall("pictures") !== "no");
  const [now, setNow] = useState(0);
  const [speed, setSpeed] = useState(Number(recall("speed") ?? 1) || 1);
  useEffect(() => {
    tape.renew(view.sound);
    if (view.sound.picture !== null) reel?.renew(view.sound.picture.playlist);
    if (view.sound.voices !== null) voices?.renew(view.sound.voices);
  }, [view.sound.playlist]);
  useEffect(() => tape.hurry(speed), [tape, speed]);
  useEffect(() => {
    if (start !== null) setNow(tape.seek(start.at));
  }, [tape, start]);
  useReports(id, tape, at);
  useEffect(() => {
    let frame = requestAnimationFrame(function tick() {
      setNow((at.current = tape.tick()));
      const goesOn = tape.playing.value && !tape.waits.value;
      if (watching.current) reel?.follow(at.current, goesOn, tape.speed);
      voices?.follow(at.current, goesOn, tape.speed);
      frame = requestAnimationFrame(tick);
    });
    return () => {
      cancelAnimationFrame(frame);
      tape.close();
      reel?.close();
      voices?.close();
    };
  }, [tape]);
  const watching = useRef(pictures);
  const watch = (wanted: boolean): void => {
    remember("pictures", wanted ? null : "no");
    watching.current = wanted;
    if (!wanted) reel?.rest();
    setPictures(wanted);
  };
  useEffect(() => {
    tape.onexpired = onexpired;
  }, [tape, onexpired]);

  const { board, live } = score.at(now === 0 ? Math.max(0, score.chapters[0]?.at ?? 0) : now); // its first page, before it is begun
  const shown = useSignal(live);
  useEffect(() => void (shown.value = live), [live]);
  const page = (board.current === null ? null : board.pages.get(board.current)) ?? null;
  const photo = page?.media === undefined ? null : (view.media[page.media]?.url ?? null);
  const ends = tape.ends;
  const choose = (value: number): void => {
    setSpeed(value);
    remember("speed", String(value));
  };
  const go = (to: number): void => setNow(tape.seek(to));
  const play = (): void => {
    voices?.touch();
    tape.play();
  };
  const chapters = score.chapters.filter(({ at }) => at < ends);
  const chapter = chapters.reduce<Chapter | null>((last, each) => (each.at <= now ? each : last), null);
  const playing = tape.playing.value;
  const sound = tape.sound.value;
  return (
    <section class="replay" aria-label={said.replayOf(view.lecture.title)}>
      <div class="replay-board" style={{ "--aspect": String(Math.min(1.3, Math.max(0.5, (page?.aspect ?? 6_000) / 10_000))) }}>
        <Sheet board={board} page={page} address={photo} nib={STILL} author="" locked live={shown} follow={null} fit={0} hearer={DEAF} />
        {captions.at(now) !== "" && <p class="caption-line">{captions.at(now)}</p>}
        {reel !== null && pictures && reel.shows.value && <Corner element={reel.element} label={said.picture} onhide={() => watch(false)} />}
        {!playing && <button class="replay-start" onClick={play} aria-label={words.play} tabIndex={-1}><Icon name="play" /></button>}
      </div>
      <div class="replay-line">
        <input type="range" min={0} max={ends} step={100} value={now} aria-label={words.position} aria-valuetext={`${clock(now)} / ${clock(ends)}`} onInput={(event) => go(Number(event.currentTarget.value))} onKeyDown={(event) => step(event, (by) => go(now + by))} />
        {view.marks.map(({ from_ms, most }) => <button key={from_ms} class="replay-lost" style={{ "--at": String(Math.min(1, from_ms / ends)) }} aria-label={said.lostHere(most, clock(from_ms))} title={said.lostHere(most, clock(from_ms))} onClick={() => go(from_ms)} />)}
      </div>
      <div class="replay-bar">
        <button class="button primary replay-play" onClick={() => (playing ? tape.pause() : play())} aria-label={playing ? words.pause : words.play}><Icon name={playing ? "pause" : "play"} /></button>
        <span class="digits replay-clock">{clock(now)} / {clock(ends)}</span>
        {playing && tape.waits.value && <span class="muted small" role="status">{words.loading}</span>}
        <span class="bar-gap" />
        {captions.has && <button class="button small" aria-pressed={captions.on} onClick={captions.turn}>{said.captions}</button>}
        {reel !== null && !pictures && <button class="button small" onClick={() => watch(true)}><Icon name="camera" />{said.seePicture}</button>}
        <label class="replay-speed"><span class="visually-hidden">{words.speed}</span>
          <select value={speed} onChange={(event) => choose(Number(event.currentTarget.value))}>{SPEEDS.map((each) => <option key={each} value={each}>{words.times(each)}</option>)}</select>
        </label>
      </div>
      {sound === "none" && <p class="muted small" role="status">{said.noSound}</p>}
      {reel?.wrong.value && pictures && <p class="muted small" role="status">{said.pictureWrong}</p>}
      {sound === "wrong" && <Notice kind="warning">{said.soundWrong}</Notice>}
      {chapters.length > 1 && (
        <div class="replay-chapters" role="group" aria-label={words.chapters}>
          {chapters.map((each) => <button key={each.at} class="button small" aria-current={each === chapter ? "true" : undefined} onClick={() => go(each.at)}>{words.chapterN(each.number)} <span class="digits muted">{clock(each.at)}</span></button>)}
        </div>
      )}
    </section>
  );
}
