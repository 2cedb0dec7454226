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
    parameter int unsigned SgdSamples = 0,
    parameter bit HasFlips = 1'b0,
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
    // The banks (parameter_store.sv)
    output bank_pkg::request_t  request_o,
    input  bank_pkg::accepted_t accepted_i,
    input  bank_pkg::status_t   banks_i,
    // Frames
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
  localparam bit HasSgd = SgdSamples != 0;

  logic bvalid_q, rvalid_q;
  logic [1:0] bresp_q, rresp_q;
  logic [31:0] rdata_q, rdata;
  logic write, legal_bank, known, whole, es_idle, stat_idle, sgd_idle, flip_idle, streams_free;
  logic es_scale_we, es_batch_we, sgd_scale_we, flip_scale_we, learns;
  logic [31:0] es_scale_q, sgd_scale_q, flip_scale_q, es_status, sgd_status, flip_status;
  logic [15:0] es_batch_q;
  logic [31:0] frames_q, refused_q, latency_q, age_q, busy_cycles_q, cycles_q;
  logic frame_started_q;

  assign write = s_axil_awvalid && s_axil_wvalid && (!bvalid_q || s_axil_bready);
  assign s_axil_awready = write;
  assign s_axil_wready = write;
  assign s_axil_bvalid = bvalid_q;
  assign s_axil_bresp = bresp_q;
  assign s_axil_arready = !rvalid_q || s_axil_rready;
  assign s_axil_rvalid = rvalid_q;
  assign s_axil_rdata = rdata_q;
  assign s_axil_rresp = rresp_q;

  // While a bank is evolved it is not selected, and nobody else moves images.
  assign whole = write && s_axil_wstrb == '1;
  assign legal_bank = whole && s_axil_wdata[31:1] == '0 &&
      (!learning_i.flip.busy || s_axil_wdata[0] == banks_i.selected);
  assign request_o.bank = s_axil_wdata[0];
  assign request_o.write = legal_bank && !learning_i.flip.busy &&
      s_axil_awaddr == register_map_pkg::BankWrite;
  assign request_o.read = legal_bank && !learning_i.flip.busy &&
      s_axil_awaddr == register_map_pkg::BankRead;
  assign request_o.select = legal_bank && s_axil_awaddr == register_map_pkg::BankSelect;

  // ---- what learns: a unit takes commands while it is idle; they share the streams ----

  function automatic logic in_16_bits(input logic [31:0] value);
    in_16_bits = value != '0 && value[31:16] == '0;
  endfunction

  assign es_idle = HasEs && whole && !learning_i.es.busy;
  assign stat_idle = HasStat && whole && !learning_i.stat_busy;
  assign sgd_idle = HasSgd && whole && !learning_i.sgd.busy;
  assign flip_idle = HasFlips && whole && !learning_i.flip.busy;
  assign streams_free = !learning_i.es.busy && !learning_i.stat_busy && !learning_i.sgd.busy;

  always_comb begin
    learning_o = '0;
    {es_scale_we, es_batch_we, sgd_scale_we, flip_scale_we} = '0;
    learning_o.value = s_axil_wdata;
    learning_o.es_scale = es_scale_q;
    learning_o.es_batch = es_batch_q;
    learning_o.sgd_scale = sgd_scale_q;
    learning_o.flip_scale = flip_scale_q;
    unique case (s_axil_awaddr)
      register_map_pkg::EsLoad:
      learning_o.es_load = es_idle && streams_free && s_axil_wdata < 32'd3;
      register_map_pkg::EsStore: learning_o.es_store = es_idle && streams_free;
      register_map_pkg::EsRegister: learning_o.es_register_we = es_idle && s_axil_wdata != '0;
      register_map_pkg::EsRun:
      learning_o.es_run = es_idle && in_16_bits(s_axil_wdata) &&
          learning_i.es.n_samples != '0 && es_batch_q != '0;
      register_map_pkg::EsClear: learning_o.es_clear = es_idle;
      register_map_pkg::EsScale: es_scale_we = es_idle;
      register_map_pkg::EsBatch: es_batch_we = es_idle;
      register_map_pkg::StatLoad: learning_o.stat_load = stat_idle && streams_free;
      register_map_pkg::StatStore: learning_o.stat_store = stat_idle && streams_free;
      register_map_pkg::StatRun:
      learning_o.stat_run = stat_idle && 32'(s_axil_wdata[3:0]) <= StatBits &&
          32'(s_axil_wdata[31:20]) < 2 ** StatBits && s_axil_wdata[19:18] == '0 &&
          s_axil_wdata[17:16] != 2'd3;
      register_map_pkg::SgdLoad:
      learning_o.sgd_load = sgd_idle && streams_free && s_axil_wdata < 32'd2;
      register_map_pkg::SgdStore: learning_o.sgd_store = sgd_idle && streams_free;
      register_map_pkg::SgdRegister: learning_o.sgd_register_we = sgd_idle && s_axil_wdata != '0;
      register_map_pkg::SgdScale: sgd_scale_we = sgd_idle;
      register_map_pkg::SgdRun:
      learning_o.sgd_run = sgd_idle && s_axil_wdata != '0 && s_axil_wdata <= SgdSamples &&
          learning_i.sgd.n_samples != '0;
      register_map_pkg::SgdClear: learning_o.sgd_clear = sgd_idle;
      register_map_pkg::FlipRegister: learning_o.flip_register_we = flip_idle && s_axil_wdata != '0;
      register_map_pkg::FlipScale: flip_scale_we = flip_idle;
      register_map_pkg::FlipRun:
      learning_o.flip_run = flip_idle && in_16_bits(s_axil_wdata) &&
          learning_i.flip.n_samples != '0 && flip_scale_q[23:16] != '0 && banks_i.live &&
          !banks_i.pending && !banks_i.port_busy && banks_i.valid == '1;
      register_map_pkg::FlipClear: learning_o.flip_clear = flip_idle;
      default: ;
    endcase
  end

  assign learns = learning_o.es_load || learning_o.es_store || learning_o.es_register_we ||
      learning_o.es_run || learning_o.es_clear || es_scale_we || es_batch_we ||
      learning_o.stat_load || learning_o.stat_store || learning_o.stat_run ||
      learning_o.sgd_load || learning_o.sgd_store || learning_o.sgd_register_we ||
      learning_o.sgd_run || learning_o.sgd_clear || sgd_scale_we ||
      learning_o.flip_register_we || learning_o.flip_run || learning_o.flip_clear || flip_scale_we;

  assign es_status = {learning_i.es.n_samples, 15'd0, learning_i.es.busy};
  assign sgd_status = {learning_i.sgd.n_samples, 15'd0, learning_i.sgd.busy};
  assign flip_status = {learning_i.flip.n_samples, 15'd0, learning_i.flip.busy};

  always_comb begin
    known = 1'b1;
    rdata = '0;
    unique case (s_axil_araddr)
      register_map_pkg::Id: rdata = Id;
      register_map_pkg::HardwareVersion: rdata = HardwareVersion;
      register_map_pkg::Geometry: rdata = Geometry;
      register_map_pkg::BankSelect: rdata = {31'd0, banks_i.selected};
      register_map_pkg::BankStatus: rdata = {21'd0, banks_i[10:0]};
      register_map_pkg::Bank0Version: rdata = banks_i.versions[31:0];
      register_map_pkg::Bank1Version: rdata = banks_i.versions[63:32];
      register_map_pkg::Frames: rdata = frames_q;
      register_map_pkg::FramesRefused: rdata = refused_q;
      register_map_pkg::Latency: rdata = latency_q;
      register_map_pkg::BusyCycles: rdata = busy_cycles_q;
      register_map_pkg::Cycles: rdata = cycles_q;
      register_map_pkg::EsRegister: {known, rdata} = {HasEs, learning_i.es.state};
      register_map_pkg::EsScale: {known, rdata} = {HasEs, es_scale_q};
      register_map_pkg::EsBatch: {known, rdata} = {HasEs, 16'd0, es_batch_q};
      register_map_pkg::EsStatus: {known, rdata} = {HasEs, es_status};
      register_map_pkg::EsGenerations: {known, rdata} = {HasEs, learning_i.es.count};
      register_map_pkg::StatStatus: {known, rdata} = {HasStat, 31'd0, learning_i.stat_busy};
      register_map_pkg::StatDistance: {known, rdata} = {HasStat, learning_i.stat_distance};
      register_map_pkg::SgdRegister: {known, rdata} = {HasSgd, learning_i.sgd.state};
      register_map_pkg::SgdScale: {known, rdata} = {HasSgd, sgd_scale_q};
      register_map_pkg::SgdStatus: {known, rdata} = {HasSgd, sgd_status};
      register_map_pkg::SgdSteps: {known, rdata} = {HasSgd, learning_i.sgd.count};
      register_map_pkg::FlipRegister: {known, rdata} = {HasFlips, learning_i.flip.state};
      register_map_pkg::FlipScale: {known, rdata} = {HasFlips, flip_scale_q};
      register_map_pkg::FlipStatus: {known, rdata} = {HasFlips, flip_status};
      register_map_pkg::FlipFitness: {known, rdata} = {HasFlips, learning_i.flip_fitness};
      register_map_pkg::FlipAccepted: {known, rdata} = {HasFlips, learning_i.flip.count};
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
      frame_started_q <= 1'b0;
      busy_cycles_q <= '0;
      cycles_q      <= '0;
      es_scale_q    <= '0;
      es_batch_q    <= '0;
      sgd_scale_q   <= '0;
      flip_scale_q  <= '0;
    end else begin
      if (write) bresp_q <= accepted_i != '0 || learns ? Okay : Slverr;
      bvalid_q <= write || (bvalid_q && !s_axil_bready);
      if (s_axil_arvalid && s_axil_arready) begin
        rdata_q <= rdata;
        rresp_q <= known ? Okay : Slverr;
      end
      rvalid_q <= (s_axil_arvalid && s_axil_arready) || (rvalid_q && !s_axil_rready);
      cycles_q <= cycles_q + 32'd1;
      // A start comes from far and late in its cycle; a frame takes longer than two.
      frame_started_q <= frame_started_i;
      age_q           <= frame_started_q ? 32'd2 : age_q + 32'd1;
      if (frame_running_i) busy_cycles_q <= busy_cycles_q + 32'd1;
      if (es_scale_we) es_scale_q <= s_axil_wdata;
      if (es_batch_we) es_batch_q <= s_axil_wdata[15:0];
      if (sgd_scale_we) sgd_scale_q <= s_axil_wdata;
      if (flip_scale_we) flip_scale_q <= s_axil_wdata;
      if (frame_refused_i) refused_q <= refused_q + 32'd1;
      if (frame_answered_i) begin
        frames_q  <= frames_q + 32'd1;
        latency_q <= age_q;
      end
    end
  end

endmodule
