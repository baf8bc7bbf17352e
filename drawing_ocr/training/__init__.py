"""Incremental training: a recogniser learns new drawings and keeps what it knew."""
