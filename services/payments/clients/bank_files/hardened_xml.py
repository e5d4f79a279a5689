"""A stranger's XML, read with nothing on trust: size, encoding, no DOCTYPE, no entity, the schema's shape."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from libs.common.kernel.errors import Refusal
from services.payments.clients.refusing import unreadable

XSD_FOLDER = Path(__file__).parent / "xsd"
REPORT_BYTES_MAX = 512 * 1024 * 1024
_CHUNK_BYTES = 1 << 20
_UTF8_BOM = codecs.BOM_UTF8
#: Longer than any mark we look for, so that none hides on the seam of two chunks.
_SEAM_BYTES = 16
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY", b"\x00")
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']", re.ASCII)
#: libxml2's numbers for "does not fit the schema" (xmlerror.h, XML_SCHEMAV_*).
_SCHEMA_FAULTS = range(1801, 1900)
_ENCODINGS = (b"utf-8", b"us-ascii", b"ascii")


def check_bytes(source: BinaryIO, bytes_max: int = REPORT_BYTES_MAX) -> None:
    """Refuse what need not be parsed to be refused; `source` is left at its start.

    Only UTF-8 is let in: in another encoding a DOCTYPE would not look like one here.
    """
    source.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = 0
    tail = b""
    while chunk := source.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > bytes_max:
            raise unreadable(
                f"Tệp lớn hơn {bytes_max >> 20} MiB.", f"The file is larger than {bytes_max >> 20} MiB."
            )
        if size == len(chunk):
            _check_declaration(chunk)
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            raise _wrong_encoding() from None
        joined = tail + chunk
        if any(mark in joined for mark in _FORBIDDEN):
            raise unreadable(
                "Tệp có DOCTYPE hoặc thực thể (entity), là thứ không được nhận.",
                "The file has a DOCTYPE or an entity, which is not taken.",
            )
        tail = chunk[-_SEAM_BYTES:]
    if size == 0:
        raise unreadable("Tệp rỗng.", "The file is empty.")
    source.seek(0)


def root_of(source: BinaryIO) -> str:
    """The root's name with its namespace, `{urn:...}Document`; `source` is left at its start.

    Call `check_bytes` first.
    """
    try:
        for _, element in etree.iterparse(source, events=("start",), no_network=True):
            return str(element.tag)
    except etree.XMLSyntaxError:
        raise _not_xml() from None
    finally:
        source.seek(0)
    raise _not_xml()


def elements(source: BinaryIO, schema: etree.XMLSchema, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """The elements of these tags as they end, checked against the schema on the way.

    Each is emptied after its turn, and what lies before it is dropped: memory stays flat. A fault may
    show only after some were handed out, so nothing may be acted upon before the end is reached.
    """
    try:
        for _, element in etree.iterparse(
            source,
            events=("end",),
            tag=tags,
            schema=schema,
            encoding="utf-8",
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        ):
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as fault:
        raise _malformed(fault) from None


def schema_of(message: str) -> etree.XMLSchema:
    """The vendored schema of a message, `pain.002.001.12`. Compiling takes some 20 ms."""
    return etree.XMLSchema(file=str(XSD_FOLDER / f"{message}.xsd"))


def _check_declaration(head: bytes) -> None:
    found = _DECLARATION.match(head.removeprefix(_UTF8_BOM)[:200])
    if found and found[1].lower() not in _ENCODINGS:
        raise _wrong_encoding()


def _wrong_encoding() -> Refusal:
    return unreadable("Tệp phải dùng bảng mã UTF-8.", "The file must be in UTF-8.")


def _not_xml() -> Refusal:
    return unreadable("Tệp không phải XML hợp lệ.", "The file is no well-formed XML.")


def _malformed(fault: etree.XMLSyntaxError) -> Refusal:
    """The line is told, the message is not: libxml2 quotes the content in it."""
    line = fault.lineno or 0
    if getattr(fault, "code", 0) in _SCHEMA_FAULTS:
        return unreadable(
            f"Tệp không đúng lược đồ ISO 20022 (dòng {line}).",
            f"The file does not fit its ISO 20022 schema (line {line}).",
        )
    return unreadable(
        f"XML bị lỗi hoặc bị cắt cụt (dòng {line}).", f"The XML is broken or cut off (line {line})."
    )
