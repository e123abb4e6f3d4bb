"""Job runs over time: what EMR Serverless and EMR on EKS have in common."""
