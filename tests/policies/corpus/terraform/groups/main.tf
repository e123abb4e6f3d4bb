# Rules of security groups in each way of writing them.
variable "ports" { default = [22, 443] }
variable "cidrs" { 
 type = list(string) 
 default = ["10.0.0.0/8"] 
}
resource "aws_security_group" "dyn" {
  name = "dyn"
  description = "d"
  dynamic "ingress" {
    for_each = var.ports
    iterator = port
    content {
      description = "p ${port.value}"
      from_port = port.value
      to_port = port.value
      protocol = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}
resource "aws_security_group" "ok" {
  name_prefix = "ok"
  description = "ok"
  ingress {
    description = "in"
    from_port = 443
    to_port = 443
    protocol = "tcp"
    cidr_blocks = var.cidrs
  }
  egress {
    description = "out"
    from_port = 0
    to_port = 0
    protocol = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group_rule" "ssh" {
  type = "ingress"
  from_port = 22
  to_port = 22
  protocol = "tcp"
  cidr_blocks = ["0.0.0.0/0"]
  security_group_id = aws_security_group.ok.id
}
resource "aws_security_group_rule" "range" {
  type = "ingress"
  description = "r"
  from_port = 3000
  to_port = 4000
  protocol = "tcp"
  ipv6_cidr_blocks = ["::/0"]
  security_group_id = aws_security_group.ok.id
}
resource "aws_security_group_rule" "out" {
  type = "egress"
  description = "r"
  from_port = 0
  to_port = 65535
  protocol = "tcp"
  cidr_blocks = ["0.0.0.0/0"]
  security_group_id = aws_security_group.ok.id
}
resource "aws_vpc_security_group_ingress_rule" "i" {
  security_group_id = aws_security_group.ok.id
  cidr_ipv4 = "0.0.0.0/0"
  from_port = 80
  to_port = 80
  ip_protocol = "tcp"
}
resource "aws_vpc_security_group_ingress_rule" "j" {
  security_group_id = aws_security_group.ok.id
  description = "ok"
  referenced_security_group_id = aws_security_group.dyn.id
  from_port = 22
  to_port = 22
  ip_protocol = "tcp"
}
resource "aws_security_group" "attr" {
  description = "a"
  ingress = [{
    description = "x"
    from_port = 3389
    to_port = 3389
    protocol = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
    ipv6_cidr_blocks = []
    prefix_list_ids = []
    security_groups = []
    self = false
  }]
}
resource "aws_default_security_group" "d" { vpc_id = aws_vpc.v.id }
resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
resource "aws_vpc" "w" { cidr_block = "10.1.0.0/16" }
resource "aws_flow_log" "f" {
  vpc_id = aws_vpc.v.id
  traffic_type = "ALL"
  log_destination = "arn:aws:s3:::x"
  log_destination_type = "s3"
}
resource "aws_subnet" "s" {
  vpc_id = aws_vpc.v.id
  cidr_block = cidrsubnet(aws_vpc.v.cidr_block, 8, 1)
  map_public_ip_on_launch = true
}
resource "aws_network_acl_rule" "r" {
  network_acl_id = aws_network_acl.a.id
  rule_number = 100
  egress = false
  protocol = "tcp"
  rule_action = "allow"
  cidr_block = "0.0.0.0/0"
  from_port = 22
  to_port = 22
}
resource "aws_network_acl" "a" { 
  vpc_id = aws_vpc.v.id 
  subnet_ids = [aws_subnet.s.id]
}
resource "aws_instance" "i" { vpc_security_group_ids = [aws_security_group.ok.id] }
