"""UNetKD's core: train, distil and compare U-Nets for street scenes. Never imports streamlit.

Importing this package loads no torch; sub-packages hand their names on lazily.
"""

__version__ = "0.1.0"
