#!/bin/sh
# Usage: train.sh RANKS [options of seqrec train]
set -e
ranks="${1:-2}"
[ $# -gt 0 ] && shift
: "${MPIEXEC:=mpiexec}" "${SEQREC:=npx seqrec}" "${RECIPE:=ml-1m/hstu}"
# shellcheck disable=SC2086
exec $MPIEXEC -n "$ranks" $SEQREC train "$RECIPE" "$@"
