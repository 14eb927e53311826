"""Placeholder until the page is written."""

from pages.ui import kit

kit.page_header("How much is a teacher worth?")
