import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Paper, Shape } from "./board";
import { figure, ruling, type Figure, type Rule } from "./figure";

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}.json`, import.meta.url), "utf8"));
const vectors = read("figures") as { name: string; shape: Shape; figure: Figure }[];

describe("a shape looks as it does in a film", () => {
  it.each(vectors)("$name", ({ shape, figure: drawn }) => {
    expect(figure(shape)).toEqual(drawn);
  });
});

describe("a paper is printed as it is in a film", () => {
  it.each(read("papers") as { paper: Paper; aspect: number; ruling: Rule[] }[])("$paper", ({ paper, aspect, ruling: printed }) => {
    expect(ruling(paper, aspect)).toEqual(printed);
  });
});
