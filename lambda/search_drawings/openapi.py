"""The OpenAPI document of the API, out of the models that read requests and write answers."""

from typing import Any

from pydantic.json_schema import models_json_schema

from search_drawings.answer import Found, SearchAnswer
from search_drawings.body import SearchBody

_REFERENCE = "#/components/schemas/{model}"
# Why a search is refused, by status.
REFUSALS = {
    "400": "bad_request, bad_image, bad_region: the request is not in the form that is described here",
    "403": "the request is not signed by somebody of this account who may ask (API Gateway's own answer)",
    "404": "not_indexed, not_there, no_such_route",
    "413": "too_large: the request, or the picture in it",
    "422": "unreadable_image: the picture is none that can be read",
    "503": "busy, embedder_unavailable, index_changing: try again after the seconds of Retry-After",
}


def document() -> dict[str, Any]:
    """The document, OpenAPI 3.1."""
    _, schemas = models_json_schema(
        [(SearchBody, "validation"), (SearchAnswer, "serialization"), (Found, "serialization")],
        ref_template=_REFERENCE,
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Similar drawings", "version": "1"},
        "security": [{"sigv4": []}],
        "paths": {
            "/search": {
                "post": {
                    "summary": "Drawings that resemble a picture, a drawing, a part of one, or have words",
                    "requestBody": {"required": True, "content": _json("SearchBody")},
                    "responses": _responses("A page of hits", "SearchAnswer"),
                }
            },
            "/drawings": {
                "get": {
                    "summary": "What is known of one drawing",
                    "parameters": [{"name": "id", "in": "query", "required": True, "schema": {"type": "string"}}],
                    "responses": _responses("The drawing", "Found"),
                }
            },
            "/openapi.json": {
                "get": {"summary": "This document", "responses": {"200": {"description": "OpenAPI 3.1"}}}
            },
        },
        "components": {
            "schemas": {**schemas["$defs"], "Error": _error()},
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4 for the service execute-api",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
        },
    }


def _responses(description: str, model: str) -> dict[str, Any]:
    refusals = {status: {"description": why, "content": _json("Error")} for status, why in REFUSALS.items()}
    return {"200": {"description": description, "content": _json(model)}, **refusals}


def _json(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model)}}}


def _error() -> dict[str, Any]:
    text = {"type": "string"}
    inner = {"type": "object", "required": ["code", "message"], "properties": {"code": text, "message": text}}
    return {"type": "object", "required": ["error"], "properties": {"error": inner}}
