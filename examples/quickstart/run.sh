#!/bin/sh
# The main job on a small example: lint a policy, compile it, decide two calls with the table.
set -eu
cd "$(dirname "$0")"
set -x
policyc lint support.policy --catalog catalog.json
policyc compile support.policy --catalog catalog.json -o support.table
python3 decide.py
