// The sequence of a post unit that forms factors from each neuron's own words alone; its golden twin is
// FactorRounder (factor.hpp). Nothing is reduced, so an order to contribute is over at once. The rule gives the
// exact products, from neuron words that stand from Load to the last step:
//
//   Load                        neuron words have arrived; a rule's registers take what it multiplies first
//   RoundA0, RoundA1, RoundC    exact_a0, exact_a1, exact_c of that step are rounded; each draws a word
//
// 2 cycles a neuron, one more with a1 and one more with c. Time does not depend on data.
module factor_walk (
    input logic clk,
    input logic rst_n,
    input logic [15:0] neurons,
    input logic start,
    input logic op,
    output logic done,
    output logic [15:0] neuron_addr,
    input logic [31:0] neuron_generator,
    output logic neuron_we,
    output logic [15:0] neuron_waddr,
    output logic [31:0] generator,
    output logic [14:0] a0,
    output logic [14:0] a1,
    output logic [14:0] c,
    output logic [19:0] factors_lost,
    output logic [19:0] factors_saturated,
    // from the rule
    input logic stochastic,
    input logic has_a1,
    input logic has_c,
    input logic signed [63:0] exact_a0,
    input logic signed [63:0] exact_a1,
    input logic signed [63:0] exact_c,
    input logic [5:0] a_shift,
    input logic [5:0] c_shift
);
  localparam logic [2:0] Idle = 3'd0, Nothing = 3'd1, Fetch = 3'd2, Load = 3'd3, RoundA0 = 3'd4, RoundA1 = 3'd5,
                         RoundC = 3'd6;
  logic [2:0] state;
  logic [15:0] neuron;
  wire last_neuron = neuron == neurons - 16'd1;
  wire last_step = has_c ? state == RoundC : has_a1 ? state == RoundA1 : state == RoundA0;
  // the address moves one cycle before the last step, so that the next neuron's words arrive in time
  wire move_address = has_c ? (has_a1 ? state == RoundA1 : state == RoundA0)
                            : has_a1 ? state == RoundA0 : state == Load;

  wire rounds = state == RoundA0 | state == RoundA1 | state == RoundC;
  wire signed [63:0] exact = state == RoundC ? exact_c : state == RoundA1 ? exact_a1 : exact_a0;
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
      .counts(rounds),
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
    if (state == RoundA0) a0 <= factor[14:0];
    if (state == RoundA1) a1 <= factor[14:0];
    if (state == RoundC) c <= factor[14:0];
  end

  always_ff @(posedge clk) begin
    done <= 1'b0;
    neuron_we <= 1'b0;
    if (move_address) neuron_addr <= neuron_addr + 16'd1;
    case (state)
      Idle:
      if (start) begin
        neuron_addr <= 16'd0;
        neuron <= 16'd0;
        state <= op ? Fetch : Nothing;
      end
      Nothing: begin
        done <= 1'b1;
        state <= Idle;
      end
      Fetch: state <= Load;
      Load: state <= RoundA0;
      RoundA0: state <= has_a1 ? RoundA1 : RoundC;
      RoundA1: state <= RoundC;
      default: state <= Idle;
    endcase
    if (last_step) begin
      neuron_we <= 1'b1;
      neuron_waddr <= neuron;
      neuron <= neuron + 16'd1;
      done <= last_neuron;
      state <= last_neuron ? Idle : Load;
    end
    if (!rst_n) begin
      state <= Idle;
      done <= 1'b0;
      neuron_we <= 1'b0;
    end
  end
endmodule
