// The ports that every teacher unit has; sim/rtl/README.md says what they mean. Included inside a module's port list.
    input logic clk,
    input logic rst_n,
    // registers, numbered as TeacherRegister in golden.hpp
    input logic cfg_we,
    input logic [7:0] cfg_addr,
    input logic [31:0] cfg_data,
    // the run
    input logic [5:0] count,  // past samples that exist
    input logic [5:0] slot,   // number of the sample modulo (words of state - 1)
    input logic [31:0] same,  // bit p-1: the sample p ago has this sample's class
    input logic start,
    output logic done,        // one cycle, together with the last write
    // reduced words
    output logic [5:0] up_addr,
    input logic [47:0] up_data,
    // state kept from sample to sample
    output logic [5:0] state_addr,
    input logic [63:0] state_data,
    output logic state_we,
    output logic [5:0] state_waddr,
    output logic [63:0] state_wdata,
    // words to broadcast
    output logic word_we,
    output logic [5:0] word_addr,
    output logic [15:0] word_data,
    // of this run
    output logic [31:0] monitor_kernel,
    output logic [31:0] monitor_third_factor,
    output logic [5:0] monitor_same_class,
    output logic [5:0] monitor_partners
