"""AWS CloudFormation: templates, stacks, change sets and the resource types that the product's stacks use."""
