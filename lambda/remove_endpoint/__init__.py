"""Removes an endpoint that no stack owns, with all that it was made of, when its stack goes."""
