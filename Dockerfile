# The app for a class, on CPUs: docs/server.md says how to build it, run it, keep what it keeps, and put it behind a proxy.
FROM python:3.12-slim

# An init process hands signals on and takes up what detached workers leave behind.
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 unetkd \
    && install -d -o unetkd -g unetkd /data

WORKDIR /app
COPY requirements.txt ./
# PyTorch's CPU build first, without which its GPU build would come along; the second command keeps it.
RUN pip install --no-cache-dir "torch~=2.14" "torchvision~=0.29" --index-url https://download.pytorch.org/whl/cpu \
    && pip install --no-cache-dir -r requirements.txt

COPY app.py serve.py LICENSE ./
COPY .streamlit/config.toml .streamlit/
COPY docs/definitions.md docs/
COPY assets assets
COPY checkpoints checkpoints
COPY results results
COPY unetkd_core unetkd_core
COPY pages pages

# The code belongs to root: whoever visits, and whatever breaks, writes nowhere but in /data.
USER unetkd
ENV PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    UNETKD_PUBLIC=1 \
    UNETKD_HOME=/data \
    HF_HOME=/data/hub

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["tini", "--"]
CMD ["streamlit", "run", "serve.py", "--server.port=8501", "--server.address=0.0.0.0", "--server.headless=true", "--server.fileWatcherType=none"]
