"""General engineering text without drawing signs: what a reader of Chinese and Latin reads well before any training.

Sentences are put together from word lists, so there are many thousands; `vocabulary.is_held_out` says which of them the
regression set keeps for itself.
"""

from collections.abc import Callable
from random import Random

from drawing_ocr.synthesis.vocabulary import Language, is_held_out, phrases

_ENGLISH_ADJECTIVES = (
    "adjustable", "annealed", "bare", "bronze", "conical", "curved", "cylindrical", "double", "external", "fixed",
    "flat", "forged", "front", "galvanised", "heavy", "hollow", "horizontal", "inner", "internal", "lateral", "light",
    "locking", "lower", "machined", "movable", "narrow", "outer", "polished", "primary", "rear", "rigid", "rotary",
    "rough", "round", "secondary", "single", "sliding", "square", "stainless", "standard", "tapered", "threaded",
    "vertical", "welded",
)  # fmt: skip
_ENGLISH_NOUNS = (
    "actuator", "anchor", "axle", "ball", "beam", "bellows", "block", "bush", "cable", "cage", "cam", "carriage",
    "casing", "chain", "collar", "column", "cylinder", "disc", "dowel", "drum", "fan", "filter", "fitting", "fork",
    "frame", "gasket", "gauge", "gear", "grease nipple", "handle", "hinge", "hook", "hose", "impeller", "insert",
    "joint", "key", "knob", "lid", "link", "magnet", "manifold", "motor", "needle", "nozzle", "panel", "pedal", "pin",
    "pipe", "piston rod", "pivot", "pump", "rack", "ratchet", "rivet", "rod", "roller", "rotor", "sealing ring",
    "sensor", "sleeve", "spacer", "spindle", "spring", "stud", "support", "tank", "tube", "turbine", "valve", "wedge",
    "wheel", "wire", "yoke",
)  # fmt: skip
_ENGLISH_VERBS = (
    "Adjust", "Align", "Check", "Clean", "Clamp", "Fasten", "Fill", "Grease", "Inspect", "Insert", "Install", "Lock",
    "Loosen", "Measure", "Mount", "Paint", "Polish", "Press", "Remove", "Replace", "Seal", "Tighten", "Turn", "Weld",
)  # fmt: skip
_ENGLISH_ENDINGS = (
    "before use", "after mounting", "by hand", "from both sides", "as shown", "if required", "with care",
    "every month", "according to plan", "at room temperature", "without tools", "in the workshop", "during operation",
    "once a year",
)  # fmt: skip

_GERMAN_NOUNS = (
    "Achse", "Anschlag", "Antrieb", "Auflage", "Behälter", "Bolzen", "Buchse", "Deckel", "Dichtung", "Düse", "Feder",
    "Filter", "Gabel", "Gehäuse", "Gelenk", "Gewinde", "Griff", "Halter", "Hebel", "Hülse", "Kette", "Klemme",
    "Kolben", "Konsole", "Kugel", "Lager", "Leitung", "Magnet", "Motor", "Mutter", "Nabe", "Platte", "Pumpe", "Rad",
    "Rahmen", "Riegel", "Ring", "Rohr", "Rolle", "Scheibe", "Schelle", "Schieber", "Schiene", "Schlauch", "Schlitten",
    "Schraube", "Spindel", "Stange", "Stecker", "Stift", "Stütze", "Träger", "Ventil", "Welle", "Winkel", "Zahnrad",
    "Zapfen", "Zylinder",
)  # fmt: skip
_GERMAN_STATES = (
    "gehärtet", "geschliffen", "geschweißt", "gegossen", "gebohrt", "gereinigt", "gefettet", "verschraubt",
    "lackiert", "poliert", "vernickelt", "vormontiert", "geprüft", "gesichert", "gefräst", "gedreht", "vergütet",
    "entgratet",
)  # fmt: skip
_GERMAN_ACTIONS = (
    "anziehen", "ausrichten", "austauschen", "befestigen", "einbauen", "einölen", "einstellen", "fetten",
    "kontrollieren", "lösen", "messen", "montieren", "prüfen", "reinigen", "schützen", "sichern", "verkleben",
    "verstiften",
)  # fmt: skip

_CHINESE_ADJECTIVES = (
    "上", "下", "左", "右", "内", "外", "前", "后", "主", "副", "大", "小", "单", "双", "空心", "实心", "可调",
    "固定", "移动", "旋转", "垂直", "水平", "圆柱", "圆锥", "不锈钢", "铝合金", "铸铁", "黄铜", "橡胶", "标准",
    "快速", "高压", "低速", "自动", "手动",
)  # fmt: skip
_CHINESE_NOUNS = (
    "轴承", "齿轮", "链轮", "皮带", "电机", "减速器", "联轴节", "离合器", "制动器", "气缸", "油泵", "阀门", "管接头",
    "法兰", "垫圈", "螺栓", "螺钉", "销钉", "键槽", "弹簧", "密封圈", "滚珠丝杠", "导轨", "滑台", "工作台", "立柱",
    "横梁", "床身", "机架", "底座", "支架", "手柄", "把手", "门板", "护罩", "传感器", "开关", "电缆", "接线盒",
    "铭牌", "油杯", "滤芯", "水箱", "风扇", "散热片", "夹爪", "吸盘", "钻头", "铣刀", "模具", "凸轮", "连杆", "曲轴",
    "活塞", "飞轮", "叶片", "转子", "定子", "壳体", "端盖",
)  # fmt: skip
_CHINESE_VERBS = (
    "安装", "拆卸", "检查", "清洗", "更换", "调整", "拧紧", "松开", "润滑", "测量", "焊接", "打磨", "抛光", "喷涂",
    "校准", "固定", "组装", "运输", "存放", "保养", "紧固", "对准", "压入", "切割", "折弯", "钻孔", "攻丝", "包装",
)  # fmt: skip
_CHINESE_ENDINGS = (
    "时注意安全", "后检查间隙", "前切断电源", "应符合图样要求", "不得松动", "每月一次", "由专人负责", "保持清洁",
    "按说明书进行", "不允许有裂纹", "表面应光滑", "必须编号", "需要防锈", "完成后试运行",
)  # fmt: skip

_JAPANESE_ADJECTIVES = (
    "上部", "下部", "左", "右", "内側", "外側", "固定", "可動", "調整用", "標準", "ステンレス", "アルミ", "鋳鉄",
)  # fmt: skip
_JAPANESE_NOUNS = (
    "軸受", "歯車", "モータ", "減速機", "継手", "シリンダ", "ポンプ", "バルブ", "フランジ", "ワッシャ", "ボルト",
    "ナット", "ばね", "シール", "レール", "テーブル", "カバー", "センサ", "スイッチ", "ケーブル", "フィルタ", "タンク",
    "ファン", "金型", "カム", "リンク", "ピストン", "ロータ", "ハウジング", "ブラケット", "ローラ", "シャフト",
    "キー溝", "止め輪", "ガスケット",
)  # fmt: skip
_JAPANESE_ENDINGS = (
    "を取り付けること", "を確認すること", "を洗浄すること", "に油を塗ること", "を締め付けること",
    "の位置を合わせること", "に傷なきこと", "を交換すること", "の寸法を測定する", "は支給品とする", "を研磨すること",
    "に番号を刻印すること",
)  # fmt: skip

_UNITS = ("mm", "kg", "Nm", "bar", "kW", "rpm", "V", "A", "Hz", "min", "h", "MPa", "kN", "L")


def general_text(rng: Random, language: Language, *, held_out: bool = False) -> str:
    """A few words or a sentence of general text; `held_out` picks from the part that belongs to the regression set."""
    if rng.random() < 0.25:
        return rng.choice(phrases(language, held_out=held_out))
    compose = _COMPOSERS[language]
    while is_held_out(text := compose(rng)) != held_out:
        pass
    return text


def plain_number(rng: Random) -> str:
    """Numbers as general text has them: quantities with units, dates, times, codes, percentages."""
    t = rng.random()
    if t < 0.3:
        return f"{rng.randint(1, 9999)} {rng.choice(_UNITS)}"
    if t < 0.45:
        return f"{rng.randint(2010, 2029)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    if t < 0.55:
        return f"{rng.randint(6, 21)}:{rng.randint(0, 59):02d}"
    if t < 0.8:
        return f"{rng.choice('ABCDEFGHKLMNPRSTUVWX')}{rng.randint(100, 99999)}-{rng.randint(1, 99):02d}"
    return rng.choice(
        (f"{rng.randint(1, 100)}%", f"{rng.randint(0, 999)}.{rng.randint(0, 99):02d}", str(rng.randint(10, 99999)))
    )


def _english(rng: Random) -> str:
    adjective, noun = rng.choice(_ENGLISH_ADJECTIVES), rng.choice(_ENGLISH_NOUNS)
    t = rng.random()
    if t < 0.35:
        return f"{adjective.capitalize()} {noun}"
    if t < 0.5:
        return f"{adjective} {noun}".upper()
    if t < 0.8:
        return f"{rng.choice(_ENGLISH_VERBS)} the {adjective} {noun} {rng.choice(_ENGLISH_ENDINGS)}"
    if t < 0.9:
        return f"{noun.capitalize()} for {adjective} {rng.choice(_ENGLISH_NOUNS)}"
    return f"{adjective.capitalize()} {noun}, {rng.randint(2, 500)} {rng.choice(_UNITS)}"


def _german(rng: Random) -> str:
    first, second = rng.sample(_GERMAN_NOUNS, 2)
    t = rng.random()
    if t < 0.45:
        return f"{first} {rng.choice(_GERMAN_STATES)}"
    if t < 0.8:
        return f"{first} und {second} {rng.choice(_GERMAN_ACTIONS)}"
    return f"{first}, {rng.randint(2, 500)} {rng.choice(_UNITS)}"


def _chinese(rng: Random) -> str:
    adjective, noun = rng.choice(_CHINESE_ADJECTIVES), rng.choice(_CHINESE_NOUNS)
    t = rng.random()
    if t < 0.35:
        return f"{adjective}{noun}"
    if t < 0.6:
        return f"{rng.choice(_CHINESE_VERBS)}{adjective}{noun}"
    if t < 0.9:
        return f"{rng.choice(_CHINESE_VERBS)}{noun}{rng.choice(_CHINESE_ENDINGS)}"
    return f"{noun}{rng.randint(2, 500)}{rng.choice(('件', '个', '套', '台'))}"


def _japanese(rng: Random) -> str:
    noun = f"{rng.choice(_JAPANESE_ADJECTIVES)}{rng.choice(_JAPANESE_NOUNS)}"
    return noun if rng.random() < 0.4 else f"{noun}{rng.choice(_JAPANESE_ENDINGS)}"


_COMPOSERS: dict[Language, Callable[[Random], str]] = {
    "english": _english,
    "german": _german,
    "chinese": _chinese,
    "japanese": _japanese,
}
