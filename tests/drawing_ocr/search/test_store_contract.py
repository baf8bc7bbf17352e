"""What every store does, on the embedded one and on a real OpenSearch server."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator

import numpy as np
import pytest

from drawing_ocr.search.document import RegionKind
from drawing_ocr.search.filters import Filters
from drawing_ocr.search.loading import loading
from drawing_ocr.search.opening import open_store
from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.store import (
    MAX_HITS,
    Index,
    IndexMissing,
    Store,
    StoreError,
    WrongDimension,
    WrongModel,
)
from tests.drawing_ocr.search.world import DIMENSION, MODEL, document, towards, unit, units
from tests.opensearch_server import Server, is_installed, require, server

LOCAL = IndexSettings(engine="lucene", compression="4x", replicas=0, refresh_seconds=60)


@pytest.fixture(scope="module", autouse=True)
def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server | None]:
    """Begins at once, so that it is up when the tests of the embedded store are done."""
    if not is_installed():
        yield None
        return
    with server(tmp_path_factory.mktemp("opensearch")) as started:
        yield started


@pytest.fixture(scope="module", params=["embedded", "opensearch"])
def store(
    request: pytest.FixtureRequest, starting: Server | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    if request.param == "embedded":
        address = str(tmp_path_factory.mktemp("store"))
    else:
        require()
        assert starting is not None
        address = starting.address
    opened = open_store(address, settings=LOCAL)
    yield opened
    opened.close()


@pytest.fixture
def name() -> str:
    return new_name()


@pytest.fixture
def index(store: Store, name: str) -> Index:
    store.create(name, DIMENSION, MODEL)
    return store.index(name)


@pytest.fixture(scope="module")
def library(store: Store) -> Index:
    """Drawings that filters and words tell apart."""
    name = new_name()
    store.create(name, DIMENSION, MODEL)
    index = store.index(name)
    fields: dict[str, dict[str, object]] = {
        "a": {
            "number": "DX-1",
            "material": "1.4301",
            "revision": "A",
            "category": "Flange",
            "date": "2024-01-01",
            "size_mm": 10,
        },
        "b": {
            "number": "DX-2",
            "material": "S235",
            "revision": "B",
            "category": "flange",
            "date": "2024-01-02",
            "size_mm": 20.5,
        },
        "c": {"number": "EX-1", "material": "1.4301", "category": "shaft", "date": "2024-01-03", "size_mm": 30},
        "d": {},
        "bearing": {"title": "Bearing cover", "dimensions": ("4×⌀6.6",)},
        "numbered": {"number": "AB-4711-02", "title": "flange", "dimensions": ("∅50 H7",)},
        "chinese": {"title": "不锈钢法兰盘", "text": ("50 pieces",)},
    }
    index.put(
        [
            document(drawing_id, towards(1, 0.9 - i / 10), **{"title": "part"} | known)
            for i, (drawing_id, known) in enumerate(fields.items())
        ]
    )
    index.refresh()
    return index


def new_name() -> str:
    return f"drawings-{uuid.uuid4().hex[:12]}"


def found(index: Index, seed: int, k: int = 10, filters: Filters | None = None, min_score: float = 0) -> list[str]:
    index.refresh()
    hits = index.nearest(unit(seed), model=MODEL, k=k, filters=filters or Filters(), min_score=min_score)
    return [hit.drawing_id for hit in hits]


def test_the_nearest_drawings_come_first_with_score_and_region(index: Index) -> None:
    index.put([document("a", unit(50), towards(1, 0.6)), document("b", towards(1, 0.9), unit(51))])
    index.refresh()
    first, second = index.nearest(unit(1), model=MODEL, k=10)
    assert (first.drawing_id, second.drawing_id) == ("b", "a")
    assert first.score == pytest.approx((1 + 0.9) / 2, abs=0.001)
    assert second.score == pytest.approx((1 + 0.6) / 2, abs=0.001)
    assert first.region is not None
    assert second.region is not None
    assert (first.region.kind, second.region.kind) == (RegionKind.SHEET, RegionKind.VIEW)
    assert first.record == document("b", unit(1)).record()


def test_a_drawing_is_found_once_however_many_regions_are_near(index: Index) -> None:
    index.put([document("a", *(towards(1, 0.9 - i / 100) for i in range(20))), document("b", towards(1, 0.5))])
    assert found(index, 1, k=2) == ["a", "b"]


def test_the_answer_is_the_exact_one_among_many(index: Index) -> None:
    vectors = units(3, 600)
    index.put([document(f"d{i:03}", *(v.tobytes() for v in vectors[2 * i : 2 * i + 2])) for i in range(300)])
    cosines = (vectors.astype(float) @ units(4, 1)[0].astype(float)).reshape(300, 2).max(axis=1)
    assert found(index, 4) == [f"d{i:03}" for i in np.argsort(-cosines)[:10]]


def test_fewer_drawings_than_asked_for_and_none_are_right_answers(index: Index) -> None:
    assert found(index, 1) == []
    assert index.words("flange", k=10) == []
    assert list(index.listing()) == []
    index.put([document("a", unit(1))])
    assert found(index, 1, k=MAX_HITS) == ["a"]


def test_what_scores_less_than_asked_for_is_no_hit(index: Index) -> None:
    index.put([document("near", towards(1, 0.8)), document("far", towards(1, 0.2))])
    assert found(index, 1, min_score=0.85) == ["near"]


def test_equal_drawings_are_ordered_by_their_ids(index: Index) -> None:
    index.put([document(name, unit(1)) for name in ("c", "a", "b")])
    assert found(index, 1) == ["a", "b", "c"]


def test_a_document_comes_back_whole(index: Index) -> None:
    whole = document(
        "Zeichnungen/法兰 1.pdf",
        unit(1),
        unit(2),
        number="DX-1",
        title="法兰盘",
        date="2024-05-01",
        dimensions=("⌀50 H7", "M8"),
        text=("all edges",),
        size_mm=50.5,
        category="flange",
        sha256="ab" * 32,
    )
    index.put([whole])
    assert index.get(whole.drawing_id) == whole
    assert index.get("nobody") is None
    index.put([document("b", unit(3)), document("gone", unit(4))])
    index.delete(["gone"], "20")
    assert index.regions([whole.drawing_id, "b", "gone", "nobody"]) == {
        whole.drawing_id: whole.regions,
        "b": document("b", unit(3)).regions,
    }


def test_a_new_version_takes_all_regions_of_the_old_away(index: Index) -> None:
    index.put([document("a", unit(1), unit(2), title="old")])
    index.put([document("a", unit(3), title="new", version="v2", sequencer="11")])
    index.refresh()
    (hit,) = index.nearest(unit(2), model=MODEL, k=10)
    assert hit.score < 0.95
    assert index.words("old", k=10) == []
    assert [hit.record.version for hit in index.words("new", k=10)] == ["v2"]
    assert index.count() == 1


def test_an_older_event_never_replaces_a_newer_one(index: Index) -> None:
    assert index.put([document("a", unit(1), version="v2", sequencer="0B")]) == []
    assert index.put([document("a", unit(2), version="v1", sequencer="0A")]) == []
    assert index.put([document("a", unit(2), version="v0", sequencer="")]) == []
    assert index.standing(["a"])["a"].version == "v2"


def test_the_same_event_again_changes_nothing_and_may_repair(index: Index) -> None:
    index.put([document("a", unit(1))] * 2)
    index.put([document("a", unit(1))])
    assert (found(index, 1), index.count()) == (["a"], 1)
    index.put([document("a", unit(2), version="v2")])
    assert index.standing(["a"])["a"].version == "v2"


def test_of_one_batch_the_newest_event_of_a_drawing_counts(index: Index) -> None:
    index.put([document("a", unit(1), version="v2", sequencer="0B"), document("a", unit(1), sequencer="0A")])
    assert index.standing(["a"])["a"].version == "v2"


def test_a_deleted_drawing_is_gone_and_stays_gone_for_older_events(index: Index) -> None:
    index.put([document("a", unit(1), title="flange"), document("b", towards(1, 0.5))])
    assert index.delete(["a", "never"], "20") == []
    assert index.put([document("a", unit(1)), document("never", unit(1))]) == []
    assert found(index, 1) == ["b"]
    assert (index.get("a"), index.words("flange", k=10), index.count()) == (None, [], 1)
    assert [entry[0] for entry in index.listing()] == ["b"]
    assert index.standing(["a", "unknown"]).keys() == {"a"}
    assert index.standing(["a"])["a"].deleted
    index.put([document("a", unit(1), sequencer="21")])
    assert found(index, 1) == ["a", "b"]


def test_a_late_deletion_of_an_older_event_takes_nothing_away(index: Index) -> None:
    index.put([document("a", unit(1), sequencer="20")])
    index.delete(["a"], "1F")
    assert found(index, 1) == ["a"]


def test_listing_names_every_drawing_with_version_and_model_by_id(index: Index) -> None:
    index.put([document(name, unit(1), version=f"v-{name}") for name in ("b", "a", "c")])
    index.refresh()
    assert list(index.listing()) == [(name, f"v-{name}", MODEL) for name in ("a", "b", "c")]


@pytest.mark.parametrize(
    ("filters", "passing"),
    [
        (Filters(category=("FLANGE",)), "ab"),
        (Filters(category=("flange", "shaft")), "abc"),
        (Filters(material=("1.4301",), category=("flange",)), "a"),
        (Filters(revision=("b",)), "b"),
        (Filters(number=("dx-2",)), "b"),
        (Filters(number=("DX-*",)), "ab"),
        (Filters(number=("%",)), ""),
        (Filters(first_date=datetime.date(2024, 1, 2)), "bc"),
        (Filters(first_date=datetime.date(2024, 1, 1), last_date=datetime.date(2024, 1, 2)), "ab"),
        (Filters(least_mm=10, most_mm=20.5), "ab"),
        (Filters(least_mm=1000), ""),
    ],
)
def test_filters_pass_what_they_say_in_both_kinds_of_search(library: Index, filters: Filters, passing: str) -> None:
    nearest = library.nearest(unit(1), model=MODEL, k=10, filters=filters)
    assert [hit.drawing_id for hit in nearest] == list(passing)
    assert sorted(hit.drawing_id for hit in library.words("part", k=10, filters=filters)) == list(passing)


def test_a_filter_is_applied_before_the_nearest_are_chosen(index: Index) -> None:
    crowd = [document(f"x{i}", towards(1, 0.99 - i / 1000)) for i in range(100)]
    index.put([*crowd, document("a", towards(1, 0.1), category="shaft")])
    assert found(index, 1, k=5, filters=Filters(category=("shaft",))) == ["a"]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("bearing", "bearing"),
        ("BEARING cover", "bearing"),
        ("ab-4711-02", "numbered"),
        ("AB471102", "numbered"),
        ("4711", "numbered"),
        ("bear", "bearing"),
        ("法兰", "chinese"),
        ("法兰盘", "chinese"),
        ("ø50", "numbered"),
        ("6,6", "bearing"),
    ],
)
def test_words_find_numbers_signs_beginnings_and_chinese(library: Index, query: str, first: str) -> None:
    assert next(hit.drawing_id for hit in library.words(query, k=10)) == first


@pytest.mark.parametrize("query", ["", "  ", '"', "*", "-- ;", "</script>'\"", "NEAR( OR", "a:b AND (", "x" * 5000])
def test_signs_of_query_languages_in_words_mean_nothing(library: Index, query: str) -> None:
    assert library.words(query, k=10) == []


def test_a_vector_of_another_dimension_or_embedder_is_refused_and_nothing_written(index: Index) -> None:
    with pytest.raises(WrongDimension):
        index.put([document("a", unit(1)), document("b", unit(1, 8))])
    with pytest.raises(WrongModel):
        index.put([document("a", unit(1)), document("b", unit(1), model="drawing-embedder/2")])
    index.refresh()
    assert index.count() == 0
    with pytest.raises(WrongDimension):
        index.nearest(unit(1, 8), model=MODEL, k=10)
    with pytest.raises(WrongModel):
        index.nearest(unit(1), model="drawing-embedder/2", k=10)


def test_a_document_at_fault_is_refused_alone(index: Index) -> None:
    broken = [document("zero", bytes(2 * DIMENSION)), document("nan", b"\x00\x7e" * DIMENSION)]
    refused = index.put([document("a", unit(1)), *broken])
    assert {each.drawing_id for each in refused} == {"zero", "nan"}
    assert not any(each.retriable for each in refused)
    assert found(index, 1) == ["a"]


@pytest.mark.parametrize(("k", "min_score"), [(0, 0.0), (MAX_HITS + 1, 0.0), (10, 1.1)])
def test_questions_out_of_range_are_refused(index: Index, k: int, min_score: float) -> None:
    with pytest.raises(StoreError):
        index.nearest(unit(1), model=MODEL, k=k, min_score=min_score)


def test_an_index_that_is_not_there_says_so(store: Store) -> None:
    missing = store.index("nobody")
    for question in (
        lambda: missing.nearest(unit(1), model=MODEL, k=1),
        lambda: missing.put([document("a", unit(1))]),
        lambda: missing.delete(["a"], "1"),
        lambda: missing.words("flange", k=1),
        missing.count,
        missing.info,
        lambda: list(missing.listing()),
    ):
        with pytest.raises(IndexMissing):
            question()


def test_an_index_is_created_once(store: Store, index: Index, name: str) -> None:
    index.put([document("a", unit(1))])
    store.create(name, DIMENSION, MODEL)
    assert found(index, 1) == ["a"]
    with pytest.raises(StoreError, match=MODEL):
        store.create(name, DIMENSION, "drawing-embedder/2")
    with pytest.raises(StoreError, match="multiple of 8"):
        store.create(f"{name}-b", 7, MODEL)
    with pytest.raises(StoreError, match="small letters"):
        store.create("Drawings/../x", DIMENSION, MODEL)


def test_an_alias_is_swapped_to_a_complete_index_and_back(store: Store, index: Index, name: str) -> None:
    alias, other = f"alias-{name}", f"{name}-2"
    store.create(other, DIMENSION, "drawing-embedder/2")
    index.put([document("a", unit(1))])
    store.index(other).put([document("b", unit(1), model="drawing-embedder/2")])
    assert store.aliased(alias) is None
    assert store.swap(alias, name) is None
    assert found(store.index(alias), 1) == ["a"]
    assert store.swap(alias, other) == name
    assert store.aliased(alias) == other
    assert store.index(alias).info().name == other
    with pytest.raises(WrongModel):
        store.index(alias).nearest(unit(1), model=MODEL, k=1)
    assert store.swap(alias, name) == other
    with pytest.raises(IndexMissing):
        store.swap(alias, "nobody")
    assert store.aliased(alias) == name
    with pytest.raises(StoreError, match="alias"):
        store.create(alias, DIMENSION, MODEL)


def test_an_index_in_use_is_not_dropped(store: Store, index: Index, name: str) -> None:
    store.swap(f"alias-{name}", name)
    with pytest.raises(StoreError, match="alias"):
        store.drop(name)
    store.create(f"{name}-2", DIMENSION, MODEL)
    store.swap(f"alias-{name}", f"{name}-2")
    assert name in [info.name for info in store.indexes()]
    store.drop(name)
    store.drop(name)
    assert name not in [info.name for info in store.indexes()]
    with pytest.raises(IndexMissing):
        index.count()


def test_a_load_ends_with_everything_found(index: Index) -> None:
    with loading(index):
        index.put([document(f"d{i}", unit(i), title="flange") for i in range(50)])
    assert index.count() == 50
    assert index.nearest(unit(7), model=MODEL, k=1)[0].drawing_id == "d7"
    assert len(index.words("flange", k=100)) == 50
