import { expect, test } from "vitest";
import { cuesIn } from "./captions";

test("a file of ours is read cue by cue, with its signs", () => {
  const vtt = "WEBVTT\n\n00:00:01.500 --> 00:00:04.000\n先看 &lt;a&gt; &amp; b\n\n01:02:03.004 --> 01:02:05.000\n再看\n";

  expect(cuesIn(vtt)).toEqual([
    { from: 1_500, until: 4_000, text: "先看 <a> & b" },
    { from: 3_723_004, until: 3_725_000, text: "再看" },
  ]);
});

test("what is no file of ours has no cue", () => {
  expect(cuesIn("<html>\n\n00:01 --> 00:02\nx")).toEqual([]);
});
