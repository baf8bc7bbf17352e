"""Amazon S3 as people without credentials meet it, browsers above all: signed addresses, and CORS by bucket."""
