// Polls and quizzes in a lecture's room: the card on which a pupil answers, and the lecturer's side of it.
import { useRef, useState } from "preact/hooks";
import type { Auditorium } from "./auditorium";
import { newId } from "./ids";
import { Empty, Icon, Notice } from "./parts";
import type { PollView } from "./protocol";
import { answersOf, percentOf } from "./pulse";
import { pulseSay } from "./pulse-words";
import { sentence } from "./words";

const MOST_OPTIONS = 6;

/** What is asked just now, or what came of it until it is put away. */
export function PollCard({ hall }: { hall: Auditorium }) {
  const words = pulseSay.value;
  const { polls, answered } = hall.pulse;
  const [put, setPut] = useState(0);
  const [no, setNo] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const poll = hall.pulse.open ?? polls.value[polls.value.length - 1] ?? null;
  const own = poll === null ? undefined : answered.value.get(poll.number);
  if (poll === null || put === poll.number || (poll.closed && own === undefined)) return null;
  const choose = async (option: number): Promise<void> => {
    setBusy(true);
    setNo(null);
    await hall.pulse.answer(poll.number, option).catch((error: unknown) => setNo(sentence(error)));
    setBusy(false);
  };
  const right = poll.right === null ? "" : (poll.options[poll.right - 1] ?? "");
  return (
    <section class="poll-card" aria-label={poll.quiz ? words.quiz : words.polls}>
      <div class="poll-head"><h2>{poll.text}</h2>{poll.closed && <button class="button quiet small" onClick={() => setPut(poll.number)}>{words.put}</button>}</div>
      <Options poll={poll} own={own} shown={own !== undefined || poll.closed} onchoose={poll.closed || busy ? undefined : (option) => void choose(option)} />
      {no && <Notice kind="error">{no}</Notice>}
      <p class="muted small" role="status">{!poll.closed ? (own === undefined ? words.pick : words.picked) : poll.right === null ? words.over : own === poll.right ? words.wasRight : words.wasWrong(right)}</p>
    </section>
  );
}

function Options({ poll, own, shown, onchoose }: { poll: PollView; own?: number | undefined; shown: boolean; onchoose?: ((option: number) => void) | undefined }) {
  const words = pulseSay.value;
  return (
    <ol class="poll-options">
      {poll.options.map((text, n) => {
        const option = n + 1;
        const percent = percentOf(poll, option);
        const inside = (
          <>
            {shown && <span class="poll-bar" style={{ width: `${percent}%` }} aria-hidden="true" />}
            <span class="poll-text">{text}{own === option && <span class="tag">{words.chosen}</span>}{poll.right === option && <span class="tag poll-right"><Icon name="check" />{words.isRight}</span>}</span>
            {shown && <span class="digits small">{poll.counts[n]} · {percent}%</span>}
          </>
        );
        return <li key={option}>{onchoose ? <button class="poll-option" aria-pressed={own === option} onClick={() => onchoose(option)}>{inside}</button> : <div class="poll-option" data-own={own === option}>{inside}</div>}</li>;
      })}
    </ol>
  );
}

/** The lecturer asks, watches the answers come, and closes; a reviewer sees the same and does nothing. */
export function Polls({ hall }: { hall: Auditorium }) {
  const words = pulseSay.value;
  const open = hall.pulse.open;
  const before = hall.pulse.polls.value.filter(({ closed }) => closed).reverse();
  const [no, setNo] = useState<string | null>(null);
  return (
    <section class="talk poll-desk" aria-label={words.polls}>
      {no && <Notice kind="error">{no}</Notice>}
      {open !== null && <Asked poll={open}>{hall.me === "lecturer" && <button class="button primary" onClick={() => void hall.pulse.close(open.number).catch((error: unknown) => setNo(sentence(error)))}>{words.close}</button>}</Asked>}
      {open === null && hall.me === "lecturer" && hall.state.value?.state === "live" && <Ask hall={hall} />}
      {open === null && before.length === 0 && hall.me !== "lecturer" && <Empty title={words.none} />}
      {before.length > 0 && <><h3 class="poll-before">{words.earlier}</h3>{before.map((poll) => <Asked key={poll.number} poll={poll} />)}</>}
    </section>
  );
}

export function Asked({ poll, children }: { poll: PollView; children?: preact.ComponentChildren }) {
  const words = pulseSay.value;
  return (
    <article class="poll-asked" aria-label={poll.text}>
      <h3>{poll.text}</h3>
      <Options poll={poll} shown />
      <div class="row"><span class="muted small digits" role="status">{words.answered(answersOf(poll))} · {poll.closed ? words.closed : words.asking}</span>{children}</div>
    </article>
  );
}

function Ask({ hall }: { hall: Auditorium }) {
  const words = pulseSay.value;
  const [text, setText] = useState("");
  const [options, setOptions] = useState<readonly string[]>(["", ""]);
  const [right, setRight] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const key = useRef(newId());
  const asked = async (text: string, options: readonly string[], right: number | null): Promise<void> => {
    if (text.trim() === "" || options.some((option) => option.trim() === "") || new Set(options.map((option) => option.trim())).size !== options.length) return setNo(words.need);
    setBusy(true);
    setNo(null);
    try {
      await hall.pulse.ask({ poll_id: key.current, text, options: [...options], right });
      setText("");
      setOptions(["", ""]);
      setRight(null);
    } catch (error) {
      setNo(sentence(error));
    }
    key.current = newId();
    setBusy(false);
  };
  const set = (n: number, option: string): void => setOptions(options.map((each, at) => (at === n ? option : each)));
  const drop = (n: number): void => {
    setOptions(options.filter((_, at) => at !== n));
    setRight(null);
  };
  return (
    <form class="poll-ask" aria-label={words.ask} onSubmit={(event) => { event.preventDefault(); void asked(text, options, right); }}>
      <div class="row wrap" role="group" aria-label={words.quick}>
        <button type="button" class="button small" disabled={busy} onClick={() => void asked(words.understood, words.understoodOptions, null)}>{words.understood}</button>
        <button type="button" class="button small" disabled={busy} onClick={() => void asked(words.choose, ["A", "B", "C", "D"], null)}>A · B · C · D</button>
      </div>
      <label class="field"><span>{words.question}</span><input value={text} maxLength={120} onInput={(event) => setText(event.currentTarget.value)} autoComplete="off" /></label>
      {options.map((option, n) => (
        <div key={n} class="poll-line">
          <label class="field grow"><span class="visually-hidden">{words.option(n + 1)}</span><input value={option} maxLength={40} placeholder={words.option(n + 1)} onInput={(event) => set(n, event.currentTarget.value)} autoComplete="off" /></label>
          {options.length > 2 && <button type="button" class="button quiet small" aria-label={words.dropOption(n + 1)} onClick={() => drop(n)}><Icon name="cross" /></button>}
        </div>
      ))}
      {options.length < MOST_OPTIONS && <button type="button" class="button quiet small" onClick={() => setOptions([...options, ""])}><Icon name="plus" />{words.addOption}</button>}
      <label class="field"><span>{words.right}</span>
        <select value={String(right ?? 0)} onChange={(event) => setRight(Number(event.currentTarget.value) || null)}>
          <option value="0">{words.noRight}</option>
          {options.map((option, n) => <option key={n} value={String(n + 1)}>{option.trim() || words.option(n + 1)}</option>)}
        </select>
      </label>
      {no && <Notice kind="error">{no}</Notice>}
      <button class="button primary wide" disabled={busy}>{busy ? words.sending : words.send}</button>
    </form>
  );
}
