"""A page of PDF and its picture: content in PDF's own operators, drawn by PDFium with its built-in faces.

Lengths are points, y upwards, as PDF has them.
"""

import numpy as np
import numpy.typing as npt
import pypdfium2

# Faces of every PDF reader; PDFium carries its own cuts of them, so no font of the machine is used.
FACES = ("Helvetica", "Helvetica-Oblique", "Helvetica-Bold", "Times-Roman", "Courier", "Courier-Bold", "Times-Italic")


def picture(content: str, width: float, height: float, scale: float) -> npt.NDArray[np.uint8]:
    """The page with this content as uint8 [rows, columns], dark on white, `scale` pixels a point."""
    document = pypdfium2.PdfDocument(_pdf(content, width, height))
    try:
        return np.asarray(document[0].render(scale=scale, grayscale=True).to_numpy(), np.uint8).reshape(
            -1, round_up(width * scale)
        )
    finally:
        document.close()


def round_up(pixels: float) -> int:
    """Whole pixels of a page side, as PDFium counts them."""
    return int(np.ceil(pixels - 1e-6))


def quoted(text: str) -> str:
    """A text as PDF's string in WinAnsi encoding."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"({escaped.encode('cp1252').decode('latin-1')})"


def _pdf(content: str, width: float, height: float) -> bytes:
    fonts = "".join(f"/F{i} {5 + i} 0 R" for i in range(len(FACES)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents 4 0 R/Resources<</Font<<{fonts}>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        *(f"<</Type/Font/Subtype/Type1/BaseFont/{face}/Encoding/WinAnsiEncoding>>" for face in FACES),
    ]
    file, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(file))
        file += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    file += (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>startxref\n{len(file)}\n%%EOF"
    )
    return file.encode("latin-1")
