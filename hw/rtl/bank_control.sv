// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Which of the two parameter banks a frame uses, and who may write which bank.
//
// A frame keeps the bank it began with. A selection takes effect between two frames. A bank that
// a frame uses, or that is selected, is never written; a bank that is being written is not valid.
// A probe frame tries the bank that is not selected, where that one is valid.

module bank_control (
    input  logic       clk_i,
    input  logic       rst_ni,
    // Frames: a frame like frame_probe_i says may begin while frame_ready_o; its bank is
    // frame_bank_o until frame_done_i.
    input  logic       frame_probe_i,
    output logic       frame_ready_o,
    input  logic       frame_start_i,
    input  logic       frame_done_i,
    output logic       frame_bank_o,
    output logic       frame_running_o,
    // Requests: accepted in the cycle of the request, or not at all. A write that is asked for
    // again begins again. write_untouched_i: nothing was written, the bank is as it was.
    input  logic       write_request_i,
    input  logic       write_bank_i,
    output logic       write_accepted_o,
    input  logic       write_done_i,
    input  logic       write_intact_i,
    input  logic       write_untouched_i,
    input  logic       select_request_i,
    input  logic       select_bank_i,
    output logic       select_accepted_o,
    // What holds now
    output logic       live_o,
    output logic       active_o,
    output logic       pending_o,
    output logic [1:0] valid_o,
    output logic       writing_o
);

  logic live_q, active_q, pending_q, pending_bank_q, running_q, running_bank_q;
  logic writing_q, writing_bank_q, was_valid_q;
  logic [1:0] valid_q;
  logic selected, probing, frame_bank, between_frames;

  // The bank of the next frame: a pending selection counts from the next frame on.
  assign selected = pending_q ? pending_bank_q : active_q;
  assign probing = frame_probe_i && valid_q[!selected];
  assign frame_bank = probing ? !selected : selected;
  assign between_frames = !running_q || frame_done_i;
  assign frame_ready_o = between_frames && (live_q || pending_q || probing);
  assign frame_bank_o = running_bank_q;
  assign frame_running_o = running_q;

  assign write_accepted_o = write_request_i && !frame_start_i && !pending_q &&
      !(live_q && write_bank_i == active_q) &&
      !(running_q && write_bank_i == running_bank_q) &&
      !(writing_q && write_bank_i != writing_bank_q);
  assign select_accepted_o = select_request_i && valid_q[select_bank_i];

  assign live_o = live_q;
  assign active_o = active_q;
  assign pending_o = pending_q;
  assign valid_o = valid_q;
  assign writing_o = writing_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      live_q         <= 1'b0;
      active_q       <= 1'b0;
      pending_q      <= 1'b0;
      pending_bank_q <= 1'b0;
      running_q      <= 1'b0;
      running_bank_q <= 1'b0;
      writing_q      <= 1'b0;
      writing_bank_q <= 1'b0;
      was_valid_q    <= 1'b0;
      valid_q        <= 2'b00;
    end else begin
      if (frame_start_i) begin
        running_q      <= 1'b1;
        running_bank_q <= frame_bank;
      end else if (frame_done_i) begin
        running_q <= 1'b0;
      end
      if (pending_q && between_frames) begin
        live_q    <= 1'b1;
        active_q  <= pending_bank_q;
        pending_q <= 1'b0;
      end
      if (select_accepted_o) begin
        pending_q      <= 1'b1;
        pending_bank_q <= select_bank_i;
      end
      if (write_accepted_o) begin
        writing_q             <= 1'b1;
        writing_bank_q        <= write_bank_i;
        was_valid_q           <= valid_q[write_bank_i];
        valid_q[write_bank_i] <= 1'b0;
      end else if (writing_q && write_done_i) begin
        writing_q               <= 1'b0;
        valid_q[writing_bank_q] <= write_intact_i || (write_untouched_i && was_valid_q);
      end
    end
  end

`ifdef FORMAL
  `include "bank_control_properties.svh"
`endif

endmodule
