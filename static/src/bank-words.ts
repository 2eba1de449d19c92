// What the bank's page says, Chinese first.
import { computed } from "@preact/signals";
import type { Difficulty, Outcome } from "./protocol";
import { language } from "./words";

const zh = {
  title: "题库", monday: "教研周览", topics: "话题", findLabel: "搜题目", findHint: "题目里的字、知识点，或者用一张照片", find: "搜索", byPhoto: "用照片搜", figureChosen: "按图形搜", clear: "清空",
  filters: "筛选", all: "全部", subject: "学科", stage: "学段", grade: "年级", point: "知识点", difficulty: "难在哪里", outcome: "结果", topic: "话题", school: "学校", weeks: "时间", until: "截至", words: "搜索的内容",
  stages: { primary: "小学", junior: "初中", senior: "高中" } as Record<string, string>,
  difficulties: { concept: "概念不清", method: "方法不会", reading: "读不懂题", calculation: "算错" } as Record<Difficulty, string>,
  outcomes: { seen: "有讲解", solved: "解决了", stuck: "看了还不懂", reopened: "又问了一次", unanswered: "没人答" } as Record<Outcome, string>,
  periods: { "1": "一周", "4": "4 周", "13": "13 周", "26": "半年", "52": "一年" } as Record<string, string>, latest: "最近", weekOf: (day: string) => `${day} 那一周`, byWeek: "每周多少",
  unlabelled: "还没有标注", pickScope: "先选学科和学段，再按知识点和话题筛。", remove: (what: string) => `去掉“${what}”`,
  found: (n: string) => `${n} 道`, foundWords: (n: string) => `搜到 ${n} 道，相同题目合成一条`, more: "再看 20 条", loading: "正在找…",
  why: "为什么找到", byWords: "文字", byMeaning: (sure: number) => `意思相近 ${sure}%`, byFigure: "图形相同", alike: (n: number) => `另有 ${n} 次问到同一题`, noText: "没有可以显示的文字（照片没读出来，或者是孩子自己打的字）", noAnswer: "没有可以公开看的讲解", watch: "看讲解", photo: "题目照片（已遮挡）", week: (day: string) => `${day} 那一周`, coarse: "人数少，不显示在哪里问的",
  answers: "相近的讲解", notByMeaning: "现在只按文字搜：意思相近的暂时找不了。", wordless: "这段话里没有可以搜的字，下面按筛选条件列出。",
  none: "没有符合的题", noneMore: "只列整周、5 人以上的组；去掉一个条件试试：", dropped: (what: string, n: string) => `去掉“${what}”（${n} 道）`, noWeek: "还没有一周的数据", noWeekMore: "一周结束后的凌晨四点起，这里就能搜那一周的题。",
  moved: (what: string, was: string, now: string) => `${what}“${was}”现在是“${now}”，已按新的查。`, gone: (what: string, was: string) => `${what}“${was}”已经不在了，查到的是当时的标注。`,
  rule: "不显示是谁问的。题目所在的学校、年级只在那一周有 5 人以上一起问时才算进去；正在进行的一周不列。",
  photoTitle: "用照片搜题", photoMore: "照片只读一次，读完就删，不进题库。", reading: "正在读照片…", photoFailed: "没有读成，请再试一次。", photoNothing: "照片里没有读出题目。请拍清楚一道印刷的题，或者直接输入几个字。", which: "照片里有几道题，搜哪一道？", choose: "选照片", close: "关闭", drawing: "（图形）",
  cohorts: "收藏的搜索", cohortsNone: "还没有收藏。搜好以后点“收藏这个搜索”，以后打开看到的是当时的条件、最新的题。", save: "收藏这个搜索", name: "名字", share: "和全市教研员共享", shared: "已共享", private: "仅自己可见", by: (who: string) => `${who} 共享`, open: "打开", rename: "改名", unshare: "不再共享", doShare: "共享", update: "改成现在的条件", forget: "删除", forgetSure: (name: string) => `删除“${name}”？`, keep: "保存", cancel: "取消", link: "复制链接", linked: "链接已复制", opened: (name: string) => `收藏：${name}`, cohortGone: "这个收藏不存在，或者没有共享给你。",
};

type Words = typeof zh;

const en: Words = {
  title: "The bank", monday: "The week", topics: "Topics", findLabel: "Search problems", findHint: "Words of a problem, a knowledge point, or a photo", find: "Search", byPhoto: "By photo", figureChosen: "By its figure", clear: "Clear",
  filters: "Filters", all: "All", subject: "Subject", stage: "Stage", grade: "Grade", point: "Knowledge point", difficulty: "What was hard", outcome: "Outcome", topic: "Topic", school: "School", weeks: "Period", until: "Up to", words: "What is searched for",
  stages: { primary: "primary", junior: "junior", senior: "senior" },
  difficulties: { concept: "concept", method: "method", reading: "reading", calculation: "calculation" },
  outcomes: { seen: "explained", solved: "solved", stuck: "still stuck", reopened: "reopened", unanswered: "unanswered" },
  periods: { "1": "1 week", "4": "4 weeks", "13": "13 weeks", "26": "half a year", "52": "a year" }, latest: "the latest", weekOf: (day) => `week of ${day}`, byWeek: "By week",
  unlabelled: "Not labelled yet", pickScope: "Choose a subject and a stage to filter by knowledge point and topic.", remove: (what) => `Remove “${what}”`,
  found: (n) => `${n} questions`, foundWords: (n) => `${n} questions; the same problem is one entry`, more: "20 more", loading: "Searching…",
  why: "Why it was found", byWords: "words", byMeaning: (sure) => `meaning ${sure}%`, byFigure: "same figure", alike: (n) => `asked ${n} more ${n === 1 ? "time" : "times"}`, noText: "No text may be shown (the photo was not read, or the pupil typed)", noAnswer: "No explanation may be shown", watch: "Watch the explanation", photo: "Photo of the problem, masked", week: (day) => `week of ${day}`, coarse: "too few to say where",
  answers: "Explanations near to it", notByMeaning: "By words alone just now: what is near in meaning can't be found.", wordless: "Nothing in this can be searched for; below is what the filters give.",
  none: "Nothing fits", noneMore: "Only whole weeks and groups of five pupils are told. Leave out a condition:", dropped: (what, n) => `without “${what}” (${n})`, noWeek: "No week yet", noWeekMore: "From four in the morning after a week ended, its questions can be searched here.",
  moved: (what, was, now) => `${what} “${was}” is “${now}” now, and is searched as that.`, gone: (what, was) => `${what} “${was}” is gone; what is found was labelled then.`,
  rule: "Nobody's name. School and grade count only where five pupils or more asked about the same in a week; the week that runs is not told.",
  photoTitle: "Search by photo", photoMore: "The photo is read once and deleted; it is not put into the bank.", reading: "Reading the photo…", photoFailed: "It was not read; try again.", photoNothing: "No problem could be read. Take one printed problem, or type a few words.", which: "Several problems: which one?", choose: "Choose a photo", close: "Close", drawing: "(figure)",
  cohorts: "Saved searches", cohortsNone: "Nothing saved yet. Save a search, and open it later: the same conditions, what the bank has then.", save: "Save this search", name: "Name", share: "Share with research staff", shared: "shared", private: "private", by: (who) => `shared by ${who}`, open: "Open", rename: "Rename", unshare: "Stop sharing", doShare: "Share", update: "Change to the present conditions", forget: "Delete", forgetSure: (name) => `Delete “${name}”?`, keep: "Save", cancel: "Cancel", link: "Copy link", linked: "Link copied", opened: (name) => `Saved search: ${name}`, cohortGone: "There is no such saved search, or it is not shared with you.",
};

export const bank = computed(() => (language.value === "zh" ? zh : en));
