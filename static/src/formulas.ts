// The formulas of the page in view: elements over the canvas, for KaTeX sets in elements.
import type { Board, Formula, Page } from "./board";
import type { View } from "./paint";

export type SetFormula = (element: HTMLElement, tex: string) => void;

let setter: Promise<SetFormula> | null = null;

/** Loads KaTeX with the first formula; a phone that sees none never does. */
export function formulaSetter(): Promise<SetFormula> {
  setter ??= import("./formula").then(
    ({ setFormula }) => setFormula,
    (error: unknown) => {
      setter = null; // the network may be back for the next one
      throw error;
    },
  );
  return setter;
}

export class FormulaLayer {
  readonly #shown = new Map<string, HTMLElement>();

  constructor(readonly layer: HTMLElement) {}

  show(board: Board | null, page: Page | null): void {
    const wanted = new Map<string, Formula>();
    for (const mark of board?.marks.values() ?? []) if (mark.kind === "formula" && mark.page === page?.page) wanted.set(mark.id, mark);
    for (const [id, element] of this.#shown) {
      if (wanted.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
    for (const formula of wanted.values()) if (!this.#shown.has(formula.id)) this.#add(formula);
  }

  look({ scale, x, y }: View): void {
    this.layer.style.transform = `matrix(${scale}, 0, 0, ${scale}, ${x}, ${y})`;
  }

  #add({ id, x, y, tex, color, size }: Formula): void {
    const element = document.createElement("div");
    element.className = "formula";
    Object.assign(element.style, { left: `${x}px`, top: `${y}px`, fontSize: `${size}px`, color });
    element.textContent = tex; // until KaTeX is here, and where it can't be had
    this.layer.append(element);
    this.#shown.set(id, element);
    formulaSetter().then((set) => set(element, tex), () => undefined);
  }
}
