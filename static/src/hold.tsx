// Held work: video, ink and times side by side, the rules that held it, and the decision with its reason.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { amount, because, money as say } from "./money-words";
import { Player } from "./video";
import type { HoldView, NearbyWork, ReviewHold } from "./protocol";
import { moment } from "./words";

export function HoldCard({ hold, may, decide, trace }: { hold: HoldView; may: boolean; decide: (body: ReviewHold) => void; trace: (fact: string) => void }) {
  const words = say.value;
  const [reason, setReason] = useState("");
  return (
    <section class="card hold" aria-label={`${hold.teacher} ${moment(hold.start)}`}>
      <div class="hold-evidence">{hold.answer?.video_url ? <Player answer={hold.answer} /> : <p class="muted small no-video">{words.noVideo}</p>}</div>
      <div class="hold-said">
        <h2>{hold.teacher}　<span class="muted">{words.work[hold.work] ?? hold.work}</span>　<span class="digits">{amount(hold.fen)}</span></h2>
        <ul class="whys">{hold.why.map((each) => <li key={each}>{because(each)}</li>)}</ul>
        <p class="muted small">{moment(hold.start)}{hold.end !== null && ` – ${moment(hold.end)}`}<br />{hold.active_s !== null && words.active(hold.active_s)}　{words.strokes(hold.strokes)}</p>
        {hold.end !== null && hold.end > hold.start && <><Traces hold={hold} /><Around hold={hold} end={hold.end} /></>}
        {hold.devices.map((each) => <p key={each.teacher_at} class="small"><b>{words.devices}</b>　{words.deviceLine(moment(each.teacher_at), moment(each.pupil_at))}</p>)}
        <button class="button small quiet" onClick={() => trace(hold.fact)}>{words.trace}</button>
        {may && (
          <div class="stack">
            <label class="field"><span>{words.reason}</span><input value={reason} maxLength={500} onInput={(event) => setReason(event.currentTarget.value)} /></label>
            <div class="row"><button class="button success" disabled={reason.trim() === ""} onClick={() => decide({ fact: hold.fact, decision: "release", reason })}>{words.release}</button><button class="button danger" disabled={reason.trim() === ""} onClick={() => decide({ fact: hold.fact, decision: "refuse", reason })}>{words.refuse}</button></div>
          </div>
        )}
      </div>
    </section>
  );
}

/** Where in the session there was ink, and where speech. */
function Traces({ hold }: { hold: HoldView }) {
  const words = say.value;
  return (
    <dl class="traces">
      <dt>{words.ink}</dt>
      <dd><svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={words.strokes(hold.strokes)}><rect class="trace-time" width="1000" height="10" />{hold.ink.map((at) => <rect key={at} class="trace-ink" x={Math.min(at, 996)} width="4" height="10" />)}</svg></dd>
      <dt>{words.speech}</dt>
      <dd><svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="trace-time" width="1000" height="10" />{hold.speech.map(([from, to]) => <rect key={from} class="trace-speech" x={from} width={Math.max(4, to! - from!)} height="10" />)}</svg></dd>
    </dl>
  );
}

/** The work among what else the teacher did at that time, on one scale. */
function Around({ hold, end }: { hold: HoldView; end: string }) {
  const words = say.value;
  if (hold.nearby.length === 0) return null;
  const all: NearbyWork[] = [...hold.nearby, { fact: hold.fact, work: hold.work, start: hold.start, end }].sort((a, b) => a.start.localeCompare(b.start));
  const first = Math.min(...all.map((each) => Date.parse(each.start)));
  const last = Math.max(...all.map((each) => Date.parse(each.end)));
  const x = (at: string): number => ((Date.parse(at) - first) * 1000) / Math.max(1, last - first);
  return (
    <dl class="traces">
      {all.map((each) => (
        <Fragment key={each.fact}>
          <dt class={each.fact === hold.fact ? "trace-this" : ""}>{each.fact === hold.fact ? words.thisWork : (words.work[each.work] ?? each.work)}</dt>
          <dd><svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={words.timeline(moment(each.start), moment(each.end))}><rect class="trace-time" width="1000" height="10" /><rect class={each.fact === hold.fact ? "trace-held" : "trace-near"} x={x(each.start)} width={Math.max(4, x(each.end) - x(each.start))} height="10" /></svg></dd>
        </Fragment>
      ))}
    </dl>
  );
}
