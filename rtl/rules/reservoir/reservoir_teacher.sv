// The teacher unit of the reservoir's read-out; golden.cpp beside this file is its definition: M says whether the
// read-out is nearer to its target than it was of late. 3 cycles.
module reservoir_teacher (
`include "rules/teacher_ports.svh"
);
  logic [15:0] rate;
  always_ff @(posedge clk) if (cfg_we & cfg_addr == 8'd0) rate <= cfg_data[15:0];
  // verilator lint_off UNUSED
  wire unused = &{1'b0, cfg_data[31:16], count, slot, same, up_data[47:46], state_data[63:46], 1'b0};
  // verilator lint_on UNUSED
  assign up_addr = 6'd0;
  assign state_addr = 6'd0;
  assign state_waddr = 6'd0;
  assign word_addr = 6'd0;
  assign monitor_kernel = 32'd0;
  assign monitor_same_class = 6'd0;
  assign monitor_partners = 6'd1;

  localparam logic [1:0] Idle = 2'd0, Fetch = 2'd1, Compare = 2'd2, Store = 2'd3;
  logic [1:0] state;
  logic signed [46:0] gap;  // S less its mean
  wire signed [63:0] product = 64'(gap) * 64'($signed({1'b0, rate}));
  always_ff @(posedge clk) begin
    done <= 1'b0;
    word_we <= 1'b0;
    state_we <= 1'b0;
    case (state)
      Idle: if (start) state <= Fetch;
      Fetch: state <= Compare;
      Compare: begin
        gap <= $signed({1'b0, up_data[45:0]}) - $signed({1'b0, state_data[45:0]});
        state <= Store;
      end
      Store: begin
        word_we <= 1'b1;
        word_data <= {15'd0, gap[46]};
        monitor_third_factor <= {31'd0, gap[46]};
        state_we <= 1'b1;
        state_wdata <= {18'd0, state_data[45:0]} + fixed_pkg::round_shift(product, 6'd16);
        done <= 1'b1;
        state <= Idle;
      end
      default: state <= Idle;
    endcase
    if (!rst_n) begin
      state <= Idle;
      done <= 1'b0;
      word_we <= 1'b0;
      state_we <= 1'b0;
    end
  end
endmodule
