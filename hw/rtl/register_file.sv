// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The AXI4-Lite registers of the accelerator (hw/REGISTERS.md). Ports of AXI keep AXI's names.
//
// One access at a time; a command is accepted or refused in the cycle in which it is decoded, and
// the refusal is the bus's SLVERR.

module register_file #(
    parameter logic [31:0] Geometry = 32'd0,
    parameter bit HasEs = 1'b0,
    parameter int unsigned StatBits = 0,
    localparam logic [31:0] Id = 32'h4541_4450,
    localparam logic [31:0] HardwareVersion = 32'h0001_0000
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic [ 7:0] s_axil_awaddr,
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [ 3:0] s_axil_wstrb,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic [ 7:0] s_axil_araddr,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    // Commands, with the bank in bank_o
    output logic        bank_o,
    output logic        write_request_o,
    input  logic        write_accepted_i,
    output logic        read_request_o,
    input  logic        read_accepted_i,
    output logic        select_request_o,
    input  logic        select_accepted_i,
    // What can be read
    input  logic        selected_i,
    input  logic [31:0] bank_status_i,
    input  logic [63:0] bank_versions_i,
    input  logic        frame_running_i,
    input  logic        frame_started_i,
    input  logic        frame_answered_i,
    input  logic        frame_refused_i,
    // What learns
    output learning_pkg::command_t learning_o,
    input  learning_pkg::status_t  learning_i
);

  localparam logic [1:0] Okay = 2'b00;
  localparam logic [1:0] Slverr = 2'b10;
  localparam bit HasStat = StatBits != 0;

  logic bvalid_q, rvalid_q;
  logic [1:0] bresp_q, rresp_q;
  logic [31:0] rdata_q, rdata;
  logic write, legal_bank, accepted, known, whole, es_idle, es_scale_we, es_batch_we;
  logic stat_idle, streams_free, learns;
  logic [31:0] es_scale_q;
  logic [15:0] es_batch_q;
  logic [31:0] frames_q, refused_q, latency_q, age_q, busy_cycles_q, cycles_q;

  assign write = s_axil_awvalid && s_axil_wvalid && (!bvalid_q || s_axil_bready);
  assign s_axil_awready = write;
  assign s_axil_wready = write;
  assign s_axil_bvalid = bvalid_q;
  assign s_axil_bresp = bresp_q;
  assign s_axil_arready = !rvalid_q || s_axil_rready;
  assign s_axil_rvalid = rvalid_q;
  assign s_axil_rdata = rdata_q;
  assign s_axil_rresp = rresp_q;

  assign legal_bank = write && s_axil_wdata[31:1] == '0 && s_axil_wstrb == '1;
  assign bank_o = s_axil_wdata[0];
  assign write_request_o = legal_bank && s_axil_awaddr == register_map_pkg::BankWrite;
  assign read_request_o = legal_bank && s_axil_awaddr == register_map_pkg::BankRead;
  assign select_request_o = legal_bank && s_axil_awaddr == register_map_pkg::BankSelect;
  assign learns = learning_o.es_load || learning_o.es_store || learning_o.es_register_we ||
      learning_o.es_run || learning_o.es_clear || es_scale_we || es_batch_we ||
      learning_o.stat_load || learning_o.stat_store || learning_o.stat_run;
  assign accepted = (write_request_o && write_accepted_i) || (read_request_o && read_accepted_i) ||
      (select_request_o && select_accepted_i) || learns;

  assign whole = write && s_axil_wstrb == '1;
  assign es_idle = HasEs && whole && !learning_i.es_status[0];
  assign stat_idle = HasStat && whole && !learning_i.stat_busy;
  // Both units share the streams.
  assign streams_free = !learning_i.es_status[0] && !learning_i.stat_busy;
  assign learning_o.value = s_axil_wdata;
  assign learning_o.es_load = es_idle && streams_free &&
      s_axil_awaddr == register_map_pkg::EsLoad && s_axil_wdata < 32'd3;
  assign learning_o.es_store = es_idle && streams_free &&
      s_axil_awaddr == register_map_pkg::EsStore;
  assign learning_o.stat_load = stat_idle && streams_free &&
      s_axil_awaddr == register_map_pkg::StatLoad;
  assign learning_o.stat_store = stat_idle && streams_free &&
      s_axil_awaddr == register_map_pkg::StatStore;
  assign learning_o.stat_run = stat_idle && s_axil_awaddr == register_map_pkg::StatRun &&
      32'(s_axil_wdata[3:0]) <= StatBits && 32'(s_axil_wdata[31:20]) < 2 ** StatBits &&
      s_axil_wdata[19:18] == '0 && s_axil_wdata[17:16] != 2'd3;
  assign learning_o.es_register_we = es_idle && s_axil_awaddr == register_map_pkg::EsRegister &&
      s_axil_wdata != '0;
  assign learning_o.es_run = es_idle && s_axil_awaddr == register_map_pkg::EsRun &&
      s_axil_wdata[31:16] == '0 && s_axil_wdata != '0 && learning_i.es_status[31:16] != '0 &&
      es_batch_q != '0;
  assign learning_o.es_clear = es_idle && s_axil_awaddr == register_map_pkg::EsClear;
  assign es_scale_we = es_idle && s_axil_awaddr == register_map_pkg::EsScale;
  assign es_batch_we = es_idle && s_axil_awaddr == register_map_pkg::EsBatch;
  assign learning_o.es_scale = es_scale_q;
  assign learning_o.es_batch = es_batch_q;

  always_comb begin
    known = 1'b1;
    rdata = '0;
    unique case (s_axil_araddr)
      register_map_pkg::Id: rdata = Id;
      register_map_pkg::HardwareVersion: rdata = HardwareVersion;
      register_map_pkg::Geometry: rdata = Geometry;
      register_map_pkg::BankSelect: rdata = {31'd0, selected_i};
      register_map_pkg::BankStatus: rdata = bank_status_i;
      register_map_pkg::Bank0Version: rdata = bank_versions_i[31:0];
      register_map_pkg::Bank1Version: rdata = bank_versions_i[63:32];
      register_map_pkg::Frames: rdata = frames_q;
      register_map_pkg::FramesRefused: rdata = refused_q;
      register_map_pkg::Latency: rdata = latency_q;
      register_map_pkg::BusyCycles: rdata = busy_cycles_q;
      register_map_pkg::Cycles: rdata = cycles_q;
      register_map_pkg::EsRegister: {known, rdata} = {HasEs, learning_i.es_register};
      register_map_pkg::EsScale: {known, rdata} = {HasEs, es_scale_q};
      register_map_pkg::EsBatch: {known, rdata} = {HasEs, 16'd0, es_batch_q};
      register_map_pkg::EsStatus: {known, rdata} = {HasEs, learning_i.es_status};
      register_map_pkg::EsGenerations: {known, rdata} = {HasEs, learning_i.es_generations};
      register_map_pkg::StatStatus: {known, rdata} = {HasStat, 31'd0, learning_i.stat_busy};
      register_map_pkg::StatDistance: {known, rdata} = {HasStat, learning_i.stat_distance};
      default: known = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bvalid_q      <= 1'b0;
      rvalid_q      <= 1'b0;
      bresp_q       <= Okay;
      rresp_q       <= Okay;
      rdata_q       <= '0;
      frames_q      <= '0;
      refused_q     <= '0;
      latency_q     <= '0;
      age_q         <= '0;
      busy_cycles_q <= '0;
      cycles_q      <= '0;
      es_scale_q    <= '0;
      es_batch_q    <= '0;
    end else begin
      if (write) bresp_q <= accepted ? Okay : Slverr;
      bvalid_q <= write || (bvalid_q && !s_axil_bready);
      if (s_axil_arvalid && s_axil_arready) begin
        rdata_q <= rdata;
        rresp_q <= known ? Okay : Slverr;
      end
      rvalid_q <= (s_axil_arvalid && s_axil_arready) || (rvalid_q && !s_axil_rready);
      cycles_q <= cycles_q + 32'd1;
      age_q    <= frame_started_i ? 32'd1 : age_q + 32'd1;
      if (frame_running_i) busy_cycles_q <= busy_cycles_q + 32'd1;
      if (es_scale_we) es_scale_q <= s_axil_wdata;
      if (es_batch_we) es_batch_q <= s_axil_wdata[15:0];
      if (frame_refused_i) refused_q <= refused_q + 32'd1;
      if (frame_answered_i) begin
        frames_q  <= frames_q + 32'd1;
        latency_q <= age_q;
      end
    end
  end

endmodule
