#!/bin/sh
# The sweeps behind the settings in host/examples, one line each as it was run. Repeating one adds nothing: it finds
# its rows in studies/NAME/sweep.csv. Another program version, network or data set is refused; set OUT then.
#
# usage: studies/sweeps.sh [NAME]     all, or those whose name begins with NAME; MNIST in ./mnist or $MNIST
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=${PROGRAM:-$root/build/release/bin/trifactor} out=${OUT:-$root/studies} mnist=idx:${MNIST:-mnist} only=${1:-}

H1=projection.pixels_to_hidden1.plasticity H2=projection.hidden1_to_hidden2.plasticity
RO=projection.hidden2_to_scores.plasticity
G1=population.hidden1.normalise G2=population.hidden2.normalise
S=projection.pixels_to_hidden.plasticity SRO=projection.hidden_to_scores.plasticity SG=population.hidden.normalise

sweep() { # name network data validate options...
  name=$1 network=$2 data=$3 validate=$4
  shift 4
  case $name in "$only"*) ;; *) return 0 ;; esac
  "$program" sweep "$root/host/examples/$network.toml" --data "$data" --validate "$validate" "$@" -o "$out/$name"
}
# Validation images are the last 10,000 of the 60,000 for training; drawn digits: 2,000 of the 10,000.
on_mnist() { sweep "$1" "$2" "$mnist,first=0,count=50000,shuffle=1" "$mnist,first=50000,count=10000" "${@:3}"; }
on_strokes() { sweep "$1" strokes-phsic synthetic:strokes,first=0,count=6000,shuffle=1 synthetic:strokes,first=8000,count=2000 "${@:2}"; }
