// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What the registers and the units that learn tell each other (hw/REGISTERS.md).

package learning_pkg;

  // Commands last one cycle and come with the word that was written; scales and es_batch hold.
  typedef struct packed {
    logic [31:0] value;
    logic es_load;
    logic es_store;
    logic es_register_we;
    logic es_run;
    logic es_clear;
    logic stat_load;
    logic stat_store;
    logic stat_run;
    logic sgd_load;
    logic sgd_store;
    logic sgd_register_we;
    logic sgd_run;
    logic sgd_clear;
    logic flip_register_we;
    logic flip_run;
    logic flip_clear;
    logic [31:0] es_scale;
    logic [15:0] es_batch;
    logic [31:0] sgd_scale;
    logic [31:0] flip_scale;
  } command_t;

  typedef struct packed {
    logic [15:0] n_samples;
    logic busy;
    logic [31:0] state;
    logic [31:0] count;
  } unit_t;

  // state is the shift register; count is generations, steps, or children taken.
  typedef struct packed {
    unit_t es;
    unit_t sgd;
    unit_t flip;
    logic [31:0] flip_fitness;
    logic stat_busy;
    logic [31:0] stat_distance;
  } status_t;

  // What the engine gives to learn from: words of the last layer of a frame that is a sample, and
  // every neuron's sum, and whether it reached its threshold, but of probes.
  typedef struct packed {
    logic sample_valid;
    logic sample_last;
    logic [7:0] sample_label;
    logic stat_valid;
    logic stat_last;
    logic stat_reached;
    logic signed [31:0] stat_sum;
  } tap_t;

endpackage
