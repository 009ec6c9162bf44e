"""Shows a `Table`: numbers aligned right, the total last, the cursor kept while numbers change."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import DataTable

from goals_tui.tui.actions import bindings
from goals_tui.tui.insights.table import Table
from goals_tui.tui.widgets.chart_canvas import fit

LONGEST = 28
"""Names are cut at so many cells; copies and files have them in full."""


def _short(text: str) -> str:
    return fit(text, LONGEST) if cell_len(text) > LONGEST else text


class TableView(DataTable[Text]):
    """A data table over a `Table`; enter on a row opens what is behind it."""

    BINDINGS = bindings("insights.row")

    DEFAULT_CSS = """
    TableView { height: 1fr; background: transparent; }
    TableView > .datatable--header { background: transparent; color: $quiet; text-style: bold; }
    TableView > .datatable--header-hover { background: transparent; }
    TableView > .datatable--fixed { background: transparent; }
    TableView > .datatable--cursor, TableView > .datatable--fixed-cursor,
    TableView:focus > .datatable--cursor, TableView:focus > .datatable--fixed-cursor {
        background: $primary 22%; color: $foreground; text-style: bold;
    }
    TableView > .datatable--header-cursor { background: transparent; color: $quiet; }
    TableView { scrollbar-size: 1 1; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, fixed_columns=1, cell_padding=1)
        self._table = Table((), ())

    def show(self, table: Table) -> None:
        """Show another table; the cursor and the scroll position stay where they can."""
        if table == self._table:
            return
        row, offset = self.cursor_row, self.scroll_offset
        name = self._table.lines[row][0].text if 0 <= row < len(self._table.lines) else None
        same = table.headings == self._table.headings
        self._table = table
        with self.app.batch_update():
            self.clear(columns=True)
            for place, heading in enumerate(table.headings):
                title = Text(_short(heading.title), justify="right" if heading.numeric else "left")
                self.add_column(title, key=str(place))
            for cells in table.lines:
                total = cells is table.total
                self.add_row(
                    *(
                        Text(_short(cell.text), "bold" if total else "", justify="right" if heading.numeric else "left")
                        for cell, heading in zip(cells, table.headings, strict=True)
                    )
                )
            names = [cells[0].text for cells in table.lines]
            if same and name in names:
                self.move_cursor(row=names.index(name), animate=False, scroll=False)
                self.scroll_to(*offset, animate=False)
