"""What a file says of itself: its pages as pixels, the texts that it carries as text, and its resolution."""
