// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The learning unit's control: which feature, class, direction, sample and generation it is at.

module es_sequencer #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NDirections = 2,
    parameter int unsigned ValueBits = 1,
    localparam int unsigned FeatureBits = $clog2(NFeatures + 1),
    localparam int unsigned ClassBits = $clog2(NClasses),
    localparam int unsigned DirectionBits = NDirections > 1 ? $clog2(NDirections) : 1
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    // Commands, and words of state that move
    input  logic                             load_i,
    input  logic                             store_i,
    input  logic                             run_i,
    input  logic           [            1:0] region_i,
    input  logic           [           15:0] n_generations_i,
    input  logic           [           15:0] n_batch_i,
    input  logic                             take_i,
    input  logic                             take_last_i,
    input  logic                             give_i,
    input  logic                             give_last_i,
    input  logic                             loss_done_i,
    // Where it is
    output es_pkg::state_e                   state_o,
    output logic           [            1:0] region_o,
    output logic           [FeatureBits-1:0] feature_o,
    output logic                             bias_row_o,
    output logic           [  ClassBits-1:0] class_o,
    output logic                             last_class_o,
    output logic         [DirectionBits-1:0] direction_o,
    output logic           [            3:0] plane_o,
    output logic                             last_plane_o,
    output logic                             first_sample_o,
    output logic           [           15:0] order_at_o,
    output logic                             settled_o,
    output logic           [           31:0] generations_o
);

  localparam logic [FeatureBits-1:0] BiasRow = FeatureBits'(NFeatures);

  // Of what multiplies a weight: a mean, or a level less its mean
  localparam logic [3:0] LastPlane = ValueBits == 1 ? 4'd4 : 4'd8;
  localparam logic [2:0] RowWaits = 3'd3;  // more, until a row is there

  es_pkg::state_e state_q;
  logic [FeatureBits-1:0] feature_q;
  logic [ClassBits-1:0] class_q;
  logic [DirectionBits-1:0] direction_q;
  logic [3:0] plane_q;
  logic [2:0] wait_q;
  logic [15:0] batch_q, generation_q, order_at_q, next_batch, next_generation;
  logic [31:0] generations_q;
  logic [1:0] region_q;
  logic last_class, last_plane, last_generation, settled;

  assign last_class = class_q == ClassBits'(NClasses - 1);
  assign last_plane = plane_q == LastPlane;
  assign next_generation = generation_q + 16'd1;
  assign next_batch = batch_q + 16'd1;
  assign last_generation = next_generation == n_generations_i;
  assign settled = wait_q == 3'd5;  // the pipeline behind the last step is empty
  assign state_o = state_q;
  assign region_o = region_q;
  assign feature_o = feature_q;
  assign bias_row_o = feature_q == BiasRow;
  assign class_o = class_q;
  assign last_class_o = last_class;
  assign direction_o = direction_q;
  assign plane_o = plane_q;
  assign last_plane_o = last_plane;
  assign first_sample_o = batch_q == '0;
  assign order_at_o = order_at_q;
  assign settled_o = settled;
  assign generations_o = generations_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= es_pkg::StIdle;
      feature_q     <= '0;
      class_q       <= '0;
      direction_q   <= '0;
      plane_q       <= '0;
      wait_q        <= '0;
      batch_q       <= '0;
      generation_q  <= '0;
      order_at_q    <= '0;
      region_q      <= '0;
      generations_q <= '0;
    end else begin
      wait_q <= '0;
      unique case (state_q)
        es_pkg::StIdle: begin
          feature_q    <= '0;
          class_q      <= '0;
          batch_q      <= '0;
          generation_q <= '0;
          region_q     <= region_i;
          if (load_i) begin
            state_q <= es_pkg::StLoad;
            if (region_i == 2'd2) order_at_q <= '0;
          end else if (store_i) begin
            state_q <= es_pkg::StStoreRow;
          end else if (run_i) begin
            state_q <= es_pkg::StDraw;
          end
        end
        es_pkg::StLoad: begin
          if (take_i) begin
            if (region_q == 2'd0) class_q <= last_class ? '0 : class_q + ClassBits'(1);
            if (region_q == 2'd1 || (region_q == 2'd0 && last_class)) begin
              feature_q <= feature_q + FeatureBits'(1);
            end
            if (region_q == 2'd2) order_at_q <= take_last_i ? '0 : order_at_q + 16'd1;
            if (take_last_i) state_q <= es_pkg::StIdle;
          end
        end
        es_pkg::StStoreRow: begin
          wait_q <= wait_q + 3'd1;
          if (wait_q == RowWaits) state_q <= es_pkg::StStore;
        end
        es_pkg::StStore: begin
          if (give_i) begin
            class_q <= last_class ? '0 : class_q + ClassBits'(1);
            if (last_class) begin
              feature_q <= feature_q + FeatureBits'(1);
              state_q   <= give_last_i ? es_pkg::StIdle : es_pkg::StStoreRow;
            end
          end
        end
        es_pkg::StDraw: begin
          feature_q <= feature_q == BiasRow ? '0 : feature_q + FeatureBits'(1);
          if (feature_q == BiasRow) begin
            direction_q <= direction_q + DirectionBits'(1);
            if (direction_q == DirectionBits'(NDirections - 1)) begin
              direction_q <= '0;
              state_q     <= ValueBits == 1 ? es_pkg::StMeans : es_pkg::StMeansEnd;
            end
          end
        end
        es_pkg::StMeans: begin
          feature_q <= feature_q == BiasRow ? '0 : feature_q + FeatureBits'(1);
          if (feature_q == BiasRow) begin
            plane_q <= last_plane ? '0 : plane_q + 4'd1;
            if (last_plane) state_q <= es_pkg::StMeansEnd;
          end
        end
        es_pkg::StMeansEnd: begin
          wait_q <= wait_q + 3'd1;
          if (settled) state_q <= es_pkg::StSample;
        end
        es_pkg::StSample: begin
          feature_q <= feature_q == BiasRow ? '0 : feature_q + FeatureBits'(1);
          if (feature_q == BiasRow) begin
            if (ValueBits > 1) plane_q <= last_plane ? '0 : plane_q + 4'd1;
            if (ValueBits == 1 || last_plane) state_q <= es_pkg::StSampleEnd;
          end
        end
        es_pkg::StSampleEnd: begin
          wait_q <= wait_q + 3'd1;
          if (settled) state_q <= es_pkg::StLoss;
        end
        es_pkg::StLoss: begin
          if (loss_done_i) begin
            order_at_q <= order_at_q + 16'd1;
            batch_q    <= next_batch;
            state_q    <= es_pkg::StMeansEnd;
            if (next_batch == n_batch_i) begin
              batch_q <= '0;
              state_q <= es_pkg::StUpdateRow;
            end
          end
        end
        es_pkg::StUpdateRow: begin
          wait_q <= wait_q + 3'd1;
          if (wait_q == RowWaits) state_q <= es_pkg::StUpdate;
        end
        es_pkg::StUpdate: begin
          class_q <= last_class ? '0 : class_q + ClassBits'(1);
          if (last_class) begin
            feature_q <= feature_q + FeatureBits'(1);
            state_q   <= es_pkg::StUpdateRow;
            if (feature_q == BiasRow) begin
              feature_q     <= '0;
              generation_q  <= next_generation;
              generations_q <= generations_q + 32'd1;
              state_q       <= last_generation ? es_pkg::StIdle : es_pkg::StDraw;
            end
          end
        end
        default: state_q <= es_pkg::StIdle;
      endcase
    end
  end

`ifdef FORMAL
  `include "es_sequencer_properties.svh"
`endif

endmodule
