// What the library of micro-lessons says, Chinese first.
import { computed } from "@preact/signals";
import { language } from "./words";

const zh = {
  title: "微课", back: "提问", more: "三五分钟讲清一个知识点", search: "标题、知识点或老师", anyBook: "全部课本", anyChapter: "全部章节", anySeries: "全部系列", anyStage: "全部学段", stages: { primary: "小学", junior: "初中", senior: "高中" } as Record<string, string>, book: "课本", chapter: "章节", series: "系列",
  none: "没有找到微课", noneMore: "换个条件试试。", later: "再看一些", seen: (percent: number) => (percent >= 90 ? "看完了" : `看到 ${percent}%`), quizzed: (n: number) => `${n} 道小题`, all: "全部微课", gone: "找不到这节微课", goneMore: "它可能已经下架了。",
  quiz: "看完试一试", check: "看看对不对", score: (right: number, of: number) => `答对 ${right} / ${of}`, chooseAll: "每题选一个。", again: "再做一遍", ofSeries: (name: string) => `系列：${name}`, isRight: "正确", chosen: "你选的",
  takeDown: "下架", takenDown: "已下架，学生看不到了。", putBack: "恢复", broken: "视频放不出来", brokenMore: "检查网络后再试一次。", retry: "再试一次",
  figures: "观看统计", figuresMore: "不到 5 人看过的不显示数字。", pupils: "人数", minutes: "分钟", whole: "看完", quizRight: "小题一次做对", lesson: "微课", few: "少于 5 人", noFigures: "还没有微课",
};

type Words = typeof zh;

const en: Words = {
  title: "Short lessons", back: "Ask", more: "One point in a few minutes", search: "Title, topic or teacher", anyBook: "All textbooks", anyChapter: "All chapters", anySeries: "All series", anyStage: "All stages", stages: { primary: "Primary", junior: "Junior", senior: "Senior" }, book: "Textbook", chapter: "Chapter", series: "Series",
  none: "No lesson found", noneMore: "Try other filters.", later: "More lessons", seen: (percent) => (percent >= 90 ? "Watched" : `${percent}% watched`), quizzed: (n) => `${n} ${n === 1 ? "question" : "questions"}`, all: "All lessons", gone: "There is no such lesson", goneMore: "It may have been taken down.",
  quiz: "Try it yourself", check: "Check", score: (right, of) => `${right} of ${of} right`, chooseAll: "Choose one for each question.", again: "Once more", ofSeries: (name) => `Series: ${name}`, isRight: "right", chosen: "yours",
  takeDown: "Take down", takenDown: "Taken down; pupils don't see it any more.", putBack: "Put back", broken: "The video does not play", brokenMore: "Check the network, then try again.", retry: "Try again",
  figures: "How lessons are watched", figuresMore: "Fewer than 5 pupils: no figures.", pupils: "Pupils", minutes: "Minutes", whole: "To the end", quizRight: "Quiz, first go", lesson: "Lesson", few: "fewer than 5", noFigures: "No lessons yet",
};

export const librarySay = computed<Words>(() => (language.value === "en" ? en : zh));
