"""The picture of the dashboard is drawn from the template: what is on the one is on the other."""

from __future__ import annotations

from scripts.dashboard_picture import SAMPLES, draw, lines, widgets_of
from tests.template_rules import Template


def test_every_metric_of_the_dashboard_has_sample_values(templates: dict[str, Template]) -> None:
    shown = {line.sample for each in widgets_of(templates["prod-monitoring"]) for line in lines(each["properties"])}
    assert shown == set(SAMPLES)


def test_every_graph_of_the_dashboard_is_in_the_picture(templates: dict[str, Template]) -> None:
    widgets = widgets_of(templates["prod-monitoring"])
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in draw(widgets).axes]
    assert [title for title in titles if title] == [each["properties"]["title"] for each in widgets]
