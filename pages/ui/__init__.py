"""The only Streamlit code that pages share: the kit of words and marks, the viewer, caches, charts."""
