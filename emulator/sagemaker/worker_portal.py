"""The workers' portal in small: a page that shows a worker's task in a sandboxed frame, as Ground Truth does.

`GET /emulator/labeling-jobs/JOB/work?worker=USER`. In the place of AWS's crowd-html-elements.js stands a stub with
`crowd-form`, its `submit()`, and `crowd-button`. The frame has no origin of its own: what a template fetches has to
be allowed by CORS, and it has no storage, as in the portal of AWS.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Caller, Document, operation
from emulator.clients import client
from emulator.sagemaker import labelling_jobs, liquid, objects
from emulator.sagemaker.store import invalid

_CROWD = re.compile(r"<script[^>]*\bsrc=\"https://assets\.crowd\.aws/crowd-html-elements\.js\"[^>]*>\s*</script>")
_GRANTED_SECONDS = 900

_STUB = """<script>
class CrowdForm extends HTMLElement {
  submit() {
    const fields = {};
    for (const field of this.querySelectorAll("input[name], textarea[name], select[name]")) {
      fields[field.name] = field.value;
    }
    this.dispatchEvent(new Event("submit"));
    parent.postMessage({ fields }, "*");
  }
}
class CrowdButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => {
      if (this.getAttribute("form-action") === "submit") this.closest("crowd-form").submit();
    });
  }
}
customElements.define("crowd-form", CrowdForm);
customElements.define("crowd-button", CrowdButton);
</script>"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<style>html, body, iframe { margin: 0; height: 100%; width: 100%; border: 0; }</style></head>
<body><iframe title="task" sandbox="allow-scripts allow-forms" srcdoc="FRAME"></iframe>
<script>
addEventListener("message", async (event) => {
  if (!event.data || !event.data.fields) return;
  const body = JSON.stringify({ worker: WORKER, fields: event.data.fields });
  const answer = await fetch(SUBMIT, { method: "POST", body });
  document.title = answer.ok ? "submitted" : "refused";
  if (answer.ok) location.reload();
});
</script></body></html>"""


@control.route("GET", r"/emulator/labeling-jobs/(?P<job>[^/]+)/work")
def _work(request: Request, caller: Caller, match: Any) -> Response:
    """`?worker=<user name>`: the page on which the user works; it shows the next task after each answer."""
    job = labelling_jobs.find_job(caller, match["job"])
    user = request.args.get("worker")
    item = job.next(labelling_jobs.worker(job, user)[0])
    if item is None:
        return Response("<!doctype html><title>no tasks</title><p>There are no tasks.", content_type="text/html")
    place = f"/emulator/labeling-jobs/{job.name}/tasks/{item.id}/submit"
    content = liquid.render(job.template, item.task_input, lambda uri: _grant(uri, caller))
    frame = f'<!doctype html><meta charset="utf-8">{_CROWD.sub(lambda _: _STUB, content)}'
    page = (
        _PAGE.replace("TITLE", html.escape(job.task["TaskTitle"]))
        .replace("WORKER", json.dumps(user))
        .replace("SUBMIT", json.dumps(place))
        .replace("FRAME", html.escape(frame))
    )
    return Response(page, content_type="text/html; charset=utf-8")


@operation("sagemaker", "RenderUiTemplate")
def render_ui_template(request: Document, caller: Caller) -> Document:
    if "UiTemplate" not in request:
        raise invalid("the emulated account renders UiTemplate only, no HumanTaskUiArn")
    try:
        rendered = liquid.render(
            request["UiTemplate"]["Content"], json.loads(request["Task"]["Input"]), lambda uri: _grant(uri, caller)
        )
    except (liquid.TemplateError, ValueError) as error:
        return {"RenderedContent": "", "Errors": [{"Code": "TemplateError", "Message": str(error)}]}
    return {"RenderedContent": rendered, "Errors": []}


def _grant(uri: str, caller: Caller) -> str:
    bucket, key = objects.split(uri)
    url: str = client("s3", caller.region).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=_GRANTED_SECONDS
    )
    return url
