# The same module called strictly and loosely.
module "good" {
  source = "./modules/b"
  name = "good"
  versioned = true
}
module "bad" {
  source = "./modules/b"
  name = "bad"
}
