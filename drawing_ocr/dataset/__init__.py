"""From labelled batches to a checked dataset in PaddleOCR's layout."""
