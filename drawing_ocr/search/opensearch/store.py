"""An OpenSearch domain or server."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth
from opensearchpy.exceptions import NotFoundError, RequestError

from drawing_ocr.search.checks import check_documents, check_hits, check_name, check_new_index, check_query, newest
from drawing_ocr.search.document import DrawingDocument, DrawingRecord, IndexedRegion, RegionPlace
from drawing_ocr.search.filters import Filters, keyword
from drawing_ocr.search.opensearch import bulk, queries
from drawing_ocr.search.opensearch.errors import translated
from drawing_ocr.search.opensearch.mapping import MAPPING_VERSION, index_body
from drawing_ocr.search.opensearch.settings import IndexSettings
from drawing_ocr.search.store import (
    NO_FILTERS,
    AliasSplit,
    Hit,
    IndexInfo,
    IndexMissing,
    Refused,
    Standing,
    StoreError,
)
from drawing_ocr.search.vector import Vector, encode, fault
from drawing_ocr.search.words import fields, query_words

_REQUEST_SECONDS = 30
_PAGE = 10_000  # of a listing; more the server does not give at once
_WHOLE_ANSWERS = {"allow_partial_search_results": "false"}  # a shard that is missing is an error, not fewer hits


class OpenSearchStore:
    """A `Store` in OpenSearch.

    Args:
        address: `https://…`, or `http://…` of a server on this machine.
        settings: Of the indexes that `create` makes.
        credentials: botocore's; requests are signed with them. None = not signed.
        region: Of the signatures.
        pattern: Of the indexes that are looked at where it may be any: no request names others.
    """

    def __init__(
        self,
        address: str,
        settings: IndexSettings,
        *,
        credentials: Any = None,
        region: str = "",
        pattern: str = "*",
    ) -> None:
        self.settings = settings
        self._pattern = pattern
        self.client = OpenSearch(
            address,
            http_auth=Urllib3AWSV4SignerAuth(credentials, region) if credentials is not None else None,
            http_compress=address.startswith("https://"),
            timeout=_REQUEST_SECONDS,
            max_retries=0,  # what may be repeated is known here
        )

    def create(self, index: str, dimension: int, model: str) -> None:
        """As `Store.create`."""
        info = IndexInfo(index, dimension, model)
        check_new_index(info)
        with translated():
            try:
                self.client.indices.create(index=index, body=index_body(info, self.settings))
            except RequestError as error:
                if error.error == "invalid_index_name_exception":
                    raise StoreError(f"index {index}: an alias has this name: use another one") from error
                if error.error != "resource_already_exists_exception":
                    raise
                known = self.resolved(index)[0]
                if known != info:
                    values = f"{known.dimension} values of {known.model}"
                    raise StoreError(f"index {index} is there with {values}: use another name") from error

    def index(self, name: str) -> "OpenSearchIndex":
        """As `Store.index`."""
        return OpenSearchIndex(self, name)

    def indexes(self) -> list[IndexInfo]:
        """As `Store.indexes`."""
        with translated():
            found = self.client.indices.get_mapping(index=self._pattern, params={"filter_path": "*.mappings._meta"})
        ours = ((name, body["mappings"]["_meta"]) for name, body in sorted(found.items()))
        # One of another mapping is somebody else's until it is dropped: it must not stop the work on its successor.
        return [_info(name, meta) for name, meta in ours if meta.get("mapping_version") == MAPPING_VERSION]

    def swap(self, alias: str, index: str) -> str | None:
        """As `Store.swap`."""
        check_name(alias)
        before = self._aliases(alias)
        remove = {"remove": {"index": self._pattern, "alias": alias, "must_exist": False}}
        with translated():
            try:
                self.client.indices.update_aliases(
                    body={"actions": [remove, {"add": {"index": index, "alias": alias}}]}
                )
            except RequestError as error:
                raise StoreError(f"alias {alias}: an index has this name: use another one") from error
        return before[0] if len(before) == 1 else None

    def aliased(self, alias: str) -> str | None:
        """As `Store.aliased`."""
        names = self._aliases(alias)
        if len(names) > 1:
            raise _split(alias, names)
        return names[0] if names else None

    def drop(self, index: str) -> None:
        """As `Store.drop`."""
        with translated():
            try:
                aliases = self.client.indices.get_alias(index=index)[index]["aliases"]
            except NotFoundError:
                return
            if aliases:
                raise StoreError(f"index {index}: the alias {min(aliases)} names it: swap that first")
            self.client.indices.delete(index=index, params={"ignore_unavailable": "true"})

    def close(self) -> None:
        """As `Store.close`."""
        self.client.close()

    def resolved(self, name: str) -> tuple[IndexInfo, IndexSettings]:
        """What an index or alias names now, and how that index lies.

        Raises:
            IndexMissing, AliasSplit: None or several.
        """
        with translated():
            found = self.client.indices.get_mapping(index=name, params={"filter_path": "*.mappings._meta"})
        if len(found) > 1:
            raise _split(name, sorted(found))
        if not found:
            raise IndexMissing(f"index {name} is not one of ours: create it with this command")
        ((index, body),) = found.items()
        meta = body["mappings"]["_meta"]
        return _info(index, meta), IndexSettings.parse(meta["settings"], where=f"index {index}")

    def _aliases(self, alias: str) -> list[str]:
        with translated():
            try:
                return sorted(self.client.indices.get_alias(index=self._pattern, name=alias))
            except NotFoundError:
                return []


class OpenSearchIndex:
    """An `Index` in OpenSearch.

    Args:
        store: Whose.
        name: Of the index or an alias.
    """

    def __init__(self, store: OpenSearchStore, name: str) -> None:
        self._store = store
        self._client = store.client
        self._name = name

    def info(self) -> IndexInfo:
        """As `Index.info`."""
        return self._store.resolved(self._name)[0]

    def put(self, documents: Sequence[DrawingDocument]) -> list[Refused]:
        """As `Index.put`."""
        info = self.info()
        check_documents(info, documents)
        refused: list[Refused] = []
        writes: list[bulk.Write] = []
        for document in newest(documents):
            reason = next(filter(None, (fault(region.vector) for region in document.regions)), "")
            if reason:
                refused.append(Refused(document.drawing_id, f"a vector {reason}: normalise it", retriable=False))
            else:
                writes.append(bulk.Write(document.drawing_id, document.sequencer, _source(document)))
        return refused + (bulk.write(self._client, info.name, writes) if writes else [])

    def delete(self, drawing_ids: Sequence[str], sequencer: str) -> list[Refused]:
        """As `Index.delete`."""
        writes = [
            bulk.Write(drawing_id, sequencer, _tombstone(drawing_id, sequencer))
            for drawing_id in dict.fromkeys(drawing_ids)
        ]
        info = self.info()
        return bulk.write(self._client, info.name, writes) if writes else []

    def nearest(
        self, vector: Vector, *, model: str, k: int, filters: Filters = NO_FILTERS, min_score: float = 0.0
    ) -> list[Hit]:
        """As `Index.nearest`."""
        info, settings = self._store.resolved(self._name)
        check_query(info, vector, model, k, min_score)
        if reason := fault(vector):
            raise StoreError(f"the query {reason}: normalise it")
        found = self._searched(info.name, queries.nearest(vector, k, filters, settings))
        hits = [Hit(_record(hit), hit["_score"], _best_region(hit)) for hit in found]
        # Compared here: the server's own threshold is an approximate search of another kind, with other misses.
        return sorted((hit for hit in hits if hit.score >= min_score), key=lambda hit: (-hit.score, hit.drawing_id))

    def words(self, query: str, *, k: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """As `Index.words`."""
        check_hits(k)
        info = self.info()
        wanted = query_words(query)
        if not wanted:
            return []
        return [
            Hit(_record(hit), hit["_score"], None)
            for hit in self._searched(info.name, queries.words(wanted, k, filters))
        ]

    def get(self, drawing_id: str) -> DrawingDocument | None:
        """As `Index.get`."""
        info = self.info()
        with translated():
            try:
                source = self._client.get(
                    index=info.name, id=drawing_id, params={"_source_includes": "record,deleted,regions"}
                )["_source"]
            except NotFoundError:
                return None
        if source["deleted"]:
            return None
        record = DrawingRecord.parse(source["record"], where=f"drawing {drawing_id}")
        return DrawingDocument.of(record, _regions(source))

    def regions(self, drawing_ids: Sequence[str]) -> dict[str, tuple[IndexedRegion, ...]]:
        """As `Index.regions`."""
        info = self.info()
        if not drawing_ids:
            return {}
        with translated():
            answer = self._client.mget(
                index=info.name, body={"ids": list(drawing_ids)}, params={"_source_includes": "deleted,regions"}
            )
        there = [each for each in answer["docs"] if each.get("found") and not each["_source"]["deleted"]]
        return {each["_id"]: _regions(each["_source"]) for each in there}

    def standing(self, drawing_ids: Sequence[str]) -> dict[str, Standing]:
        """As `Index.standing`."""
        info = self.info()
        found = bulk.standing(self._client, info.name, drawing_ids)
        return {drawing_id: Standing(drawing_id=drawing_id, **stands.source) for drawing_id, stands in found.items()}

    def listing(self) -> Iterator[tuple[str, str, str]]:
        """As `Index.listing`."""
        info = self.info()
        after: dict[str, Any] = {}
        while True:
            page = self._searched(
                info.name,
                {
                    "size": _PAGE,
                    "_source": ["version", "model"],
                    "query": queries.LIVE,
                    "sort": [{"drawing_id": "asc"}],
                    "track_total_hits": False,
                    **after,
                },
            )
            for hit in page:
                yield hit["_id"], hit["_source"]["version"], hit["_source"]["model"]
            if len(page) < _PAGE:
                return
            after = {"search_after": page[-1]["sort"]}

    def count(self) -> int:
        """As `Index.count`."""
        info = self.info()
        with translated():
            return int(self._client.count(index=info.name, body={"query": queries.LIVE})["count"])

    def refresh(self) -> None:
        """As `Index.refresh`."""
        info = self.info()
        with translated():
            self._client.indices.refresh(index=info.name)

    def begin_load(self) -> None:
        """As `Index.begin_load`: AWS's order for fast loads. Graphs are built once, copies made once, files read once.

        `end_load` goes on with it: graphs, one segment, copies and refresh, warm-up.
        """
        info, settings = self._store.resolved(self._name)
        self._set(info.name, {"refresh_interval": "-1", "number_of_replicas": 0})
        if settings.engine == "faiss":
            self._set(info.name, {"knn.advanced.approximate_threshold": -1})

    def end_load(self, ticket: str = "") -> str:
        """As `Index.end_load`; the ticket is the merge, a task of the server, because it lasts for hours."""
        info, settings = self._store.resolved(self._name)
        faiss = settings.engine == "faiss"
        merge = self._task(ticket) if ticket else None
        if merge is None:  # none was begun, or it went with its node
            if faiss:
                self._set(info.name, {"knn.advanced.approximate_threshold": 0})
            return self._merge(info.name)
        if not merge["completed"]:
            return ticket
        self._set(
            info.name,
            {
                "refresh_interval": f"{round(settings.refresh_seconds * 1000)}ms",
                "number_of_replicas": settings.replicas,
            },
        )
        self.refresh()
        if "error" in merge:
            raise StoreError(f"index {info.name} was not merged ({merge['error'].get('reason')}): load it again")
        if faiss:
            with translated():
                self._client.transport.perform_request("GET", f"/_plugins/_knn/warmup/{info.name}")
        return ""

    def _set(self, index: str, settings: Mapping[str, Any]) -> None:
        with translated():
            self._client.indices.put_settings(index=index, body={"index": settings})

    def _merge(self, index: str) -> str:
        """Begins to merge into one segment."""
        with translated():
            begun = self._client.indices.forcemerge(
                index=index, params={"max_num_segments": 1, "wait_for_completion": "false"}
            )
        return str(begun["task"])

    def _task(self, task: str) -> dict[str, Any] | None:
        with translated():
            try:
                found: dict[str, Any] = self._client.tasks.get(task_id=task)
            except NotFoundError:
                return None
            return found

    def _searched(self, index: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        with translated():
            hits: list[dict[str, Any]] = self._client.search(index=index, body=body, params=_WHOLE_ANSWERS)["hits"][
                "hits"
            ]
            return hits


def _info(name: str, meta: Mapping[str, Any]) -> IndexInfo:
    if meta["mapping_version"] != MAPPING_VERSION:
        raise StoreError(
            f"index {name} has mapping version {meta['mapping_version']}, this code reads {MAPPING_VERSION}:"
            " build a new index and swap"
        )
    return IndexInfo(name, meta["dimension"], meta["model"])


def _split(alias: str, names: Sequence[str]) -> AliasSplit:
    return AliasSplit(f"alias {alias} names {', '.join(names)}: swap it to the one that is complete")


def _source(document: DrawingDocument) -> dict[str, Any]:
    return {
        "drawing_id": document.drawing_id,
        "version": document.version,
        "sequencer": document.sequencer,
        "model": document.model,
        "deleted": False,
        "category": keyword(document.category),
        "material": keyword(document.material),
        "revision": keyword(document.revision),
        "number": keyword(document.number),
        "number_beginnings": queries.beginnings(document.number),
        "date": document.date.isoformat() if document.date else None,
        "size_mm": document.size_mm,
        "record": document.record().to_json(),
        "words": fields(document),
        "regions": [
            {"place": region.model_dump_json(exclude={"vector"}), "vector": queries.numbers(region.vector)}
            for region in document.regions
        ],
    }


def _tombstone(drawing_id: str, sequencer: str) -> dict[str, Any]:
    return {"drawing_id": drawing_id, "version": "", "sequencer": sequencer, "model": "", "deleted": True}


def _record(hit: Mapping[str, Any]) -> DrawingRecord:
    return DrawingRecord.parse(hit["_source"]["record"], where=f"drawing {hit['_id']}")


def _regions(source: Mapping[str, Any]) -> tuple[IndexedRegion, ...]:
    return tuple(
        IndexedRegion(**json.loads(region["place"]), vector=encode(region["vector"])) for region in source["regions"]
    )


def _best_region(hit: Mapping[str, Any]) -> RegionPlace:
    best = hit["inner_hits"]["regions"]["hits"]["hits"][0]["_source"]
    return RegionPlace.model_validate_json(best["place"])
