"""One module per Lambda function, each a thin edge over the logic of the same name."""
