// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Addresses of the AXI4-Lite registers, written by hw/registers.py from registers.toml.

package register_map_pkg;

  localparam logic [7:0] Id = 8'h00;
  localparam logic [7:0] HardwareVersion = 8'h04;
  localparam logic [7:0] Geometry = 8'h08;
  localparam logic [7:0] BankWrite = 8'h0c;
  localparam logic [7:0] BankRead = 8'h10;
  localparam logic [7:0] BankSelect = 8'h14;
  localparam logic [7:0] BankStatus = 8'h18;
  localparam logic [7:0] Bank0Version = 8'h1c;
  localparam logic [7:0] Bank1Version = 8'h20;
  localparam logic [7:0] Frames = 8'h24;
  localparam logic [7:0] FramesRefused = 8'h28;
  localparam logic [7:0] Latency = 8'h2c;
  localparam logic [7:0] BusyCycles = 8'h30;
  localparam logic [7:0] Cycles = 8'h34;
  localparam logic [7:0] EsLoad = 8'h40;
  localparam logic [7:0] EsStore = 8'h44;
  localparam logic [7:0] EsRegister = 8'h48;
  localparam logic [7:0] EsScale = 8'h4c;
  localparam logic [7:0] EsBatch = 8'h50;
  localparam logic [7:0] EsRun = 8'h54;
  localparam logic [7:0] EsStatus = 8'h58;
  localparam logic [7:0] EsGenerations = 8'h5c;
  localparam logic [7:0] EsClear = 8'h60;
  localparam logic [7:0] StatLoad = 8'h64;
  localparam logic [7:0] StatStore = 8'h68;
  localparam logic [7:0] StatRun = 8'h6c;
  localparam logic [7:0] StatStatus = 8'h70;
  localparam logic [7:0] StatDistance = 8'h74;
  localparam logic [7:0] SgdLoad = 8'h78;
  localparam logic [7:0] SgdStore = 8'h7c;
  localparam logic [7:0] SgdRegister = 8'h80;
  localparam logic [7:0] SgdScale = 8'h84;
  localparam logic [7:0] SgdRun = 8'h88;
  localparam logic [7:0] SgdStatus = 8'h8c;
  localparam logic [7:0] SgdSteps = 8'h90;
  localparam logic [7:0] SgdClear = 8'h94;
  localparam logic [7:0] FlipRegister = 8'h98;
  localparam logic [7:0] FlipScale = 8'h9c;
  localparam logic [7:0] FlipRun = 8'ha0;
  localparam logic [7:0] FlipStatus = 8'ha4;
  localparam logic [7:0] FlipFitness = 8'ha8;
  localparam logic [7:0] FlipAccepted = 8'hac;
  localparam logic [7:0] FlipClear = 8'hb0;

endpackage
