// Raised hands and "I'm lost" in a lecture's room: the pupil's two buttons, the lecturer's line and meter, who is muted.
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Auditorium } from "./auditorium";
import { floorSay } from "./floor-words";
import { Empty, Icon, Notice } from "./parts";
import type { LostView, MutedView } from "./protocol";
import { lostNow } from "./pulse";
import { pulseSay } from "./pulse-words";
import { Invited, Speaking } from "./speak";
import { sentence } from "./words";

const SHOWN_WINDOWS = 20; // ten minutes

/** A pupil's two taps, always in reach. */
export function Taps({ hall }: { hall: Auditorium }) {
  const words = pulseSay.value;
  const { hand, saidLost } = hall.pulse;
  const [no, setNo] = useState<string | null>(null);
  const act = (work: Promise<void>): void => void work.then(() => setNo(null), (error: unknown) => setNo(sentence(error)));
  const up = hand.value;
  const hasWord = up !== null && hall.state.value?.has_the_word === up.number;
  return (
    <>
      {no && <Notice kind="error">{no}</Notice>}
      {up !== null && !hasWord && <p class="taps-place small" role="status">{words.up(up.ahead)}</p>}
      <div class="side-foot taps">
        <button class="lost-button" disabled={saidLost.value} onClick={() => act(hall.pulse.sayLost())}><Icon name={saidLost.value ? "check" : "lost"} />{saidLost.value ? words.lostSent : words.lost}</button>
        <button class="side-toggle" aria-pressed={up !== null} disabled={up === null && hall.muted.value} onClick={() => act(up === null ? hall.pulse.raise() : hall.pulse.lower())}><Icon name="hand-up" />{up === null ? words.raise : words.lower}</button>
      </div>
    </>
  );
}

/** The word is a pupil's: for that one a place to write in, for the others a line. */
export function Word({ hall, children }: { hall: Auditorium; children: ComponentChildren }) {
  const words = pulseSay.value;
  const has = hall.state.value?.has_the_word ?? null;
  const floor = hall.floor.now.value;
  const own = hall.pulse.hand.value;
  if (hall.me !== "pupil") return null;
  if (has === null) return hall.floor.ended.value ? <p class="taps-place small" role="status">{floorSay.value.over}</p> : null;
  if (own?.number !== has) return <p class="taps-place small" role="status">{floor?.open ? floorSay.value.somebody : words.somebody}</p>;
  if (floor?.hand === has) return floor.open ? <Speaking hall={hall} floor={floor} /> : <Invited key={floor.number} hall={hall} place={own} floor={floor} />;
  return (
    <section class="poll-card" aria-label={words.yourWord}>
      <h2>{words.yourWord}</h2>
      <p class="muted small" role="status">{words.yourWordMore}</p>
      {children}
    </section>
  );
}

export function Hands({ hall }: { hall: Auditorium }) {
  const words = pulseSay.value;
  const line = hall.pulse.hands.value;
  const [no, setNo] = useState<string | null>(null);
  const act = (work: Promise<void>): void => void work.then(() => setNo(null), (error: unknown) => setNo(sentence(error)));
  const teaches = hall.me === "lecturer";
  const floor = hall.floor.now.value;
  return (
    <section class="talk" aria-label={words.hands}>
      {no && <Notice kind="error">{no}</Notice>}
      {line !== null && line.count > 0 && <p><b class="digits">{words.waiting(line.count)}</b></p>}
      <ul class="lines" aria-live="polite">
        {(line === null || line.hands.length === 0) && <Empty title={words.noHands}>{teaches && words.noHandsMore}</Empty>}
        {line?.hands.map(({ number, nickname, taken, may_speak }) => (
          <li key={number} class="said-line hand-line">
            <span class="hand-name">{nickname}{taken && <span class="state state-live">{words.has}</span>}</span>
            {teaches && (taken ? (
              <span class="row">
                {may_speak && floor?.hand !== number && <button class="button small" onClick={() => act(hall.pulse.askToSpeak(number))}><Icon name="mic" />{floorSay.value.ask}</button>}
                <button class="button small primary" onClick={() => act(hall.pulse.handDone(number))}>{words.done}</button>
              </span>
            ) : (
              <span class="row">
                <button class="button small" onClick={() => act(hall.pulse.takeHand(number))}>{words.take}</button>
                {may_speak && <button class="button small" onClick={() => act(hall.pulse.askToSpeak(number))}><Icon name="mic" />{floorSay.value.ask}</button>}
                <button class="button small quiet" onClick={() => act(hall.pulse.handDone(number))}>{words.skip}</button>
              </span>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Gentle: a number and a line, amber only where it is many. */
export function LostMeter({ lost }: { lost: LostView }) {
  const words = pulseSay.value;
  const { count, many } = lostNow(lost);
  return (
    <div class={`lost-meter${many ? " lost-many" : ""}`}>
      <LostLine lost={{ ...lost, counts: lost.counts.slice(-SHOWN_WINDOWS) }} />
      <p class="small digits" role="status">{count === 0 ? words.lostNone : words.lostNow(count, lost.came)}</p>
    </div>
  );
}

/** A bar for each half minute. */
export function LostLine({ lost: { counts, came } }: { lost: LostView }) {
  const most = Math.max(4, came * 0.2, ...counts);
  return (
    <svg class="lost-line" viewBox={`0 0 ${Math.max(1, counts.length) * 6} 24`} preserveAspectRatio="none" role="img" aria-label={pulseSay.value.lostLine}>
      {counts.map((count, n) => <rect key={n} x={n * 6 + 1} width={4} y={24 - Math.max(1, (24 * count) / most)} height={Math.max(1, (24 * count) / most)} />)}
    </svg>
  );
}

export function MutedList({ hall }: { hall: Auditorium }) {
  const words = pulseSay.value;
  const [found, setFound] = useState<readonly MutedView[] | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const look = (): void => void hall.pulse.muted().then(({ pupils }) => setFound(pupils), (error: unknown) => setNo(sentence(error)));
  useEffect(look, [hall]);
  if (found === null && no === null) return null;
  return (
    <section class="muted-list" aria-label={words.muted}>
      <h3>{words.muted}</h3>
      {no && <Notice kind="error">{no}</Notice>}
      {found?.length === 0 && <p class="muted small">{words.noMuted}</p>}
      <ul>
        {found?.map(({ number, nickname, removed }) => (
          <li key={number} class="said-line hand-line"><span class="hand-name">{nickname} <span class="muted small">{removed ? words.isRemoved : words.isMuted}</span></span>{!removed && <button class="button small" onClick={() => void hall.rule(number, "unmute").then(look, (error: unknown) => setNo(sentence(error)))}>{words.unmute}</button>}</li>
        ))}
      </ul>
    </section>
  );
}
