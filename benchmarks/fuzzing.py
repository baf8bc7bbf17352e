"""What the inference server makes of ten thousand broken requests: no crash, no 5xx, nothing after its deadline.

Starts the real server and sends it, from eight clients, files and requests that were damaged at random but repeatably:
pictures of every kind and mode, TIFF and PDF with several pages, JSON, headers, lengths that lie, bodies that stop.
A case is made from its number alone: `--only N` sends one again.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import random
import socket
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image, ImageDraw
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.served import Served, official_model, serve

DEADLINE: Final = 55.0  # seconds, of the server: its default
SLACK: Final = 1.0  # seconds that a client on a busy machine may see on top
MEGAPIXELS: Final = 4
CLIENTS: Final = 8


@dataclass(frozen=True)
class Case:
    """One request: the bytes that go over the connection, whether the client then hangs up its side, and when its
    answer is due."""

    number: int
    kind: str
    sent: bytes
    hangs_up: bool
    deadline: float


@dataclass(frozen=True)
class Outcome:
    """What came back; status 0 is a connection that was closed without an answer."""

    case: Case
    status: int
    seconds: float
    problem: str = ""


# --- files


@cache
def files() -> dict[str, bytes]:
    """Small whole files of every kind, by name."""
    paper = Image.new("L", (120, 80), 255)
    pen = ImageDraw.Draw(paper)
    pen.rectangle((8, 8, 110, 70), outline=0, width=2)
    pen.text((20, 30), "R12.5", fill=0)
    made = {f"png-{mode}": _saved(paper.convert(mode), "PNG") for mode in ("1", "L", "P", "RGB", "RGBA", "LA", "I;16")}
    made |= {f"jpeg-{mode}": _saved(paper.convert(mode), "JPEG") for mode in ("L", "RGB", "CMYK")}
    exif = Image.Exif()
    exif[0x0112] = 6
    made["jpeg-exif"] = _saved(paper, "JPEG", exif=exif.tobytes())
    for compression in ("raw", "group4", "tiff_lzw", "tiff_deflate", "packbits"):
        picture = paper.convert("1") if compression == "group4" else paper
        made[f"tiff-{compression}"] = _saved(picture, "TIFF", compression=compression)
    made["tiff-cmyk"] = _saved(paper.convert("CMYK"), "TIFF")
    made["tiff-pages"] = _saved(paper, "TIFF", save_all=True, append_images=[paper, paper])
    made["pdf"] = _saved(paper, "PDF", save_all=True, append_images=[paper])
    made["pdf-text"] = _text_pdf()
    made["bmp"], made["webp"], made["gif"] = (_saved(paper, kind) for kind in ("BMP", "WEBP", "GIF"))
    made["dxf"] = b"0\nSECTION\n2\nENTITIES\n0\nTEXT\n10\n1\n20\n2\n40\n3\n1\nR12\n0\nENDSEC\n0\nEOF\n"
    made["svg"] = b'<svg xmlns="http://www.w3.org/2000/svg"><text>R12</text></svg>'
    return made


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def _text_pdf() -> bytes:
    drawn = b"BT /F 24 Tf 30 40 Td (4x M8) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Rotate 0>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, text) for number, text in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size 6>>\n%%EOF"


# --- damage

_WORDS: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 20_000, 65_500)
_TOKENS: Final = (
    *(b"0 0 R", b"99999999999", b"-1", b"<<", b">>", b"["),
    *(b"/Encrypt 5 0 R", b"/Filter/JBIG2Decode", b"endobj", b"\0"),
)


def _flip(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 3, 20))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _remove(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randrange(1, 40)]


def _repeat(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    piece = data[start : start + rng.randrange(1, 200)]
    data[start:start] = piece * rng.choice((1, 1, 5, 300))


def _word(data: bytearray, rng: random.Random) -> None:
    form = rng.choice((">I", "<I", ">H", "<H"))
    word = struct.pack(form, rng.choice(_WORDS) & (0xFFFF if form[1] == "H" else 0xFFFFFFFF))
    start = rng.randrange(min(len(data), rng.choice((40, 400, 100_000))))
    data[start : start + len(word)] = word


def _token(data: bytearray, rng: random.Random) -> None:
    token = rng.choice(_TOKENS)
    start = rng.randrange(len(data))
    data[start : start + len(token)] = token


def _noise(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    data[start : start + 30] = rng.randbytes(rng.randrange(1, 60))


def _other(data: bytearray, rng: random.Random) -> None:
    other = rng.choice(list(files().values()))
    data[rng.randrange(len(data)) :] = other[rng.randrange(len(other)) :]


def _png_header(data: bytearray, rng: random.Random) -> None:
    """Sizes, depths and kinds that no picture has, with a right checksum: decoders believe them."""
    if data[:4] != b"\x89PNG" or len(data) < 33:
        return
    sides = [rng.choice((0, 1, 120, 1990, 2100, 40_000, 0x7FFFFFFF)) for _ in range(2)]
    depth, colours, interlaced = rng.choice((1, 8, 16, 7)), rng.choice((0, 2, 3, 6, 5)), rng.choice((0, 1))
    data[16:29] = struct.pack(">IIBBBBB", *sides, depth, colours, 0, 0, interlaced)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))


_DAMAGES: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    *(_flip, _cut, _remove, _repeat, _word, _word, _token, _noise, _other, _png_header),
)


def damaged(whole: bytes, rng: random.Random) -> bytes:
    """A file after one to four accidents; now and then it is left whole."""
    data = bytearray(whole)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 4))):
        if data:
            rng.choice(_DAMAGES)(data, rng)
    return bytes(data)


# --- requests

_TYPES: Final = (
    *("image/png", "image/tiff", "application/pdf", "application/octet-stream", "application/x-image"),
    *("IMAGE/JPEG;q=1", "text/plain", "", ";", "application/json", "image/", "multipart/form-data; boundary=x"),
)
_ODD: Final = (
    *("", "0", "-1", "nan", "1e9", "é", "a" * 3000, "\t", "0x10", "inf"),
    *("request-id=;deadline-seconds", "%00", "=,=,=", "deadline-seconds=-0"),
)


def case(number: int, seed: int = 0) -> Case:
    """The request of a number."""
    rng = random.Random(f"{seed}/{number}")
    name = rng.choice(sorted(files()))
    body = damaged(files()[name], rng)
    headers = {"Content-Type": rng.choice(_TYPES) if rng.random() < 0.25 else "application/octet-stream"}
    kind = rng.choices(("file", "json", "headers", "protocol"), (60, 15, 15, 10))[0]
    deadline = DEADLINE
    if kind == "json":
        body, headers["Content-Type"] = _json(body, rng), "application/json"
    elif kind == "headers":
        for header in ("X-Request-Id", "X-Amzn-SageMaker-Custom-Attributes", "X-Request-Deadline-Seconds", "Accept"):
            if rng.random() < 0.5:
                headers[header] = rng.choice(_ODD)
        if rng.random() < 0.3:
            deadline = rng.choice((0.05, 0.3, 2.0))
    elif kind == "protocol":
        deadline = 2.0
    if deadline < DEADLINE:
        headers["X-Request-Deadline-Seconds"] = str(deadline)
    head = "".join(f"{header}: {value}\r\n" for header, value in headers.items())
    length = f"Content-Length: {len(body)}\r\n"
    method, path = "POST", "/invocations"
    if kind == "protocol":
        method, path, length, body = _protocol(body, length, rng)
    sent = f"{method} {path} HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n{head}{length}\r\n".encode("latin-1") + body
    return Case(number, f"{kind} {name}", sent, kind == "protocol" and rng.random() < 0.7, deadline)


def _json(file: bytes, rng: random.Random) -> bytes:
    text = base64.b64encode(file).decode()
    forms: tuple[Callable[[], bytes], ...] = (
        lambda: json.dumps({"image": text}).encode(),
        lambda: json.dumps({"image": f"data:image/png;base64,{text}"}).encode(),
        lambda: damaged(json.dumps({"image": text}).encode(), rng),
        lambda: json.dumps({"image": rng.choice((None, 1, [], {}, "", "é", "\ud800"))}).encode(),
        lambda: b"[" * rng.choice((10, 100_000)),
        lambda: b'{"image": ' + b"9" * 10_000 + b"}",
        lambda: json.dumps({"image": text}).encode(rng.choice(("utf-16", "utf-32", "utf-8-sig"))),
    )
    return rng.choice(forms)()


def _protocol(body: bytes, length: str, rng: random.Random) -> tuple[str, str, str, bytes]:
    """Method, path, line of the length and body of a request that lies about itself, or is cut off."""
    chunked = "Transfer-Encoding: chunked\r\n"
    forms: tuple[tuple[str, str, str, bytes], ...] = (
        ("POST", "/invocations", f"Content-Length: {len(body) + 50}\r\n", body),
        ("POST", "/invocations", "Content-Length: 3\r\n", body),
        ("POST", "/invocations", "Content-Length: -5\r\n", body),
        ("POST", "/invocations", "Content-Length: 99999999999\r\n", body),
        ("POST", "/invocations", "", body),
        ("POST", "/invocations", chunked, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
        ("POST", "/invocations", chunked, b"zz\r\n" + body),
        ("POST", "/invocations", chunked + length, body),
        (rng.choice(("GET", "PUT", "HEAD", "BREW", "OPTIONS")), "/invocations", length, body),
        (
            "POST",
            rng.choice(("/", "/../etc/passwd", "/invocations/", "/invocations?x=%ff", "*")),
            length,
            body,
        ),
        ("GET", rng.choice(("/ping", "/metrics", "/docs", "/openapi.json", "/execution-parameters")), length, body),
        ("POST", "/invocations", length + "X: " + "y" * 70_000 + "\r\n", body),
    )
    return rng.choice(forms)


# --- judgement


def send(port: int, asked: Case) -> Outcome:
    """Sends a request and waits for the end of the answer."""
    begun = time.monotonic()
    received = bytearray()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=asked.deadline + 10) as connection:
            connection.sendall(asked.sent)
            if asked.hangs_up:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                received += part
    except (ConnectionResetError, BrokenPipeError):
        pass  # refused before all was read
    except OSError as error:
        return Outcome(asked, 0, time.monotonic() - begun, f"connection: {error}")
    seconds = time.monotonic() - begun
    words = bytes(received[:64]).split(b" ", 2)
    status = int(words[1]) if len(words) > 2 and words[1].isdigit() else 0
    return Outcome(asked, status, seconds, _problem(asked, status, seconds))


def _problem(asked: Case, status: int, seconds: float) -> str:
    if status >= 500 and not (status == 504 and asked.deadline < DEADLINE):
        return f"status {status}"
    if seconds > asked.deadline + SLACK:
        return f"answered after {seconds:.1f} s, due after {asked.deadline:g} s"
    return ""


def fuzz(server: Served, numbers: Iterable[int], seed: int = 0, clients: int = CLIENTS) -> list[Outcome]:
    """Sends the requests of the numbers, each once."""
    with ThreadPoolExecutor(clients) as threads:
        return list(threads.map(lambda number: send(server.port, case(number, seed)), numbers))


def server_settings() -> dict[str, str]:
    """Of a server that is fuzzed: large pages would cost minutes and show nothing new."""
    return {
        "SAGEMAKER_MODEL_SERVER_TIMEOUT": str(DEADLINE),
        "READING_MAX_MEGAPIXELS": str(MEGAPIXELS),
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "2",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="send the request of this number alone")
    arguments = parser.parse_args()
    numbers = [arguments.only] if arguments.only is not None else range(arguments.requests)
    with official_model() as base, serve(base, server_settings()) as server:
        outcomes: list[Outcome] = []
        for first in track(range(0, len(numbers), 100), description="requests in hundreds"):
            outcomes += fuzz(server, numbers[first : first + 100], arguments.seed)
        alive = server.process.poll() is None and server.ping() == 200
    table = Table("status", "requests", "slowest", title=f"{len(outcomes)} broken requests, seed {arguments.seed}")
    for status, count in sorted(Counter(outcome.status for outcome in outcomes).items()):
        slowest = max(outcome.seconds for outcome in outcomes if outcome.status == status)
        table.add_row(str(status or "closed"), str(count), f"{slowest:.2f} s")
    Console().print(table)
    problems = [outcome for outcome in outcomes if outcome.problem]
    for outcome in problems[:20]:
        print(f"{outcome.case.number} ({outcome.case.kind}): {outcome.problem}")
    print(f"problems: {len(problems)}; the server {'answers' if alive else 'does NOT answer'} /ping")
    return 1 if problems or not alive else 0


if __name__ == "__main__":
    sys.exit(main())
