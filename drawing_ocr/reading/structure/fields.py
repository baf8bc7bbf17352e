"""Captions of the fields of a title block (ISO 7200, GB/T 10609.1) and what their values look like."""

from __future__ import annotations

import re
from typing import Final

from drawing_ocr.reading.structure.contract import FieldName

# The first that fits names the field.
_CAPTIONS: Final[dict[FieldName, str]] = {
    "number": r"(?:drawing|dwg|drg|document|part)\.? ?(?:no|nr|number|#)\.?|dwg"
    r"|zeichnungs?-? ?(?:nr|nummer)\.?|zchn\.?-? ?nr\.?"
    r"|sach-? ?nr\.?|dokument-? ?nr\.?|n[°º]\.? (?:de )?plan|图号|图样代号|圖號|図番|図面番号",
    "title": r"(?:drawing |part )?(?:title|name)|benennung|titel|bezeichnung|titre|désignation"
    r"|名称|图名|品名|图样名称|零件名称",
    "material": r"mat(?:eria)?l?\.?|material(?:s|e)?|werkstoff|halbzeug|matière|matériau|材料|材质|材質",
    "scale": r"scale|ma(?:ß|ss)stab|échelle|escala|scala|比例|尺度",
    "mass": r"weight|mass|gewicht|masse|poids|peso|质量|重量|質量|单重",
    "revision": r"rev(?:ision)?\.?|issue|index|änd(?:erung)?\.?|indice|版本|版次|版次号|改訂|版数",
    "date": r"date|datum|fecha|data|日期|日付|年月日",
    "sheet": r"sheet(?: no\.?)?|blatt(?:-? ?nr\.?)?|feuille|hoja|foglio|张次|页次|页码|第.{0,4}张|张数|頁|葉番",
    "author": r"drawn(?: by)?|drwn|designed(?: by)?|created(?: by)?|author|gez(?:eichnet)?\.?"
    r"|bearb(?:eitet|\.)?|erstellt|ersteller"
    r"|konstrukteur|dessiné|设计|制图|绘图|製図|設計|设计者",
    "tolerance": r"(?:general )?tolerances?|gen\. tol\.?|tol\.?|allgemein-?toleranz(?:en)?"
    r"|toleranz(?:en)?|tolérances?|未注公差|一般公差|公差"
    r"|普通公差|未注尺寸公差",
    "checked": r"checked(?: by)?|chk'?d?|reviewed(?: by)?|gepr(?:üft)?\.?|geprüft|vérifié|审核|校对|校核|検図|审查",
    "approved": r"approved(?: by)?|app'?v?'?d?\.?|released(?: by)?|freig(?:abe|egeben|\.)?"
    r"|genehmigt|approuvé|批准|审定|承認|核准",
    "company": r"company|firma|owner|legal owner|eigentümer|société|会社名|单位|单位名称|公司|会社",
    "format": r"size|format|paper(?: size)?|sheet size|blattformat|图幅|幅面|用紙",
    "finish": r"(?:surface )?finish|surface(?: texture)?|roughness|oberflächen?(?:güte)?"
    r"|état de surface|表面粗糙度|粗糙度|表面性状|表面",
    "treatment": r"(?:heat |surface )?treatment|coating|wärmebehandlung|oberflächenbehandlung"
    r"|beschichtung|härte|热处理|表面处理|处理|熱処理|表面処理",
    "quantity": r"qty\.?|quantity|q'?ty\.?|stück(?:zahl)?|menge|anzahl|数量|件数|個数",
}
_VALUE: Final = r"\s*(?:[:：]\s*(?P<value>.*))?"
_CAPTION: Final = {name: re.compile(rf"(?:{words}){_VALUE}", re.IGNORECASE) for name, words in _CAPTIONS.items()}
_LANGUAGES: Final = re.compile(r"\s*[/|]\s*")

DATE: Final = re.compile(
    r"(?:19|20)\d\d[-./年]\d{1,2}[-./月]\d{1,2}日?|\d{1,2}[-./]\d{1,2}[-./](?:(?:19|20)?\d\d)"
    r"|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2,4}"
)
ROLES: Final[tuple[FieldName, ...]] = ("author", "checked", "approved")
DATES: Final[dict[FieldName, FieldName]] = {
    "author": "date",
    "checked": "checked_date",
    "approved": "approved_date",
}
# What a value alone, without a caption, can only be.
BY_FORM: Final[dict[FieldName, re.Pattern[str]]] = {
    "scale": re.compile(r"\d{1,3} ?: ?\d{1,3}"),
    "date": DATE,
    "sheet": re.compile(
        r"共.{0,4}张.{0,8}|(?:(?:sheet|blatt) )?(?P<value>\d{1,3} ?(?:/|of|von) ?\d{1,3})", re.IGNORECASE
    ),
    "format": re.compile(r"A[0-5]"),
    "mass": re.compile(r"\d+(?:[.,]\d+)? ?k?g"),
    "tolerance": re.compile(r"(?:DIN )?(?:EN )?(?:ISO|DIN) ?2768.*|GB/T ?1804.*|ISO 22081.*"),
    "company": re.compile(
        r".*(?:\b(?:GmbH|AG|KG|Inc\.?|Ltd\.?|LLC|Corp\.?|S\.A\.|Works)(?!\w)|公司|厂|集团|株式会社).*"
    ),
}
# GB/T 10609.1: over this cell stands the material, in the column at the right company, title and number, top down.
STAGE: Final = "阶段标记"
BY_PLACE: Final[tuple[FieldName, ...]] = ("company", "title", "number")
# Texts of a title block that are neither values nor captions of a field.
NO_VALUE: Final = re.compile(
    r"工艺|标准化|标记|处数|分区|更改文件号|签名|阶段标记|会签|日期签字|MFG|Q\.?A\.?|NAME|SIGNATURE"
    r"|DO NOT SCALE DRAWING|UNLESS OTHERWISE SPECIFIED.*"
)
ROUGHNESS: Final = re.compile(r"R[aztq]|√|^N\d|^[\d.,]+$")
NUMBER: Final = re.compile(r"(?=.*\d)[\w.\-/ ]{3,40}")


def caption_of(text: str) -> tuple[FieldName, str] | None:
    """The field that a text names, with the value that it has behind a colon; captions may be in two languages.

    >>> caption_of("Werkstoff/Material"), caption_of("比例: 1:2"), caption_of("M. Weber")
    (('material', ''), ('scale', '1:2'), None)
    """
    stripped = text.strip()
    for form in (stripped, *_LANGUAGES.split(stripped)):
        for name, pattern in _CAPTION.items():
            if match := pattern.fullmatch(form):
                return name, (match["value"] or "").strip()
    return None
