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

  // What a frame is; `own` are those of a unit that learns (flip_stage.sv).
  typedef struct packed {
    logic own;
    logic [7:0] label;  // of a sample
    logic sample;       // to be kept, with its label
    logic bits;         // its bits are wanted
    logic probe;        // of the bank not selected
  } user_t;

  // What its result tells.
  typedef struct packed {
    logic own;
    logic [7:0] label;  // the first of the largest logits
    logic probe;
    logic bank;
  } answer_t;

  localparam int unsigned UserBits = 12;

endpackage
