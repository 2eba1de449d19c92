// A pupil is asked to speak and speaks; what the others see of it, and how who keeps the room cuts it off.
import { useEffect, useState } from "preact/hooks";
import type { Auditorium } from "./auditorium";
import { floorSay } from "./floor-words";
import { Meter } from "./mic";
import { ring } from "./notify";
import { Icon, Notice } from "./parts";
import type { FloorView, HandPlace } from "./protocol";
import { clock, sentence } from "./words";

/** The time that is left, in ms; looked at each half second. */
function useLeft(hall: Auditorium, until_at: string): number {
  const left = (): number => Math.max(0, Date.parse(until_at) - hall.link.now());
  const [ms, setMs] = useState(left());
  useEffect(() => {
    setMs(left());
    const timer = setInterval(() => setMs(left()), 500);
    return () => clearInterval(timer);
  }, [until_at]);
  return ms;
}

/** For the pupil who is asked: yes, or rather in writing. */
export function Invited({ hall, place, floor }: { hall: Auditorium; place: HandPlace; floor: FloorView }) {
  const words = floorSay.value;
  const { speech } = hall.floor;
  const [no, setNo] = useState<string | null>(null);
  useEffect(() => ring("turn", words.ring), []);
  const left = useLeft(hall, floor.until_at);
  const act = (work: Promise<void>): void => void work.then(() => setNo(null), (error: unknown) => setNo(sentence(error)));
  const opening = speech.state.value === "asking";
  return (
    <section class="poll-card floor-card" aria-label={words.asked}>
      <div role="alert"><h2>{words.asked}</h2></div>
      <p class="small">{words.everybody} {words.becomes[place.by_voice]}</p>
      {no && <Notice kind="error">{no}</Notice>}
      {speech.state.value === "refused" && <Notice kind="warning">{words.noMic}</Notice>}
      <div class="floor-acts">
        <button class="button primary" disabled={opening} onClick={() => act(hall.floor.yes(place))}><Icon name="mic" />{opening ? words.opening : words.yes}</button>
        <button class="button" disabled={opening} onClick={() => act(hall.floor.leave())}>{words.rather}</button>
        <span class="digits small muted">{clock(left)}</span>
      </div>
    </section>
  );
}

/** For the pupil who speaks. */
export function Speaking({ hall, floor }: { hall: Auditorium; floor: FloorView }) {
  const words = floorSay.value;
  const { speech } = hall.floor;
  const [no, setNo] = useState<string | null>(null);
  const left = useLeft(hall, floor.until_at);
  const state = speech.state.value;
  const here = hall.floor.speaks;
  const said = state === "held" ? words.held : state === "busy" ? words.busy : speech.waiting.value ? words.waiting : null;
  return (
    <section class="poll-card floor-card floor-on" aria-label={words.speaking}>
      <div role="status"><h2><i class="floor-dot" aria-hidden="true" />{here ? words.speaking : words.otherPage}</h2></div>
      {said && <Notice kind="warning">{said}</Notice>}
      {no && <Notice kind="error">{no}</Notice>}
      <div class="floor-acts">
        {here && <Meter level={() => speech.level()} />}
        <button class="button primary" onClick={() => void hall.floor.leave().catch((error: unknown) => setNo(sentence(error)))}>{words.done}</button>
        <span class="digits small">{words.left(clock(left))}</span>
      </div>
    </section>
  );
}

/** Above the board of who keeps the room: who is asked or heard, and the way to end it, wherever else they look. */
export function FloorBar({ hall }: { hall: Auditorium }) {
  const floor = hall.floor.now.value;
  return floor === null || !hall.keeper ? null : <Bar key={floor.number} hall={hall} floor={floor} />;
}

function Bar({ hall, floor }: { hall: Auditorium; floor: FloorView }) {
  const words = floorSay.value;
  const [more, setMore] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const left = useLeft(hall, floor.until_at);
  const act = (work: Promise<void>): void => void work.then(() => setNo(null), (error: unknown) => setNo(sentence(error)));
  const name = hall.pulse.hands.value?.hands.find(({ number }) => number === floor.hand)?.nickname ?? words.aPupil;
  const teaches = hall.me === "lecturer";
  return (
    <div class={floor.open ? "notice notice-acts floor-bar floor-on" : "notice notice-acts floor-bar"} role="status">
      <span>{floor.open && <i class="floor-dot" aria-hidden="true" />}{floor.open ? words.speaksOne(name) : words.askedOne(name)} <span class="digits">{clock(left)}</span></span>
      {no && <span role="alert">{no}</span>}
      <span class="row wrap">
        {teaches && <button class="button small" onClick={() => act(hall.pulse.handDone(floor.hand))}>{floor.open ? words.heardEnough : words.noWait}</button>}
        {floor.open && <button class="button small danger" onClick={() => act(hall.floor.cut(null))}>{words.cut}</button>}
        {floor.open && <button class="button small quiet" aria-expanded={more} aria-label={words.cutMore} onClick={() => setMore(!more)}>…</button>}
        {more && floor.open && <button class="button small" onClick={() => act(hall.floor.cut("mute"))}>{words.cutMute}</button>}
        {more && floor.open && <button class="button small danger" onClick={() => act(hall.floor.cut("remove"))}>{words.cutRemove}</button>}
      </span>
    </div>
  );
}
