"""In front of moto's S3: buckets by host name, who may ask without a signed header, and what a browser is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.s3.models import s3_backends
from werkzeug.wrappers import Request, Response

from emulator import ACCOUNT
from emulator.s3 import cors, ranges, signatures
from emulator.s3.errors import Refused
from emulator.s3.ranges import Application


def guarded(moto: Application) -> Application:
    """`moto`, asked about buckets only by those whom S3 would answer."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        bucket = _bucket_of_host(request)
        if bucket:
            environ = _by_path(environ, bucket.name)
        bucket = bucket or _bucket_of_path(request)
        if bucket is None:
            return moto(environ, start_response)
        from_browser = "Origin" in request.headers
        try:
            if cors.is_preflight(request):
                return cors.preflight(bucket, request)(environ, start_response)
            signatures.check(request)
            answer = ranges.part(moto, environ, bucket.name)
            if answer is None and not from_browser:
                return moto(environ, start_response)
            answer = answer or Response.from_app(moto, environ)
        except Refused as refused:
            answer = refused.response()
        if from_browser:
            cors.apply(bucket, request, answer.headers)
        return answer(environ, start_response)

    return application


def _bucket_of_host(request: Request) -> Any | None:
    """moto's model of the bucket of `http://BUCKET.localhost:PORT/KEY`, or None."""
    name = request.host.partition(":")[0].removesuffix(".localhost")
    return s3_backends[ACCOUNT]["aws"].buckets.get(name)


def _bucket_of_path(request: Request) -> Any | None:
    """moto's model of the bucket that the path names, if the request is not for another service."""
    authorization = request.headers.get("Authorization", "")
    if authorization and "/s3/aws4_request" not in authorization:
        return None
    return s3_backends[ACCOUNT]["aws"].buckets.get(request.path.split("/")[1])


def _by_path(environ: dict[str, Any], bucket: str) -> dict[str, Any]:
    """The request as moto reads it best; signatures are checked on the one that came."""
    host = environ["HTTP_HOST"].partition(":")
    changed = {name: f"/{bucket}{environ[name]}" for name in ("PATH_INFO", "RAW_URI", "REQUEST_URI")}
    return {**environ, **changed, "HTTP_HOST": f"localhost{host[1]}{host[2]}"}
