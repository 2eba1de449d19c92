// On a pupil's page: what one asked about is taught. An invitation is no seat, and goes away when it is told to.
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Icon, Notice } from "./parts";
import { proposalSay } from "./proposal-words";
import * as doors from "./proposals";
import type { InvitationView } from "./protocol";
import { moment, sentence } from "./words";

const invitations = signal<readonly InvitationView[]>([]);

/** A help, not a promise. */
export const loadInvitations = (): Promise<void> => doors.invitations().then((found) => void (invitations.value = found.invitations), () => undefined);

const whereOf = ({ what, lecture_id, lesson_id }: InvitationView): string => (what === "lesson" ? `/library#lesson=${lesson_id}` : what === "replay" ? `/lectures#replay=${lecture_id}` : `/lectures#lecture=${lecture_id}`);

export function Invitations() {
  if (invitations.value.length === 0) return null;
  return <section class="invitations" aria-label={proposalSay.value.invited}>{invitations.value.map((each) => <Invitation key={each.proposal_id} of={each} />)}</section>;
}

function Invitation({ of: each }: { of: InvitationView }) {
  const words = proposalSay.value;
  const [no, setNo] = useState<string | null>(null);
  const away = (): void => void doors.dismiss(each.proposal_id).then(() => void (invitations.value = invitations.value.filter(({ proposal_id }) => proposal_id !== each.proposal_id)), (error: unknown) => setNo(sentence(error)));
  return (
    <article class="card invitation">
      <Icon name={each.what === "lecture" ? "bell" : "play"} />
      <div class="invitation-body">
        <p><strong>{words.invitation[each.what](each.about)}</strong></p>
        <p class="muted small">{each.title} · {words.by(each.teacher_name)}{each.starts_at != null && ` · ${moment(each.starts_at)}`}{each.seats_left != null && ` · ${each.seats_left === 0 ? words.full : words.seatsLeft(each.seats_left)}`}</p>
        {no !== null && <Notice kind="error">{no}</Notice>}
        <div class="row wrap"><a class="button small primary" href={whereOf(each)}>{words.look[each.what]}</a><button class="button small quiet" onClick={away}>{words.dismiss}</button></div>
      </div>
    </article>
  );
}
