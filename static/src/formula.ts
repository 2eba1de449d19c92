// Typed LaTeX -> elements, by KaTeX: loaded when the first formula is seen, from our own origin.
import katex from "katex";
import "katex/dist/katex.min.css";

/**
 * No links, no pictures, no classes of others (`trust: false`), and no macro that never ends. KaTeX builds the elements
 * itself, so nothing of what was typed is read as HTML and no style stands in the page's text.
 */
export function setFormula(element: HTMLElement, tex: string): void {
  katex.render(tex, element, { trust: false, strict: "ignore", throwOnError: false, maxExpand: 200, maxSize: 20, output: "html", errorColor: "#b3261e" });
}
