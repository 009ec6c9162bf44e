"""One table as a file of every format that `import log` reads."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb

Rows = Sequence[Sequence[str]]


def csv_file(path: Path, rows: Rows) -> None:
    path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")


def gz_file(path: Path, rows: Rows) -> None:
    path.write_bytes(gzip.compress("".join(",".join(row) + "\n" for row in rows).encode()))


def jsonl_file(path: Path, rows: Rows) -> None:
    header, *others = rows
    path.write_text("".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in others), "utf-8")


def parquet_file(path: Path, rows: Rows) -> None:
    jsonl_file(path.with_suffix(".lines"), rows)
    with duckdb.connect() as connection:
        # The column without a name, which pandas writes for its index, can't stand in a Parquet file.
        kinds = dict.fromkeys(filter(None, rows[0]), "VARCHAR")
        source = f"read_json('{path.with_suffix('.lines')}', format = 'newline_delimited', columns = {kinds})"
        connection.execute(f"COPY (SELECT * FROM {source}) TO '{path}' (FORMAT parquet)")


def xlsx_file(path: Path, *sheets: Rows) -> None:
    names = [f"Sheet{number}" for number in range(1, len(sheets) + 1)]
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        listed = "".join(
            f'<Override PartName="/xl/worksheets/{name}.xml" ContentType="{kinds}.worksheet+xml"/>' for name in names
        )
        parts.writestr(
            "[Content_Types].xml",
            f'{head}<Types xmlns="{packages}/content-types"><Default Extension="rels" ContentType='
            f'"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="{kinds}.sheet.main+xml"/>{listed}</Types>',
        )
        parts.writestr(
            "_rels/.rels",
            f'{head}<Relationships xmlns="{packages}/relationships"><Relationship Id="r" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        sheet_list = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(names, 1))
        parts.writestr(
            "xl/workbook.xml",
            f'{head}<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{sheet_list}</sheets></workbook>',
        )
        targets = "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/{name}.xml"/>'
            for n, name in enumerate(names, 1)
        )
        parts.writestr(
            "xl/_rels/workbook.xml.rels",
            f'{head}<Relationships xmlns="{packages}/relationships">{targets}</Relationships>',
        )
        for name, rows in zip(names, sheets, strict=True):
            cells = "".join(f"<row>{''.join(map(_xlsx_cell, row))}</row>" for row in rows)
            parts.writestr(
                f"xl/worksheets/{name}.xml",
                f'{head}<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
            )


def _xlsx_cell(text: str) -> str:
    if text.isdigit():
        return f"<c><v>{text}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def ods_file(path: Path, rows: Rows) -> None:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    space = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("mimetype", kind, zipfile.ZIP_STORED)
        parts.writestr(
            "META-INF/manifest.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><m:manifest xmlns:m="{space}:manifest:1.0">'
            f'<m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>',
        )
        cells = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        names = " ".join(f'xmlns:{name}="{space}:{name}:1.0"' for name in ("office", "table", "text"))
        parts.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body><office:spreadsheet>'
            f'<table:table table:name="Log">{cells}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )


def _ods_cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    "csv": csv_file,
    "csv.gz": gz_file,
    "jsonl": jsonl_file,
    "parquet": parquet_file,
    "xlsx": xlsx_file,
    "ods": ods_file,
}
