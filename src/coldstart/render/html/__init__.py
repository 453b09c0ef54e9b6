"""A report as one HTML page that needs nothing else: no script, no network, the same bytes for the same report."""
