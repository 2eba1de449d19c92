// Words beside the voice: the chat of a session, phrases by one tap, and "I'm lost here".
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, Notice } from "./parts";
import type { Room } from "./room";
import { say } from "./words";

const REST_MS = 10_000; // before the same moment can be marked again
const SHOWN_MS = 15_000;

/** What is typed beside the board, and by one tap what is said most. */
export function Chat({ room, me }: { room: Room; me: "teacher" | "student" }) {
  const words = say.value;
  const said = room.board.value!.said;
  const [text, setText] = useState("");
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [said.length]);
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    room.say(text.trim());
    setText("");
  };
  return (
    <section class="chat" aria-label={words.chat}>
      {said.length === 0 && <p class="muted">{words.noChat}</p>}
      <ol class="said" aria-live="polite" tabIndex={0}>
        {said.map((line, n) => (
          <li key={n} class={line.author === me ? "said-mine" : "said-theirs"}>
            <span class="visually-hidden">{line.author === me ? words.you : line.author === "teacher" ? words.teacher : words.student}：</span>
            {line.text}
          </li>
        ))}
        <li ref={end} aria-hidden="true" />
      </ol>
      <div class="phrases" role="group" aria-label={words.quickPhrases}>
        {words.phrases[me].map((phrase) => <button key={phrase} class="button small" onClick={() => room.say(phrase)}>{phrase}</button>)}
      </div>
      <form class="chat-form" onSubmit={send}>
        <input type="text" maxLength={500} aria-label={words.chatPlaceholder} placeholder={words.chatPlaceholder} value={text} onInput={(event) => setText(event.currentTarget.value)} autoComplete="off" />
        <button class="button primary">{words.say}</button>
      </form>
    </section>
  );
}

/** One tap marks the moment: the teacher sees it now, and whoever watches later can go there. */
export function LostButton({ room }: { room: Room }) {
  const words = say.value;
  const [told, setTold] = useState(false);
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(false), REST_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const tell = (): void => {
    room.lost();
    setTold(true);
  };
  return (
    <button class="lost-button" disabled={told} onClick={tell}>
      <Icon name={told ? "check" : "lost"} /><span aria-live="polite">{told ? words.lostTold : words.lostHere}</span>
    </button>
  );
}

/** Tells the teacher, for a while, without taking the pen out of her hand. */
export function LostNotice({ room }: { room: Room }) {
  const at = room.lostAt.value;
  useEffect(() => {
    if (at === null) return;
    const timer = setTimeout(() => (room.lostAt.value = null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [room, at]);
  return at === null ? null : <Notice kind="warning">{say.value.pupilLost}</Notice>;
}
