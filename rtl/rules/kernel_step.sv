// The step that teachers with a Gaussian kernel share: the shifter rounds a product, which is then a scaled distance
// on its way through the exponential or a third-factor word with its magnitude (for the monitor).
//
// `rounded`, `word` and `magnitude` follow at once; `kernel` two cycles after `start` (exp_unit).
module kernel_step (
    input logic clk,
    input logic rst_n,
    input logic start,                    // the rounded product is a distance, at least 0
    input logic signed [63:0] product,
    input logic [5:0] shift,
    output logic signed [47:0] rounded,   // its low bits
    output logic [15:0] kernel,           // exp(-rounded)
    output logic signed [15:0] word,      // saturated
    output logic [16:0] magnitude         // of the word
);
  wire signed [63:0] whole = fixed_pkg::round_shift(product, shift);
  assign rounded = whole[47:0];
  assign word = 16'(fixed_pkg::saturate_signed(whole, 6'd16));
  assign magnitude = word[15] ? 17'd0 - {1'b1, word} : {1'b0, word};

  // verilator lint_off UNUSED
  logic done;  // comes when it is expected
  // verilator lint_on UNUSED
  exp_unit exponential (
      .clk(clk),
      .rst_n(rst_n),
      .start(start),
      .x(whole[62:0]),
      .done(done),
      .result(kernel)
  );
endmodule
