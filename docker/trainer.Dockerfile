# Learning from calls, speech to learn from, and evaluation.
# Torch is for the CPU, from another index for a GPU:
#   docker build -f docker/trainer.Dockerfile -t talkover-trainer .
#   docker build -f docker/trainer.Dockerfile -t talkover-trainer \
#     --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 .
FROM python:3.11-slim-bookworm
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

# What speaks and plays in recipes.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends espeak-ng flite festival \
        festvox-kallpc16k festvox-kdlpc16k asterisk-moh-opsound-wav \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 talkover \
    && install --directory --owner=talkover /data
WORKDIR /app
COPY requirements/constraints.txt requirements/constraints.txt
# Torch alone comes from there; what it needs is installed below, with everything else.
RUN pip install --no-cache-dir --no-deps --constraint requirements/constraints.txt \
    --index-url "$TORCH_INDEX" torch
COPY pyproject.toml README.md LICENSE ./
COPY protos protos
COPY core core
COPY server server
COPY client client
COPY trainer trainer
# The server's extra too: exported listeners run on its ONNX Runtime, and all commands load as one.
RUN pip install --no-cache-dir --constraint requirements/constraints.txt \
    '.[server,client,trainer]'

USER talkover
ENV TALKOVER_DATA_DIR=/data
VOLUME /data
# What is learnt can be read, and the folder is usable.
HEALTHCHECK --interval=60s --timeout=20s \
    CMD ["sh", "-c", "test -w /data && talkover learn --status > /dev/null"]
CMD ["talkover", "learn"]
