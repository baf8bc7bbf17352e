"""Structured logs, traces and metrics of a function; one correlation id goes through everything that belongs together."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics, Tracer

# Service, namespace and level come from the POWERTOOLS_ variables that the construct sets.
logger = Logger()
tracer = Tracer()
metrics = Metrics()
