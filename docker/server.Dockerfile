# The live agent. No torch in it.
#   docker build -f docker/server.Dockerfile -t talkover-server .
# On a GPU, run with --gpus all. CUDA 13 and cuDNN 9 are what onnxruntime-gpu wants since 1.27:
#   docker build -f docker/server.Dockerfile -t talkover-server --build-arg EXTRA=gpu \
#     --build-arg BASE=nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04 .
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
ARG EXTRA=""

# CUDA's images come without Python.
RUN command -v python3 > /dev/null || { \
        apt-get update \
        && apt-get install --yes --no-install-recommends python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    }
RUN useradd --create-home --uid 10001 talkover \
    && install --directory --owner=talkover /data \
    && python3 -m venv /opt/talkover
ENV PATH=/opt/talkover/bin:$PATH
WORKDIR /app
COPY requirements/constraints.txt requirements/constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY protos protos
COPY core core
COPY server server
COPY client client
COPY trainer trainer
# The client brings the page, and its commands load with the others. An extra replaces ONNX
# Runtime, so the one for the CPU goes first: both own the same module.
RUN pip install --no-cache-dir --constraint requirements/constraints.txt '.[server,client]' \
    && if [ -n "$EXTRA" ]; then \
        pip uninstall --yes onnxruntime \
        && pip install --no-cache-dir --constraint requirements/constraints.txt ".[$EXTRA]"; \
    fi

USER talkover
ENV TALKOVER_DATA_DIR=/data
VOLUME /data
EXPOSE 8640 8641
# The first start fetches the weights; nothing counts as unhealthy before.
HEALTHCHECK --interval=15s --timeout=5s --start-period=600s \
    CMD ["talkover", "health"]
# Weights are fetched into the volume the first time. Others can reach a container, so callers
# need a token: set TALKOVER_SERVER__TOKEN, or read the one that is printed.
CMD ["sh", "-c", "talkover models build --if-missing && exec talkover serve --host 0.0.0.0"]
