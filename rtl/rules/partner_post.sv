// The post unit of rules with past samples as partners; partner_post.cpp beside this file is its definition. One small
// multiplier compares (17 x 17), one large one (42 x 19) forms factors; one shifter rounds. Each is used by
// one step of the sequence at a time. Time never depends on data or on how many past samples exist.
//
//   contribute   one squared difference a cycle, partner by partner
//   form         T: one product a cycle over the partners; then the neurons that share it, 4 to 10 cycles
//                each
//
// Memories answer one cycle after an address; neuron words are written in one piece.
module partner_post #(
    parameter int unsigned MaxPartners = 32
) (
`include "rules/post_ports.svh"
);
  // verilator lint_off UNUSED
  wire unused = &{1'b0, neuron_z, target, first_neuron, neuron_current,
                  cfg_data[31:18], 1'b0};
  // verilator lint_on UNUSED

  // ---- registers ---------------------------------------------------------------------------------------
  localparam logic [1:0] TwoTerm = 2'd1, MeanTerm = 2'd2, Delayed = 2'd3;
  localparam int unsigned FirstBoost = 10, FirstError = FirstBoost + MaxPartners;

  logic [1:0] form;
  logic [5:0] partners, m_shift, t_shift, a_shift, c_shift;
  logic [15:0] c_rate;
  logic stochastic, hears;
  logic [15:0] error_mantissa;  // 0: nothing is sent
  logic [5:0] error_shift, hear_shift;
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
      for (int unsigned n = 0; n < MaxPartners; n = n + 1)
        if (32'(cfg_addr) == FirstBoost + n) boosts[n*18+:18] <= cfg_data[17:0];
      if (32'(cfg_addr) == FirstError) error_mantissa <= cfg_data[15:0];
      if (32'(cfg_addr) == FirstError + 1) error_shift <= cfg_data[5:0];
      if (32'(cfg_addr) == FirstError + 2) hears <= cfg_data[0];
      if (32'(cfg_addr) == FirstError + 3) hear_shift <= cfg_data[5:0];
    end
    if (word_we)
      for (int unsigned n = 0; n <= MaxPartners; n = n + 1)
        if (32'(word_addr) == n) words[n*16+:16] <= word_data;
  end

  wire grouped = group_size != 16'd0;
  wire two_term = form == TwoTerm;
  wire mean_term = form == MeanTerm;
  wire delayed = form == Delayed;
  wire from_mean = mean_term & ~grouped;  // T is measured from the running mean of z
  wire decays = c_rate != 16'd0;
  wire started = count != 6'd0;
  wire sends = error_mantissa != 16'd0;

  // ---- sequence ----------------------------------------------------------------------------------------
  localparam logic [4:0] Idle = 5'd0, Sum = 5'd1, SumDrain = 5'd2, Rate = 5'd3, RateKeep = 5'd4,
                         Compare = 5'd5, CompareDrain = 5'd6, Boost = 5'd7, Third = 5'd8, Step = 5'd9,
                         Gain = 5'd10, Slope = 5'd11, Factor = 5'd12, RoundA0 = 5'd13, Slope1 = 5'd14,
                         Factor1 = 5'd15, MeanFirst = 5'd16, MeanSecond = 5'd17, MeanThird = 5'd18,
                         MeanFourth = 5'd19, RoundA1 = 5'd20, RoundC = 5'd21, Send = 5'd22, SendKeep = 5'd23,
                         Hear = 5'd24;
  logic [4:0] state;
  logic [15:0] neuron, in_group;
  wire last_neuron = neuron == neurons - 16'd1;
  wire last_of_group = ~grouped | in_group == group_size - 16'd1;
  wire second = two_term | mean_term;
  wire last_step = state == RoundC | (~decays & (state == RoundA1 | (state == RoundA0 & ~second)));
  // the address moves one cycle before the last step, so that the next neuron's words arrive in time
  wire move_address = decays   ? (state == RoundA1 | (state == RoundA0 & ~second))
                    : two_term ? state == Factor1
                    : second   ? state == MeanFourth : state == Factor;
  wire last_compare = compare_partner == (from_mean ? 6'd1 : partners);

  // ---- comparing: address, data, difference, product -----------------------------------------------------
  logic forming;  // or contributing
  logic data_valid, data_first, data_last, difference_valid, difference_first, difference_last;
  logic [5:0] data_partner, difference_partner;
  logic signed [16:0] difference;
  logic signed [15:0] compared_mean;  // of z, in z's own format
  logic signed [47:0] sum, plain_sum;

  wire [5:0] word_index = difference_partner - 6'd1;
  wire [15:0] word = words[{word_index, 4'd0}+:16];
  wire [15:0] centre = words[{partners, 4'd0}+:16];
  wire signed [15:0] past = forming & from_mean ? compared_mean : $signed(compare_past);
  wire signed [16:0] gap = {compare_now[15], compare_now} - {past[15], past};
  wire signed [16:0] small_a = forming ? $signed({word[15], word}) : difference;
  wire signed [33:0] small_product = small_a * difference;
  wire signed [47:0] centring = 48'($signed(centre)) <<< m_shift;
  wire signed [47:0] sum_before = ~difference_first ? sum : (forming & grouped) ? -centring : 48'sd0;

  always_ff @(posedge clk) begin
    data_partner <= compare_partner;
    data_first <= forming ? compare_partner == 6'd1 : compare_index == 16'd0;
    data_last <= forming ? last_compare : compare_index == width - 16'd1;
    difference_partner <= data_partner;
    difference_first <= data_first;
    difference_last <= data_last;
    if (data_valid) difference <= data_partner <= count ? gap : 17'sd0;
    if (difference_valid) sum <= sum_before + 48'(small_product);
    if (data_valid & data_partner == 6'd1)
      plain_sum <= (data_first ? 48'sd0 : plain_sum) + 48'($signed(compare_now));
  end

  // ---- rounding ------------------------------------------------------------------------------------------
  logic signed [60:0] product;
  logic [31:0] c_product;
  logic signed [17:0] mean_value;
  logic signed [31:0] mean_old;
  logic signed [63:0] exact;
  logic [5:0] shift;
  wire rounds_factor = state == RoundA0 | state == RoundA1 | state == RoundC;
  logic signed [63:0] rounded;
  // verilator lint_off UNUSED
  logic signed [15:0] factor;
  wire unused_rounding = &{1'b0, factor[15], 1'b0};
  // verilator lint_on UNUSED
  factor_round rounding (
      .clk(clk),
      .load(state == Gain),
      .neuron_generator(neuron_generator),
      .stochastic(stochastic),
      .rounds(rounds_factor),
      .counts(rounds_factor),
      .restart(state == Idle & start),
      .exact(exact),
      .shift(shift),
      .bits(6'd15),
      .generator(generator),
      .rounded(rounded),
      .word(factor),
      .factors_lost(factors_lost),
      .factors_saturated(factors_saturated)
  );
  wire signed [23:0] third_now = started ? 24'(fixed_pkg::saturate_signed(rounded, 6'd24)) : 24'sd0;

  always_comb begin
    exact = 64'(product);
    shift = 6'd15;
    case (state)
      Compare: begin
        exact = 64'($signed(neuron_mean0));
        shift = {1'b0, mean_extra};
      end
      Third: shift = t_shift;
      SendKeep: shift = error_shift;
      Hear: begin
        exact = 64'($signed(neuron_error));
        shift = hear_shift;
      end
      RoundA0: shift = a_shift;
      RoundA1: shift = from_mean ? a_shift + 6'd15 : a_shift;  // the mean of f' has 15 fraction bits
      RoundC: begin
        exact = $signed({32'd0, c_product});
        shift = c_shift;
      end
      MeanFirst: shift = grouped ? 6'd15 : 6'd16;
      MeanSecond: begin
        exact = 64'(mean_old);
        shift = {1'b0, mean_extra};
      end
      MeanThird: shift = 6'd16;
      default: ;
    endcase
  end

  // ---- forming factors -----------------------------------------------------------------------------------
  logic signed [23:0] third, used_third;  // T; what multiplies h f'
  logic [17:0] gain;                      // eta f'
  logic signed [17:0] value, mean_used;   // r f'; the mean before this sample
  logic signed [41:0] large_a;
  logic signed [18:0] large_b;

  wire [5:0] boost_index = count - 6'd1;
  wire [17:0] boost = boosts[{boost_index, 4'd0}+{3'd0, boost_index, 1'b0}+:18];
  wire signed [24:0] minus_third = 25'sd0 - 25'(used_third);
  wire signed [23:0] heard = 24'(fixed_pkg::saturate_signed(64'sd0 - rounded, 6'd24));
  wire signed [31:0] h_now = grouped ? 32'($signed(neuron_r)) : 32'sd1;
  wire signed [31:0] h_before = grouped ? 32'($signed(before_r)) : 32'sd1;
  wire signed [23:0] step = 24'(fixed_pkg::saturate_signed(64'($signed(held_data)) - 64'(third), 6'd24));

  // the second mean follows the first one: f' after z, or r f' alone
  wire on_second_mean = state == MeanSecond | state == MeanThird;
  wire [31:0] mean_read = on_second_mean & ~grouped ? neuron_mean1 : neuron_mean0;
  wire signed [63:0] mean_target = 64'(mean_value) <<< mean_extra;
  wire signed [41:0] mean_gap = 42'(mean_target - 64'(mean_old));
  wire [31:0] mean_new = 32'(64'(mean_old) + rounded);
  always_comb begin
    mean_value = grouped ? value : $signed({2'b00, neuron_fprime});
    if (~on_second_mean) mean_value = 18'($signed(compare_now));
    mean_old = started ? $signed(mean_read) : mean_target[31:0];
  end

  always_comb begin
    large_a = 42'($signed({1'b0, eta}));
    large_b = $signed({3'b000, delayed ? before_fprime : neuron_fprime});
    case (state)
      Rate: large_b = $signed({3'b000, c_rate});
      Send: begin
        large_a = 42'(minus_third);
        large_b = $signed({3'b000, error_mantissa});
      end
      Boost: begin
        large_a = sum[41:0];
        large_b = $signed({1'b0, boost});
      end
      Slope: begin
        large_a = 42'(used_third);
        large_b = 19'(delayed ? h_before : h_now);
      end
      Slope1: begin
        large_a = 42'(minus_third);
        large_b = 19'(h_before);
      end
      Factor, Factor1: begin
        large_a = product[41:0];
        large_b = $signed({1'b0, gain});
      end
      RoundA0:
      if (mean_term & grouped) begin
        large_a = 42'($signed(neuron_r));
        large_b = $signed({3'b000, neuron_fprime});
      end else if (mean_term) begin
        large_a = mean_gap;
        large_b = $signed({2'b00, mean_rate});
      end else large_b = $signed({3'b000, before_fprime});
      MeanSecond: begin
        large_a = mean_gap;
        large_b = $signed({2'b00, mean_rate});
      end
      MeanThird: begin
        large_a = 42'(minus_third);
        large_b = 19'(mean_used);
      end
      MeanFourth: begin
        large_a = product[41:0];
        large_b = $signed({3'b000, eta});
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk) begin
    if (state != Idle & ~rounds_factor | (state == RoundA0 & second)) product <= large_a * large_b;
    case (state)
      RateKeep: c_product <= product[31:0];
      Compare: compared_mean <= rounded[15:0];
      Third: begin
        third <= third_now;
        used_third <= third_now;
      end
      Step: used_third <= started ? step : 24'sd0;
      SendKeep: error <= 16'(fixed_pkg::saturate_signed(rounded, 6'd15));
      Hear: used_third <= heard;
      Slope, Slope1: gain <= rounded[17:0];
      RoundA0: a0 <= factor[14:0];
      MeanFirst:
      if (grouped) value <= rounded[17:0];
      else mean0 <= mean_new;
      MeanSecond: mean_used <= rounded[17:0];
      MeanThird:
      if (grouped) mean0 <= mean_new;
      else mean1 <= mean_new;
      RoundA1: a1 <= factor[14:0];
      RoundC: c <= factor[14:0];
      default: ;
    endcase
  end

  // ---- control -------------------------------------------------------------------------------------------
  logic up_plain;
  assign up_data = up_plain ? plain_sum : sum;
  assign held_addr = compare_index;

  always_ff @(posedge clk) begin
    done <= 1'b0;
    neuron_we <= 1'b0;
    held_we <= 1'b0;
    up_we <= 1'b0;
    data_valid <= state == Sum | state == Compare;
    difference_valid <= data_valid;
    if (move_address) neuron_addr <= neuron_addr + 16'd1;
    case (state)
      Idle:
      if (start) begin
        forming <= op;
        compare_index <= 16'd0;
        compare_partner <= 6'd1;
        neuron_addr <= 16'd0;
        neuron <= 16'd0;
        in_group <= 16'd0;
        up_plain <= 1'b0;
        state <= op ? Rate : Sum;
      end
      Sum: begin
        compare_index <= compare_index + 16'd1;
        if (compare_index == width - 16'd1) begin
          compare_index <= 16'd0;
          compare_partner <= compare_partner + 6'd1;
          if (compare_partner == partners) state <= SumDrain;
        end
      end
      SumDrain:
      if (~data_valid & ~difference_valid) begin  // grouped: one word more
        up_we <= 1'b1;
        up_plain <= 1'b1;
        up_addr <= partners;
        done <= 1'b1;
        state <= Idle;
      end
      Rate: state <= RateKeep;
      RateKeep: state <= Compare;
      Compare: begin
        compare_partner <= compare_partner + 6'd1;
        if (last_compare) state <= CompareDrain;
      end
      CompareDrain: if (difference_valid & difference_last) state <= Boost;
      Boost: state <= Third;
      Third: state <= delayed ? Step : sends ? Send : hears ? Hear : Gain;
      Step: state <= Gain;
      Send: state <= SendKeep;
      SendKeep: state <= hears ? Hear : Gain;
      Hear: state <= Gain;
      Gain: state <= Slope;
      Slope: state <= Factor;
      Factor: state <= RoundA0;
      RoundA0: state <= two_term ? Slope1 : mean_term ? MeanFirst : RoundC;
      Slope1: state <= Factor1;
      Factor1: state <= RoundA1;
      MeanFirst: state <= MeanSecond;
      MeanSecond: state <= MeanThird;
      MeanThird: state <= MeanFourth;
      MeanFourth: state <= RoundA1;
      RoundA1: state <= RoundC;
      default: state <= Idle;
    endcase
    if (~forming & difference_valid & difference_last) begin
      up_we <= 1'b1;
      up_addr <= word_index;
      if (~grouped & difference_partner == partners) begin
        done <= 1'b1;
        state <= Idle;
      end
    end
    if (last_step) begin
      neuron_we <= 1'b1;
      neuron_waddr <= neuron;
      neuron <= neuron + 16'd1;
      in_group <= last_of_group ? 16'd0 : in_group + 16'd1;
      if (last_of_group) begin
        compare_index <= compare_index + 16'd1;
        held_we <= delayed;
      end
      held_waddr <= compare_index;
      held_wdata <= 32'(third);
      compare_partner <= 6'd1;
      done <= last_neuron;
      state <= last_neuron ? Idle : last_of_group ? Compare : Gain;
    end
    if (!rst_n) begin
      state <= Idle;
      done <= 1'b0;
      neuron_we <= 1'b0;
      held_we <= 1'b0;
      up_we <= 1'b0;
      data_valid <= 1'b0;
      difference_valid <= 1'b0;
      forming <= 1'b0;
    end
  end
endmodule
