"""The words by which people know a title block from a list: what stands small above a value, or at a column's head."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# ISO 7200 and GB/T 10609.1 in the languages that drawings come in. What both kinds of grid have (material, date, name,
# revision, description) tells nothing and is left out.
_TITLE_BLOCK: Final = (
    r"drawn|created|designed|checked|chk'?d|approved|appv'?d|appr|released|scale|sheet|dwg|drawing n|projection|title"
    r"|gez(?:eichnet)?|bearb|gepr(?:üft)?|freig|norm|ma[ßs]+stab|blatt|zeichnungs|zchn"
    r"|dessiné|vérifié|approuvé|échelle|feuille|dibujado|comprobado|aprobado|escala|hoja"
    r"|disegnato|controllato|approvato|scala|foglio|ritad|gransk|godk|skala|ritnings"
    r"|设计|制图|绘图|校对|审核|审定|工艺|标准化|批准|比例|图号|图样代号|阶段标记|共.{0,3}张|第.{0,3}张|張|尺度|図番|検図|承認|製図"
)
_LIST: Final = (
    r"item|qty|q'?ty|quantity|part n|remarks?|notes?|pos|stück|menge|anzahl|bemerkung|sach-?n|teile?-?n"
    r"|repère|nombre|observations?|pieza|cantidad|posizione|quantità|antal|anm"
    r"|rev|zone|eco|ecn|descriptions?|changes?|beschreibung|änderung|index|modifications?"
    r"|序号|代号|数量|单件|总计|备注|标记|处数|更改|版本|品番|個数|備考|hole|bend|孔号|坐标"
)
_CAPTION: Final = re.compile(rf"\s*({_TITLE_BLOCK})", re.IGNORECASE)
_HEADING: Final = re.compile(rf"\s*({_LIST})(?:[\s.:/]|nr|no|$)", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]{3,}|[\u3040-\u30ff\u4e00-\u9fff]{2,}")


def captions_in(texts: Iterable[str]) -> int:
    """How many different captions of a title block are among the texts."""
    return len({match[1].lower() for text in texts if (match := _CAPTION.match(text))})


def headings_in(texts: Iterable[str]) -> int:
    """How many different column headings of a list are among the texts."""
    return len({match[1].lower() for text in texts if (match := _HEADING.match(text))})


def words_in(texts: Iterable[str]) -> int:
    """How many texts hold a word: three letters, or two of Chinese or Japanese."""
    return sum(bool(_WORD.search(text)) for text in texts)
