// What the research pages say of topics, knowledge points and labels, Chinese first.
import { computed } from "@preact/signals";
import type { Difficulty, Kind } from "./protocol";
import { language, say } from "./words";

export const DIFFICULTIES: readonly Difficulty[] = ["concept", "method", "reading", "calculation"];

const named = (kind: Kind, value: string, words: { stages: Record<string, string>; difficulties: Record<string, string>; fitnesses: Record<string, string> }): string =>
  ({ subject: say.value.subjects as Record<string, string>, stage: words.stages, difficulty: words.difficulties, fitness: words.fitnesses, point: {} as Record<string, string> })[kind][value] ?? value;

const zh = {
  title: "话题与分类", tabs: { topics: "话题", saying: "待标注", taxonomy: "知识点", models: "自动标注", quotas: "教研任务" },
  stages: { primary: "小学", junior: "初中", senior: "高中" } as Record<string, string>,
  monday: "周一一览",
  subject: "学科", stage: "学段",
  noTaxonomy: "还没有知识点体系", noTaxonomyMore: "由运维人员用 dayi taxonomy import 文件.csv 导入；列名：code、name、parent、subject、stage、first_grade、last_grade、replaces。",
  taxonomyHere: (points: number, version: number) => `现用第 ${version} 版，共 ${points} 个知识点`, exportCsv: "导出 CSV",
  grades: (first: number, last: number) => (first === last ? `${first} 年级` : `${first}–${last} 年级`),
  versions: "历次导入", versionOf: (number: number, file: string, size: number) => `第 ${number} 版 · ${file} · ${size} 个`, relabelled: (count: number) => (count === 0 ? "没有改名" : `${count} 个标注随之改名`),
  noneHere: "这个学科学段还没有知识点",
  difficulties: { concept: "概念不清", method: "方法不会", reading: "读不懂题", calculation: "算错" } as Record<Difficulty, string>,
  fitnesses: { question: "是题目", no_question: "不是题目", inappropriate: "不当内容" } as Record<string, string>,
  kinds: { subject: "学科", stage: "学段", point: "知识点", difficulty: "难在哪里", fitness: "是不是题目" } as Record<Kind, string>,
  value: (kind: Kind, value: string): string => named(kind, value, zh), comma: "，",
  whyHard: "难在哪里（可不选）", guessed: (what: string) => `系统看像是“${what}”`, doubt: "学科学段对不对", doubtOf: (chosen: string, told: string, sure: number) => `学生选的是${chosen}，系统看更像${told}（把握 ${sure}%）。是哪个？`,
  sayingMore: "老师还没确认知识点的题。系统拿得准的先标上，点一下确认或改正；您说的优先，系统不再改。只列家长同意教研的学生的题，不显示是谁问的。",
  nothingToSay: "没有要标注的题", nothingToSayMore: "这个学科学段近两个月的题都有人确认过了。", point: "知识点", pointGuess: (name: string, sure: number) => `系统标的是“${name}”（把握 ${sure}%）`, confirm: (name: string) => `对，${name}`, otherPoint: "选知识点…", findPoint: "找别的知识点", noSuchPoint: "体系里没有这样的知识点。", noted: "已记下",
  modelsMore: "每晚从老师和教研员的标注里学习，按题目分开检验：同一道题不会既学又考。新模型不比现用的差才启用；拿不准的不标，留给人。", noModels: "还没有学过", noModelsMore: "标注够多以后，每晚自动学习；也可以用 dayi research train 立即学习。没有标注时，系统什么也不标。",
  learned: (labels: number, problems: number, when: string) => `${labels} 条标注，${problems} 道不同的题 · ${when}`, serving: (number: number) => `现用第 ${number} 号`,
  why: { serves: "已启用", too_few: "标注太少，不学也不标", too_few_held_out: "检验用的题太少，没有启用", not_precise: "说得不够准，没有启用", worse_than_before: "不如现用的，没有启用", no_better_than_commonest: "不比总猜最常见的好，没有启用" } as Record<string, string>,
  heldOut: (texts: number) => `没学过的 ${texts} 题上`, thisOne: "这一个", theOneBefore: "原来的", accuracy: "全部都答时的正确率", at90: "最有把握的九成里", saidShare: "拿得准、给出标注的", precision: "给出的标注里正确的", confusion: "混淆表", labelled: "人的标注", toldAs: "系统认为",
  heldTitle: "系统觉得不像题目或不当的提问", heldMore: "老师照常答疑，教研不计数。您定为“不是题目”或“不当内容”的，还在排队就不再排，学生会看到说明。",
  topicsMore: "内容相近的提问每晚归成话题；同一个话题周周沿用。只算家长同意教研的学生，不到 5 人问的不列。",
  noTopics: "还没有话题", noTopicsMore: "近四周里，5 位以上同学问到同一件事，就会列在这里，每晚更新。",
  isNew: "新出现", fewAsked: "上周不到 5 人问", askedBy: (count: number) => `上周 ${count} 人问`, growth: (times: number) => `是前几周平均的 ${times} 倍`, byWeek: "每周有多少人问", weekOf: (day: string) => `${Number(day.slice(5, 7))}月${Number(day.slice(8))}日起`, underFive: "<5", exemplars: "例题",
  topicActs: { rename: "命名", merge: "并入别的话题", split: "分成两个" }, topicName: "名称（空着就用关键词）", mergeInto: "并入", chooseTopic: "选一个话题…",
  topicWhat: { rename: (topic: string) => `给“${topic}”起个名字，以后一直沿用。`, merge: (topic: string) => `“${topic}”的提问以后都算在另一个话题里。`, split: (topic: string) => `按题目内容把“${topic}”分成两个话题，以后也分开。` },
};

type Words = typeof zh;

const en: Words = {
  title: "Topics and labels", tabs: { topics: "Topics", saying: "To label", taxonomy: "Knowledge points", models: "Models", quotas: "Quotas" },
  stages: { primary: "Primary", junior: "Junior", senior: "Senior" },
  monday: "Monday page",
  subject: "Subject", stage: "Stage",
  noTaxonomy: "No taxonomy yet", noTaxonomyMore: "The operator brings one in with dayi taxonomy import FILE.csv; columns: code, name, parent, subject, stage, first_grade, last_grade, replaces.",
  taxonomyHere: (points, version) => `Version ${version} in force, ${points} points`, exportCsv: "Export CSV",
  grades: (first, last) => (first === last ? `grade ${first}` : `grades ${first}–${last}`),
  versions: "Imports so far", versionOf: (number, file, size) => `Version ${number} · ${file} · ${size} points`, relabelled: (count) => (count === 0 ? "nothing renamed" : `${count} labels renamed`),
  noneHere: "No points for this subject and stage",
  difficulties: { concept: "Concept", method: "Method", reading: "Reading the problem", calculation: "Calculation" },
  fitnesses: { question: "A question", no_question: "Not a question", inappropriate: "Inappropriate" },
  kinds: { subject: "Subject", stage: "Stage", point: "Knowledge points", difficulty: "What is hard", fitness: "Is it a question" },
  value: (kind, value) => named(kind, value, en), comma: ", ",
  whyHard: "What was hard (optional)", guessed: (what) => `it looks like “${what}”`, doubt: "Subject and stage", doubtOf: (chosen, told, sure) => `The pupil chose ${chosen}; it looks like ${told} (${sure}% sure). Which is it?`,
  sayingMore: "Questions whose point no teacher has confirmed. Where a model is sure it has said one: confirm or correct in one tap; your word stands. Only of pupils whose guardians agreed to research; nobody is named.",
  nothingToSay: "Nothing to label", nothingToSayMore: "Somebody has confirmed every question of the last two months here.", point: "Knowledge point", pointGuess: (name, sure) => `Labelled “${name}” by a model (${sure}% sure)`, confirm: (name) => `Yes, ${name}`, otherPoint: "Choose a point…", findPoint: "Find another point", noSuchPoint: "The taxonomy has no such point.", noted: "Noted",
  modelsMore: "Learned each night from what teachers and research staff said, and tried on problems that were kept apart. A new one serves only when it is no worse; what it is not sure of is left to people.", noModels: "Nothing learned yet", noModelsMore: "With enough labels it learns each night, or at once by dayi research train. Without labels nothing is labelled.",
  learned: (labels, problems, when) => `${labels} labels, ${problems} different problems · ${when}`, serving: (number) => `number ${number} serves`,
  why: { serves: "Serves", too_few: "Too few labels: nothing is said", too_few_held_out: "Too few to judge it by: not in force", not_precise: "Right too seldom: not in force", worse_than_before: "Worse than the one that serves: not in force", no_better_than_commonest: "No better than always the commonest: not in force" },
  heldOut: (texts) => `On ${texts} it had not seen`, thisOne: "This one", theOneBefore: "The one before", accuracy: "Right when it says all", at90: "Right in the surest nine tenths", saidShare: "Sure enough to be said", precision: "Right of what is said", confusion: "Confusion table", labelled: "People said", toldAs: "It said",
  heldTitle: "Taken for no question, or an inappropriate one", heldMore: "Teachers answer as ever; research does not count it. What you find no question, or inappropriate, leaves the queue if it still waits, and its pupil is told.",
  topicsMore: "Questions that are alike are grouped each night; a topic stays the same from week to week. Only pupils whose guardians agreed to research are counted, and nothing that fewer than five asked is told.",
  noTopics: "No topics yet", noTopicsMore: "What five pupils or more asked about in the last four weeks is listed here, anew each night.",
  isNew: "New", fewAsked: "Fewer than 5 pupils last week", askedBy: (count) => `${count} pupils last week`, growth: (times) => `${times} × the weeks before`, byWeek: "How many asked each week", weekOf: (day) => `from ${day.slice(5)}`, underFive: "<5", exemplars: "Examples",
  topicActs: { rename: "Rename", merge: "Merge", split: "Split" }, topicName: "Name (empty: its telling terms)", mergeInto: "Into", chooseTopic: "Choose a topic…",
  topicWhat: { rename: (topic) => `A name for “${topic}”, which stays.`, merge: (topic) => `What is asked of “${topic}” will count for another topic.`, split: (topic) => `“${topic}” becomes two topics by what its questions say, and they stay two.` },
};

export const research = computed<Words>(() => (language.value === "en" ? en : zh));
