"""Requests to a distribution: behaviour, origin, error pages, ranges, compression, headers."""

from __future__ import annotations

import functools
import gzip
import logging
import re
import secrets
from fnmatch import fnmatchcase

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Document
from emulator.cloudfront import distributions, headers, origins, policies
from emulator.cloudfront.records import Record

log = logging.getLogger(__name__)

_COMPRESSED_TYPES = re.compile(r"text/.+|application/(javascript|json|manifest\+json|wasm|xml|.+\+xml)|image/svg\+xml")
# Objects of other sizes are not compressed (developer guide, "Serve compressed files").
_SMALLEST_COMPRESSED, _LARGEST_COMPRESSED = 1_000, 10_000_000


@control.host(r"(?P<id>[a-z0-9]+)\.cloudfront\.localhost")
def _serve(request: Request, match: re.Match[str]) -> Response:
    distribution = distributions.of_host(match["id"])
    if distribution is None or not distribution.config["Enabled"]:
        return _own_error(403, "The distribution does not exist or is disabled.")
    behavior = next(
        each
        for each in distributions.behaviors(distribution.config)
        if fnmatchcase(request.path, "/" + each.get("PathPattern", "*").lstrip("/"))
    )
    allowed = behavior.get("AllowedMethods", {}).get("Items", ["GET", "HEAD"])
    if request.method not in allowed or request.method not in ("GET", "HEAD"):
        return _own_error(403, "This distribution is not configured to allow the HTTP request method.")
    answer = _answer(request, distribution, behavior)
    if policy := behavior.get("ResponseHeadersPolicyId"):
        headers.apply(policies.RESPONSE_HEADERS.get(policy).config, answer.headers, request.headers.get("Origin"))
    answer.headers["Via"] = f"1.1 {secrets.token_hex(8)}.cloudfront.net (CloudFront)"
    answer.headers["X-Cache"] = "Miss from cloudfront"
    return answer


def _answer(request: Request, distribution: Record, behavior: Document) -> Response:
    path = request.path
    if path == "/":
        path += distribution.config["DefaultRootObject"]
    try:
        return _object(request, distribution, behavior, path)
    except origins.Refused as refused:
        for page in distribution.config["CustomErrorResponses"].get("Items", []):
            if page["ErrorCode"] == refused.status and page.get("ResponsePagePath"):
                try:
                    answer = _object(request, distribution, behavior, page["ResponsePagePath"])
                except origins.Refused:
                    break
                answer.status_code = int(page.get("ResponseCode") or refused.status)
                return answer
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{refused.code}</Code></Error>'
        return Response(body, refused.status, content_type="application/xml")


def _object(request: Request, distribution: Record, behavior: Document, path: str) -> Response:
    origin = next(each for each in distribution.config["Origins"]["Items"] if each["Id"] == behavior["TargetOriginId"])
    bucket = origins.bucket_of(origin)
    if bucket is None:
        log.error("the origin %s of %s is no bucket: the emulator serves buckets only", origin["Id"], distribution.id)
        raise origins.Refused(502, "BadGateway")
    key = f"{origin.get('OriginPath', '')}{path}".lstrip("/")
    found = origins.read(bucket, key, distributions.arn(distribution.id))
    body, etag, weak = found.body, found.etag, False
    answer = Response("", 200, found.headers)
    kind = found.headers.get("Content-Type", "").partition(";")[0]
    if behavior.get("Compress") and _COMPRESSED_TYPES.fullmatch(kind) and "Content-Encoding" not in found.headers:
        answer.headers["Vary"] = "Accept-Encoding"
        fits = _SMALLEST_COMPRESSED <= len(body) <= _LARGEST_COMPRESSED
        if fits and request.accept_encodings.best_match(["gzip"]) and "Range" not in request.headers:
            body, weak = _compressed(body), True
            answer.headers["Content-Encoding"] = "gzip"
    answer.set_data(body)
    answer.set_etag(etag, weak)
    answer.last_modified = found.modified
    try:
        answer.make_conditional(request.environ, accept_ranges=True, complete_length=len(body))
    except RequestedRangeNotSatisfiable:
        return Response("", 416, {"Content-Range": f"bytes */{len(body)}"})
    answer.headers.pop("Date", None)  # the server writes one itself
    return answer


@functools.lru_cache(maxsize=64)
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


def _own_error(status: int, message: str) -> Response:
    return Response(f"<h1>{status} ERROR</h1><p>{message}</p>", status, content_type="text/html")
