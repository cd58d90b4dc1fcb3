// The post unit of competing hidden units; golden.cpp beside this file is its definition.
//
//   contribute   one neuron a cycle through the rank unit, then one key a cycle
//   form         the neuron of each of the two pairs, where it lies in this core: 5 cycles a pair; with lateral
//                inhibition every neuron, 5 cycles each
//
// Memories answer one cycle after an address. Time does not depend on data.
module competing_post (
`include "rules/post_ports.svh"
);
`include "rules/post_unused.svh"
  assign a1 = 15'd0;
  localparam int unsigned MostRanks = 8;

  // ---- registers ---------------------------------------------------------------------------------------
  logic [5:0] a_shift, c_shift;
  logic stochastic;
  logic [3:0] ranks;
  logic lateral;
  logic [31:0] threshold;  // h*, not negative
  logic signed [15:0] first_strength, kth_strength;
  logic [63:0] words;  // index, g, index, g
  always_ff @(posedge clk) begin
    if (cfg_we)
      case (cfg_addr)
        8'd0: a_shift <= cfg_data[5:0];
        8'd1: c_shift <= cfg_data[5:0];
        8'd2: stochastic <= cfg_data[0];
        8'd3: ranks <= cfg_data[3:0];
        8'd4: lateral <= cfg_data[0];
        8'd5: threshold <= cfg_data;
        8'd6: first_strength <= cfg_data[15:0];
        8'd7: kth_strength <= cfg_data[15:0];
        default: ;
      endcase
    if (word_we)
      for (int unsigned n = 0; n < 4; n = n + 1) if (32'(word_addr) == n) words[n*16+:16] <= word_data;
  end

  localparam logic [3:0] Idle = 4'd0, Walk = 4'd1, Drain = 4'd2, Emit = 4'd3, Aim = 4'd4, Fetch = 4'd5, Load = 4'd6,
                         RoundA0 = 4'd7, RoundC = 4'd8;
  logic [3:0] state;

  // ---- ranking -----------------------------------------------------------------------------------------
  logic data_valid;
  logic [15:0] data_index;
  logic [48*MostRanks-1:0] list;
  wire [31:0] neuron_number = {16'd0, first_neuron} + {16'd0, data_index};
  rank #(
      .DEPTH(MostRanks)
  ) ranking (
      .clk(clk),
      .clear(state == Idle),
      .key_valid(data_valid),
      .key({neuron_current, neuron_number}),
      .ranked(list)
  );
  logic [3:0] place;
  wire last_place = place == ranks - 4'd1;
  always_comb begin
    up_data = 48'd0;
    for (int unsigned n = 0; n < MostRanks; n = n + 1) if (32'(up_addr) == n) up_data = list[n*48+:48];
  end

  // ---- factors -----------------------------------------------------------------------------------------
  logic second;  // of the pairs
  wire [15:0] index = second ? words[47:32] : words[15:0];
  wire signed [15:0] strength = second ? words[63:48] : words[31:16];
  wire signed [17:0] local_index = $signed({2'b00, index}) - $signed({2'b00, first_neuron});
  wire in_core = local_index >= 18'sd0 & local_index < $signed({2'b00, neurons});
  // With lateral inhibition neurons are walked one by one, and those that are told an h above 0 learn.
  wire signed [47:0] told = $signed(neuron_error);
  wire above = told > $signed({16'd0, threshold});
  logic [15:0] walked;
  logic active;
  wire here = lateral ? active : in_core;
  wire last_walked = walked == neurons - 16'd1;
  wire signed [15:0] taken = ~lateral ? strength : above ? first_strength : kth_strength;  // g
  logic signed [32:0] gain;  // eta g
  logic signed [48:0] rate;  // eta g I
  wire rounds = state == RoundA0 | state == RoundC;
  wire signed [63:0] exact = state == RoundC ? 64'(rate) : 64'(gain);
  wire [5:0] shift = state == RoundC ? c_shift : a_shift;
  // verilator lint_off UNUSED
  logic signed [63:0] rounded;
  logic signed [15:0] factor;
  wire unused_rounding = &{1'b0, rounded, factor[15], 1'b0};
  // verilator lint_on UNUSED
  factor_round rounding (
      .clk(clk),
      .load(state == Load),
      .neuron_generator(neuron_generator),
      .stochastic(stochastic),
      .rounds(rounds),
      .counts(rounds & here),
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

  always_ff @(posedge clk) begin
    if (state == Load) begin
      gain <= $signed({1'b0, eta}) * taken;
      active <= told > 48'sd0;
    end
    rate <= gain * $signed(neuron_current);
    if (state == RoundA0) a0 <= factor[14:0];
    if (state == RoundC) c <= factor[14:0];
  end

  // ---- control -----------------------------------------------------------------------------------------
  always_ff @(posedge clk) begin
    done <= 1'b0;
    neuron_we <= 1'b0;
    up_we <= 1'b0;
    data_valid <= state == Walk;
    data_index <= neuron_addr;
    case (state)
      Idle:
      if (start) begin
        neuron_addr <= 16'd0;
        place <= 4'd0;
        second <= 1'b0;
        walked <= 16'd0;
        state <= op ? Aim : Walk;
      end
      Walk: begin
        neuron_addr <= neuron_addr + 16'd1;
        if (neuron_addr == neurons - 16'd1) state <= Drain;
      end
      Drain: state <= Emit;
      Emit: begin
        up_we <= 1'b1;
        up_addr <= {2'd0, place};
        place <= place + 4'd1;
        done <= last_place;
        if (last_place) state <= Idle;
      end
      Aim: begin
        neuron_addr <= lateral ? walked : local_index[15:0];
        state <= Fetch;
      end
      Fetch: state <= Load;
      Load: state <= RoundA0;
      RoundA0: state <= RoundC;
      RoundC: begin
        neuron_we <= here;
        neuron_waddr <= lateral ? walked : local_index[15:0];
        second <= 1'b1;
        walked <= walked + 16'd1;
        done <= lateral ? last_walked : second;
        state <= (lateral ? last_walked : second) ? Idle : Aim;
      end
      default: state <= Idle;
    endcase
    if (!rst_n) begin
      state <= Idle;
      done <= 1'b0;
      neuron_we <= 1'b0;
      up_we <= 1'b0;
      data_valid <= 1'b0;
    end
  end
endmodule
