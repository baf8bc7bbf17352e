"""Keeps the asynchronous endpoint on the version that serves in real time."""
