// One step of a leaky mean: mean + rate (value - mean), with `extra` fraction bits beyond the value's.
//
// Latency 2, throughput one mean a cycle; rate (1 to 65536) and extra (0 to 20) belong to each request.
// `begins`: there is no mean yet, it starts at the value. `used` is the mean as it was, in the format of the
// value, where means that follow from values always fit.
module trace (
    input  logic               clk,
    input  logic               rst_n,
    input  logic [       16:0] rate,
    input  logic [        4:0] extra,
    input  logic               start,
    input  logic               begins,
    input  logic signed [16:0] value,
    input  logic signed [39:0] mean,
    output logic               done,
    output logic signed [39:0] new_mean,
    output logic signed [16:0] used
);
  logic signed [39:0] target, standing, old_mean;
  logic signed [57:0] product;
  logic [4:0] old_extra;
  logic multiplied;

  assign target = {{23{value[16]}}, value} <<< extra;
  assign standing = begins ? target : mean;

  always_ff @(posedge clk) begin
    if (start) begin
      product <= ({{18{target[39]}}, target} - {{18{standing[39]}}, standing}) * $signed({41'd0, rate});
      old_mean <= standing;
      old_extra <= extra;
    end
    if (multiplied) begin
      new_mean <= old_mean + 40'((product + 58'sd32768) >>> 16);
      used <= 17'(function_pkg::trace_value(old_extra, {{24{old_mean[39]}}, old_mean}));
    end
    multiplied <= rst_n && start;
    done <= rst_n && multiplied;
  end
endmodule
