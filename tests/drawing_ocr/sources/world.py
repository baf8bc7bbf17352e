"""Files with known texts: PDF pages written by hand, DXF drawings made with ezdxf."""

from __future__ import annotations

HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(*contents: bytes, font: bytes = HELVETICA, extra: tuple[bytes, ...] = (), rotate: int = 0) -> bytes:
    """A PDF of pages of 300 by 200 points.

    Args:
        contents: Of each page; /F1 is the font, /X1 the first of `extra` where there is one.
        font: The font's dictionary; `6 0 R` is the first of `extra`.
        extra: More objects, from number 6.
        rotate: Degrees clockwise by which pages are shown turned.
    """
    first_page = 6 + len(extra)
    kids = b" ".join(b"%d 0 R" % (first_page + 2 * number) for number in range(len(contents)))
    picture = b"/XObject << /X1 6 0 R >>" if extra else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(contents)),
        font,
        b"<< /Font << /F1 3 0 R >> %b >>" % picture,
        b"null",
        *extra,
    ]
    for content in contents:
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /Rotate %d /MediaBox [0 0 300 200] /Resources 4 0 R /Contents %d 0 R >>"
            % (rotate, len(objects) + 2)
        )
        objects.append(stream(content))
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


def show(text: str, x: float, y: float, size: float = 12, turn: tuple[float, float] = (1, 0), mode: int = 0) -> bytes:
    """A text at a place of user space; `turn` is cosine and sine of its direction."""
    cosine, sine = turn
    matrix = " ".join(f"{value:g}" for value in (cosine, sine, -sine, cosine, x, y))
    return f"BT {mode} Tr /F1 {size} Tf {matrix} Tm ({text}) Tj ET ".encode()


def to_unicode(shift: int) -> bytes:
    """A ToUnicode table that tells for each printable character the one `shift` further."""
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def "
        b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <20> <7e> <%04x> endbfrange "
        b"endcmap end end" % (0x20 + shift)
    )
