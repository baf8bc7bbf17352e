"""The grammar of what drawings write: dimensions, tolerances, fits, threads, geometric tolerances, surface texture.

Texts are in the form of `drawing_ocr.text.canonical`.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""
