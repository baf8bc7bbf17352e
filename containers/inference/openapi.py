"""What the server understands and answers, as an OpenAPI document and as a page that needs nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from containers.inference.invocation import CUSTOM_ATTRIBUTES, DEADLINE, REQUEST_ID
from containers.inference.settings import ServingSettings
from drawing_ocr.embedding.result import EmbeddingResult
from drawing_ocr.reading.result import ReadingResult

_REFERENCE: Final = "#/components/schemas/{model}"
_ANSWERS: Final[dict[str, type[BaseModel]]] = {"reader": ReadingResult, "embedder": EmbeddingResult}
_SUMMARIES: Final = {"reader": "Reads the texts of a drawing", "embedder": "Vectors of a drawing and its views"}
_FILES: Final = ("image/*", "application/pdf", "application/octet-stream")
# Why an invocation is refused, by status.
_REFUSALS: Final = {
    "400": "EmptyBody, InvalidJson, InvalidRequest, InvalidBase64, InvalidDeadline: not in the form described here",
    "408": "BodyTooSlow: the body did not arrive before the deadline",
    "413": "BodyTooLarge, ImageTooLarge: more bytes, pixels or pages than are read",
    "415": "UnsupportedContentType, UnsupportedImage: no kind of file that is read",
    "422": "UnreadableImage: damaged, truncated, encrypted or empty",
    "429": "Busy: the queue is full; try again after the seconds of Retry-After",
    "500": "InternalError: a fault of the server; its log has the reason under the request's id",
    "503": "Loading: nothing can be read now; try again after the seconds of Retry-After",
    "504": "TooSlow: not read before the deadline",
}


def document(settings: ServingSettings) -> dict[str, Any]:
    """The document, OpenAPI 3.1."""
    model = _ANSWERS[settings.served]
    _, schemas = models_json_schema([(model, "serialization")], ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Drawing inference",
            "version": settings.model_version or "unregistered",
            "description": f"Files of up to {settings.payload_bytes / 1e6:g} MB, {settings.pages} pages and "
            f"{settings.megapixels} megapixels a page; answers within {settings.deadline:g} s.",
        },
        "paths": {
            "/invocations": {"post": _invocation(settings, model.__name__)},
            "/ping": {
                "get": {
                    "summary": "Whether an answer is possible now",
                    "operationId": "ping",
                    "responses": {
                        "200": {"description": "The model is loaded and answers"},
                        "503": {"description": "It is being loaded, or does not answer", "content": _json("Error")},
                    },
                }
            },
            "/execution-parameters": {
                "get": {
                    "summary": "What a batch transform job may send at once",
                    "operationId": "executionParameters",
                    "responses": {"200": {"description": "SageMaker's parameters"}},
                }
            },
            "/metrics": {
                "get": {
                    "summary": "Metrics in the text format of Prometheus",
                    "operationId": "metrics",
                    "responses": {"200": {"description": "Metrics", "content": {"text/plain": {}}}},
                }
            },
        },
        "components": {"schemas": {**schemas["$defs"], "Error": _error()}},
    }


def _invocation(settings: ServingSettings, answer: str) -> dict[str, Any]:
    file = {"schema": {"type": "string", "format": "binary"}}
    image = {"type": "string", "contentEncoding": "base64", "description": "The file; a data URL too"}
    body = {"schema": {"type": "object", "required": ["image"], "properties": {"image": image}}}
    refusals = {status: {"description": why, "content": _json("Error")} for status, why in _REFUSALS.items()}
    return {
        "summary": _SUMMARIES[settings.served],
        "operationId": "invoke",
        "parameters": [
            _header(REQUEST_ID, "Comes back with the answer and stands in the log; a new one where there is none"),
            _header(DEADLINE, f"Seconds until the answer is of no use any more; at most {settings.deadline:g}"),
            _header(CUSTOM_ATTRIBUTES, "The same through SageMaker: request-id=a7,deadline-seconds=2.5"),
        ],
        "requestBody": {"required": True, "content": {"application/json": body, **dict.fromkeys(_FILES, file)}},
        "responses": {"200": {"description": "What was found", "content": _json(answer)}, **refusals},
    }


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _json(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model)}}}


def _error() -> dict[str, Any]:
    text = {"type": "string"}
    inner = {"type": "object", "required": ["code", "message"], "properties": {"code": text, "message": text}}
    return {"type": "object", "required": ["error"], "properties": {"error": inner}}


_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
:root { color-scheme: light dark }
h2 { border-top: 1px solid #8888; padding-top: 1rem } td { vertical-align: top; padding: .1rem 1rem .1rem 0 }
pre { overflow: auto; background: #8881; padding: 1rem }
"""
_EXAMPLE: Final = """curl --data-binary @sheet.pdf -H 'Content-Type: application/pdf' \\
    -H 'X-Request-Deadline-Seconds: 10' http://localhost:8080/invocations"""


def page(described: dict[str, Any]) -> str:
    """The document for people: HTML without scripts, fonts or pictures."""
    info = described["info"]
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    )
    schemas = escape(json.dumps(described["components"]["schemas"], indent=2, ensure_ascii=False))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f"<style>{_STYLE}</style><h1>{escape(info['title'])}</h1><p>{escape(info['description'])} "
        f'Version {escape(info["version"])}. For programs: <a href="openapi.json">openapi.json</a>.</p>'
        f"<pre>{escape(_EXAMPLE)}</pre>{operations}<h2>Schemas</h2><pre>{schemas}</pre></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    kinds = ", ".join(operation.get("requestBody", {}).get("content", {}))
    return (
        f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(operation['summary'])}</p>"
        + (f"<p>Body: {escape(kinds)}</p>" if kinds else "")
        + _table((each["name"], each["description"]) for each in operation.get("parameters", []))
        + _table((status, answer["description"]) for status, answer in operation["responses"].items())
    )


def _table(rows: Any) -> str:
    cells = "".join(f"<tr><td><code>{escape(name)}</code><td>{escape(text)}</tr>" for name, text in rows)
    return f"<table>{cells}</table>" if cells else ""
