// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What the registers and the units that learn tell each other (hw/REGISTERS.md).

package learning_pkg;

  // Commands last one cycle and come with the word that was written.
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
    logic [31:0] es_scale;
    logic [15:0] es_batch;
  } command_t;

  typedef struct packed {
    logic [31:0] es_register;
    logic [31:0] es_status;
    logic [31:0] es_generations;
    logic stat_busy;
    logic [31:0] stat_distance;
  } status_t;

endpackage
