/** What a reviewer reads. */
import { speaker } from "../i18n/catalogue";

const en = {
  heading: "What people say",
  summary: "{settled} of {n} difference decided|{settled} of {n} differences decided",
  none: "Everybody says the same about this drawing.",
  version: "Version {name}",
  nothing: "saw nothing here",
  unreadable: "unreadable",
  take: "Take",
  leave_out: "Nothing stands here",
  previous: "Previous difference",
  next: "Next difference",
  result: "Result",
  decided: "decided",
  picture: "The place on the drawing with this version's box",
  skipped: "skipped: {reason}",
  "about.missing": "not everybody saw it",
  "about.text": "text",
  "about.category": "category",
  "about.place": "box",
  "about.unsure": "unsure",
  "category.text": "text",
  "category.dimension": "dimension",
  "category.symbol": "symbol",
  "category.table": "table",
  "category.title_block": "title block",
  help: "Alt and a version's letter takes it, Alt X says that nothing stands there, Alt ↓ and Alt ↑ go to the next and the previous difference. Every text and box can also be edited as usual.",
} as const;

type Message = keyof typeof en;

const zh: Readonly<Record<Message, string>> = {
  heading: "各人的标注",
  summary: "{n} 处分歧中已裁定 {settled} 处",
  none: "各人对这张图纸的标注完全一致。",
  version: "版本 {name}",
  nothing: "此处未标注",
  unreadable: "无法辨认",
  take: "采用",
  leave_out: "此处没有文字",
  previous: "上一处分歧",
  next: "下一处分歧",
  result: "结果",
  decided: "已裁定",
  picture: "图纸上此处及该版本的标注框",
  skipped: "已跳过：{reason}",
  "about.missing": "有人未标注",
  "about.text": "文字不同",
  "about.category": "类别不同",
  "about.place": "位置不同",
  "about.unsure": "不确定",
  "category.text": "文字",
  "category.dimension": "尺寸",
  "category.symbol": "符号",
  "category.table": "表格",
  "category.title_block": "标题栏",
  help: "Alt 加版本字母采用该版本，Alt X 表示此处没有文字，Alt ↓ 和 Alt ↑ 前往下一处和上一处分歧。文字和框也可照常编辑。",
};

export const say = speaker<Message>({ en, zh });
export type ReviewMessage = Message;
