"""Home: the whole story in one screen."""

from pages.ui import kit

kit.page_header("What can a small network learn from a large one?")
