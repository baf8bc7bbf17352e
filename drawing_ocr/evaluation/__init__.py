"""How well drawings are read, and whether that is good enough to release."""
