// Why a video is shown for a question: what agrees, what differs, and the two problems side by side.
import { sideBySide, without, type Piece } from "./compare";
import { flowed } from "./flow";
import { GRADES } from "./lectures";
import type { AnswerView, QuestionView, Reason, SuggestionView } from "./protocol";
import { say } from "./words";

type Mark = "agrees" | "differs" | "unsure";

export function Why({ question, suggestion }: { question: QuestionView; suggestion: SuggestionView }) {
  const words = say.value;
  const fromPhoto = question.media.length > 0;
  const reasons = suggestion.reasons.flatMap((reason) => worded(reason, fromPhoto) ?? []);
  return (
    <section class="why" aria-label={words.whyMatched}>
      <h3>{words.whyMatched}</h3>
      <Elsewhere question={question} answer={suggestion.answer} />
      <ul>
        {reasons.map(({ mark, text }) => (
          <li key={text} class={mark}>
            <span class="because-mark" role="img" aria-label={words[mark]}>{mark === "agrees" ? "✓" : mark === "differs" ? "✗" : "?"}</span>
            {text}
          </li>
        ))}
      </ul>
      <Pair mine={flowed(question.read_text) || question.text} theirs={flowed(suggestion.answer.problem_text)} fromPhoto={question.read_text !== ""} />
    </section>
  );
}

/** Where it was answered, if that is not what its pupil chose. */
function Elsewhere({ question: { subject, grade }, answer }: { question: QuestionView; answer: AnswerView }) {
  const words = say.value;
  if (answer.subject !== subject) return <p class="muted">{words.otherSubject(words.subjects[answer.subject], words.subjects[subject])}</p>;
  if (!GRADES[answer.stage].includes(grade)) return <p class="muted">{words.otherStage(words.stages[answer.stage])}</p>;
  return null;
}

/** In one line: whether everything agrees, something differs, or a photo was not read to the end. */
export function Agreement({ question, suggestion }: { question: QuestionView; suggestion: SuggestionView }) {
  const words = say.value;
  const marks = suggestion.reasons.map((reason) => worded(reason, question.media.length > 0)?.mark);
  if (marks.includes("differs")) return <p class="warn">{words.someDiffers}</p>;
  return <p class="muted">{marks.includes("unsure") ? words.someUnread : words.allAgrees}</p>;
}

/** A reason in words for a twelve-year-old; null when it says no more than another does. */
function worded({ kind, agrees, asked, known }: Reason, fromPhoto: boolean): { mark: Mark; text: string } | null {
  const words = say.value;
  const as = (mark: Mark, text: string): { mark: Mark; text: string } => ({ mark, text });
  switch (kind) {
    case "numbers":
      return numbers(agrees, listed(asked), listed(known), fromPhoto);
    case "options":
      return agrees ? as("agrees", words.optionsAgree) : as("differs", words.exchange(words.exchanged["options"]!, asked, known));
    case "asks":
      return agrees ? as("agrees", words.asksAgree(known)) : as("differs", words.exchange(words.exchanged["asks"]!, asked, known));
    case "people":
      return as("differs", words.peopleDiffer);
    case "places":
      return as("differs", words.placesDiffer);
    case "words":
      if (agrees) return as("agrees", words.wordsAgree);
      return /\p{L}/u.test(asked + known) ? as("differs", words.wordsDiffer) : null; // but for the numbers it is the same
    default:
      return agrees ? null : as("differs", words.exchange(words.exchanged[kind] ?? kind, asked, known));
  }
}

function numbers(agrees: boolean, asked: string[], known: string[], fromPhoto: boolean): { mark: Mark; text: string } {
  const words = say.value;
  const list = (these: string[]): string => these.join(words.list);
  if (agrees) return { mark: "agrees", text: words.numbersAgree(list(known)) };
  const [lost, fresh] = [without(known, asked), without(asked, known)];
  if (lost.length === 0 && fresh.length === 0) return { mark: "differs", text: words.numbersMoved(list(known)) };
  if (fresh.length === 0) return fromPhoto ? { mark: "unsure", text: words.numbersUnread(list(lost)) } : { mark: "differs", text: words.numbersLost(list(lost)) };
  if (lost.length === 0) return { mark: "differs", text: words.numbersNew(list(fresh)) };
  return { mark: "differs", text: words.numbersDiffer(list(fresh), list(lost)) };
}

const listed = (numbers: string): string[] => numbers.split("、").filter((each) => each !== "" && each !== "……");

export function Pair({ mine, theirs, fromPhoto, titles }: { mine: string; theirs: string; fromPhoto: boolean; titles?: { mine: string; theirs: string } }) {
  const words = say.value;
  const [left, right] = sideBySide(mine, theirs);
  const same = ![...left, ...right].some(({ differs }) => differs);
  return (
    <div class="pair">
      {!same && <Problem title={titles?.mine ?? (fromPhoto ? words.mineRead : words.mine)} pieces={left} />}
      <Problem title={titles?.theirs ?? words.theirs} pieces={right} />
    </div>
  );
}

function Problem({ title, pieces }: { title: string; pieces: readonly Piece[] }) {
  return (
    <figure class="pair-side">
      <figcaption>{title}</figcaption>
      <blockquote>{pieces.map(({ text, differs }, n) => (differs ? <mark key={n}>{text}</mark> : text))}</blockquote>
    </figure>
  );
}
