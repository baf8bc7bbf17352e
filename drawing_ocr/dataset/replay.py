"""Old drawings that are trained on again, so that what was learned is not forgotten.

Without the mix, two minutes of training cost 4 to 11 points on old data; 30 old to 70 new keep most of them.
"""

from collections.abc import Sequence

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.split import Split, drawing_id, position, split_of


def replay_lines(new_lines: int, replay_ratio: float) -> int:
    """How many old lines make the wanted share of a mix with new lines: 70 new and a share of 0.3 give 30.

    Raises:
        ValueError: The share is not in [0, 1).
    """
    if not 0 <= replay_ratio < 1:
        raise ValueError(f"replay ratio {replay_ratio:g} is not a share: choose 0 (no replay) or more, below 1")
    return round(new_lines * replay_ratio / (1 - replay_ratio))


def replay_order(
    old: Sequence[Annotation], new: Sequence[Annotation], *, val_ratio: float, seed: int
) -> list[Annotation]:
    """The old drawings that may be replayed, in the order in which they are drawn.

    The order depends on nothing but the drawings and the seed: manifests are never rewritten, so the same run draws the
    same mix whenever it is repeated. Left out are drawings on the validation side (none may be learned by heart) and
    pictures that the new batch lists itself. Of a picture labelled several times the last labels count.

    Args:
        old: From the manifests of earlier versions, oldest first.
        new: The drawings of this run.
        val_ratio: As for the split of the new drawings.
        seed: As for the split of the new drawings.
    """
    # Not by the name of the drawing: many batches call their sheets page_001, page_002 …
    taken = {(annotation.image, annotation.version_id) for annotation in new}
    latest = {(annotation.image, annotation.version_id): annotation for annotation in old}
    candidates = [
        annotation
        for picture, annotation in latest.items()
        if picture not in taken
        and split_of(drawing_id(annotation.image), val_ratio=val_ratio, seed=seed) is Split.TRAIN
    ]
    return sorted(candidates, key=lambda each: position(f"replay {each.image} {each.version_id}", seed))
