// What the page says of quotas of teaching research, Chinese first.
import { computed } from "@preact/signals";
import type { TeachingWork } from "./protocol";
import { language } from "./words";

const zh = {
  more: "示范课、培训、听评课，按季度记。季度结束两周后截止，截止后谁也不能改；改过的内容都留着。", quarter: "季度", quarterOf: (quarter: string) => `${quarter.slice(0, 4)} 年第${["一", "二", "三", "四"][Number(quarter.slice(6)) - 1]}季度`, csv: "导出 CSV", closed: "这个季度已经截止，只能看。", nobody: "还没有教研员",
  kinds: { demonstration: "示范课", training: "培训", observed: "听评课" } as Record<TeachingWork, string>, kind: "类别", target: "应完成", noted: "已记", byItself: "自动计入", total: "合计", none: "—", done: "完成", missing: (n: number) => `还差 ${n}`, tableOf: (name: string) => `${name}的任务`,
  entries: "记下的", note: "记一次", edit: "修改", strike: "划掉", struck: (when: string) => `${when} 划掉，不计`, before: (n: number) => `改过 ${n} 次`, day: "日期", what: "做了什么", save: "保存", set: "定任务", setOf: (name: string, kind: string) => `${name}：${kind}应完成`, lectures: "讲完的名师课自动计入", lessons: "发布的微课自动计入",
};

type Words = typeof zh;

const en: Words = {
  more: "Demonstration lessons, trainings and lessons observed, by quarter. A quarter closes two weeks after its end, and nobody changes it then; what was changed is kept.", quarter: "Quarter", quarterOf: (quarter) => quarter.replace("-", " "), csv: "Export CSV", closed: "This quarter is closed and can only be read.", nobody: "No research staff yet",
  kinds: { demonstration: "Demonstration lessons", training: "Trainings", observed: "Lessons observed" }, kind: "Kind", target: "Owed", noted: "Noted", byItself: "By itself", total: "In all", none: "—", done: "done", missing: (n) => `${n} to go`, tableOf: (name) => `What ${name} owes`,
  entries: "What was noted", note: "Note one", edit: "Change", strike: "Strike", struck: (when) => `Struck ${when}, counts no more`, before: (n) => `changed ${n} ${n === 1 ? "time" : "times"}`, day: "Day", what: "What it was", save: "Save", set: "Set", setOf: (name, kind) => `${name}: ${kind} owed`, lectures: "Lectures held count by themselves", lessons: "Micro-lessons published count by themselves",
};

export const quotaSay = computed<Words>(() => (language.value === "en" ? en : zh));
