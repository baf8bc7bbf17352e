/** The labelling guideline: what is boxed, what is typed, and which category it is. */
import { speaker } from "../../i18n/catalogue";

const en = {
  heading: "Guideline",
  lead: "The machine has read each drawing before you see it. Look at every box: put right what is wrong, and add what is missing.",
  "box.heading": "The box",
  "box.line":
    "One box a line of text. A dimension with its tolerance is one line; stacked tolerances (+0.2 over 0) are two boxes.",
  "box.tight":
    "Tight around the ink, with the whole sign inside: also ⌀ and °, and the frame's text but not the frame.",
  "box.turn":
    "Turned as the text is turned. The red side is where the text has its top: from it the text is read from left to right.",
  "box.none": "No box around lines, arrows, hatching or a logo without text.",
  "text.heading": "The text",
  "text.exact": "Type what stands there, letter by letter: no correction, no translation, no unit added.",
  "text.signs":
    "Signs have one spelling: ⌀ for every diameter sign, × for every product, ° ± ⌴ ⌵ ↧ □. Type \\dia, \\pm, \\deg and so on, or use the palette.",
  "text.frames": "A tolerance frame is one line, its cells apart by one space: ⌖ ⌀0.1 A B.",
  "text.unreadable": "What nobody can read is ###: training leaves it out. Do not guess.",
  "category.heading": "The category",
  "category.text": "Text",
  "category.text.what":
    "Notes, names of views, zone marks, part numbers in balloons: everything that is none of the others.",
  "category.dimension": "Dimension",
  "category.dimension.what":
    "Lengths, diameters, radii, angles, threads, fits, chamfers, counts of holes, and their tolerances.",
  "category.symbol": "Symbol",
  "category.symbol.what": "Tolerance frames, datum letters, surface roughness, welding symbols.",
  "category.table": "Table",
  "category.table.what": "Every cell of a parts list, a revision table or a hole table: one box a line of a cell.",
  "category.title_block": "Title block",
  "category.title_block.what": "What stands in the title block: names, dates, material, scale, general tolerances.",
  unreadable: "Unreadable",
  "unreadable.what": "One sees that there is text, and not which.",
  "skip.heading": "Skipping",
  "skip.what":
    "A picture that is no drawing, is cut off or cannot be read at all is skipped with a reason. That is an answer too.",
  typed: "typed: {text}",
  picture: "A box around {text} on a drawing",
} as const;

type Message = keyof typeof en;

const zh: Readonly<Record<Message, string>> = {
  heading: "标注规范",
  lead: "您看到图纸之前，机器已经读过一遍。请逐框检查：错的改正，漏的补上。",
  "box.heading": "标注框",
  "box.line": "一行文字一个框。尺寸连同其公差算一行；上下叠放的偏差（+0.2 在 0 之上）分成两个框。",
  "box.tight": "框要紧贴笔迹，并包含完整的符号：包括 ⌀ 和 °；框格中只框文字，不框格线。",
  "box.turn": "框随文字方向旋转。红色边是文字的顶边：从它看，文字从左向右读。",
  "box.none": "图线、箭头、剖面线和没有文字的标志不加框。",
  "text.heading": "文字内容",
  "text.exact": "逐字照录：不改错，不翻译，不补单位。",
  "text.signs":
    "符号写法统一：直径一律用 ⌀，乘号一律用 ×，以及 ° ± ⌴ ⌵ ↧ □。可输入 \\dia、\\pm、\\deg 等，或使用符号面板。",
  "text.frames": "公差框格算一行，各格之间空一格：⌖ ⌀0.1 A B。",
  "text.unreadable": "谁也认不出的文字标为 ###，训练时会跳过。请不要猜。",
  "category.heading": "类别",
  "category.text": "文字",
  "category.text.what": "技术要求、视图名称、图幅分区字母、序号等，凡不属于其他类别的都归此类。",
  "category.dimension": "尺寸",
  "category.dimension.what": "长度、直径、半径、角度、螺纹、配合、倒角、孔数以及它们的公差。",
  "category.symbol": "符号",
  "category.symbol.what": "形位公差框格、基准字母、表面粗糙度、焊接符号。",
  "category.table": "表格",
  "category.table.what": "明细表、更改栏、孔表中的每一格：格内一行一个框。",
  "category.title_block": "标题栏",
  "category.title_block.what": "标题栏中的内容：名称、日期、材料、比例、未注公差。",
  unreadable: "无法辨认",
  "unreadable.what": "看得出有文字，却认不出是什么。",
  "skip.heading": "跳过",
  "skip.what": "不是图纸、残缺不全或完全无法辨认的图片，请注明原因后跳过。这也是一种答案。",
  typed: "录入：{text}",
  picture: "图纸上 {text} 的标注框",
};

export const say = speaker<Message>({ en, zh });
