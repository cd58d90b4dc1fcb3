// What a post unit leaves alone that looks at each neuron by itself: no history, no means, nothing held.
// Included inside the module, after the port list of post_ports.svh.
  // verilator lint_off UNUSED
  wire unused_ports = &{1'b0, word_we, word_addr, word_data, group_size, width, count, target, compare_now,
                        compare_past, neuron_z, neuron_fprime, neuron_r, first_neuron, neuron_current,
                        before_fprime, before_r, neuron_error, neuron_mean0, neuron_mean1, held_data, cfg_data,
                        1'b0};
  // verilator lint_on UNUSED
  assign compare_index = 16'd0;
  assign compare_partner = 6'd0;
  assign mean0 = 32'd0;
  assign mean1 = 32'd0;
  assign held_addr = 16'd0;
  assign held_we = 1'b0;
  assign held_waddr = 16'd0;
  assign held_wdata = 32'd0;
