// The post unit of the reservoir's read-out; golden.cpp beside this file is its definition.
//
//   contribute   one squared distance from the target a cycle
//   form         2 cycles a neuron
//
// Memories answer one cycle after an address. Time does not depend on data.
module reservoir_post (
`include "rules/post_ports.svh"
);
  // verilator lint_off UNUSED
  wire unused = &{1'b0, word_addr, first_neuron, group_size, width, count, target, compare_now, compare_past,
                  neuron_fprime, neuron_r, neuron_current, before_fprime, before_r, neuron_mean1, held_data,
                  cfg_data[31:17], 1'b0};
  // verilator lint_on UNUSED
  assign compare_index = 16'd0;
  assign compare_partner = 6'd0;
  assign mean1 = 32'd0;
  assign error = 16'd0;
  assign held_addr = 16'd0;
  assign held_we = 1'b0;
  assign held_waddr = 16'd0;
  assign held_wdata = 32'd0;

  logic [5:0] target_shift, a_shift, extra;
  logic [16:0] rate;
  logic stochastic, better;  // M
  always_ff @(posedge clk) begin
    if (cfg_we)
      case (cfg_addr)
        8'd0: target_shift <= cfg_data[5:0];
        8'd1: a_shift <= cfg_data[5:0];
        8'd2: stochastic <= cfg_data[0];
        8'd3: rate <= cfg_data[16:0];
        8'd4: extra <= cfg_data[5:0];
        default: ;
      endcase
    if (word_we) better <= word_data != 16'd0;
  end

  // ---- contributing --------------------------------------------------------------------------------------
  localparam logic [2:0] Idle = 3'd0, Walk = 3'd1, Data = 3'd2, Product = 3'd3, Emit = 3'd4;
  logic [2:0] state;
  logic [15:0] contribute_addr;
  logic contributed, data_valid, distance_valid;
  logic signed [16:0] distance;
  logic [47:0] sum;
  wire signed [15:0] told = 16'(fixed_pkg::saturate_signed(
      fixed_pkg::round_shift(64'($signed(neuron_error)), target_shift), 6'd16));
  wire signed [33:0] square = distance * distance;
  assign up_data = sum;
  assign up_addr = 6'd0;

  always_ff @(posedge clk) begin
    contributed <= 1'b0;
    up_we <= 1'b0;
    data_valid <= state == Walk;
    distance_valid <= data_valid;
    distance <= 17'($signed(neuron_z)) - 17'(told);
    if (distance_valid) sum <= sum + 48'(square);
    case (state)
      Idle:
      if (start & ~op) begin
        contribute_addr <= 16'd0;
        sum <= 48'd0;
        state <= Walk;
      end
      Walk: begin
        contribute_addr <= contribute_addr + 16'd1;
        if (contribute_addr == neurons - 16'd1) state <= Data;
      end
      Data: state <= Product;
      Product: state <= Emit;
      Emit: begin
        up_we <= 1'b1;
        contributed <= 1'b1;
        state <= Idle;
      end
      default: state <= Idle;
    endcase
    if (!rst_n) begin
      state <= Idle;
      contributed <= 1'b0;
      up_we <= 1'b0;
      data_valid <= 1'b0;
      distance_valid <= 1'b0;
    end
  end

  // ---- forming -------------------------------------------------------------------------------------------
  wire signed [63:0] mean_now = 64'($signed(neuron_mean0));
  wire signed [17:0] above = 18'(64'($signed(neuron_z)) - fixed_pkg::round_shift(mean_now, extra));
  wire signed [34:0] gap = 35'((64'($signed(neuron_z)) <<< extra) - mean_now);
  wire signed [52:0] step = gap * $signed({1'b0, rate});
  logic signed [34:0] gain;  // eta (z - mean z)
  always_ff @(posedge clk) begin
    gain <= better ? $signed({1'b0, eta}) * above : 35'sd0;
    mean0 <= 32'(mean_now + fixed_pkg::round_shift(64'(step), 6'd16));
  end

  logic walked;
  logic [15:0] form_addr;
  factor_walk walk (
      .clk(clk),
      .rst_n(rst_n),
      .neurons(neurons),
      .start(start & op),
      .op(1'b1),
      .done(walked),
      .neuron_addr(form_addr),
      .neuron_generator(neuron_generator),
      .neuron_we(neuron_we),
      .neuron_waddr(neuron_waddr),
      .generator(generator),
      .a0(a0),
      .a1(a1),
      .c(c),
      .factors_lost(factors_lost),
      .factors_saturated(factors_saturated),
      .stochastic(stochastic),
      .has_a1(1'b0),
      .has_c(1'b0),
      .exact_a0(64'(gain)),
      .exact_a1(64'd0),
      .exact_c(64'd0),
      .a_shift(a_shift),
      .c_shift(6'd0)
  );
  assign done = contributed | walked;
  assign neuron_addr = state == Walk ? contribute_addr : form_addr;
endmodule
