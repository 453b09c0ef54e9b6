"""The command line: parses options, calls the floors below, returns the exit code. Nothing is decided here."""
