# The cluster with its fleets, the task fleet, managed scaling.

locals {
  core_types = ["m5.xlarge", "m5a.xlarge", "m6i.xlarge", "m6a.xlarge"]
  task_types = ["m5.xlarge", "m5a.xlarge", "m5d.xlarge", "m5n.xlarge", "m6i.xlarge"]
}

resource "aws_emr_cluster" "main" {
  name                              = var.cluster_name
  release_label                     = "emr-spark-8.0.0"
  applications                      = ["Spark"]
  service_role                      = aws_iam_role.machine["service"].arn
  security_configuration            = aws_emr_security_configuration.clusters.name
  log_uri                           = "s3://${aws_s3_bucket.zone["logs"].id}/elasticmapreduce/"
  ebs_root_volume_size              = 30
  keep_job_flow_alive_when_no_steps = true
  termination_protection            = false
  scale_down_behavior               = "TERMINATE_AT_TASK_COMPLETION"
  step_concurrency_level            = var.step_concurrency
  tags                              = local.scope

  configurations_json = jsonencode([
    { Classification = "spark-defaults", Properties = { "spark.dynamicAllocation.enabled" = "true" } },
    { Classification = "hdfs-site", Properties = { "dfs.replication" = "1" } },
  ])

  ec2_attributes {
    subnet_ids                        = [for subnet in aws_subnet.private : subnet.id]
    instance_profile                  = aws_iam_instance_profile.node.arn
    emr_managed_master_security_group = aws_security_group.of["primary"].id
    emr_managed_slave_security_group  = aws_security_group.of["node"].id
    service_access_security_group     = aws_security_group.of["service"].id
  }

  master_instance_fleet {
    name                      = "primary"
    target_on_demand_capacity = 1

    dynamic "instance_type_configs" {
      for_each = local.core_types
      content {
        instance_type     = instance_type_configs.value
        weighted_capacity = 1
        ebs_config {
          size                 = 64
          type                 = "gp2"
          volumes_per_instance = 1
        }
      }
    }

    launch_specifications {
      on_demand_specification {
        allocation_strategy = "lowest-price"
      }
    }
  }

  core_instance_fleet {
    name                      = "core"
    target_on_demand_capacity = 1

    dynamic "instance_type_configs" {
      for_each = local.core_types
      content {
        instance_type     = instance_type_configs.value
        weighted_capacity = 1
        ebs_config {
          size                 = 64
          type                 = "gp2"
          volumes_per_instance = 1
        }
      }
    }

    launch_specifications {
      on_demand_specification {
        allocation_strategy = "lowest-price"
      }
    }
  }

  depends_on = [
    aws_iam_role_policy.machine, aws_security_group_rule.in, aws_security_group_rule.out, aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.interface, aws_route_table_association.private,
  ]

  # A cluster of fleets has no groups, EMR refuses to list them, and this provider then wants to make them, by a new
  # cluster, at each plan: https://github.com/hashicorp/terraform-provider-aws/issues/19931
  lifecycle {
    ignore_changes = [master_instance_group, core_instance_group]
  }
}

resource "aws_emr_instance_fleet" "task" {
  name                 = "task"
  cluster_id           = aws_emr_cluster.main.id
  target_spot_capacity = var.task_units

  dynamic "instance_type_configs" {
    for_each = local.task_types
    content {
      instance_type                              = instance_type_configs.value
      weighted_capacity                          = 1
      bid_price_as_percentage_of_on_demand_price = 100
    }
  }

  launch_specifications {
    spot_specification {
      allocation_strategy      = "capacity-optimized"
      timeout_action           = "SWITCH_TO_ON_DEMAND"
      timeout_duration_minutes = 10
    }
  }
}

resource "aws_emr_managed_scaling_policy" "main" {
  cluster_id = aws_emr_cluster.main.id

  compute_limits {
    unit_type                       = "InstanceFleetUnits"
    minimum_capacity_units          = 2
    maximum_capacity_units          = var.maximum_units
    maximum_core_capacity_units     = 2
    maximum_ondemand_capacity_units = 2
  }
}
