"""`histogram.png`: what a dataset is made of, at a glance."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib.figure

from drawing_ocr.text import SymbolClass, symbol_class

_LONGEST = 40  # characters; longer texts share the last bar


def histogram_png(lines: Mapping[str, Sequence[str]]) -> bytes:
    """Text lengths and symbol classes of each part of a dataset.

    Args:
        lines: Texts by the name of the part, for example train, val, replay.

    Returns:
        A PNG.
    """
    # Not pyplot: its state is global, and workers draw in threads.
    figure = matplotlib.figure.Figure(figsize=(11, 4.5), layout="constrained")
    lengths, classes = figure.subplots(1, 2)
    parts = [name for name, texts in lines.items() if texts]
    lengths.hist(
        [[min(len(text), _LONGEST) for text in lines[name]] for name in parts],
        bins=[length + 0.5 for length in range(_LONGEST + 1)],
        stacked=True,
        label=[f"{name} ({len(lines[name])})" for name in parts],
    )
    lengths.set(xlabel="characters of a line", ylabel="lines")
    lengths.legend()
    kinds = list(SymbolClass)
    counts = {name: Counter(kind for text in lines[name] for kind in symbol_class(text)) for name in parts}
    left = [0] * len(kinds)
    for name in parts:
        widths = [counts[name][kind] for kind in kinds]
        classes.barh([kind.value.replace("_", " ") for kind in kinds], widths, left=left)
        left = [total + width for total, width in zip(left, widths, strict=True)]
    classes.invert_yaxis()
    classes.set(xlabel="lines with the symbol class")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
