"""The index in OpenSearch: a drawing is one document, its embeddings are nested in it."""
