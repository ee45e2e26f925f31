#!/bin/bash
# simulate-up.sh: @cloud-copilot/iam-simulate of npm, an evaluator of IAM policies that no one here wrote, for a second opinion in tests. It is
# under the AGPL: it is installed beside the tests, never shipped, and nothing of it is in this repository.
#   P=folder ./simulate-up.sh      Nothing runs: remove the folder to be rid of it. Exit code 3 without node and npm.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/simulate}
VERSION=0.1.173
if ! command -v node > /dev/null || ! command -v npm > /dev/null; then say 'needs node and npm: skipped'; exit 3; fi
if [ "$(cat "$P/version" 2> /dev/null)" != $VERSION ]; then
  rm -rf "$P"
  mkdir -p "$P"
  npm install --prefix "$P" --silent --no-audit --no-fund --no-save --ignore-scripts "@cloud-copilot/iam-simulate@$VERSION" >&2
  echo $VERSION > "$P/version"
fi
say "iam-simulate $VERSION ready in $P"
echo "export CLOUDLAB_TEST_IAM_SIMULATE=$P"
