#!/usr/bin/env bash
# What a machine with one GPU shows, in at most twelve minutes, unattended: see tools/checks/gpu.py, whose options these are too.
#   tools/gpu_check.sh                        results/gpu_check.json and results/gpu_check_emoji.png, or both in $OUT
#   PYTHON=python3.12 tools/gpu_check.sh      with this Python; else the first of .venv and python3 whose torch sees a GPU
set -eu
cd "$(dirname "$0")/.."
needs="import PIL, safetensors, sklearn, torch, tqdm"
for look in "$needs; assert torch.cuda.is_available()" "$needs"; do
  for python in ${PYTHON:-.venv/bin/python python3}; do
    if "$python" -c "$look" 2>/dev/null; then
      exec timeout 720 "$python" -m tools.checks.gpu "$@"
    fi
  done
done
echo "No Python here has torch, safetensors, scikit-learn, tqdm and Pillow. Set one up with make, or name one: PYTHON=... $0" >&2
exit 2
