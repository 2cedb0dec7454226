// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the engine tell each other.

package bnn_pkg;

  // What travels down the pipeline with a step.
  typedef struct packed {
    logic valid;
    logic first;       // first step of a neuron
    logic last;        // last step of a neuron
    logic layer_last;  // last step of a layer
    logic pixels;      // reads the frame, else the layer before
    logic ones;        // the plane of ones
    logic last_word;
    logic add;         // adds the count, else subtracts it
    logic [3:0] shift;
    logic [15:0] word;
    logic [3:0] plane;
    logic head;        // a neuron of the last layer
    logic parity;      // of the layer
  } step_t;

endpackage
