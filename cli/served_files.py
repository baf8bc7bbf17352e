"""Files that the account's endpoints read: pictures and PDF. DXF is read on the operator's machine only."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pdf"})
