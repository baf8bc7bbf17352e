"""Amazon CloudFront: distributions and their policies as records, served from their S3 origins."""
