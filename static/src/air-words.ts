// The words of a lecture's sound: the microphone, what is heard, the replay.
import { computed } from "@preact/signals";
import { language } from "./words";

const zh = {
  mic: "话筒", speaking: "话筒开着", silent: "话筒静音", muteIt: "静音", unmuteIt: "取消静音", turnOn: "打开话筒", off: "话筒没开",
  refused: "用不了话筒：请在浏览器里允许使用麦克风，再点“打开话筒”。同学们还能看白板。", unplugged: "麦克风断开了，插好后会自动接上。白板不受影响。", held: "麦克风被别的程序或电话占用，用完会自动接上。", busy: "服务器正忙，声音稍后自动接上。", waiting: "网络不稳，你说的话正在补传，不会丢。", notKept: "声音同学们听得到，但回放暂时存不下来，请告诉管理员。",
  check: "开讲前检查", checkMic: "检查话筒", testing: "说一句话试试", loud: "声音正常", quiet: "听不到声音：说句话，或换一个麦克风", noMic: "没有可用的话筒", network: "网络", trip: (ms: number) => `来回 ${ms} 毫秒`, good: "很好", slow: "有点慢，声音会晚一些到", bad: "太慢了，请换一个网络", noNetwork: "连不上服务器", again: "再测一次",
  listen: "点一下听声音", listenMore: "浏览器要你点一下才放声音。", nobody: "老师的话筒还没开", muted: "老师静音了", missing: "声音断了，正在自动恢复…", hears: "声音正常",
  replay: "看回放", replays: "课程回放", replayOf: (title: string) => `回放：${title}`, kept: (when: string) => `保留到 ${when}`, views: (n: number) => `${n} 人看过`, loading: "正在打开回放…", noReplay: "没有这个回放", noReplays: "没有合适的回放", noSound: "这场课没有录到声音，可以看板书。", soundWrong: "声音放不出来，可以先看板书。", reload: "再试一次", hideReplay: "收起回放", showReplay: "放出回放", hiddenReplay: "同学们现在看不到这个回放。", lostHere: (n: number, at: string) => `${at} 有 ${n} 人没听懂`,
  timeLine: "直播时间轴", back10: "后退 10 秒", minus10: "−10 秒", fromStart: "从头看", toLive: "回到直播", atLive: "正在看直播", behind: (time: string) => `比直播晚 ${time}`, stillLive: "你在回看。聊天、提问、举手和投票还是直播里的。", rewinding: "正在回看…", noRewind: "暂时回看不了，正在重试…", rewound: "回看的板书",
  stoppedAt: (time: string) => `上次看到 ${time}`, goOn: "接着看", asFilm: "看视频", asInk: "看板书回放", filmMade: "整场视频", filmFailed: "整场视频没有做成，板书回放不受影响。", makeAgain: "重新制作", download: (mb: string) => `下载视频（${mb} MB）`,
  takeAway: "导出整场课（ZIP）",
  findIn: "在这场课里找：板书、课件、字幕", hits: (n: number, more: boolean) => (n === 0 ? "没有找到" : `找到 ${n}${more ? " 多" : ""} 处`), hitKinds: { page: "课件", board: "板书", caption: "字幕" },
  captions: "字幕", noCaptions: "还没有字幕", captionSources: { brought: "老师上传", heard: "语音识别" }, captionStates: { shown: "同学们能看到", waiting: "等待审核或还在识别", refused: "审核没有通过" }, bringVtt: "上传字幕（VTT）", saveVtt: "下载字幕", dropCaptions: "删掉字幕", showCaptions: "放出字幕", refuseCaptions: "收起字幕", vttTooLarge: "字幕文件最大 1 MB。", cuesBrought: (n: number) => `有 ${n} 条字幕`,
};

type Words = typeof zh;

const en: Words = {
  mic: "Microphone", speaking: "Microphone on", silent: "Muted", muteIt: "Mute", unmuteIt: "Unmute", turnOn: "Microphone on", off: "Microphone off",
  refused: "No microphone: allow it in your browser, then press “Microphone on”. Pupils still see the board.", unplugged: "The microphone was unplugged; it goes on by itself once it is back. The board goes on.", held: "Another program or a call holds the microphone; it goes on by itself.", busy: "The server is busy; sound goes on by itself in a moment.", waiting: "The network is unsteady; what you said is on its way and not lost.", notKept: "Pupils hear you, but the recording can't be stored just now; please tell the administrator.",
  check: "Before you begin", checkMic: "Check the microphone", testing: "Say something", loud: "You are heard", quiet: "Nothing is heard: say something, or choose another microphone", noMic: "There is no microphone", network: "Network", trip: (ms) => `${ms} ms there and back`, good: "good", slow: "a little slow: sound comes later", bad: "too slow: please use another network", noNetwork: "the server can't be reached", again: "Again",
  listen: "Tap to listen", listenMore: "The browser wants a tap before it plays sound.", nobody: "The lecturer's microphone is off", muted: "The lecturer has muted the microphone", missing: "The sound is missing; it comes back by itself…", hears: "Sound on",
  replay: "Replay", replays: "Replays", replayOf: (title) => `Replay: ${title}`, kept: (when) => `Kept until ${when}`, views: (n) => `Watched by ${n}`, loading: "Opening the replay…", noReplay: "There is no such replay", noReplays: "No replay fits", noSound: "No sound was recorded; the board is here.", soundWrong: "The sound can't be played; the board is here.", reload: "Try again", hideReplay: "Hide the replay", showReplay: "Show the replay", hiddenReplay: "Pupils can't see this replay just now.", lostHere: (n, at) => `${n} were lost at ${at}`,
  timeLine: "Time line", back10: "Back 10 s", minus10: "−10 s", fromStart: "Start", toLive: "Go live", atLive: "Live", behind: (time) => `${time} behind live`, stillLive: "You stepped back. Chat, questions, hands and polls are those of the live room.", rewinding: "Stepping back…", noRewind: "Stepping back does not work just now; trying again…", rewound: "The board, stepped back",
  stoppedAt: (time) => `You stopped at ${time}`, goOn: "Go on there", asFilm: "As a video", asInk: "As board and sound", filmMade: "The whole video", filmFailed: "The video could not be made; board and sound are here.", makeAgain: "Make it again", download: (mb) => `Download (${mb} MB)`,
  takeAway: "Export it all (ZIP)",
  findIn: "Find in this lecture: pages, board, captions", hits: (n, more) => (n === 0 ? "Nothing found" : `${n}${more ? " and more" : ""} found`), hitKinds: { page: "page", board: "board", caption: "caption" },
  captions: "Captions", noCaptions: "none yet", captionSources: { brought: "brought by the lecturer", heard: "by speech recognition" }, captionStates: { shown: "pupils see them", waiting: "waiting for a look, or still heard", refused: "taken away by a reviewer" }, bringVtt: "Bring captions (VTT)", saveVtt: "Save captions", dropCaptions: "Remove captions", showCaptions: "Show captions", refuseCaptions: "Hide captions", vttTooLarge: "A captions file has at most 1 MB.", cuesBrought: (n) => `${n} captions are there`,
};

export const airSay = computed<Words>(() => (language.value === "en" ? en : zh));
