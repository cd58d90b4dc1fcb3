// What a post unit leaves alone that needs no teacher either: nothing is reduced.
`include "rules/post_unused.svh"
  assign up_we = 1'b0;
  assign up_addr = 6'd0;
  assign up_data = 48'd0;
