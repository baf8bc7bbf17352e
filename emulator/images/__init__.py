"""Container images: what `docker` would build and push, and how an image becomes a command."""
