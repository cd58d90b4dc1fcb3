// The post unit of delta rules; delta.cpp beside this file is its definition. One multiplier, one shifter and
// one exponential (two stages), each used by one step of the sequence at a time. Nothing is reduced, so an
// order to contribute is over at once. Time does not depend on data.
//
//   softmax         largest z: one neuron a cycle; sum of exponentials: one a cycle; then 6 cycles a neuron
//   linear, hinge, circuit   3 cycles a neuron
//   from word       one cycle more: the factor is made of the word that is sent back
//   returned        two more: the sum of errors that came back passes the gate f'
//
// Memories answer one cycle after an address; neuron words are written in one piece.
module delta_post #(
    parameter bit TAKES_ERRORS = 1'b0  // has the ways of hidden layers: returned and own
) (
`include "rules/post_ports.svh"
);
`include "rules/post_no_history.svh"
  assign a1 = 15'd0;
  assign up_we = 1'b0;
  assign up_addr = 6'd0;
  assign up_data = 48'd0;

  // ---- registers ---------------------------------------------------------------------------------------
  localparam logic [2:0] Softmax = 3'd0, Linear = 3'd1, Returned = 3'd3, Own = 3'd4, Circuit = 3'd5;
  logic [2:0] kind;
  logic [4:0] value_frac;
  logic [15:0] mu, c_rate;
  logic [5:0] a_shift, c_shift, word_shift;
  logic [4:0] word_bits;
  logic stochastic, from_word;
  logic [26:0] circuit_m;
  logic [15:0] circuit_k;

  always_ff @(posedge clk) begin
    if (cfg_we)
      case (cfg_addr)
        8'd0: kind <= cfg_data[2:0];
        8'd1: value_frac <= cfg_data[4:0];
        8'd2: mu <= cfg_data[15:0];
        8'd3: a_shift <= cfg_data[5:0];
        8'd4: c_rate <= cfg_data[15:0];
        8'd5: c_shift <= cfg_data[5:0];
        8'd6: stochastic <= cfg_data[0];
        8'd7: word_shift <= cfg_data[5:0];
        8'd8: word_bits <= cfg_data[4:0];
        8'd9: from_word <= cfg_data[0];
        8'd10: circuit_m <= cfg_data[26:0];
        8'd11: circuit_k <= cfg_data[15:0];
        default: ;
      endcase
  end
  wire softmax = kind == Softmax;
  wire returned = TAKES_ERRORS & kind == Returned;
  wire own = TAKES_ERRORS & kind == Own;
  wire circuit = TAKES_ERRORS & kind == Circuit;
  wire circuit_gates = TAKES_ERRORS & circuit_k != 16'd0;
  wire decays = c_rate != 16'd0;

  // ---- sequence ----------------------------------------------------------------------------------------
  localparam logic [4:0] Idle = 5'd0, Nothing = 5'd1, Rate = 5'd2, RateKeep = 5'd3, Largest = 5'd4,
                         LargestDrain = 5'd5, Total = 5'd6, TotalDrain = 5'd7, Invert = 5'd8,
                         InvertDrain = 5'd9, Exponent = 5'd10, Power = 5'd11, Normalise = 5'd12,
                         Error = 5'd13, Scale = 5'd14, RoundA0 = 5'd15, RoundC = 5'd16,
                         Word = 5'd17, Gate = 5'd18, Gated = 5'd19;
  logic [4:0] state;
  logic [15:0] neuron;
  wire walks = state == Largest | state == Total;
  wire last_address = neuron_addr == neurons - 16'd1;
  wire last_neuron = neuron == neurons - 16'd1;
  wire last_step = decays ? state == RoundC : state == RoundA0;
  // the address moves one cycle before the last step, so that the next neuron's words arrive in time
  wire move_address = decays ? state == RoundA0 : state == Scale;

  // ---- softmax: largest, exponentials, sum, reciprocal ---------------------------------------------------
  logic [1:0] drained;
  logic data_valid, in_total, power_valid, inverted;
  logic signed [15:0] largest;
  logic [15:0] power;
  logic [39:0] total;
  logic [16:0] inverse_mantissa;
  logic [5:0] inverse_exponent;

  wire signed [15:0] z = $signed(neuron_z);
  wire [16:0] below = {largest[15], largest} - {z[15], z};
  wire [4:0] to_16 = 5'd16 - value_frac;

  exp_unit exponential (
      .clk(clk),
      .rst_n(rst_n),
      .start((data_valid & in_total) | state == Exponent),
      .x({46'd0, below} << to_16),
      .done(power_valid),
      .result(power)
  );
  reciprocal inverter (
      .clk(clk),
      .rst_n(rst_n),
      .start(state == Invert),
      .value({1'b0, total}),
      .done(inverted),
      .mantissa(inverse_mantissa),
      .exponent(inverse_exponent)
  );
  assign in_total = state == Total | state == TotalDrain;

  always_ff @(posedge clk) begin
    if (state == RateKeep) begin
      largest <= -16'sd32768;
      total <= 40'd0;
    end
    if (data_valid & (state == Largest | state == LargestDrain) & z > largest) largest <= z;
    if (power_valid & in_total) total <= total + 40'(power);
  end

  // ---- error and factors ---------------------------------------------------------------------------------
  logic signed [36:0] product;
  logic [31:0] c_product;
  logic signed [18:0] large_a, delta, own_error;
  logic signed [47:0] wide;  // what the word is rounded from
  logic signed [17:0] large_b;
  logic signed [63:0] exact;
  logic [5:0] shift;
  wire is_target = neuron == target;
  wire signed [18:0] one = 19'sd1 <<< value_frac;
  wire signed [18:0] wide_z = 19'(z);
  wire rounds_factor = state == RoundA0 | state == RoundC;
  wire forms_word = state == Word | (state == Scale & ~from_word);
  logic signed [15:0] factor;  // or the word that is sent back
  // verilator lint_off UNUSED
  logic signed [63:0] rounded;
  wire unused_rounding = &{1'b0, rounded[63:19], 1'b0};
  // verilator lint_on UNUSED
  factor_round rounding (
      .clk(clk),
      .load(state == Error),
      .neuron_generator(neuron_generator),
      .stochastic(stochastic),
      .rounds(rounds_factor),
      .counts(rounds_factor),
      .restart(state == Idle & start),
      .exact(exact),
      .shift(shift),
      .bits(forms_word ? {1'b0, word_bits} : 6'd15),
      .generator(generator),
      .rounded(rounded),
      .word(factor),
      .factors_lost(factors_lost),
      .factors_saturated(factors_saturated)
  );

  // The local circuit: states 2 and -2 excite the control neuron, which takes the drive away.
  function automatic logic signed [2:0] transfer(input logic signed [31:0] drive,
                                                 input logic signed [31:0] m,
                                                 input logic signed [31:0] threshold);
    logic signed [31:0] far;
    far = m + m + threshold;
    transfer = -3'sd2;
    if (drive >= -far) transfer = -3'sd1;
    if (drive > -m) transfer = 3'sd0;
    if (drive >= m) transfer = 3'sd1;
    if (drive > far) transfer = 3'sd2;
  endfunction
  wire signed [31:0] m = $signed({5'd0, circuit_m});
  wire signed [31:0] wide_one = 32'(one);
  wire signed [31:0] drive = 32'(z) + (is_target ? m + m : -m - m);
  wire signed [2:0] first_state = transfer(drive, m, wide_one);
  wire signed [2:0] settled = transfer(first_state == 3'sd2 ? drive - m - m
                                       : first_state == -3'sd2 ? drive + m + m : drive, m, wide_one);

  // Its gate: 1 in the format of z is its largest value where the format ends below 1.
  wire signed [18:0] upper = one > 19'sd32767 ? 19'sd32767 : one;
  wire signed [18:0] lower = one > 19'sd32768 ? -19'sd32768 : -one;
  wire signed [18:0] k = $signed({3'd0, circuit_k});
  wire signed [18:0] gate_input = wide_z >= upper | wide_z <= lower ? delta - k - k : delta;
  wire signed [18:0] passed = gate_input >= -k ? gate_input : 19'sd0;

  always_comb begin
    case (state)
      RoundC: begin
        exact = $signed({32'd0, c_product});
        shift = c_shift;
      end
      RoundA0: begin
        exact = 64'(product);
        shift = a_shift;
      end
      Word, Scale: begin
        exact = 64'(wide);
        shift = word_shift;
      end
      Gated: begin
        exact = 64'(product);
        shift = 6'd15;
      end
      default: begin  // the probability
        exact = 64'(product);
        shift = inverse_exponent + 6'd1;
      end
    endcase
    large_a = $signed({3'd0, eta});
    large_b = $signed({2'd0, c_rate});
    if (state == Normalise) begin
      large_a = $signed({3'd0, power});
      large_b = $signed({1'b0, inverse_mantissa});  // at most 2^16
    end else if (state == Scale) begin
      large_a = delta;
      large_b = $signed({2'd0, eta});
    end else if (state == Gate) begin
      large_a = delta;
      large_b = $signed({2'd0, neuron_fprime});
    end
    own_error = is_target ? 19'sd32768 - 19'(rounded) : 19'sd0 - 19'(rounded);
    if (circuit) begin
      case (settled)
        3'sd2: own_error = 19'sd40960;
        3'sd1: own_error = 19'sd32768;
        -3'sd1: own_error = 19'sd0 - $signed({3'd0, mu});
        -3'sd2: own_error = -19'sd8192 - $signed({3'd0, mu});
        default: own_error = 19'sd0;
      endcase
    end else if (kind == Linear) own_error = is_target ? one - wide_z : 19'sd0 - wide_z;
    else if (~softmax) begin  // hinge, both comparisons strict
      own_error = 19'sd0;
      if (is_target & wide_z < one) own_error = 19'sd32768;
      if (~is_target & wide_z > -one) own_error = 19'sd0 - $signed({3'd0, mu});
    end
  end

  always_ff @(posedge clk) begin
    if (state == Rate | state == Normalise | state == Scale | state == Gate)
      product <= state == Gate & circuit_gates ? 37'(passed) <<< 15 : large_a * large_b;
    if (state == RateKeep) c_product <= product[31:0];
    if (state == Error) begin
      delta <= own_error;
      wide <= returned ? $signed(neuron_error) : own ? 48'(z) : 48'(own_error);
    end
    if (state == Word) delta <= 19'(factor);
    if (state == Gated) delta <= 19'(rounded);
    if (forms_word) error <= factor;
    if (state == Gated) error <= rounded[15:0];
    if (state == RoundA0) a0 <= factor[14:0];
    if (state == RoundC) c <= factor[14:0];
  end

  // ---- control -------------------------------------------------------------------------------------------
  always_ff @(posedge clk) begin
    done <= 1'b0;
    neuron_we <= 1'b0;
    data_valid <= walks;
    drained <= state == TotalDrain ? drained + 2'd1 : 2'd0;
    if (walks | move_address) neuron_addr <= walks & last_address ? 16'd0 : neuron_addr + 16'd1;
    case (state)
      Idle:
      if (start) begin
        neuron_addr <= 16'd0;
        neuron <= 16'd0;
        state <= op ? Rate : Nothing;
      end
      Nothing: begin
        done <= 1'b1;
        state <= Idle;
      end
      Rate: state <= RateKeep;
      RateKeep: state <= softmax ? Largest : Error;
      Largest: if (last_address) state <= LargestDrain;
      LargestDrain: state <= Total;
      Total: if (last_address) state <= TotalDrain;
      TotalDrain: if (drained == 2'd2) state <= Invert;
      Invert: state <= InvertDrain;
      InvertDrain: if (inverted) state <= Exponent;
      Exponent: state <= Power;
      Power: state <= Normalise;
      Normalise: state <= Error;
      Error: state <= from_word ? Word : Scale;
      Word: state <= returned ? Gate : Scale;
      Gate: state <= Gated;
      Gated: state <= Scale;
      Scale: state <= RoundA0;
      RoundA0: state <= RoundC;
      default: state <= Idle;
    endcase
    if (last_step) begin
      neuron_we <= 1'b1;
      neuron_waddr <= neuron;
      neuron <= neuron + 16'd1;
      done <= last_neuron;
      state <= last_neuron ? Idle : softmax ? Exponent : Error;
    end
    if (!rst_n) begin
      state <= Idle;
      done <= 1'b0;
      neuron_we <= 1'b0;
      data_valid <= 1'b0;
    end
  end
endmodule
