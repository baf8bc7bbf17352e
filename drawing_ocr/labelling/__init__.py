"""People label drawings, and the machine learns from them."""
