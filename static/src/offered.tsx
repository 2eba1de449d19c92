// Proposals of research staff, for who may teach them: what is asked, how often, examples; take one over, or leave it.
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { flowed } from "./flow";
import { Dialog, Notice } from "./parts";
import { proposalSay } from "./proposal-words";
import * as doors from "./proposals";
import type { ProposalOffer } from "./protocol";
import { moment, say, sentence } from "./words";

/** Those that are open to the reader, and those that were taken over. */
export const offered = signal<readonly ProposalOffer[]>([]);

/** A help, not a promise: where it can't be asked, what is known stays. */
export const loadOffers = (): Promise<void> => doors.offers().then(({ proposals }) => void (offered.value = proposals), () => undefined);

/** One that still wants something of the reader. */
export const waits = (each: ProposalOffer): boolean => !doors.stands(each);

export function Offer({ of: each, ontaken, onplan, onrecord }: { of: ProposalOffer; ontaken?: () => void; onplan?: () => void; onrecord?: () => void }) {
  const words = proposalSay.value;
  const [declining, setDeclining] = useState(false);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const act = async (work: () => Promise<{ proposals: ProposalOffer[] }>): Promise<boolean> => {
    setBusy(true);
    setNo(null);
    const done = await work().then(({ proposals }) => { offered.value = proposals; return true; }, (error: unknown) => { setNo(sentence(error)); return false; });
    setBusy(false);
    return done;
  };
  const decline = (): Promise<void> => act(() => doors.decline(each.proposal_id, why)).then((done) => setDeclining(!done));
  const level = each.grades.map((grade) => say.value.grades[grade - 1]).join(say.value.list);
  const wide = each.plan != null && each.plan.schools.length === 0;
  const free = waits(each);
  return (
    <section class="card proposed" aria-label={each.title}>
      <h2>{each.title} <span class="tag">{words.forms[each.form]}</span></h2>
      <p class="muted small">{say.value.subjects[each.subject]} · {level}{!each.taken && ` · ${words.until(each.expires_at)}`}</p>
      {each.is_mine && !each.taken && <p><strong>{words.forYou}</strong></p>}
      <ul class="plain offer-askers" aria-label={words.asked}>{each.askers.map((count, week) => <li key={week}>{words.askedBy(count, week)}</li>)}</ul>
      {each.terms.length > 0 && <ul class="topics" aria-label={words.terms}>{each.terms.map((term) => <li key={term} class="tag">{term}</li>)}</ul>}
      {each.note !== "" && <><h3 class="small">{words.noteOf(each.proposed_by)}</h3><p class="asked-text">{each.note}</p></>}
      {each.exemplars.length > 0 && <details><summary>{words.exemplars}</summary><ul class="plain topic-exemplars">{each.exemplars.map((text) => <li key={text}>{flowed(text)}</li>)}</ul></details>}
      {each.plan != null && !doors.stands(each) && <p class="offer-plan"><strong>{words.plannedFor}</strong><br /><time dateTime={each.plan.starts_at}>{moment(each.plan.starts_at)}</time> · {words.seats(each.plan.capacity)} · {wide ? words.toAll : words.toSchools(each.plan.schools.join(say.value.list))}</p>}
      {each.invited != null && <p class="small">{words.invitedOf(each.invited)}</p>}
      {no !== null && !declining && <Notice kind="error">{no}</Notice>}
      {free && (
        <div class="row wrap">
          {!each.taken && <button class="button primary" disabled={busy} onClick={() => void act(() => doors.take(each.proposal_id)).then((done) => done && ontaken?.())}>{each.plan != null ? words.confirm : words.take}</button>}
          {each.taken && each.form === "lecture" && onplan !== undefined && <button class="button primary" onClick={onplan}>{words.planIt}</button>}
          {each.taken && each.form === "lesson" && onrecord !== undefined && <button class="button primary" disabled={busy} onClick={onrecord}>{words.record}</button>}
          <button class="button quiet" disabled={busy} onClick={() => setDeclining(true)}>{each.taken ? words.giveBack : words.decline}</button>
        </div>
      )}
      {each.taught?.state === "recording" && onrecord !== undefined && <button class="button primary" disabled={busy} onClick={onrecord}>{words.recordOn}</button>}
      {declining && (
        <Dialog title={each.taken ? words.sureGiveBack : words.sureDecline} onclose={() => setDeclining(false)} actions={
          <>
            <button class="button" disabled={busy} onClick={() => setDeclining(false)}>{say.value.no}</button>
            <button class="button danger" disabled={busy} onClick={() => void decline()}>{each.taken ? words.giveBack : words.decline}</button>
          </>
        }>
          {each.is_mine && <label class="field"><span>{words.declineWhy}</span><input value={why} maxLength={200} onInput={({ currentTarget }) => setWhy(currentTarget.value)} /></label>}
          {no !== null && <Notice kind="error">{no}</Notice>}
        </Dialog>
      )}
    </section>
  );
}
