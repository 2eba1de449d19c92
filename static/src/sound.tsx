// What a room shows of its sound: the lecturer's microphone and the checks before, and what pupils hear or don't.
import { useEffect, useRef, useState } from "preact/hooks";
import { airSay } from "./air-words";
import type { Auditorium } from "./auditorium";
import { Meter } from "./mic";
import { Icon, Notice } from "./parts";
import { CameraCheck } from "./picture";
import { Microphone } from "./voice";

const TRIPS = 5;
const GOOD_MS = 150;
const SLOW_MS = 600;
const LOUD = 0.05; // of the loudest that a microphone gives
const LOOK_MS = 40; // as long as a microphone is looked at: nothing falls between two looks
const CALM_MS = 1_500; // a sound that is missing for less is not talked about

/** On, muted, or how to get it on. */
export function AirMic({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  const { broadcast } = hall;
  const state = broadcast.state.value;
  if (state === "asking") return <span class="mic" role="status"><Icon name="mic" /></span>;
  if (state !== "on" && state !== "held" && state !== "busy") return <button class="mic" aria-label={words.turnOn} onClick={() => void broadcast.start()}><Icon name="mic" /><span class="mic-words">{words.off}</span></button>;
  const muted = broadcast.muted.value;
  if (broadcast.yields.value) return <button class="mic" disabled aria-label={words.yields} title={words.yields}><Icon name="mic" /><span class="mic-words">{words.silent}</span></button>;
  return (
    <button class={muted ? "mic" : "mic mic-on"} aria-pressed={!muted} aria-label={muted ? `${words.silent} · ${words.unmuteIt}` : `${words.speaking} · ${words.muteIt}`} onClick={() => broadcast.mute(!muted)}>
      <Icon name="mic" />
      <span class="mic-words">{muted ? words.silent : words.speaking}</span>
      {!muted && <Meter level={() => broadcast.level()} />}
    </button>
  );
}

/** What is to be said of the sound: to the lecturer of her own, to the others of what they hear. */
export function SoundNotes({ hall }: { hall: Auditorium }) {
  return hall.me === "lecturer" ? <OwnNotes hall={hall} /> : <HeardNotes hall={hall} />;
}

function OwnNotes({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  const { state, waiting, kept } = hall.broadcast;
  const said = ({ refused: words.refused, unplugged: words.unplugged, held: words.held, busy: words.busy } as Record<string, string>)[state.value];
  return (
    <>
      {hall.broadcast.yields.value && <Notice>{words.yields}</Notice>}
      {said !== undefined && <Notice kind="warning">{said}</Notice>}
      {said === undefined && waiting.value && <Notice kind="warning">{words.waiting}</Notice>}
      {!kept.value && <Notice kind="error">{words.notKept}</Notice>}
    </>
  );
}

function HeardNotes({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  const ears = hall.ears.value;
  const room = hall.state.value;
  const live = room?.state === "live";
  const missing = live && room.take !== null && ears !== null && !ears.heard.value;
  const [calm, setCalm] = useState(true);
  useEffect(() => {
    if (!missing) return setCalm(true);
    const timer = setTimeout(() => setCalm(false), CALM_MS);
    return () => clearTimeout(timer);
  }, [missing]);
  if (live && hall.deaf.value) return <Notice kind="error">{words.deaf}</Notice>;
  if (!live || ears === null) return null;
  const voice = hall.floor.ears.value;
  if (ears.silenced.value || voice?.silenced.value) {
    const listen = (): void => {
      ears.listen();
      voice?.listen();
    };
    return <div class="notice notice-warning notice-acts" role="alert"><span>{words.listenMore}</span><button class="button small primary" onClick={listen}><Icon name="sound" />{words.listen}</button></div>;
  }
  if (room.take === null) return <Notice>{words.nobody}</Notice>;
  if (room.take.muted && !room.floor?.open) return <Notice>{words.muted}</Notice>;
  return missing && !calm ? <Notice kind="warning">{words.missing}</Notice> : null;
}

/** Before going on air: is she heard, may she be seen, and is the network fast enough. */
export function Checks({ hall }: { hall: Auditorium }) {
  const words = airSay.value;
  return (
    <section class="checks" aria-label={words.check}>
      <h3>{words.check}</h3>
      <MicCheck />
      <CameraCheck hall={hall} />
      <NetworkCheck />
    </section>
  );
}

function MicCheck() {
  const words = airSay.value;
  const [microphone, setMicrophone] = useState<Microphone | null>(null);
  const [state, setState] = useState<"none" | "refused" | "quiet" | "loud">("none");
  const heard = useRef(0);
  useEffect(() => {
    if (microphone === null) return;
    heard.current = 0;
    const timer = setInterval(() => {
      if (microphone.level() > LOUD) heard.current++;
      setState(heard.current >= 3 ? "loud" : "quiet");
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      microphone.close();
    };
  }, [microphone]);
  const open = async (): Promise<void> => {
    const mine = await Microphone.open();
    setState(mine === null ? "refused" : "quiet");
    setMicrophone(mine);
  };
  const verdict = { none: "", refused: words.noMic, quiet: words.quiet, loud: words.loud }[state];
  return (
    <div class="check">
      <Icon name={state === "loud" ? "check" : "mic"} />
      <span>{words.mic}</span>
      {microphone !== null && <span class="check-meter"><Meter level={() => microphone.level()} /></span>}
      {microphone === null && <button class="button small" onClick={() => void open()}>{words.checkMic}</button>}
      {verdict !== "" && <span class={state === "loud" ? "check-good small" : "warn small"} role="status">{state === "quiet" && heard.current === 0 ? words.testing : verdict}</span>}
    </div>
  );
}

function NetworkCheck() {
  const words = airSay.value;
  const [trip, setTrip] = useState<number | "away" | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let gone = false;
    setTrip(null);
    void measured().then((found) => !gone && setTrip(found));
    return () => void (gone = true);
  }, [turn]);
  const good = typeof trip === "number" && trip <= GOOD_MS;
  const verdict = trip === null ? "…" : trip === "away" ? words.noNetwork : `${words.trip(trip)}${" · "}${good ? words.good : trip <= SLOW_MS ? words.slow : words.bad}`;
  return (
    <div class="check">
      <Icon name={good ? "check" : "clock"} />
      <span>{words.network}</span>
      <span class={good ? "check-good small digits" : "small digits"} role="status">{verdict}</span>
      {trip !== null && !good && <button class="button small" onClick={() => setTurn(turn + 1)}>{words.again}</button>}
    </div>
  );
}

/** The middle of some round trips, in ms. */
async function measured(): Promise<number | "away"> {
  const trips: number[] = [];
  try {
    for (let n = 0; n < TRIPS; n++) {
      const began = performance.now();
      const answer = await fetch("/healthz", { cache: "no-store" });
      await answer.text();
      trips.push(performance.now() - began);
    }
  } catch {
    return "away";
  }
  return Math.max(1, Math.round(trips.sort((a, b) => a - b)[TRIPS >> 1]!));
}
