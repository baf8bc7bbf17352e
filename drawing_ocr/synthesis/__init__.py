"""Engineering drawings drawn from nothing, with exact labels."""
