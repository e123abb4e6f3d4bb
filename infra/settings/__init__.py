"""What a stack file may say, one module a part of the tree: `stack` is the whole, `loader` reads and checks it."""
