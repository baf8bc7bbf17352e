"""`drawingops`: the commands, by group."""

import typer

from cli import cost, data, index, labels_command, local, models, read, removal, search, trace, train
from cli.batch import command as batch
from cli.command import Common, DebugOption, EnvironmentOption, JsonOption, ProfileOption

app = typer.Typer(
    name="drawingops",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


@app.callback()
def remember(
    context: typer.Context,
    env: EnvironmentOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Operates the drawing platform: data, training, model versions, releases, reading."""
    context.obj = Common(env, profile, as_json, debug)


app.add_typer(local.app, name="local")
app.add_typer(data.app, name="data")
app.add_typer(labels_command.app, name="labels")
app.add_typer(train.app, name="train")
app.add_typer(models.app, name="models")
app.add_typer(index.app, name="index")
removal.add_to(models.app)
read.add_to(app)
search.add_to(app)
cost.add_to(app)
trace.add_to(app)
batch.add_to(app)

if __name__ == "__main__":
    app()
