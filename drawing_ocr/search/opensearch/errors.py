"""OpenSearch's refusals in the words of stores."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import OpenSearchException, TransportError

from drawing_ocr.search.store import IndexMissing, StoreBusy, StoreError

BUSY = frozenset({429, 502, 503, 504})
# Answered with status 400, as if the document were at fault, while the graphs do not fit into memory.
_BREAKERS = ("knn_circuit_breaker_exception", "circuit_breaking_exception")
_SHOWN = 300  # characters of a reason


@contextmanager
def translated() -> Iterator[None]:
    """
    Raises:
        StoreBusy: No connection, time-out, too many requests, a circuit breaker, or no node for it just now.
        IndexMissing: 404.
        StoreError: Everything else.
    """
    try:
        yield
    except NoConnection as error:
        raise StoreBusy(f"OpenSearch does not answer ({_short(str(error.error))}): try again") from error
    except TransportError as error:
        body = error.info if isinstance(error.info, Mapping) else {}
        reason = _short(_told(error, body))
        if error.status_code in BUSY or is_breaker(body.get("error")):
            raise StoreBusy(f"OpenSearch is busy ({reason}): try again") from error
        if error.status_code == 404:
            raise IndexMissing(f"OpenSearch has it not ({reason}): create it, or let the alias name one") from error
        if error.status_code in (401, 403):
            raise StoreError(f"OpenSearch refuses ({reason}): look at the role's rights and blocked indexes") from error
        raise StoreError(f"OpenSearch answers {error.status_code} ({reason})") from error
    except OpenSearchException as error:
        raise StoreError(f"OpenSearch's answer cannot be used ({_short(str(error))})") from error


def is_breaker(error: object) -> bool:
    """Whether an error, of a request or of an item of a bulk, is a circuit breaker's."""
    while isinstance(error, Mapping):
        if error.get("type") in _BREAKERS:
            return True
        error = error.get("caused_by")
    return False


def reason_of(error: object) -> str:
    """In one line."""
    return _short(_reason(error))


def _reason(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    inner = error.get("caused_by")
    return _reason(inner) if isinstance(inner, Mapping) else f"{error.get('type')}: {error.get('reason')}"


def _told(error: TransportError, body: Mapping[str, Any]) -> str:
    """OpenSearch says `error`; what stands before a domain and refuses signatures says `message`, or `Message`."""
    if "error" in body:
        return f"{error.error}: {_reason(body['error'])}"
    return str(body.get("message") or body.get("Message") or error.error)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
