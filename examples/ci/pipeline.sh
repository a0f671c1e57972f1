#!/usr/bin/env bash
# Lint the policies, compile them, and keep the table and the report as artifacts. Any CI system can run this.
#
#     pipeline.sh [POLICIES] [ARTIFACTS]     the folders of the policies and of what is kept; policies and artifacts
#
# The catalog's place is in the project's policyc.toml. REVISION numbers the table (a gateway may refuse a lower one);
# give it your CI's build number. The job ends with the first command that fails, and then there is no table.
set -euo pipefail

policies=${1:-policies}
artifacts=${2:-artifacts}
mkdir -p "$artifacts"
rm -f "$artifacts/policies.table"

policyc --version
policyc lint "$policies" --output-format sarif --output-file "$artifacts/policyc.sarif" # for later, it never fails
policyc lint "$policies"
policyc compile "$policies" --output "$artifacts/policies.table" --revision "${REVISION:-0}"
