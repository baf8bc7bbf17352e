"""Words and phrases of engineering sheets in English, German, Chinese and Japanese, written for this project.

General text is split in two by `is_held_out`: what synthesis draws and training sees, and what the frozen regression
set is made of. The two never share a text, so a regression score is about text never trained on.
"""

import zlib
from typing import Literal

Language = Literal["english", "german", "chinese", "japanese"]

# One text in three is kept for the regression set.
_HELD_OUT_SHARE = 3


def is_held_out(text: str) -> bool:
    """Whether a general text belongs to the regression set and may never be drawn for training."""
    return zlib.crc32(text.casefold().encode()) % _HELD_OUT_SHARE == 0


_ENGLISH_NOTES = (
    "Break all sharp edges",
    "Remove all burrs",
    "Do not scale drawing",
    "All dimensions in millimetres",
    "Unless otherwise specified",
    "Surface finish as indicated",
    "Heat treatment after machining",
    "Quench and temper to 32 HRC",
    "Third angle projection",
    "First angle projection",
    "General tolerances ISO 2768-mK",
    "Deburr and clean before assembly",
    "Paint with primer grey",
    "Zinc plated 8 microns",
    "Black oxide finish",
    "Clear anodised",
    "Hard anodised 25 microns",
    "Weld all around",
    "Inspect every first part",
    "Mark part number here",
    "Apply thread locker",
    "Lubricate before mounting",
    "Tighten crosswise",
    "Torque to 25 Nm",
    "Keep this face free of paint",
    "Machine both ends in one setting",
    "Dimensions apply before coating",
    "Dimensions apply after plating",
    "Drilled together with cover",
    "Press fit after cooling",
    "No cracks allowed",
    "Minimum wall thickness 3 mm",
    "Unspecified radii 2 mm",
    "Cast surface unmachined",
    "Draft angle two degrees",
    "Stress relieved after welding",
    "Balance after assembly",
    "Leak test with air at 6 bar",
    "Protect threads during coating",
    "Centre holes permitted",
    "Grind parallel within limits",
    "Part must be free from rust",
    "Pack in oiled paper",
)
_ENGLISH_TERMS = (
    "Prototype only",
    "Released for production",
    "Replaces drawing of last year",
    "Created by the design office",
    "Checked by quality department",
    "Approved by chief engineer",
    "Supplied by customer",
    "Main bearing housing",
    "Left hand thread",
    "Upper clamping plate",
    "Output shaft with keyway",
    "Hydraulic cylinder head",
    "Spring retaining ring",
    "Coupling half with flange",
    "Guide rail for carriage",
    "Motor mounting bracket",
    "Adjusting screw with spindle",
    "Quantity per machine",
    "Spare parts catalogue",
    "Bill of materials",
    "Revision history",
    "Change description",
    "Customer order number",
    "Weight without packing",
    "Detail drawing of lever",
    "Assembly instructions",
    "Section through housing",
    "Enlarged detail of groove",
    "View from below",
    "Flow direction",
    "Ground terminal",
    "Cooling water inlet",
    "Oil drain plug",
    "Maximum working pressure",
    "Rated speed 1450 rpm",
    "Operating temperature",
    "Safety guard required",
)

_GERMAN_NOTES = (
    "Alle Kanten gratfrei",
    "Werkstückkanten nach ISO 13715",
    "Allgemeintoleranzen ISO 2768-mK",
    "Maßstab beachten",
    "Oberfläche geschliffen",
    "Nicht bemaßte Radien R2",
    "Freistich nach DIN 509",
    "Zentrierbohrung erlaubt",
    "Gehärtet und angelassen",
    "Einsatzgehärtet auf 58 HRC",
    "Verzinkt und passiviert",
    "Schwarz brüniert",
    "Nach dem Schweißen spannungsarm glühen",
    "Vor dem Zusammenbau reinigen",
    "Gewinde vor Lack schützen",
    "Stückliste siehe Blatt 2",
    "Rohteil geschmiedet",
    "Druckfeder nach Muster",
    "Passung nur bei Montage prüfen",
    "Drehrichtung beachten",
    "Schutzhaube erforderlich",
)
_GERMAN_TERMS = (
    "Geprüft und freigegeben",
    "Gezeichnet von",
    "Werkstoff und Halbzeug",
    "Ersatz für alte Zeichnung",
    "Ursprung der Änderung",
    "Benennung des Bauteils",
    "Zeichnungsnummer",
    "Lagergehäuse mit Deckel",
    "Abtriebswelle mit Passfeder",
    "Flansch für Kupplung",
    "Führungsleiste links",
    "Spannhebel komplett",
    "Befestigungswinkel für Motor",
    "Distanzhülse aus Messing",
    "Bohrplatte gehärtet",
    "Gewicht ohne Verpackung",
    "Schnitt durch Gehäuse",
    "Einzelheit vergrößert",
    "Ansicht von unten",
    "Kühlwasser Eintritt",
    "Zulässiger Betriebsdruck",
)

_CHINESE_NOTES = (
    "未注倒角均为C1",
    "锐边倒钝去除毛刺",
    "未注圆角半径为R2",
    "未注公差按国家标准执行",
    "表面不得有划伤裂纹等缺陷",
    "热处理后硬度为四十五度",
    "调质处理",
    "渗碳淬火",
    "表面发黑处理",
    "镀锌钝化",
    "阳极氧化本色",
    "喷漆前清理表面",
    "铸件不得有气孔和缩孔",
    "焊缝应均匀平整",
    "装配前清洗干净",
    "加工后去应力退火",
    "所有尺寸单位为毫米",
    "其余表面粗糙度按标注",
    "零件应进行时效处理",
    "试验合格后包装入库",
    "运输途中注意防潮",
    "螺纹部分涂防锈油",
    "与箱体配钻铰孔",
    "两端面平行且与轴线垂直",
    "孔口倒角去毛刺",
    "工件表面磨削加工",
)
_CHINESE_TERMS = (
    "技术要求",
    "齿轮箱体",
    "轴承端盖",
    "输出轴",
    "联轴器法兰",
    "导向套筒",
    "支撑底座",
    "连接板",
    "固定支架",
    "压紧螺母",
    "定位销轴",
    "油缸活塞杆",
    "弹簧挡圈",
    "滑块导轨",
    "电机安装座",
    "皮带轮",
    "凸轮机构",
    "夹具体",
    "调节螺杆",
    "密封垫片",
    "传动主轴",
    "图样标记",
    "设计审核",
    "工艺批准",
    "标准化检查",
    "材料牌号",
    "零件名称",
    "图纸编号",
    "单件重量",
    "比例数量",
    "共三张第一张",
    "旧底图总号",
    "更改文件号",
    "签名日期",
    "借用件登记",
    "机械制造有限公司",
    "精密仪器研究所",
    "第一角投影",
    "剖面放大图",
    "局部视图",
    "旋转方向",
    "冷却水入口",
    "最大工作压力",
    "额定转速",
    "操作温度范围",
    "安全防护罩",
)

_JAPANESE_NOTES = (
    "指示なき角部は糸面取りのこと",
    "バリなきこと",
    "指示なき寸法公差は普通公差による",
    "鋭利な角は丸めること",
    "表面に傷や打痕なきこと",
    "熱処理後に研磨すること",
    "焼入れ焼戻し処理",
    "黒色酸化処理を施すこと",
    "三価クロメート処理",
    "ねじ部に塗装しないこと",
    "溶接後に応力除去を行うこと",
    "組立前に洗浄すること",
    "寸法は全てミリメートルとする",
    "めっき後の寸法とする",
    "指示なき隅部は半径二ミリ以下",
    "防錆油を塗布すること",
    "相手部品と現物合わせのこと",
    "センタ穴は残してもよい",
)
_JAPANESE_TERMS = (
    "断面図",
    "部分拡大図",
    "組立図",
    "部品表",
    "軸受カバー",
    "モータ取付板",
    "ガイドレール",
    "スペーサ",
    "シリンダヘッド",
    "ピストンロッド",
    "調整ねじ",
    "固定ブラケット",
    "油圧ホース",
    "歯車ケース",
    "最大使用圧力",
    "回転方向",
    "冷却水入口",
    "設計変更通知",
    "第三角法",
    "承認待ち",
)

# What is printed as a numbered note.
NOTES: dict[Language, tuple[str, ...]] = {
    "english": _ENGLISH_NOTES,
    "german": _GERMAN_NOTES,
    "chinese": _CHINESE_NOTES,
    "japanese": _JAPANESE_NOTES,
}
_TERMS: dict[Language, tuple[str, ...]] = {
    "english": _ENGLISH_TERMS,
    "german": _GERMAN_TERMS,
    "chinese": _CHINESE_TERMS,
    "japanese": _JAPANESE_TERMS,
}


def phrases(language: Language, *, held_out: bool = False) -> tuple[str, ...]:
    """The phrases that sheets and training lines may show, or those kept for the regression set."""
    return tuple(phrase for phrase in NOTES[language] + _TERMS[language] if is_held_out(phrase) == held_out)


CHANGES: dict[Language, tuple[str, ...]] = {
    "english": ("First issue", "Tolerance changed", "Hole added", "Material changed", "Radius corrected", "Note added"),
    "german": ("Erstausgabe", "Toleranz geändert", "Bohrung ergänzt", "Werkstoff geändert", "Radius korrigiert"),
    "chinese": ("首次发布", "公差修改", "增加孔", "材料变更", "圆角修改", "增加说明"),
    "japanese": ("初版", "公差変更", "穴追加", "材質変更", "寸法訂正", "注記追加"),
}

# Column of a language in the tables below.
COLUMN: dict[Language, int] = {"english": 0, "german": 1, "chinese": 2, "japanese": 3}

# Title-block captions in the four languages.
CAPTIONS: dict[str, tuple[str, str, str, str]] = {
    "title": ("Title", "Benennung", "名称", "名称"),
    "number": ("Drawing No.", "Zeichnungs-Nr.", "图号", "図番"),
    "material": ("Material", "Werkstoff", "材料", "材質"),
    "scale": ("Scale", "Maßstab", "比例", "尺度"),
    "weight": ("Weight", "Gewicht", "重量", "質量"),
    "sheet": ("Sheet", "Blatt", "张次", "葉番"),
    "date": ("Date", "Datum", "日期", "日付"),
    "drawn": ("Drawn", "Gezeichnet", "设计", "製図"),
    "checked": ("Checked", "Geprüft", "审核", "検図"),
    "approved": ("Approved", "Freigabe", "批准", "承認"),
    "revision": ("Rev.", "Index", "版本", "改訂"),
    "tolerance": ("General tolerances", "Allgemeintoleranzen", "未注公差", "普通公差"),
    "finish": ("Surface finish", "Oberfläche", "表面粗糙度", "表面性状"),
    "quantity": ("Qty", "Stück", "数量", "個数"),
    "description": ("Description", "Beschreibung", "更改内容", "変更内容"),
    "item": ("Item", "Pos.", "序号", "番号"),
    "remark": ("Remark", "Bemerkung", "备注", "備考"),
    "company": ("Company", "Firma", "单位", "会社名"),
    "treatment": ("Surface treatment", "Oberflächenbehandlung", "表面处理", "表面処理"),
    "dimension": ("Dimension", "Nennmaß", "基本尺寸", "寸法"),
    "deviation": ("Tolerance", "Abmaß", "公差", "公差"),
    "format": ("Size", "Format", "图幅", "用紙"),
}

PART_NAMES: tuple[tuple[str, str, str, str], ...] = (
    ("BEARING COVER", "LAGERDECKEL", "轴承盖", "軸受カバー"),
    ("FLANGE", "FLANSCH", "法兰盘", "フランジ"),
    ("STEPPED SHAFT", "STUFENWELLE", "阶梯轴", "段付き軸"),
    ("MOUNTING PLATE", "MONTAGEPLATTE", "安装板", "取付板"),
    ("ANGLE BRACKET", "WINKEL", "角支架", "アングル"),
    ("SPACER RING", "DISTANZRING", "隔套", "スペーサ"),
    ("VALVE BODY", "VENTILGEHÄUSE", "阀体", "弁箱"),
    ("PISTON", "KOLBEN", "活塞", "ピストン"),
    ("CLAMP", "KLEMMSTÜCK", "压板", "押え金"),
    ("GUIDE BUSH", "FÜHRUNGSBUCHSE", "导套", "ガイドブシュ"),
    ("PULLEY", "RIEMENSCHEIBE", "带轮", "プーリ"),
    ("LEVER", "HEBEL", "杠杆", "レバー"),
    ("BASE PLATE", "GRUNDPLATTE", "底板", "ベースプレート"),
    ("COUPLING HUB", "KUPPLUNGSNABE", "联轴器", "ハブ"),
    ("ADAPTER", "ADAPTER", "过渡接头", "アダプタ"),
)

MATERIALS = (
    "S235JR", "C45E", "42CrMo4", "EN AW-6082", "X5CrNi18-10", "CuZn39Pb3", "POM-C", "AISI 304", "AISI 4140",
    "AL 6061-T6", "A36", "Q235A", "45", "40Cr", "HT200", "2A12", "GCr15", "SUS304", "S45C", "PA6", "QT450-10",
)  # fmt: skip

NAMES = (
    "J. Miller", "A. Brown", "K. Weber", "M. Schulz", "L. Novak", "S. Rossi", "T. Berg", "P. Wagner", "R. Kaya",
    "王伟", "李强", "张敏", "陈静", "刘洋", "赵磊", "周涛", "吴琳",
)  # fmt: skip

COMPANIES = (
    "Nordwerk Maschinenbau GmbH", "Hillside Tool Works", "Riverside Precision Ltd", "Falkenstein Antriebe",
    "Delta Motion Inc.", "东方机械厂", "江南精密机械有限公司", "华北重工集团", "启明自动化设备厂",
)  # fmt: skip

TREATMENTS = (
    "Anodised 15 µm", "Zinc plated", "Black oxide", "Nickel plated", "Powder coated RAL 7035", "Passivated",
    "Eloxiert natur",
    "发黑", "镀锌", "阳极氧化", "黒染め", "アルマイト", "Phosphated", "Hard chrome 20 µm", "None",
)  # fmt: skip

ENGLISH_WORDS = (
    "section", "scale", "material", "drawing", "number", "surface", "finish", "tolerance", "deburr", "sharp", "edges",
    "sheet", "revision", "approved", "weight", "angle", "projection", "hardness", "break", "part", "list", "quantity",
    "checked", "date", "title", "radius", "chamfer", "thread", "hole", "depth", "view", "detail", "assembly", "bolt",
    "nut", "washer", "plate", "shaft", "flange", "bearing", "housing", "cover", "steel", "aluminium", "brass",
    "rubber", "paint", "zinc", "plated", "heat", "treated", "notes", "typical", "reference", "datum", "counterbore",
    "equally", "spaced", "through", "slot", "groove", "keyway", "undercut",
)  # fmt: skip
