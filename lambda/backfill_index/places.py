"""Where a back-fill lies in the bucket; batch transform writes below the same prefix (cli/batch/)."""

PREFIX = "results/batch/"
SHARDS, LOADED = "shards", "loaded"


def key_of(backfill: str, kind: str, number: int) -> str:
    """Of a shard, or of the checkpoint of a shard that is loaded."""
    return f"{PREFIX}{backfill}/{kind}/{number:06d}.json"
