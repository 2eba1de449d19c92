// What is said where a pupil speaks in a lecture; Chinese first.
import { computed } from "@preact/signals";
import type { HandPlace } from "./protocol";
import { language } from "./words";

const zh = {
  asked: "老师请你用语音说", ring: "老师请你发言", everybody: "点“开始说”后，课堂里的人都能听到你的声音，最长两分钟。", becomes: { no: "", heard: "回放和视频里没有你的声音。", kept: "家长同意过，回放和视频里会有你的声音，没有名字。" } as Record<HandPlace["by_voice"], string>,
  yes: "开始说", rather: "我写字", opening: "正在打开话筒…", noMic: "话筒用不了：在浏览器里允许使用麦克风再试，或者写下来。",
  speaking: "你正在说话，大家都能听到", left: (time: string) => `还可以说 ${time}`, done: "说完了", waiting: "网络不稳，你的话会晚一点到。", held: "话筒被电话或别的程序占用了。", busy: "服务器正忙，马上接上。", otherPage: "你在另一个页面上说话，或者那个页面已经关了。", over: "你的发言结束了，谢谢！想再说可以再举手。",
  somebody: "一位同学正在说话", askedOne: (name: string) => `正在等${name}答应…`, speaksOne: (name: string) => `${name}正在说话`, aPupil: "这位同学",
  ask: "请用语音说", heardEnough: "听完了", cut: "切断", cutMore: "切断后还要…", cutMute: "切断并禁言", cutRemove: "切断并移出课堂", noWait: "不等了",
  lectures: "名师直播",
  films: "名师直播课的视频", filmsMore: "对本校开放过、已经可以看回放的课，整场视频可以下载到学校用。", noFilms: "还没有可以下载的视频", filmsOlder: "只列出最近的 30 场。", filmOf: (teacher: string, when: string) => `${teacher} · ${when}`, filmMinutes: (n: number) => `${n} 分钟`, filmsWrong: "视频列表暂时打不开。",
  schoolTitle: "直播课里用语音发言", schoolMore: "名师直播课里举手的学生，老师可以请他用语音说，全课堂当场听到。打开后，只有家长同意“在直播课里发言”的学生可以；学生自己还要在手机上点同意。没打开时只能用文字。", schoolOn: "本校学生可以用语音发言",
};

type Words = typeof zh;

const en: Words = {
  asked: "The lecturer asks you to speak", ring: "You are asked to speak", everybody: "After “Speak” everybody in the room hears you, for two minutes at most.", becomes: { no: "", heard: "Your voice is not in the replay or the video.", kept: "As your guardian agreed, your voice is in the replay and the video, without a name." },
  yes: "Speak", rather: "I'd rather write", opening: "Opening the microphone…", noMic: "No microphone: allow it in your browser and try again, or write.",
  speaking: "You are speaking; everybody hears you", left: (time) => `${time} left`, done: "Done", waiting: "The network is unsteady; you are heard a little later.", held: "A call or another program holds the microphone.", busy: "The server is busy; it goes on in a moment.", otherPage: "You are speaking on another page, or that page was closed.", over: "Your turn is over, thank you! Raise your hand to speak again.",
  somebody: "A pupil is speaking", askedOne: (name) => `Waiting for ${name}…`, speaksOne: (name) => `${name} is speaking`, aPupil: "this pupil",
  ask: "Ask by voice", heardEnough: "Heard", cut: "Cut off", cutMore: "Cut off, and…", cutMute: "Cut off and mute", cutRemove: "Cut off and remove", noWait: "Don't wait",
  lectures: "Lectures",
  films: "Videos of lectures", filmsMore: "Lectures that were open for this school and can be watched again; each is one video to download.", noFilms: "No video to download yet", filmsOlder: "The last 30 are listed.", filmOf: (teacher, when) => `${teacher} · ${when}`, filmMinutes: (n) => `${n} min`, filmsWrong: "The list of videos can't be opened just now.",
  schoolTitle: "Speaking in lectures", schoolMore: "A lecturer may ask a pupil with a raised hand to speak; everybody in the room hears it. When this is on, pupils whose guardians agreed to “Speak in lectures” may, after they have said yes on their phone. When it is off, they write.", schoolOn: "Pupils of this school may speak",
};

export const floorSay = computed<Words>(() => (language.value === "en" ? en : zh));
