"""The HTTP API of similar drawings."""
