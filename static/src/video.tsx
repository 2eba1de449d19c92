// An answer to be watched: its video, or ink and voice while the video is made and wherever the network is slow.
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { Icon } from "./parts";
import type { AnswerView } from "./protocol";
import { Replay } from "./replay";
import { playOn, useSteady } from "./steady";
import { clock, say } from "./words";

export function Video({ answer }: { answer: AnswerView }) {
  const words = say.value;
  const [light, setLight] = useState(false);
  const film = answer.video_url !== null && answer.state === "published";
  if (answer.state === "withdrawn") return <p class="muted">{words.videoGone}</p>;
  return (
    <figure class="video">
      {film && !light ? <Player answer={answer} /> : <Replay answer={answer} />}
      {!film && answer.state === "rendering" && <Rendering progress={answer.progress} />}
      {answer.state === "failed" && <p class="muted">{words.renderFailed}</p>}
      <figcaption>
        <span>
          {words.videoBy(answer.teacher_name)}
          {answer.duration_ms !== null && <span class="muted"> · {clock(answer.duration_ms)}</span>}
        </span>
        {film && <button class="button small quiet" onClick={() => setLight(!light)}><Icon name={light ? "video" : "pen"} />{light ? words.watchVideo : words.watchReplay}</button>}
      </figcaption>
    </figure>
  );
}

/** How far the video is made. */
export function Rendering({ progress }: { progress: number }) {
  const words = say.value;
  return (
    <div class="making">
      <span role="status">{words.making(progress)}</span>
      <progress max={100} value={progress} aria-label={words.videoRendering} />
    </div>
  );
}

const AGAIN_MS = 10_000; // an address that does not play is asked for anew, not oftener than this

/** Plays an answer; when its address has run out it asks for a new one and goes on where it was. */
export function Player({ answer }: { answer: AnswerView }) {
  const [fresh, setFresh] = useState<AnswerView | null>(null);
  const [address, renew] = useSteady(fresh?.video_url ?? answer.video_url);
  const [poster] = useSteady(answer.poster_url);
  const [captions] = useSteady(answer.captions_url);
  const asked = useRef(0);
  const broken = (event: Event): void => {
    playOn(event.currentTarget as HTMLVideoElement);
    if (renew() || Date.now() - asked.current < AGAIN_MS) return;
    asked.current = Date.now();
    api.answer(answer.id).then(setFresh, () => undefined);
  };
  useEffect(() => {
    if (fresh !== null) renew();
  }, [fresh]);
  return <video controls playsInline preload="metadata" src={address ?? undefined} poster={poster ?? undefined} aria-label={say.value.watch} onError={broken}>
    {captions !== null && <track kind="captions" srcLang="zh" label={say.value.captions} src={captions} />}
  </video>;
}

