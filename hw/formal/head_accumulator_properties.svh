// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside head_accumulator: a pass over the classes that begins is done NClasses + 3 cycles later,
// its result stands two cycles after that, and the next may begin once the result is taken.

localparam int unsigned TimeBits = $clog2(NClasses + BiasLatency + 3);
localparam logic [TimeBits-1:0] Done = TimeBits'(NClasses + BiasLatency);

logic past_q, was_last_q;
logic [TimeBits-1:0] time_q;
logic [BiasLatency:0] stages;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb assume (!finish_i || ready_o);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    time_q     <= '0;
    was_last_q <= 1'b0;
  end else begin
    if (finish_i) time_q <= TimeBits'(1);
    else if (time_q == Done + TimeBits'(1)) time_q <= '0;
    else if (time_q != '0) time_q <= time_q + TimeBits'(1);
    was_last_q <= time_q == Done + TimeBits'(1);
  end
end

always_comb begin
  for (int k = 0; k <= BiasLatency; k++) begin
    stages[k] = time_q > TimeBits'(k) && time_q <= TimeBits'(NClasses + k);
  end
end

always_comb begin
  if (past_q) begin
    a_time : assert (time_q <= Done + TimeBits'(1));
    a_stages : assert (passing_q == stages);
    a_class : assert (32'(class_q) == (passing ? 32'(time_q) - 32'd1 : 32'd0));
    a_adding :
    assert (32'(adding_q) ==
            (passing_q[BiasLatency] ? 32'(time_q) - 32'(BiasLatency + 1) : 32'd0));
    a_logit :
    assert (logit_valid_q == (time_q > TimeBits'(BiasLatency + 1)));
    a_last : assert (logit_last_q == (time_q == Done + TimeBits'(1)));
    a_done : assert (done_o == (time_q == Done));
    a_result : assert (!was_last_q || valid_q);
    a_ready : assert (ready_o == (time_q == '0 && (!valid_q || ready_i)));
    c_again : cover (was_last_q && finish_i);
  end
end
