// The teacher unit of the HSIC bottleneck; golden.cpp beside this file is its definition. One multiplier
// (48 x 17), one shifter and one exponential, each used by one step of the sequence at a time. Time depends on
// the registers alone: before the memory is full the walks are the same, but nothing is kept, so that the kernels of
// the second walk and with them the words are 0.
//
//   first walk over the partners    both distances -> both kernels -> state, sum of B, 7 cycles each
//   second walk                     (N B - S) k_z -> word, 3 cycles each
//
// Memories answer one cycle after an address. State: word 0 is S, word p the kernels of partner p (z low, x
// high), written by the first walk and read by the second.
module hsic_memory_teacher (
`include "rules/teacher_ports.svh"
);
  // ---- registers ---------------------------------------------------------------------------------------
  logic [5:0] partners, z_shift, x_shift, m_shift;
  logic [15:0] z_mantissa, x_mantissa;
  logic [28:0] same_term, different_term;

  always_ff @(posedge clk) begin
    if (cfg_we)
      case (cfg_addr)
        8'd0: partners <= cfg_data[5:0];
        8'd1: z_mantissa <= cfg_data[15:0];
        8'd2: z_shift <= cfg_data[5:0];
        8'd3: x_mantissa <= cfg_data[15:0];
        8'd4: x_shift <= cfg_data[5:0];
        8'd5: same_term <= cfg_data[28:0];
        8'd6: different_term <= cfg_data[28:0];
        8'd7: m_shift <= cfg_data[5:0];
        default: ;
      endcase
  end
  // verilator lint_off UNUSED
  wire unused = &{1'b0, cfg_data[31:29], state_data[63:32], slot, 1'b0};
  // verilator lint_on UNUSED

  // ---- sequence ----------------------------------------------------------------------------------------
  localparam logic [3:0] Idle = 4'd0, Begin = 4'd1, Take = 4'd2, ScaleZ = 4'd3, KernelZ = 4'd4, ScaleX = 4'd5,
                         KernelX = 4'd6, Wait = 4'd7, Similar = 4'd8, Keep = 4'd9, Fetch = 4'd10,
                         Weigh = 4'd11, Centre = 4'd12, Word = 4'd13;
  logic [3:0] state;
  logic [5:0] partner;
  wire last_partner = partner == partners - 6'd1;
  wire full = count == partners;
  wire [5:0] next_partner = partner + 6'd1;

  // ---- datapath ------------------------------------------------------------------------------------------
  logic signed [47:0] distance;
  logic signed [35:0] sum;  // S
  logic signed [63:0] product;
  logic [15:0] kernel, kernel_z;

  logic signed [47:0] large_a;
  logic signed [16:0] large_b;
  logic [5:0] shift;
  wire equal = same[partner[4:0]];
  wire signed [29:0] label_term = $signed({1'b0, equal ? same_term : different_term});
  wire [15:0] kernel_x = state == Similar ? kernel : state_data[31:16];
  wire signed [29:0] b = $signed({14'd0, kernel_x}) - label_term;
  wire signed [29:0] first_b = 30'sd32768 - $signed({1'b0, same_term});
  logic signed [15:0] word;
  logic [16:0] magnitude;

  // verilator lint_off UNUSED
  logic signed [47:0] rounded;
  // verilator lint_on UNUSED
  kernel_step scaled (
      .clk(clk),
      .rst_n(rst_n),
      .start(state == KernelZ | state == KernelX),
      .product(product),
      .shift(shift),
      .rounded(rounded),
      .kernel(kernel),
      .word(word),
      .magnitude(magnitude)
  );

  always_comb begin
    large_a = distance;
    large_b = $signed({1'b0, x_mantissa});
    case (state)
      ScaleZ: large_b = $signed({1'b0, z_mantissa});
      Weigh: begin
        large_a = 48'(b);
        large_b = $signed({11'd0, partners + 6'd1});
      end
      Centre: begin
        large_a = product[47:0] - 48'(sum);
        large_b = $signed({1'b0, state_data[15:0]});
      end
      default: ;
    endcase
    shift = m_shift;
    if (state == KernelZ) shift = z_shift;
    if (state == KernelX) shift = x_shift;
  end

  wire multiplies = state == ScaleZ | state == ScaleX | state == Weigh | state == Centre;
  always_ff @(posedge clk) begin
    if (multiplies) product <= large_a * large_b;
    case (state)
      Begin: begin
        sum <= 36'(first_b);
        monitor_kernel <= 32'd0;
        monitor_third_factor <= 32'd0;
        monitor_same_class <= 6'd0;
        monitor_partners <= full ? count : 6'd0;
      end
      Take, KernelZ: distance <= $signed(up_data);
      KernelX: kernel_z <= kernel;
      Similar: begin
        sum <= sum + 36'(b);
        if (full) begin
          monitor_kernel <= monitor_kernel + 32'(kernel_z);
          monitor_same_class <= monitor_same_class + {5'd0, equal};
        end
      end
      Word: monitor_third_factor <= monitor_third_factor + {15'd0, magnitude};
      default: ;
    endcase
  end

  // ---- control -------------------------------------------------------------------------------------------
  always_ff @(posedge clk) begin
    done <= 1'b0;
    state_we <= 1'b0;
    word_we <= 1'b0;
    case (state)
      Idle:
      if (start) begin
        partner <= 6'd0;
        up_addr <= 6'd0;
        state <= Begin;
      end
      Begin: state <= Take;
      Take: begin
        up_addr <= up_addr + partners;  // of the same partner's input
        state <= ScaleZ;
      end
      ScaleZ: state <= KernelZ;
      KernelZ: begin
        up_addr <= next_partner;
        state <= ScaleX;
      end
      ScaleX: state <= KernelX;
      KernelX: state <= Wait;
      Wait: state <= Similar;
      Similar: begin
        state_we <= full;
        state_waddr <= next_partner;
        state_wdata <= {32'd0, kernel, kernel_z};
        partner <= last_partner ? 6'd0 : next_partner;
        state <= last_partner ? Keep : Take;
      end
      Keep: begin
        state_we <= full;
        state_waddr <= 6'd0;
        state_wdata <= {{28{sum[35]}}, sum};
        state_addr <= 6'd1;
        state <= Fetch;
      end
      Fetch: state <= Weigh;
      Weigh: state <= Centre;
      Centre: begin
        state_addr <= state_addr + 6'd1;
        state <= Word;
      end
      Word: begin
        word_we <= 1'b1;
        word_addr <= partner;
        word_data <= word;
        partner <= next_partner;
        done <= last_partner;
        state <= last_partner ? Idle : Weigh;
      end
      default: state <= Idle;
    endcase
    if (!rst_n) begin
      state <= Idle;
      done <= 1'b0;
      state_we <= 1'b0;
      word_we <= 1'b0;
    end
  end
endmodule
