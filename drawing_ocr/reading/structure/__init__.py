"""What belongs together on a sheet: pieces of a dimension, cells of a table, title block fields, paragraphs."""
