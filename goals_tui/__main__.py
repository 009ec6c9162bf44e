"""The entry of the program: `goals-tui` and `python -m goals_tui`."""

# Nothing is imported here that Python has not imported already: ctrl+c may come at any time.
import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line; exits with 0 done, 1 error, 2 wrong usage, 3 a check found problems, 130 for ctrl+c."""
    try:
        import gc
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # Imports do not survive a KeyboardInterrupt well; `run` has a handler of its own.
            signal.signal(signal.SIGINT, _stop)
        code = _run()
        # What is alive now ends with the process: Python does not look through it for garbage.
        gc.freeze()
        # Done; what Python still does at its end is short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if code == _INTERRUPTED:
            # Where KeyboardInterrupt came out of exec(), Python would end by the signal although it was caught.
            os._exit(code)
    except KeyboardInterrupt:
        _stop()
    sys.exit(code)


def _run() -> int:
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:
        from contextlib import suppress

        from goals_tui.version import __version__

        with suppress(OSError):
            sys.stdout.write(f"goals-tui {__version__}\n")
            sys.stdout.flush()
            return 0
    if "_GOALS_TUI_COMPLETE" in os.environ:
        from goals_tui.cli.completion import answer, answers

        if answers(os.environ):
            return answer(os.environ)
    import gc

    # Almost all objects that imports make stay. By default they are looked through at every 700th.
    gc.set_threshold(100_000)
    # Otherwise pydantic reads the metadata of all installed packages, in search of plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Also what could not be written: this says why.
    from goals_tui.cli.run import run

    return run(sys.argv[1:])


def _stop(*_signal: object) -> None:
    """End at once, while nothing is open that has to be left in order."""
    try:
        os.write(2, b"goals-tui: Stopped.\n")
    finally:
        os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
