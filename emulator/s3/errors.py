"""S3's error documents."""

from __future__ import annotations

from xml.sax.saxutils import escape

from werkzeug.wrappers import Response


class Refused(Exception):
    """A request that S3 refuses: status, code and message of its document, and further members of it."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more

    def response(self) -> Response:
        members = {"Code": self.code, "Message": self.message, **self.more}
        inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in members.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'
        return Response(body, self.status, content_type="application/xml")
