// The integer operations of fixed.hpp for the hardware, bit for bit. All values are 64 bits signed, so that
// a caller never has to think about widths; synthesis removes the bits that carry nothing.
package fixed_pkg;

  function automatic logic signed [63:0] saturate(input logic signed [63:0] value,
                                                  input logic signed [63:0] low,
                                                  input logic signed [63:0] high);
    saturate = value < low ? low : (value > high ? high : value);
  endfunction

  // To `bits`-bit two's complement, 2 <= bits <= 63.
  function automatic logic signed [63:0] saturate_signed(input logic signed [63:0] value,
                                                         input logic [5:0] bits);
    logic signed [63:0] bound;
    bound = 64'sd1 <<< (bits - 6'd1);
    saturate_signed = saturate(value, -bound, bound - 64'sd1);
  endfunction

  // To 16-bit two's complement.
  function automatic logic signed [15:0] saturate16(input logic signed [63:0] value);
    saturate16 = value > 64'sd32767 ? 16'sh7fff : (value < -64'sd32768 ? 16'sh8000 : 16'(value));
  endfunction

  // value / 2^shift to the nearest integer, halves towards plus infinity; 0 <= shift <= 62.
  function automatic logic signed [63:0] round_shift(input logic signed [63:0] value,
                                                     input logic [5:0] shift);
    logic signed [63:0] half;
    half = shift == 6'd0 ? 64'sd0 : 64'sd1 <<< (shift - 6'd1);
    round_shift = (value + half) >>> shift;
  endfunction

  // value / 2^shift, down or up at random; beyond 32 fraction bits the random word meets the upper 32.
  function automatic logic signed [63:0] stochastic_shift(input logic signed [63:0] value,
                                                          input logic [5:0] shift,
                                                          input logic [31:0] random);
    logic signed [63:0] aligned;
    logic [5:0] below;
    logic [31:0] mask;
    below = shift > 6'd32 ? 6'd32 : shift;
    aligned = shift > 6'd32 ? value >>> (shift - 6'd32) : value;
    mask = (32'd1 << below) - 32'd1;  // shifted out at 32: all ones
    stochastic_shift = (aligned + $signed({32'd0, random & mask})) >>> below;
  endfunction

  // The next state of a generator, which is also the word drawn.
  function automatic logic [31:0] xorshift32(input logic [31:0] state);
    logic [31:0] s;
    s = state;
    s = s ^ (s << 13);
    s = s ^ (s >> 17);
    xorshift32 = s ^ (s << 5);
  endfunction

  // Index of the highest set bit; 0 where there is none.
  function automatic logic [5:0] highest_bit(input logic [63:0] value);
    logic [5:0] at;
    logic [31:0] v32;
    logic [15:0] v16;
    logic [7:0] v8;
    logic [3:0] v4;
    at[5] = value[63:32] != 32'd0;
    v32 = at[5] ? value[63:32] : value[31:0];
    at[4] = v32[31:16] != 16'd0;
    v16 = at[4] ? v32[31:16] : v32[15:0];
    at[3] = v16[15:8] != 8'd0;
    v8 = at[3] ? v16[15:8] : v16[7:0];
    at[2] = v8[7:4] != 4'd0;
    v4 = at[2] ? v8[7:4] : v8[3:0];
    casez (v4)
      4'b1???: at[1:0] = 2'd3;
      4'b01??: at[1:0] = 2'd2;
      4'b001?: at[1:0] = 2'd1;
      default: at[1:0] = 2'd0;
    endcase
    highest_bit = at;
  endfunction

endpackage
