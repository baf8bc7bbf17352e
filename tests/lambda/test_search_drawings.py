"""The search API: right answers to every question, and a reason for what is not answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from drawing_ocr.search.embedded.store import EmbeddedIndex
from drawing_ocr.search.ranking import both_ways
from drawing_ocr.search.store import StoreBusy
from drawing_platform.search_api import ROUTES
from search_drawings import openapi
from shared.drawing_index import ALIAS
from tests.lambda_search import ENDPOINT, NEXT_MODEL, World, functions, refusal, sheet


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with functions(World(tmp_path / "index")) as world:
        yield world


@pytest.fixture
def filled(world: World) -> World:
    """Six drawings of which two are the same file."""
    events = [world.put(f"part-{number}.png", sheet(number)) for number in (1, 3, 7, 60, 240)]
    world.index(*events, world.put("copy.png", sheet(7)))
    return world


def test_a_picture_finds_its_own_drawing_first_with_score_region_and_thumbnail(filled: World) -> None:
    answer = filled.search(sheet(60, size=(300, 200), kind="JPEG"), k=3)
    assert answer.status == 200
    first, second = (hit["drawing"] for hit in answer.body["hits"][:2])
    assert first["id"] == "part-60.png"
    assert first["score"] > 0.98  # the mean over sheet and views, of a picture of another size, as JPEG
    assert second["score"] < first["score"] - 0.05  # looked for from both sides, where one side alone gives 0.1
    assert first["region"]["kind"] in ("sheet", "view")
    assert "X-Amz-Expires=900" in first["thumbnail"]
    assert "thumbnails/part-60.png.jpg" in first["thumbnail"]
    assert (answer.body["drawings"], answer.body["model"]) == (6, "fake/1")
    assert answer.headers["Server-Timing"].startswith("index;dur=")


def test_the_first_hits_are_compared_in_all_regions_but_not_where_a_part_is_looked_for(filled: World) -> None:
    picture = sheet(60)
    index = filled.store.index(ALIAS)
    whole = {hit["drawing"]["id"]: hit["drawing"]["score"] for hit in filled.search(picture, k=10).body["hits"]}
    asked = [region.vector for region in index.regions(["part-60.png"])["part-60.png"]]
    for drawing_id, regions in index.regions(list(whole)).items():
        expected = (1 + both_ways(asked, [region.vector for region in regions])) / 2
        assert whole[drawing_id] == pytest.approx(expected, abs=2e-3)
    with mock.patch.object(EmbeddedIndex, "regions", side_effect=AssertionError):
        assert filled.search(id="part-60.png", region=REGION, k=10).status == 200


def test_copies_are_one_hit_unless_one_asks_for_each(filled: World) -> None:
    grouped = filled.search(sheet(7), k=10)
    first = grouped.body["hits"][0]
    found = {first["drawing"]["id"], *(each["id"] for each in first["duplicates"])}
    assert found == {"part-7.png", "copy.png"}
    assert len(grouped.ids) == 5
    assert len(filled.search(sheet(7), k=10, group=False).ids) == 6


def test_fewer_hits_than_asked_for_are_what_there_is_and_pages_go_on_where_the_last_one_ended(filled: World) -> None:
    whole = filled.search(sheet(1), k=50).ids
    assert len(whole) == 5
    pages = [filled.search(sheet(1), k=2, page=page) for page in (1, 2, 3, 4)]
    assert [name for page in pages for name in page.ids] == whole
    assert [page.body["more"] for page in pages] == [True, True, False, False]


def test_a_minimum_score_leaves_out_what_is_less_similar(filled: World) -> None:
    assert filled.search(sheet(1), min_score=0.999).ids == ["part-1.png"]


def test_an_indexed_drawing_finds_others_and_not_itself(filled: World) -> None:
    ids = filled.search(id="part-1.png").ids
    assert "part-1.png" not in ids
    assert len(ids) == 4


def test_a_part_of_a_drawing_is_found_in_it(filled: World) -> None:
    left = {"x": 0, "y": 0, "width": 120, "height": 160}
    answer = filled.search(sheet(1), region=left)
    assert (answer.ids[0], answer.body["hits"][0]["drawing"]["region"]["kind"]) == ("part-1.png", "view")
    assert filled.search(id="part-60.png", region=left).status == 200
    outside = filled.search(sheet(60), region=left | {"x": 200})
    assert (outside.status, outside.code) == (400, "bad_region")


def test_words_and_a_picture_together_rank_by_both(world: World) -> None:
    box = [[0, 0], [9, 0], [9, 9], [0, 9]]
    for number, word in ((1, "flange"), (3, "shaft"), (7, "flange")):
        world.runtime.texts = [{"box": box, "text": word, "confidence": 0.9, "category": "text"}]
        world.index(world.put(f"{number}.png", sheet(number)))
    assert set(world.search(words="flange").ids) == {"1.png", "7.png"}
    assert world.search(words="flange").body["hits"][0]["drawing"]["score"] is None
    both = world.search(sheet(3), words="flange").body["hits"]
    assert {hit["drawing"]["id"] for hit in both} == {"1.png", "3.png", "7.png"}
    assert sum(hit["drawing"]["found_by"] == ["picture", "words"] for hit in both) == 2


def test_an_empty_index_answers_with_nothing(world: World) -> None:
    answer = world.search(sheet(1))
    assert (answer.status, answer.body["hits"], answer.body["drawings"]) == (200, [], 0)
    assert world.search(words="flange").body["hits"] == []


def test_a_drawing_that_is_not_indexed_is_not_found(filled: World) -> None:
    for drawing_id in ("unknown.png", "../labels/a.png", "part-1.png/../../models/a"):
        for answer in (
            filled.search(id=drawing_id),
            filled.search(id=drawing_id, region=REGION),
            filled.ask("GET", "/drawings", query={"id": drawing_id}),
        ):
            assert (answer.status, answer.code) == (404, "not_indexed"), drawing_id


def test_one_drawing_is_shown_with_what_is_known_of_it(filled: World) -> None:
    answer = filled.ask("GET", "/drawings", query={"id": "part-1.png"})
    assert (answer.status, answer.body["uri"]) == (200, "s3://data/drawings/part-1.png")


REGION = {"x": 0, "y": 0, "width": 20, "height": 20}
UNANSWERABLE: list[tuple[dict[str, object], int, str]] = [
    ({}, 400, "bad_request"),
    ({"words": "<script>alert(1)</script>"}, 400, "bad_request"),
    ({"words": "a\u0000b"}, 400, "bad_request"),
    ({"words": "x" * 501}, 400, "bad_request"),
    ({"words": "a", "k": 101}, 400, "bad_request"),
    ({"words": "a", "k": 100, "page": 11}, 400, "bad_request"),
    ({"words": "a", "query": {"match_all": {}}}, 400, "bad_request"),
    ({"words": "a", "filters": {"first_date": "2024-02-01", "last_date": "2024-01-01"}}, 400, "bad_request"),
    ({"image": "no base64!"}, 400, "bad_image"),
    ({"image": base64.b64encode(b"no picture").decode()}, 422, "unreadable_image"),
    ({"image": "QUJD", "id": "a.png"}, 400, "bad_request"),
    ({"words": "a", "region": REGION}, 400, "bad_request"),
]


def test_a_question_that_cannot_be_answered_has_a_reason(filled: World) -> None:
    for body, status, code in UNANSWERABLE:
        answer = filled.ask("POST", "/search", body)
        assert (answer.status, answer.code) == (status, code), body


def test_what_is_no_json_or_too_large_is_refused(filled: World) -> None:
    assert filled.ask("POST", "/search", "no json").code == "bad_request"
    assert filled.ask("POST", "/search", "[" * 100_000).code == "bad_request"
    assert filled.ask("POST", "/search", json.dumps({"image": "A" * 6_000_000})).status == 413


def test_who_is_busy_says_when_to_come_again(filled: World) -> None:
    with mock.patch.object(EmbeddedIndex, "nearest", side_effect=StoreBusy("429")):
        answer = filled.search(sheet(1))
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "busy", "2")
    filled.runtime.failure = refusal("ThrottlingException", 0)
    assert filled.search(sheet(1)).code == "embedder_unavailable"
    filled.runtime.failure = None


def test_an_embedder_of_another_version_never_searches_the_index(filled: World) -> None:
    filled.runtime.models = {ENDPOINT: NEXT_MODEL}
    answer = filled.search(sheet(1))
    assert (answer.status, answer.code) == (503, "index_changing")
    assert filled.search(id="part-1.png").status == 200


def test_the_api_describes_exactly_the_routes_that_it_has() -> None:
    described = openapi.document()
    routes = {(method.upper(), path) for path, item in described["paths"].items() for method in item}
    assert routes == set(ROUTES)
    named = {each.rpartition("/")[2] for each in _references(described)}
    assert named <= set(described["components"]["schemas"])


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if key == "$ref" and isinstance(each, str))
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
