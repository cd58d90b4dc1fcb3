#!/bin/bash
# The sweeps behind the settings in host/examples, each as it was run: every value that mattered is named here, so
# they stay what they were when an example is given other values.
#
# usage: studies/sweeps.sh [NAME]   from the root of the repository: all, or those whose name begins with NAME, into
#                                   studies or $OUT; MNIST in data/mnist or $MNIST
set -eu
program=build/release/bin/trifactor out=${OUT:-studies} mnist=idx:${MNIST:-data/mnist} only=${1:-}

h1=projection.pixels_to_hidden1.plasticity h2=projection.hidden1_to_hidden2.plasticity
readout=projection.hidden2_to_scores.plasticity
g1=population.hidden1.normalise g2=population.hidden2.normalise
hidden=projection.pixels_to_hidden.plasticity group=population.hidden.normalise

# NAME EXAMPLE DATA VALIDATE OPTIONS...
sweep() {
  case $1 in "$only"*) ;; *) return 0 ;; esac
  "$program" sweep "host/examples/$2.toml" --data "$3" --validate "$4" "${@:5}" -o "$out/$1"
}
# Validation data are the last 10,000 of MNIST's 60,000 training images, and 2,000 of 10,000 drawn digits.
on_mnist() { sweep "$1" "$2" "$mnist,first=0,count=50000,shuffle=1" "$mnist,first=50000,count=10000" "${@:3}"; }
on_strokes() { sweep "$1" "$2" synthetic:strokes,first=0,count=6000,shuffle=1 synthetic:strokes,first=8000,count=2000 "${@:3}"; }
fixed() { for pair in "$@"; do echo --network-set "$pair"; done; }

on_mnist mnist-phsic-1-kernel mnist-phsic $(fixed $g1.delta=1 $g2.delta=1) \
  --vary $g1.groups+$g2.groups=8,16 --vary $h1.sigma+$h2.sigma=0.3,0.5,0.7 --vary $h1.eta+$h2.eta=0.02,0.04,0.08
on_mnist mnist-phsic-2-near mnist-phsic $(fixed $g1.groups=8 $g2.groups=8) \
  --vary $g1.delta+$g2.delta=0.25,0.5,1 --vary $h1.sigma+$h2.sigma=0.4,0.5 --vary $h1.eta+$h2.eta=0.03,0.04 --seeds 3
on_mnist mnist-phsic-3-layers mnist-phsic $(fixed $g1.groups=8 $g2.groups=8 $g1.delta=0.5 $g2.delta=0.5) \
  --vary $h2.sigma=0.3,0.5 --vary $h2.eta=0.02,0.03,0.04 --vary $readout.eta=0.1,0.2 --seeds 2
on_mnist mnist-phsic-4-window mnist-phsic $(fixed $g1.groups=8 $g2.groups=8 $g1.delta=0.5 $g2.delta=0.5) \
  --vary $h1.partners+$h2.partners=16,24,32 --vary $h1.beta+$h2.beta=0.98,0.99 --seeds 3
on_mnist mnist-phsic-small mnist-phsic-small \
  --vary $g1.delta+$g2.delta=0.5,1 --vary $h1.sigma+$h2.sigma=0.5,0.7,1.0 --vary $h1.eta+$h2.eta=0.04,0.08,0.12 --seeds 2
on_mnist mnist-readout mnist-readout --vary projection.pixels_to_scores.plasticity.eta=0.01,0.02,0.03,0.05,0.1 --seeds 2
on_strokes strokes-phsic-1-delta strokes-phsic $(fixed $group.groups=8 projection.hidden_to_scores.plasticity.eta=0.3) \
  --vary population.hidden.shape=[64],[128] --vary $group.delta=0.02,0.1,0.3 --vary $hidden.sigma=0.2,0.3,0.5 \
  --vary $hidden.eta=0.04,0.08,0.16
on_strokes strokes-phsic-2-narrow strokes-phsic $(fixed $group.groups=8 population.hidden.shape=[64]) \
  --vary projection.hidden_to_scores.plasticity.eta=0.3,0.6 --vary $group.delta=0.01,0.02,0.05 --vary $hidden.sigma=0.3,0.4 \
  --vary $hidden.eta=0.03,0.04,0.06 --seeds 3
on_strokes strokes-hsic_memory-1-rates strokes-hsic_memory $(fixed $hidden.gamma=20 $hidden.sigma_x=5.6) \
  --vary $hidden.eta=0.05,0.2,0.8 --vary $hidden.sigma_z=2.8,4 --vary projection.hidden_to_scores.plasticity.eta=0.1,0.3,0.6
on_strokes strokes-hsic_memory-2-near strokes-hsic_memory $(fixed $hidden.sigma_x=5.6 projection.hidden_to_scores.plasticity.eta=0.3) \
  --vary $hidden.eta=0.2,0.4,0.8 --vary $hidden.sigma_z=2,2.8 --vary $hidden.gamma=5,20 --seeds 2
on_strokes strokes-competing strokes-competing $(fixed population.hidden.neuron.scale=16) \
  --vary $hidden.eta=0.01,0.02,0.03 --vary population.hidden.neuron.exponent=1,2,4.5 \
  --vary projection.hidden_to_scores.plasticity.eta=0.5,1,3 --seeds 2
