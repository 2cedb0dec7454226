// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What the registers, the two banks of parameters and who writes them tell each other.

package bank_pkg;

  // Requests last one cycle; they are accepted in it, or not at all.
  typedef struct packed {
    logic bank;
    logic write;
    logic read;
    logic select;
  } request_t;

  typedef struct packed {
    logic write;
    logic read;
    logic select;
  } accepted_t;

  // What holds now: the register bank_status from its lowest bit on, and the images' versions.
  typedef struct packed {
    logic [63:0] versions;
    logic [2:0] port_error;
    logic unused;
    logic port_bank;
    logic port_busy;
    logic live;
    logic pending;
    logic selected;
    logic [1:0] valid;
  } status_t;

  // A word of the memories, by region (one hot {head, bias, thresholds, weights}), lane, address;
  // of the fully connected layers and the head, or of a convolution.
  typedef struct packed {
    logic convolution;
    logic [7:0] layer;
    logic we;
    logic bank;
    logic [3:0] region;
    logic [7:0] lane;
    logic [15:0] addr;
    logic [31:0] wdata;
  } access_t;

endpackage
