"""A response headers policy applied to a response."""

from __future__ import annotations

from werkzeug.datastructures import Headers

from emulator.api import Document


def apply(policy: Document, headers: Headers, origin: str | None) -> None:
    """Changes `headers` as the policy's configuration says; `origin`: the request's, for the policy's CORS."""
    for each in policy.get("RemoveHeadersConfig", {}).get("Items", []):
        headers.pop(each["Header"], None)
    if cors := policy.get("CorsConfig"):
        _cors(cors, headers, origin)
    for name, value, override in _security(policy.get("SecurityHeadersConfig", {})):
        _set(headers, name, value, override)
    for each in policy.get("CustomHeadersConfig", {}).get("Items", []):
        _set(headers, each["Header"], each["Value"], each["Override"])


def _set(headers: Headers, name: str, value: str, override: bool) -> None:
    if override or name not in headers:
        headers[name] = value


def _security(config: Document) -> list[tuple[str, str, bool]]:
    """Name, value and override of each header that the configuration has."""
    found = []
    if each := config.get("ContentSecurityPolicy"):
        found.append(("Content-Security-Policy", each["ContentSecurityPolicy"], each["Override"]))
    if each := config.get("ContentTypeOptions"):
        found.append(("X-Content-Type-Options", "nosniff", each["Override"]))
    if each := config.get("FrameOptions"):
        found.append(("X-Frame-Options", each["FrameOption"], each["Override"]))
    if each := config.get("ReferrerPolicy"):
        found.append(("Referrer-Policy", each["ReferrerPolicy"], each["Override"]))
    if each := config.get("StrictTransportSecurity"):
        value = f"max-age={each['AccessControlMaxAgeSec']}"
        value += "; includeSubDomains" if each.get("IncludeSubdomains") else ""
        value += "; preload" if each.get("Preload") else ""
        found.append(("Strict-Transport-Security", value, each["Override"]))
    if each := config.get("XSSProtection"):
        value = "1" if each["Protection"] else "0"
        value += "; mode=block" if each.get("ModeBlock") else ""
        value += f"; report={each['ReportUri']}" if each.get("ReportUri") else ""
        found.append(("X-XSS-Protection", value, each["Override"]))
    return found


def _cors(config: Document, headers: Headers, origin: str | None) -> None:
    allowed = config["AccessControlAllowOrigins"]["Items"]
    if not origin or not ("*" in allowed or origin in allowed):
        return
    override = config["OriginOverride"]
    _set(headers, "Access-Control-Allow-Origin", "*" if "*" in allowed else origin, override)
    if config["AccessControlAllowCredentials"]:
        _set(headers, "Access-Control-Allow-Credentials", "true", override)
    if exposed := config.get("AccessControlExposeHeaders", {}).get("Items"):
        _set(headers, "Access-Control-Expose-Headers", ", ".join(exposed), override)
