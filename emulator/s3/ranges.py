"""Parts of objects. moto reads the whole object for each: 80 ms where the object has 80 MB."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from moto.s3.models import s3_backends
from werkzeug.wrappers import Request, Response

from emulator import ACCOUNT

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

_PART = re.compile(r"bytes (\d+)-(\d+)/\d+")
# Parameters that leave the answer as it is; others (`partNumber`, `response-…`) are moto's business.
_PLAIN = re.compile(r"X-Amz-.+|x-id|versionId")


def part(moto: Application, environ: dict[str, Any], bucket: str) -> Response | None:
    """The answer to a request for a part of an object, or None where moto must answer itself.

    What S3 says of the object and of the range is asked of moto by HEAD; only the bytes come from here.
    """
    request = Request(environ)
    if request.method != "GET" or "Range" not in request.headers or not all(map(_PLAIN.fullmatch, request.args)):
        return None
    answer = Response.from_app(moto, {**environ, "REQUEST_METHOD": "HEAD"})
    found = _PART.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status_code != 206 or not found:
        return None
    name = unquote(str(environ["RAW_URI"]).partition("?")[0]).split("/", 2)[2]
    model = s3_backends[ACCOUNT]["aws"].get_object(bucket, name, request.args.get("versionId"))
    if model is None:
        return None
    begin, end = int(found[1]), int(found[2])
    with model.lock:
        model._value_buffer.seek(begin)
        answer.set_data(model._value_buffer.read(end - begin + 1))
    return answer
