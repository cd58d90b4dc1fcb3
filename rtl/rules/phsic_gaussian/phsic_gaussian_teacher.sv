// The teacher unit of pHSIC with a Gaussian kernel; golden.cpp beside this file is its definition. One
// multiplier (52 x 26), one shifter and one exponential, each used by one step of the sequence at a time.
// Time depends on the registers alone: partners that do not exist yet pass through with words of 0.
//
//   first walk over the partners    distance -> kernel -> b2 - b3, 6 cycles each (grouped: 9)
//   second walk                     (b3 - b2) k -> word, 2 cycles each (grouped: 4)
//
// Memories answer one cycle after an address. State: word 0 is b3, words 1.. a ring of the last K + 1 sums.
module phsic_gaussian_teacher #(
    parameter int unsigned MaxPartners = 32
) (
`include "rules/teacher_ports.svh"
);
  // ---- registers ---------------------------------------------------------------------------------------
  localparam int unsigned FirstRate = 10;
  logic [5:0] partners, kernel_shift, m_shift, group_shift;
  logic [8:0] groups;
  logic [15:0] kernel_mantissa, group_mantissa;
  logic signed [23:0] same_term, different_term;
  logic [4:0] mean_extra;
  logic [MaxPartners*25-1:0] rates;

  always_ff @(posedge clk) begin
    if (cfg_we) begin
      case (cfg_addr)
        8'd0: partners <= cfg_data[5:0];
        8'd1: groups <= cfg_data[8:0];
        8'd2: kernel_mantissa <= cfg_data[15:0];
        8'd3: kernel_shift <= cfg_data[5:0];
        8'd4: same_term <= cfg_data[23:0];
        8'd5: different_term <= cfg_data[23:0];
        8'd6: mean_extra <= cfg_data[4:0];
        8'd7: m_shift <= cfg_data[5:0];
        8'd8: group_mantissa <= cfg_data[15:0];
        8'd9: group_shift <= cfg_data[5:0];
        default: ;
      endcase
      for (int unsigned n = 0; n < MaxPartners; n = n + 1)
        if (32'(cfg_addr) == FirstRate + n) rates[n*25+:25] <= cfg_data[24:0];
    end
  end
  // verilator lint_off UNUSED
  wire unused = &{1'b0, cfg_data[31:25], state_data[63:48], 1'b0};
  // verilator lint_on UNUSED
  wire grouped = groups != 9'd0;

  // ---- sequence ----------------------------------------------------------------------------------------
  localparam logic [4:0] Idle = 5'd0, Begin = 5'd1, Load = 5'd2, Fetch = 5'd3, Take = 5'd4, Groups = 5'd5,
                         Square = 5'd6, Centre = 5'd7, Distance = 5'd8, Kernel = 5'd9, KernelWait = 5'd10,
                         Similar = 5'd11, Mean = 5'd12, MeanMove = 5'd13, Weigh = 5'd14, Word = 5'd15,
                         Centring = 5'd16, CentringAdd = 5'd17, CentreScale = 5'd18, CentreWord = 5'd19;
  logic [4:0] state;
  logic [5:0] partner, ring;
  wire last_partner = partner == partners - 6'd1;
  wire exists = partner < count;
  wire started = count != 6'd0;
  wire [5:0] newest_slot = slot;
  wire [5:0] ring_start = newest_slot == 6'd0 ? partners : newest_slot - 6'd1;  // one sample ago
  wire [5:0] ring_next = ring == 6'd0 ? partners : ring - 6'd1;

  // ---- datapath ------------------------------------------------------------------------------------------
  logic signed [47:0] b3;
  logic signed [47:0] newest;        // sum over groups of this sample
  logic signed [51:0] distance;
  logic signed [25:0] step;          // newest minus the sum p samples ago
  logic signed [51:0] deviation, centre;
  logic signed [63:0] product;
  logic signed [47:0] rounded;
  logic [MaxPartners*16-1:0] kernels;
  logic [15:0] kernel;

  logic signed [51:0] large_a;
  logic signed [25:0] large_b;
  logic [5:0] shift;
  wire [5:0] rate_index = count - 6'd1;
  wire [24:0] rate = rates[{rate_index, 4'd0}+{1'b0, rate_index, 3'd0}+{4'd0, rate_index}+:25];
  wire [15:0] kernel_stored = kernels[{partner[4:0], 4'd0}+:16];
  wire [15:0] kernel_used = state == Similar ? kernel : kernel_stored;
  wire [4:0] same_index = partner[4:0];
  wire equal = same[same_index];
  wire signed [23:0] label_term = equal ? same_term : different_term;
  wire signed [24:0] b2 = 25'(label_term) - $signed({8'd0, kernel_used, 1'b0});
  wire signed [47:0] b2_wide = 48'(b2) <<< mean_extra;
  wire signed [48:0] above_mean = {b2_wide[47], b2_wide} - {b3[47], b3};
  wire signed [47:0] b3_moved = b3 + rounded;
  logic signed [15:0] word;
  logic [16:0] magnitude;

  kernel_step scaled (
      .clk(clk),
      .rst_n(rst_n),
      .start(state == Kernel),
      .product(product),
      .shift(shift),
      .rounded(rounded),
      .kernel(kernel),
      .word(word),
      .magnitude(magnitude)
  );

  always_comb begin
    large_a = distance;
    large_b = $signed({10'd0, kernel_mantissa});
    case (state)
      Groups: large_b = $signed({17'd0, groups});
      Square: begin
        large_a = 52'(step);
        large_b = step;
      end
      Mean: begin
        large_a = deviation;
        large_b = $signed({1'b0, rate});
      end
      Weigh: begin
        large_a = 52'sd0 - 52'(above_mean);
        large_b = $signed({10'd0, kernel_stored});
      end
      Centring: begin
        large_a = 52'($signed(word_data));
        large_b = step;
      end
      CentreScale: begin
        large_a = centre;
        large_b = $signed({10'd0, group_mantissa});
      end
      default: ;
    endcase
    case (state)
      Kernel: shift = kernel_shift;
      MeanMove: shift = 6'd24;
      CentreWord: shift = group_shift;
      default: shift = m_shift;
    endcase
  end

  wire multiplies = state == Groups | state == Square | state == Distance | state == Mean | state == Weigh
                  | state == Centring | state == CentreScale;
  always_ff @(posedge clk) begin
    if (multiplies) product <= large_a * large_b;
    case (state)
      Begin: begin
        deviation <= 52'sd0;
        centre <= 52'sd0;
        monitor_kernel <= 32'd0;
        monitor_third_factor <= 32'd0;
        monitor_same_class <= 6'd0;
        monitor_partners <= count;
      end
      Load: begin
        b3 <= state_data[47:0];
        newest <= up_data;
      end
      Take: begin
        distance <= 52'($signed(up_data));
        step <= 26'(newest - $signed(state_data[47:0]));
      end
      Square: distance <= product[51:0];
      Centre: distance <= distance - product[51:0];
      Similar: begin
        for (int unsigned p = 0; p < MaxPartners; p = p + 1)
          if (32'(partner) == p) kernels[p*16+:16] <= exists ? kernel : 16'd0;
        if (exists) begin
          deviation <= deviation + 52'(above_mean);
          monitor_kernel <= monitor_kernel + 32'(kernel);
          monitor_same_class <= monitor_same_class + {5'd0, equal};
        end
      end
      MeanMove: if (started) b3 <= b3_moved;
      Word: begin
        step <= 26'(newest - $signed(state_data[47:0]));
        monitor_third_factor <= monitor_third_factor + {15'd0, magnitude};
      end
      CentringAdd: centre <= centre + product[51:0];
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
        up_addr <= partners;
        state_addr <= 6'd0;
        state <= Begin;
      end
      Begin: state <= Load;
      Load: begin
        up_addr <= 6'd0;
        ring <= ring_start;
        state_addr <= ring_start + 6'd1;
        state_we <= grouped;
        state_waddr <= newest_slot + 6'd1;
        state_wdata <= {{16{up_data[47]}}, up_data};
        state <= Fetch;
      end
      Fetch: state <= Take;
      Take: state <= grouped ? Groups : Distance;
      Groups: state <= Square;
      Square: state <= Centre;
      Centre: state <= Distance;
      Distance: state <= Kernel;
      Kernel: state <= KernelWait;
      KernelWait: state <= Similar;
      Similar: begin
        partner <= last_partner ? 6'd0 : partner + 6'd1;
        up_addr <= up_addr + 6'd1;
        ring <= ring_next;
        state_addr <= ring_next + 6'd1;
        state <= last_partner ? Mean : Fetch;
      end
      Mean: state <= MeanMove;
      MeanMove: begin
        state_we <= started;
        state_waddr <= 6'd0;
        state_wdata <= {{16{b3_moved[47]}}, b3_moved};
        ring <= ring_start;
        state_addr <= ring_start + 6'd1;
        state <= Weigh;
      end
      Weigh: state <= Word;
      Word: begin
        word_we <= 1'b1;
        word_addr <= partner;
        word_data <= word;
        partner <= partner + 6'd1;
        ring <= ring_next;
        state_addr <= ring_next + 6'd1;
        done <= last_partner & ~grouped;
        state <= grouped ? Centring : last_partner ? Idle : Weigh;
      end
      Centring: state <= CentringAdd;
      CentringAdd: state <= partner == partners ? CentreScale : Weigh;
      CentreScale: state <= CentreWord;
      CentreWord: begin
        word_we <= 1'b1;
        word_addr <= partners;
        word_data <= word;
        done <= 1'b1;
        state <= Idle;
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
