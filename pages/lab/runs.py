"""Placeholder until the page is written."""

from pages.ui import kit

kit.page_header("What did each run find?")
