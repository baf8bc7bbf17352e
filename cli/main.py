"""`drawingops`: the commands, by group."""

import typer

from cli import data, local, models, read, train

app = typer.Typer(
    name="drawingops",
    help="Operates the drawing platform: data, training, model versions, releases, reading.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.add_typer(local.app, name="local")
app.add_typer(data.app, name="data")
app.add_typer(train.app, name="train")
app.add_typer(models.app, name="models")
read.add_to(app)

if __name__ == "__main__":
    app()
