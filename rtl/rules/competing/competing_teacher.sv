// The teacher unit of competing hidden units; golden.cpp beside this file is its definition: it names the first and
// the k-th of the ranked keys, each with its strength. 5 cycles.
module competing_teacher (
`include "rules/teacher_ports.svh"
);
  logic [5:0] ranks;
  logic [15:0] first, kth;
  always_ff @(posedge clk)
    if (cfg_we)
      case (cfg_addr)
        8'd0: ranks <= cfg_data[5:0];
        8'd1: first <= cfg_data[15:0];
        8'd2: kth <= cfg_data[15:0];
        default: ;
      endcase
  // verilator lint_off UNUSED
  wire unused = &{1'b0, cfg_data[31:16], count, slot, same, up_data[47:16], state_data, 1'b0};
  // verilator lint_on UNUSED
  assign state_addr = 6'd0;
  assign state_we = 1'b0;
  assign state_waddr = 6'd0;
  assign state_wdata = 64'd0;
  assign monitor_kernel = 32'd0;
  assign monitor_same_class = 6'd0;
  assign monitor_partners = 6'd0;
  wire [16:0] kth_magnitude = kth[15] ? 17'd0 - {1'b1, kth} : {1'b0, kth};

  localparam logic [2:0] Idle = 3'd0, Fetch = 3'd1, First = 3'd2, FirstStrength = 3'd3, Kth = 3'd4, KthStrength = 3'd5;
  logic [2:0] state;
  always_ff @(posedge clk) begin
    done <= 1'b0;
    word_we <= state == First | state == FirstStrength | state == Kth | state == KthStrength;
    monitor_third_factor <= {16'd0, first} + {15'd0, kth_magnitude};
    case (state)
      Idle:
      if (start) begin
        up_addr <= 6'd0;
        state <= Fetch;
      end
      Fetch: begin
        up_addr <= ranks - 6'd1;
        state <= First;
      end
      First: begin
        word_addr <= 6'd0;
        word_data <= up_data[15:0];
        state <= FirstStrength;
      end
      FirstStrength: begin
        word_addr <= 6'd1;
        word_data <= first;
        state <= Kth;
      end
      Kth: begin
        word_addr <= 6'd2;
        word_data <= up_data[15:0];
        state <= KthStrength;
      end
      KthStrength: begin
        word_addr <= 6'd3;
        word_data <= kth;
        done <= 1'b1;
        state <= Idle;
      end
      default: state <= Idle;
    endcase
    if (!rst_n) begin
      state <= Idle;
      done <= 1'b0;
      word_we <= 1'b0;
    end
  end
endmodule
