// Typed LaTeX -> elements, by KaTeX: loaded when the first formula is seen, from our own origin.
import katex from "katex";
import "katex/dist/katex.min.css";

/**
 * No links, no pictures, no classes of others (`trust: false`), and no macro that never ends. KaTeX builds the elements
 * itself, so nothing of what was typed is read as HTML and no style stands in the page's text.
 */
export function setFormula(element: HTMLElement, tex: string): void {
  let wrong = false;
  try {
    katex.render(tex, element, { trust: false, strict: "ignore", throwOnError: true, maxExpand: 200, maxSize: 20, output: "html", errorColor: "#b3261e" });
  } catch {
    wrong = true; // stays as it was typed; KaTeX's own way to show it needs a style in the page's text
    element.textContent = tex;
  }
  element.classList.toggle("formula-wrong", wrong);
}
