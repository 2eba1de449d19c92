// The one offer: the problem, large; who waits; how long it stays; accept or decline.
import { useEffect, useState } from "preact/hooks";
import { flowed } from "./flow";
import { theLink } from "./page";
import { Attachments, Icon } from "./parts";
import type { OfferView } from "./protocol";
import { offerLeft } from "./state";
import { Video } from "./video";
import { moment, say, subjectAndGrade } from "./words";

const RING = 2 * Math.PI * 26;

interface Props {
  offer: OfferView;
  busy: boolean;
  onaccept: () => void;
  ondecline: () => void;
}

export function OfferCard({ offer, busy, onaccept, ondecline }: Props) {
  const words = say.value;
  return (
    <article class="card offer" aria-labelledby="offer-title">
      <header class="offer-head">
        <div>
          <h1 id="offer-title">{words.offer}</h1>
          <p class="row wrap">
            <span class="tag">{subjectAndGrade(offer.subject, offer.grade)}</span>
            {offer.followers > 0 && <span class="tag tag-crowd"><Icon name="people" />{words.crowd(offer.followers + 1)}</span>}
            <span class="muted">{words.asked(moment(offer.asked_at))}</span>
          </p>
        </div>
        <Countdown offer={offer} />
      </header>
      <div class="offer-body">
        {offer.media.length > 0 && <div class="offer-media"><Attachments media={offer.media} large /></div>}
        <div class="offer-words">
          {offer.text && <><h2>{words.studentSays}</h2><p class="asked-text">{offer.text}</p></>}
          {(offer.read_text || !offer.text) && <><h2>{words.readText}</h2><p class="read-text">{flowed(offer.read_text) || words.noText}</p></>}
          {offer.worked_examples.map((example) => (
            <details key={example.answer.id} class="example">
              <summary>{words.workedExample}</summary>
              <p class="muted small">{example.answer.problem_text}</p>
              <Video answer={example.answer} />
            </details>
          ))}
        </div>
      </div>
      <div class="offer-foot">
        <button class="button large" disabled={busy} onClick={ondecline}>{words.decline}</button>
        <button class="button large primary grow" disabled={busy} onClick={onaccept}>{words.accept}</button>
      </div>
    </article>
  );
}

/** The offer's time by the server's clock, however wrong this tablet's clock is. */
function Countdown({ offer }: { offer: OfferView }) {
  const words = say.value;
  const serverNow = (): number => theLink().now();
  const [now, setNow] = useState(serverNow());
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 200);
    return () => clearInterval(timer);
  }, [offer.id]);
  const left = offerLeft(offer, now);
  const seconds = Math.max(0, Math.ceil((Date.parse(offer.expires_at) - now) / 1000));
  return (
    <div class={seconds <= 5 ? "countdown countdown-late" : "countdown"} role="timer" aria-label={`${words.offerEnds} ${words.seconds(seconds)}`}>
      <svg viewBox="0 0 60 60" aria-hidden="true">
        <circle class="ring-back" cx="30" cy="30" r="26" />
        <circle class="ring-left" cx="30" cy="30" r="26" stroke-dasharray={RING} stroke-dashoffset={RING * (1 - left)} />
      </svg>
      <span class="digits">{seconds}</span>
    </div>
  );
}
