"""What the dashboard shows of similar drawings."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch

from drawing_platform.drawing_index import DrawingIndex
from drawing_platform.metrics import FIVE_MINUTES
from drawing_platform.search_api import SearchApi


def search_widgets(api: SearchApi, index: DrawingIndex, *, width: int) -> list[cloudwatch.IWidget]:
    """Searches, their time, and what is indexed; each `width` columns wide."""
    slow = cloudwatch.Stats.percentile(99)
    return [
        cloudwatch.GraphWidget(
            title="Searches: requests (left), the server's errors (right)",
            width=width,
            left=[api.metric("Count", cloudwatch.Stats.SUM)],
            right=[api.metric("5xx", cloudwatch.Stats.SUM)],
        ),
        cloudwatch.GraphWidget(
            title="Time of a search in milliseconds, 99th percentile: embedding, index",
            width=width,
            left=[
                index.metric("search-drawings", f"Search{what}Time", slow, FIVE_MINUTES)
                for what in ("Embedding", "Index")
            ],
        ),
        cloudwatch.GraphWidget(
            title="Drawings indexed and refused (left), waiting (right)",
            width=width,
            left=[
                index.metric("index-drawings", f"Drawings{what}", cloudwatch.Stats.SUM, FIVE_MINUTES)
                for what in ("Indexed", "Refused")
            ],
            right=[index.queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES)],
        ),
    ]
