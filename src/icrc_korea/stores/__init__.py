"""The graph in other people's triple stores: pushed, verified, asked, reasoned over there."""
