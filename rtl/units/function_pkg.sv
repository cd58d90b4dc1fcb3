// The golden functions of the units for the hardware, bit for bit; each is named after its C++ twin.
// Modules put registers between them.
package function_pkg;

  // ---- tables ----------------------------------------------------------------------------------------

  // Between two neighbouring entries; fraction counts 2^-10 of an entry. Rounds to nearest.
  function automatic logic [17:0] interpolate(input logic [17:0] low, input logic [17:0] high,
                                              input logic [9:0] fraction);
    logic signed [18:0] step;
    logic signed [29:0] product;
    step = $signed({1'b0, high}) - $signed({1'b0, low});
    product = step * $signed({1'b0, fraction}) + 30'sd512;
    interpolate = low + 18'(product >>> 10);
  endfunction

  // 2^f x 2^16 for f = fraction / 2^16: 2^16 .. 2^17.
  function automatic logic [17:0] exp2_mantissa(input logic [15:0] fraction);
    exp2_mantissa = interpolate(tables_pkg::exp2_entry({1'b0, fraction[15:10]}),
                                              tables_pkg::exp2_entry({1'b0, fraction[15:10]} + 7'd1),
                                              fraction[9:0]);
  endfunction

  // log2(1 + f) x 2^16 for f = fraction / 2^16.
  function automatic logic [17:0] log2_mantissa(input logic [15:0] fraction);
    log2_mantissa = interpolate(tables_pkg::log2_entry({1'b0, fraction[15:10]}),
                                              tables_pkg::log2_entry({1'b0, fraction[15:10]} + 7'd1),
                                              fraction[9:0]);
  endfunction

  // 2^16 / (1 + f) for f = fraction / 2^16.
  function automatic logic [17:0] reciprocal_mantissa(input logic [15:0] fraction);
    reciprocal_mantissa = interpolate(
        tables_pkg::reciprocal_entry({1'b0, fraction[15:10]}),
        tables_pkg::reciprocal_entry({1'b0, fraction[15:10]} + 7'd1), fraction[9:0]);
  endfunction

  // tanh(m) x 2^15 for m = magnitude / 2^12, magnitude at most 2^15.
  function automatic logic [17:0] tanh_magnitude(input logic [15:0] magnitude);
    tanh_magnitude = interpolate(tables_pkg::tanh_entry(magnitude[15:6]),
                                               tables_pkg::tanh_entry(magnitude[15:6] + 10'd1),
                                               {magnitude[5:0], 4'd0});
  endfunction

  // ---- exponentials, logarithms, powers ----------------------------------------------------------------

  // 2^(position / 2^16), rounded and saturated to 16 bits unsigned; position is y + out_frac x 2^16.
  function automatic logic [15:0] exp2_finish(input logic signed [15:0] exponent,
                                              input logic [17:0] mantissa);
    logic [18:0] word;
    logic [4:0] shift;
    shift = 5'd16 - exponent[4:0];  // 1 .. 18 where it is used
    word = ({1'b0, mantissa} + (19'd1 << (shift - 5'd1))) >> shift;
    exp2_finish = exponent >= 16'sd16 ? 16'hffff
                : exponent < -16'sd2  ? 16'd0
                : word > 19'h0ffff    ? 16'hffff : word[15:0];
  endfunction

  // round(2^(y / 2^16) x 2^out_frac), saturated to 16 bits unsigned. |y| < 2^30.
  function automatic logic [15:0] exp2_word(input logic signed [31:0] y, input logic [5:0] out_frac);
    logic signed [31:0] position;
    position = y + $signed({10'd0, out_frac, 16'd0});
    exp2_word = exp2_finish(position[31:16], exp2_mantissa(position[15:0]));
  endfunction

  // log2 of e^-x with 16 fraction bits; x >= 0 with 16 fraction bits, limited to 2^21.
  function automatic logic signed [31:0] exp_exponent(input logic signed [63:0] x);
    logic [21:0] limited;
    logic [38:0] product;
    limited = x > 64'sd2097152 ? 22'd2097152 : x[21:0];
    product = {17'd0, limited} * 39'd94548 + 39'd32768;  // log2(e) x 2^16
    exp_exponent = 32'd0 - 32'(product >> 16);
  endfunction

  // e^-x as u16.15. x >= 0 with 16 fraction bits.
  function automatic logic [15:0] exp_negative(input logic signed [63:0] x);
    exp_negative = exp2_word(exp_exponent(x), 6'd15);
  endfunction

  // The 16 bits below the highest set bit of a value whose highest set bit is `exponent`.
  function automatic logic [15:0] normal_fraction(input logic [63:0] value, input logic [5:0] exponent);
    normal_fraction = exponent >= 6'd16 ? 16'(value >> (exponent - 6'd16))
                                        : value[15:0] << (6'd16 - exponent);
  endfunction

  // log2(value / 2^frac) with 16 fraction bits; value: 1 to 2^48.
  function automatic logic signed [31:0] log2_word(input logic [63:0] value, input logic [5:0] frac);
    logic [5:0] exponent;
    logic signed [31:0] whole;
    exponent = fixed_pkg::highest_bit(value);
    whole = $signed({26'd0, exponent}) - $signed({26'd0, frac});
    log2_word = (whole <<< 16)
              + $signed({14'd0, log2_mantissa(normal_fraction(value, exponent))});
  endfunction

  // exponent x logarithm, both signed; exponent with 15 fraction bits, -2^19 .. 2^19.
  function automatic logic signed [31:0] power_exponent(input logic signed [31:0] logarithm,
                                                        input logic signed [20:0] exponent);
    logic signed [55:0] product;
    product = $signed({{24{logarithm[31]}}, logarithm}) * $signed({{35{exponent[20]}}, exponent})
            + 56'sd16384;
    power_exponent = 32'(product >>> 15);
  endfunction

  // (value / 2^frac)^(exponent / 2^15) x 2^out_frac as 16 bits unsigned. value 0 counts as 1.
  function automatic logic [15:0] power_word(input logic [63:0] value, input logic [5:0] frac,
                                             input logic signed [20:0] exponent, input logic [5:0] out_frac);
    logic signed [31:0] logarithm;
    logarithm = log2_word(value == 64'd0 ? 64'd1 : value, frac);
    power_word = exp2_word(power_exponent(logarithm, exponent), out_frac);
  endfunction

  // 1 / value = mantissa / 2^(16 + exponent), as {exponent (6 bits), mantissa (18 bits)}. value: 1 to 2^40.
  function automatic logic [23:0] reciprocal(input logic [63:0] value);
    logic [5:0] exponent;
    logic [17:0] mantissa;
    exponent = fixed_pkg::highest_bit(value);
    mantissa = reciprocal_mantissa(normal_fraction(value, exponent));
    reciprocal = {exponent, mantissa};
  endfunction

  // ---- leaky means ---------------------------------------------------------------------------------------

  // mean + rate (value - mean). rate: 1 to 65536; extra: fraction bits of the mean beyond the value's.
  function automatic logic signed [63:0] trace_step(input logic [16:0] rate, input logic [4:0] extra,
                                                    input logic signed [63:0] mean,
                                                    input logic signed [63:0] value);
    trace_step = mean + fixed_pkg::round_shift(((value <<< extra) - mean) * $signed({47'd0, rate}), 6'd16);
  endfunction

  // The mean in the value's own format.
  function automatic logic signed [63:0] trace_value(input logic [4:0] extra, input logic signed [63:0] mean);
    trace_value = fixed_pkg::round_shift(mean, {1'b0, extra});
  endfunction

  // ---- activation ----------------------------------------------------------------------------------------

  // `value` with `from` fraction bits, in `to` fraction bits.
  function automatic logic signed [63:0] rescale(input logic signed [63:0] value, input logic [5:0] from,
                                                 input logic [5:0] to);
    rescale = from >= to ? fixed_pkg::round_shift(value, from - to)
                         : fixed_pkg::saturate(value, -64'sh0000_4000_0000_0000, 64'sh0000_4000_0000_0000)
                               <<< (to - from);
  endfunction

  // 1 - y^2 as u16.15 of y = magnitude / 2^15.
  function automatic logic [15:0] tanh_derivative(input logic [17:0] magnitude);
    logic [31:0] square;
    square = 32'(magnitude) * 32'(magnitude) + 32'd16384;
    tanh_derivative = 16'd32768 - 16'(square >> 15);
  endfunction

  // The activation unit, whole: {f' (16 bits, u16.15), z (16 bits signed)}. The module activation spreads it
  // over its stages. kind: 0 linear, 1 leaky ReLU, 2 saturated linear, 3 tanh. |sum| < 2^47.
  function automatic logic [31:0] activate(input logic [1:0] kind, input logic [5:0] sum_frac,
                                           input logic [5:0] value_frac, input logic [15:0] slope,
                                           input logic signed [63:0] sum);
    logic [85:0] prepared;
    prepared = activate_prepare(kind, sum_frac, slope, sum);
    activate = activate_finish(
        kind, value_frac, prepared[85:80], prepared[79:64], $signed(prepared[63:0]),
        tanh_magnitude(prepared[63] ? 16'd0 - prepared[15:0] : prepared[15:0]));
  endfunction

  // First part: {fraction bits of the operand (6), derivative unless tanh (16), operand (64)}. The operand is
  // what is rescaled to z, or under tanh the argument as s16.12.
  function automatic logic [85:0] activate_prepare(input logic [1:0] kind, input logic [5:0] sum_frac,
                                                   input logic [15:0] slope, input logic signed [63:0] sum);
    logic signed [63:0] one, clipped, operand;
    logic [5:0] frac;
    logic [15:0] derivative;
    one = 64'sd1 <<< sum_frac;
    clipped = fixed_pkg::saturate(sum, -one, one);
    operand = sum;
    frac = sum_frac;
    derivative = 16'd32768;
    case (kind)
      2'd1:
      if (sum <= 64'sd0) begin
        operand = fixed_pkg::saturate(sum, -64'sh0000_4000_0000_0000, 64'sd0) * $signed({48'd0, slope});
        frac = sum_frac + 6'd15;
        derivative = slope;
      end
      2'd2: begin
        operand = clipped;
        derivative = sum == clipped ? slope : 16'd0;
      end
      2'd3: begin
        operand = fixed_pkg::saturate_signed(rescale(sum, sum_frac, 6'd12), 6'd16);
        frac = 6'd15;
      end
      default: operand = sum;
    endcase
    activate_prepare = {frac, derivative, operand};
  endfunction

  // Last part: `magnitude` is tanh of the operand's magnitude.
  function automatic logic [31:0] activate_finish(input logic [1:0] kind, input logic [5:0] value_frac,
                                                  input logic [5:0] frac, input logic [15:0] derivative,
                                                  input logic signed [63:0] operand,
                                                  input logic [17:0] magnitude);
    logic signed [63:0] exact;
    exact = operand;
    if (kind == 2'd3) begin
      exact = $signed({46'd0, magnitude});
      if (operand < 64'sd0) exact = -exact;
    end
    activate_finish = {kind == 2'd3 ? tanh_derivative(magnitude) : derivative,
                       fixed_pkg::saturate16(rescale(exact, frac, value_frac))};
  endfunction

  // ---- the synapse lane ----------------------------------------------------------------------------------

  // The unrounded change in 2^-F weight steps; three products fit in 32 bits.
  function automatic logic signed [31:0] lane_sum(input logic signed [14:0] a0, input logic signed [15:0] b0,
                                                  input logic signed [14:0] a1, input logic signed [15:0] b1,
                                                  input logic signed [14:0] c,
                                                  input logic signed [15:0] weight);
    logic signed [30:0] p0, p1, p2;
    p0 = a0 * b0;
    p1 = a1 * b1;
    p2 = c * weight;
    lane_sum = $signed({p0[30], p0}) + $signed({p1[30], p1}) - $signed({p2[30], p2});
  endfunction

  // What the shift drops is rounded by this word, random or half.
  function automatic logic signed [31:0] lane_added(input logic [4:0] shift, input logic stochastic,
                                                    input logic [31:0] random);
    logic [31:0] mask;
    mask = (32'd1 << shift) - 32'd1;
    lane_added = $signed(stochastic ? random & mask : (mask + 32'd1) >> 1);
  endfunction

  // {saturated, new weight (16 bits, sign extended)}. weight_bits: 2 to 16; shift: 0 to 28.
  function automatic logic [16:0] lane_finish(input logic signed [15:0] weight, input logic signed [31:0] sum,
                                              input logic [4:0] shift, input logic [4:0] weight_bits,
                                              input logic stochastic, input logic [31:0] random);
    logic signed [31:0] wide, bound, clipped;
    wide = $signed({{16{weight[15]}}, weight})
         + ((sum + lane_added(shift, stochastic, random)) >>> shift);
    bound = 32'sd1 <<< (weight_bits - 5'd1);
    clipped = wide < -bound ? -bound : wide;
    clipped = clipped > bound - 32'sd1 ? bound - 32'sd1 : clipped;
    lane_finish = {clipped != wide, clipped[15:0]};
  endfunction

  // Whether a pair may move its weight, counters and generator.
  function automatic logic lane_enabled(input logic exists, input logic [14:0] a0, input logic [15:0] b0,
                                        input logic [14:0] a1, input logic [15:0] b1, input logic [14:0] c);
    lane_enabled = exists && (((a0 | a1) != 15'd0 && (b0 | b1) != 16'd0) || c != 15'd0);
  endfunction

endpackage
