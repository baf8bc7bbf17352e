"""Amazon SageMaker: registry, pipelines, jobs and endpoints, all of them real."""
