// The post unit of pHSIC with a Gaussian kernel; golden.cpp beside this file is its definition. One small
// multiplier compares (17 x 17), one large one (42 x 19) forms factors; one shifter rounds. Each is used by
// one step of the sequence at a time. Time never depends on data or on how many past samples exist.
//
//   contribute   one squared difference a cycle, partner by partner
//   form         T: one product a cycle over the partners; then the neurons that share it, 4 to 10 cycles each
//
// Memories answer one cycle after an address; neuron words are written in one piece.
module phsic_gaussian_post #(
    parameter int unsigned MaxPartners = 32
) (
    input logic clk,
    input logic rst,
    // registers, numbered as PostRegister in golden.hpp
    input logic cfg_we,
    input logic [7:0] cfg_addr,
    input logic [31:0] cfg_data,
    // received third-factor words
    input logic word_we,
    input logic [5:0] word_addr,
    input logic [15:0] word_data,
    // the run
    input logic [15:0] neurons,     // in this core, at least 1
    input logic [15:0] group_size,  // 0: not grouped
    input logic [15:0] width,       // compared values: neurons or whole groups
    input logic [5:0] count,        // past samples that exist
    input logic [15:0] eta,         // mantissa
    input logic [15:0] target,      // not used here
    input logic start,
    input logic op,                 // 0 contribute, 1 form
    output logic done,              // one cycle, together with the last write
    // compared values of this sample and of one past sample
    output logic [15:0] compare_index,
    output logic [5:0] compare_partner,
    input logic [15:0] compare_now,
    input logic [15:0] compare_past,
    // neuron state, read
    output logic [15:0] neuron_addr,
    input logic [15:0] neuron_z,
    input logic [15:0] neuron_fprime,
    input logic [15:0] neuron_r,
    input logic [15:0] before_fprime,
    input logic [15:0] before_r,
    input logic [31:0] neuron_generator,
    input logic [31:0] neuron_mean0,
    input logic [31:0] neuron_mean1,
    // neuron state and factors, written
    output logic neuron_we,
    output logic [15:0] neuron_waddr,
    output logic [31:0] generator,
    output logic [31:0] mean0,
    output logic [31:0] mean1,
    output logic [14:0] a0,
    output logic [14:0] a1,
    output logic [14:0] c,
    // one word held for each compared value from sample to sample
    output logic [15:0] held_addr,
    input logic [31:0] held_data,
    output logic held_we,
    output logic [15:0] held_waddr,
    output logic [31:0] held_wdata,
    // partial sums for the reduction tree
    output logic up_we,
    output logic [5:0] up_addr,
    output logic [47:0] up_data,
    // of this run
    output logic [19:0] factors_lost,
    output logic [19:0] factors_saturated
);
  // verilator lint_off UNUSED
  wire unused = &{1'b0, neuron_z, target, 1'b0};
  // verilator lint_on UNUSED

  // ---- registers ---------------------------------------------------------------------------------------
  localparam logic [1:0] OneTerm = 2'd0, TwoTerm = 2'd1, MeanTerm = 2'd2, Delayed = 2'd3;
  localparam int unsigned FirstBoost = 10;

  logic [1:0] form;
  logic [5:0] partners, m_shift, t_shift, a_shift, c_shift;
  logic [15:0] c_rate;
  logic stochastic;
  logic [16:0] mean_rate;
  logic [4:0] mean_extra;
  logic [MaxPartners*18-1:0] boosts;
  logic [(MaxPartners+1)*16-1:0] words;

  always_ff @(posedge clk) begin
    if (cfg_we) begin
      case (cfg_addr)
        8'd0: form <= cfg_data[1:0];
        8'd1: partners <= cfg_data[5:0];
        8'd2: m_shift <= cfg_data[5:0];
        8'd3: t_shift <= cfg_data[5:0];
        8'd4: a_shift <= cfg_data[5:0];
        8'd5: c_rate <= cfg_data[15:0];
        8'd6: c_shift <= cfg_data[5:0];
        8'd7: stochastic <= cfg_data[0];
        8'd8: mean_rate <= cfg_data[16:0];
        8'd9: mean_extra <= cfg_data[4:0];
        default: ;
      endcase
      for (int unsigned n = 0; n < MaxPartners; ++n)
        if (32'(cfg_addr) == FirstBoost + n) boosts[n*18+:18] <= cfg_data[17:0];
    end
    if (word_we)
      for (int unsigned n = 0; n <= MaxPartners; ++n)
        if (32'(word_addr) == n) words[n*16+:16] <= word_data;
  end

  wire grouped = group_size != 16'd0;
  wire two_term = form == TwoTerm;
  wire mean_term = form == MeanTerm;
  wire delayed = form == Delayed;
  wire from_mean = mean_term & ~grouped;  // T is measured from the running mean of z
  wire decays = c_rate != 16'd0;
  wire started = count != 6'd0;

  // ---- sequence ----------------------------------------------------------------------------------------
  localparam logic [4:0] Idle = 5'd0, Sum = 5'd1, SumDrain = 5'd2, Rate = 5'd3, RateKeep = 5'd4, Compare = 5'd5,
                         CompareDrain = 5'd6, Boost = 5'd7, Third = 5'd8, Step = 5'd9, Gain = 5'd10, Slope = 5'd11,
                         Factor = 5'd12, RoundA0 = 5'd13, Slope1 = 5'd14, Factor1 = 5'd15, MeanFirst = 5'd16,
                         MeanSecond = 5'd17, MeanThird = 5'd18, MeanFourth = 5'd19, RoundA1 = 5'd20, RoundC = 5'd21;
  logic [4:0] state;
  logic [15:0] neuron, in_group;
  wire last_neuron = neuron == neurons - 16'd1;
  wire last_of_group = ~grouped | in_group == group_size - 16'd1;
  wire second = two_term | mean_term;
  wire last_step = state == RoundC | (~decays & (state == RoundA1 | (state == RoundA0 & ~second)));
  // the address moves one cycle before the last step, so that the next neuron's words arrive in time
  wire move_address = decays ? (state == RoundA1 | (state == RoundA0 & ~second))
                             : (second ? (two_term ? state == Factor1 : state == MeanFourth) : state == Factor);
  wire last_compare = compare_partner == (from_mean ? 6'd1 : partners);

  // ---- comparing: address, data, difference, product -------------------------------------------------------
  logic data_valid, data_first, data_last_item;
  logic difference_valid, difference_first, difference_last;
  logic [5:0] data_partner, difference_partner;
  logic signed [16:0] difference;
  logic signed [15:0] compared_mean;  // of z, in z's own format
  logic signed [47:0] sum, plain_sum;
  logic drained;

  wire signed [16:0] past = from_mean ? $signed({compared_mean[15], compared_mean}) : $signed({compare_past[15], compare_past});
  wire signed [16:0] small_a = state == Sum | state == SumDrain ? difference
                             : $signed({words[difference_partner*16-16+15], words[difference_partner*16-16+:16]});
  wire signed [33:0] small_product = small_a * difference;
