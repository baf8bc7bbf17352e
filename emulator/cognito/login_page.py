"""The sign-in pages: a user's name and password, and a new password where a temporary one was given."""

from __future__ import annotations

from html import escape
from string import Template

from werkzeug.wrappers import Response

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0; }
main { width: min(22rem, 90vw); }
h1 { font-size: 1.5rem; }
label { display: block; margin: 1rem 0 .25rem; }
input, button { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; }
button { margin-top: 1.5rem; cursor: pointer; }
[role=alert] { border-left: .25rem solid #c00; padding-left: .75rem; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
$message
$form
</main>
</body>
</html>
""")
_FIELD = Template("""<label for="$name">$label</label>
<input id="$name" name="$name" type="$kind" value="$value" autocomplete="$autocomplete" required $more>""")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def sign_in(action: str, csrf: str, username: str, problem: str = "") -> Response:
    """Asks for name and password; `action`: the address that the form goes to; `problem`: why the last try failed."""
    fields = [
        _field("username", "Username", "text", "username", username, autofocus=not username),
        _field("password", "Password", "password", "current-password", autofocus=bool(username)),
    ]
    return _page("Sign in", _form(action, csrf, fields, "Sign in"), problem)


def new_password(action: str, csrf: str, session: str, problem: str = "") -> Response:
    """Asks twice for the password that replaces a temporary one."""
    fields = [
        f'<input type="hidden" name="session" value="{escape(session)}">',
        _field("new_password", "New password", "password", "new-password", autofocus=True),
        _field("confirm_password", "New password again", "password", "new-password"),
    ]
    return _page("Change password", _form(action, csrf, fields, "Send"), problem)


def error(message: str, status: int = 400) -> Response:
    """What Cognito shows where it cannot send the browser back, because the address to go back to is not trusted."""
    return _page("An error was encountered with the requested page.", "", message, status)


def _page(title: str, form: str, problem: str, status: int = 200) -> Response:
    message = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    body = _PAGE.substitute(title=escape(title), message=message, form=form)
    return Response(body, status, _HEADERS, content_type="text/html; charset=utf-8")


def _form(action: str, csrf: str, fields: list[str], button: str) -> str:
    hidden = f'<input type="hidden" name="_csrf" value="{escape(csrf)}">'
    inside = "\n".join([hidden, *fields, f'<button type="submit">{button}</button>'])
    return f'<form method="post" action="{escape(action)}">\n{inside}\n</form>'


def _field(name: str, label: str, kind: str, autocomplete: str, value: str = "", *, autofocus: bool = False) -> str:
    more = "autofocus" if autofocus else ""
    return _FIELD.substitute(
        name=name, label=label, kind=kind, autocomplete=autocomplete, value=escape(value), more=more
    )
