// What a post unit leaves alone that has no history and sends no errors back.
// Included inside the module, after the port list of post_ports.svh.
`include "rules/post_no_history.svh"
  assign error = 16'd0;
