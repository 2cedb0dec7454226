// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside es_samples: a sample is the words of one frame, all of them, that came after samples were
// cleared; no more are kept than there is room for, and none changes until the next clear. One word
// of one sample, any, is watched. Frames have NWords words, the last of them as the last
// (network_engine.sv).

(* anyconst *) logic [SampleBits-1:0] watched_sample;
(* anyconst *) logic [WordBits-1:0] watched_word;

logic past_q, starts, kept, kept_q, clean_q, watched;
logic [31:0] n_words_q, n_kept_q, at;
logic [Lanes-1:0] watched_word_q, pending_q;
logic [7:0] watched_label_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb assume (last_i == (n_words_q == NWords - 1));
always_comb assume (32'(watched_word) < NWords);

// The frame under way is clean where no clear came since its first word.
assign starts = n_words_q == '0;
assign kept = valid_i && last_i && !clear_i && (starts || clean_q) && n_kept_q != NSamples;
assign watched = kept && n_kept_q == 32'(watched_sample);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    n_words_q <= '0;
    n_kept_q  <= '0;
    clean_q   <= 1'b1;
  end else begin
    if (valid_i) n_words_q <= last_i ? '0 : n_words_q + 32'd1;
    clean_q  <= !clear_i && (starts || clean_q);
    n_kept_q <= clear_i ? '0 : n_kept_q + 32'(kept);
  end
end

always_ff @(posedge clk_i) begin
  if (valid_i && n_words_q == 32'(watched_word)) pending_q <= word_i;
  if (watched) begin
    watched_word_q          <= n_words_q == 32'(watched_word) ? word_i : pending_q;
    watched_label_q <= label_i;
  end
end

assign at = 32'({watched_sample, watched_word});
assign kept_q = n_kept_q > 32'(watched_sample);

always_comb begin
  if (past_q) begin
    a_count : assert (n_kept_q <= NSamples && 32'(n_samples_o) == n_kept_q);
    a_words : assert (n_words_q < NWords && 32'(word_in_q) < NWords);
    a_under_way : assert (starts || !clean_q || 32'(word_in_q) == n_words_q);
    a_dropped : assert (dropped_q == (!starts && !clean_q));
    a_begins : assert (!starts || word_in_q == '0);
    a_pending : assert (starts || !clean_q || n_words_q <= 32'(watched_word) ||
        n_kept_q != 32'(watched_sample) || samples[at] == pending_q);
    a_kept : assert (!kept_q || samples[at] == watched_word_q);
    a_label : assert (!kept_q || labels[watched_sample] == watched_label_q);
    c_full : cover (n_kept_q == NSamples && valid_i);
    c_cleared : cover (clear_i && !starts && n_kept_q != '0);
  end
end
