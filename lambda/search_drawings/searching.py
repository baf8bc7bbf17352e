"""One search: what is looked for as vectors and words, the rankings, one ranking of them, a page of it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import fmean

from drawing_ocr.search.document import IndexedRegion, RegionKind
from drawing_ocr.search.fusion import FusedHit, fuse
from drawing_ocr.search.groups import Group, grouped
from drawing_ocr.search.ranking import both_ways
from drawing_ocr.search.store import MAX_HITS, Hit, Index, IndexInfo, IndexMissing, Store
from search_drawings.answer import By, Found, Part, SearchAnswer
from search_drawings.body import SearchBody
from search_drawings.cutting import cut
from shared.drawing_index import ALIAS
from shared.drawings import PREFIX, THUMBNAILS, Drawings
from shared.embedding import Embedded, Embedder, EmbedderBusyError, PictureRefusedError
from shared.refusal import Refused

FoundBy = dict[str, tuple[By, ...]]  # by drawing id

# Of a whole sheet the largest views are looked for too; each is a search of its own.
VIEWS = 3
# A page of parts may need more drawings than it has parts: copies and revisions are one.
GROUP_FACTOR, GROUP_MARGIN = 2, 10
# So many of the first hits are compared in all their regions: recall@10 is .95 instead of .93, with 20 as with all
# (benchmarks/embedding.py).
COMPARED = 20
# Drawings of each region's list at least: the mean over the regions is the better the fewer lists end before a drawing.
DEEP = 100


class NobodyEmbedsError(EmbedderBusyError):
    """No endpoint has the model of the index that is searched."""


@dataclass
class Timing:
    """Milliseconds by what took them."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Adds the time of the block to `what`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.spent[what] = self.spent.get(what, 0.0) + (time.perf_counter() - started) * 1000


@dataclass(frozen=True)
class Searching:
    """Searches the index that the alias names.

    Attributes:
        store: holds it.
        embedders: those of which one gave the index its vectors, as they are or (`lately`) were some seconds ago.
        drawings: the bucket.
        sign: key of an object -> an address of it for some minutes.
        timing: what took how long.
    """

    store: Store
    embedders: Callable[..., Sequence[Embedder]]
    drawings: Drawings
    sign: Callable[[str], str]
    timing: Timing

    def search(self, body: SearchBody) -> SearchAnswer:
        """A page of hits.

        Raises:
            Refused: the picture cannot be used, or the drawing is not indexed.
            StoreBusy, EmbedderBusyError: try later.
        """
        while True:
            try:
                with self.timing.of("index"):
                    info = self.store.index(ALIAS).info()
            except IndexMissing:
                if body.id is not None:
                    raise self._not_indexed(body.id) from None
                return SearchAnswer(hits=(), page=body.page, k=body.k, more=False, drawings=0, model=None)
            try:
                return self._search_in(info, body)
            except (IndexMissing, EmbedderBusyError):
                # Another index is searched since: this one may be gone, and so may what embeds for it.
                if self.store.aliased(ALIAS) == info.name:
                    raise

    def _search_in(self, info: IndexInfo, body: SearchBody) -> SearchAnswer:
        """The whole search in one index, whatever the alias names meanwhile.

        Raises:
            IndexMissing: it is there no longer.
        """
        index = self.store.index(info.name)
        with self.timing.of("index"):
            drawings = index.count()
        wanted = min(MAX_HITS, body.page * body.k * (GROUP_FACTOR if body.group else 1) + GROUP_MARGIN)
        rankings: dict[str, list[Hit]] = {}
        regions = self._looked_for(body, index, info.model)
        if regions:
            rankings["picture"] = self._by_picture(regions, index, info.model, wanted, body)
        if body.words:
            with self.timing.of("index"):
                rankings["words"] = index.words(body.words, k=wanted, filters=body.filters)
        groups, found_by = _groups(rankings, body)
        first = (body.page - 1) * body.k
        return SearchAnswer(
            hits=tuple(self._part(group, found_by) for group in groups[first : first + body.k]),
            page=body.page,
            k=body.k,
            more=len(groups) > first + body.k,
            drawings=drawings,
            model=info.model,
        )

    def drawing(self, drawing_id: str) -> Found:
        """What is known of one drawing.

        Raises:
            Refused: it is not indexed.
        """
        try:
            found = self.store.index(ALIAS).get(drawing_id)
        except IndexMissing:
            found = None
        if found is None:
            raise self._not_indexed(drawing_id)
        return Found.of(found.record(), self._thumbnail(drawing_id))

    def _looked_for(self, body: SearchBody, index: Index, model: str) -> Sequence[IndexedRegion]:
        picture = body.picture()
        if body.id is not None:
            with self.timing.of("index"):
                known = index.get(body.id)
            if known is None:
                raise self._not_indexed(body.id)
            if body.region is None:
                return known.regions
            picture = self._stored(body.id)
        if picture is None:
            return ()
        if body.region:
            return self._embed(cut(picture, body.region), model).regions[:1]
        return self._embed(picture, model).regions

    def _embed(self, picture: bytes, model: str) -> Embedded:
        """Embedded by the one that gave the index its vectors: cosines between two embedders mean nothing."""
        try:
            with self.timing.of("embedding"):
                for embedder in self._embedders_of(model):
                    embedded = embedder.embed(picture)
                    if embedded.model == model:
                        return embedded
        except PictureRefusedError as refusal:
            raise Refused(422, "unreadable_image", f"the picture cannot be used: {refusal}") from None
        raise NobodyEmbedsError(f"nobody embeds with {model} now: try later, or look for words or an id")

    def _embedders_of(self, model: str) -> Iterator[Embedder]:
        """Those that may have this model: known to have it; named by the settings; known since some seconds only."""
        lately = self.embedders(lately=True)
        yield from sorted((each for each in lately if each.model in (model, "")), key=lambda each: not each.model)
        yield from (each for each in self.embedders(lately=False) if each.model == model and each not in lately)

    def _stored(self, drawing_id: str) -> bytes:
        now = self.drawings.now(drawing_id)
        picture = self.drawings.read(now) if now else None
        if picture is None:
            raise Refused(404, "not_there", f"{PREFIX}{drawing_id} was deleted")
        return picture

    def _by_picture(
        self, regions: Sequence[IndexedRegion], index: Index, model: str, wanted: int, body: SearchBody
    ) -> list[Hit]:
        """Drawings by how well they match all regions that are looked for, on the mean.

        Who shows every view of a part comes before who shares one of them: mAP .47 instead of .42
        (benchmarks/embedding.py). Where the list of a region ends before a drawing, its last score stands for it.
        """
        best: dict[str, Hit] = {}
        lists: list[dict[str, float]] = []
        with self.timing.of("index"):
            for region in regions if body.region else _chosen(regions):
                hits = index.nearest(region.vector, model=model, k=max(wanted, DEEP), filters=body.filters)
                lists.append({hit.drawing_id: hit.score for hit in hits})
                for hit in hits:
                    known = best.get(hit.drawing_id)
                    if hit.drawing_id != body.id and (known is None or hit.score > known.score):
                        best[hit.drawing_id] = hit
        found = [replace(hit, score=_mean_score(drawing_id, lists)) for drawing_id, hit in best.items()]
        ranked = sorted(found, key=lambda hit: (-hit.score, hit.drawing_id))[:wanted]
        # Who looks for a part of a drawing does not mind what else a drawing shows.
        if not body.region:
            with self.timing.of("index"):
                ranked = _compared(regions, index, ranked)
        return [hit for hit in ranked if hit.score >= body.min_score]

    def _part(self, group: Group, found_by: FoundBy) -> Part:
        return Part(
            drawing=self._found(group.hit, found_by),
            duplicates=tuple(self._found(hit, found_by) for hit in group.duplicates),
            revisions=tuple(self._found(hit, found_by) for hit in group.revisions),
        )

    def _found(self, hit: Hit, found_by: FoundBy) -> Found:
        score = hit.score if hit.region else None
        thumbnail = self._thumbnail(hit.drawing_id)
        ways = found_by[hit.drawing_id]
        return Found.of(hit.record, thumbnail, score=score, found_by=ways, region=hit.region)

    def _thumbnail(self, drawing_id: str) -> str:
        return self.sign(f"{THUMBNAILS}{drawing_id}.jpg")

    @staticmethod
    def _not_indexed(drawing_id: str) -> Refused:
        message = f"{drawing_id!r} is not indexed: a new drawing takes some seconds, others are not in the bucket"
        return Refused(404, "not_indexed", message)


def _groups(rankings: dict[str, list[Hit]], body: SearchBody) -> tuple[list[Group], FoundBy]:
    """The parts that were found, best first, and by what each drawing was."""
    found_by: FoundBy = {}
    hits: list[Hit] = []
    for each in fuse(rankings):
        ways = _ways(each)
        if ways == ("words",) and (body.min_score > 0 or each.hit.drawing_id == body.id):
            continue
        found_by[each.hit.drawing_id] = ways
        hits.append(each.hit)
    return grouped(hits) if body.group else [Group(hit) for hit in hits], found_by


def _compared(regions: Sequence[IndexedRegion], index: Index, ranked: list[Hit]) -> list[Hit]:
    """The first hits by all their regions and all that are looked for; a search saw the best of them only.

    Their scores are of that comparison; those behind keep theirs, but none above.
    """
    first, rest = ranked[:COMPARED], ranked[COMPARED:]
    asked, known = [region.vector for region in regions], index.regions([hit.drawing_id for hit in first])
    compared = [
        replace(hit, score=(1 + both_ways(asked, [region.vector for region in known[hit.drawing_id]])) / 2)
        for hit in first
        if hit.drawing_id in known  # deleted meanwhile
    ]
    compared.sort(key=lambda hit: (-hit.score, hit.drawing_id))
    least = compared[-1].score if compared else 1.0
    return [*compared, *(replace(hit, score=min(hit.score, least)) for hit in rest)]


def _mean_score(drawing_id: str, lists: Sequence[dict[str, float]]) -> float:
    """Over the regions that are looked for, each with the scores that its search found."""
    return fmean(scores.get(drawing_id, min(scores.values())) for scores in lists if scores)


def _ways(fused: FusedHit) -> tuple[By, ...]:
    ways: tuple[By, ...] = ("picture", "words")
    return tuple(way for way in ways if way in fused.ranks)


def _chosen(regions: Sequence[IndexedRegion]) -> list[IndexedRegion]:
    """The sheet and its largest views."""
    sheets = [region for region in regions if region.kind is RegionKind.SHEET]
    views = sorted((region for region in regions if region.kind is RegionKind.VIEW), key=lambda view: -_area(view))
    return [*sheets[:1], *views[:VIEWS]]


def _area(region: IndexedRegion) -> float:
    xs, ys = [x for x, _ in region.box], [y for _, y in region.box]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def server_timing(timing: Timing) -> str:
    """The header `Server-Timing` (W3C): `embedding;dur=41.2, index;dur=3.1`."""
    return ", ".join(f"{what};dur={spent:.1f}" for what, spent in timing.spent.items())
