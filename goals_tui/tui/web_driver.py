"""Textual's driver for browsers, changed so that the app ends with its server."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import Timer

from textual.drivers.web_driver import WebDriver
from textual.messages import ExitApp

from goals_tui.tui.app.textual_compat import app_of

GRACE_SECONDS = 5.0
"""Seconds to end in order after the server has gone; the stores can be killed at any moment."""


class EndingWebDriver(WebDriver):
    """A web driver whose app ends with its input, because a killed server sends no other message."""

    def run_input_thread(self) -> None:
        """Read input until there is no more."""
        super().run_input_thread()
        if self.exit_event.is_set():
            return
        with suppress(OSError):
            # Nobody reads the output any more, and writing it would fail.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for drawn in (sys.__stdout__, sys.__stderr__):
                if drawn is not None:
                    os.dup2(nowhere, drawn.fileno())
            os.close(nowhere)
        last = Timer(GRACE_SECONDS, os._exit, [1])
        last.daemon = True
        last.start()
        app_of(self).post_message(ExitApp())
