// What the research pages say of topics, knowledge points and labels, Chinese first.
import { computed } from "@preact/signals";
import { language } from "./words";

const zh = {
  title: "话题与分类", tabs: { taxonomy: "知识点" },
  stages: { primary: "小学", junior: "初中", senior: "高中" } as Record<string, string>,
  matches: "匹配准不准",
  subject: "学科", stage: "学段",
  noTaxonomy: "还没有知识点体系", noTaxonomyMore: "由运维人员用 dayi taxonomy import 文件.csv 导入；列名：code、name、parent、subject、stage、first_grade、last_grade、replaces。",
  taxonomyHere: (points: number, version: number) => `现用第 ${version} 版，共 ${points} 个知识点`, exportCsv: "导出 CSV",
  grades: (first: number, last: number) => (first === last ? `${first} 年级` : `${first}–${last} 年级`),
  versions: "历次导入", versionOf: (number: number, file: string, size: number) => `第 ${number} 版 · ${file} · ${size} 个`, relabelled: (count: number) => (count === 0 ? "没有改名" : `${count} 个标注随之改名`),
  noneHere: "这个学科学段还没有知识点",
};

type Words = typeof zh;

const en: Words = {
  title: "Topics and labels", tabs: { taxonomy: "Knowledge points" },
  stages: { primary: "Primary", junior: "Junior", senior: "Senior" },
  matches: "How right matches are",
  subject: "Subject", stage: "Stage",
  noTaxonomy: "No taxonomy yet", noTaxonomyMore: "The operator brings one in with dayi taxonomy import FILE.csv; columns: code, name, parent, subject, stage, first_grade, last_grade, replaces.",
  taxonomyHere: (points, version) => `Version ${version} in force, ${points} points`, exportCsv: "Export CSV",
  grades: (first, last) => (first === last ? `grade ${first}` : `grades ${first}–${last}`),
  versions: "Imports so far", versionOf: (number, file, size) => `Version ${number} · ${file} · ${size} points`, relabelled: (count) => (count === 0 ? "nothing renamed" : `${count} labels renamed`),
  noneHere: "No points for this subject and stage",
};

export const research = computed<Words>(() => (language.value === "en" ? en : zh));
