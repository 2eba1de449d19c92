// The board's pages: which one lies on top, all of them to leaf through, and new ones; for the teacher their order too.
import { useEffect, useRef } from "preact/hooks";
import { PAGE_WIDTH, type Board, type Page, type Paper } from "./board";
import { Painter } from "./paint";
import { Icon } from "./parts";
import { Drawer } from "./toolbar";
import { say } from "./words";

const PAPERS: readonly Exclude<Paper, "photo">[] = ["blank", "squared", "lined", "axes", "staff"];
const THUMB = 88; // CSS pixels across

interface Props {
  board: Board;
  shown: string | null; // may be another than the teacher's, for a pupil who roams
  teacher: boolean;
  open: boolean;
  addressOf: (page: Page) => string | null;
  onopen: (open: boolean) => void;
  onturn: (page: string) => void;
  onadd: (paper: Paper) => void;
  onorder: (page: string, to: number) => void;
  onfit: () => void;
  onframe: (() => void) | null; // the page is a photo that can still be turned and cut
}

export function Pages({ board, shown, teacher, open, addressOf, onopen, onturn, onadd, onorder, onfit, onframe }: Props) {
  const words = say.value;
  const names = [...board.pages.keys()];
  const at = names.indexOf(shown ?? "");
  const turn = (to: number) => () => names[to] !== undefined && onturn(names[to]);
  return (
    <div class="pages" role="group" aria-label={words.pageOf(at + 1, names.length)}>
      {onframe !== null && <button class="tool" aria-label={words.framePhoto} title={words.framePhoto} onClick={onframe}><Icon name="right" /></button>}
      <button class="tool" aria-label={words.fit} title={words.fit} onClick={onfit}><Icon name="fit" /></button>
      {names.length > 1 && <button class="tool" disabled={at <= 0} aria-label={words.prevPage} title={words.prevPage} onClick={turn(at - 1)}><Icon name="back" /></button>}
      <span class="digits" aria-live="polite">{words.pageOf(at + 1, names.length)}</span>
      {names.length > 1 && <button class="tool" disabled={at >= names.length - 1} aria-label={words.nextPage} title={words.nextPage} onClick={turn(at + 1)}><Icon name="next" /></button>}
      <button class="tool" aria-expanded={open} aria-label={words.allPages} title={words.allPages} onClick={() => onopen(!open)}><Icon name="pages" /></button>
      {open && (
        <Drawer label={words.allPages} onclose={() => onopen(false)}>
          <ol class="leaves">
            {names.map((name, n) => {
              const page = board.pages.get(name)!;
              return (
                <li key={name} class="leaf">
                  <button class="leaf-page" aria-current={name === shown} aria-label={words.pageN(n + 1, words.papers[page.paper])} onClick={() => onturn(name)}>
                    <Thumb board={board} page={page} address={addressOf(page)} />
                    <span class="digits">{n + 1}</span>
                  </button>
                  {!teacher && name === board.current && <span class="leaf-teacher">{words.teacherHere}</span>}
                  {teacher && names.length > 1 && (
                    <span class="leaf-moves">
                      <button class="tool" disabled={n === 0} aria-label={`${words.earlierPage} ${n + 1}`} onClick={() => onorder(name, n - 1)}><Icon name="back" /></button>
                      <button class="tool" disabled={n === names.length - 1} aria-label={`${words.laterPage} ${n + 1}`} onClick={() => onorder(name, n + 1)}><Icon name="next" /></button>
                    </span>
                  )}
                </li>
              );
            })}
          </ol>
          {teacher && (
            <div class="papers" role="group" aria-label={words.newPage}>
              <h3>{words.newPage}</h3>
              {PAPERS.map((paper) => (
                <button key={paper} class="tool tool-words" onClick={() => onadd(paper)}><Icon name="plus" />{words.papers[paper]}</button>
              ))}
            </div>
          )}
        </Drawer>
      )}
    </div>
  );
}

const painter = new Painter();

function Thumb({ board, page, address }: { board: Board; page: Page; address: string | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const paint = (image: HTMLImageElement | null): void => {
      const pen = canvas.current?.getContext("2d");
      if (!pen || !canvas.current) return;
      const scale = canvas.current.width / PAGE_WIDTH;
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      painter.page(pen, page, image);
      for (const mark of board.marks.values()) if (mark.page === page.page) painter.mark(pen, mark);
    };
    paint(null);
    if (address === null) return;
    const image = new Image();
    image.onload = () => paint(image);
    image.src = address;
    return () => void (image.onload = null);
  }, [page, address, board.marks.size]);
  const ratio = Math.min(2, devicePixelRatio || 1);
  return <canvas ref={canvas} class="leaf-picture" width={THUMB * ratio} height={Math.round((THUMB * ratio * page.aspect) / PAGE_WIDTH)} aria-hidden="true" />;
}
