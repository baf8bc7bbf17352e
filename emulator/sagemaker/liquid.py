"""The part of Liquid that worker templates use: outputs of `task.input` with Ground Truth's filters.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-custom-templates-step2-automate.html: `grant_read_access` makes an
address that a browser can read, and every output is escaped unless `skip_autoescape` says otherwise.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

_OUTPUT = re.compile(r"\{\{-?\s*(?P<expression>.*?)\s*-?\}\}", re.DOTALL)
_STEP = re.compile(
    r"\.(?P<name>[A-Za-z_][\w-]*)|\[\s*(?:'(?P<quoted>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<index>\d+))\s*\]"
)


class TemplateError(ValueError):
    """The template cannot be rendered; one line."""


def render(template: str, task_input: Any, grant: Callable[[str], str]) -> str:
    """The template with its outputs filled in.

    Args:
        template: Liquid; tags (`{% %}`) are refused.
        task_input: what `task.input` is.
        grant: an `s3://` address -> one that a browser can read.

    Raises:
        TemplateError: what the template asks for is not there, or is no part of Liquid that is known here.
    """
    if "{%" in template:
        raise TemplateError("Liquid tags ({% %}) are not known here")

    def filled(match: re.Match[str]) -> str:
        path, *filters = (part.strip() for part in match["expression"].split("|"))
        value, escaped = _value(path, task_input), True
        for name in filters:
            match name:
                case "grant_read_access":
                    value = grant(str(value))
                case "to_json":
                    value = json.dumps(value)
                case "escape" | "escape_once":
                    pass  # as every output
                case "skip_autoescape":
                    escaped = False
                case _:
                    raise TemplateError(f"the filter {name!r} is not known here")
        text = value if isinstance(value, str) else json.dumps(value)
        return html.escape(text) if escaped else text

    return _OUTPUT.sub(filled, template)


def _value(path: str, task_input: Any) -> Any:
    if not path.startswith("task.input"):
        raise TemplateError(f"{path!r} is not there: a template knows task.input only")
    value, rest = task_input, path.removeprefix("task.input")
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise TemplateError(f"{path!r} is no path")
        key: Any = int(step["index"]) if step["index"] else step["name"] or step["quoted"] or step["double"]
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise TemplateError(f"{path!r} is not there") from None
        rest = rest[step.end() :]
    return value
