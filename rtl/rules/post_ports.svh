// The ports that every post unit has; sim/rtl/README.md says what they mean. Included inside a module's port list.
    input logic clk,
    input logic rst_n,
    // registers, numbered as PostRegister in golden.hpp
    input logic cfg_we,
    input logic [7:0] cfg_addr,
    input logic [31:0] cfg_data,
    // received third-factor words
    input logic word_we,
    input logic [5:0] word_addr,
    input logic [15:0] word_data,
    // the run
    input logic [15:0] neurons,     // in this core, at least 1
    input logic [15:0] first_neuron, // of these, in the layer
    input logic [15:0] group_size,  // 0: not grouped
    input logic [15:0] width,       // compared values: neurons or whole groups
    input logic [5:0] count,        // past samples that exist
    input logic [15:0] eta,         // mantissa
    input logic [15:0] target,      // the class of this sample
    input logic start,
    input logic op,                 // 0 contribute, 1 form
    output logic done,              // one cycle, together with the last write
    // compared values of this sample and of one past sample
    output logic [15:0] compare_index,
    output logic [5:0] compare_partner,
    input logic [15:0] compare_now,
    input logic [15:0] compare_past,
    // neuron state, read
    output logic [15:0] neuron_addr,
    input logic [15:0] neuron_z,
    input logic [15:0] neuron_fprime,
    input logic [15:0] neuron_r,
    input logic [15:0] neuron_current,
    input logic [15:0] before_fprime,
    input logic [15:0] before_r,
    input logic [47:0] neuron_error, // sum of the errors that came back
    input logic [31:0] neuron_generator,
    input logic [31:0] neuron_mean0,
    input logic [31:0] neuron_mean1,
    // neuron state and factors, written
    output logic neuron_we,
    output logic [15:0] neuron_waddr,
    output logic [31:0] generator,
    output logic [31:0] mean0,
    output logic [31:0] mean1,
    output logic [14:0] a0,
    output logic [14:0] a1,
    output logic [14:0] c,
    output logic [15:0] error,      // to be sent back
    // one word held for each compared value from sample to sample
    output logic [15:0] held_addr,
    input logic [31:0] held_data,
    output logic held_we,
    output logic [15:0] held_waddr,
    output logic [31:0] held_wdata,
    // partial sums for the reduction tree
    output logic up_we,
    output logic [5:0] up_addr,
    output logic [47:0] up_data,
    // of this run
    output logic [19:0] factors_lost,
    output logic [19:0] factors_saturated
